"""Every number of `gboost report` equals scikit-learn's on the same predictions; the notebook is valid."""

import os
import subprocess

import numpy as np
from data import Table, mixed, scikit
from sklearn import metrics
from sklearn.calibration import calibration_curve

TOLERANCE = 1e-9
# gboost counts with quantised weights (docs/exactness.md 2).
WEIGHTED_TOLERANCE = 1e-6
# XGBoost's binary32 probabilities may be one unit in the last place off.
DEPENDENCE_TOLERANCE = 1e-6
DEPENDENCE_ROWS = 400
VALIDATE = "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], 4))"


def check(bench):
    bench.report.begin("figures", "the report's numbers next to scikit-learn's")
    for name, weighted in [("binary:logistic", False), ("binary:logistic", True), ("multi:softprob", False), ("reg:squarederror", False)]:
        x, labels, weight = mixed(1500, 3)
        table = Table(x, labels[name], weight if weighted else None)
        check_data_set(bench, f"{name}, {'weighted' if weighted else 'mixed'}", name, table)
    check_data_set(bench, "breast_cancer", "binary:logistic", scikit("breast_cancer"))
    check_data_set(bench, "wine", "multi:softprob", scikit("wine"))
    check_data_set(bench, "diabetes", "reg:squarederror", scikit("diabetes"))
    if bench.lab is not None:
        check_data_set(bench, "Task 1", "binary:logistic", bench.lab.train, bench.lab.validation)


def check_data_set(bench, name, objective, train, held_out=None):
    if held_out is None:
        order = np.random.default_rng(1).permutation(len(train.label))
        rows = len(order) // 3
        train, held_out = train.take(order[rows:]), train.take(order[:rows])
    params = {"objective": objective, "max_depth": 3, "eta": 0.3}
    if objective.startswith("multi"):
        params["num_class"] = int(train.label.max()) + 1
    model = bench.gboost.train(params, 12, train, held_out).path
    found, notebook = bench.gboost.report(model, held_out)
    margins = bench.gboost.margins(model, held_out).astype(np.float64)
    predictions = bench.gboost.probabilities(model, held_out).astype(np.float64)
    rows = Rows(held_out, margins, predictions)
    expected = {"binary:logistic": binary, "multi:softprob": several, "reg:squarederror": regression}[objective](rows, found)
    tolerance = TOLERANCE if held_out.weight is None else WEIGHTED_TOLERANCE
    compare(bench.report, name, expected, tolerance)
    check_dependence(bench, name, model, held_out, found)
    done = subprocess.run(
        [os.environ["GBOOST_CHECK_PYTHON_NOTEBOOK"], "-c", VALIDATE, notebook], capture_output=True, text=True, check=False
    )
    bench.report.expect(done.returncode == 0, f"{name}, the notebook is valid nbformat 4 {done.stderr.strip()[-300:]}")


class Rows:
    """Labels, weights and predictions."""

    def __init__(self, table, margins, predictions):
        self.label = table.label.astype(int)
        self.value = table.label.astype(np.float64)
        self.weight = None if table.weight is None else table.weight.astype(np.float64)
        self.margins = margins
        self.predictions = predictions


def compare(report, name, expected, tolerance):
    """One line for all numbers of a report: pairs of what gboost and what scikit-learn has, by name."""
    worst, where, count = 0.0, "", 0
    for label, (ours, theirs) in expected.items():
        ours, theirs = np.asarray(ours, dtype=np.float64).ravel(), np.asarray(theirs, dtype=np.float64).ravel()
        if ours.shape != theirs.shape:
            report.expect(False, f"{name}, {label}: {ours.shape} numbers, scikit-learn has {theirs.shape}")
            continue
        count += len(ours)
        off = np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs)), initial=0.0)
        if not off <= tolerance:
            report.expect(False, f"{name}, {label}: {ours.tolist()[:5]}, scikit-learn {theirs.tolist()[:5]}")
        if off > worst:
            worst, where = off, label
    report.expect(worst <= tolerance, f"{name}: {count} numbers, largest difference {worst:.1e} {where}")


def off_curve(curve, x, y):
    """How far the farthest point of a thinned curve is from the points of the whole curve."""
    whole = np.column_stack([x, y])
    return [np.min(np.max(np.abs(whole - point), axis=1)) for point in zip(curve["x"], curve["y"])]


def ranking(found, truth, score, weight):
    """A class against the rest."""
    false_rate, recall, _ = metrics.roc_curve(truth, score, sample_weight=weight, drop_intermediate=False)
    precision, reached, _ = metrics.precision_recall_curve(truth, score, sample_weight=weight)
    # Where the highest score is not reached yet there is no precision; scikit-learn puts 1 there, gboost the first one.
    precision[-1] = precision[-2]
    weights = np.ones(len(truth)) if weight is None else weight
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    share = np.cumsum(weights[order])[ends] / weights.sum()
    hits = np.cumsum((weights * truth)[order])[ends]
    lift = hits / (share * weights.sum()) / found["prevalence"]
    gain = hits / hits[-1]
    zeros = lambda curve, x, y: (off_curve(found[curve], x, y), np.zeros(len(found[curve]["x"])))
    return {
        "auc": (found["auc"], metrics.roc_auc_score(truth, score, sample_weight=weight)),
        "average precision": (found["average_precision"], metrics.average_precision_score(truth, score, sample_weight=weight)),
        "prevalence": (found["prevalence"], np.average(truth, weights=weight)),
        "roc": zeros("roc", false_rate, recall),
        "precision-recall": zeros("precision_recall", reached, precision),
        "lift": zeros("lift", share, lift),
        "gain": zeros("gain", np.append(0, share), np.append(0, gain)),
    }


def classification(rows, found, predicted):
    confusion = metrics.confusion_matrix(rows.label, predicted)
    report = metrics.classification_report(
        rows.label, predicted, output_dict=True, sample_weight=rows.weight, zero_division=0
    )
    ours = found["classification_report"]
    pairs = {
        "confusion": (found["classes"]["confusion"], confusion),
        "accuracy": (found["accuracy"], metrics.accuracy_score(rows.label, predicted, sample_weight=rows.weight)),
        "label counts": (
            [found["label_counts"].get(str(label), 0) for label in np.unique(rows.label)],
            np.unique(rows.label, return_counts=True)[1],
        ),
    }
    for average in ["micro", "macro", "weighted"]:
        scores = metrics.precision_recall_fscore_support(
            rows.label, predicted, average=average, sample_weight=rows.weight, zero_division=0
        )
        line = ours[f"{average} avg"]
        pairs[average] = ([line["precision"], line["recall"], line["f1-score"]], scores[:3])
    for label in np.unique(rows.label):
        names = ["precision", "recall", "f1-score"] + (["support"] if rows.weight is None else [])
        pairs[f"class {label}"] = ([ours[str(label)][name] for name in names], [report[str(label)][name] for name in names])
    return pairs


def calibration(found, truth, probability):
    observed, predicted = calibration_curve(truth, probability, n_bins=10)
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], probability)
    share = np.bincount(bins, minlength=10)[np.unique(bins)] / len(truth)
    return {
        "observed": (found["observed"], observed),
        "predicted": (found["predicted"], predicted),
        "calibration error": (found["error"], np.sum(share * np.abs(observed - predicted))),
    }


def binary(rows, found):
    margin, probability = rows.margins[:, 0], rows.predictions[:, 0]
    predicted = (margin > 0).astype(int)
    classes = found["classes"]
    exact = 1 / (1 + np.exp(-margin))
    scores = metrics.precision_recall_fscore_support(
        rows.label, predicted, average="binary", sample_weight=rows.weight, zero_division=0
    )
    tn, fp, fn, tp = metrics.confusion_matrix(rows.label, predicted).ravel()
    matrix = found["confusion_matrix"]
    pairs = {
        **classification(rows, found, predicted),
        **ranking(classes["curves"][0], rows.label, margin, rows.weight),
        "matrix": ([matrix[name] for name in ["tn", "fp", "fn", "tp"]], [tn, fp, fn, tp]),
        "class 1 scores": ([found["precision"], found["recall"], found["f1"]], scores[:3]),
        "logloss": (found["logloss"], metrics.log_loss(rows.label, exact, sample_weight=rows.weight)),
        "last loss": (found["learning"]["curves"][0]["values"][-1], metrics.log_loss(rows.label, exact, sample_weight=rows.weight)),
        "brier": (classes["brier"], metrics.brier_score_loss(rows.label, probability, sample_weight=rows.weight)),
        "residuals": (
            classes["residuals"]["shares"],
            [histogram(rows.label[rows.label == k] - probability[rows.label == k], -1) for k in [0, 1]],
        ),
        "recall over rounds": (
            [line[-1] for line in found["over_rounds"]["values"]],
            metrics.recall_score(rows.label, predicted, average=None, sample_weight=rows.weight, zero_division=0),
        ),
    }
    for place in [0, 100, 250, 500, 731, 999, 1000]:
        chosen = exact > place / 1000 if place not in (0, 1000) else np.full(len(exact), place == 0)
        above = classes["thresholds"]["counts"]
        theirs = [np.sum(chosen & (rows.label == 1)), np.sum(chosen & (rows.label == 0))]
        pairs[f"threshold {place}"] = ([above["tp"][place], above["fp"][place]], theirs)
    if rows.weight is None:
        pairs.update(calibration(classes["calibration"], rows.label, probability))
    return pairs


def histogram(values, least):
    """Shares by 40 bins up to 1; of an edge both sides would do, so values are moved off it as gboost's bins are."""
    edges = least + np.arange(41) * ((1 - least) / 40)
    bins = np.searchsorted(edges[1:-1], values, side="right")
    return np.bincount(bins, minlength=40) / max(1, len(values))


def several(rows, found):
    exact = np.exp(rows.margins - rows.margins.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    predicted = rows.margins.argmax(axis=1)
    classes = found["classes"]
    pairs = {
        **classification(rows, found, predicted),
        "auc": (found["auc"], metrics.roc_auc_score(rows.label, exact, multi_class="ovr", average="weighted")),
        "macro scores": (
            [found["precision"], found["recall"], found["f1"]],
            metrics.precision_recall_fscore_support(rows.label, predicted, average="macro", zero_division=0)[:3],
        ),
        "mlogloss": (found["mlogloss"], metrics.log_loss(rows.label, exact)),
        "brier": (classes["brier"], metrics.brier_score_loss(rows.label, rows.predictions)),
        "recall over rounds": (
            [line[-1] for line in found["over_rounds"]["values"]],
            metrics.recall_score(rows.label, predicted, average=None, zero_division=0),
        ),
    }
    pairs.update(calibration(classes["calibration"], predicted == rows.label, rows.predictions[np.arange(len(predicted)), predicted]))
    for curve in classes["curves"]:
        label = curve["class"]
        for key, pair in ranking(curve, (rows.label == label).astype(int), exact[:, label], None).items():
            pairs[f"class {label} {key}"] = pair
    return pairs


def regression(rows, found):
    predicted, truth = rows.predictions[:, 0], rows.value
    ours = found["regression"]
    error = truth - predicted
    bins = ours["bins"]
    inner = [item["from"] for item in bins[1:]]
    of_row = np.searchsorted(inner, truth, side="right")
    edges = np.asarray(ours["residuals"]["edges"])
    return {
        "rmse": (ours["rmse"], metrics.root_mean_squared_error(truth, predicted)),
        "mae": (ours["mae"], metrics.mean_absolute_error(truth, predicted)),
        "r2": (ours["r2"], metrics.r2_score(truth, predicted)),
        "median": (ours["median_error"], metrics.median_absolute_error(truth, predicted)),
        "largest": (ours["max_error"], metrics.max_error(truth, predicted)),
        "mean error": (ours["mean_error"], np.mean(error)),
        "bins": ([item["mean_error"] for item in bins], [np.mean(error[of_row == k]) for k in range(len(bins))]),
        "absolute": ([item["mean_absolute_error"] for item in bins], [np.mean(np.abs(error[of_row == k])) for k in range(len(bins))]),
        "rows": ([item["rows"] for item in bins], [np.sum(of_row == k) for k in range(len(bins))]),
        "over rounds": (
            [line[-1] for line in found["over_rounds"]["values"]],
            [np.mean(np.abs(error[of_row == k])) for k in range(len(bins))],
        ),
        "residuals": (ours["residuals"]["counts"], np.bincount(np.searchsorted(edges[1:-1], error, side="right"), minlength=len(edges) - 1)),
        "spread": ([ours["residuals"]["mean"], ours["residuals"]["deviation"]], [np.mean(error), np.std(error)]),
    }


def check_dependence(bench, name, model, table, found):
    """Partial dependence by setting a feature in the same rows and predicting with XGBoost."""
    count = min(DEPENDENCE_ROWS, len(table.label))
    rows = [place * len(table.label) // count for place in range(count)]
    worst = 0.0
    for item in found["partial_dependence"][:2]:
        for place, value in enumerate(item["values"]):
            x = table.x[rows].copy()
            x[:, item["feature"]] = value
            mean = bench.xgboost_320.probabilities(model, Table(x, np.zeros(count))).mean(axis=0)
            worst = max(worst, np.max(np.abs(mean - [means[place] for means in item["means"]]) / np.maximum(1, np.abs(mean))))
    bench.report.expect(worst <= DEPENDENCE_TOLERANCE, f"{name}, partial dependence: largest difference {worst:.1e}")
