"""One run of one peer, in a process of its own: reads, bins, trains, saves, predicts; prints a JSON object.

    peers.py PEER READER TRAIN TEST MODEL JSON

JSON holds parameters (XGBoost's names), rounds, threads and whether it is a regression. Seconds are counted from after the imports.
"""
import json
import os
import resource
import statistics
import sys
import time

ROWS = 300


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median_time(times, call):
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def arrow_table(path):
    import pyarrow.csv

    return pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(null_values=[""]))


def arrow(path):
    """Label and row-major float32 features by pyarrow's reader, the fastest general one."""
    import numpy

    table = arrow_table(path)
    x = numpy.empty((table.num_rows, table.num_columns - 1), numpy.float32)
    for index in range(1, table.num_columns):
        x[:, index - 1] = table.column(index).to_numpy()
    return x, table.column(0).to_numpy().astype(numpy.float32)


class Peer:
    """What a peer does; each step is timed by itself."""

    readers = {"arrow": arrow}

    def __init__(self, task):
        self.task, self.threads = task, task["threads"]
        self.parameters, self.rounds, self.regression = task["parameters"], task["rounds"], task["regression"]

    def bin(self, data):
        return data

    def one_row(self, model):
        """Prepares the model for single rows."""

    def row(self, model, x):
        return self.predict(model, x)


class XGBoost(Peer):
    def __init__(self, task):
        super().__init__(task)
        import xgboost

        self.xgboost = xgboost
        # The table as it is: XGBoost takes Arrow's columns; and its own reader, which its next version drops.
        self.readers = {"arrow": arrow, "table": arrow_table, "own": lambda path: f"{path}?format=csv&label_column=0"}

    def bin(self, data):
        if isinstance(data, str):
            return self.xgboost.DMatrix(data, nthread=self.threads)
        if isinstance(data, tuple):
            x, y = data
        else:
            x, y = data.drop_columns([data.column_names[0]]), data.column(0)
        return self.xgboost.QuantileDMatrix(x, y, nthread=self.threads, max_bin=self.parameters["max_bin"])

    def train(self, data):
        parameters = {**self.parameters, "tree_method": "hist", "nthread": self.threads}
        return self.xgboost.train(parameters, data, self.rounds)

    def save(self, model, path):
        model.save_model(path + ".ubj")

    def predict(self, model, x):
        return model.inplace_predict(x)

    def one_row(self, model):
        # Waking threads for a row would cost more than the row.
        model.set_param({"nthread": 1})


class LightGBM(Peer):
    quantised = False

    def __init__(self, task):
        super().__init__(task)
        import lightgbm

        self.lightgbm = lightgbm
        given = self.parameters
        self.own = {
            "objective": "regression" if self.regression else "binary",
            "learning_rate": given["eta"],
            # Trees grow leaf by leaf here: as many leaves as depth allows, and no deeper.
            "max_depth": given["max_depth"],
            "num_leaves": 2 ** given["max_depth"],
            "min_sum_hessian_in_leaf": given["min_child_weight"],
            "min_data_in_leaf": 1,
            "lambda_l2": given["lambda"],
            "min_gain_to_split": given.get("gamma", 0),
            "bagging_fraction": given.get("subsample", 1),
            "bagging_freq": 1 if given.get("subsample", 1) < 1 else 0,
            "max_bin": given["max_bin"] - 1,
            "boost_from_average": False,
            "use_quantized_grad": self.quantised,
            "num_threads": self.threads,
            "seed": given.get("seed", 0),
            "verbosity": -1,
            "header": True,
            "label_column": 0,
        }
        self.readers = {"arrow": arrow, "own": str}

    def bin(self, data):
        x, y = (data, None) if isinstance(data, str) else data
        return self.lightgbm.Dataset(x, y, params=self.own).construct()

    def train(self, data):
        return self.lightgbm.train(self.own, data, self.rounds)

    def save(self, model, path):
        model.save_model(path)

    def predict(self, model, x):
        return model.predict(x, num_threads=self.threads)

    def row(self, model, x):
        return model.predict(x, num_threads=1)


class LightGBMQuantised(LightGBM):
    quantised = True


class CatBoost(Peer):
    def __init__(self, task):
        super().__init__(task)
        import catboost

        self.catboost = catboost
        self.readers = {"arrow": arrow, "own": self.read_own}

    def read_own(self, path):
        return self.catboost.Pool(f"dsv://{path}", delimiter=",", has_header=True, thread_count=self.threads)

    def bin(self, data):
        pool = self.catboost.Pool(*data, thread_count=self.threads) if isinstance(data, tuple) else data
        pool.quantize(border_count=self.parameters["max_bin"] - 2, task_type="CPU")
        return pool

    def train(self, data):
        given, subsample = self.parameters, self.parameters.get("subsample", 1)
        sampling = {"bootstrap_type": "Bernoulli", "subsample": subsample} if subsample < 1 else {"bootstrap_type": "No"}
        model = self.catboost.CatBoost({
            "loss_function": "RMSE" if self.regression else "Logloss",
            "iterations": self.rounds,
            "learning_rate": given["eta"],
            "depth": given["max_depth"],
            "l2_leaf_reg": given["lambda"],
            "border_count": given["max_bin"] - 2,
            "boosting_type": "Plain",
            "leaf_estimation_iterations": 1,
            "random_strength": 0,
            "random_seed": given.get("seed", 0),
            "thread_count": self.threads,
            "logging_level": "Silent",
            "allow_writing_files": False,
            **sampling,
        })
        return model.fit(data)

    def save(self, model, path):
        model.save_model(path)

    def predict(self, model, x):
        return model.predict(x, prediction_type="RawFormulaVal" if self.regression else "Probability", thread_count=self.threads).T[-1]


class Hessboost(Peer):
    def __init__(self, task):
        super().__init__(task)
        import hessboost

        self.hessboost = hessboost

    def bin(self, data):
        # It bins when it trains.
        return self.hessboost.DMatrix(data[0], label=data[1])

    def train(self, data):
        return self.hessboost.train({**self.parameters, "tree_method": "hist", "nthread": self.threads}, data, self.rounds)

    def save(self, model, path):
        model.save_model(path)

    def predict(self, model, x):
        return model.predict(self.hessboost.DMatrix(x))


class ScikitLearn(Peer):
    def __init__(self, task):
        os.environ["OMP_NUM_THREADS"] = str(task["threads"])
        super().__init__(task)
        from sklearn import ensemble

        self.ensemble = ensemble

    def train(self, data):
        given = self.parameters
        kind = self.ensemble.HistGradientBoostingRegressor if self.regression else self.ensemble.HistGradientBoostingClassifier
        # It bins when it trains, has no gamma and no subsample, and bounds rows a leaf instead of hessians.
        return kind(
            learning_rate=given["eta"], max_iter=self.rounds, max_depth=given["max_depth"], max_leaf_nodes=2 ** given["max_depth"],
            min_samples_leaf=1, l2_regularization=given["lambda"], max_bins=given["max_bin"] - 1, early_stopping=False,
        ).fit(*data)

    def save(self, model, path):
        import pickle

        with open(path, "wb") as file:
            pickle.dump(model, file)

    def predict(self, model, x):
        return model.predict(x) if self.regression else model.predict_proba(x)[:, 1]


PEERS = {
    "xgboost": XGBoost,
    "lightgbm": LightGBM,
    "lightgbm-quantised": LightGBMQuantised,
    "catboost": CatBoost,
    "hessboost": Hessboost,
    "scikit-learn": ScikitLearn,
}


def loss(predicted, label, regression):
    """Root of the mean squared error, or mean log loss."""
    import numpy

    predicted, label = numpy.asarray(predicted, numpy.float64).ravel(), label.astype(numpy.float64)
    if regression:
        return float(numpy.sqrt(numpy.mean((predicted - label) ** 2)))
    predicted = numpy.clip(predicted, 1e-15, 1 - 1e-15)
    return float(-numpy.mean(label * numpy.log(predicted) + (1 - label) * numpy.log(1 - predicted)))


def run(name, reader, train, test, model_path, task):
    peer = PEERS[name](task)
    import pyarrow.csv  # noqa: F401 - counted with the imports

    marks = {}
    start_peak = peak()
    started = time.perf_counter()

    def step(what, call, *arguments):
        before = time.perf_counter()
        result = call(*arguments)
        marks[what] = time.perf_counter() - before
        return result

    data = step("read", peer.readers[reader], train)
    binned = step("bin", peer.bin, data)
    data = data if binned is data else None
    if task.get("only_read"):
        return {**marks, "whole": time.perf_counter() - started}
    model = step("train", peer.train, binned)
    step("save", peer.save, model, model_path)
    whole = time.perf_counter() - started
    memory = peak() - start_peak
    x, y = arrow(test)
    result = {**marks, "whole": whole, "memory": memory, "loss": loss(peer.predict(model, x), y, task["regression"])}
    if not task.get("only_loss"):
        peer.one_row(model)
        rows = [x[index:index + 1] for index in range(min(ROWS, len(x)))]
        result["batch"] = median_time(3, lambda: peer.predict(model, x))
        result["row"] = median_time(3, lambda: [peer.row(model, row) for row in rows]) / len(rows)
    return result


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:6], json.loads(sys.argv[6]))))
