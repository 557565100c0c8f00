"""Checks what scripts/licences lets pass, on made-up dependencies.

    python3 -m unittest discover -s tests/licences
"""

import json
import subprocess
import sys
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts/licences"
REGISTRY = "registry+https://example.invalid/index"


def judged(licence="MIT", source=REGISTRY, name="made-up"):
    package = {"name": name, "version": "1.2.3", "license": licence, "source": source}
    words = [sys.executable, "-B", SCRIPT]
    done = subprocess.run(words, input=json.dumps({"packages": [package]}), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


class Licences(unittest.TestCase):
    def test_what_can_be_met_by_allowed_licences_passes(self):
        for licence in (
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 or MIT",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            "GPL-3.0 AND MIT OR Zlib",
        ):
            self.assertEqual(judged(licence)[0], 0, licence)

    def test_what_cannot_is_named(self):
        for licence in (
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "MIT Or GPL-3.0",
            "(MIT OR Zlib) AND GPL-3.0",
            "GPL-3.0 WITH LLVM-exception",
            "MIT WITH something-else",
            "GPL-3.0 AND (MIT OR Zlib)",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT Zlib",
            "",
            None,
        ):
            status, said = judged(licence)
            self.assertEqual(status, 1, licence)
            self.assertIn("made-up 1.2.3: it", said)

    def test_an_exception_is_for_its_crate_alone(self):
        self.assertEqual(judged("(MIT OR Apache-2.0) AND NCSA", name="libfuzzer-sys")[0], 0)
        self.assertEqual(judged("NCSA")[0], 1)

    def test_a_source_is_a_registry_or_here(self):
        self.assertEqual(judged(source=None)[0], 0)
        self.assertIn("no registry", judged(source="git+https://example.invalid/x")[1])


if __name__ == "__main__":
    unittest.main()
