"""A run's result for people: the table on the terminal, and what README.md says between its two markers."""
import os

from bench import short, text_of, verdict_of
from plots import draw_all
from servers import HERE, Failure

README = os.path.join(HERE, "README.md")
BEGIN, END = "<!-- figures: written by bench/run --readme -->", "<!-- end of figures -->"


def about(result):
    m = result["machine"]
    return (f"{m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, Linux {m['kernel']}; {result['repetitions']} "
            f"rounds of {result['seconds']:g} s, {result['minutes']:g} minutes in all")


def verdicts(result):
    rows = [r["met"] for r in result["rows"] if r["met"] is not None]
    return f"{rows.count(True)} targets met, {rows.count(False)} missed" if rows else "no verdicts: too short a run"


def print_table(result):
    print(about(result))
    for row in result["rows"]:
        print(text_of(row))
    print(verdicts(result))
    for failure in result["failures"]:
        print(f"failed: {failure}")


def markdown_row(row):
    spread = f"{short(row['min'])} to {short(row['max'])}" if row["n"] > 1 else ""
    met = {"met": "met", "MISSED": "**missed**", "": ""}[verdict_of(row)]
    return f"| {row['measure'].strip()} | {short(row['median'])} {row['unit']} | {spread} | {row['target']} | {met} |"


def markdown(result, plots):
    lines = [f"{about(result)}. {verdicts(result)[0].upper() + verdicts(result)[1:]}.", ""]
    if result["quick"]:
        lines += ["A quick run: it shows that everything runs, not how fast.", ""]
    lines += [f"**{failure}**\n" for failure in result["failures"]]
    lines += ["| measure | median | range | target | |", "| --- | --- | --- | --- | --- |"]
    lines += [markdown_row(row) for row in result["rows"]]
    if plots:
        lines += ["", "### Curves", "", "Medians; the shade is from the least to the greatest round.", ""]
        lines += [f"![{title}](plots/{name})" for name, title in plots.items()]
    if result["texts"].get("stages"):
        lines += ["", "### Where the time goes", "", "`nudgectl status --stages` after W1 and W2 at depth 32:", ""]
        lines += [("    " + line).rstrip() for line in result["texts"]["stages"].rstrip().split("\n")]
    return "\n".join(lines)


def write_readme(result):
    with open(README, encoding="utf-8") as f:
        text = f.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise Failure(f"{README} lacks its markers: {BEGIN} … {END}")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    figures = markdown(result, draw_all(result))
    with open(README, "w", encoding="utf-8") as f:
        f.write(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}")
