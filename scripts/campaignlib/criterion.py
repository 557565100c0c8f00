"""One comparison of criterion's benches with their own previous run, and what criterion says of it."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import Failed

# criterion's own default, as is the length of the measurement.
WARM_UP_S = 3
# What criterion says, and the word for it here.
WORDS = {
    "No change in performance detected.": "no change",
    "Change within noise threshold.": "within noise",
    "Performance has improved.": "improved",
    "Performance has regressed.": "regressed",
}
CHANGE = re.compile(r"\s*change: \[\s*(\S+)%\s+(\S+)%\s+(\S+)%\]")

_home = None


def play(run, budget, out, program, root, campaign):
    """Runs the benches, and once more beforehand in each call of the script, so that what is compared lies minutes apart."""
    global _home
    if _home is None:
        _home = tempfile.TemporaryDirectory(prefix="headlock-criterion-")
        bench(run.variant.flags, budget, root)
    said = bench(run.variant.flags, budget, root)
    kept = out / f"{run.number:02}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    (kept / "criterion.txt").write_text(said)
    return rows(said, run)


def bench(ids, budget, root):
    """What criterion prints about these benches."""
    done = subprocess.run(
        ["cargo", "bench", "--quiet", "--bench", "operations", "--"]
        + ["--warm-up-time", str(WARM_UP_S), "--measurement-time", str(budget)]
        + [f"^({'|'.join(ids)})$"],
        cwd=root,
        env={**os.environ, "CRITERION_HOME": str(Path(_home.name))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"cargo bench ended with status {done.returncode}: {' '.join(done.stderr.split())[-500:]}")
    return done.stdout


def rows(said, run):
    """A row for each bench that criterion compared."""
    found, bench_id, change = [], None, None
    for line in said.splitlines():
        starts = [name for name in run.variant.flags if line.startswith(name)]
        if starts:
            bench_id = starts[0]
        elif match := CHANGE.match(line):
            change = [1 + float(text.replace("\u2212", "-")) / 100 for text in match.groups()]
        elif line.strip() in WORDS:
            low, middle, high = change
            found.append(
                {
                    "run": run.number,
                    "variant": run.variant.name,
                    "seed": run.seed,
                    "strategy": bench_id,
                    "threads": 2 if "beside" in bench_id else 1,
                    "state": "all",
                    "verdict": WORDS[line.strip()],
                    "ratio": middle,
                    "ci_low": low,
                    "ci_high": high,
                }
            )
    if [row["strategy"] for row in found] != run.variant.flags:
        raise Failed(f"run {run.number}: criterion compared {len(found)} of {len(run.variant.flags)} benches:\n{said}")
    return found
