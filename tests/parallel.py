"""Runs the unit tests of a directory as `unittest discover` does, as many classes at once as there are processors.

    python3 -B tests/parallel.py tests/plot

For tests that wait for programs which they start.
"""

import os
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor


def cases(suite):
    """Every test of a suite of suites."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def main(directory):
    classes = {}
    for case in cases(unittest.defaultTestLoader.discover(directory)):
        classes.setdefault(type(case), []).append(case)
    if not classes:
        print(f"no test in {directory}")
        return 1
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # A suite per class, so that what a class prepares is prepared once.
        results = list(pool.map(lambda tests: unittest.TestSuite(tests).run(unittest.TestResult()), classes.values()))
    for result in results:
        for test, trace in result.failures + result.errors:
            print(f"FAILED: {test}\n{trace}")
    run = sum(result.testsRun for result in results)
    good = all(result.wasSuccessful() for result in results)
    print(f"{run} tests run: {'all passed' if good else 'FAILED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
