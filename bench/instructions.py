#!/usr/bin/python3
"""bench/instructions.py: the instructions of W1's and W2's whole path (bench-micro's stages w1 and w2) under callgrind,
against the figures stored in instructions.json: seconds differ from run to run and machine to machine, instructions
hardly do.

usage: instructions.py BENCH_MICRO SMALL_MAP [--store]

More than the tolerance above a stored figure fails; more than that below asks for `--store`, so that what was won is
kept.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "measures"))
from callgrind import installed, instructions  # noqa: E402

STORED = os.path.join(HERE, "instructions.json")

def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    if not installed():
        print("skipped: valgrind is not installed (apt-get install valgrind)")
        return 77
    with open(STORED) as f:
        stored = json.load(f)
    failed = False
    for stage in ("w1", "w2"):
        each, limit = instructions(sys.argv[1], sys.argv[2], stage), stored["tolerance"]
        change = each / stored[stage] - 1 if stored[stage] else 0
        print(f"{stage}: {each:,.0f} instructions an operation, stored {stored[stage]:,} ({change:+.1%}, "
              f"tolerance {limit:.0%})")
        if "--store" in sys.argv:
            stored[stage] = round(each)
        elif change > limit:
            print(f"{stage} costs more than it did; if it has to, run `bench/instructions.py ... --store` and say why "
                  "in the commit")
            failed = True
        elif change < -limit:
            print(f"{stage} costs less than it did: keep it with `bench/instructions.py ... --store`")
    if "--store" in sys.argv:
        with open(STORED, "w") as f:
            json.dump(stored, f, indent=1)
            f.write("\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
