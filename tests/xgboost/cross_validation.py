"""gboost cv against xgboost.cv with the same folds: mean and standard deviation of every metric and round.

Without sampling against 3.2's hist; with the sampler of 1.x against 1.7.4's exact, whose folds take turns at one generator.
"""

import numpy as np
from data import Table, scikit, with_missing

FOLDS = 4
TOLERANCE = 1e-4
LOGISTIC = {"objective": "binary:logistic", "eval_metric": ["auc", "logloss", "error"], "base_score": 0.5}
SQUARED = {"objective": "reg:squarederror", "eval_metric": ["mae", "rmse"]}
SOFTMAX = {"objective": "multi:softprob", "eval_metric": ["merror", "mlogloss"], "base_score": 0.5}
COMMON = {"eta": 0.3, "max_depth": 4, "tree_method": "hist"}


def check(bench):
    bench.report.begin("cross_validation", f"xgboost.cv, the same folds, tolerance {TOLERANCE}")
    cancer, wine, diabetes = (scikit(name) for name in ("breast_cancer", "wine", "diabetes"))
    # As many bins as values, so that both engines have the same candidates in every fold.
    compare(bench, "breast cancer", cancer, {**LOGISTIC, "max_bin": 1024})
    compare(bench, "breast cancer, missing", with_missing(cancer, 7), {**LOGISTIC, "max_bin": 1024, "gamma": 0.1})
    weight = np.round(np.random.default_rng(3).gamma(2.0, 0.5, len(cancer.label)), 3) + 0.001
    compare(bench, "breast cancer, weights", Table(cancer.x, cancer.label, weight), {**LOGISTIC, "max_bin": 1024, "gamma": 0.1})
    compare(bench, "breast cancer, early stopping", cancer, {**LOGISTIC, "max_bin": 1024, "eta": 0.8}, 100, 5)
    sampled = {"tree_method": "exact", "subsample": 0.6, "colsample_bytree": 0.5, "seed": 4, "gamma": 0.1}
    compare(bench, "breast cancer, sampled", cancer, {**LOGISTIC, **sampled}, engine=bench.xgboost_174)
    compare(bench, "wine, three classes, sampled", wine, {**SOFTMAX, "num_class": 3, **sampled}, engine=bench.xgboost_174)
    compare(bench, "wine, three classes", wine, {**SOFTMAX, "num_class": 3})
    scaled = Table(diabetes.x, diabetes.label / 100)
    compare(bench, "diabetes, base_score estimated", scaled, {**SQUARED, "max_bin": 512, "histogram_sums": "wide"})
    if bench.lab is None:
        bench.report.say("the rest skipped: GBOOST_LAB_DIR is not set")
        return
    lab = bench.lab.train
    compare(bench, "the lab's rows", lab, {**LOGISTIC, "gamma": 1, "max_depth": 6, "histogram_sums": "wide"})


def compare(bench, title, table, params, rounds=30, early_stopping_rounds=None, engine=None):
    params = {**COMMON, **params}
    fold_of = np.random.default_rng(11).permutation(len(table.label)) % FOLDS
    engine = engine or bench.xgboost_320
    mine = {**params, "sampler": "xgboost1"} if "subsample" in params else params
    ours = bench.gboost.cross_validate(mine, rounds, table, fold_of, early_stopping_rounds)
    theirs = {name: value for name, value in params.items() if name != "histogram_sums"}
    theirs = engine.cross_validate(theirs, rounds, table, fold_of, early_stopping_rounds)
    if not bench.report.expect(list(ours) == list(theirs), f"{title}: columns {', '.join(ours)}"):
        return
    lengths = [len(next(iter(table.values()))) for table in (ours, theirs)]
    if not bench.report.expect(lengths[0] == lengths[1], f"{title}: {lengths[0]} rounds, XGBoost {engine.version} {lengths[1]}"):
        return
    worst = {name: np.abs(ours[name] - theirs[name]).max() for name in ours}
    name = max(worst, key=worst.get)
    bench.report.expect(worst[name] <= TOLERANCE, f"{title}: {lengths[0]} rounds, largest difference {worst[name]:.1e} in {name}")
