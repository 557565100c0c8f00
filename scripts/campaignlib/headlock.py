"""One run of headlock: plays it, keeps the small files that its verdict follows from, and answers its rows."""

import json
import math
import os
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from statistics import fmean, median

from . import pairs
from .errors import Failed
from .pairs import table

# What is kept of a run beside its block ratios: the verdicts with all that they follow from, and the parameters with the host.
KEPT = ("run.json", "ratios.csv")
# What stands for the root of the repository in a flag.
ROOT = "@/"
# Where the file of a run under way lies.
UNDER_WAY = "under-way"


def command(run, budget, up="."):
    """The words after the program's name; `up` leads to the root of the repository. The directory is named without a path, since run.json
    keeps the command."""
    flags = [f"{up}/{flag.removeprefix(ROOT)}" if flag.startswith(ROOT) else flag for flag in run.variant.flags]
    return [run.variant.command, *flags, "--budget", f"{budget}s", "--seed", str(run.seed), "--quiet", "--out", UNDER_WAY]


def play(run, budget, out, program, root, campaign):
    """Plays `run` and answers its rows of the summary."""
    words = command(run, budget, os.path.relpath(root, out))
    refuse_other_command(out, run, words)
    under_way = out / UNDER_WAY
    shutil.rmtree(under_way, ignore_errors=True)
    with beside(run.variant.busy, budget, under_way / "trials.csv") as marks:
        try:
            done = subprocess.run(
                [program.name, *words], executable=program, cwd=out, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise Failed(f"{program} does not exist: cargo build --release, or name another with --program") from error
    if done.returncode != 0:
        raise Failed(f"run {run.number}: headlock ended with status {done.returncode}: {' '.join(done.stderr.split())}")
    found = rows(under_way, run, marks, campaign)
    kept = out / f"{run.number:02}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    baseline = json.loads((under_way / "run.json").read_text())["parameters"]["baseline"]
    pairs.write(kept / pairs.NAME, pairs.of_run(under_way, baseline))
    for name in KEPT:
        shutil.move(under_way / name, kept / name)
    shutil.rmtree(under_way)
    return found


def refuse_other_command(out, run, words):
    """Runs of one summary differ in their number and variant alone, so that nobody mixes budgets."""
    for path in sorted(out.glob("[0-9]*/run.json")):
        budget = words[words.index("--budget") + 1]
        before = json.loads(path.read_text())["command"]
        if before[before.index("--budget") + 1] != budget:
            raise Failed(f"{path} was measured with another --budget than {budget}; give another --out")


def rows(directory, run, marks, campaign):
    """A row for each strategy that has a ratio: what ratios.csv says, and how many of its deciding trials were disturbed."""
    trials = table(directory / "trials.csv")
    beside_busy = trials[slice(*marks)] if len(marks) == 2 else []
    machine = probed(directory / "blocks.csv")
    found = []
    for ratio in table(directory / "ratios.csv"):
        answers = (ratio["metric"], ratio["op"]) == (campaign.metric, campaign.op) and ratio["ci_low"]
        if not answers or (ratio["state"] != "all" and not campaign.by_state):
            continue
        row = {
            "run": run.number,
            "variant": run.variant.name,
            "seed": run.seed,
            "strategy": ratio["strategy"],
            "threads": int(ratio["threads"]),
            "state": ratio["state"],
            "verdict": ratio["verdict"],
            "ratio": float(ratio["ratio"]),
            "ci_low": float(ratio["ci_low"]),
            "ci_high": float(ratio["ci_high"]),
            "half_width": half_width(ratio),
            "blocks": int(ratio["blocks"]),
            **machine.get((ratio["workload"], ratio["threads"]), {}),
        }
        where = campaign.played_in, ratio["strategy"]
        row["trials"], row["disturbed"] = counted(trials, *where)
        row["busy_trials"], row["busy_disturbed"] = counted(beside_busy, *where)
        found.append(row)
    if not found:
        raise Failed(f"run {run.number}: no block was without disturbance, so it has no ratio; the machine is not idle")
    return found


def probed(path):
    """What the blocks of each point read of the machine, as src/stats/machines.rs takes it."""
    points = defaultdict(list)
    for block in table(path) if path.exists() else []:
        if block["hop_ns"]:
            points[block["workload"], block["threads"]].append((float(block["addition_ns"]), float(block["hop_ns"])))
    return {
        point: {"cycle_ns": fmean(cycle for cycle, _ in blocks), "line_ns": median(line for _, line in blocks)}
        for point, blocks in points.items()
    }


def half_width(ratio):
    """Half of an interval, as a fraction: down to 1/1.02 is as far as up to 1.02. Infinite where too few blocks bound nothing."""
    low, high = float(ratio["ci_low"]), float(ratio["ci_high"])
    return round(math.sqrt(high / low) - 1, 12) if low > 0 and high < math.inf else math.inf


def counted(trials, played_in, strategy):
    """A strategy's trials of the pass that answers, and how many of them are disturbed."""
    own = [trial for trial in trials if (trial["strategy"], trial["pass"]) == (strategy, played_in)]
    return len(own), sum(trial["disturbed"] == "true" for trial in own)


@contextmanager
def beside(busy, budget, trials):
    """Binds a busy process to the first processor for the middle third of what happens inside, if there is to be one.

    Yields a list that then holds two numbers of trials: those finished when it began, and when it ended.
    """
    marks = []
    if not busy:
        yield marks
        return
    cpu = min(os.sched_getaffinity(0))
    ended = threading.Event()

    def occupy():
        if ended.wait(budget / 3):
            return
        spin = f"import os\nos.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"
        with subprocess.Popen([sys.executable, "-c", spin]) as process:
            marks.append(finished(trials))
            ended.wait(budget / 3)
            marks.append(finished(trials))
            process.kill()

    thread = threading.Thread(target=occupy)
    thread.start()
    try:
        yield marks
    finally:
        ended.set()
        thread.join()


def finished(trials):
    """Rows of trials.csv so far."""
    with open(trials, encoding="utf-8") as file:
        return sum(1 for _ in file) - 1
