"""Runs scripts/plot as a user would, on the made-up fixture, and what it starts on that and on broken copies of it.

    python3 -m unittest discover -s tests/plot

Needs nothing but the standard library; the first run waits until scripts/plot has built its own environment.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLOT = HERE.parent.parent / "scripts" / "plot"
VENV = PLOT.parent / ".venv"
PLOTS = {"throughput", "latency", "locks", "ratios", "reclaim"}
STRATEGIES = {"mutex", "mutex-peek", "rcu-epoch", "seqlock", "atomic-deadline", "my-list"}


def texts(svg):
    """All text of an SVG file, which must parse."""
    return [node.text or "" for node in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]


class Plot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Builds the environment if need be, so that no test below mistakes that for a warning.
        subprocess.run([PLOT, HERE / "none"], capture_output=True, check=False)
        # Loads matplotlib and polars once for all tests of a class.
        cls.drawer = subprocess.Popen(
            [VENV / "bin" / "python", "-B", HERE / "drawer.py"],
            env={**os.environ, "MPLCONFIGDIR": str(VENV / "matplotlib")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(cls.drawer.communicate)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name) / "run"
        shutil.copytree(HERE / "fixture", self.dir, ignore=shutil.ignore_patterns("plots"))
        self.out = self.dir / "plots"

    def run_plot(self, words):
        """Status, standard output and standard error of a run, as the drawer has them."""
        self.drawer.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self.drawer.stdin.flush()
        return subprocess.CompletedProcess(words, *json.loads(self.drawer.stdout.readline()))

    def plot(self, *words, status=0):
        done = self.run_plot(words)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done

    def fails(self, *words, status=1, says):
        """The run fails with one line that says this, and draws nothing."""
        done = self.plot(*words, status=status)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("plot: error: "), done.stderr)
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertFalse(self.out.exists())

    def warns(self, says, lost=()):
        """The run succeeds with one warning that says this, and draws all but the lost plots."""
        done = self.plot(self.dir)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("plot: warning: "), done.stderr)
        self.assertIn(says, done.stderr)
        self.assertEqual({path.stem for path in self.out.iterdir()}, PLOTS - set(lost))

    def edit(self, name, change):
        path = self.dir / name
        path.write_text(change(path.read_text()))

    def edit_cell(self, name, line, column, text):
        def change(content):
            lines = content.splitlines(keepends=True)
            cells = lines[line - 1].split(",")
            cells[lines[0].strip().split(",").index(column)] = text
            lines[line - 1] = ",".join(cells)
            return "".join(lines)

        self.edit(name, change)


class Whole(Plot):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        # Drawn once; most tests below only look at it.
        cls.drawn = Path(scratch.name) / "new" / "plots"
        cls.done = subprocess.run(
            [PLOT, HERE / "fixture", "--out", cls.drawn], capture_output=True, text=True, check=False
        )

    def test_draws_everything_and_names_each_file(self):
        self.assertEqual((self.done.returncode, self.done.stderr), (0, ""))
        written = {Path(line) for line in self.done.stdout.splitlines()}
        self.assertEqual(written, {self.drawn / f"{name}.{kind}" for name in PLOTS for kind in ("svg", "png")})
        self.assertEqual(written, set(self.drawn.iterdir()))
        for path in written:
            if path.suffix == ".png":
                self.assertEqual(path.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_svg_has_axes_units_names_and_verdicts_as_text(self):
        wanted = {
            "throughput": STRATEGIES | {"threads", "operations per second, all threads (log)", "floor"},
            "latency": STRATEGIES
            | {
                "percentile (%)",
                "service time (log)",
                "99.99",
                "floor (machine's own tail)",
                "reading the clock: 17.5 ns",
            },
            "locks": STRATEGIES | {"lock acquisitions per operation", "1 thread", "2 threads"},
            "ratios": STRATEGIES - {"mutex"} | {"ratio to mutex (log)", "faster", "0.432 [0.406, 0.462]"},
            "reclaim": {
                "rcu-epoch",
                "my-list",
                "nodes retired and not yet reclaimed",
                "from retired to reclaimed (log)",
                "30.5 \u00b5s (p99 229 \u00b5s)",
                "not recorded",
            },
        }
        for name, expected in wanted.items():
            with self.subTest(name):
                found = set(texts(self.drawn / f"{name}.svg"))
                self.assertLessEqual(expected | {"hot", "paced"}, found)

    def test_same_input_gives_same_bytes(self):
        self.plot(self.dir)
        for path in self.drawn.iterdir():
            self.assertEqual(path.read_bytes(), (self.out / path.name).read_bytes(), path.name)

    def test_a_strategy_has_one_colour_everywhere(self):
        for name in PLOTS - {"reclaim"}:
            colours = set(re.findall("#[0-9a-f]{6}", (self.drawn / f"{name}.svg").read_text()))
            self.assertLessEqual({"#e69f00", "#0072b2", "#cc79a7", "#d55e00"}, colours, name)

    def test_leaves_disturbed_trials_out(self):
        before = (self.drawn / "throughput.svg").read_text()
        self.edit("trials.csv", lambda text: "".join(x for x in text.splitlines(True) if ",true," not in x))
        self.plot(self.dir)
        self.assertEqual(before, (self.out / "throughput.svg").read_text())

    def test_draws_the_operation_asked_for(self):
        self.plot(self.dir, "--op", "modify")
        self.assertIn("Service time of modify operations, by percentile", texts(self.out / "latency.svg"))

    def test_draws_names_that_are_markup(self):
        self.edit("trials.csv", lambda text: text.replace("my-list", "<b>&$x$"))
        self.plot(self.dir)
        self.assertIn("<b>&$x$", texts(self.out / "locks.svg"))


class OtherVersions(Plot):
    def test_refuses_files_of_another_schema(self):
        for version, says in ((1, "schema_version 1 is older than this headlock's 2"), (3, "schema_version 3 is newer")):
            self.edit("run.json", lambda text: re.sub(r'"schema_version": \d+', f'"schema_version": {version}', text))
            self.fails(self.dir, says=says)


class Incomplete(Plot):
    def test_without_histograms_uses_percentiles(self):
        (self.dir / "latency.hlog").unlink()
        self.warns("latency.hlog is missing")
        self.assertIn("latency.csv", " ".join(texts(self.out / "latency.svg")))

    def test_without_latency(self):
        (self.dir / "latency.hlog").unlink()
        (self.dir / "latency.csv").unlink()
        self.warns("latency.hlog and latency.csv are missing: no latency plot", lost=["latency"])

    def test_measured_without_latencies(self):
        self.edit("latency.csv", lambda text: text.splitlines(keepends=True)[0])
        self.edit("latency.hlog", lambda text: "".join(line for line in text.splitlines(keepends=True) if not line.startswith("Tag=")))
        done = self.plot(self.dir)
        self.assertEqual(done.stderr, "")
        self.assertEqual({path.stem for path in self.out.iterdir()}, PLOTS - {"latency"})

    def test_without_ratios(self):
        (self.dir / "ratios.csv").unlink()
        self.warns("ratios.csv is missing", lost=["ratios"])

    def test_who_has_no_net_ratio_is_named(self):
        rows = (self.dir / "ratios.csv").read_text().splitlines(True)[1:]
        net = [row.replace(",ns_per_op,", ",net_ns_per_op,") for row in rows if ",seqlock," not in row]
        self.edit("ratios.csv", lambda text: text + "".join(net))
        self.plot(self.dir)
        subtitle = " ".join(texts(self.out / "ratios-net.svg"))
        self.assertIn("cannot be told from the floor: seqlock.", subtitle)
        self.assertNotIn("the floor:", " ".join(texts(self.out / "ratios.svg")))

    def test_interrupted_while_writing_trials(self):
        self.edit("trials.csv", lambda text: text[:-40])
        self.warns("the last line is cut short")

    def test_interrupted_while_writing_histograms(self):
        self.edit("latency.hlog", lambda text: text[:-40])
        self.warns("the last line is cut short")

    def test_without_grace_periods_the_peak_is_drawn_alone(self):
        self.edit("latency.csv", lambda text: "".join(x for x in text.splitlines(True) if ",reclaim," not in x))
        self.assertEqual(self.plot(self.dir).stderr, "")
        found = texts(self.out / "reclaim.svg")
        self.assertIn("nodes retired and not yet reclaimed", found)
        self.assertNotIn("from retired to reclaimed (log)", found)

    def test_nothing_retired(self):
        lines = (self.dir / "trials.csv").read_text().splitlines()
        at = lines[0].split(",").index("retired")
        rows = [line.split(",") for line in lines[1:]]
        rows = [",".join([*row[:at], "0", "0", *row[at + 2 :]]) for row in rows]
        self.edit("trials.csv", lambda _: "\n".join([lines[0], *rows, ""]))
        self.assertEqual(self.plot(self.dir).stderr, "")
        self.assertEqual({path.stem for path in self.out.iterdir()}, PLOTS - {"reclaim"})


class Broken(Plot):
    def test_missing_columns(self):
        self.edit("trials.csv", lambda text: text.replace("ops_per_s", "ops_per_sec", 1))
        self.fails(self.dir, says="trials.csv:1 lacks the column ops_per_s;")
        self.edit("trials.csv", lambda text: text.replace("disturbed", "noisy", 1))
        self.fails(self.dir, says="trials.csv:1 lacks the columns ops_per_s, disturbed;")

    def test_garbage_cells(self):
        for column, text, wanted in (
            ("ops_per_s", "fast", "a number of 0 or more"),
            ("ops", "-1", "a number of 0 or more"),
            ("ops", "nan", "a number of 0 or more"),
            ("threads", "0", "a whole number from 1"),
            ("disturbed", "maybe", "true or false"),
        ):
            with self.subTest(column=column, text=text):
                shutil.copy(HERE / "fixture" / "trials.csv", self.dir)
                self.edit_cell("trials.csv", 17, column, text)
                self.fails(self.dir, says=f'trials.csv:17: {column} is "{text}"; it must be {wanted}')

    def test_garbage_in_other_files(self):
        self.edit_cell("ratios.csv", 3, "ci_low", "low")
        self.fails(self.dir, says='ratios.csv:3: ci_low is "low"; it must be a number')

    def test_row_of_another_width(self):
        self.edit("trials.csv", lambda text: text.replace("\n", ",7,7\n", 5).replace(",7,7\n", "\n", 4))
        self.fails(self.dir, says="trials.csv:5: 28 cells; it must have 26")

    def test_bytes_that_are_no_text(self):
        (self.dir / "trials.csv").write_bytes(b"workload\n\xff\xfe\n")
        self.fails(self.dir, says="trials.csv:2: not UTF-8")

    def test_histogram_that_is_none(self):
        self.edit("latency.hlog", lambda text: text.replace("HISTFAAA", "HISTFBBB", 1))
        self.fails(self.dir, says="latency.hlog:3: not a compressed HdrHistogram")

    def test_trials_without_rows(self):
        self.edit("trials.csv", lambda text: text.splitlines(True)[0])
        self.fails(self.dir, says="trials.csv holds no trial")

    def test_empty_trials(self):
        self.edit("trials.csv", lambda _: "")
        self.fails(self.dir, says="trials.csv:1 is empty")

    def test_empty_directory(self):
        shutil.rmtree(self.dir)
        self.dir.mkdir()
        self.fails(self.dir, says="has no trials.csv")

    def test_no_such_directory(self):
        self.fails(self.dir / "nowhere", says="does not exist")

    def test_a_file(self):
        self.fails(self.dir / "trials.csv", says="is not a directory")

    def test_out_is_a_file(self):
        self.fails(self.dir, "--out", self.dir / "trials.csv", says="is not a directory")


class Usage(Plot):
    def run_plot(self, words):
        """Through the launcher, which looks at the command line first."""
        return subprocess.run([PLOT, *words], capture_output=True, text=True, check=False)

    def test_help_has_an_example(self):
        self.assertIn("scripts/plot results/mine", self.plot("--help").stdout)

    def test_no_directory(self):
        self.fails(status=2, says="DIR")

    def test_unknown_flag(self):
        self.fails(self.dir, "--colour", status=2, says="--colour")

    def test_unknown_op(self):
        self.fails(self.dir, "--op", "poll", status=2, says="recorded are deadline, modify")


class Crossings(Plot):
    """What headlock crossover writes takes the place of the other plots."""

    POINTS = (
        "strategy,baseline,vary,value,workload,threads,ratio,ci_low,ci_high,blocks,verdict,resolution\n"
        "rcu-epoch,mutex,mods,0.001,hot-mods-0.001,2,0.5,0.48,0.52,6,faster,0.01\n"
        "rcu-epoch,mutex,mods,0.06,hot-mods-0.06,2,0.99,0,inf,2,unclear,\n"
        "rcu-epoch,mutex,mods,0.9,hot-mods-0.9,2,1.4,1.3,1.5,6,slower,0.01\n"
    )
    CROSSINGS = (
        "strategy,baseline,vary,from,to,crossing,ci_low,ci_high,verdict\n"
        "rcu-epoch,mutex,mods,0.001,0.9,0.05,0.001,0.9,stops\n"
    )
    MAP = (
        "strategy,baseline,vary_x,x,vary_y,y,workload,threads,ratio,ci_low,ci_high,blocks,verdict\n"
        "seqlock,mutex,mods,0.01,timers,10,a,2,0.25,0.2,0.3,8,faster\n"
        "seqlock,mutex,mods,0.5,timers,10,b,2,1.75,1.6,1.9,8,slower\n"
    )

    def test_a_search_is_drawn_with_its_crossing(self):
        (self.dir / "crossover_points.csv").write_text(self.POINTS)
        (self.dir / "crossover.csv").write_text(self.CROSSINGS)
        self.assertEqual(self.plot(self.dir).stderr, "")
        self.assertEqual({path.stem for path in self.out.iterdir()}, {"crossover"})
        said = texts(self.out / "crossover.svg")
        self.assertIn("rcu-epoch: up to 5 %", said)
        self.assertIn("3 values", said)

    def test_a_map_is_drawn_with_its_verdicts(self):
        (self.dir / "crossover_map.csv").write_text(self.MAP)
        self.plot(self.dir)
        self.assertEqual({path.stem for path in self.out.iterdir()}, {"crossover-map"})
        said = texts(self.out / "crossover-map.svg")
        for words in ("0.25", "faster", "1.75", "slower", "seqlock", "50 %"):
            self.assertIn(words, said)

    def test_a_value_that_no_scale_holds_is_named(self):
        (self.dir / "crossover_points.csv").write_text(self.POINTS.replace("mods,0.06", "mods,0"))
        self.fails(self.dir, says='crossover_points.csv:3: value is "0"; it must be a number above 0')


MODEL_ROW = "hot,{strategy},{threads},{op},{ns},{low},{high},model\n"


class Model(Plot):
    """A model's results, made up."""

    def setUp(self):
        super().setUp()
        for name in ("latency.csv", "latency.hlog", "ratios.csv"):
            (self.dir / name).unlink()
        run = json.loads((self.dir / "run.json").read_text())
        machine = {"name": "lab", "error": {"time": 0.25, "against": "nothing real"}}
        run |= {"kind": "model", "parameters": {"command": "predict", "machine": machine}}
        (self.dir / "run.json").write_text(json.dumps(run))
        rows = ["workload,strategy,threads,op,ns,ns_low,ns_high,kind\n"]
        for strategy, growth in (("mutex", 1.0), ("seqlock", 0.1)):
            for threads in (1, 2, 8, 64):
                for op, ns in (("all", 12.0), ("deadline", 10.0), ("modify", 50.0)):
                    ns *= 1 + growth * threads
                    rows.append(MODEL_ROW.format(strategy=strategy, threads=threads, op=op, ns=ns, low=ns * 0.8, high=ns * 1.4))
        (self.dir / "operations.csv").write_text("".join(rows))

    def test_times_are_drawn_and_called_a_models(self):
        done = self.plot(self.dir)
        self.assertEqual(done.stderr, "")
        self.assertEqual({path.stem for path in self.out.iterdir()}, {"model"})
        words = texts(self.out / "model.svg")
        self.assertIn("Model, not measured", words)
        self.assertTrue({"mutex", "seqlock", "ns per poll (log), model", "ns per change (log), model"} <= set(words), words)
        self.assertIn("±25%", " ".join(words))

    def test_an_operation_that_it_has_not_is_an_error(self):
        self.fails(self.dir, "--op", "churn", status=2, says="the model has no time of it; it has all, deadline, modify")

    def test_a_record_without_a_machine_is_an_error(self):
        run = json.loads((self.dir / "run.json").read_text())
        del run["parameters"]["machine"]
        (self.dir / "run.json").write_text(json.dumps(run))
        self.fails(self.dir, says="parameters.machine with a name expected")


if __name__ == "__main__":
    unittest.main()
