"""Time of binning and training against rows, features, depth, bins and threads.

    python3 benches/scaling.py [--passes N] [--plot]

Each axis is swept around 1M x 28, depth 6, 256 bins, 2 threads, 20 rounds, with `benches/scale.rs`. A pass visits every point once, so that a slow
spell of the machine meets all points alike; a point's time is the median of the passes. Writes every run to benches/scaling.csv and the
plot to benches/scaling.svg, and prints by what power the time grows. `--plot` draws what the CSV file holds, without running anything.
Needs nothing but Python and 4 GB of memory; on a quiet machine a pass takes about a minute.
"""
import argparse
import csv
import json
import math
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUNS = HERE / "scaling.csv"
PLOT = HERE / "scaling.svg"
ROUNDS = 20
BASE = {"rows": 1_000_000, "features": 28, "depth": 6, "bins": 256, "threads": 2}
AXES = {
    "rows": [10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000, 3_000_000, 10_000_000],
    "features": [7, 14, 28, 56, 112],
    "depth": [2, 4, 6, 8, 10, 12],
    "bins": [16, 32, 64, 128, 256, 512, 1024],
    "threads": [2**power for power in range(10) if 2**power <= max(2, len(os.sched_getaffinity(0)))],
}
# From so many rows on the growth with rows is judged.
LARGE = 100_000
PARTS = {"train": "training", "bin": "binning"}


def executable():
    """Builds benches/scale.rs; its name has a hash in it, which cargo tells."""
    command = ["cargo", "bench", "--bench", "scale", "--no-run", "--message-format=json"]
    output = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = map(json.loads, output.splitlines())
    return [m["executable"] for m in messages if m.get("target", {}).get("name") == "scale" and m.get("executable")][-1]


def measure(program, point):
    """One training: its seconds and its model."""
    words = [point["rows"], point["depth"], ROUNDS, "cpu", 1, point["threads"], point["features"], point["bins"]]
    output = subprocess.run([program, *map(str, words)], check=True, capture_output=True, text=True).stdout
    found = re.search(r"bin ([\d.]+) s, train ([\d.]+) s, .* model (\w+)", output)
    return {"bin": float(found[1]), "train": float(found[2]), "model": found[3]}


def sweep(passes):
    """Every point in turn, `passes` times. The model may not depend on the number of threads, nor on anything but the point."""
    program = executable()
    points = [BASE]
    points += [{**BASE, axis: value} for axis, values in AXES.items() for value in values if value != BASE[axis]]
    runs, models = [], {}
    for number in range(passes):
        started = time.perf_counter()
        for point in points:
            run = measure(program, point)
            model = models.setdefault(tuple(value for axis, value in point.items() if axis != "threads"), run["model"])
            assert model == run["model"], f"{point}: another model"
            runs.append({"pass": number + 1, **point, **run})
        print(f"pass {number + 1} of {passes}: {time.perf_counter() - started:.0f} s", flush=True)
    with open(RUNS, "w", newline="") as file:
        writer = csv.DictWriter(file, runs[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(runs)


def curves():
    """Of each axis and part, values and median seconds; and of how many passes."""
    with open(RUNS, newline="") as file:
        runs = [{name: text if name == "model" else float(text) for name, text in run.items()} for run in csv.DictReader(file)]
    found = {}
    for axis in AXES:
        here = [run for run in runs if all(run[other] == BASE[other] for other in BASE if other != axis)]
        values = sorted({run[axis] for run in here})
        for part in PARTS:
            found[axis, part] = [(value, statistics.median(run[part] for run in here if run[axis] == value)) for value in values]
    return found, int(max(run["pass"] for run in runs))


def exponent(curve):
    """The slope of the least squares line through the logarithms."""
    return statistics.linear_regression([math.log(x) for x, _ in curve], [math.log(y) for _, y in curve]).slope


def large(curve):
    """The part of the curve over rows where what every tree costs, whatever the rows, no longer matters much."""
    return [(rows, seconds) for rows, seconds in curve if rows >= LARGE]


def report(found):
    """A Markdown table of the medians, and the powers."""
    for axis in AXES:
        values = [value for value, _ in found[axis, "train"]]
        print(f"\n| {axis} | " + " | ".join(short(value) for value in values) + " | power |")
        print("|---" * (len(values) + 2) + "|")
        for part, name in PARTS.items():
            curve = found[axis, part]
            print(f"| {name}, s | " + " | ".join(f"{seconds:.3g}" for _, seconds in curve) + f" | {exponent(curve):.2f} |")
    rows = found["rows", "train"]
    steps = [f"{short(a[0])} to {short(b[0])}: {exponent([a, b]):.2f}" for a, b in zip(rows, rows[1:])]
    powers = f"{exponent(rows):.2f} of the rows, {exponent(large(rows)):.2f} from {short(LARGE)} rows on"
    print(f"\nTraining time grows with the power {powers}; step by step " + ", ".join(steps))


def short(value):
    """10000 as 10k."""
    for size, letter in [(1_000_000, "M"), (1_000, "k")]:
        if value >= size and value % (size / 1000) == 0 and value != 1024:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


# The plot: one panel an axis.

WIDTH, HEIGHT = 960, 510
PANEL_WIDTH, PANEL_HEIGHT = 300, 230
MARGIN = {"left": 48, "right": 14, "top": 30, "bottom": 38}
# What each axis is called, and whether it and the time have logarithmic scales. Depth has not: twice the depth is not twice the work.
PANELS = {
    "rows": ("rows", True), "features": ("features", True), "depth": ("depth of the trees", False), "bins": ("bins a feature", True),
    "threads": ("threads", True),
}
STYLE = """
  .paper { fill: #ffffff } text { fill: #1f2328; font: 12px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif }
  .title { font-weight: 600; font-size: 13px } .tick, .note { fill: #59636e; font-size: 11px } .grid { stroke: #d1d9e0; stroke-width: 1 }
  .linear { stroke: #8b949e; stroke-width: 1.5; stroke-dasharray: 5 4; fill: none }
  .train { stroke: #0969da; fill: #0969da } .bin { stroke: #bc4c00; fill: #bc4c00 } polyline { fill: none !important; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #f0f6fc } .tick, .note { fill: #9198a1 } .grid { stroke: #30363d } .linear { stroke: #768390 }
    .train { stroke: #58a6ff; fill: #58a6ff } .bin { stroke: #f0883e; fill: #f0883e }
  }
"""


class Scale:
    """From numbers to pixels."""

    def __init__(self, low, high, begin, end, logarithmic):
        self.of = math.log10 if logarithmic else float
        self.low, self.high = self.of(low), self.of(high)
        self.begin, self.end = begin, end

    def __call__(self, value):
        return self.begin + (self.of(value) - self.low) / (self.high - self.low) * (self.end - self.begin)


def ticks(low, high, logarithmic):
    """Round numbers from low to high: powers of ten and, where these are few, their doubles and fivefolds; or even steps."""
    if not logarithmic:
        step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if high / step <= 5)
        return [step * count for count in range(int(high / step) + 1)]
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ([1], [1, 3], [1, 2, 5]):
        found = [factor * 10.0**power for power in powers for factor in factors if low <= factor * 10.0**power <= high]
        if len(found) >= 3:
            break
    return found


def panel(axis, found, left, top):
    """One axis: both curves, and the line of training time in proportion to the axis through the base."""
    title, logarithmic = PANELS[axis]
    values = [value for value, _ in found[axis, "train"]]
    seconds = [time for part in PARTS for _, time in found[axis, part]]
    base = dict(found[axis, "train"])[BASE[axis]]
    # More threads are to take less time.
    direction = -1 if axis == "threads" else 1
    linear = [(value, base * (value / BASE[axis]) ** direction) for value in values]
    low, high = (min(seconds) / 1.3, max(seconds) * 1.3) if logarithmic else (0, max(seconds) * 1.1)
    x_right, y_bottom = left + PANEL_WIDTH - MARGIN["right"], top + PANEL_HEIGHT - MARGIN["bottom"]
    x = Scale(values[0], values[-1], left + MARGIN["left"], x_right, logarithmic)
    y = Scale(low, high, y_bottom, top + MARGIN["top"], logarithmic)
    parts = [f'<text class="title" x="{left + MARGIN["left"]}" y="{top + 16}">{title}</text>']
    for tick in ticks(low, high, logarithmic):
        parts.append(f'<line class="grid" x1="{x.begin:.1f}" x2="{x.end:.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="tick" text-anchor="end" x="{x.begin - 6:.1f}" y="{y(tick) + 4:.1f}">{tick:g} s</text>')
    # Rows are named at every power of ten, all else at every point.
    for value in [value for value in values if axis != "rows" or math.log10(value) % 1 == 0]:
        parts.append(f'<text class="tick" text-anchor="middle" x="{x(value):.1f}" y="{y.begin + 18:.1f}">{short(value)}</text>')
    clip = f"{axis}-area"
    area = f'x="{x.begin:.1f}" y="{y.end:.1f}" width="{x.end - x.begin:.1f}" height="{y.begin - y.end:.1f}"'
    parts.append(f'<clipPath id="{clip}"><rect {area}/></clipPath>')
    line = " ".join(f"{x(value):.1f},{y(time):.1f}" for value, time in linear)
    parts.append(f'<polyline class="linear" clip-path="url(#{clip})" points="{line}"/>')
    for part, name in PARTS.items():
        curve = found[axis, part]
        points = " ".join(f"{x(value):.1f},{y(time):.1f}" for value, time in curve)
        parts.append(f'<g class="{part}"><polyline points="{points}"/>')
        for value, time in curve:
            parts.append(f'<circle cx="{x(value):.1f}" cy="{y(time):.1f}" r="3"><title>{name}, {title} {short(value)}: {time:.3g} s</title></circle>')
        parts.append("</g>")
    return parts


def legend(left, top, notes):
    """What the lines are, and what was measured."""
    lines = [("train", f"training, {ROUNDS} rounds"), ("bin", "binning"), ("linear", "training in proportion to the axis")]
    parts = []
    for index, (line, name) in enumerate(lines):
        y = top + 46 + 24 * index
        parts.append(f'<line class="{line}" stroke-width="2" x1="{left + 48}" x2="{left + 76}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{left + 84}" y="{y + 4}">{name}</text>')
    parts += [f'<text class="note" x="{left + 48}" y="{top + 132 + 17 * index}">{note}</text>' for index, note in enumerate(notes)]
    return parts


def plot(found, notes):
    """The whole picture."""
    places = [(10 + 315 * column, 14 + 248 * row) for row in range(2) for column in range(3)]
    parts = [part for axis, place in zip(AXES, places) for part in panel(axis, found, *place)] + legend(*places[-1], notes)
    alt = "Seconds of training and binning against rows, features, depth, bins and threads"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{alt}">'
    paper = f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    PLOT.write_text("\n".join([head, f"<style>{STYLE}</style>", paper, *parts, "</svg>", ""]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--plot", action="store_true", help="only draw the runs of benches/scaling.csv")
    arguments = parser.parse_args()
    if not arguments.plot:
        sweep(arguments.passes)
    found, passes = curves()
    report(found)
    base = f"{short(BASE['rows'])} x {BASE['features']}, depth {BASE['depth']}, {BASE['bins']} bins, {BASE['threads']} threads"
    power = f"training grows with rows to the power {exponent(large(found['rows', 'train'])):.2f}"
    times = f"medians of {passes} passes" if passes > 1 else "a single pass"
    steps = [f"from {short(LARGE)} rows on; above 2^21 rows", "sums take 64 bits instead of 32"]
    plot(found, [f"around {base}", f"{times}, Higgs-like rows", power, *steps])


if __name__ == "__main__":
    main()
