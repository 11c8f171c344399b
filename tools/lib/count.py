#!/usr/bin/python3
"""tools/lib/count.py TESTLOG.JSON [REPORTS]: the last line of tools/test, counted from what `meson test` recorded.

A test program counts as many as it says it ran (cmocka, unittest, or a line "N passed, N failed"), any other as one. A
program that fails without saying which case counts as one failure: nothing that went wrong is left out. Each file in the
folder REPORTS is what a sanitizer has said of one process: one failure more.
"""
import json
import os
import re
import sys

GOOD, SKIPPED = {"OK", "EXPECTEDFAIL"}, {"SKIP"}


def cases(text):
    """(passed, failed, skipped) as a program's output tells, or None."""
    line = None
    for line in re.finditer(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", text, re.M):
        pass
    if line:
        return int(line[1]), int(line[2]), int(line[3] or 0)
    counts = {}
    for word, number in re.findall(r"^\[  (PASSED|FAILED|SKIPPED) +\] (?:.*?: )?(\d+) test", text, re.M):
        counts[word] = counts.get(word, 0) + int(number)
    if counts:
        return counts.get("PASSED", 0), counts.get("FAILED", 0), counts.get("SKIPPED", 0)
    ran = re.search(r"^Ran (\d+) tests? in ", text, re.M)
    if ran:
        bad = sum(int(n) for n in re.findall(r"\b(?:failures|errors)=(\d+)", text))
        left = sum(int(n) for n in re.findall(r"\bskipped=(\d+)", text))
        return int(ran[1]) - bad - left, bad, left
    return None


def count(log):
    passed = failed = skipped = 0
    for line in log:
        test = json.loads(line)
        found = cases((test.get("stdout") or "") + "\n" + (test.get("stderr") or ""))
        if test["result"] in SKIPPED:
            skipped += 1
        elif test["result"] in GOOD:
            good, bad, left = found or (1, 0, 0)
            passed, failed, skipped = passed + good, failed + bad, skipped + left
        else:
            good, bad, left = found or (0, 0, 0)
            passed, failed, skipped = passed + good, failed + max(bad, 1), skipped + left
    return passed, failed, skipped


def main():
    try:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
            passed, failed, skipped = count(log)
    except (OSError, ValueError) as problem:
        print(f"no results: {problem}", file=sys.stderr)
        passed, failed, skipped = 0, 1, 0
    for folder in sys.argv[2:]:
        for name in sorted(os.listdir(folder)):
            failed += 1
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8", errors="replace") as report:
                print(f"{path}:\n{report.read(3000)}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
