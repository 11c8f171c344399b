"""The curves of one run as SVG files. matplotlib is Debian's python3-matplotlib, installed where it is missing."""
import importlib
import os

from servers import HERE, install_package

FOLDER = os.path.join(HERE, "plots")
# Dark on a light card of its own: as readable on a dark page as on a light one.
INK, PAPER, GRID = "#24292f", "#f6f8fa", "#d0d7de"
# Told apart also without colour: each has a marker of its own. (Okabe and Ito's palette.)
LOOKS = {
    "nudged": ("#0072b2", "o"), "redis-everysec": ("#e69f00", "s"), "redis-always": ("#d55e00", "^"),
    "tarantool-fsync": ("#009e73", "D"), "p50": ("#56b4e9", "o"), "p90": ("#009e73", "s"), "p99": ("#0072b2", "D"),
    "p999": ("#d55e00", "^"), "disk p50": ("#56b4e9", ""), "disk p99": ("#0072b2", ""),
}
NAMES = {
    "redis-everysec": "Redis, everysec (not durable)", "redis-always": "Redis, always",
    "tarantool-fsync": "Tarantool, fsync", "p999": "p99.9", "disk p50": "disk alone, p50",
    "disk p99": "disk alone, p99",
}
# file: (plot, title, x label, y label, y logarithmic); x always is
PLOTS = {
    "latency.svg": ("latency", "W1: latency against rate (acknowledged on disk)", "events a second, open loop",
                    "latency, µs", True),
    "depth-w1.svg": ("depth ingest", "W1: throughput against depth", "requests in flight on each of 16 connections",
                     "events a second", False),
    "depth-w2.svg": ("depth recommend", "W2: throughput against depth",
                     "requests in flight on each of 16 connections", "recommendations a second", False),
    "rules.svg": ("rules instructions", "W1: cost against rules of other event types", "rules beside W1's own",
                  "instructions an event", False),
    "customers.svg": ("customers cpu", "W1: cost against customers", "customers", "CPU an event, µs", False),
    "customers-p99.svg": ("customers p99", "W1: p99 at 5,000/s against customers", "customers", "p99, µs", False),
    "history.svg": ("history", "Cost against history", "events a customer has had", "CPU, µs", False),
}


def library():
    try:
        return importlib.import_module("matplotlib")
    except ImportError:
        install_package("python3-matplotlib", "leave out --readme")
        importlib.invalidate_caches()
        return importlib.import_module("matplotlib")


def prepared():
    """pyplot, with the looks that all plots share."""
    matplotlib = library()
    matplotlib.use("Agg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "nudged", "font.family": "sans-serif", "font.size": 10,
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
        "figure.facecolor": PAPER, "axes.facecolor": PAPER, "savefig.facecolor": PAPER, "axes.spines.top": False,
        "axes.spines.right": False,
    })
    return importlib.import_module("matplotlib.pyplot")


def draw_all(result, folder=FOLDER):
    """Writes those that the run has points for; returns their file names with their titles."""
    prepared()
    os.makedirs(folder, exist_ok=True)
    drawn = {}
    for name, plot in PLOTS.items():
        points = [p for p in result["points"] if p["plot"] == plot[0]]
        if len({p["x"] for p in points}) > 1:
            draw(points, plot, os.path.join(folder, name))
            drawn[name] = plot[1]
    return drawn


def draw(points, plot, path):
    pyplot = importlib.import_module("matplotlib.pyplot")
    _, title, x_label, y_label, y_log = plot
    figure, axes = pyplot.subplots(figsize=(6.4, 3.9), layout="constrained")
    series = list(dict.fromkeys(p["series"] for p in points if p["series"] not in ("disk p90", "disk p999")))
    series.sort(key=lambda name: name.startswith("disk "))
    for number, name in enumerate(series):
        curve(axes, name, [p for p in points if p["series"] == name], number)
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    scale(axes, sorted({p["x"] for p in points}), y_log)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    if len(series) > 1:
        axes.legend(frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    with open(path, encoding="utf-8") as f:  # matplotlib leaves blanks at the ends of lines
        text = "\n".join(line.rstrip() for line in f.read().split("\n"))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def curve(axes, name, points, number):
    spare = ("#0072b2", "o"), ("#d55e00", "s")
    colour, marker = LOOKS.get(name, spare[number % 2])
    x, y = [p["x"] for p in points], [p["y"] for p in points]
    alone = name.startswith("disk ")
    axes.plot(x, y, color=colour, marker=marker or None, markersize=4.5, linewidth=1.1 if alone else 1.8,
              linestyle=":" if alone else "-", label=NAMES.get(name, name))
    if not alone and name not in ("p50", "p90", "p999"):  # from the least to the greatest of the rounds
        axes.fill_between(x, [p["min"] for p in points], [p["max"] for p in points], color=colour, alpha=0.13,
                          linewidth=0)


def short(x):
    return f"{x / 1000000:g}M" if x >= 1000000 else f"{x / 1000:g}k" if x >= 1000 else f"{x:g}"


def scale(axes, xs, y_log):
    ticker = importlib.import_module("matplotlib.ticker")
    plain = ticker.FuncFormatter(lambda v, _: f"{v:,.0f}" if v >= 10 or v == int(v) else f"{v:g}")
    axes.set_xscale("log")
    axes.set_xticks(xs, [short(x) for x in xs])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    if y_log:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(plain)
