//! The table of parameters, and what it refuses.

use super::*;

fn refusal(name: &str, value: &str) -> String {
    Params::default().set(name, value).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn names_aliases_and_dashes() {
    let mut params = Params::default();
    for (name, value) in
        [("learning-rate", "0.1"), ("max_depth", "5.0"), ("reg_lambda", "2"), ("eval-metric", "[\"auc\", \"logloss\"]")]
    {
        params.set(name, value).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!((params.eta, params.max_depth, params.lambda), (0.1, 5, 2.0));
    assert_eq!(params.eval_metric.iter().map(Metric::name).collect::<Vec<_>>(), ["auc", "logloss"]);
}

#[test]
fn refusals_name_parameter_value_and_range() {
    assert_eq!(refusal("eta", "1.5"), "eta 1.5 is out of range; give a value in [0, 1]");
    assert_eq!(refusal("subsample", "0"), "subsample 0 is out of range; give a value in (0, 1]");
    assert_eq!(refusal("gamma", "-1"), "gamma -1 is out of range; give a value >= 0");
    assert_eq!(refusal("max_depth", "five"), "max_depth \"five\" is not accepted; give a number in [0, 64]");
    assert_eq!(refusal("max_depth", "5.5"), "max_depth \"5.5\" is not accepted; give a whole number");
    assert_eq!(refusal("max_dept", "5"), "unknown parameter \"max_dept\"; did you mean max_depth?");
    assert_eq!(
        refusal("booster", "dart"),
        "booster \"dart\" is not supported yet; leave the parameter out, or give gbtree"
    );
    assert_eq!(
        refusal("objective", "rank:ndcg").split(';').next(),
        Some("objective \"rank:ndcg\" is not supported yet")
    );
    assert_eq!(refusal("eta", "nan"), "eta nan is out of range; give a value in [0, 1]");
    assert_eq!(refusal("num_round", "0"), "num_round 0 is out of range; give a value >= 1");
    assert_eq!(refusal("seed", "-1"), "seed \"-1\" is not accepted; give a whole number >= 0");
    assert_eq!(
        refusal("monotone_constraints", "(1,0)"),
        "monotone_constraints \"(1,0)\" is not supported yet; leave the parameter out"
    );
    assert_eq!(
        refusal("device", "cuda"),
        "device \"cuda\" is not supported yet; leave the parameter out, or give cpu; \
         BackendChoice::Gpu trains on a GPU"
    );
    for (value, is) in [("approx", "supported yet"), ("best", "accepted")] {
        let error = format!("tree_method {value:?} is not {is}; give hist or exact");
        assert_eq!(refusal("tree_method", value), error);
    }
    for (value, is) in [("count:poisson", "supported yet"), ("poison", "accepted")] {
        let names = "reg:squarederror, binary:logistic, multi:softmax, multi:softprob";
        assert_eq!(refusal("objective", value), format!("objective {value:?} is not {is}; give one of {names}"));
    }
    assert!(refusal("eval_metric", "auc,map").starts_with("metric map is not supported yet; use one of logloss, "));
}

#[test]
fn values_are_checked_whichever_way_they_come() {
    let error = |params: Params| params.check().err().map(|error| error.to_string()).unwrap_or_default();
    for (name, value, params) in [
        ("eta", "-1", Params { eta: -1.0, ..Params::default() }),
        ("eta", "NaN", Params { eta: f32::NAN, ..Params::default() }),
        ("gamma", "inf", Params { gamma: f32::INFINITY, ..Params::default() }),
        ("subsample", "0", Params { subsample: 0.0, ..Params::default() }),
        ("max_depth", "65", Params { max_depth: 65, ..Params::default() }),
        ("num_round", "0", Params { num_round: 0, ..Params::default() }),
        ("max_bin", "1", Params { max_bin: 1, ..Params::default() }),
        ("early_stopping_rounds", "0", Params { early_stopping_rounds: Some(0), ..Params::default() }),
        ("nthread", "5000", Params { nthread: Some(5000), ..Params::default() }),
        ("verbosity", "4", Params { verbosity: 4, ..Params::default() }),
        ("eval_metric", "mae,mae", Params { eval_metric: vec![Metric::Mae, Metric::Mae], ..Params::default() }),
        ("eval_metric", "error@2", Params { eval_metric: vec![Metric::Error { threshold: 2.0 }], ..Params::default() }),
    ] {
        assert_eq!(error(params), refusal(name, value), "{name} {value}");
        assert!(!refusal(name, value).is_empty(), "{name} {value}");
    }
    assert_eq!(error(Params::default()), "");
}

#[test]
fn the_builder_sets_every_type() -> Result<()> {
    let params = Params::builder()
        .objective(Objective::BinaryLogistic)
        .eta(0.1)
        .max_depth(5)
        .base_score(0.25)
        .eval_metric([Metric::Auc, Metric::Logloss])
        .early_stopping_rounds(20)
        .nthread(2)
        .build()?;
    let mut typed = Params::default();
    for (name, value) in [
        ("objective", "binary:logistic"),
        ("eta", "0.1"),
        ("max_depth", "5"),
        ("base_score", "0.25"),
        ("eval_metric", "auc,logloss"),
        ("early_stopping_rounds", "20"),
        ("nthread", "2"),
    ] {
        typed.set(name, value)?;
    }
    assert_eq!(params, typed);
    assert!(Params::builder().objective(Objective::Softprob).build().is_err());
    Ok(())
}

#[test]
fn defaults_are_those_of_the_table() {
    for spec in WORKING {
        let mut params = Params::default();
        if params.set(spec.name, spec.default).is_ok() {
            assert_eq!(params, Params::default(), "{}", spec.name);
        }
    }
}

#[test]
fn reals_are_shown_as_typed() {
    assert_eq!(Params::task1().to_json()["eta"].to_string(), "0.2");
}
