"""Writes fixture/, the made-up result directory that the tests of scripts/plot draw.

Nothing in it was measured: every figure follows from the table below and a seeded generator. It is committed; run this
again only to change it, with the Python that has the hdrhistogram package:

    scripts/.venv/bin/python tests/plot/make_fixture.py
"""

import csv
import json
import random
import sys
from pathlib import Path

from hdrh.histogram import HdrHistogram

NOTICE = "made-up fixture for the plot script, not a measurement"

# name -> (ns an operation at 1 thread, its growth a further thread; an operation: locks, contended share, retired)
STRATEGIES = {
    "mutex": (22.0, 1.6, 1.0, 0.35, 0.0),
    "mutex-peek": (19.0, 1.3, 0.62, 0.27, 0.0),
    "rcu-epoch": (9.5, 0.12, 0.1, 0.02, 0.1),
    "seqlock": (4.1, 0.2, 0.1, 0.015, 0.0),
    "atomic-deadline": (2.3, 0.05, 0.1, 0.012, 0.0),
    # A plug-in's name, which the table of colours does not know.
    "my-list": (14.0, 0.5, 0.3, 0.1, 0.02),
    "floor": (0.6, 0.0, 0.0, 0.0, 0.0),
}
# name -> ns of other work an operation
WORKLOADS = {"hot": 0.0, "paced": 30.0}
THREADS = (1, 2)
BLOCKS = 6
TRIAL_NS = 100_000_000
CLOCK_NS = 17.5

TRIAL_COLUMNS = (
    "workload,strategy,threads,block,pass,ops,elapsed_ns,ns_per_op,ops_per_s,floor_ns,cpu_ns,lock_acquisitions,"
    "lock_contended,lock_wait_ns,retries,retired,peak_unreclaimed,steal_ns,ctx_switches,disturbed,disturbance,"
    "active_start,active_end,fired,rearms,overlap"
).split(",")
LATENCY_COLUMNS = (
    "workload,strategy,threads,op,kind,count,min_ns,mean_ns,p50_ns,p90_ns,p99_ns,p999_ns,p9999_ns,max_ns,clock_ns"
).split(",")
RATIO_COLUMNS = "workload,threads,metric,strategy,baseline,ratio,ci_low,ci_high,blocks,verdict,state,op".split(",")


def ns_per_op(strategy, workload, threads):
    base, growth, *_ = STRATEGIES[strategy]
    return base * (1 + growth * (threads - 1)) + WORKLOADS[workload]


def trials(rng):
    for block in range(BLOCKS):
        for phase in ("throughput", "latency"):
            for workload in WORKLOADS:
                for threads in THREADS:
                    for strategy in STRATEGIES:
                        yield trial(rng, workload, strategy, threads, block, phase)


def trial(rng, workload, strategy, threads, block, phase):
    _, _, locks, contended, retired = STRATEGIES[strategy]
    cost = ns_per_op(strategy, workload, threads) * rng.lognormvariate(0, 0.06)
    cost += CLOCK_NS if phase == "latency" else 0
    # One disturbed trial, which the plots must leave out: it is three times as slow.
    disturbed = (block, phase, strategy, threads) == (2, "throughput", "mutex", 2)
    cost *= 3 if disturbed else 1
    ops = int(TRIAL_NS * threads / cost)
    taken = int(ops * locks)
    return {
        "workload": workload,
        "strategy": strategy,
        "threads": threads,
        "block": block,
        "pass": phase,
        "ops": ops,
        "elapsed_ns": TRIAL_NS,
        "ns_per_op": round(cost, 3),
        "ops_per_s": round(ops / TRIAL_NS * 1e9, 1),
        "floor_ns": round(ns_per_op("floor", workload, threads), 3),
        "cpu_ns": TRIAL_NS * threads - 100_000,
        "lock_acquisitions": taken,
        "lock_contended": int(taken * contended * (threads - 1)),
        "lock_wait_ns": int(taken * contended * (threads - 1)) * 150,
        "retries": 0,
        "retired": int(ops * retired),
        "peak_unreclaimed": int(rng.uniform(200, 260) * 20 * retired * threads),
        "steal_ns": 0,
        "ctx_switches": 9 if disturbed else 0,
        "disturbed": str(disturbed).lower(),
        "disturbance": "context switches" if disturbed else "",
        "active_start": 1000,
        "active_end": 1000,
        "fired": ops // 50,
        "rearms": ops // 90,
        "overlap": 0.998,
    }


def histogram(rng, workload, strategy, threads, op):
    """A body around the operation's cost and a long tail that all strategies share, as on a real machine."""
    shape = HdrHistogram(1, 60_000_000_000, 2)
    cost = CLOCK_NS + ns_per_op(strategy, workload, threads) * (1.0 if op == "deadline" else 2.5)
    for _ in range(20_000):
        value = cost * rng.lognormvariate(0, 0.12)
        if rng.random() < 0.004:
            value += cost * rng.expovariate(0.12)
        if rng.random() < 0.0004:
            value += rng.lognormvariate(8, 1.0)
        shape.record_value(int(value))
    return shape


def waits(rng, threads):
    """How long retired nodes waited: tens of microseconds, now and then a scheduler's time slice."""
    shape = HdrHistogram(1, 60_000_000_000, 2)
    for _ in range(2_000):
        shape.record_value(int(30_000 * threads * rng.lognormvariate(0, 0.8) + (rng.random() < 0.002) * 4_000_000))
    return shape


def latencies(rng):
    for workload in WORKLOADS:
        for threads in THREADS:
            for strategy in STRATEGIES:
                for op in ("deadline", "modify"):
                    yield workload, strategy, threads, op, histogram(rng, workload, strategy, threads, op)
    # From a generator of their own, so that what was there before them stays as it was.
    rng = random.Random(11)
    for workload in WORKLOADS:
        for threads in THREADS:
            yield workload, "rcu-epoch", threads, "reclaim", waits(rng, threads)


def latency_row(workload, strategy, threads, op, shape):
    quantiles = [shape.get_value_at_percentile(p) for p in (50, 90, 99, 99.9, 99.99)]
    numbers = [shape.get_total_count(), shape.get_min_value(), round(shape.get_mean_value(), 2), *quantiles]
    return [workload, strategy, threads, op, "service", *numbers, shape.get_max_value(), CLOCK_NS]


def ratios():
    for workload in WORKLOADS:
        for threads in THREADS:
            base = ns_per_op("mutex", workload, threads)
            yield [workload, threads, "ns_per_op", "aa-control", "mutex", 1.003, 0.988, 1.021, BLOCKS, "same", "all", "all"]
            for strategy in STRATEGIES:
                if strategy not in ("mutex", "floor"):
                    ratio = ns_per_op(strategy, workload, threads) / base
                    low, high = (round(ratio * factor, 4) for factor in (0.94, 1.07))
                    verdict = "faster" if high < 0.95 else "slower" if low > 1.05 else "unclear"
                    yield [
                        workload,
                        threads,
                        "ns_per_op",
                        strategy,
                        "mutex",
                        round(ratio, 4),
                        low,
                        high,
                        BLOCKS,
                        verdict,
                        "all",
                        "all",
                    ]


def write_csv(path, columns, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def main(out):
    rng = random.Random(7)
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(f"# {NOTICE[0].upper()}{NOTICE[1:]}\n\nWritten by `../make_fixture.py`.\n")
    (out / "run.json").write_text(json.dumps({"schema_version": 2, "notice": NOTICE}, indent=2) + "\n")
    write_csv(out / "trials.csv", TRIAL_COLUMNS, ([row[c] for c in TRIAL_COLUMNS] for row in trials(rng)))
    write_csv(out / "ratios.csv", RATIO_COLUMNS, ratios())
    rows = []
    with (out / "latency.hlog").open("w") as log:
        log.write(f"#[{NOTICE}]\n#[Histogram log format version 1.3]\n")
        for workload, strategy, threads, op, shape in latencies(rng):
            rows.append(latency_row(workload, strategy, threads, op, shape))
            tag = f"{workload}/{strategy}/{threads}/{op}/service"
            log.write(f"Tag={tag},0.000,0.600,{shape.get_max_value()}.000,{shape.encode().decode()}\n")
    write_csv(out / "latency.csv", LATENCY_COLUMNS, rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "fixture")
