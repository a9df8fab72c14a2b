"""Models that XGBoost 3.4 trained with dropout: their trees have weights."""

import json
import os

import numpy as np
from data import Table, mixed

ROWS = 300
ROUNDS = 25
COMMON = {"eta": 0.3, "max_depth": 4, "seed": 3, "tree_method": "hist"}
SETTINGS = {
    "rate_drop": {"rate_drop": 0.3},
    "skip_drop": {"rate_drop": 0.5, "skip_drop": 0.4},
    "one_drop": {"rate_drop": 0.05, "one_drop": 1},
    "normalize_type forest": {"rate_drop": 0.3, "normalize_type": "forest"},
    "sample_type weighted": {"rate_drop": 0.3, "sample_type": "weighted"},
}
OBJECTIVES = {
    "binary:logistic": {"base_score": 0.3},
    "reg:squarederror": {},
    "multi:softprob": {"num_class": 3},
}
TOLERANCE = 1e-5
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "models")


def check(bench):
    report = bench.report
    report.begin("dropout", "models with tree weights: margins bit for bit, SHAP values, what gboost saves, XGBoost 3.4.1")
    x, labels, _ = mixed(ROWS, seed=21)
    unseen = Table(mixed(ROWS, seed=22)[0], np.zeros(ROWS))
    for objective, own in OBJECTIVES.items():
        table = Table(x, labels[objective], None)
        for name, setting in SETTINGS.items():
            params = {"objective": objective, **COMMON, **own, **setting}
            check_case(bench, f"{objective}, {name}", params, table, unseen)
    half = ROWS // 2
    table = Table(x, labels["binary:logistic"], None)
    params = {"objective": "binary:logistic", **COMMON, "rate_drop": 0.2, "eval_metric": "logloss"}
    train, validation = table.take(slice(0, half)), table.take(slice(half, None))
    theirs = bench.xgboost_341.train(params, ROUNDS, train, validation, 3)
    equal = same_bits(bench.gboost.margins(theirs.path, unseen), bench.xgboost_341.margins(theirs.path, unseen, best=True))
    report.expect(equal, "early stopping: margins up to the best round")
    check_saved(bench)


def check_saved(bench):
    """What gboost writes for the fixtures (tests/library/model/ holds the files against it) predicts the fixtures' margins."""
    with open(os.path.join(FIXTURES, "data.csv")) as file:
        lines = file.read().split("\n")[1:-1]
    x = np.array([[float(field) if field else np.nan for field in line.split(",")] for line in lines], dtype=np.float32)
    table = Table(x, np.zeros(len(x)))
    for name in ("dropout_v341", "dropout_classes_v341"):
        with open(os.path.join(FIXTURES, name + ".margins")) as file:
            expected = np.array([[int(word, 16) for word in line.split()] for line in file], dtype=np.uint32)
        saved = os.path.join(FIXTURES, f"saved_{name}.json")
        # XGBoost before 3.1 takes one base_score for all classes.
        old = [bench.xgboost_176] if expected.shape[1] == 1 else []
        for reader in [*old, bench.xgboost_320, bench.xgboost_341]:
            equal = same_bits(reader.margins(saved, table), expected.view(np.float32))
            bench.report.expect(equal, f"{name} as gboost saves it: margins of XGBoost {reader.version}")


def same_bits(a, b):
    return a.shape == b.shape and bool((a.view(np.uint32) == b.view(np.uint32)).all())


def weights_of(path):
    with open(path) as file:
        booster = json.load(file)["learner"]["gradient_booster"]
    return booster.get("weight_drop") or booster["model"].get("weight_drop", [])


def check_case(bench, case, params, table, unseen):
    xgboost, gboost, report = bench.xgboost_341, bench.gboost, bench.report
    theirs = xgboost.train(params, ROUNDS, table)
    margins = xgboost.margins(theirs.path, unseen)
    dropped = sum(weight < 1 for weight in weights_of(theirs.path))
    equal = same_bits(gboost.margins(theirs.path, unseen), margins)
    report.expect(dropped > 0 and equal, f"{case}: margins, {dropped} weights below 1")
    found, _ = gboost.shap_values(theirs.path, unseen, "contribs")
    expected, _ = xgboost.shap_values(theirs.path, unseen, "pred_contribs")
    apart = float(np.abs(found - expected).max())
    report.expect(apart < TOLERANCE, f"{case}: SHAP values, at most {apart:.1e} apart")
