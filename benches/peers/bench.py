"""gboost next to its peers, A B A B: `benches/peers/run` starts it, README.md tells what is measured."""
import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pyarrow.csv

import data
import peers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "target" / "peers"
GBOOST = ROOT / "target" / "release" / "gboost"
# The times that are compared, in words.
SECONDS = {
    "read": "reading the CSV file", "bin": "binning", "train": "training", "bin and train": "binning and training",
    "whole": "CSV file to model file", "batch": "batch prediction", "row": "a single row",
}
COLUMNS = ["set", "against", "peer", "pair", "seed", *SECONDS, "save", "memory", "over raw", "loss"]


class PeerFailed(RuntimeError):
    """A peer ended with an error, which says nothing about the others."""


def output_of(command, **options):
    """What a process prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def timed(command):
    """Wall seconds and peak memory in MiB of a process."""
    run = json.loads(output_of([sys.executable, "-S", HERE / "launch.py", *command]))
    if run["code"] != 0:
        raise RuntimeError(f"{command[0]} ended with {run['code']}: start it by hand with {command[1:]}")
    return run["seconds"], run["memory"]


def run_gboost(task, files, threads, parameters, measure):
    """One run: the whole program, and prediction through the library."""
    train, test = files
    model = FOLDER / "gboost.json"
    flags = [word for name, value in parameters.items() for word in (f"--{name}", value)]
    common = [GBOOST, "-q", "--threads", threads]
    command = [*common, "--backend", "cpu", "train", "--train", train, *flags, "--num_round", task.rounds, "--model", model, "--output", FOLDER]
    whole, memory = timed(command)
    written = json.loads((FOLDER / "metrics.json").read_text())["seconds"]
    parts = sum(seconds for part, seconds in written.items() if part != "total")
    result = {"read": written["read"], "bin": written["bin"], "train": written["train"], "whole": whole, "memory": memory - timed([GBOOST, "--version"])[1]}
    # Nothing the program does may hide between the parts.
    if whole - parts > 0.1 * whole + 0.1:
        print(f"  gboost: the parts of metrics.json are {parts:.2f} s, the process took {whole:.2f} s", file=sys.stderr)
    predictions = FOLDER / "gboost.csv"
    output_of([*common, "predict", "--model", model, "--data", test, "--output", predictions])
    written = pyarrow.csv.read_csv(predictions).column(0).to_numpy()
    result["loss"] = peers.loss(written, peers.arrow_table(test).column(0).to_numpy(), task.regression)
    if measure:
        result.update(json.loads(output_of([os.environ["GBOOST_PEERS_PREDICTION"], model, test, threads])))
    return result


def run_peer(name, reader, task, files, threads, parameters, **options):
    job = {"parameters": parameters, "rounds": task.rounds, "threads": threads, "regression": task.regression, **options}
    model = FOLDER / f"{name}.model"
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "ARROW_NUM_THREADS": str(threads)}
    try:
        output = output_of([sys.executable, "-B", HERE / "peers.py", name, reader, *files, model, json.dumps(job)], env=environment)
    except RuntimeError as error:
        raise PeerFailed(str(error).splitlines()[-1]) from error
    return json.loads(output.strip().splitlines()[-1])


def fastest_reader(name, task, files, threads):
    """The way of reading that brings the peer to its first tree soonest."""
    found = {}
    for reader in peers.PEERS[name]({"parameters": task.parameters, "rounds": 1, "threads": threads, "regression": False}).readers:
        try:
            runs = [run_peer(name, reader, task, files, threads, task.parameters, only_start=True)["whole"] for _ in range(2)]
            found[reader] = min(runs)
        except RuntimeError as error:
            print(f"  {name} cannot read by {reader}: {str(error).splitlines()[-1][:160]}", file=sys.stderr)
    print(f"  {name} has its first tree after", ", ".join(f"{seconds:.2f} s ({reader})" for reader, seconds in found.items()))
    if not found:
        raise PeerFailed("it reads the file by none of its ways")
    return min(found, key=found.get)


def raw_memory(path):
    """MiB of the features as 32-bit floats."""
    table = peers.arrow_table(path)
    return table.num_rows * (table.num_columns - 1) * 4 / 2**20


class Results:
    """Runs, kept in a file so that an interrupted bench goes on where it was."""

    def __init__(self, path, fresh):
        self.path = path
        if fresh and path.exists():
            path.unlink()
        lines = path.read_text().splitlines() if path.exists() else []
        self.runs = [json.loads(line) for line in lines]
        self.failed = {}

    def has(self, **key):
        return any(all(run.get(name) == value for name, value in key.items()) for run in self.runs)

    def add(self, **run):
        self.runs.append(run)
        with self.path.open("a") as file:
            file.write(json.dumps(run) + "\n")


def measure(results, name, task, arguments):
    files = data.files(task.data, arguments.quick)
    if files is None:
        print(f"{name}: its data cannot be had here, left out", file=sys.stderr)
        return
    raw = raw_memory(files[0])
    for peer in arguments.peers:
        wanted = [pair for pair in range(arguments.pairs) if not results.has(set=name, pair=pair, against=peer, peer=peer)]
        if not wanted:
            continue
        try:
            measure_pairs(results, name, task, files, peer, wanted, raw, arguments)
        except PeerFailed as error:
            # The others are measured all the same, and the table says which one is missing.
            results.failed[name, peer] = str(error)
            print(f"  {name}: {peer} failed and is left out: {error}", file=sys.stderr, flush=True)


def measure_pairs(results, name, task, files, peer, wanted, raw, arguments):
    reader = fastest_reader(peer, task, files, arguments.threads)
    for pair in wanted:
        for who in ["gboost", peer]:
            if who == "gboost":
                run = run_gboost(task, files, arguments.threads, task.parameters, True)
            else:
                run = run_peer(peer, reader, task, files, arguments.threads, task.parameters)
            run["bin and train"] = run["bin"] + run["train"]
            run["over raw"] = run["memory"] - raw
            results.add(set=name, pair=pair, against=peer, peer=who, **run)
            print(f"  {name} {pair + 1}/{arguments.pairs} {who}: " + ", ".join(shown(run, key) for key in run), flush=True)


def shown(run, key):
    value = run[key]
    return f"{key} {value:.0f} MiB" if key in ("memory", "over raw") else f"{key} {value:.5f}" if key == "loss" else f"{key} {seconds(value)}"


def seconds(value):
    return f"{value * 1e6:.1f} us" if value < 1e-3 else f"{value * 1e3:.0f} ms" if value < 0.1 else f"{value:.2f} s"


def table(results, name, task, arguments):
    """Lines of Markdown: for each peer the medians, and the median of the ratios with their range."""
    rows = [run for run in results.runs if run["set"] == name and run["peer"] in ["gboost", *arguments.peers]]
    lines = []
    for peer in arguments.peers:
        if (name, peer) in results.failed:
            lines += ["", f"{name}: {peer} {version(peer)} failed: {results.failed[name, peer]}"]
            continue
        mine, theirs = ({run["pair"]: run for run in rows if run["against"] == peer and run["peer"] == who} for who in ("gboost", peer))
        pairs = sorted(mine.keys() & theirs.keys())
        if not pairs:
            continue
        lines += ["", f"| {name}, {len(pairs)} pairs | gboost | {peer} {version(peer)} | {peer} / gboost |", "|---|---|---|---|"]
        for key, words in [*SECONDS.items(), ("memory", "peak memory"), ("over raw", "peak above the raw features")]:
            a, b = ([runs[pair][key] for pair in pairs] for runs in (mine, theirs))
            form = seconds if key in SECONDS else lambda value: f"{value:.0f} MiB"
            ratios = sorted(y / x for x, y in zip(a, b) if x > 0)
            ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})" if ratios else "-"
            if statistics.median(b) < 1e-6 and key in SECONDS:
                ratio = "- (part of another step)"
            lines.append(f"| {words} | {form(statistics.median(a))} | {form(statistics.median(b))} | {ratio} |")
        what = "rmse" if task.regression else "logloss"
        lines.append(f"| {what} of the test rows | {mine[pairs[0]]['loss']:.5f} | {theirs[pairs[0]]['loss']:.5f} | |")
    return lines


def accuracy(results, name, task, arguments):
    """Losses of several seeds with half of the rows a tree, and whether gboost's mean is within a standard deviation of XGBoost's."""
    files = data.files(task.data, arguments.quick)
    if files is None:
        return []
    losses = {"gboost": [], "xgboost": []}
    for seed in range(arguments.accuracy):
        parameters = {**task.parameters, "subsample": task.parameters.get("subsample", 0.5), "seed": seed}
        for who in losses:
            key = {"set": name, "seed": seed, "peer": who}
            if not results.has(**key):
                if who == "gboost":
                    run = run_gboost(task, files, arguments.threads, parameters, False)
                else:
                    run = run_peer(who, "arrow", task, files, arguments.threads, parameters, only_loss=True)
                results.add(**key, against=None, loss=run["loss"])
            losses[who] += [run["loss"] for run in results.runs if all(run.get(part) == value for part, value in key.items())]
    mean, spread = ({who: f(values) for who, values in losses.items()} for f in (statistics.mean, statistics.stdev))
    difference = mean["gboost"] - mean["xgboost"]
    verdict = "yes" if difference <= spread["xgboost"] else "no"
    return [f"| {name} | {mean['gboost']:.5f} +- {spread['gboost']:.5f} | {mean['xgboost']:.5f} +- {spread['xgboost']:.5f} | {difference:+.5f} | {verdict} |"]


def version(peer):
    return metadata.version(peer.removesuffix("-quantised"))


def machine():
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return f"{model[0] if model else platform.processor()}, {os.cpu_count()} processors, {platform.system()}; gboost at {commit}"


def main():
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__)
    parser.add_argument("--set", nargs="+", choices=data.TASKS, default=list(data.TASKS), help="the data sets")
    parser.add_argument("--peers", nargs="+", choices=peers.PEERS, default=list(peers.PEERS), help="the peers")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs with each peer")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of all of them")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows and a tenth of the rounds, to see that it runs")
    parser.add_argument("--accuracy", type=int, metavar="SEEDS", help="losses of so many seeds, next to XGBoost's, instead of times")
    parser.add_argument("--fresh", action="store_true", help="forget the runs of before instead of going on")
    arguments = parser.parse_args()
    if arguments.accuracy is not None and arguments.accuracy < 2:
        parser.error("a standard deviation takes two seeds or more")
    kind = ("quick-" if arguments.quick else "") + f"{arguments.threads}-threads"
    results = Results(FOLDER / f"runs-{kind}.jsonl", arguments.fresh)
    tasks = {name: data.TASKS[name] for name in arguments.set}
    if arguments.quick:
        tasks = {name: data.Task(task.data, task.parameters, max(task.rounds // 10, 5), task.regression) for name, task in tasks.items()}
    lines = [f"{machine()}; {arguments.threads} threads, {time.strftime('%Y-%m-%d')}"]
    if arguments.accuracy:
        lines += ["", "| test loss | gboost | XGBoost | difference | within a standard deviation |", "|---|---|---|---|---|"]
    for name, task in tasks.items():
        print(name, flush=True)
        if arguments.accuracy:
            lines += accuracy(results, name, task, arguments)
        else:
            measure(results, name, task, arguments)
            lines += table(results, name, task, arguments)
    text = "\n".join(lines) + "\n"
    print("\n" + text)
    (FOLDER / f"{'accuracy' if arguments.accuracy else 'results'}-{kind}.md").write_text(text)
    with (FOLDER / f"runs-{kind}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(results.runs)


if __name__ == "__main__":
    main()
