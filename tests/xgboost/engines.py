"""gboost's command line and several versions of XGBoost behind one interface."""

import csv
import json
import os
import subprocess
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = int(os.environ.get("GBOOST_CHECK_THREADS") or os.cpu_count())
# Fixed: the last bits of XGBoost's sums, and so its near ties, depend on the number of threads.
XGBOOST_THREADS = 2


class Trained:
    """A model file, the metrics of every round by `channel-metric`, and (gboost) metrics.json."""

    def __init__(self, path, history, metrics=None):
        self.path = path
        self.history = {name: np.asarray(values, dtype=np.float64) for name, values in history.items()}
        self.metrics = metrics
        self._document = None

    @property
    def document(self):
        if self._document is None:
            with open(self.path) as file:
                self._document = json.load(file)
        return self._document

    @property
    def base_score(self):
        text = self.document["learner"]["learner_model_param"]["base_score"]
        return [np.float32(value) for value in text.strip("[]").split(",")]

    @property
    def best_iteration(self):
        text = self.document["learner"]["attributes"].get("best_iteration")
        return None if text is None else int(text)


class Gboost:
    """The command line under test."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.runs = 0

    def _run(self, *arguments):
        command = [self.binary, "--backend", "cpu", "--threads", str(THREADS), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")

    def train(self, params, rounds, train, validation=None, early_stopping_rounds=None):
        self.runs += 1
        folder = os.path.join(self.folder, f"gboost_{self.runs}")
        os.makedirs(folder)
        arguments = ["train", "--header", "no", "--label", 0, "--train", train.csv]
        if train.weight is not None:
            arguments += ["--weight-column", 1]
        if validation is not None:
            arguments += ["--validation", validation.csv]
        if early_stopping_rounds is not None:
            arguments += ["--early-stopping-rounds", early_stopping_rounds]
        for name, value in {**params, "num_round": rounds}.items():
            arguments += ["--" + name.replace("_", "-"), value]
        model = os.path.join(folder, "model.json")
        self._run(*arguments, "--model", model, "--output", folder)
        with open(os.path.join(folder, "history.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        history = {name: [float(row[name]) for row in rows] for name in rows[0] if "-" in name}
        with open(os.path.join(folder, "metrics.json")) as file:
            metrics = json.load(file)
        return Trained(model, history, metrics)

    def cross_validate(self, params, rounds, table, fold_of, early_stopping_rounds=None):
        """The columns of cv.csv; `fold_of` has the fold of each row."""
        self.runs += 1
        folder = os.path.join(self.folder, f"gboost_{self.runs}")
        os.makedirs(folder)
        folds = os.path.join(folder, "folds.txt")
        np.savetxt(folds, fold_of, fmt="%d")
        arguments = ["cv", "--header", "no", "--label", 0, "--train", table.csv, "--folds", folds, "--output", folder]
        if table.weight is not None:
            arguments += ["--weight-column", 1]
        if early_stopping_rounds is not None:
            arguments += ["--early-stopping-rounds", early_stopping_rounds]
        for name, value in {**params, "num_round": rounds}.items():
            arguments += ["--" + name.replace("_", "-"), ",".join(value) if isinstance(value, list) else value]
        self._run(*arguments)
        with open(os.path.join(folder, "cv.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}

    def margins(self, model, table, all_rounds=False):
        """The margins of `gboost predict`: a row a row, a column a class."""
        output = model + ".margins.csv"
        arguments = ["predict", "--model", model, "--data", table.features_csv, "--header", "no", "--no-label"]
        arguments += ["--output-type", "margin", "--output", output] + (["--all-rounds"] if all_rounds else [])
        self._run(*arguments)
        # Through binary64: the text is the shortest that reads back to the same binary32.
        return np.loadtxt(output, delimiter=",", skiprows=1, ndmin=2).astype(np.float32)

    def shap_values(self, model, table, kind, all_rounds=False, background=None):
        """SHAP values, and the seconds of the whole process: a line a row and class, as XGBoost.shap_values."""
        output = model + ".shap.csv"
        data = ["--model", model, "--data", table.features_csv, "--header", "no", "--no-label", "--output", output]
        if background is None:
            arguments = ["predict", *data, "--output-type", kind]
        else:
            arguments = ["explain", *data, "--background", background.features_csv]
        started = time.perf_counter()
        self._run(*arguments, *(["--all-rounds"] if all_rounds else []))
        seconds = time.perf_counter() - started
        with open(output) as file:
            names = file.readline().split(",")
        values = np.loadtxt(output, delimiter=",", skiprows=1, ndmin=2)
        return (values[:, 1:] if names[0] == "class" else values), seconds

    def probabilities(self, model, table):
        """What `gboost predict` writes: a probability a class, that of class 1 alone, or the predicted value."""
        output = model + ".predictions.csv"
        self._run("predict", "--model", model, "--data", table.features_csv, "--header", "no", "--no-label", "--output", output)
        return np.loadtxt(output, delimiter=",", skiprows=1, ndmin=2).astype(np.float32)

    def report(self, model, table):
        """The `report` object of analysis.json, and the path of the notebook."""
        stem = model + ".report"
        arguments = ["report", "--model", model, "--data", table.csv, "--header", "no", "--label", 0]
        arguments += ["--weight-column", 1] if table.weight is not None else []
        self._run(*arguments, "--output", stem + ".html", "--json", stem + ".json", "--notebook", stem + ".ipynb")
        with open(stem + ".json") as file:
            return json.load(file)["report"], stem + ".ipynb"


class XGBoost:
    """One version of XGBoost in its own interpreter."""

    def __init__(self, python, folder):
        self.folder = folder
        self.runs = 0
        worker = [python, "-B", os.path.join(HERE, "worker.py")]
        self.process = subprocess.Popen(worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._ask("version")

    def _ask(self, command, **request):
        self.process.stdin.write(json.dumps({"command": command, **request}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the worker ended"}
        if "error" in answer:
            raise RuntimeError(f"XGBoost, {command}: {answer['error']}")
        return answer["answer"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def train(self, params, rounds, train, validation=None, early_stopping_rounds=None, evaluate=True):
        self.runs += 1
        model = os.path.join(self.folder, f"xgboost_{self.version}_{self.runs}.json")
        channels = [("train", train.npz)] + ([] if validation is None else [("validation", validation.npz)])
        history = self._ask(
            "train",
            params={"nthread": XGBOOST_THREADS, "verbosity": 0, **params},
            rounds=rounds,
            channels=channels,
            evaluate=evaluate,
            early_stopping_rounds=early_stopping_rounds,
            model=model,
        )
        return Trained(model, history)

    def margins(self, model, table, best=False):
        output = os.path.join(self.folder, f"margins_{self.version}.npy")
        self._ask("predict", model=model, data=table.npz, best=best, output=output)
        margins = np.load(output)
        return margins.reshape(len(margins), -1)

    def cross_validate(self, params, rounds, table, fold_of, early_stopping_rounds=None):
        """The columns of xgboost.cv's table."""
        columns = self._ask(
            "cross_validate",
            params={"nthread": XGBOOST_THREADS, "verbosity": 0, **params},
            rounds=rounds,
            data=table.npz,
            fold_of=fold_of.tolist(),
            early_stopping_rounds=early_stopping_rounds,
        )
        return {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}

    def shap_values(self, model, table, kind, best=False):
        """SHAP values of `pred_contribs` or `pred_interactions`, and the seconds that they took."""
        output = os.path.join(self.folder, f"shap_{self.version}.npy")
        options = {"kind": kind, "best": best, "threads": XGBOOST_THREADS, "output": output}
        seconds = self._ask("shap_values", model=model, data=table.npz, **options)
        return np.load(output), seconds

    def interventional(self, model, table, background):
        """The values of the Python package shap against a background, without the expected value."""
        output = os.path.join(self.folder, f"interventional_{self.version}.npy")
        self._ask("interventional", model=model, data=table.npz, background=background.npz, output=output)
        return np.load(output)

    def probabilities(self, model, table):
        """Predictions in binary64 means' precision: a column a class, or one."""
        output = os.path.join(self.folder, f"predictions_{self.version}.npy")
        self._ask("predict", model=model, data=table.npz, best=False, margin=False, output=output)
        predictions = np.load(output).astype(np.float64)
        return predictions.reshape(len(predictions), -1)

    def scores(self, model, kinds):
        return self._ask("scores", model=model, kinds=kinds)

    def base_margins(self, model, features, base_scores):
        return self._ask("base_margins", model=model, features=features, base_scores=base_scores)
