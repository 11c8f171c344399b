"""Hostile HTTP clients beside others: what the others notice of them, and what memory they make the daemon take.

The others ask at rates that leave both cores room: what is measured is what the attackers do, not what a machine
does that has more to do than it can. Quiet and hostile go in turn, and each round has a ratio of its own, since a
small machine's quiet value moves by more than what is looked for. In quiet somebody is busy too, at the
attackers' priority, and attacks nobody: a virtual machine whose cores are all in use is slower to wake whoever
waits for one, and that is not the server's. What attackers do in the kernel is on the same cores as well, at nobody's
priority: how much that is, is told by a third figure, while they attack another server (elsewhere.py).
"""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

from bench import HERE, measure
from servers import Failure, Nudged

ALL = "all at once"
ALONE = ("headers", "bodies", "loris", "chunks", "pipelining", "idle", "streams", "bombs")
PLAIN = tuple(kind for kind in ALONE if kind != "bombs")  # that need no knowledge of what is asked
PROTOBUF = ("ingest,rate=1000,connections=8", "recommend,rate=500,connections=4")
HTTP = ("ingest,rate=250,connections=8", "recommend,rate=250,connections=8")
OTHERS = ("events", "recommendations", "events over HTTP", "recommendations over HTTP")
CUSTOMERS = 20000
SECONDS = 2.0
MEMORY_MB = 192  # what connections hold unread and what of answers they have not taken, 64 MiB each; the work itself


class Gateway(Nudged):
    """nudged with its gateway, and a pack that raises some hundred alerts a second for those who follow them."""

    def __init__(self, bench):
        super().__init__(bench, "hostile", flags=["--http", "127.0.0.1:0"])
        self.pack = os.path.join(self.dir, "pack")
        os.mkdir(self.pack)
        for name in os.listdir(bench.pack):
            with open(os.path.join(bench.pack, name), encoding="utf-8") as f:
                text = f.read()
            if name == "pack.lua":
                text += 'rule "visited" { on = "web.visit", alert = { to = "shop", say = "{customer} looks." } }\n'
            with open(os.path.join(self.pack, name), "w", encoding="utf-8") as f:
                f.write(text)

    @property
    def port(self):
        with open(self.log, errors="replace") as f:
            return int(re.findall(r"HTTP on 127\.0\.0\.1:(\d+)", f.read())[-1])


class Elsewhere:
    """What they attack in nudged's stead."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "measures", "elsewhere.py")],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Attack:
    """The attackers of one kind, or of all, while it is entered."""

    def __init__(self, server, kinds, flood=False):
        self.server, self.kinds, self.flood, self.done = server, kinds, flood, {}

    def __enter__(self):
        argv = [sys.executable, os.path.join(HERE, "measures", "attackers.py"), *(["--flood"] if self.flood else []),
                str(self.server.port), *self.kinds]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        time.sleep(2.0)  # they are in full swing
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=30)[0]
        if not said.strip():
            raise Failure(f"the attackers ({' '.join(self.kinds)}) ended by themselves")
        self.done = json.loads(said)


def others(bench, server, label):
    """Both kinds of clients at once; {who: p99 in us}."""
    found = {}

    def go(protocol, address, streams):
        as_ = type("As", (), {"protocol": protocol, "address": address, "pid": server.pid, "name": server.name})()
        as_.next_id = server.next_id + (50000000 if protocol == "http" else 0)
        try:
            found[protocol] = bench.load(as_, *streams, customers=CUSTOMERS, label=label,
                                         seconds=min(bench.seconds, SECONDS))
        except Failure as e:
            found[protocol] = e

    both = [threading.Thread(target=go, args=a) for a in (("nudge", server.address, PROTOBUF),
                                                          ("http", f"127.0.0.1:{server.port}", HTTP))]
    for t in both:
        t.start()
    for t in both:
        t.join()
    server.next_id += 100000000
    for result in found.values():
        if isinstance(result, Failure):
            raise result
    return dict(zip(OTHERS, [s["p99_us"] for p in ("nudge", "http") for s in found[p]["streams"]]))


class Watch:
    """The most memory of its own that the daemon has while it is entered."""

    def __init__(self, server):
        self.server, self.most, self.go = server, 0, True

    def run(self):
        while self.go:
            self.most = max(self.most, self.server.memory("RssAnon"))
            time.sleep(0.02)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.go = False
        self.thread.join()


def attacked(bench, server, name, kinds, flood=False):
    """quiet, elsewhere, hostile, quiet, elsewhere, hostile …"""
    quiet, elsewhere, hostile, grown, done = [], [], [], [], {}
    for _ in range(bench.rep):
        with Attack(server, ("nobody",)):
            quiet.append(others(bench, server, "quiet"))
        with Elsewhere() as other, Attack(other, kinds, flood):
            elsewhere.append(others(bench, server, "hostile elsewhere: " + name))
        before = server.memory("RssAnon")
        with Watch(server) as watch, Attack(server, kinds, flood) as attack:
            hostile.append(others(bench, server, "hostile: " + name))
        grown.append((watch.most - before) / 1e6)
        done = attack.done
        time.sleep(0.5)  # the last of them are let go
    bench.say("   " + ", ".join(f"{what} {n:,}" for what, n in sorted(done.items())))
    for who in OTHERS:
        was, is_ = (round(statistics.median(v[who] for v in rounds)) for rounds in (quiet, hostile))
        bench.row(f"beside {name}: p99 of {who}, {was:,} to {is_:,} us",
                  [h[who] / q[who] for h, q in zip(hostile, quiet)], "x", "" if flood else "2x or less",
                  None if flood else lambda v: v <= 2)
        bench.row(f"{name} elsewhere: p99 of {who}", [e[who] / q[who] for e, q in zip(elsewhere, quiet)], "x")
    bench.row(f"beside {name}: memory that they make it take", grown, "MB", f"under {MEMORY_MB} MB",
              lambda v: v < MEMORY_MB)


def started(bench):
    server = Gateway(bench)
    server.start()
    bench.fill(server, customers=CUSTOMERS)
    server.settle()
    return server


@measure(160)
def hostile(bench):
    """hostile HTTP clients of all kinds at once, with and without dear JSON: p99 of others, and memory"""
    server = started(bench)
    attacked(bench, server, "all but dear JSON at once", PLAIN)
    attacked(bench, server, ALL, ("all",))


@measure(80)
def hostile_flood(bench):
    """the same as fast as they can, again as soon as they are let go: p99 of others, and memory"""
    attacked(bench, started(bench), "a flood of all", ("all",), flood=True)


@measure(420)
def hostile_each(bench):
    """hostile HTTP clients of each kind alone"""
    server = started(bench)
    for kind in ALONE:
        attacked(bench, server, kind, (kind,))
