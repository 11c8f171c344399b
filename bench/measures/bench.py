"""The machinery of bench/run: the load generator run against servers, results kept, progress told."""
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

from servers import HERE, Failure, install

CUSTOMERS = 100000
MEASURES = {}  # name -> function, in the order in which they are run
ESTIMATES = {}  # name -> seconds at full size with all peers, as once measured: only for the time that is left


def measure(seconds):
    def keep(function):
        MEASURES[function.__name__] = function
        ESTIMATES[function.__name__] = seconds
        return function
    return keep


def first_line(function):
    return function.__doc__.splitlines()[0]


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = os.path.abspath(options.build)
        self.nudged = os.path.join(self.build, "engine", "nudged")
        self.nudgectl = os.path.join(self.build, "tools", "nudgectl")
        self.pack = os.path.join(HERE, "packs", options.pack)
        self.scratch = os.path.abspath(options.scratch or os.path.join(self.build, "bench-scratch"))
        self.out = options.out or os.path.join(self.build, "bench.json")
        self.quick, self.with_peers, self.with_postgres = options.quick, options.peers, options.postgres
        self.rep = options.rep or (2 if self.quick else 5)
        self.seconds = options.seconds or (1 if self.quick else 3)
        self.brief = min(self.seconds, 1.2)  # a point of a curve, of which there are many
        self.servers, self.rows, self.points, self.texts, self.raw, self.failures = [], [], [], {}, [], []
        self.begun = time.monotonic()
        if not os.access(self.nudged, os.X_OK):
            raise Failure(f"{self.nudged} is not there; build it first: meson setup build && ninja -C build")
        os.makedirs(self.scratch, exist_ok=True)
        install(self.with_peers, self.with_postgres)

    def close(self):
        for server in list(self.servers):
            server.stop(signal.SIGKILL)
        shutil.rmtree(self.scratch, ignore_errors=True)

    # -- running ------------------------------------------------------------------------------------------------------

    def run_all(self, names):
        """Each measure in turn, with what is left of the time if this machine goes on as it has so far."""
        all_seconds, done = sum(ESTIMATES[n] for n in names), 0
        for number, name in enumerate(names, 1):
            pace = (time.monotonic() - self.begun) / done if done else 1
            left = f", about {round((all_seconds - done) * pace / 60)} min left" if done and not self.quick else ""
            self.say(f"-- {number} of {len(names)}, {name}: {first_line(MEASURES[name])}{left}")
            try:
                MEASURES[name](self)
            except Failure as e:  # the other measures are worth having
                self.failures.append(f"{name}: {e}")
                self.say(f"   {self.failures[-1]}")
            done += ESTIMATES[name]
            for server in list(self.servers):
                server.remove()
            self.write()
        self.say(f"-- done in {(time.monotonic() - self.begun) / 60:.1f} min")

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def load(self, server, *streams, seconds=None, customers=CUSTOMERS, events=None, warm=0.4, seed=None, label=""):
        argv = [os.path.join(self.build, "bench", "bench-load"), "--address", server.address,
                "--protocol", server.protocol, "--pid", str(server.pid), "--customers", str(customers),
                "--first-id", str(server.next_id), "--seed", str(seed or server.next_id % 1000003 + 1),
                "--warm", str(warm), "--seconds", str(seconds or self.seconds)]
        if events:
            argv += ["--events", str(events)]
        for stream in streams:
            argv += ["--stream", stream]
        server.next_id += 100000000
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"load on {server.name}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        for stream in result["streams"]:
            if stream["errors"]:
                raise Failure(f"{server.name} refused {stream['errors']} requests: {stream.get('first_error')}")
        self.raw.append({"name": server.name, "label": label or " ".join(streams), **result})
        return result

    def fill(self, server, per_customer=None, customers=CUSTOMERS):
        """Enough events that every customer has a history; what is measured is not the growing."""
        each = per_customer or (2 if self.quick else 8)
        self.load(server, "ingest,depth=64", events=each * customers, customers=customers, label="fill")

    def started(self, *servers, per_customer=None, customers=CUSTOMERS):
        for server in servers:
            server.start()
            self.fill(server, per_customer, customers)
        return servers

    def rounds(self, servers, cases, rep=None, **how):
        """All servers in turn, REP times over: {(server's name, case): [result]}."""
        out = {(s.name, c): [] for s in servers for c in cases}
        for _ in range(rep or self.rep):
            for case in cases:
                for server in servers:
                    out[server.name, case].append(self.load(server, case, **how))
        return out

    def synced(self, rate=None):
        """The disk alone: one write after the other, or with a rate a group commit that costs nothing else."""
        at_rate = [str(rate)] if rate else []
        done = subprocess.run([os.path.join(self.build, "bench", "bench-synced"), os.path.join(self.scratch, "synced"),
                               str(self.seconds), *at_rate], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def paused(self):
        """Percent of the time in which a core stood still for over 0.5 ms, with nothing running but who looks."""
        done = subprocess.run([os.path.join(self.build, "bench", "bench-pauses"), "1", "500"], stdout=subprocess.PIPE,
                              check=True)
        return 100 * json.loads(done.stdout)["share"]

    # -- reporting ----------------------------------------------------------------------------------------------------

    def row(self, measure_, values, unit, target="", met=None):
        """values: one figure or a list of repetitions (median and range are shown)."""
        values = values if isinstance(values, list) else [values]
        row = {"measure": measure_, "median": statistics.median(values), "min": min(values), "max": max(values),
               "n": len(values), "unit": unit, "target": target}
        # A verdict needs what the target asks for: full size and at least five rounds.
        row["met"] = met(row["median"]) if met and not self.quick and self.rep >= 5 else None
        self.rows.append(row)
        self.say("   " + text_of(row))
        return row["median"]

    def point(self, plot, series, x, values):
        """One point of a curve that plots.py draws."""
        self.points.append({"plot": plot, "series": series, "x": x, "y": statistics.median(values),
                            "min": min(values), "max": max(values)})

    def result(self):
        return {"machine": machine(), "repetitions": self.rep, "seconds": self.seconds, "quick": self.quick,
                "minutes": round((time.monotonic() - self.begun) / 60, 1), "rows": self.rows, "points": self.points,
                "texts": self.texts, "failures": self.failures, "runs": self.raw}

    def write(self):
        with open(self.out, "w", encoding="utf-8") as f:
            json.dump(self.result(), f, indent=1)


def machine():
    with open("/proc/meminfo", encoding="ascii") as f:
        memory = int(next(line for line in f if line.startswith("MemTotal")).split()[1]) / 1048576
    return {"cpu": cpu_name(), "cores": os.cpu_count(), "memory_gib": round(memory),
            "kernel": platform.release().split("-")[0], "load": os.getloadavg()}


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return names[0] if names else platform.machine()


def text_of(row):
    spread = f"({short(row['min'])} to {short(row['max'])})" if row["n"] > 1 else ""
    target = f"target {row['target']}" if row["target"] else ""
    return (f"{row['measure']:<58} {short(row['median']):>9} {row['unit']:<8} {spread:<22} {target:<24} "
            f"{verdict_of(row)}").rstrip()


def verdict_of(row):
    return {True: "met", False: "MISSED", None: ""}[row["met"]]


def short(v):
    return f"{v:,.0f}" if abs(v) >= 100 else f"{v:.3g}"
