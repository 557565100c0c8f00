"""summary.csv, a row per run and strategy, and the README.md that follows from it."""

import csv
import json
import os
import platform
from collections import Counter
from datetime import datetime
from statistics import median

from . import criterion, headlock
from .goals import percent

COLUMNS = {
    "run": int,
    "variant": str,
    "seed": int,
    "strategy": str,
    "threads": int,
    "state": str,
    "verdict": str,
    "ratio": float,
    "ci_low": float,
    "ci_high": float,
    "half_width": float,
    "blocks": int,
    "trials": int,
    "disturbed": int,
    "busy_trials": int,
    "busy_disturbed": int,
    # What the blocks' probes read: a cycle of the cores, mean, and a cache line's way between two threads, median.
    "cycle_ns": float,
    "line_ns": float,
}
NAME = "summary.csv"

BESIDE = "    # beside a busy process on the first CPU in the middle third"
HEADLOCKS_RATIOS = [
    "`summary.csv` has a row per run and strategy. Ratios are strategy over baseline. Written by `scripts/campaign`.",
]
CRITERIONS_RATIOS = [
    "`summary.csv` has a row per run and bench. Ratios are of mean times, a run's over the run's before it. Written by",
    "`scripts/campaign`.",
]


def read(out):
    """The rows so far, with numbers for numbers and None for what a campaign has not."""
    if not (out / NAME).exists():
        return []
    return [
        {name: kind(row[name]) if row.get(name) else None for name, kind in COLUMNS.items()}
        for row in headlock.table(out / NAME)
    ]


def append(out, rows):
    """Adds a run's rows in one write, and answers them as they will be read."""
    new = not (out / NAME).exists()
    with open(out / NAME, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)
    return [{name: row.get(name) for name in COLUMNS} for row in rows]


def write(out, campaign, rows, budget):
    """Writes README.md and answers its table and goals."""
    further = campaign.further(out, rows) if campaign.further else []
    answer = "\n".join([*table(rows), "", *goals(campaign, rows), *further])
    text = [
        f"# {campaign.title[0].upper()}{campaign.title[1:]}",
        "",
        *how(out, campaign, budget),
        "",
        answer,
        "",
        *(CRITERIONS_RATIOS if campaign.by_criterion else HEADLOCKS_RATIOS),
        "",
    ]
    partial = out / "README.md.partial"
    partial.write_text("\n".join(text))
    partial.replace(out / "README.md")
    return answer


def how(out, campaign, budget):
    """How to run it again, when and where it was run."""
    if campaign.by_criterion:
        yield f"{campaign.times} times `cargo bench --bench operations`, with criterion's default settings"
        yield f"(warm-up {criterion.WARM_UP_S} s, measurement {budget} s), each compared with the one before it."
        yield f"On {processor()}, {platform.system()} {platform.release()}."
        return
    if (campaign.metric, campaign.op) != ("ns_per_op", "all"):
        yield f"Ratios of `{campaign.metric}` of `{campaign.op}`."
        yield ""
    yield f"{campaign.times} runs, each with another seed:" if len(campaign.variants) == 1 else (
        f"{campaign.times} runs of each, in turn, each time with another seed:"
    )
    yield ""
    for run in campaign.runs():
        if run.seed == 1:
            words = headlock.command(run, budget)
            yield f"    {campaign.program} {' '.join(words[: words.index('--quiet')])}{BESIDE if run.variant.busy else ''}"
    yield ""
    records = [json.loads(path.read_text()) for path in sorted(out.glob("[0-9]*/run.json"))]
    host = records[0]["host"]
    started = sorted(record["started"] for record in records)
    days = dict.fromkeys(moment[:10] for moment in (started[0], started[-1]))
    first, last = (datetime.fromisoformat(moment[:19]) for moment in (started[0], started[-1]))
    minutes = round((last - first).total_seconds() / 60)
    yield f"Measured on {' and '.join(days)}, the last run {minutes} minutes after the first, with headlock"
    yield f"{records[0]['headlock_version']} on"
    yield f"{host['cpu_model']} ({host['logical_cpus']} logical CPUs, hypervisor: {host['hypervisor'] or 'unknown'}), Linux"
    yield f"{host['kernel']}, {host['rustc']}."
    if warnings := records[0]["warnings"]:
        yield ""
        yield "What `headlock doctor` said before the first run:"
        yield ""
        yield from (f"- {warning}" for warning in warnings)


def processor():
    """The processor's model, as far as this system tells it."""
    if not os.path.exists("/proc/cpuinfo"):
        return platform.processor()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()} ({os.cpu_count()} logical CPUs)"


def subject(row):
    return row["variant"], row["strategy"], row["state"]


def table(rows):
    """A row per variant and strategy, as Markdown."""
    yield "| variant | strategy | state | runs | verdicts | median ratio | lowest to highest | median half-width | disturbed trials |"
    yield "|---|---|---|---:|---|---:|---|---:|---:|"
    for key in dict.fromkeys(map(subject, rows)):
        own = [row for row in rows if subject(row) == key]
        verdicts = Counter(row["verdict"] for row in own)
        said = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
        ratios = [row["ratio"] for row in own]
        widths = [row["half_width"] for row in own if row["half_width"] is not None]
        trials = sum(row["trials"] or 0 for row in own)
        cells = [
            *key,
            str(len(own)),
            said,
            f"{median(ratios):.4f}",
            f"{min(ratios):.4f} .. {max(ratios):.4f}",
            percent(median(widths)) if widths else "",
            percent(sum(row["disturbed"] for row in own) / trials) if trials else "",
        ]
        yield f"| {' | '.join(cells)} |"


def goals(campaign, rows):
    """What was to come of it, and what has; a campaign that is not complete says so."""
    runs = len({row["run"] for row in rows})
    complete = runs == campaign.total
    if not complete:
        yield f"{runs} of {campaign.total} runs so far."
    for goal in campaign.goals:
        text, reached = goal.judge(rows)
        yield f"- {text}: {('reached' if reached else 'missed') if complete else 'open'}"
