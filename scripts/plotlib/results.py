"""Gathers what a result directory has, checked. A missing file costs a plot; a broken one is an error."""

import json
from dataclasses import dataclass, field

import polars as pl

from . import hlog, table
from .errors import Broken, Usage, shown

TRIALS = {
    "workload": "text",
    "strategy": "text",
    "threads": "positive",
    "block": "index",
    "pass": "text",
    "ops": "amount",
    "ops_per_s": "amount",
    "lock_acquisitions": "amount",
    "lock_contended": "amount",
    "retired": "amount",
    "peak_unreclaimed": "amount",
    "disturbed": "flag",
}
LATENCY = {
    "workload": "text",
    "strategy": "text",
    "threads": "positive",
    "op": "text",
    "kind": "text",
    "count": "amount",
    "min_ns": "amount",
    "p50_ns": "amount",
    "p90_ns": "amount",
    "p99_ns": "amount",
    "p999_ns": "amount",
    "p9999_ns": "amount",
    "max_ns": "amount",
    "clock_ns": "amount",
}
RATIOS = {
    "workload": "text",
    "threads": "positive",
    "metric": "text",
    "strategy": "text",
    "baseline": "text",
    "ratio": "ratio",
    "ci_low": "ratio",
    "ci_high": "ratio",
    "blocks": "index",
    "verdict": "text",
    "state": "text",
    "op": "text",
}

CROSSOVER = {
    "strategy": "text",
    "vary": "text",
    "crossing": "ratio",
    "ci_low": "ratio",
    "ci_high": "ratio",
    "verdict": "text",
}
CROSSOVER_POINTS = {
    "strategy": "text",
    "baseline": "text",
    "vary": "text",
    "value": "positive amount",
    "workload": "text",
    "ratio": "ratio",
    "ci_low": "ratio",
    "ci_high": "ratio",
    "verdict": "text",
}
CROSSOVER_MAP = {
    "strategy": "text",
    "baseline": "text",
    "vary_x": "text",
    "x": "positive amount",
    "vary_y": "text",
    "y": "positive amount",
    "ratio": "ratio",
    "verdict": "text",
}
# Of a model, in place of latencies.
PREDICTED = {
    "workload": "text",
    "strategy": "text",
    "threads": "positive",
    "op": "text",
    "ns": "amount",
    "ns_low": "amount",
    "ns_high": "amount",
}


# As in src/record.rs.
SCHEMA_VERSION = 2

ENDED = "a headlock run that ends writes both"


@dataclass
class Results:
    """One result directory. A table is None where its file is missing."""

    trials: pl.DataFrame
    latency: pl.DataFrame | None
    ratios: pl.DataFrame | None
    # (workload, strategy, threads, kind) -> {ns: count} for the operation `op`; empty without latency.hlog.
    histograms: dict
    op: str | None
    warnings: list = field(default_factory=list)
    # What headlock crossover adds.
    crossover: pl.DataFrame | None = None
    crossover_points: pl.DataFrame | None = None
    crossover_map: pl.DataFrame | None = None
    # What a model's directory has instead: its times, its machine, and the greatest error found, as a fraction, if one is known.
    predicted: pl.DataFrame | None = None
    machine: str = ""
    model_error: float | None = None

    def workloads(self):
        """The workloads in the order in which the run met them."""
        return self.trials["workload"].unique(maintain_order=True).to_list()

    def throughput_trials(self):
        """The trials to plot: throughput pass, undisturbed. Both are rules of the measurement, not of a plot."""
        return self.trials.filter((pl.col("pass") == "throughput") & ~pl.col("disturbed"))

    def deciding_trials(self):
        """The undisturbed trials that counts are taken from: a paced point has no throughput pass, and its latency pass
        decides."""
        flat_out = self.trials.filter(pl.col("pass") == "throughput").select("workload", "threads").unique()
        paced = self.trials.join(flat_out, on=["workload", "threads"], how="anti")
        return pl.concat([self.throughput_trials(), paced.filter(~pl.col("disturbed"))])

    def warn(self, message):
        self.warnings.append(message)


def load(directory, op):
    if not directory.exists():
        raise Broken(f"{directory} does not exist; give a result directory, such as headlock run writes")
    if not directory.is_dir():
        raise Broken(f"{directory} is not a directory; give a result directory, such as headlock run writes")
    run = _run(directory / "run.json")
    warnings = []
    trials = _optional(directory / "trials.csv", TRIALS, warnings)
    if trials is None:
        raise Broken(f"{directory} has no trials.csv; give a result directory, such as headlock run writes")
    if trials.is_empty():
        raise Broken(f"{directory / 'trials.csv'} holds no trial; run headlock until one whole block is done")
    if run.get("kind") == "model":
        return _predicted(directory, run, trials, op, warnings)
    latency = _optional(directory / "latency.csv", LATENCY, warnings)
    ratios = _optional(directory / "ratios.csv", RATIOS, warnings)
    if ratios is not None:
        # Of all operations together, in all states of the machine.
        ratios = ratios.filter((pl.col("state") == "all") & (pl.col("op") == "all"))
    path = directory / "latency.hlog"
    log = hlog.Log(path, warnings) if path.exists() else None
    results = Results(trials, latency, ratios, {}, _choose_op(op, log, latency), warnings)
    results.crossover = _optional(directory / "crossover.csv", CROSSOVER, warnings)
    results.crossover_points = _optional(directory / "crossover_points.csv", CROSSOVER_POINTS, warnings)
    results.crossover_map = _optional(directory / "crossover_map.csv", CROSSOVER_MAP, warnings)
    if results.crossover_points is not None or results.crossover_map is not None:
        # A search plays the pass that decides and nothing else: no latency is missing.
        return results
    if log is not None:
        results.histograms = _by_point(log.histograms(results.op))
    elif latency is not None:
        results.warn(f"latency.hlog is missing: latency drawn from the few percentiles of latency.csv; {ENDED}")
    else:
        results.warn(f"latency.hlog and latency.csv are missing: no latency plot; {ENDED}")
    if ratios is None:
        results.warn("ratios.csv is missing: no ratios plot; headlock writes it after the first whole block")
    _tell_disturbed(results)
    return results


def _predicted(directory, run, trials, op, warnings):
    """A model's results. No latency of one operation is played, so nothing else is missing."""
    path = directory / "operations.csv"
    predicted = _optional(path, PREDICTED, warnings)
    if predicted is None:
        raise Broken(f"{directory} has no operations.csv; scripts/model predict --out writes it")
    known = predicted["op"].unique().sort().to_list()
    if op and op not in known:
        raise Usage(f"--op {op}: the model has no time of it; it has {', '.join(known)}")
    found = Results(trials, None, None, {}, op, warnings, predicted=predicted)
    try:
        machine = run["parameters"]["machine"]
        found.machine = str(machine["name"])
        error = machine.get("error")
        found.model_error = None if error is None else float(error["time"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Broken(f"{directory / 'run.json'}: not what scripts/model writes; parameters.machine with a name expected") from None
    return found


def _run(path):
    """The record of the run, empty where there is none. Refuses the files of another headlock, whose columns and tags may mean
    something else."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        version = run.get("schema_version")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise Broken(f"{path}: not what headlock writes ({shown(str(error))})") from None
    if version != SCHEMA_VERSION:
        age, remedy = ("newer", "update headlock") if isinstance(version, int) and version > SCHEMA_VERSION else ("older", "measure again")
        raise Broken(f"{path}: schema_version {version} is {age} than this headlock's {SCHEMA_VERSION}: {remedy}")
    return run


def _optional(path, columns, warnings):
    return table.read(path, columns, warnings) if path.exists() else None


def _choose_op(asked, log, latency):
    """The operation asked for; else deadline, the poll that the strategies differ in; else the most frequent one."""
    ops = log.ops() if log is not None else []
    if latency is not None:
        # The time until a node is reclaimed is no operation's, but may be asked for.
        by_count = latency.filter(pl.col("op") != "reclaim").group_by("op").agg(pl.col("count").sum()).sort("count", "op", descending=[True, False])
        ops = by_count["op"].to_list() + ops
    if asked and ops and asked not in ops:
        raise Usage(f"--op {asked}: no latency was recorded for it; recorded are {', '.join(sorted(set(ops)))}")
    if asked or not ops:
        return asked
    return "deadline" if "deadline" in ops else ops[0]


def _by_point(histograms):
    """Each histogram at its point."""
    placed = {}
    for tag, histogram in histograms.items():
        if histogram:
            placed[tag.workload, tag.strategy, tag.threads, tag.kind] = histogram
    return placed


def _tell_disturbed(results):
    """A point whose trials are all disturbed is missing from the plots, which must not happen in silence."""
    point = ["workload", "strategy", "threads"]
    rows = results.trials.filter(pl.col("pass") == "throughput")
    lost = rows.group_by(point, maintain_order=True).agg(pl.col("disturbed").all()).filter(pl.col("disturbed"))
    if rows.is_empty():
        results.warn("trials.csv has no trial of the throughput pass: no throughput plot, as of any paced load")
    elif not lost.is_empty():
        first = lost.row(0, named=True)
        at = f"{first['strategy']} on {first['workload']} at {first['threads']} threads"
        more = f" and {lost.height - 1} more" if lost.height > 1 else ""
        results.warn(f"trials.csv has only disturbed trials of {at}{more}: left out; run again on a quiet machine")
