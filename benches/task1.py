"""Task 1 of the lab (800 rounds on the census data): gboost next to XGBoost, A B A B in one run.

    python3 -m venv target/bench && target/bench/bin/pip install xgboost==3.2.0 pandas
    cargo build --release && target/bench/bin/python benches/task1.py [PAIRS]

Each engine reads data/adult_train.csv.gz, trains on all processors without evaluating rounds, and saves its model; a run is a
whole process. Training alone is timed inside. Prints medians and the median of the ratios.
"""
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRAIN = ROOT / "data" / "adult_train.csv.gz"
TASK1 = {"objective": "binary:logistic", "max_depth": 5, "eta": 0.2, "gamma": 4, "min_child_weight": 6, "subsample": 0.7}
ROUNDS = 800


def xgboost(folder):
    """Runs in a process of its own: reads, trains, saves, prints the seconds of training."""
    import pandas
    import xgboost

    table = pandas.read_csv(TRAIN)
    started = time.perf_counter()
    data = xgboost.QuantileDMatrix(table.iloc[:, 1:], table.iloc[:, 0])
    model = xgboost.train({**TASK1, "tree_method": "hist", "base_score": 0.5}, data, ROUNDS)
    seconds = time.perf_counter() - started
    model.save_model(folder + "/xgboost.json")
    print(seconds)


def timed(command):
    started = time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - started, output


def gboost_run(folder):
    flags = [word for name, value in TASK1.items() for word in (f"--{name}", str(value))]
    binary = ROOT / "target" / "release" / "gboost"
    command = [binary, "-q", "--backend", "cpu", "train", "--train", TRAIN, *flags, "--num_round", str(ROUNDS), "--model", f"{folder}/gboost.json"]
    whole, _ = timed(command)
    seconds = json.loads(Path(folder, "metrics.json").read_text())["seconds"]
    return whole, seconds["bin"] + seconds["train"]


def xgboost_run(folder):
    whole, output = timed([sys.executable, __file__, "--xgboost", folder])
    return whole, float(output)


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        gboost_run(folder), xgboost_run(folder)  # warm the page cache
        runs = [(gboost_run(folder), xgboost_run(folder)) for _ in range(pairs)]
    for index, what in enumerate(["file to model, whole process", "binning and training"]):
        mine, theirs = ([run[engine][index] for run in runs] for engine in (0, 1))
        ratios = sorted(b / a for a, b in zip(mine, theirs))
        print(f"{what}: gboost {statistics.median(mine):.2f} s, XGBoost {statistics.median(theirs):.2f} s, "
              f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, {pairs} pairs)")


if __name__ == "__main__":
    xgboost(sys.argv[2]) if sys.argv[1:2] == ["--xgboost"] else main()
