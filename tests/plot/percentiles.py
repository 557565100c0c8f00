"""Reads latency.hlog of a result directory with the `hdrhistogram` package alone, log reader included, and says where it differs
from latency.csv. Run by test_hlog.py in the environment of scripts/plot; prints one line a difference.
"""

import csv
import math
import sys
from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

PERCENTILES = {"p50_ns": 50, "p90_ns": 90, "p99_ns": 99, "p999_ns": 99.9, "p9999_ns": 99.99}


def histograms(path):
    """(tag, histogram) of each line, in the file's order."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, 60_000_000_000, 3))
    while (histogram := reader.get_next_interval_histogram()) is not None:
        yield histogram.get_tag(), histogram
    reader.close()


def value_at_rank(histogram, rank):
    """The highest value that counts as the one of this rank, from 1 on."""
    seen = 0
    for step in histogram.get_recorded_iterator():
        seen += step.count_added_in_this_iter_step
        if seen >= rank:
            return histogram.get_highest_equivalent_value(step.value_iterated_to)
    raise ValueError(f"rank {rank} of {seen}")


def differences(row, tag, histogram):
    """What the row says and the histogram does not."""
    expected = "/".join(row[name] for name in ("workload", "strategy", "threads", "op", "kind"))
    total = histogram.get_total_count()
    found = {
        "tag": (expected, tag),
        "count": (int(row["count"]), total),
        "min_ns": (int(row["min_ns"]), histogram.get_min_value()),
        "max_ns": (int(row["max_ns"]), histogram.get_highest_equivalent_value(histogram.get_max_value())),
    }
    for name, percent in PERCENTILES.items():
        # The smallest value that at least this share of all does not exceed. The package's own percentile rounds the rank to
        # the nearest and not up, so it may be the value of the rank below.
        rank = max(math.ceil(percent / 100 * total - 1e-9), 1)
        value = value_at_rank(histogram, rank)
        found[name] = (int(row[name]), value)
        own = histogram.get_value_at_percentile(percent)
        if own not in (value, value_at_rank(histogram, max(rank - 1, 1))):
            yield f"{tag}: {name}: the package says {own}, its counts say {value}"
    for name, (said, read) in found.items():
        if said != read:
            yield f"{tag}: {name} is {said} in latency.csv and {read} in latency.hlog"
    mean = histogram.get_mean_value()
    if not math.isclose(float(row["mean_ns"]), mean, rel_tol=1e-3):
        yield f"{tag}: mean_ns is {row['mean_ns']} in latency.csv and {mean} in latency.hlog"


def main(directory):
    with open(directory / "latency.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    read = list(histograms(directory / "latency.hlog"))
    if len(rows) != len(read):
        print(f"{len(rows)} rows in latency.csv, {len(read)} histograms in latency.hlog")
    for row, (tag, histogram) in zip(rows, read):
        for difference in differences(row, tag, histogram):
            print(difference)
    print(f"compared {min(len(rows), len(read))}", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
