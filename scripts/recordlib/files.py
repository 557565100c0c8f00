"""A trace's four files."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

from .errors import RecordError

COLUMNS = "time_ns,thread,list,op,timer,expire_ns"


def names(out):
    """The files that a trace called `out` has, its own first."""
    stem = out
    for suffix in (".zst", ".csv"):
        stem = stem.removesuffix(suffix)
    return [Path(out), *(Path(f"{stem}.{part}.csv") for part in ("init", "lists", "threads"))]


def check(out):
    """Refuses an output that could not be written, before anything is recorded."""
    if not out.endswith((".csv", ".csv.zst")):
        raise RecordError(f"-o {out}: a trace's name ends with .csv or .csv.zst")
    if out.endswith(".zst") and not shutil.which("zstd"):
        raise RecordError(f"-o {out}: the program zstd is not installed; a name that ends with .csv does without")
    for path in names(out):
        if path.exists():
            raise RecordError(f"{path}: is there already and is not overwritten")
    if not names(out)[0].parent.is_dir():
        raise RecordError(f"-o {out}: there is no directory {names(out)[0].parent}")


def table(header, rows):
    """Rows under a header, as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()


def write(recording, out):
    """Writes them all."""
    trace, init, lists, threads = names(out)
    content = table(COLUMNS, recording.rows)
    try:
        if out.endswith(".zst"):
            subprocess.run(["zstd", "-q", "-19", "-o", trace], input=content.encode(), check=True)
        else:
            trace.write_text(content, encoding="utf-8")
        init.write_text(table("list,timer,expire_ns", recording.init), encoding="utf-8")
        lists.write_text(table("list,clock,owner", recording.lists), encoding="utf-8")
        threads.write_text(table("thread,name", recording.threads), encoding="utf-8")
    except (OSError, subprocess.CalledProcessError) as error:
        raise RecordError(f"{out}: cannot be written: {error}") from error
