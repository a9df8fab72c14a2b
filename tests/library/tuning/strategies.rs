//! Strategies: what they find, and what ends or refuses them.

use super::*;

#[test]
fn a_trial_whose_value_is_not_a_number_fails_and_is_never_the_best() {
    let case = Case::new("num_round=2", &["max_depth=int:1..3"]);
    let mut train = data(3, 30);
    train.labels = Some((0..30).map(|row| f32::from(u8::from(row >= 10))).collect());
    // Each fold's rows have one label, and the training rows of the first fold as well.
    let folds = Folds::given(&(0..30).map(|row| u32::from(row >= 10)).collect::<Vec<_>>()).unwrap();
    let tuner = Tuner::new(&case.params, &case.space, &train).folds(&folds).objective("cv:auc".parse().unwrap());
    let tuned = tuner.trials(2).run().unwrap();
    assert!(tuned.trials.iter().all(|trial| trial.status == Status::Failed && trial.objective_value.is_none()));
    assert!(tuned.best().is_none());
    let error = tuned.best_params().unwrap_err().to_string();
    assert!(error.contains("cv:auc is not a number"), "{error}");
}

#[test]
fn an_observer_can_stop_the_search() {
    let case = Case::new("num_round=2000", &RANGES);
    let mut events = 0;
    let stopped = case.tuner("validation:auc").parallel(2).on_event(|_| {
        events += 1;
        if events > 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(stopped.run().unwrap_err().kind(), ErrorKind::Interrupted);
}

/// A strategy of one's own: around the best trial so far.
struct Climb;

impl Strategy for Climb {
    fn name(&self) -> &'static str {
        "climb"
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        let best = search.finished.iter().min_by(|a, b| search.loss(a).total_cmp(&search.loss(b)));
        let centre = best.and_then(|best| search.space.position(&best.settings)).unwrap_or(vec![0.5; 3]);
        let number = search.finished.len() + 1;
        let step = |(index, unit): (usize, &f64)| if index == number % 3 { (unit + 0.07) % 1.0 } else { *unit };
        let units: Vec<f64> = centre.iter().enumerate().map(step).collect();
        let proposal = Proposal { number, settings: search.space.at(&units), rounds: None };
        (number <= search.trials).then_some(proposal).into_iter().collect()
    }
}

#[test]
fn strategies_can_be_written_outside() {
    let case = Case::new("num_round=3", &RANGES);
    let tuned = case.tuner("validation:auc").strategy(Climb).trials(6).parallel(3).run().unwrap();
    assert_eq!(tuned.trials.len(), 6);
}

/// Proposes the same trial again and again.
struct Stuck;

impl Strategy for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        vec![Proposal { number: 1, settings: search.space.at(&[0.5; 3]), rounds: None }]
    }
}

#[test]
fn a_strategy_that_repeats_itself_is_refused() {
    let case = Case::new("num_round=3", &RANGES);
    let error = case.tuner("validation:auc").strategy(Stuck).run().unwrap_err();
    assert_eq!(
        error.to_string(),
        "strategy stuck proposed trial 1 out of turn; number new trials one after another, and continue a trial with more \
         rounds than it has"
    );
}

/// Runs a strategy on a function instead of trainings; answers the least value.
fn minimise(strategy: &dyn Strategy, space: &Space, seed: u64, trials: usize, value: impl Fn(&[f64]) -> f64) -> f64 {
    let mut finished: Vec<Trial> = Vec::new();
    loop {
        let direction = Direction::Minimize;
        let search = Search { space, seed, trials, rounds: 10, direction, finished: &finished, earlier: &[] };
        let proposals = strategy.propose(&search);
        if proposals.is_empty() {
            break;
        }
        for proposal in proposals {
            let position = space.position(&proposal.settings).unwrap();
            let line = serde_json::json!({
                "trial": proposal.number, "status": "completed", "settings": proposal.settings,
                "objective_value": value(&position), "rounds": 10, "history": [], "start": "", "end": "", "seconds": 0.0
            });
            finished.push(serde_json::from_value(line).unwrap());
        }
    }
    finished.iter().filter_map(|trial| trial.objective_value).fold(f64::INFINITY, f64::min)
}

#[test]
fn bayesian_search_learns() {
    let space = Space::parse([
        "eta=0.01..1:log",
        "gamma=0..5",
        "max_depth=int:1..20",
        "subsample=0.1..1",
        "tree_method=hist,exact",
    ])
    .unwrap();
    // A bowl with a better half.
    let bowl = |x: &[f64]| {
        let square = |index: usize, centre: f64| (x[index] - centre) * (x[index] - centre);
        square(0, 0.3) + square(1, 0.8) + square(2, 0.5) + square(3, 0.6) + if x[4] < 0.5 { 0.0 } else { 0.3 }
    };
    let mean = |strategy: &dyn Strategy, trials: usize| {
        (0..30).map(|seed| minimise(strategy, &space, seed, trials, bowl)).sum::<f64>() / 30.0
    };
    let (random, bayesian) = (mean(&Random, 60), mean(&Bayesian::default(), 30));
    assert!(bayesian < 0.8 * random, "{bayesian} {random}");
}

#[test]
fn grids_cover_all_combinations_once() {
    let case = Case::new("num_round=1", &["eta=0.1..0.4:log", "max_depth=int:2..4", "tree_method=hist,exact"]);
    let tuned = case.tuner("validation:auc").strategy(Grid { points: 3 }).parallel(2).run().unwrap();
    let settings: Vec<&Settings> = tuned.trials.iter().map(|trial| &trial.settings).collect();
    assert_eq!(settings.len(), 18);
    assert_eq!(settings.iter().map(|settings| format!("{settings:?}")).collect::<BTreeSet<_>>().len(), 18);
    let etas: Vec<f64> = settings.iter().step_by(6).map(|settings| settings["eta"].as_f64().unwrap()).collect();
    assert_eq!((etas[0], etas[2]), (0.1, 0.4));
    assert!((etas[1] - 0.2).abs() < 1e-6);
    assert_eq!((&settings[1]["tree_method"], &settings[2]["max_depth"]), (&"exact".into(), &3.into()));
}

#[test]
fn random_search_ends_when_a_small_space_is_exhausted() {
    let case = Case::new("num_round=1", &["max_depth=int:2..4", "tree_method=hist,exact"]);
    for strategy in [Box::new(Random) as Box<dyn Strategy>, Box::new(Bayesian::default())] {
        let name = strategy.name();
        let tuned = case.tuner("validation:auc").strategy(Boxed(strategy)).trials(50).run().unwrap();
        assert_eq!((tuned.trials.len(), tuned.ended), (6, Ended::Exhausted), "{name}");
    }
}

/// A strategy behind a pointer.
struct Boxed(Box<dyn Strategy>);

impl Strategy for Boxed {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn propose(&self, search: &Search<'_>) -> Vec<Proposal> {
        self.0.propose(search)
    }
}
