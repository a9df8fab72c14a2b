"""Runs the checks that are named (all by default); see README.md. Started by `run`."""

import os
import sys
import tempfile
import time

import accuracy
import cross_validation
import dropout
import explain
import figures
import hist_trees
import interchange
import lab_exact
import options
from data import Lab, Table
from engines import THREADS, XGBOOST_THREADS, Gboost, XGBoost
from report import Report

CHECKS = {
    module.__name__: module
    for module in [lab_exact, hist_trees, options, cross_validation, interchange, accuracy, figures, explain, dropout]
}


class Bench:
    """What every check is given: both sides, the lab's data if it is here, and the report."""

    def __init__(self, folder):
        Table.folder = folder
        self.report = Report()
        self.gboost = Gboost(os.environ["GBOOST_BIN"], folder)
        self.xgboost_174 = XGBoost(os.environ["GBOOST_CHECK_PYTHON_174"], folder)
        self.xgboost_176 = XGBoost(os.environ["GBOOST_CHECK_PYTHON_176"], folder)
        self.xgboost_320 = XGBoost(os.environ["GBOOST_CHECK_PYTHON_320"], folder)
        newest = os.environ.get("GBOOST_CHECK_PYTHON_341")
        self.xgboost_341 = XGBoost(newest, folder) if newest else None
        lab = os.environ.get("GBOOST_LAB_DIR")
        self.lab = Lab(lab) if lab else None

    def versions(self):
        engines = [self.xgboost_174, self.xgboost_176, self.xgboost_320, self.xgboost_341]
        return [engine for engine in engines if engine]


def main():
    names = sys.argv[1:] or list(CHECKS)
    if not os.environ.get("GBOOST_CHECK_PYTHON_341"):
        # `run` has said why, and fails itself where that must not be.
        if "dropout" in sys.argv[1:]:
            sys.exit("the check dropout needs XGBoost 3.4.1, and so Python 3.12 or later")
        names = [name for name in names if name != "dropout"]
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"no check {unknown[0]!r}; there are {', '.join(CHECKS)}")
    if not os.access(os.environ["GBOOST_BIN"], os.X_OK):
        sys.exit(f"{os.environ['GBOOST_BIN']} is not there: cargo build --release, or set GBOOST_BIN")
    with tempfile.TemporaryDirectory(prefix="gboost-xgboost-") as folder:
        bench = Bench(folder)
        versions = ", ".join(engine.version for engine in bench.versions())
        print(f"{bench.gboost.binary} against XGBoost {versions}; {THREADS} and {XGBOOST_THREADS} threads")
        for name in names:
            started = time.time()
            CHECKS[name].check(bench)
            bench.report.say(f"{name}: {time.time() - started:.1f} s")
        for engine in bench.versions():
            engine.close()
    sys.exit(bench.report.end())


if __name__ == "__main__":
    main()
