"""Checks what scripts/referee makes of a made-up program's answers. Nothing is verified.

    python3 -m unittest discover -s tests/campaign
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "referee"

# Finds `a` by fresh with odd seeds, if the number of threads is not said, and `b` never; accuses mutex with seed 3.
PROGRAM = f"""\
#!{sys.executable}
import json, pathlib, sys
def flag(name):
    return sys.argv[sys.argv.index(name) + 1]
if sys.argv[1] == "list":
    kinds = {{"mutex": "a paper", "a": "a mistake of kind: writers", "b": "a mistake of kind: long lives"}}
    print(json.dumps({{"strategies": [{{"name": name, "reference": kind}} for name, kind in kinds.items()]}}))
elif "--json" in sys.argv:
    print(json.dumps({{"host": {{"cpu_model": "A CPU", "kernel": "6.1"}}}}))
else:
    out, seed, names = pathlib.Path(flag("--out")), int(flag("--seed")), flag("--strategies").split(",")
    out.mkdir()
    wrong = {{"a": seed % 2 == 1 and "--threads" not in sys.argv, "mutex": seed == 3}}
    rows = [f"{{name}},model,0.25,kept\\n{{name}},fresh,1.5,{{'broken' if wrong.get(name) else 'kept'}}\\n" for name in names]
    (out / "violations.txt").write_text("")
    (out / "verify.csv").write_text("strategy,check,seconds,verdict\\n" + "".join(rows))
    sys.exit(5 if any(wrong.get(name) for name in names) else 0)
"""


class Referee(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.dir = Path(place.name)
        self.program = self.dir / "headlock"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)

    def run_script(self, *words, more=()):
        out = self.dir / "out"
        command = [sys.executable, "-B", SCRIPT, *words, "--busy", "0", "--program", self.program, "--out", out, *more]
        return subprocess.run(command, capture_output=True, text=True, check=False), out

    def test_odds_counts_what_found_each_list_and_when(self):
        done, out = self.run_script("odds", "--runs", "3", "--say", "a guest")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = (out / "odds.csv").read_text().splitlines()
        self.assertTrue(lines[0].startswith("# measured: 20") and " on A CPU, " in lines[0] and lines[0].endswith(", a guest"), lines)
        self.assertEqual(lines[1], "# seconds a list: 3")
        self.assertEqual(lines[3:], ["a,writers,fresh,2,3,1.750", "b,long lives,,0,3,"])
        self.assertIn("| a | writers | fresh | 2 | 3 | 1.750 |", done.stdout)

    def test_odds_goes_on_where_it_was(self):
        self.run_script("odds", "--runs", "1")
        done, out = self.run_script("odds", "--runs", "2")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len((out / "runs.csv").read_text().splitlines()), 1 + 4)
        done, out = self.run_script("odds", "--runs", "5", "--minutes", "0")
        self.assertEqual(len((out / "runs.csv").read_text().splitlines()), 1 + 4)

    def test_accusations_names_who_was_accused_and_keeps_what_was_found(self):
        done, out = self.run_script("accusations", "--runs", "2")
        self.assertEqual((done.returncode, "2 runs of 1 lists" in done.stdout, "nobody was accused" in done.stdout), (0, True, True))
        done, out = self.run_script("accusations", "--runs", "4")
        self.assertEqual((done.returncode, "accused {'mutex': 1}" in done.stdout), (1, True))
        self.assertEqual([path.name for path in out.glob("run-*")], ["run-3"])

    def test_flags_after_the_dashes_are_of_verify(self):
        _, out = self.run_script("odds", "--runs", "1", "--lists", "a", more=("--", "--threads", "9"))
        self.assertEqual((out / "runs.csv").read_text().splitlines()[1:], ["1,a,writers,,"])

    def test_what_cannot_be_done_is_one_line(self):
        self.program.unlink()
        done, _ = self.run_script("odds")
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1))


if __name__ == "__main__":
    unittest.main()
