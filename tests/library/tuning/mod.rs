//! Searches on small data: the same trials however they are run, and what each option does.

mod strategies;

use gboost::validation::Folds;
use gboost::validation::tune::{
    Bayesian, Direction, Ended, Event, Grid, Hyperband, MedianRule, Proposal, Random, Resume, Search, Settings, Space,
    Status, Strategy, Trial, Tuned, Tuner, WarmStart,
};
use gboost::{Dataset, ErrorKind, Evaluate, Params, Trainer};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

/// Rows whose label follows two features and noise.
fn data(seed: u32, rows: usize) -> Dataset {
    let mut state = seed.wrapping_mul(0x9e37_79b9).wrapping_add(12345);
    let mut next = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % end) as f32
    };
    let mut columns = vec![Vec::new(), Vec::new(), Vec::new()];
    let mut labels = Vec::new();
    for _ in 0..rows {
        let (a, b, c) = (next(50), next(60), next(7));
        labels.push(f32::from(u8::from(a + b + next(60) > 85.0)));
        columns[0].push(a);
        columns[1].push(b);
        columns[2].push(c);
    }
    Dataset::new(columns).with_labels(labels)
}

fn params(text: &str) -> Params {
    let mut params = Params::default();
    for word in format!("objective=binary:logistic {text}").split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        params.set(name, value).unwrap();
    }
    params
}

struct Case {
    params: Params,
    space: Space,
    train: Dataset,
    validation: Dataset,
    folds: Folds,
}

impl Case {
    fn new(fixed: &str, ranges: &[&str]) -> Self {
        let train = data(1, 240);
        let folds = Folds::random(240, 3, 0).unwrap();
        Self {
            params: params(fixed),
            space: Space::parse(ranges.iter().copied()).unwrap(),
            validation: data(2, 120),
            train,
            folds,
        }
    }

    fn tuner(&self, objective: &str) -> Tuner<'_> {
        let tuner = Tuner::new(&self.params, &self.space, &self.train).objective(objective.parse().unwrap());
        match objective.starts_with("cv") {
            true => tuner.folds(&self.folds),
            false => tuner.validation(&self.validation),
        }
    }
}

const RANGES: [&str; 3] = ["eta=0.01..0.5:log", "max_depth=int:1..5", "subsample=0.3..1"];

/// What does not depend on the clock.
fn timeless(trials: &[Trial]) -> Vec<Trial> {
    let clear = |trial: &Trial| Trial { start: String::new(), end: String::new(), seconds: 0.0, ..trial.clone() };
    trials.iter().map(clear).collect()
}

fn found(tuned: &Tuned) -> (Vec<Trial>, Ended) {
    (timeless(&tuned.trials), tuned.ended)
}

/// A search in every form that is to give the same trials.
type Form = (&'static str, &'static str, fn(Tuner<'_>) -> Tuner<'_>);

const FORMS: [Form; 9] = [
    ("random", "validation:auc", |tuner| tuner.strategy(Random).trials(9)),
    ("random cv", "cv:logloss", |tuner| tuner.strategy(Random).trials(5)),
    ("grid", "validation:logloss", |tuner| tuner.strategy(Grid { points: 2 }).trials(7)),
    ("bayesian", "validation:auc", |tuner| tuner.strategy(Bayesian { batch: 3, startup: 4, candidates: 8 }).trials(13)),
    ("hyperband", "validation:auc", |tuner| {
        tuner.strategy(Hyperband { min_rounds: 1, reduction: 3, ..Hyperband::default() }).trials(12)
    }),
    ("hyperband cv", "cv:auc", |tuner| {
        tuner.strategy(Hyperband { min_rounds: 3, reduction: 2, ..Hyperband::default() }).trials(7)
    }),
    ("median", "validation:logloss", |tuner| tuner.strategy(Random).trials(12).median(MedianRule { batch: 3 })),
    ("target", "validation:auc", |tuner| tuner.strategy(Random).trials(20).target(0.83)),
    ("patience", "validation:auc", |tuner| tuner.strategy(Random).trials(40).patience(4)),
];

#[test]
fn trials_are_the_same_however_many_run_at_a_time() {
    let case = Case::new("num_round=9", &RANGES);
    for (name, objective, form) in FORMS {
        let alone = form(case.tuner(objective)).run().unwrap();
        assert!(alone.trials.iter().all(|trial| trial.status != Status::Failed), "{name}");
        for parallel in [2, 6] {
            let beside = form(case.tuner(objective)).parallel(parallel).run().unwrap();
            assert_eq!(found(&beside), found(&alone), "{name} {parallel}");
        }
    }
}

#[test]
fn a_resumed_search_goes_on_as_if_nothing_had_happened() {
    let case = Case::new("num_round=9", &RANGES);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("tune.jsonl");
    for (name, objective, form) in FORMS {
        let whole = form(case.tuner(objective)).journal(&journal, Resume::No).run().unwrap();
        let lines: Vec<String> = std::fs::read_to_string(&journal).unwrap().lines().map(str::to_string).collect();
        // Killed after no line, after the header, after some trials in any order, within a line,
        // and at the end.
        let middle = 1 + (lines.len() - 2) / 2;
        let mut swapped = lines[..=middle].to_vec();
        if !name.starts_with("hyperband") {
            swapped[1..].reverse();
        }
        let cases = [
            (String::new(), 0),
            (lines[0].clone() + "\n", 0),
            (lines[0][..20].to_string(), 0),
            (swapped.join("\n") + "\n", middle),
            (lines[..=middle].join("\n") + "\n" + &lines[middle + 1][..5], middle),
            (lines.join("\n") + "\n", lines.len() - 2),
        ];
        for (text, kept) in cases {
            std::fs::write(&journal, &text).unwrap();
            let mut recalled = 0;
            let resumed = form(case.tuner(objective))
                .journal(&journal, Resume::Yes)
                .parallel(2)
                .on_event(|event| {
                    recalled += usize::from(matches!(event, Event::Finished { from_journal: true, .. }));
                    ControlFlow::Continue(())
                })
                .run()
                .unwrap();
            assert_eq!(found(&resumed), found(&whole), "{name} after {kept} lines");
            assert_eq!(recalled, kept, "{name}");
        }
        std::fs::remove_file(&journal).unwrap();
    }
}

#[test]
fn more_trials_continue_a_search() {
    let case = Case::new("num_round=3", &RANGES);
    let folder = tempfile::tempdir().unwrap();
    for (name, form) in [
        ("random", (|tuner| tuner.strategy(Random)) as fn(Tuner<'_>) -> Tuner<'_>),
        ("bayesian", |tuner| tuner.strategy(Bayesian { batch: 4, startup: 4, candidates: 8 })),
    ] {
        let journal = folder.path().join(name);
        let search = |trials: usize| form(case.tuner("validation:auc")).trials(trials);
        search(6).journal(&journal, Resume::No).run().unwrap();
        let longer = search(11).journal(&journal, Resume::Yes).run().unwrap();
        assert_eq!(found(&longer), found(&search(11).run().unwrap()), "{name}");
    }
}

#[test]
fn an_unfinished_journal_is_not_overwritten_nor_another_search_continued() {
    let case = Case::new("num_round=2", &RANGES);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("tune.jsonl");
    let search = || case.tuner("validation:auc").trials(3);
    let refusal = |tuner: Tuner<'_>| tuner.run().unwrap_err().to_string().replace(&journal.display().to_string(), "J");
    search().journal(&journal, Resume::No).run().unwrap();
    search().journal(&journal, Resume::No).run().unwrap();
    assert_eq!(
        refusal(search().median(MedianRule { batch: 2 }).journal(&journal, Resume::Yes)),
        "J: the journal is of another search: median_batch was null, and is 2; give what was given then, or another \
         Tuner::journal; Tuner::warm_start takes up what another search found"
    );
    let other = Case::new("num_round=2 seed=1", &RANGES);
    let message = refusal(other.tuner("validation:auc").trials(3).journal(&journal, Resume::Yes));
    assert!(message.starts_with("J: the journal is of another search: seed was 0, and is 1; "), "{message}");
    let mut changed = Case::new("num_round=2", &RANGES);
    changed.train.columns[2][5] += 1.0;
    let message = refusal(changed.tuner("validation:auc").trials(3).journal(&journal, Resume::Yes));
    assert!(message.starts_with("J: the journal is of another search: train_sha256 was "), "{message}");

    let text = std::fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&journal, lines[..2].join("\n") + "\n").unwrap();
    assert_eq!(
        refusal(search().journal(&journal, Resume::No)),
        "J: a search that did not end left a journal of 1 finished trial; give Resume::Yes to go on with it, \
         or remove the file to start anew"
    );
    std::fs::write(&journal, format!("{}\nnonsense\n{}\n", lines[0], lines[1])).unwrap();
    let message = refusal(search().journal(&journal, Resume::Yes));
    assert!(message.starts_with("J:2: no line of a journal: "), "{message}");
    std::fs::write(&journal, "a,b\n1,2\n").unwrap();
    assert_eq!(
        refusal(search().journal(&journal, Resume::No)),
        "J: the file is no journal of gboost tune; give another name with Tuner::journal"
    );
}

#[test]
fn hyperband_continues_models_and_halves() {
    let case = Case::new("num_round=9", &RANGES);
    let strategy = Hyperband { min_rounds: 1, reduction: 3, ..Hyperband::default() };
    let tuned = case.tuner("validation:logloss").strategy(strategy).run().unwrap();
    // Brackets of 9 x 1, 3 x 3, 1 x 9; 5 x 3, 1 x 9; 3 x 9 rounds.
    let rounds: Vec<usize> = tuned.trials.iter().map(|trial| trial.rounds).collect();
    let count = |wanted: usize, part: &[usize]| part.iter().filter(|rounds| **rounds == wanted).count();
    assert_eq!([1, 3, 9].map(|wanted| count(wanted, &rounds[..9])), [6, 2, 1]);
    assert_eq!([1, 3, 9].map(|wanted| count(wanted, &rounds[9..14])), [0, 4, 1]);
    assert_eq!(rounds[14..], [9; 3]);
    for trial in &tuned.trials {
        // A continued trial is what it would be in one piece.
        let mut params = Space::apply(&trial.settings, &case.params).unwrap();
        params.num_round = trial.rounds as u32;
        let trainer = Trainer::new(&params, &case.train).channel("validation", &case.validation);
        let whole = trainer.evaluate(Evaluate::LastRound).run().unwrap();
        assert_eq!(trial.objective_value, Some(whole.history[0].values[1][0]), "{}", trial.number);
        assert_eq!(trial.status == Status::Completed, trial.rounds == 9);
        let judged: Vec<usize> = trial.history.iter().map(|(rounds, _)| *rounds).collect();
        assert_eq!(judged.last(), Some(&trial.rounds));
    }
    // Those that went on were the best.
    let after_one = |trial: &Trial| trial.history[0].1;
    let first = &tuned.trials[..9];
    let kept: f64 = first.iter().filter(|trial| trial.rounds > 1).map(after_one).fold(0.0, f64::max);
    assert!(first.iter().filter(|trial| trial.rounds == 1).all(|trial| after_one(trial) >= kept));
}

#[test]
fn a_failed_trial_does_not_stop_the_others() {
    let case = Case::new("num_round=2 colsample_bynode=0.5", &["sampler=hash,xgboost1", "eta=0.1,0.2"]);
    let tuned = case.tuner("validation:auc").strategy(Grid::default()).run().unwrap();
    let statuses: Vec<Status> = tuned.trials.iter().map(|trial| trial.status).collect();
    assert_eq!(statuses, [Status::Completed, Status::Completed, Status::Failed, Status::Failed]);
    let error = tuned.trials[2].error.as_ref().unwrap();
    assert_eq!(
        error.message,
        "sampler xgboost1 is not supported together with colsample_bylevel or colsample_bynode; use sampler hash"
    );
    let board = tuned.leaderboard();
    assert_eq!(board.rows()[3][..3], [4.into(), "failed".into(), serde_json::Value::Null]);
    assert!(board.to_json().contains("\"error\": \"sampler xgboost1 is not supported"));

    let all = Case::new("num_round=2 colsample_bynode=0.5 sampler=xgboost1", &["eta=0.1,0.2"]);
    let error = all.tuner("validation:auc").strategy(Grid::default()).run().unwrap_err();
    assert!(error.to_string().starts_with("sampler xgboost1 is not supported"), "{error}");
    let all = Case::new("num_round=2 colsample_bynode=0.5", &["sampler=xgboost1"]);
    let tuned = all.tuner("validation:auc").strategy(Grid::default()).run().unwrap();
    assert!(tuned.best().is_none());
    let error = tuned.best_params().unwrap_err();
    assert!(error.to_string().starts_with("every trial failed, the first with: sampler xgboost1"), "{error}");
}

#[test]
fn target_and_patience_end_in_the_order_of_the_trials() {
    let case = Case::new("num_round=5", &RANGES);
    let all = case.tuner("validation:auc").trials(20).run().unwrap();
    let values: Vec<f64> = all.trials.iter().map(|trial| trial.objective_value.unwrap()).collect();
    let target = values[6];
    let first = values.iter().position(|value| *value >= target).unwrap() + 1;
    let tuned = case.tuner("validation:auc").trials(20).target(target).parallel(4).run().unwrap();
    assert_eq!((tuned.ended, tuned.trials.len(), tuned.reached_target()), (Ended::Target, first, Some(true)));
    assert_eq!(timeless(&tuned.trials), timeless(&all.trials[..first]));
    let missed = case.tuner("validation:auc").trials(4).target(0.9999).run().unwrap();
    assert_eq!((missed.ended, missed.reached_target()), (Ended::Trials, Some(false)));

    let tuned = case.tuner("validation:auc").trials(20).patience(3).parallel(4).run().unwrap();
    let ends = tuned.trials.len();
    assert!(tuned.ended == Ended::Patience && ends < 20);
    let best = tuned.best().unwrap().number;
    assert_eq!(ends, best + 3);
}

#[test]
fn the_median_rule_stops_bad_trials_only() {
    let case = Case::new("num_round=20", &["eta=0.001..0.5:log"]);
    let plain = case.tuner("validation:logloss").trials(12).run().unwrap();
    let judged = case.tuner("validation:logloss").trials(12).median(MedianRule { batch: 3 }).run().unwrap();
    let stopped: Vec<&Trial> = judged.trials.iter().filter(|trial| trial.status == Status::Stopped).collect();
    assert!(!stopped.is_empty());
    assert!(stopped.iter().all(|trial| trial.number > 3 && trial.rounds < 20));
    assert_eq!(judged.best().unwrap().objective_value, plain.best().unwrap().objective_value);
    // By hand: the value after its last round is worse than the median of the averages of the
    // batches before.
    for trial in stopped {
        let before = judged.trials.iter().filter(|other| (other.number - 1) / 3 < (trial.number - 1) / 3);
        let mut averages: Vec<f64> = before
            .filter(|other| other.history.len() >= trial.rounds)
            .map(|other| {
                other.history[..trial.rounds].iter().map(|(_, value)| value).sum::<f64>() / trial.rounds as f64
            })
            .collect();
        averages.sort_by(f64::total_cmp);
        let (low, high) = (averages[(averages.len() - 1) / 2], averages[averages.len() / 2]);
        assert!(trial.objective_value.unwrap() > (low + high) / 2.0);
    }
}

#[test]
fn the_best_parameters_train_the_best_model() {
    let case = Case::new("num_round=40 early_stopping_rounds=3 eval_metric=logloss,auc", &RANGES);
    for objective in ["validation:logloss", "cv:logloss"] {
        let tuned = case.tuner(objective).trials(6).run().unwrap();
        let best = tuned.best().unwrap();
        let params = tuned.best_params().unwrap();
        assert_eq!((params.num_round as usize, params.early_stopping_rounds), (best.rounds, None));
        assert!(tuned.trials.iter().any(|trial| trial.rounds < 40), "{objective}");
        // The objective metric steers early stopping, whatever stands last in eval_metric.
        assert!(best.history.iter().all(|(_, value)| *value >= best.objective_value.unwrap()));
        if objective.starts_with("validation") {
            let trained = Trainer::new(&params, &case.train).channel("validation", &case.validation).run().unwrap();
            let last = trained.history.last().unwrap().values[1].last().copied();
            assert_eq!(last, best.objective_value);
        } else {
            assert_eq!(best.cv.map(|cv| cv.mean), best.objective_value);
        }
    }
}

#[test]
fn folds_besides_a_validation_channel_inform() {
    let case = Case::new("num_round=3", &RANGES);
    let tuned = case.tuner("validation:auc").folds(&case.folds).trials(3).run().unwrap();
    for trial in &tuned.trials {
        let params = Space::apply(&trial.settings, &params("num_round=3 eval_metric=auc")).unwrap();
        let found = gboost::validation::cross_validate(&params, &case.train, &case.folds).unwrap();
        assert_eq!(trial.cv, found.history.last().map(|round| round.test[0]));
    }
    let board = tuned.leaderboard();
    assert_eq!(
        board.columns(),
        [
            "trial",
            "status",
            "objective_value",
            "eta",
            "max_depth",
            "subsample",
            "cv_mean",
            "cv_std",
            "rounds",
            "start",
            "end",
            "seconds"
        ]
    );
    let values: Vec<f64> = board.rows().iter().map(|row| row[2].as_f64().unwrap()).collect();
    assert!(values.is_sorted_by(|a, b| a >= b));
    assert_eq!(board.to_csv().lines().count(), 4);
}

#[test]
fn a_warm_start_takes_up_what_lies_within_the_new_ranges() {
    let case = Case::new("num_round=3", &["eta=0.01..0.5:log", "max_depth=int:1..5"]);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("parent.jsonl");
    let parent = case.tuner("validation:auc").trials(12).journal(&journal, Resume::No).run().unwrap();
    // Another range, and a parameter that was fixed before.
    let child = Case::new("num_round=3", &["eta=0.1..0.5:log", "max_depth=int:1..5", "gamma=0..1"]);
    let strategy = Bayesian { batch: 2, startup: 4, candidates: 8 };
    let search = || child.tuner("validation:auc").strategy(strategy).trials(2);
    let warm = search().warm_start(&journal).run().unwrap();
    let inside = parent.trials.iter().filter(|trial| trial.settings["eta"].as_f64().unwrap() >= 0.1).count();
    assert_eq!(warm.warm_start, WarmStart { within: inside, outside: 12 - inside });
    assert!(inside >= 4);
    assert_ne!(timeless(&warm.trials), timeless(&search().run().unwrap().trials));
    assert!(warm.trials.iter().all(|trial| trial.settings["eta"].as_f64().unwrap() >= 0.1));

    // Random and grid search do not try again what the parent tried.
    let small = Case::new("num_round=3", &["max_depth=int:1..5"]);
    let parent = folder.path().join("small.jsonl");
    small.tuner("validation:auc").trials(3).journal(&parent, Resume::No).run().unwrap();
    let rest = small.tuner("validation:auc").trials(30).warm_start(&parent).run().unwrap();
    assert_eq!((rest.trials.len(), rest.ended), (2, Ended::Exhausted));
    let error = small.tuner("validation:logloss").warm_start(&parent).run().unwrap_err().to_string();
    assert!(error.contains("the journal is of a search for \"validation:auc\", not for validation:logloss"), "{error}");
    let error = small.tuner("validation:auc").warm_start(Path::new("none.jsonl")).run().unwrap_err().to_string();
    assert_eq!(error, "none.jsonl: there is no journal; give a journal of gboost tune");
}

#[test]
fn options_in_conflict_are_refused() {
    let case = Case::new("num_round=9", &RANGES);
    let stopping = Case::new("num_round=9 early_stopping_rounds=2", &RANGES);
    let rounds = Case::new("", &["num_round=int:5..50"]);
    let validation = |case: &'static Case| case.tuner("validation:auc");
    let (case, stopping, rounds): (&'static Case, &'static Case, &'static Case) =
        (Box::leak(Box::new(case)), Box::leak(Box::new(stopping)), Box::leak(Box::new(rounds)));
    let hyperband = Hyperband::default();
    for (tuner, error) in [
        (
            validation(stopping).strategy(hyperband),
            "early_stopping_rounds does not go with hyperband, which decides on the rounds itself; leave one of the two out",
        ),
        (
            validation(case).strategy(hyperband).median(MedianRule { batch: 2 }),
            "the median rule does not go with hyperband, which stops trials itself; leave it out",
        ),
        (
            validation(case).strategy(hyperband).patience(2),
            "patience does not go with hyperband, whose short trials show no progress; leave it out, or give a target",
        ),
        (
            validation(rounds).strategy(hyperband),
            "hyperband decides on the rounds itself: num_round cannot be tuned with it; leave its range out; \
             num_round is what the best trials get",
        ),
        (
            validation(stopping).direction(Direction::Minimize),
            "early_stopping_rounds keeps the best auc, but the search is to minimize it; leave one of the two out",
        ),
        (validation(case).strategy(Grid { points: 1 }), "a grid of 1 points a range is empty; give at least 2 points"),
        (validation(case).trials(0), "a search of 0 trials; give at least 1"),
        (validation(case).parallel(0), "0 trials at a time; give at least 1"),
        (
            Tuner::new(&case.params, &case.space, &case.train),
            "objective metric cv:logloss needs folds; give Tuner::folds, like Tuner::folds 3",
        ),
        (
            case.tuner("validation:rmse").objective("cv:auc".parse().unwrap()),
            "objective metric cv:auc needs folds; give Tuner::folds, like Tuner::folds 3",
        ),
        (
            Tuner::new(&case.params, &case.space, &case.train).objective("validation:auc".parse().unwrap()),
            "objective metric validation:auc needs a validation channel; give Tuner::validation, or \
             cv:auc with Tuner::folds",
        ),
    ] {
        assert_eq!(tuner.run().unwrap_err().to_string(), error);
    }
    let mlogloss = case.tuner("validation:mlogloss").run().unwrap_err().to_string();
    assert!(mlogloss.starts_with("metric mlogloss does not suit binary:logistic"), "{mlogloss}");
    let wide = Case::new("num_round=2", &["max_depth=int:1..60", "min_child_weight=int:1..9999", "eta=0.1..0.2"]);
    let error = wide.tuner("validation:auc").strategy(Grid::default()).run().unwrap_err().to_string();
    assert_eq!(error, "grid search of 1799820 trials; narrow the ranges, or say with Tuner::trials how many to run");
}
