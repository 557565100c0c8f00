"""Draws the plots of a headlock result directory; see `--help`. Started by the launcher `scripts/plot`.

Only the standard library is imported at the top: the launcher asks for help and for a check of the command line before
the environment with matplotlib exists.
"""

import argparse
import os
import sys
from pathlib import Path

from plotlib.errors import Broken, Usage, one_line

EPILOG = """\
plots, each as SVG and PNG:
  throughput   operations per second against threads, one panel a workload
  latency      latency by percentile, one panel a workload and thread count
  locks        lock acquisitions per operation, the contended share hatched
  ratios       each strategy against the baseline, with its interval and verdict
  reclaim      peak unreclaimed nodes and how long one waits, if any strategy retired one
of headlock crossover, in place of these:
  crossover       the ratio along what was varied, with the crossings
  crossover-map   the ratio and the verdict over two things varied at once
of scripts/model predict, in place of these:
  model        time per poll and per change against threads, with the band of the model's error

example:
  headlock run --out results/mine
  scripts/plot results/mine
  scripts/plot results/mine --op run --out pictures

It measures nothing. A file that is missing costs its plot and a warning; a file that is broken is an error.
exit status: 0 done, 1 error, 2 usage
"""


class Parser(argparse.ArgumentParser):
    """argparse, with an error of one line."""

    def error(self, message):
        self.exit(2, f"plot: error: {message}; try: scripts/plot --help\n")


def parse(words):
    parser = Parser(
        prog="scripts/plot",
        description="Draw a result directory's plots into DIR/plots.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="a result directory (it holds trials.csv)")
    parser.add_argument("--out", metavar="DIR2", type=Path, help="write the plots here instead")
    parser.add_argument("--op", metavar="OP", help="the operation of the latency plot (default: deadline)")
    parser.add_argument("--check-usage", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(words)


def draw_all(options):
    """Draws everything that the directory has the files for. Loads all of it first, so that a broken file is reported
    before the first picture is written."""
    from plotlib import crossover, latency, locks, model, panels, ratios, reclaim, results, throughput

    found = results.load(options.dir, options.op)
    out = options.out or options.dir / "plots"
    written = 0
    searched = found.crossover_points is not None or found.crossover_map is not None
    measured = (crossover,) if searched else (throughput, latency, locks, ratios, reclaim)
    for plot in measured if found.predicted is None else (model,):
        for name, figure in plot.draw(found):
            for path in panels.save(figure, out, name):
                tell(path)
                written += 1
    for warning in found.warnings:
        print(f"plot: warning: {one_line(warning)}", file=sys.stderr)
    if written == 0:
        raise Broken(f"{options.dir} holds nothing to plot; run headlock until one whole block is done")


def tell(path):
    """Names a written file. Whoever stops reading the list still gets all plots."""
    try:
        print(path, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(words):
    options = parse(words)
    if options.check_usage:
        return 0
    try:
        draw_all(options)
    except Usage as error:
        return failed(error, 2)
    except Broken as error:
        return failed(error, 1)
    except OSError as error:
        return failed(f"{error.filename or options.dir}: {error.strerror}", 1)
    except KeyboardInterrupt:
        return failed("interrupted; the plots listed so far are whole", 130)
    except Exception as error:  # A defect of ours is still told in one line, with the place to look at.
        at = error.__traceback__
        while at.tb_next:
            at = at.tb_next
        where = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
        return failed(f"a defect in scripts/plot at {where}: {type(error).__name__}: {error}; please report it", 1)
    return 0


def failed(message, status):
    print(f"plot: error: {one_line(message)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
