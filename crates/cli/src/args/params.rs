//! Hyperparameters from the command line: a flag for every row of the library's table, and how they
//! add up.

use super::words::Offered;
use crate::args::global::Global;
use crate::terminal::flags::FLAGS;
use crate::terminal::screen::Screen;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use gboost::params::{Range, Spec, TreeMethod, table};
use gboost::{Error, Params, Result};
use gboost_jobs::params_file;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The hyperparameters that were given as flags, and the file of others.
pub struct HyperArgs {
    file: Option<PathBuf>,
    /// What the file says, once it was read: a pipe can be read once.
    entries: OnceLock<Map<String, Value>>,
    flags: Vec<(&'static str, String)>,
}

impl HyperArgs {
    /// The file of parameters, where one is given.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether a parameter was given as a flag.
    pub fn is_given(&self, name: &str) -> bool {
        self.flags.iter().any(|(given, _)| *given == name)
    }

    /// Whether a parameter is given at all, as a flag or in the file.
    pub fn names(&self, name: &str) -> bool {
        let in_file =
            || self.entries().ok().flatten().is_some_and(|entries| params_file::names(entries).any(|it| it == name));
        self.is_given(name) || in_file()
    }

    /// What the file says, where there is one.
    fn entries(&self) -> Result<Option<&Map<String, Value>>> {
        let Some(path) = &self.file else { return Ok(None) };
        if self.entries.get().is_none() {
            // Nobody set it meanwhile.
            let _ = self.entries.set(params_file::load(path)?);
        }
        Ok(self.entries.get())
    }

    /// The parameters: `start`, overridden by the file, overridden by the flags, overridden by the
    /// global flags.
    pub fn resolve(&self, start: Params, global: &Global) -> Result<Params> {
        self.resolve_but(&[], start, global)
    }

    /// The same where these parameters are tuned, and a file's value of them gives way.
    pub fn resolve_but(&self, tuned: &[&str], start: Params, global: &Global) -> Result<Params> {
        let mut params = start;
        let mut notes = Vec::new();
        if let (Some(path), Some(entries)) = (&self.file, self.entries()?) {
            notes = params_file::set_all(path, entries, &mut params)?;
            let given_way = params_file::names(entries).filter(|name| tuned.contains(name));
            notes.extend(
                given_way.map(|name| format!("{}: {name} is tuned: its value here is not used", path.display())),
            );
        }
        for (name, value) in &self.flags {
            params.set(name, value)?;
        }
        if let Some(verbosity) = global.verbosity() {
            if self.is_given("verbosity") && params.verbosity != verbosity {
                let flag = if global.quiet { "--quiet" } else { "--verbose" };
                return Err(Error::parameter(format!("--verbosity {} does not go with {flag}", params.verbosity))
                    .remedy("leave one of them out"));
            }
            params.verbosity = verbosity;
        }
        if let Some(threads) = global.threads() {
            params.nthread = Some(threads);
        }
        let screen = Screen::new(params.verbosity);
        notes.iter().for_each(|note| screen.note(note));
        self.tell_without_effect(&params, tuned, global, &screen);
        params.check()?;
        Ok(params)
    }

    /// Says which flags change nothing beside the others.
    fn tell_without_effect(&self, params: &Params, tuned: &[&str], global: &Global, screen: &Screen) {
        let shares = [params.subsample, params.colsample_bytree, params.colsample_bylevel, params.colsample_bynode];
        // A search draws its trials by the seed, too.
        let draws = shares.iter().any(|share| *share < 1.0) || !tuned.is_empty();
        let is_exact = params.tree_method == TreeMethod::Exact && !tuned.contains(&"tree_method");
        for (name, is_idle, reason) in [
            ("max_bin", is_exact, "with tree_method exact, which has no bins"),
            ("histogram_sums", is_exact, "with tree_method exact, which has no histograms"),
            ("sampler", !draws, "where subsample and all colsample_* are 1: nothing is drawn"),
            ("seed", !draws, "where subsample and all colsample_* are 1: nothing is drawn"),
            ("nthread", global.threads().is_some(), "beside --threads, which wins"),
        ] {
            if is_idle && self.is_given(name) {
                screen.note(&format!("note: --{} has no effect {reason}", name.replace('_', "-")));
            }
        }
    }
}

impl clap::Args for HyperArgs {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("params")
            .long("params")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Read hyperparameters from a JSON or TOML file, SageMaker's hyperparameters.json too; flags win over it")
            .help_heading("Hyperparameters");
        command.arg(file).args(table().filter(|spec| spec.takes_values()).map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for HyperArgs {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let given = |spec: &'static Spec| {
            let values = matches.try_get_many::<String>(spec.name).ok().flatten()?;
            let values: Vec<&str> = values.map(String::as_str).collect();
            Some((spec.name, values.join(",")))
        };
        let file = matches.get_one::<PathBuf>("params").cloned();
        Ok(Self { file, entries: OnceLock::new(), flags: table().filter_map(given).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag of a parameter: `--max-depth`, hidden `--max_depth`, and its aliases likewise.
///
/// Parameters that do not work yet are hidden where they have a value that changes nothing, so that
/// it is taken and the library refuses any other.
fn flag(spec: &'static Spec) -> Arg {
    let dashed = |name: &str| name.replace('_', "-");
    let several = spec.name == "eval_metric";
    let mut arg = Arg::new(spec.name)
        .long(dashed(spec.name))
        .value_name(value_name(spec))
        .help(help(spec))
        .help_heading(heading(spec.name))
        .hide(!spec.works())
        .value_parser(Offered::new(spec.choices()))
        .hide_possible_values(true)
        .allow_negative_numbers(true)
        .action(if several { ArgAction::Append } else { ArgAction::Set });
    arg = arg.visible_aliases(spec.aliases.iter().map(|alias| dashed(alias)));
    arg = arg.aliases(spec.synonyms().iter().filter(|name| name.contains('_')).map(|name| dashed(name)));
    let names = std::iter::once(&spec.name).chain(spec.aliases).chain(spec.synonyms());
    let written = names.filter(|name| name.contains('_') || spec.synonyms().contains(name));
    arg.aliases(written.map(|name| (*name).to_string()))
}

fn value_name(spec: &Spec) -> &'static str {
    match (spec.name, spec.range) {
        ("eval_metric", _) => "METRIC,...",
        ("base_score", _) => "P|auto",
        ("seed", _) => "N",
        (_, Range::Any) => "NAME",
        (_, Range::Within(..) | Range::Above(..)) => "N",
    }
}

fn help(spec: &Spec) -> String {
    let range = match spec.range.in_words() {
        words if words.is_empty() => words,
        words => format!(", {words}"),
    };
    // A list's names stand nowhere else.
    let names = match spec.name {
        "eval_metric" => format!(": {}", gboost::metric::list()),
        _ => String::new(),
    };
    format!("{}{range}{names} [default: {}]", FLAGS.say(spec.help), spec.default)
}

/// Where the help shows a parameter.
fn heading(name: &str) -> &'static str {
    match name {
        "objective" | "num_class" | "base_score" | "scale_pos_weight" | "eval_metric" => "Hyperparameters: the task",
        "num_round" | "eta" | "early_stopping_rounds" => "Hyperparameters: boosting",
        "max_depth" | "gamma" | "min_child_weight" | "lambda" | "alpha" | "max_delta_step" | "tree_method"
        | "max_bin" | "histogram_sums" => "Hyperparameters: trees",
        "subsample" | "colsample_bytree" | "colsample_bylevel" | "colsample_bynode" | "sampler" | "seed" => {
            "Hyperparameters: sampling"
        }
        _ => "Hyperparameters: running",
    }
}
