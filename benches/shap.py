"""SHAP values of Task 1's model (800 rounds on the census data), gboost next to XGBoost, A B A B in one run.

    python3 -m venv target/bench && target/bench/bin/pip install xgboost==3.2.0 pandas
    cargo build --release && target/bench/bin/python benches/shap.py [PAIRS]

gboost's time is that of a whole process, from data/adult_test.csv.gz to a CSV of all contributions, on all processors; XGBoost's
is that of predict(pred_contribs=True) alone, on a DMatrix made before. Then the same with interactions on fewer rows. Prints
medians and the median of the ratios.
"""
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas
import xgboost

ROOT = Path(__file__).resolve().parent.parent
GBOOST = ROOT / "target" / "release" / "gboost"
INTERACTION_ROWS = 300


def seconds(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    table = pandas.read_csv(ROOT / "data" / "adult_test.csv.gz")
    with tempfile.TemporaryDirectory() as folder:
        model, output = f"{folder}/model.json", f"{folder}/shap.csv"
        subprocess.run([GBOOST, "-q", "train", "--model", model], check=True)
        booster = xgboost.Booster(model_file=model)
        for kind, option, rows in [("contribs", "pred_contribs", len(table)), ("interactions", "pred_interactions", INTERACTION_ROWS)]:
            part = table.iloc[:rows]
            part.to_csv(f"{folder}/data.csv", index=False)
            data = xgboost.DMatrix(part.iloc[:, 1:])
            command = [GBOOST, "-q", "predict", "--model", model, "--data", f"{folder}/data.csv", "--output-type", kind, "--output", output]
            runs = []
            for _ in range(pairs):
                mine, _ = seconds(lambda: subprocess.run(command, check=True))
                theirs, values = seconds(lambda: booster.predict(data, **{option: True}))
                runs.append((mine, theirs))
            found = np.loadtxt(output, delimiter=",", skiprows=1)
            worst = np.abs(found - values.reshape(found.shape)).max()
            ratios = sorted(b / a for a, b in runs)
            mine, theirs = (rows / statistics.median(run[side] for run in runs) for side in (0, 1))
            print(f"{kind} of {rows} rows: gboost {mine:.0f} rows/s, XGBoost {theirs:.0f} rows/s, ratio {statistics.median(ratios):.1f} "
                  f"({ratios[0]:.1f} to {ratios[-1]:.1f}, {pairs} pairs); largest difference {worst:.1e}")


if __name__ == "__main__":
    main()
