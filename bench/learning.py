#!/usr/bin/python3
"""bench/learning.py: what learning is worth on simulated customers whose truth is known, drawn: regret over time, the
same where the truth changes half-way, and the reliability of what was expected. The figures are those of
tests/sim/sim_learning, which decides with the engine's own library.

usage: learning.py SIM_LEARNING [SEEDS [DECISIONS]]     writes bench/plots/learning-*.svg; 40 seeds of 6,000 decisions
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

LOOKS = {"learned": ("#0072b2", "o"), "greedy": ("#009e73", "D"), "fixed": ("#e69f00", "s"),
         "uniform": ("#d55e00", "^"), "forgets": ("#0072b2", "o"), "never forgets": ("#e69f00", "s")}
NAMES = {"learned": "learned, tries in 10%", "greedy": "learned, never tries", "fixed": "the author's guesses",
         "uniform": "any action", "forgets": "half-life 30 days", "never forgets": "forgets nothing"}


def simulate(program, args):
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "learning.csv")
        subprocess.run([program, "--csv", path, *args], check=True)
        with open(path, encoding="ascii") as f:
            return [{name: text if name in ("what", "series") else float(text) for name, text in row.items()}
                    for row in csv.DictReader(f)]


def figure(pyplot, title, x_label, y_label):
    drawn, axes = pyplot.subplots(figsize=(6.4, 3.9), layout="constrained")
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color=plots.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return drawn, axes


def save(drawn, pyplot, name):
    drawn.savefig(os.path.join(plots.FOLDER, name), metadata={"Date": None})
    pyplot.close(drawn)


def draw_regret(pyplot, rows, what, title, name):
    drawn, axes = figure(pyplot, title, "decisions", "lost against the best, acceptances a decision")
    for series in dict.fromkeys(r["series"] for r in rows if r["what"] == what):
        points = [r for r in rows if (r["what"], r["series"]) == (what, series)]
        xs = [p["x"] for p in points]
        colour, marker = LOOKS[series]
        axes.plot(xs, [p["y"] for p in points], color=colour, marker=marker, markersize=4, markevery=4,
                  label=NAMES[series])
        axes.fill_between(xs, [p["y"] - p["half"] for p in points], [p["y"] + p["half"] for p in points],
                          color=colour, alpha=0.15, linewidth=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    save(drawn, pyplot, name)


def draw_reliability(pyplot, rows, name):
    drawn, axes = figure(pyplot, "Reliability: what was expected, and what came", "expected (mean of the bin)",
                         "share accepted")
    points = [r for r in rows if r["what"] == "reliability" and r["n"] >= 30]
    axes.plot([0, 1], [0, 1], color=plots.INK, linewidth=0.8, linestyle="--")
    axes.errorbar([p["x"] for p in points], [p["y"] for p in points], yerr=[p["half"] for p in points],
                  color="#0072b2", marker="o", markersize=5, linestyle="", capsize=3)
    for p in points:
        axes.annotate(f"{p['n']:,.0f}", (p["x"], p["y"]), textcoords="offset points", xytext=(6, -11), fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    save(drawn, pyplot, name)


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    rows = simulate(sys.argv[1], sys.argv[2:] or ["40"])
    pyplot = plots.prepared()
    draw_regret(pyplot, rows, "regret", "Learning against a known truth", "learning-regret.svg")
    draw_regret(pyplot, rows, "changing", "The truth changes half-way", "learning-change.svg")
    draw_reliability(pyplot, rows, "learning-reliability.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
