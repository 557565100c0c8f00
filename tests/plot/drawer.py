"""Draws as scripts/plot does, in its environment, again and again: the packages are loaded once, and a fork draws each time.

Reads a line for each drawing, the words of the command line as JSON, and answers with a line: its exit status, its standard output
and its standard error.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import plot
from plotlib import crossover, latency, locks, model, panels, ratios, reclaim, results, throughput  # noqa: F401


def draw(words):
    """Never returns."""
    status = 1
    try:
        status = plot.main(words)
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


for line in sys.stdin:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            draw(json.loads(line))
        _, ended = os.waitpid(child, 0)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    print(json.dumps([os.waitstatus_to_exitcode(ended), *said]), flush=True)
