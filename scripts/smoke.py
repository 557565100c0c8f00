"""Runs headlock for real and checks what it wrote, with eyes of its own: nothing here comes from headlock's readers.

    python3 scripts/smoke.py target/debug/headlock

One block of every strategy under synthetic loads, and one over a whole recorded trace. Checks the files and columns that
other tools rely on, and the lock acquisitions of the trace, which are exact. Says nothing about speed.
exit status: 0 all is well, 1 something is not
"""

import argparse
import base64
import csv
import json
import math
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

TRACE = Path(__file__).resolve().parent.parent / "traces" / "boot.csv.zst"

# What the files hold by contract, in this order; later columns may follow.
COLUMNS = {
    "trials.csv": "workload strategy threads block pass ops elapsed_ns ns_per_op ops_per_s floor_ns cpu_ns "
    "lock_acquisitions lock_contended lock_wait_ns retries retired peak_unreclaimed steal_ns ctx_switches disturbed",
    "latency.csv": "workload strategy threads op kind count min_ns mean_ns p50_ns p90_ns p99_ns p999_ns p9999_ns max_ns "
    "clock_ns",
    "ratios.csv": "workload threads metric strategy baseline ratio ci_low ci_high blocks verdict",
}
PERCENTILES = ["min_ns", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "p9999_ns", "max_ns"]

# traces/boot.csv.zst in strict order: what one pass over it comes to, by whoever counts.
ROWS, FIRED = 36_776, 798
# Under rwlock, each of the 610 runs that find a timer due takes the lock to see that and again to fire.
LOCKS = {"rwlock": 37_574 + 610, "mutex": 37_574, "mutex-inline": 37_574, "mutex-std": 37_574, "mutex-peek": 14_276, "floor": 0}
# Every other strategy reads without the lock, so that only changes and runs that find a timer due take it.
LOCKS_OF_CHANGES = 9_606


class Wrong(Exception):
    """What was found, where."""


def require(condition, problem):
    if not condition:
        raise Wrong(problem)


def table(directory, name):
    """The rows of a CSV file, as dicts, each as wide as the header, which begins with the fixed columns."""
    fixed = COLUMNS[name].split()
    with open(directory / name, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    require(header[: len(fixed)] == fixed, f"{name}: its header is {header}, which does not begin with {fixed}")
    for line, row in enumerate(rows, 2):
        require(len(row) == len(header), f"{name}:{line}: {len(row)} columns under a header of {len(header)}")
    require(rows, f"{name}: no rows")
    return [dict(zip(header, row)) for row in rows]


def check_trials(directory, strategies):
    trials = table(directory, "trials.csv")
    expected = {*strategies, "floor", "aa-control"}
    found = {trial["strategy"] for trial in trials}
    require(found == expected, f"trials.csv: strategies {sorted(found)} where {sorted(expected)} were to play")
    for trial in trials:
        where = f"trials.csv: {trial}"
        require(trial["pass"] in ("throughput", "latency"), where)
        require(trial["disturbed"] in ("true", "false"), where)
        # A busy machine may leave a thread no time at all in so short a trial, which then must be marked.
        require(int(trial["ops"]) > 0 or trial["disturbed"] == "true", where)
        require(int(trial["elapsed_ns"]) > 0, where)
        require(float(trial["ns_per_op"]) >= 0 and float(trial["ops_per_s"]) >= 0, where)
        require(int(trial["lock_contended"]) <= int(trial["lock_acquisitions"]), where)
        require((trial["floor_ns"] == "") == (trial["strategy"] == "floor"), where)
    # A disturbed trial is played once more at the end of its block, and both are kept.
    rows_of = {}
    for trial in trials:
        key = (trial["workload"], trial["threads"], trial["strategy"], trial["pass"])
        rows_of.setdefault(key, []).append(trial["disturbed"] == "true")
    for key, disturbed in rows_of.items():
        require(len(disturbed) <= 2 and all(disturbed[:-1]), f"trials.csv: {key} is there again without having been disturbed")
    return trials


def check_latency(directory):
    rows = table(directory, "latency.csv")
    for row in rows:
        values = [int(row[name]) for name in PERCENTILES]
        require(values == sorted(values), f"latency.csv: percentiles that fall: {row}")
        require(row["kind"] in ("service", "response"), f"latency.csv: {row}")
        require(int(row["count"]) > 0 and float(row["clock_ns"]) > 0, f"latency.csv: {row}")
    return rows


def check_hlog(directory, latency):
    lines = (directory / "latency.hlog").read_text(encoding="utf-8").splitlines()
    require(lines[0].startswith("#[Histogram log format version"), f"latency.hlog:1: {lines[0]}")
    histograms = [line for line in lines if line.startswith("Tag=")]
    for line in histograms:
        tag, _start, _length, _max, encoded = line.split(",")
        parts = tag.removeprefix("Tag=").split("/")
        require(len(parts) >= 5, f"latency.hlog: tag {tag} is not workload/strategy/threads/op/kind")
        # A compressed V2 histogram: a cookie, the length of what follows, and that, deflated.
        content = base64.b64decode(encoded, validate=True)
        require(content[:3] == b"\x1c\x84\x93", f"latency.hlog: {tag} is no compressed V2 histogram")
        zlib.decompress(content[8:])
    require(len(histograms) == len(latency), f"latency.hlog: {len(histograms)} histograms for {len(latency)} latency.csv rows")


def check_ratios(directory):
    rows = table(directory, "ratios.csv")
    for row in rows:
        low, ratio, high = (float(row[name]) for name in ("ci_low", "ratio", "ci_high"))
        require(math.isfinite(ratio) and 0 <= low <= ratio <= high, f"ratios.csv: {row}")
        require(row["verdict"] in ("faster", "slower", "same", "unclear", "too few blocks"), f"ratios.csv: {row}")
    require(any(row["strategy"] == "aa-control" for row in rows), "ratios.csv: no A/A control")


def check_run(directory):
    run = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    require(run["schema_version"] == 2 and run["state"] == "complete", f"run.json: {run['state']}")
    for key in ("parameters", "host", "warnings", "command", "headlock_version"):
        require(key in run, f"run.json: {key} is missing")


def check_directory(directory, strategies):
    """Every file; answers with the trials."""
    check_run(directory)
    check_ratios(directory)
    check_hlog(directory, check_latency(directory))
    return check_trials(directory, strategies)


def check_boot(trials):
    for trial in trials:
        passes, rest = divmod(int(trial["ops"]), ROWS)
        require(passes >= 1 and rest == 0, f"boot: {trial['ops']} operations are no whole passes of {ROWS} rows")
        played_as = trial["strategy"].replace("aa-control", "mutex")
        locks = LOCKS.get(played_as, LOCKS_OF_CHANGES) * passes
        found = int(trial["lock_acquisitions"])
        require(found == locks, f"boot under {trial['strategy']}: {found} lock acquisitions, {locks} expected")
        fired = 0 if played_as == "floor" else FIRED * passes
        require(int(trial["fired"]) == fired, f"boot under {trial['strategy']}: {trial['fired']} fired, {fired} expected")


def headlock(program, *words):
    """Runs a command and answers with the one JSON document that it must put on standard output."""
    # Unbound threads, so that what else the machine does hardly ever disturbs a trial: this checks files, not figures.
    words = [*words, "--blocks", "1", "--trial", "10ms", "--pin", "none", "--json"]
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"headlock {' '.join(words)}: exit status {done.returncode}: {done.stderr.strip()}")
    require(done.stderr == "", f"headlock {' '.join(words)}: said on standard error: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", metavar="HEADLOCK", help="the program to run")
    program = str(Path(parser.parse_args().program).resolve())
    listed = subprocess.run([program, "list", "--json"], capture_output=True, text=True, check=True).stdout
    strategies = [strategy["name"] for strategy in json.loads(listed)["strategies"]]
    with tempfile.TemporaryDirectory() as scratch:
        for name, words in {
            "run": ["run", "--workload", "hot,churn", "--threads", "1,2"],
            "replay": ["replay", str(TRACE)],
        }.items():
            directory = Path(scratch) / name
            headlock(program, *words, "--strategies", "all", "--out", str(directory))
            trials = check_directory(directory, strategies)
            if name == "replay":
                check_boot(trials)
            print(f"smoke: {name}: {len(trials)} trials of {len(strategies)} strategies, files as they should be")


if __name__ == "__main__":
    try:
        main()
    except (Wrong, OSError, ValueError, KeyError) as problem:
        print(f"smoke: error: {problem!r}" if isinstance(problem, KeyError) else f"smoke: error: {problem}", file=sys.stderr)
        sys.exit(1)
