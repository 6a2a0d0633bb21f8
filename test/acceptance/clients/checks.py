"""Runs the tests of a module and prints one line each, `ok NAME` or `FAIL NAME - why`, for the TypeScript test that started it."""

import sys
import traceback
import unittest


class Lines(unittest.TestResult):
    def addSuccess(self, test):
        print("ok %s" % self.name(test), flush=True)

    def addFailure(self, test, err):
        self.line(test, err)

    addError = addFailure

    # a skipped test is a test that did not run
    def addSkip(self, test, reason):
        print("FAIL %s - skipped: %s" % (self.name(test), reason), flush=True)

    def line(self, test, err):
        why = "".join(traceback.format_exception_only(err[0], err[1])).strip().replace("\n", " ")
        print("FAIL %s - %s" % (self.name(test), why[:2000]), flush=True)
        traceback.print_exception(*err, file=sys.stderr)

    @staticmethod
    def name(test):
        if not hasattr(test, "_testMethodName"):
            return str(test)
        return test._testMethodName.removeprefix("test_").replace("_", " ")


def run(*cases):
    loader = unittest.TestLoader()
    unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases).run(Lines())
