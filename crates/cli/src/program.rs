//! The command line: one file a subcommand, and what they share.

use crate::args::global::Global;
use crate::args::{backend, words};
use crate::commands::{
    bias, completions, cv, devices, evaluate, explain, inspect, man, predict, report, train, tune, verify,
};
use crate::terminal::flags::FLAGS;
use crate::terminal::{exit_code, interrupt, out_of_memory, screen};
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use gboost::Result;
use std::ffi::OsString;
use std::process::ExitCode;

/// Gradient boosted trees with XGBoost's hyperparameters. The model is the same to the last byte
/// whichever backend, thread count or machine trained it, and XGBoost loads it.
#[derive(Parser)]
#[command(name = "gboost", version, max_term_width = 110, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  gboost train                                        train on the built-in census data
  gboost train a.csv --objective binary:logistic --max-depth 5
  gboost tune                                         search for better hyperparameters
  gboost predict model.json new.csv --no-label
  gboost evaluate model.json test.csv
  gboost report model.json test.csv                   a page to look at: report.html
  gboost inspect model.json --importance gain
  gboost cv a.csv --objective binary:logistic --nfold 5 --stratified
  gboost verify model.manifest.json                   train again and compare, byte for byte
  gboost explain model.json test.csv                  SHAP values
  gboost bias model.json test.csv --facet sex=1
  gboost devices                                      list the GPUs that --backend gpu can use
  gboost completions bash                             a script for the TAB key
  gboost man --output man                             a manual page for each command

Exit codes: 0 done; 1 a check said no; 2 bad input, parameter or usage, or not enough memory; 3 the device failed;
130 interrupted.
See gboost COMMAND --help for the options of a command.";

#[derive(Subcommand)]
enum Command {
    Train(Box<train::Args>),
    Tune(Box<tune::Args>),
    Predict(predict::Args),
    Evaluate(evaluate::Args),
    Report(report::Args),
    Explain(explain::Args),
    Bias(bias::Args),
    Inspect(inspect::Args),
    Cv(Box<cv::Args>),
    Verify(verify::Args),
    Devices(devices::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// The name of a command that neither trains nor predicts.
    fn computes_nothing(&self) -> Option<&'static str> {
        match self {
            Self::Inspect(_) => Some("inspect"),
            Self::Devices(_) => Some("devices"),
            Self::Completions(_) => Some("completions"),
            Self::Man(_) => Some("man"),
            _ => None,
        }
    }

    /// What helps where memory runs out.
    fn against_lack_of_memory(&self) -> &'static str {
        match self {
            Self::Train(_) => {
                "give --spill always, which keeps values on a disk, fewer --threads, a smaller --max-bin or fewer rows"
            }
            Self::Verify(_) => "give --spill always, which keeps values on a disk, or fewer --threads",
            Self::Tune(_) => "give fewer --max-parallel-jobs or --threads, a smaller --max-bin or fewer rows",
            Self::Cv(_) => "give fewer --threads, a smaller --max-bin or fewer rows",
            Self::Predict(_) | Self::Evaluate(_) | Self::Report(_) | Self::Explain(_) | Self::Bias(_) => {
                "give fewer rows at a time, or fewer --threads"
            }
            Self::Inspect(_) => "give a smaller model, or inspect it on a machine with more memory",
            Self::Devices(_) | Self::Completions(_) | Self::Man(_) => "give more memory (ulimit -v)",
        }
    }
}

/// Runs the program: its exit code is 0, the error's (see [`exit_code::of`]), or clap's for bad
/// usage.
pub fn run() -> ExitCode {
    FLAGS.speak();
    if let Err(error) = out_of_memory::install() {
        screen::print_error(&error);
        return ExitCode::from(exit_code::of(error.kind()));
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            screen::print_usage(error);
            return ExitCode::from(code);
        }
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen::print_error(&error);
            ExitCode::from(exit_code::of(error.kind()))
        }
    }
}

/// Reads the command line; an error says what helps.
fn parse(arguments: &[OsString]) -> std::result::Result<Cli, clap::Error> {
    let mut root = Cli::command();
    root.build();
    let matches = match root.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => return Err(words::mend(error, &root, arguments)),
    };
    Cli::from_arg_matches(&matches).map_err(|error| {
        // What is said of a command's arguments together lacks the command.
        let name = matches.subcommand_name().unwrap_or_default();
        let Some(command) = root.find_subcommand_mut(name) else { return error };
        let usage = command.render_usage();
        let mut error = error.with_cmd(command);
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
        error
    })
}

fn dispatch(cli: Cli) -> Result<()> {
    let Cli { global, command } = cli;
    interrupt::install()?;
    out_of_memory::advise(command.against_lack_of_memory());
    if let Some(name) = command.computes_nothing() {
        backend::refuse_idle(&global, name)?;
    }
    match command {
        Command::Train(args) => train::run(&global, *args),
        Command::Tune(args) => tune::run(&global, *args),
        Command::Predict(args) => predict::run(&global, &args),
        Command::Evaluate(args) => evaluate::run(&global, &args),
        Command::Report(args) => report::run(&global, &args),
        Command::Explain(args) => explain::run(&global, &args),
        Command::Bias(args) => bias::run(&global, &args),
        Command::Inspect(args) => inspect::run(&global, &args),
        Command::Cv(args) => cv::run(&global, *args),
        Command::Verify(args) => verify::run(&global, args),
        Command::Devices(_) => devices::run(&global.screen()),
        Command::Completions(args) => completions::run(&global, &args, &Cli::command()),
        Command::Man(args) => man::run(&global, &args, Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tips_name_flags_that_their_command_has() {
        let mut root = Cli::command();
        root.build();
        let mut tips = 0;
        for (names, commands, text) in words::TIPS {
            for name in *commands {
                let command = root.find_subcommand(name).unwrap_or_else(|| panic!("there is no {name}"));
                for tried in *names {
                    assert!(
                        !command.get_arguments().any(|arg| words::all_names(arg).any(|flag| flag == *tried)),
                        "{name} {tried}"
                    );
                }
                let mentioned = text.split("gboost ").skip(1).filter_map(|rest| rest.split([' ', ';']).next());
                let places: Vec<&clap::Command> =
                    mentioned.filter_map(|other| root.find_subcommand(other)).chain([command]).collect();
                for flag in text.split([' ', ',', ';']).filter_map(|word| word.strip_prefix("--")) {
                    let is_known = places.iter().any(|place| words::flags(place).any(|known| known == flag));
                    assert!(is_known, "gboost {name} has no --{flag}, which a tip names");
                    tips += 1;
                }
            }
        }
        assert!(tips > 60, "{tips} tips");
    }
}
