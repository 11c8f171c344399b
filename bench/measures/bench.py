"""The machinery of bench/run: servers started in scratch folders, the load generator run against them, results kept."""
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CUSTOMERS = 100000


class Failure(Exception):
    pass


class Server:
    """A server on a Unix socket in a folder of its own."""

    protocol = "nudge"

    def __init__(self, bench, name):
        self.bench, self.name = bench, name
        self.dir = os.path.join(bench.scratch, name)
        self.socket = os.path.join(self.dir, "s")
        self.process, self.next_id, self.log = None, 1, None
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)

    @property
    def address(self):
        return self.socket

    @property
    def pid(self):
        return self.process.pid

    def spawn(self, argv, env=None):
        self.log = os.path.join(self.dir, "log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **(env or {})}, start_new_session=True)
        self.bench.servers.append(self)

    def wait(self, ready, seconds=120):
        end = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.log, errors="replace") as log:
                    raise Failure(f"{self.name} does not start: {log.read()[-600:]}")
            time.sleep(0.002)

    def stop(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None
            self.bench.servers.remove(self)

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Nudged(Server):
    def __init__(self, bench, name="nudged", pack=None, flags=()):
        super().__init__(bench, name)
        self.pack, self.flags = pack or bench.pack, list(flags)

    @property
    def address(self):
        return "unix:" + self.socket

    def start(self):
        """Starts it; returns the seconds until it is ready, recovery included."""
        begun = time.monotonic()
        self.log = os.path.join(self.dir, "log")
        before = self.times_ready()
        self.spawn([self.bench.nudged, "--data", os.path.join(self.dir, "data"), "--rules", self.pack,
                    "--listen", self.address, *self.flags])
        self.wait(lambda: self.times_ready() > before, 600)
        return time.monotonic() - begun

    def times_ready(self):
        if not os.path.exists(self.log):
            return 0
        with open(self.log, errors="replace") as log:
            return log.read().count("ready on ")


class Redis(Server):
    protocol = "redis"

    def __init__(self, bench, fsync):
        super().__init__(bench, "redis-" + fsync)
        self.fsync = fsync

    def start(self):
        self.spawn(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.dir, "--save", "",
                    "--appendonly", "yes", "--appendfsync", self.fsync, "--auto-aof-rewrite-percentage", "0"])
        self.wait(lambda: os.path.exists(self.socket))
        with open(os.path.join(HERE, "peers", "redis.lua"), "rb") as functions:
            done = subprocess.run(["redis-cli", "-s", self.socket, "-x", "FUNCTION", "LOAD", "REPLACE"], stdin=functions,
                                  stdout=subprocess.PIPE, check=True, text=True)
        if done.stdout.strip() != "nudged_bench":
            raise Failure(f"redis refuses its functions: {done.stdout.strip()}")


class Tarantool(Server):
    protocol = "tarantool"

    def __init__(self, bench, wal):
        super().__init__(bench, "tarantool-" + wal)
        self.wal = wal

    def start(self):
        self.spawn(["tarantool", os.path.join(HERE, "peers", "tarantool.lua")],
                   {"BENCH_SOCKET": self.socket, "BENCH_DIR": self.dir, "BENCH_WAL": self.wal})
        self.wait(lambda: os.path.exists(os.path.join(self.dir, "ready")))


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = os.path.abspath(options.build)
        self.nudged = os.path.join(self.build, "engine", "nudged")
        self.pack = os.path.join(HERE, "packs", options.pack)
        self.scratch = os.path.abspath(options.scratch or os.path.join(self.build, "bench-scratch"))
        self.out = options.out or os.path.join(self.build, "bench.json")
        self.rep = options.rep or (2 if options.quick else 5)
        self.seconds = options.seconds or (1.5 if options.quick else 4)
        self.servers, self.rows, self.raw = [], [], []
        self.quick, self.with_peers = options.quick, options.peers
        if not os.access(self.nudged, os.X_OK):
            raise Failure(f"{self.nudged} is not there; build it first: meson setup build && ninja -C build")
        os.makedirs(self.scratch, exist_ok=True)
        if self.with_peers:
            install_peers()

    def close(self):
        for server in list(self.servers):
            server.stop(signal.SIGKILL)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    # -- running ------------------------------------------------------------------------------------------------------

    def load(self, server, *streams, seconds=None, customers=CUSTOMERS, events=None, warm=0.5, seed=None, label=""):
        argv = [os.path.join(self.build, "bench", "bench-load"), "--address", server.address, "--protocol", server.protocol,
                "--pid", str(server.pid), "--customers", str(customers), "--first-id", str(server.next_id),
                "--seed", str(seed or server.next_id % 1000003 + 1), "--warm", str(warm),
                "--seconds", str(seconds or self.seconds)]
        if events:
            argv += ["--events", str(events)]
        for stream in streams:
            argv += ["--stream", stream]
        server.next_id += 100000000
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failure(f"load on {server.name}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        for stream in result["streams"]:
            if stream["errors"]:
                raise Failure(f"{server.name} refused {stream['errors']} requests: {stream.get('first_error')}")
        self.raw.append({"server": server.name, "label": label, **result})
        return result

    def fill(self, server, per_customer=None, customers=CUSTOMERS):
        """Enough events that every customer has a history; what is measured is not the growing."""
        each = per_customer or (2 if self.quick else 8)
        self.load(server, "ingest,depth=64", events=each * customers, customers=customers, label="fill")

    def synced(self, seconds=None):
        done = subprocess.run([os.path.join(self.build, "bench", "bench-synced"), os.path.join(self.scratch, "synced"),
                               str(seconds or self.seconds)], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    # -- reporting ----------------------------------------------------------------------------------------------------

    def row(self, measure, values, unit, target="", met=None, note=""):
        """values: one figure or a list of repetitions (median and range are shown)."""
        values = values if isinstance(values, list) else [values]
        row = {"measure": measure, "median": statistics.median(values), "min": min(values), "max": max(values),
               "n": len(values), "unit": unit, "target": target, "note": note}
        # A verdict needs what the target asks for: full size and at least five rounds.
        row["met"] = met(row["median"]) if met and not self.quick and self.rep >= 5 else None
        self.rows.append(row)
        self.say("   " + text_of(row))
        return row["median"]

    def finish(self):
        machine = {"cpu": cpu_name(), "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()}
        with open(self.out, "w") as f:
            json.dump({"machine": machine, "repetitions": self.rep, "seconds": self.seconds, "rows": self.rows,
                       "runs": self.raw}, f, indent=1)
        print(f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; "
              f"{self.rep} repetitions of {self.seconds:g} s")
        for row in self.rows:
            print(text_of(row))
        print(f"all runs: {self.out}")


def text_of(row):
    spread = f"({short(row['min'])} to {short(row['max'])})" if row["n"] > 1 else ""
    verdict = {True: "met", False: "MISSED", None: ""}[row["met"]]
    target = f"target {row['target']}" if row["target"] else ""
    return f"{row['measure']:<52} {short(row['median']):>9} {row['unit']:<8} {spread:<22} {target:<22} {verdict} {row['note']}".rstrip()


def short(v):
    return f"{v:,.0f}" if abs(v) >= 100 else f"{v:.3g}"


def cpu_name():
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return names[0] if names else platform.machine()


def install_peers():
    """Debian's packages start services of their own; only the ones that this installation brought are stopped."""
    for program, package, services in (("redis-server", "redis-server", ["redis-server"]),
                                       ("tarantool", "tarantool", ["tarantool"])):
        if shutil.which(program):
            continue
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", package]):
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
                raise Failure(f"{' '.join(command)} failed; run as root, or leave out --peers")
        for service in services:
            subprocess.run(["service", service, "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
