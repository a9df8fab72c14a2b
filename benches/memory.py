"""A CSV file of several GB, trained with its values spilled and in memory, then both under a cap on address space.

    python benches/memory.py [--rows 17000000] [--rounds 5] [--threads N] [--memory-cap GB] [--keep]

Needs numpy and pyarrow (those of benches/peers will do) and target/release/gboost. The rows are those of benches/peers' Higgs-like set, a million a
seed, without a header; the file lies under target/memory/ and is deleted at the end. Peak memory is what the system says of the finished
process (getrusage's maxrss, which is VmHWM). Prints Markdown.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.csv

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benches" / "peers"))
import data  # noqa: E402

FOLDER = ROOT / "target" / "memory"
GBOOST = ROOT / "target" / "release" / "gboost"
LAUNCH = ROOT / "benches" / "peers" / "launch.py"
BLOCK = 1_000_000
FEATURES = 28


def make(path, rows):
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        for seed, start in enumerate(range(0, rows, BLOCK)):
            x, y = data.higgs(10 * seed + 1, min(BLOCK, rows - start))
            table = pyarrow.table({"label": y, **{f"f{index}": x[:, index] for index in range(FEATURES)}})
            pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(include_header=False))
    draft.rename(path)


def train(path, spill, arguments, limit=None):
    """Seconds, peak memory, exit code, and what the program wrote."""
    out = FOLDER / spill
    shutil.rmtree(out, ignore_errors=True)
    command = [
        GBOOST, "--backend", "cpu", "--threads", arguments.threads, "train", "--train", path, "--spill", spill,
        "--objective", "binary:logistic", "--max_depth", 6, "--num_round", arguments.rounds, "--model", out / "model.json",
    ]
    if spill != "never":
        command += ["--spill-dir", FOLDER]
    command = [sys.executable, "-S", LAUNCH, *command]
    if limit:
        command = ["prlimit", f"--as={limit}", *command]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    run = json.loads(done.stdout)
    run["error"] = done.stderr.strip().splitlines()[-1] if run["code"] else ""
    if not run["code"]:
        run.update(json.loads((out / "metrics.json").read_text()))
    return run


def main():
    parser = argparse.ArgumentParser(prog="benches/memory.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=17_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--memory-cap", type=float, metavar="GB", help="address space of the last two runs [default: half-way between the peaks]")
    parser.add_argument("--keep", action="store_true", help="keep the file")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"higgs-{arguments.rows}.csv"
    if not path.exists():
        make(path, arguments.rows)
    cells = arguments.rows * FEATURES
    print(f"{arguments.rows} x {FEATURES}, {path.stat().st_size / 1e9:.2f} GB of CSV, {4 * cells / 1e9:.2f} GB as 32-bit floats, "
          f"{cells / 1e9:.2f} GB as bins; {arguments.rounds} rounds of depth 6 on {arguments.threads} threads\n", flush=True)
    print("| --spill | peak memory | read | bin | train | evaluate | total | model's sha256 |\n|---|---|---|---|---|---|---|---|", flush=True)
    runs = {}
    for spill in ["never", "always"]:
        run = runs[spill] = train(path, spill, arguments)
        if run["code"]:
            sys.exit(f"--spill {spill} ended with {run['code']}: {run['error']}")
        seconds = " | ".join(f"{run['seconds'][part]:.1f} s" for part in ["read", "bin", "train", "evaluate", "total"])
        print(f"| {spill} | {run['memory'] * 2**20 / 1e9:.2f} GB | {seconds} | {run['model_sha256'][:16]}... |", flush=True)
    if len({run["model_sha256"] for run in runs.values()}) != 1:
        sys.exit("the models differ")
    if runs["never"]["train"] != runs["always"]["train"]:
        sys.exit("the figures differ")
    peaks = sum(run["memory"] * 2**20 for run in runs.values())
    limit = int(arguments.memory_cap * 1e9) if arguments.memory_cap else int(peaks / 2)
    print(f"\n`prlimit --as={limit}` ({limit / 1e9:.2f} GB of address space):\n")
    for spill in ["never", "always", "auto"]:
        run = train(path, spill, arguments, limit)
        result = f"exit code {run['code']}: `{run['error']}`" if run["code"] else (
            f"done, peak memory {run['memory'] * 2**20 / 1e9:.2f} GB, {run['spilled_bytes'] / 1e9:.2f} GB spilled, "
            f"{'the same model' if run['model_sha256'] == runs['never']['model_sha256'] else 'ANOTHER MODEL'}")
        print(f"- `--spill {spill}`: {result}", flush=True)
    if not arguments.keep:
        path.unlink()


if __name__ == "__main__":
    main()
