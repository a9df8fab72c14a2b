"""The tables that the checks train on."""

import csv
import os

import numpy as np


class Table:
    """Features, label and perhaps weights, written once for each side."""

    folder = None
    written = 0

    def __init__(self, x, label, weight=None):
        self.x = np.ascontiguousarray(x, dtype=np.float32)
        self.label = np.asarray(label, dtype=np.float32)
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float32)
        Table.written += 1
        self._name = os.path.join(Table.folder, f"table_{Table.written}")

    def take(self, rows):
        return Table(self.x[rows], self.label[rows], None if self.weight is None else self.weight[rows])

    @property
    def csv(self):
        """label, weight if there is one, features; no header; missing is empty."""
        front = [self.label] + ([] if self.weight is None else [self.weight])
        return self._write(self._name + ".csv", np.column_stack([*front, self.x]))

    @property
    def features_csv(self):
        return self._write(self._name + "_features.csv", self.x)

    @property
    def npz(self):
        path = self._name + ".npz"
        if not os.path.exists(path):
            weight = {} if self.weight is None else {"weight": self.weight}
            np.savez(path, x=self.x, label=self.label, **weight)
        return path

    @staticmethod
    def _write(path, values):
        if not os.path.exists(path):
            with open(path, "w") as file:
                for row in values.tolist():
                    # Nine digits name a binary32 exactly.
                    file.write(",".join("" if value != value else "%.9g" % value for value in row) + "\n")
        return path


def with_missing(table, seed, share=0.1):
    """The same table with about `share` of the values missing."""
    x = table.x.copy()
    x[np.random.default_rng(seed).random(x.shape) < share] = np.nan
    return Table(x, table.label, table.weight)


class Lab:
    """The lab's tables, read when they are first asked for."""

    def __init__(self, folder):
        self.folder = folder
        self._tables = {}

    def __getattr__(self, channel):
        if channel not in ("train", "validation", "test"):
            raise AttributeError(channel)
        if channel not in self._tables:
            with open(os.path.join(self.folder, f"adult_data_processed_{channel}.csv"), newline="") as file:
                values = np.array([[float(value) for value in row] for row in csv.reader(file)])
            self._tables[channel] = Table(values[:, 1:], values[:, 0])
        return self._tables[channel]


def mixed(rows, seed, classes=3, missing=0.15):
    """A small table of six features, some with few values and one with more than 256, and labels of three kinds."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(rows, 6)), 3).astype(np.float32)
    x[:, 3] = rng.integers(0, 5, rows)
    x[:, 4] = np.round(x[:, 4], 1)
    x[:, 5] = rng.integers(0, 2, rows)
    signal = x[:, 0] + x[:, 1] * (x[:, 3] - 2) + x[:, 4] * x[:, 5]
    noise = rng.normal(size=rows)
    x[rng.random(x.shape) < missing] = np.nan
    edges = np.quantile(signal, np.arange(1, classes) / classes)
    labels = {
        "binary:logistic": signal + 0.5 * noise > 0.3,
        "reg:squarederror": 10 * signal + noise,
        "multi:softprob": np.digitize(signal + 0.3 * noise, edges),
    }
    weight = np.round(rng.gamma(2.0, 0.7, rows), 3)
    return x, labels, weight


def scikit(name):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    return Table(bunch.data, bunch.target)
