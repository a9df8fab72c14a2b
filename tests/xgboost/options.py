"""What the other checks leave out, tree by tree: weights, regularisation, other objectives, column samples, odd columns.

Every case is trained with XGBoost 3.2's hist and with 1.7.4's exact; the samplers of 1.x and 3.x differ, so cases that
sample are compared with 1.7.4's exact alone.
"""

import numpy as np
from data import Table, scikit, with_missing
from trees import same_model

ROUNDS = 15
# Of the lab's training rows.
ROWS = 8000
MISSING_SEED = 7
LOGISTIC = {"objective": "binary:logistic", "eval_metric": "logloss"}
SQUARED = {"objective": "reg:squarederror", "eval_metric": "rmse"}
SOFTMAX = {"objective": "multi:softprob", "eval_metric": "mlogloss"}
COMMON = {"eta": 0.2, "max_depth": 5, "base_score": 0.5}
SAMPLES = {"subsample": 0.7, "colsample_bytree": 0.5, "gamma": 1}


def check(bench):
    bench.report.begin("options", "XGBoost 3.2 hist and 1.7.4 exact, tree by tree")
    check_small(bench)
    if bench.lab is None:
        bench.report.say("the rest skipped: GBOOST_LAB_DIR is not set")
        return
    dense = bench.lab.train.take(slice(0, ROWS))
    for table, name in [(dense, "dense"), (with_missing(dense, MISSING_SEED), "missing")]:
        check_logistic(bench, table, name)
        check_regression(bench, table, name, dense.x[:, 0])
    check_odd_columns(bench, dense)
    check_samples(bench, dense)


def compare(bench, title, table, params, rounds=ROUNDS, exact=True, hist=True, theirs=None):
    """`theirs`: what XGBoost trains on, where that is not the same table."""
    params = {**COMMON, **params}
    for method, engine in [("hist", bench.xgboost_320)] * hist + [("exact", bench.xgboost_174)] * exact:
        both = {**params, "tree_method": method}
        mine = {**both, "sampler": "xgboost1"} if "subsample" in params else both
        # An estimated base_score is XGBoost 3.2's default.
        other = {key: value for key, value in both.items() if value != "auto"}
        ours = bench.gboost.train(mine, rounds, table)
        reference = engine.train(other, rounds, theirs or table)
        metric = "train-" + params["eval_metric"]
        # XGBoost sums squared errors in binary32, so the tolerance is relative to them.
        tolerance = 1e-6 * max(1.0, np.abs(reference.history[metric]).max())
        same_model(
            bench.report, f"{title}, {method}", ours, reference, engine.version, params.get("gamma", 0), metric, tolerance
        )
        if params["base_score"] == "auto":
            bench.report.expect(
                ours.base_score == reference.base_score,
                f"{title}: base_score {ours.base_score[0]} as XGBoost estimates it",
            )


def check_small(bench):
    """Regression and several classes on scikit-learn's tables; no feature has more values than bins."""
    for name in ("iris", "wine", "digits", "diabetes"):
        table = scikit(name)
        own = {**SQUARED, "max_bin": 512} if name == "diabetes" else {**SOFTMAX, "num_class": int(table.label.max()) + 1}
        for rows, kind in [(table, "dense"), (with_missing(table, MISSING_SEED), "missing")]:
            compare(bench, f"{name}, {kind}", rows, own)


def check_logistic(bench, table, name):
    weight = np.round(np.random.default_rng(3).gamma(2.0, 0.5, len(table.label)), 3)
    weighted = Table(table.x, table.label, np.maximum(weight, 0.001))
    compare(bench, f"weights, {name}", weighted, LOGISTIC)
    compare(bench, f"weights and alpha 1, {name}", weighted, {**LOGISTIC, "alpha": 1})
    for option, value in [("scale_pos_weight", 2.5), ("alpha", 1), ("alpha", 20), ("max_delta_step", 0.5)]:
        compare(bench, f"{option} {value}, {name}", table, {**LOGISTIC, option: value})
    # Without gamma, XGBoost splits nodes of equal rows whose gain is 0 but for its binary32 rounding.
    compare(bench, f"lambda 0, {name}", table, {**LOGISTIC, "lambda": 0, "gamma": 0.1})
    compare(bench, f"base_score auto, {name}", table, {**LOGISTIC, "base_score": "auto"}, exact=False)
    # A weight of 0: gboost leaves the row out; XGBoost's exact still takes its values for candidates.
    some = np.where(np.random.default_rng(4).random(len(weight)) < 0.2, 0, weighted.weight)
    zeros = Table(table.x, table.label, some)
    # With gamma, since values that only such rows have make equal candidates, and XGBoost's rounding decides for small gains.
    own = {**LOGISTIC, "gamma": 1}
    compare(bench, f"weights, some 0, {name}", zeros, own, exact=False)
    compare(bench, f"weights, some 0, {name}", zeros, own, hist=False, theirs=zeros.take(some > 0))


def check_regression(bench, table, name, label):
    """The lab's first feature from the others: gains are small beside the node's score."""
    rows = Table(table.x[:, 1:], label)
    weight = np.round(np.random.default_rng(5).gamma(2.0, 0.5, len(label)), 3)
    compare(bench, f"regression, {name}", rows, SQUARED)
    compare(bench, f"regression, base_score auto, {name}", rows, {**SQUARED, "base_score": "auto"}, exact=False)
    compare(bench, f"regression, weights, {name}", Table(rows.x, label, np.maximum(weight, 0.001)), SQUARED)
    compare(bench, f"regression, alpha 50, {name}", rows, {**SQUARED, "alpha": 50})


def check_odd_columns(bench, dense):
    """Columns of one value, where only being missing can say something, and a column without any."""
    rng = np.random.default_rng(6)
    x, label = dense.x[:6000, :6].copy(), dense.label[:6000]
    x[:, 1], x[:, 4], x[:, 5] = 3, 0, -7
    missing = rng.random(x.shape) < 0.2
    missing[:, 1] = rng.random(len(x)) < np.where(label == 1, 0.5, 0.1)
    x[missing] = np.nan
    compare(bench, "constant columns with missing values", Table(x, label), LOGISTIC)
    x[:, 3] = np.nan
    compare(bench, "a column that is always missing", Table(x, label), LOGISTIC)


def check_samples(bench, dense):
    """Sampler xgboost1: the shuffle of even and odd numbers of features."""
    for features in (1, 2, 3, 4, 5, 6, 7, 12, 13):
        rows = Table(dense.x[:4000, :features], dense.label[:4000])
        own = {**LOGISTIC, **SAMPLES, "seed": features}
        compare(bench, f"rows and columns sampled, {features} features", rows, own, hist=False)
    iris = {**SOFTMAX, "num_class": 3, **SAMPLES, "gamma": 0}
    compare(bench, "rows and columns sampled, iris", scikit("iris"), iris, hist=False)
