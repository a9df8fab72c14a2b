"""The default method and sampler predict as well as XGBoost 3.2's hist with the same parameters."""

import numpy as np
from data import scikit
from lab_exact import ROUNDS, TASK1

SEEDS = range(10)
HIGHEST_LOGLOSS = 0.3028
LOWEST_AUC = 0.9202

# data set: parameters, rounds, metrics on the quarter of the rows that is held out
SETTINGS = {
    "digits": (
        {"objective": "multi:softprob", "num_class": 10, "eta": 0.2, "max_depth": 5, "base_score": 0.5},
        50,
        ["mlogloss", "merror"],
    ),
    "diabetes": ({"objective": "reg:squarederror", "eta": 0.1, "max_depth": 3}, 80, ["rmse", "mae"]),
}
SAMPLING = {"subsample": 0.8, "colsample_bytree": 0.8}


def check(bench):
    bench.report.begin("accuracy", "default method and sampler, ten seeds")
    check_lab(bench)
    for name in SETTINGS:
        check_data_set(bench, name)


def spread(values):
    return f"{np.mean(values):.5f} +- {np.std(values, ddof=1):.5f}"


def check_lab(bench):
    report = bench.report
    if bench.lab is None:
        report.say("Task 1 skipped: GBOOST_LAB_DIR is not set")
        return
    loglosses, aucs = [], []
    for seed in SEEDS:
        run = bench.gboost.train({**TASK1, "seed": seed}, ROUNDS, bench.lab.train, bench.lab.validation)
        loglosses.append(run.history["validation-logloss"][-1])
        aucs.append(run.metrics["validation"]["auc"])
    report.expect(
        np.mean(loglosses) <= HIGHEST_LOGLOSS,
        f"Task 1, validation logloss {spread(loglosses)} (at most {HIGHEST_LOGLOSS}; XGBoost .3018 +- .0010)",
    )
    report.expect(
        np.mean(aucs) >= LOWEST_AUC, f"Task 1, validation AUC {spread(aucs)} (at least {LOWEST_AUC}; XGBoost .9208 +- .0006)"
    )


def check_data_set(bench, name):
    """Every seed splits the rows anew and seeds both samplers."""
    params, rounds, metrics = SETTINGS[name]
    table = scikit(name)
    ours = {metric: [] for metric in metrics}
    theirs = {metric: [] for metric in metrics}
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(table.label))
        held_out = len(order) // 4
        validation, train = table.take(order[:held_out]), table.take(order[held_out:])
        both = {**params, **SAMPLING, "seed": seed}
        mine = bench.gboost.train({**both, "eval_metric": ",".join(metrics)}, rounds, train, validation)
        hist = {**both, "tree_method": "hist", "eval_metric": metrics}
        other = bench.xgboost_320.train(hist, rounds, train, validation)
        for metric in metrics:
            ours[metric].append(mine.history[f"validation-{metric}"][-1])
            theirs[metric].append(other.history[f"validation-{metric}"][-1])
    setting = ", ".join(f"{key} {value}" for key, value in {**params, **SAMPLING}.items() if key not in ("objective",))
    bench.report.say(f"{name}: {setting}, {rounds} rounds, a quarter held out")
    for metric in metrics:
        limit = np.mean(theirs[metric]) + np.std(theirs[metric], ddof=1)
        bench.report.expect(
            np.mean(ours[metric]) <= limit,
            f"{name}, {metric} {spread(ours[metric])}; XGBoost {spread(theirs[metric])}",
        )
