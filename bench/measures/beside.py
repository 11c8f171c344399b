"""What large work beside them does to recommendations: a CRM's snapshot that is loaded, people who look for customers.

Rates leave the cores room, as they do where people wait for recommendations: the 99th percentile is of those who ask
beside the work, and is given against quiet rounds taken in turn.
"""
import json
import os
import signal
import statistics
import subprocess
import threading
import time

from bench import measure
from servers import HERE, Failure, Nudged

CUSTOMERS = 20000
ROWS = 1000000
ASKED = "recommend,rate=500,connections=4"
EVENTS_A_ROW = 4  # the household's profile, a line, its profile, its phone number
FAMILY = ("Nguyen", "Tran", "Le", "Pham", "Hoang", "Huynh", "Phan", "Vu", "Dang", "Bui", "Do", "Ngo", "Duong", "Ly")
GIVEN = ("Lan", "Linh", "Hoa", "Huong", "Anh", "Dung", "Minh", "Thao", "Tuan", "Hung", "Mai", "Ngoc", "Phuong", "Quang")
COLUMNS = "household,household_name,segment,language,area,line,phone,first_name,message_plan,updated"


def write_snapshot(path, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.write(COLUMNS + "\n")
        for n in range(rows):
            given = GIVEN[n // 14 % 14]
            household = f"h-{n},{FAMILY[n % 14]} {given} {n % 977},{('home', 'young', 'old')[n % 3]},vi,a-{n % 63}"
            line = f"{given.lower()},+849{n:08d},{given},{('none', 'family')[n % 2]}"
            f.write(f"{household},{line},2026-05-{1 + n % 28:02d}\n")


class Most:
    """The most memory that processes have while it is entered: {pid: bytes}."""

    def __init__(self, *pids):
        self.most, self.go = {pid: 0 for pid in pids}, True

    def run(self):
        while self.go:
            for pid in self.most:
                try:
                    with open(f"/proc/{pid}/status", encoding="ascii") as f:
                        now = next(int(x.split()[1]) * 1024 for x in f if x.startswith("RssAnon:"))
                    self.most[pid] = max(self.most[pid], now)
                except (OSError, StopIteration):
                    pass  # it has ended
            time.sleep(0.05)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self.most

    def __exit__(self, *_):
        self.go = False
        self.thread.join()


def p99_ms(bench, server, label):
    return bench.load(server, ASKED, customers=CUSTOMERS, label=label)["streams"][0]["p99_us"] / 1000


def snapshot_loaded(bench, server, rows):
    """Returns the p99 of recommendations during it, round by round."""
    path = os.path.join(server.dir, "snapshot.csv")
    write_snapshot(path, rows)
    mapping = os.path.join(HERE, "..", "rules", "telecom", "crm.lua")
    begun, beside = time.monotonic(), []
    tool = subprocess.Popen([bench.nudgectl, "--socket", server.address, "load", path, "--map", mapping],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    took = []
    ended = threading.Thread(target=lambda: (tool.wait(), took.append(time.monotonic() - begun)))
    ended.start()
    before = server.memory("RssAnon")
    with Most(server.pid, tool.pid) as most:
        while tool.poll() is None:
            value = p99_ms(bench, server, "beside a load")
            if tool.poll() is None:
                beside.append(value)
        ended.join()
    if tool.returncode != 0:
        raise Failure(f"nudgectl load: {tool.stdout.read()[-500:]}")
    os.remove(path)
    bench.row(f"load of {rows:,} rows", rows / took[0], "rows/s")
    bench.row("load: events of them", EVENTS_A_ROW * rows / took[0], "events/s")
    bench.row("load: memory of the daemon, most", most[server.pid] / 1e6, "MB")
    bench.row("load: memory of the daemon before", before / 1e6, "MB")
    bench.row("load: memory of nudgectl, most", most[tool.pid] / 1e6, "MB")
    return beside


def searched(bench, server, count, pause_s):
    """p99 of recommendations beside people who search, and what the people saw."""
    argv = ["/usr/bin/python3", "-B", os.path.join(HERE, "measures", "searchers.py"), server.address]
    people = subprocess.Popen([*argv, str(count), str(pause_s)], stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    value = p99_ms(bench, server, f"beside {count} who search")
    people.send_signal(signal.SIGTERM)
    said = people.communicate(timeout=60)[0]
    if people.returncode != 0 or not said.strip():
        raise Failure("those who search ended by themselves")
    return value, json.loads(said)


@measure(230)
def beside(bench):
    """recommendations beside a snapshot of a million rows being loaded, and beside 50 who search"""
    server = Nudged(bench, "beside")
    server.start()
    bench.fill(server, customers=CUSTOMERS)
    server.settle()
    quiet = [p99_ms(bench, server, "quiet") for _ in range(bench.rep)]
    during = snapshot_loaded(bench, server, 50000 if bench.quick else ROWS)
    bench.row("p99 of recommendations, quiet", quiet, "ms")
    if during:
        bench.row("p99 of recommendations beside the load", during, "ms")
    server.settle()
    for pause_s, who in ((0.25, "50 who type four letters a second"), (0, "50 who ask without a pause")):
        rounds = []
        for _ in range(bench.rep):
            was = p99_ms(bench, server, "quiet")
            rounds.append((was, *searched(bench, server, 50, pause_s)))
        for _, _, seen in rounds:
            p50, p99 = seen["p50_ms"], seen["p99_ms"]
            bench.say(f"   {seen['searches']} searches, half within {p50} ms, 99% within {p99} ms")
        was, is_ = (statistics.median(r[n] for r in rounds) for n in (0, 1))
        bench.row(f"beside {who}: p99 {was:.2g} to {is_:.2g} ms", [r[1] / r[0] for r in rounds], "x")
