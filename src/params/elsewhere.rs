//! Names that other programs give to hyperparameters.

const LEAVES: &str = "trees are bounded by their depth here; give max_depth";
const LEAF_ROWS: &str =
    "give min_child_weight, the least sum of hessians in a leaf; with reg:squarederror it is the number of rows";
const CATEGORIES: &str = "categorical features are not supported yet; write them as numbers, best a column of 0 and 1 for \
                          each category, or leave them out with {ignore}";
const CLASS_WEIGHTS: &str = "give scale_pos_weight (binary:logistic), or a column of row weights with {weight}";
const OBJECTIVE: &str = "give objective: reg:squarederror, binary:logistic, multi:softmax or multi:softprob";
const ROWS: &str = "give subsample, the share of rows drawn for every tree";
const NODE_FEATURES: &str = "give colsample_bynode, a share of the features";
const DEVICE: &str = "give {gpu} to train on a GPU";

/// Names that LightGBM, CatBoost, scikit-learn and R give to parameters that mean the same here:
/// taken, but not shown.
pub(super) const SYNONYMS: &[(&str, &[&str])] = &[
    ("num_round", &["nrounds", "num_iterations", "iterations", "num_trees", "max_iter"]),
    ("num_class", &["num_classes"]),
    ("eta", &["shrinkage_rate"]),
    ("max_depth", &["depth"]),
    ("min_child_weight", &["min_sum_hessian_in_leaf"]),
    ("lambda", &["lambda_l2", "l2_regularization"]),
    ("alpha", &["lambda_l1"]),
    ("colsample_bytree", &["feature_fraction"]),
    ("colsample_bynode", &["feature_fraction_bynode"]),
    ("seed", &["random_seed"]),
    ("eval_metric", &["metric", "metrics"]),
    ("early_stopping_rounds", &["early_stopping_round"]),
    ("nthread", &["num_threads", "thread_count"]),
];

/// Parameters of LightGBM, CatBoost and scikit-learn that have no exact counterpart, and what does
/// their work.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("num_leaves", LEAVES),
    ("max_leaf_nodes", LEAVES),
    ("min_data_in_leaf", LEAF_ROWS),
    ("min_child_samples", LEAF_ROWS),
    ("min_samples_leaf", LEAF_ROWS),
    ("min_samples_split", LEAF_ROWS),
    ("min_gain_to_split", "give gamma: splits that gain less are pruned once the tree is grown"),
    ("min_split_gain", "give gamma: splits that gain less are pruned once the tree is grown"),
    ("min_impurity_decrease", "give gamma: splits that gain less are pruned once the tree is grown"),
    ("l2_leaf_reg", "give lambda; CatBoost scales its own by the rows, so another value may do best"),
    ("bagging_fraction", ROWS),
    ("bagging_freq", ROWS),
    ("subsample_freq", ROWS),
    ("bootstrap_type", ROWS),
    ("rsm", NODE_FEATURES),
    ("max_features", NODE_FEATURES),
    ("border_count", "give max_bin, which is border_count and 1"),
    ("cat_features", CATEGORIES),
    ("categorical_features", CATEGORIES),
    ("categorical_feature", CATEGORIES),
    ("categorical_column", CATEGORIES),
    ("enable_categorical", CATEGORIES),
    ("feature_types", CATEGORIES),
    ("one_hot_max_size", CATEGORIES),
    ("is_unbalance", CLASS_WEIGHTS),
    ("unbalance", CLASS_WEIGHTS),
    ("class_weight", CLASS_WEIGHTS),
    ("class_weights", CLASS_WEIGHTS),
    ("auto_class_weights", CLASS_WEIGHTS),
    ("loss", OBJECTIVE),
    ("loss_function", OBJECTIVE),
    ("application", OBJECTIVE),
    ("boosting", "trees are boosted (gbtree); leave it out"),
    ("boosting_type", "trees are boosted (gbtree); leave it out"),
    ("n_iter_no_change", "give early_stopping_rounds"),
    ("od_wait", "give early_stopping_rounds"),
    ("od_type", "give early_stopping_rounds"),
    ("device_type", DEVICE),
    ("task_type", DEVICE),
    ("gpu_id", "give {adapter} with a number or a name that {adapters} lists"),
    ("devices", "give {adapter} with a number or a name that {adapters} lists"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::words::say;
    use crate::params::{Params, Spec, advice, find, table};

    fn refusal(name: &str, value: &str) -> String {
        Params::default().set(name, value).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn names_of_other_programs_are_taken_or_explained() {
        let taken: Vec<&str> = table()
            .flat_map(|spec| {
                std::iter::once(spec.name).chain(spec.aliases.iter().copied()).chain(spec.synonyms().iter().copied())
            })
            .collect();
        for (index, name) in taken.iter().enumerate() {
            assert!(!taken[..index].contains(name), "{name} names two parameters");
        }
        let mut params = Params::default();
        params.set("feature-fraction", "0.5").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(params.colsample_bytree, 0.5);
        for (name, sentence) in ELSEWHERE {
            assert!(!taken.contains(name), "{name} is a parameter");
            assert_eq!(refusal(name, "1"), format!("unknown parameter \"{name}\"; {}", say(sentence)));
        }
        assert_eq!(advice("num-leaves").as_deref(), Some(LEAVES));
        assert_eq!(
            advice("max-leaves").as_deref(),
            Some("max_leaves is not supported yet; leave the parameter out, or give 0; max_depth bounds a tree")
        );
        assert_eq!([advice("eta"), advice("wizardry")], [None, None]);
        // What is proposed can be given.
        for name in taken.iter().map(|name| format!("{name}x")) {
            let error = refusal(&name, "1");
            let near = error.split_once("did you mean ").map(|(_, near)| near.trim_end_matches('?'));
            assert!(near.is_none_or(|near| find(near).is_ok_and(Spec::works)), "{error}");
        }
    }
}
