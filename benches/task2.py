"""Task 2 of the lab (6 random trials, each trained and cross-validated in 3 folds): gboost next to XGBoost, A B C A B C in one run.

    python3 -m venv target/bench && target/bench/bin/pip install xgboost==3.2.0 pandas scikit-learn
    cargo build --release && target/bench/bin/python benches/task2.py [RUNS]

Three programs do the same work on data/: gboost tune; a script around xgboost.cv and xgboost.train, trial after trial on all
processors; scikit-learn's RandomizedSearchCV over XGBClassifier, a process a processor. Each draws 6 settings from the lab's ranges,
trains 5 rounds, cross-validates in 3 folds (auc) and trains the best one again; the first two also evaluate each trial on the
validation file. A run is a whole process, from the CSV files on; the search alone is timed inside where Python does it. Prints medians and
the medians of the ratios.
"""
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRIALS, FOLDS, ROUNDS = 6, 3, 5
FIXED = {"objective": "binary:logistic", "eval_metric": "auc", "tree_method": "hist", "colsample_bytree": 0.8, "base_score": 0.5}
REAL = {"eta": (0.01, 0.03), "gamma": (0.5, 0.9), "min_child_weight": (0.5, 0.9), "subsample": (0.2, 0.5)}
DEPTHS = range(6, 10)


def read(name):
    import pandas

    table = pandas.read_csv(ROOT / "data" / f"adult_{name}.csv.gz")
    return table.iloc[:, 1:], table.iloc[:, 0]


def xgboost_script():
    """Runs in a process of its own: prints the seconds of the search and the best value."""
    import xgboost

    train, validation = (xgboost.DMatrix(*read(name)) for name in ("train", "validation"))
    draws = random.Random(0)
    started = time.perf_counter()
    results = []
    for _ in range(TRIALS):
        settings = {name: draws.uniform(*ends) for name, ends in REAL.items()} | {"max_depth": draws.choice(DEPTHS)}
        params = FIXED | settings
        scores = xgboost.cv(params, train, ROUNDS, nfold=FOLDS, seed=0)
        evaluations = {}
        xgboost.train(params, train, ROUNDS, [(validation, "validation")], evals_result=evaluations, verbose_eval=False)
        value = evaluations["validation"]["auc"][-1]
        results.append((value, scores["test-auc-mean"].iloc[-1], settings))
    value, _, settings = max(results, key=lambda result: result[0])
    xgboost.train(FIXED | settings, train, ROUNDS)
    print(time.perf_counter() - started, value)


def scikit_learn_script():
    """Runs in a process of its own: prints the seconds of the search and the best value."""
    from scipy.stats import uniform
    from sklearn.model_selection import RandomizedSearchCV
    from xgboost import XGBClassifier

    features, labels = read("train")
    fixed = {name: value for name, value in FIXED.items() if name not in ("objective", "eval_metric")}
    model = XGBClassifier(n_estimators=ROUNDS, n_jobs=1, **fixed)
    ranges = {name: uniform(low, high - low) for name, (low, high) in REAL.items()} | {"max_depth": list(DEPTHS)}
    started = time.perf_counter()
    search = RandomizedSearchCV(model, ranges, n_iter=TRIALS, cv=FOLDS, scoring="roc_auc", n_jobs=os.cpu_count(), random_state=0)
    search.fit(features, labels)
    print(time.perf_counter() - started, search.best_score_)


def timed(command):
    started = time.perf_counter()
    # XGBoost's idle threads sleep rather than spin: on a shared machine spinning would slow it down.
    environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return time.perf_counter() - started, output


def gboost_run(folder):
    return timed([ROOT / "target" / "release" / "gboost", "-q", "--backend", "cpu", "tune", "--output", folder])[0]


def python_run(script):
    whole, output = timed([sys.executable, __file__, script])
    return whole, float(output.split()[0])


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    ours, theirs, searches = [], {"xgboost.cv": [], "RandomizedSearchCV": []}, {"xgboost.cv": [], "RandomizedSearchCV": []}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs + 1):  # the first one warms the page cache
            seconds = [gboost_run(f"{folder}/{run}")] + [python_run(script) for script in theirs]
            if run > 0:
                ours.append(seconds[0])
                for script, (whole, search) in zip(theirs, seconds[1:]):
                    theirs[script].append(whole)
                    searches[script].append(search)
    print(f"gboost tune: {statistics.median(ours):.2f} s, whole process ({min(ours):.2f} to {max(ours):.2f}, {runs} runs)")
    for script, wholes in theirs.items():
        ratios = sorted(whole / mine for whole, mine in zip(wholes, ours))
        print(f"{script}: {statistics.median(wholes):.2f} s, whole process, {statistics.median(searches[script]):.2f} s the search; "
              f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    {"xgboost.cv": xgboost_script, "RandomizedSearchCV": scikit_learn_script}.get("".join(sys.argv[1:2]), main)()
