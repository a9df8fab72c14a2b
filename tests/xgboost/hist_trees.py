"""XGBoost 3.2's hist, tree by tree, without sampling, on the lab's training rows."""

from data import with_missing
from trees import same_model

MISSING_SEED = 7
ROUNDS = 50
MANY_ROUNDS = 300
# (max_depth, gamma, min_child_weight)
SETTINGS = [(5, 4, 6), (5, 0, 1), (5, 1, 0), (6, 0, 6), (6, 1, 1), (6, 4, 0), (8, 0, 0), (8, 1, 6)]
# (max_depth, gamma, min_child_weight, histogram_sums). Over so many rounds the 32-bit sums may decide differently where
# gains agree to about 2e-5: dense with (5, 0, 6) at tree 219, missing with (6, 0, 1) at tree 213. Wide sums do not.
MANY = [(5, 0, 1, "auto"), (5, 0, 6, "wide"), (6, 0, 1, "wide")]
COMMON = {
    "objective": "binary:logistic",
    "eta": 0.2,
    "base_score": 0.5,
    "tree_method": "hist",
    "eval_metric": "logloss",
}


def check(bench):
    report = bench.report
    report.begin("hist_trees", "no sampling, the lab's training rows, XGBoost 3.2 hist")
    if bench.lab is None:
        report.say("skipped: GBOOST_LAB_DIR is not set")
        return
    dense = bench.lab.train
    holes = with_missing(dense, MISSING_SEED)
    for table, name in [(dense, "dense"), (holes, f"one value in ten missing (seed {MISSING_SEED})")]:
        report.say(name)
        for depth, gamma, weight in SETTINGS:
            compare(bench, table, depth, gamma, weight, ROUNDS)
        for depth, gamma, weight, sums in MANY:
            compare(bench, table, depth, gamma, weight, MANY_ROUNDS, sums)


def compare(bench, table, depth, gamma, weight, rounds, sums="auto"):
    params = {**COMMON, "max_depth": depth, "gamma": gamma, "min_child_weight": weight}
    ours = bench.gboost.train({**params, "histogram_sums": sums}, rounds, table)
    theirs = bench.xgboost_320.train(params, rounds, table)
    title = f"depth {depth} gamma {gamma} min_child_weight {weight} rounds {rounds}"
    if sums != "auto":
        title += f" histogram_sums {sums}"
    same_model(bench.report, title, ours, theirs, bench.xgboost_320.version, gamma, "train-logloss")
