"""Checks that an independent HdrHistogram reader finds in latency.hlog what latency.csv says: Python's `hdrhistogram` package, in
the environment of scripts/plot, on committed results and on what the program named by the variable HEADLOCK writes now.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = ROOT / "scripts" / ".venv" / "bin" / "python"


class Percentiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Builds the environment if need be.
        subprocess.run([ROOT / "scripts" / "plot", HERE / "none"], capture_output=True, check=False)

    def compare(self, directory):
        """The differences, and how many histograms were compared."""
        done = subprocess.run(
            [PYTHON, "-B", HERE / "percentiles.py", directory], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines(), int(re.search(r"compared (\d+)", done.stderr)[1])

    def test_committed_results(self):
        for path in sorted(ROOT.glob("results/*/*/latency.hlog")):
            with self.subTest(path.parent.name):
                differences, compared = self.compare(path.parent)
                self.assertEqual(differences, [])
                self.assertGreater(compared, 0)

    @unittest.skipUnless("HEADLOCK" in os.environ, "HEADLOCK names no program")
    def test_what_is_written_now(self):
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "run"
            # Open load, so that response times are there too, and churn, so that grace periods are. Threads unbound, so that
            # hardly anything the machine does disturbs a trial.
            words = "run -w churn --strategies mutex,rcu-epoch --threads 1 --rate 20k --blocks 1 --pin none --quiet --out"
            done = subprocess.run(
                [os.environ["HEADLOCK"], *words.split(), out], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            differences, compared = self.compare(out)
            self.assertEqual(differences, [])
            self.assertGreater(compared, 0)

    def test_a_difference_is_seen(self):
        with tempfile.TemporaryDirectory() as scratch:
            for name in ("latency.csv", "latency.hlog"):
                shutil.copy(HERE / "fixture" / name, scratch)
            path = Path(scratch) / "latency.csv"
            lines = path.read_text().splitlines(keepends=True)
            cells = lines[1].split(",")
            cells[lines[0].split(",").index("p99_ns")] = "7"
            lines[1] = ",".join(cells)
            path.write_text("".join(lines))
            differences, _ = self.compare(scratch)
            self.assertEqual(len(differences), 1, differences)
            self.assertIn("p99_ns is 7 in latency.csv", differences[0])


if __name__ == "__main__":
    unittest.main()
