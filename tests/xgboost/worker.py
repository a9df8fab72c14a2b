"""Runs one version of XGBoost for the checks: a JSON request a line on stdin, a JSON answer a line on stdout.

Every version has its own interpreter, so the checks talk to each through this program (see engines.py).
"""

import json
import os
import sys
import time

import numpy as np
import xgboost as xgb

MATRICES = {}


def matrix(path):
    """The DMatrix of a saved table, made once."""
    if path not in MATRICES:
        table = np.load(path)
        weight = table["weight"] if "weight" in table else None
        MATRICES[path] = xgb.DMatrix(table["x"], table["label"], weight=weight)
    return MATRICES[path]


def train(request):
    history = {}
    booster = xgb.train(
        request["params"],
        matrix(request["channels"][0][1]),
        request["rounds"],
        evals=[(matrix(path), name) for name, path in request["channels"]] if request["evaluate"] else [],
        evals_result=history,
        early_stopping_rounds=request["early_stopping_rounds"],
        verbose_eval=False,
    )
    booster.save_model(request["model"])
    return {f"{channel}-{metric}": values for channel, metrics in history.items() for metric, values in metrics.items()}


def cross_validate(request):
    fold_of = np.asarray(request["fold_of"])
    rows = np.arange(len(fold_of))
    return xgb.cv(
        request["params"],
        matrix(request["data"]),
        request["rounds"],
        folds=[(rows[fold_of != fold], rows[fold_of == fold]) for fold in np.unique(fold_of)],
        early_stopping_rounds=request["early_stopping_rounds"],
        as_pandas=False,
    )


def predict(request):
    """Margins, or predictions without `margin`; of the rounds up to the model's best iteration if `best` is asked for."""
    booster = xgb.Booster(model_file=request["model"])
    rounds = (0, 0)
    if request["best"]:
        rounds = (0, int(booster.attr("best_iteration")) + 1)
    margins = booster.predict(matrix(request["data"]), output_margin=request.get("margin", True), iteration_range=rounds)
    np.save(request["output"], np.asarray(margins, dtype=np.float32))
    return {}


def shap_values(request):
    """SHAP values (`[row * classes + class, ...]`), and the seconds that they took; rounds as in `predict`."""
    booster = xgb.Booster(model_file=request["model"])
    booster.set_param({"nthread": request["threads"]})
    rounds = (0, int(booster.attr("best_iteration")) + 1) if request["best"] else (0, 0)
    data = matrix(request["data"])
    started = time.perf_counter()
    values = booster.predict(data, iteration_range=rounds, **{request["kind"]: True})
    seconds = time.perf_counter() - started
    np.save(request["output"], values.reshape(-1, values.shape[-1] ** (2 if request["kind"] == "pred_interactions" else 1)))
    return seconds


def interventional(request):
    """The values of shap's TreeExplainer against a background, without the expected value: `[row * classes + class, feature]`."""
    import shap

    booster = xgb.Booster(model_file=request["model"])
    x, background = np.load(request["data"])["x"], np.load(request["background"])["x"]
    explainer = shap.TreeExplainer(booster, background, feature_perturbation="interventional")
    values = np.asarray(explainer.shap_values(x))
    values = values.reshape(*x.shape, -1).transpose(0, 2, 1)
    np.save(request["output"], values.reshape(-1, x.shape[1]))
    return shap.__version__


def scores(request):
    booster = xgb.Booster(model_file=request["model"])
    return {kind: booster.get_score(importance_type=kind) for kind in request["kinds"]}


def base_margins(request):
    """The margin of one row for each base_score, as the bits of a binary32."""
    with open(request["model"]) as file:
        document = json.load(file)
    row = xgb.DMatrix(np.zeros((1, request["features"]), dtype=np.float32))
    bits = []
    for text in request["base_scores"]:
        document["learner"]["learner_model_param"]["base_score"] = text
        booster = xgb.Booster()
        booster.load_model(bytearray(json.dumps(document).encode()))
        margin = booster.predict(row, output_margin=True).astype(np.float32)
        bits.append(int(margin.view(np.uint32)[0]))
    return bits


def version(_request):
    return xgb.__version__


def main():
    answers = os.fdopen(os.dup(1), "w")
    # XGBoost's own messages must not mix with the answers.
    os.dup2(2, 1)
    commands = {
        command.__name__: command
        for command in [train, cross_validate, predict, shap_values, interventional, scores, base_margins, version]
    }
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": commands[request["command"]](request)}
        except Exception as error:  # noqa: BLE001 - the caller decides what an error means
            answer = {"error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
