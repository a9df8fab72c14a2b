"""The lab's Task 1, to the digit: the trees of XGBoost 1.7.4 and the figures that the lab printed."""

import json
import os

import numpy as np
from trees import same_model

TASK1 = {
    "objective": "binary:logistic",
    "max_depth": 5,
    "eta": 0.2,
    "gamma": 4,
    "min_child_weight": 6,
    "subsample": 0.7,
    "base_score": 0.5,
    "seed": 0,
    "eval_metric": "logloss",
}
ROUNDS = 800
# The run that the lab printed had fewer rounds.
LAB_ROUNDS = 796


def check(bench):
    report = bench.report
    report.begin("lab_exact", "Task 1, tree_method exact, sampler xgboost1, seed 0, 800 rounds, XGBoost 1.7.4")
    if bench.lab is None:
        report.say("skipped: GBOOST_LAB_DIR is not set")
        return
    with open(os.path.join(bench.lab.folder, "reference.json")) as file:
        printed = json.load(file)["lab_printed"]
    train, validation = bench.lab.train, bench.lab.validation
    params = {**TASK1, "tree_method": "exact"}
    ours = bench.gboost.train({**params, "sampler": "xgboost1"}, ROUNDS, train, validation)
    theirs = bench.xgboost_174.train(params, ROUNDS, train, validation)

    result = same_model(report, "trees", ours, theirs, bench.xgboost_174.version, TASK1["gamma"], "validation-logloss")
    report.expect(result.equal, f"all {ROUNDS} trees, none too close to call")
    check_predictions(bench, ours, printed["task1_validation"])
    check_curves(report, ours, printed["task1_curves"])
    check_importances(bench, params, printed["task1_feature_importance_percent"])


def check_predictions(bench, ours, printed):
    report, validation = bench.report, bench.lab.validation
    matrix = ours.metrics["validation"]["confusion_matrix"]
    report.expect(
        all(matrix[cell] == printed[cell] for cell in ("tn", "fp", "fn", "tp")),
        f"metrics.json, validation: TN {matrix['tn']} FP {matrix['fp']} FN {matrix['fn']} TP {matrix['tp']}; "
        "the lab's 419 202 140 1595",
    )
    auc = ours.metrics["validation"]["auc"]
    report.expect(abs(auc - 0.917456) < 5e-7, f"metrics.json, validation: AUC {auc:.9f}; the lab's .917456")
    label, positive = validation.label == 1, bench.gboost.margins(ours.path, validation)[:, 0] > 0
    cells = [int(np.sum((label == row) & (positive == column))) for row in (False, True) for column in (False, True)]
    report.expect(cells == [419, 202, 140, 1595], f"gboost predict: {cells}")


def check_curves(report, ours, printed):
    steps = np.array(printed["steps"])
    for channel in ("train", "validation"):
        curve = ours.history[f"{channel}-logloss"][steps]
        gap = np.abs(curve - np.array(printed[f"{channel}_logloss"])).max()
        report.expect(gap <= 1e-5, f"{len(steps)} printed points of {channel}-logloss within {gap:.1e} (1e-5)")


def check_importances(bench, params, printed):
    """Of the model of the lab's 796 rounds, as XGBoost reads it from gboost's file."""
    train = bench.lab.train
    ours = bench.gboost.train({**params, "sampler": "xgboost1"}, LAB_ROUNDS, train)
    found = bench.xgboost_174.scores(ours.path, ["weight", "gain", "cover"])
    for kind, shares in printed.items():
        total = sum(found[kind].values())
        gap = max(abs(100 * found[kind].get(name, 0.0) / total - share) for name, share in shares.items())
        same = set(found[kind]) == set(shares)
        bench.report.expect(
            same and gap <= 1e-3, f"importance by {kind}: {len(shares)} features within {gap:.1e} points (1e-3)"
        )
