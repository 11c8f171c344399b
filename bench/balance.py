#!/usr/bin/python3
"""bench/balance.py: how the balance moves the ranking, drawn: the scores of four actions from b = 0 (only the company
counts) to b = 1 (only the customer does), as tests/sim/sim_balance has the engine compute them.

usage: balance.py SIM_BALANCE     writes bench/plots/balance.svg
"""
import csv
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "measures"))
import plots  # noqa: E402

NAMES = ["cap: good for them, nothing for us", "fitting plan: good for both", "larger plan: good for us", "listen"]
COLOURS = ["#0072b2", "#009e73", "#d55e00", "#999999"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    pyplot = plots.prepared()
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "balance.csv")
        subprocess.run([sys.argv[1], "--csv", path], check=True)
        with open(path, encoding="ascii") as f:
            rows = [(float(r["balance"]), int(r["action"]), float(r["score"])) for r in csv.DictReader(f)]
    drawn, axes = pyplot.subplots(figsize=(6.4, 3.9), layout="constrained")
    axes.set_title("The balance moves the ranking", loc="left", fontweight="bold")
    axes.set_xlabel("balance: the customer's share of the value")
    axes.set_ylabel("score")
    axes.grid(color=plots.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for action, (name, colour) in enumerate(zip(NAMES, COLOURS)):
        points = [(balance, score) for balance, which, score in rows if which == action]
        axes.plot([b for b, _ in points], [score for _, score in points], color=colour, label=name)
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    drawn.savefig(os.path.join(plots.FOLDER, "balance.svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
