"""SHAP values of one model file in gboost, in XGBoost 3.2 and in the Python package shap; their sums; their speed."""

import statistics

import numpy as np
from data import Table, mixed
from interchange import OBJECTIVES, unusual

ROWS = 400
UNSEEN = 120
ROUNDS = 25
BACKGROUND = 40
TOLERANCE = 1e-5
PAIRS = 3
SPEED_ROWS = 2_000


def check(bench):
    report = bench.report
    report.begin("explain", f"SHAP values to {TOLERANCE} of the margins' size, as in XGBoost 3.2 and shap")
    x, labels, _ = mixed(ROWS, seed=31)
    unseen = Table(unusual(mixed(UNSEEN, seed=32)[0]), np.zeros(UNSEEN))
    background = Table(mixed(BACKGROUND, seed=33)[0], np.zeros(BACKGROUND))
    half = ROWS // 2
    for objective, own in OBJECTIVES.items():
        table = Table(x, labels[objective])
        common = {"objective": objective, "eta": 0.3, "seed": 3, **own}
        for name, more in [("depth 4", {"max_depth": 4}), ("depth 10", {"max_depth": 10, "min_child_weight": 0})]:
            params = {**common, **more}
            check_model(bench, f"{objective}, {name}, gboost's model", bench.gboost.train(params, ROUNDS, table), unseen, background)
            params.pop("base_score", None)  # XGBoost estimates it, one a class
            theirs = bench.xgboost_320.train(params, ROUNDS, table)
            check_model(bench, f"{objective}, {name}, XGBoost's model", theirs, unseen, background)
        train, validation = table.take(slice(0, half)), table.take(slice(half, None))
        stopped = bench.gboost.train({**common, "max_depth": 5, "eta": 1.0}, ROUNDS, train, validation, 3)
        check_model(bench, f"{objective}, early stopping", stopped, unseen, background)
    speed(bench)


def check_model(bench, case, model, unseen, background):
    report, best = bench.report, model.best_iteration is not None
    margins = bench.gboost.margins(model.path, unseen).reshape(-1)
    scale = max(1.0, float(np.abs(margins).max()))
    found = []
    contribs, _ = bench.gboost.shap_values(model.path, unseen, "contribs")
    sums = float(np.abs(contribs.sum(axis=1) - margins).max() / scale)
    for kind, name in [("contribs", "pred_contribs"), ("interactions", "pred_interactions")]:
        mine, _ = bench.gboost.shap_values(model.path, unseen, kind)
        other, _ = bench.xgboost_320.shap_values(model.path, unseen, name, best=best)
        found.append(worst(mine, other, scale))
    if best:
        # And of all rounds, which are more than those.
        mine, _ = bench.gboost.shap_values(model.path, unseen, "contribs", all_rounds=True)
        other, _ = bench.xgboost_320.shap_values(model.path, unseen, "pred_contribs")
        found.append(worst(mine, other, scale))
        found.append(0.0 if not np.array_equal(mine, contribs) else np.inf)
    mine, _ = bench.gboost.shap_values(model.path, unseen, "contribs", background=background)
    # shap's own expected value is that of class 0 for all classes of some models: the sum is held to the margin instead.
    sums = max(sums, float(np.abs(mine.sum(axis=1) - margins).max() / scale))
    found.append(worst(mine[:, :-1], bench.xgboost_320.interventional(model.path, unseen, background), scale))
    errors = ", ".join(f"{error:.1e}" for error in found)
    held = max(found) <= TOLERANCE and sums <= TOLERANCE
    report.expect(held, f"{case}: contribs, interactions, interventional to {errors}; sums to {sums:.1e}")


def worst(mine, other, scale):
    """The largest difference as a share of the margins' size; infinite if the shapes differ."""
    return float(np.abs(mine - other).max() / scale) if mine.shape == other.shape else np.inf


def speed(bench):
    """gboost's whole process, CSV in and CSV out, next to XGBoost's pred_contribs alone, A B A B."""
    x, labels, _ = mixed(SPEED_ROWS, seed=41)
    table = Table(x, labels["binary:logistic"])
    params = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.1, "base_score": 0.5}
    model = bench.gboost.train(params, 200, table)
    seconds = []
    for _ in range(PAIRS):
        _, mine = bench.gboost.shap_values(model.path, table, "contribs")
        _, other = bench.xgboost_320.shap_values(model.path, table, "pred_contribs")
        seconds.append((mine, other))
    mine, other = (statistics.median(SPEED_ROWS / run[side] for run in seconds) for side in (0, 1))
    ratio = statistics.median(b / a for a, b in seconds)
    text = f"contribs of {SPEED_ROWS} rows, 200 trees of depth 6: {mine:.0f} rows/s from CSV to CSV, XGBoost's pred_contribs {other:.0f}; ratio {ratio:.1f}"
    bench.report.expect(ratio >= 1, text)
