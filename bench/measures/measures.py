"""What bench/run measures: one function a measure, its first line the table's, targets as stated in bench/README.md."""
import os
import shutil
import signal
import time

from bench import CUSTOMERS, HERE, Nudged, Redis, Tarantool

MEASURES = {}


def measure(function):
    MEASURES[function.__name__] = function
    return function


def at_least(n):
    return lambda v: v >= n


def at_most(n):
    return lambda v: v <= n


def stream(result, index=0):
    return result["streams"][index]


def rounds(bench, servers, cases):
    """All servers in turn, REP times over: {(server, case): [result]}."""
    out = {(s.name, c): [] for s in servers for c in cases}
    for _ in range(bench.rep):
        for case in cases:
            for server in servers:
                out[server.name, case].append(bench.load(server, case, label=case))
    return out


def compare(bench, runs, case, what, peers, targets):
    ours = [stream(r)["per_s"] for r in runs["nudged", case]]
    bench.row(f"{what}, nudged", ours, "/s")
    for peer in peers:
        theirs = [stream(r)["per_s"] for r in runs[peer.name, case]]
        bench.row(f"{what}, {peer.name}", theirs, "/s")
        target = targets.get(peer.name)
        bench.row(f"{what}, nudged against {peer.name}", [a / b for a, b in zip(ours, theirs)], "x",
                  f"{target}x" if target else "", at_least(target) if target else None)


def generator_cost(bench, runs, case):
    costs = [r["generator"]["cpu_us_per_item"] for r in runs["nudged", case]]
    bench.row(f"generator's own CPU, {case}", costs, "us/item")


@measure
def w1(bench):
    """W1 at depth 32 and 1, and its CPU per event, against the peers"""
    peers = [Redis(bench, "everysec"), Redis(bench, "always"), Tarantool(bench, "fsync")] if bench.with_peers else []
    servers = [Nudged(bench), *peers]
    for server in servers:
        server.start()
        bench.fill(server)
    deep, shallow = "ingest,depth=32", "ingest,depth=1"
    runs = rounds(bench, servers, [deep, shallow])
    compare(bench, runs, deep, "W1 depth 32", peers, {"redis-everysec": 7, "redis-always": 8, "tarantool-fsync": 4})
    compare(bench, runs, shallow, "W1 depth 1", peers, {"redis-everysec": 1.3, "redis-always": 2, "tarantool-fsync": 1.2})
    bench.row("W1 CPU of the daemon, depth 32", [r["server"]["cpu_us_per_item"] for r in runs["nudged", deep]], "us/event",
              "4.5 us", at_most(4.5))
    for thread in ("shard-0",):
        bench.row(f"  of it {thread}", [r["server"]["threads"].get(thread, 0) for r in runs["nudged", deep]], "us/event")
    for peer in peers:
        bench.row(f"W1 CPU of {peer.name}, depth 32", [r["server"]["cpu_us_per_item"] for r in runs[peer.name, deep]],
                  "us/event")
    generator_cost(bench, runs, deep)
    for server in servers:
        server.remove()


@measure
def rates(bench):
    """W1 p99 at 5,000, 20,000 and 50,000/s against the bare disk's, and Tarantool's at 5,000/s"""
    peer = Tarantool(bench, "fsync") if bench.with_peers else None
    nudged = Nudged(bench)
    for server in filter(None, [nudged, peer]):
        server.start()
        bench.fill(server)
    found = {rate: [] for rate in (5000, 20000, 50000)}
    disk, theirs, middle = [], [], {rate: [] for rate in found}
    for _ in range(bench.rep):
        disk.append(bench.synced()["p99_us"])
        for rate, list_ in found.items():
            one = stream(bench.load(nudged, f"ingest,rate={rate}"))
            list_.append(one["p99_us"])
            middle[rate].append(one["p50_us"])
        if peer:
            theirs.append(stream(bench.load(peer, "ingest,rate=5000"))["p99_us"])
    bench.row("4 KiB write + fdatasync alone, p99", disk, "us")
    for rate, list_ in found.items():
        bench.row(f"W1 at {rate:,}/s, p50", middle[rate], "us")
        bench.row(f"W1 at {rate:,}/s, p99", list_, "us")
        limit = rate != 5000
        bench.row(f"W1 at {rate:,}/s, p99 against the bare disk's", [a / b for a, b in zip(list_, disk)], "x",
                  "6x or less" if limit else "", at_most(6) if limit else None)
    if peer:
        bench.row("W1 at 5,000/s, p99 of tarantool-fsync", theirs, "us")
        bench.row("W1 at 5,000/s, p99 against tarantool-fsync", [a / b for a, b in zip(found[5000], theirs)], "x",
                  "1.5x or less", at_most(1.5))
        peer.remove()
    nudged.remove()


@measure
def w2(bench):
    """W2 at depth 32 and 1 against the peers"""
    peers = [Redis(bench, "everysec"), Tarantool(bench, "write")] if bench.with_peers else []
    servers = [Nudged(bench), *peers]
    for server in servers:
        server.start()
        bench.fill(server)
    deep, shallow = "recommend,depth=32", "recommend,depth=1"
    runs = rounds(bench, servers, [deep, shallow])
    compare(bench, runs, deep, "W2 depth 32", peers, {"redis-everysec": 3, "tarantool-write": 1.2})
    compare(bench, runs, shallow, "W2 depth 1", peers, {})
    for server in servers:
        bench.row(f"W2 CPU of {server.name}, depth 32", [r["server"]["cpu_us_per_item"] for r in runs[server.name, deep]],
                  "us")
    for server in servers:
        server.remove()


@measure
def mixed(bench):
    """W2 p99 at 20,000/s while W1 runs at 10,000/s"""
    nudged = Nudged(bench)
    nudged.start()
    bench.fill(nudged)
    runs = [bench.load(nudged, "recommend,rate=20000", "ingest,rate=10000") for _ in range(bench.rep)]
    for name in ("p50_us", "p99_us", "p999_us"):
        target = name == "p99_us"
        bench.row(f"W2 {name[:-3]} at 20,000/s beside W1 at 10,000/s", [stream(r)[name] for r in runs], "us",
                  "500 us" if target else "", at_most(500) if target else None)
    bench.row("W1 p99 meanwhile", [stream(r, 1)["p99_us"] for r in runs], "us")
    nudged.remove()


@measure
def functions(bench):
    """W1 and W2 with all conditions as Lua functions, against terms"""
    servers = [Nudged(bench), Nudged(bench, "functions", os.path.join(HERE, "packs", "functions"))]
    for server in servers:
        server.start()
        bench.fill(server)
    cases = ["ingest,depth=32", "recommend,depth=32"]
    runs = rounds(bench, servers, cases)
    for case, what in zip(cases, ("W1", "W2")):
        for server in servers:
            bench.row(f"{what} CPU, {server.name}", [r["server"]["cpu_us_per_item"] for r in runs[server.name, case]], "us")
    for server in servers:
        server.remove()


def pack_with_rules(bench, count):
    """The W1 pack and `count` more rules, on event types that never come."""
    path = os.path.join(bench.scratch, f"pack-{count}")
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(bench.pack, path)
    with open(os.path.join(path, "pack.lua"), "a") as f:
        f.write('require "others"\n')
    with open(os.path.join(path, "others.lua"), "w") as f:
        f.write(f'for i = 1, {count} do\n  rule("other-" .. i) {{ on = "other." .. i, when = fact.calls:above(i), '
                'set = { other = i } }\nend\n')
    return path


@measure
def rules(bench):
    """10 against 10,000 rules of other event types"""
    servers = [Nudged(bench, f"rules-{n}", pack_with_rules(bench, n)) for n in (10, 10000)]
    for server in servers:
        server.start()
        bench.fill(server)
    case = "ingest,depth=32"
    runs = rounds(bench, servers, [case])
    few, many = ([r["server"]["cpu_us_per_item"] for r in runs[s.name, case]] for s in servers)
    bench.row("W1 CPU with 10 other rules", few, "us/event")
    bench.row("W1 CPU with 10,000 other rules", many, "us/event")
    bench.row("10,000 rules against 10", [b / a for a, b in zip(few, many)], "x", "1.05x or less", at_most(1.05))
    for server in servers:
        server.remove()


def memory(server):
    with open(f"/proc/{server.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS:"))


@measure
def customers(bench):
    """100,000 against 2,000,000 customers: CPU, memory, p99"""
    many = 400000 if bench.quick else 2000000
    few, big = Nudged(bench, "few", flags=["--cache-mb", "16000"]), Nudged(bench, "many", flags=["--cache-mb", "16000"])
    sizes = {few.name: CUSTOMERS, big.name: many}
    for server in (few, big):
        server.start()
        empty = memory(server)
        bench.fill(server, 2, sizes[server.name])
        bench.row(f"memory per customer of {sizes[server.name]:,}, 2 events each", (memory(server) - empty) / sizes[server.name],
                  "bytes", "800 bytes", at_most(800))
    cpu, p99 = {few.name: [], big.name: []}, {few.name: [], big.name: []}
    for _ in range(bench.rep):
        for server in (few, big):
            r = bench.load(server, "ingest,depth=32", customers=sizes[server.name])
            cpu[server.name].append(r["server"]["cpu_us_per_item"])
            r = bench.load(server, "ingest,rate=5000", customers=sizes[server.name])
            p99[server.name].append(stream(r)["p99_us"])
    bench.row(f"W1 CPU, {many:,} customers", cpu[big.name], "us/event")
    bench.row(f"W1 CPU, {many:,} against {CUSTOMERS:,} customers", [b / a for a, b in zip(cpu[few.name], cpu[big.name])],
              "x", "2x or less", at_most(2))
    bench.row(f"W1 p99 at 5,000/s, {CUSTOMERS:,} customers", p99[few.name], "us")
    bench.row(f"W1 p99 at 5,000/s, {many:,} customers", p99[big.name], "us")
    few.remove()
    big.stop()
    seconds = big.start()
    answer = bench.load(big, "recommend,connections=1,depth=1", events=1, customers=many)
    bench.row(f"start with {many:,} customers in the store, to the first answer", seconds + answer["seconds"], "s", "1 s",
              at_most(1))
    big.remove()


@measure
def cache(bench):
    """customers beyond the cache limit, read back from the store"""
    nudged = Nudged(bench, "cache", flags=["--cache-mb", "16", "--sweep-ms", "500"])
    nudged.start()
    bench.fill(nudged, 2)
    time.sleep(3)
    hot, cold = [], []
    runs = []
    for _ in range(bench.rep):
        bench.load(nudged, "recommend,connections=1,depth=1", customers=100, seconds=0.3, seed=5)
        hot.append(stream(bench.load(nudged, "recommend,connections=1,depth=1", customers=100, seed=6))["p50_us"])
        cold.append(stream(bench.load(nudged, "recommend,connections=1,depth=1", seed=7))["p50_us"])
        runs.append(stream(bench.load(nudged, "ingest,depth=32"))["per_s"])
    bench.row("read back, median, over a cached one's", [b - a for a, b in zip(hot, cold)], "us", "20 us", at_most(20))
    bench.row("W1 depth 32 with most customers beyond the cache", runs, "/s")
    nudged.remove()


@measure
def recovery(bench):
    """recovery of 1,000,000 journaled events after kill -9"""
    count = 200000 if bench.quick else 1000000
    nudged = Nudged(bench, "recovery", flags=["--sweep-ms", "3600000"])
    nudged.start()
    bench.load(nudged, "ingest,depth=64", events=count, label="fill")
    seconds = []
    for _ in range(2 if bench.quick else 3):
        nudged.stop(signal.SIGKILL)
        seconds.append(nudged.start())
    scaled = [s * 1e6 / count for s in seconds]
    bench.row(f"recovery of {count:,} entries, per 1,000,000", scaled, "s", "2 s", at_most(2))
    nudged.remove()


@measure
def idle(bench):
    """wake-ups and memory of an idle daemon with an empty state"""
    nudged = Nudged(bench, "idle", pack=os.path.join(HERE, "..", "rules", "welcome"))
    nudged.start()
    time.sleep(2)
    before, begun = wake_ups(nudged), time.monotonic()
    time.sleep(5 if bench.quick else 20)
    bench.row("idle wake-ups of all threads", (wake_ups(nudged) - before) / (time.monotonic() - begun), "/s", "ticks only")
    bench.row("idle memory, empty state", memory(nudged) / 1e6, "MB", "20 MB", at_most(20))
    nudged.remove()


def wake_ups(server):
    total = 0
    for task in os.listdir(f"/proc/{server.pid}/task"):
        with open(f"/proc/{server.pid}/task/{task}/status") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt"))
    return total
