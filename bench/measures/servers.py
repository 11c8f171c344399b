"""The servers that bench/run measures: nudged and its peers, each on a Unix socket in a scratch folder of its own."""
import glob
import json
import os
import pwd
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Failure(Exception):
    pass


class Server:
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

    def spawn(self, argv, env=None, user=None):
        self.log = os.path.join(self.dir, "log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=user,
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

    def memory(self, kind="VmRSS"):
        """Resident bytes; RssAnon leaves out files that are mapped (the store's pages are the kernel's to drop)."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith(kind + ":"))

    def wake_ups(self):
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt"))
        return total


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

    def settle(self, seconds=45):
        """Waits until what is to be stored is stored, so that it disturbs nobody else's round."""
        end = time.monotonic() + seconds
        while json.loads(self.ask("--json", "status"))["records_dirty"] and time.monotonic() < end:
            time.sleep(0.5)

    def ask(self, *words):
        """What nudgectl prints."""
        return subprocess.run([self.bench.nudgectl, "--socket", self.address, *words], stdout=subprocess.PIPE,
                              check=True, text=True).stdout


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
            done = subprocess.run(["redis-cli", "-s", self.socket, "-x", "FUNCTION", "LOAD", "REPLACE"],
                                  stdin=functions, stdout=subprocess.PIPE, check=True, text=True)
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


class Postgres(Server):
    """synchronous_commit on, checkpoints out of the way; it refuses to run as root, so it runs as its own user."""

    protocol = "postgres"
    settings = {"listen_addresses": "", "synchronous_commit": "on", "shared_buffers": "2GB", "max_wal_size": "8GB",
                "checkpoint_timeout": "15min", "max_connections": "64"}

    def __init__(self, bench):
        super().__init__(bench, "postgres")
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.user = "postgres" if os.geteuid() == 0 else None
        self.home = os.path.join(self.dir, "home")

    @property
    def address(self):
        return os.path.join(self.home, ".s.PGSQL.5432")

    def run(self, program, *words, stdin=None):
        done = subprocess.run([os.path.join(self.programs, program), *words], stdin=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, user=self.user, cwd="/")
        if done.returncode != 0:
            raise Failure(f"{program}: {done.stdout.strip()[-600:]}")

    def start(self):
        data = os.path.join(self.home, "data")
        os.makedirs(self.home)
        if self.user:
            os.chown(self.home, pwd.getpwnam(self.user).pw_uid, -1)
        self.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        settings = [f"-c{name}={value}" for name, value in self.settings.items()]
        self.spawn([os.path.join(self.programs, "postgres"), "-D", data, "-k", self.home, *settings], user=self.user)
        self.wait(lambda: os.path.exists(self.address))
        end = time.monotonic() + 30
        while not self.answers() and time.monotonic() < end:
            time.sleep(0.05)
        with open(os.path.join(HERE, "peers", "postgres.sql"), encoding="utf-8") as functions:
            self.run("psql", "-h", self.home, "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1", "postgres",
                     stdin=functions)

    def answers(self):
        return subprocess.run([os.path.join(self.programs, "pg_isready"), "-q", "-h", self.home],
                              check=False).returncode == 0

    def stop(self, how=signal.SIGINT):
        super().stop(how)  # SIGTERM would wait for all who are connected


def install(peers, postgres):
    """Debian's packages start services of their own; only the ones that this installation brought are stopped."""
    wanted = [("redis-server", "redis-server"), ("tarantool", "tarantool")] if peers else []
    if postgres and not glob.glob("/usr/lib/postgresql/*/bin/postgres"):
        wanted.append(("", "postgresql"))
    for program, package in wanted:
        if program and shutil.which(program):
            continue
        install_package(package, "leave out --postgres" if package == "postgresql" else "leave out --peers")
        subprocess.run(["service", package, "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def install_package(package, otherwise):
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            raise Failure(f"{' '.join(command)} failed; run as root, or {otherwise}")
