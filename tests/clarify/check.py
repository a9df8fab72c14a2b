"""Compares gboost bias with smclarify on random tables; started by `run`. Every metric must agree to 1e-9.

Each table has a facet by value and one by bound, groups, and continuous features without ties, so that the flip test's
neighbours are the same. Only rows where smclarify computes something are compared: it refuses metrics where gboost's
convention gives a value (see src/explain/bias/mod.rs), and leaves out labels that only one side has from KL, JS, LP, TVD, KS.
"""

import csv
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from smclarify.bias.metrics import posttraining, pretraining

GBOOST = os.environ["GBOOST_BIN"]
LABELS = ["CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL"]
PREDICTIONS = ["DPPL", "DI", "DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "TE", "CDDPL", "FT", "GE"]
DISTRIBUTIONS = {"KL", "JS", "LP", "TVD", "KS"}
TABLES = 12


def table(seed):
    """Columns y, sex, age, area, x, z; the label leans on sex and age."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(40, 600))
    sex, age, area = rng.integers(0, 3, rows), rng.integers(18, 90, rows), rng.integers(0, 4, rows)
    # Sixteenths: exact in binary32, and with an offset a row no two distances are equal.
    x = np.round(rng.normal(size=rows) * 4096) / 4096
    z = np.round(rng.normal(size=rows) * 4096) / 4096
    y = (x + 0.5 * (sex == 1) - 0.01 * (age - 50) + rng.normal(size=rows) > 0).astype(int)
    return pd.DataFrame({"y": y, "sex": sex, "age": age, "area": area, "x": x, "z": z})


def gboost(*arguments):
    subprocess.run([GBOOST, "-q", *map(str, arguments)], check=True)


def compare(frame, folder, positive, seen):
    """Answers the disagreements."""
    data, model = os.path.join(folder, "data.csv"), os.path.join(folder, "model.json")
    frame.to_csv(data, index=False)
    gboost("train", "--train", data, "--objective", "binary:logistic", "--num-round", 5, "--max-depth", 3, "--model", model)
    gboost("predict", "--model", model, "--data", data, "--output-type", "label", "--output", os.path.join(folder, "p.csv"))
    gboost("bias", "--model", model, "--data", data, "--label", "y", "--facet", "sex=1", "age>50", "--group", "area",
           "--positive", positive, "--json", os.path.join(folder, "a.json"))
    with open(os.path.join(folder, "p.csv"), newline="") as file:
        predicted = pd.Series([float(row["label"]) for row in csv.DictReader(file)])
    with open(os.path.join(folder, "a.json")) as file:
        analysis = json.load(file)
    wrong = []
    for column, inside in [("sex", frame.sex == 1), ("age", frame.age > 50)]:
        labels, predictions = frame.y == positive, predicted == positive
        arguments = {
            "df": frame.drop(columns=["y", column]),
            "feature": frame[column],
            "sensitive_facet_index": inside,
            "label": labels,
            "positive_label_index": labels,
            "predicted_label": predictions,
            "positive_predicted_label_index": predictions,
            "group_variable": frame.area,
        }
        for stage, module, names in [("pre", pretraining, LABELS), ("post", posttraining, PREDICTIONS)]:
            found = analysis[f"{stage}_training_bias_metrics"]["facets"][column][0]["metrics"]
            found = {metric["name"]: float(metric["value"]) for metric in found}
            if list(found) != names:
                wrong.append(f"{stage}: the metrics are {list(found)}")
            for name in names:
                metric = getattr(module, name)
                wanted = metric.__code__.co_varnames[: metric.__code__.co_argcount]
                one_sided = any(len(set(labels[side])) < 2 for side in (inside, ~inside))
                if name in DISTRIBUTIONS and one_sided:
                    continue
                try:
                    expected = float(metric(**{argument: arguments[argument] for argument in wanted}))
                except ValueError:
                    continue
                seen[name] = seen.get(name, 0) + 1
                if not (found[name] == expected or math.isclose(found[name], expected, abs_tol=1e-9)):
                    wrong.append(f"{column}, {name}: {found[name]}, in smclarify {expected}")
    return wrong


def main():
    seen, failed = {}, 0
    for seed in range(TABLES):
        frame = table(seed)
        with tempfile.TemporaryDirectory(prefix="gboost-clarify-") as folder:
            wrong = compare(frame, folder, seed % 2, seen)
        failed += len(wrong)
        print(f"  {'FAIL' if wrong else 'ok  '}  table {seed}: {len(frame)} rows, positive label {seed % 2}")
        for text in wrong:
            print(f"        {text}")
    print(f"{sum(seen.values())} values compared, {failed} differ: " + ", ".join(f"{name} {seen.get(name, 0)}" for name in LABELS + PREDICTIONS))
    missing = [name for name in LABELS + PREDICTIONS if not seen.get(name)]
    sys.exit(1 if failed or missing else 0)


if __name__ == "__main__":
    main()
