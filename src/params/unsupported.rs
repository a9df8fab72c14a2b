//! Parameters and objectives of XGBoost that are not supported yet, refused by name.

use crate::params::Kind;
use crate::params::Range;
use crate::params::Spec;

pub(crate) const fn only(name: &'static str, values: &'static [&'static str]) -> Spec {
    instead(name, values, "")
}

/// A parameter that does not work yet, and what to do instead.
const fn instead(name: &'static str, values: &'static [&'static str], help: &'static str) -> Spec {
    Spec { name, aliases: &[], range: Range::Any, default: "", help, kind: Kind::Only(values) }
}

/// XGBoost's parameters that do not work yet: refused by name, but for the values that ask for
/// nothing.
pub(crate) const NOT_YET: &[Spec] = &[
    only("booster", &["gbtree"]),
    only("grow_policy", &["depthwise"]),
    instead("max_leaves", &["0"], "max_depth bounds a tree"),
    instead("num_parallel_tree", &["1"], "num_round sets the number of trees"),
    only("sampling_method", &["uniform"]),
    only("csv_weights", &["0"]),
    only("monotone_constraints", &["", "()", "[]"]),
    only("interaction_constraints", &["", "()", "[]"]),
    only("process_type", &["default"]),
    only("multi_strategy", &["one_output_per_tree"]),
    only("refresh_leaf", &["1"]),
    instead("device", &["cpu"], "{gpu} trains on a GPU"),
    only("updater", &[]),
    only("sample_type", &[]),
    only("normalize_type", &[]),
    only("rate_drop", &[]),
    only("skip_drop", &[]),
    only("one_drop", &[]),
    only("tweedie_variance_power", &[]),
    only("huber_slope", &[]),
    only("quantile_alpha", &[]),
    only("aft_loss_distribution", &[]),
    only("aft_loss_distribution_scale", &[]),
    only("lambdarank_pair_method", &[]),
    only("lambdarank_num_pair_per_sample", &[]),
    only("lambda_bias", &[]),
    only("feature_selector", &[]),
    only("top_k", &[]),
    only("feature_weights", &[]),
    only("sketch_eps", &[]),
    only("max_cat_to_onehot", &[]),
    only("max_cat_threshold", &[]),
    only("max_cached_hist_node", &[]),
    only("extmem_single_page", &[]),
    only("predictor", &["auto", "cpu_predictor"]),
    only("deterministic_histogram", &["1", "true"]),
    only("single_precision_histogram", &[]),
    only("disable_default_eval_metric", &["0", "false"]),
    only("validate_parameters", &["0", "1", "true", "false"]),
];

/// The objectives of XGBoost that cannot be trained yet.
pub(crate) const OBJECTIVES_NOT_YET: &[&str] = &[
    "binary:logitraw",
    "binary:hinge",
    "reg:logistic",
    "reg:squaredlogerror",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "reg:gamma",
    "reg:tweedie",
    "count:poisson",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
    "survival:aft",
    "survival:cox",
    "reg:linear",
];
