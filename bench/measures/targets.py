"""The measures that have a target: one function each, its first line the list's. Targets are those of README.md."""
import os
import signal
import time

from bench import CUSTOMERS, HERE, measure
from servers import Nudged, Postgres, Redis, Tarantool

W1_DEEP, W1_SHALLOW = "ingest,depth=32", "ingest,depth=1"
W2_DEEP, W2_SHALLOW = "recommend,depth=32", "recommend,depth=1"


def at_least(n):
    return lambda v: v >= n


def at_most(n):
    return lambda v: v <= n


def stream(result, index=0):
    return result["streams"][index]


def rates_of(results):
    return [stream(r)["per_s"] for r in results]


def cpu_of(results):
    return [r["server"]["cpu_us_per_item"] for r in results]


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs)]


def compare(bench, runs, case, what, peers, targets):
    ours = rates_of(runs["nudged", case])
    bench.row(f"{what}, nudged", ours, "/s")
    for peer in peers:
        theirs = rates_of(runs[peer.name, case])
        target = targets.get(peer.name)
        bench.row(f"{what}, {peer.name}", theirs, "/s")
        bench.row(f"{what}, nudged against {peer.name}", ratios(ours, theirs), "x", f"{target}x" if target else "",
                  at_least(target) if target else None)


def cpu_rows(bench, runs, case, what, servers):
    """What an item costs the server, and what of a core the generator took beside it."""
    for server in servers:
        limit = 4.5 if server.name == "nudged" and what == "W1" else None
        bench.row(f"{what} CPU of {server.name}, all its threads, depth 32", cpu_of(runs[server.name, case]), "us",
                  f"{limit} us or less" if limit else "", at_most(limit) if limit else None)
    for server in servers:
        bench.row(f"{what}, cores the generator takes with {server.name}",
                  [r["generator"]["cores"] for r in runs[server.name, case]], "cores")


@measure(175)
def w1(bench):
    """W1 at depth 32 and 1, and its CPU an event, against the peers"""
    peers = [Redis(bench, "everysec"), Redis(bench, "always"), Tarantool(bench, "fsync")] if bench.with_peers else []
    servers = bench.started(Nudged(bench), *peers)
    runs = bench.rounds(servers, [W1_DEEP, W1_SHALLOW])
    compare(bench, runs, W1_DEEP, "W1 depth 32", peers, {"redis-everysec": 7, "redis-always": 8, "tarantool-fsync": 4})
    compare(bench, runs, W1_SHALLOW, "W1 depth 1", peers,
            {"redis-everysec": 1.3, "redis-always": 2, "tarantool-fsync": 1.2})
    cpu_rows(bench, runs, W1_DEEP, "W1", servers)
    for thread in ("shard-0", "journal", "store"):
        bench.row(f"  of nudged's, thread {thread}",
                  [r["server"]["threads"].get(thread, 0) for r in runs["nudged", W1_DEEP]], "us")


RATES = (1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000)
BOUNDED = (5000, 20000, 50000) # those with a row of their own


@measure(230)
def rates(bench):
    """W1's latency at rates of 1,000 to 200,000/s beside the bare disk's, and Tarantool's at 5,000/s"""
    peers = [Tarantool(bench, "fsync")] if bench.with_peers else []
    nudged, *_ = bench.started(Nudged(bench), *peers)
    found, disk, theirs = {rate: [] for rate in RATES}, [], []
    least = {rate: [] for rate in BOUNDED}
    for _ in range(bench.rep):
        disk.append(bench.synced())
        for rate in RATES:
            found[rate].append(stream(bench.load(nudged, f"ingest,rate={rate}")))
            if rate in BOUNDED:
                least[rate].append(bench.synced(rate))
        theirs += [stream(bench.load(peer, "ingest,rate=5000")) for peer in peers]
    latency_rows(bench, found, disk, least)
    if peers:
        p99 = [r["p99_us"] for r in theirs]
        bench.row("W1 at 5,000/s, p99 of tarantool-fsync", p99, "us")
        bench.row("W1 at 5,000/s, p99 against tarantool-fsync", ratios([r["p99_us"] for r in found[5000]], p99), "x",
                  "1.5x or less", at_most(1.5))


def latency_rows(bench, found, disk, least):
    floor = [r["p99_us"] for r in disk]
    bench.row("4 KiB write + fdatasync alone, p50", [r["p50_us"] for r in disk], "us")
    bench.row("4 KiB write + fdatasync alone, p99", floor, "us")
    for rate, results in found.items():
        reached = [r["per_s"] for r in results]
        for figure in ("p50", "p90", "p99", "p999"):
            bench.point("latency", figure, rate, [r[figure + "_us"] for r in results])
            bench.point("latency", "disk " + figure, rate, [r[figure + "_us"] for r in disk])
        if rate not in BOUNDED:
            continue
        p99 = [r["p99_us"] for r in results]
        bench.row(f"W1 at {rate:,}/s, answered", reached, "/s")
        bench.row(f"W1 at {rate:,}/s, p50", [r["p50_us"] for r in results], "us")
        bench.row(f"W1 at {rate:,}/s, p99", p99, "us")
        limit = rate != 5000
        bench.row(f"W1 at {rate:,}/s, p99 against the bare disk's", ratios(p99, floor), "x",
                  "6x or less" if limit else "", at_most(6) if limit else None)
        ideal = [r["p99_us"] for r in least[rate]]
        bench.row(f"a group commit of no cost but the disk's at {rate:,}/s, p99", ideal, "us")
        bench.row(f"W1 at {rate:,}/s, p99 against that group commit's", ratios(p99, ideal), "x")


@measure(130)
def w2(bench):
    """W2 at depth 32 and 1 against the peers"""
    peers = [Redis(bench, "everysec"), Tarantool(bench, "write")] if bench.with_peers else []
    servers = bench.started(Nudged(bench), *peers)
    runs = bench.rounds(servers, [W2_DEEP, W2_SHALLOW])
    compare(bench, runs, W2_DEEP, "W2 depth 32", peers, {"redis-everysec": 3, "tarantool-write": 1.2})
    compare(bench, runs, W2_SHALLOW, "W2 depth 1", peers, {})
    cpu_rows(bench, runs, W2_DEEP, "W2", servers)


@measure(30)
def mixed(bench):
    """W2 p99 at 20,000/s while W1 runs at 10,000/s"""
    nudged, = bench.started(Nudged(bench))
    runs, pauses = [], []
    for _ in range(bench.rep):
        runs.append(bench.load(nudged, "recommend,rate=20000", "ingest,rate=10000"))
        pauses.append(bench.paused())
    for name in ("p50", "p99", "p999"):
        target = name == "p99"
        bench.row(f"W2 {name} at 20,000/s beside W1 at 10,000/s", [stream(r)[name + "_us"] for r in runs], "us",
                  "under 500 us" if target else "", (lambda v: v < 500) if target else None)
    bench.row("W1 p99 meanwhile", [stream(r, 1)["p99_us"] for r in runs], "us")
    bench.row("the machine alone: time in pauses over 0.5 ms, a core", pauses, "%")


@measure(75)
def functions(bench):
    """W1 and W2 with every condition, effect and value a Lua function, against terms"""
    servers = bench.started(Nudged(bench, "terms", os.path.join(HERE, "packs", "terms")),
                            Nudged(bench, "functions", os.path.join(HERE, "packs", "functions")))
    runs = bench.rounds(servers, [W1_DEEP, W2_DEEP])
    for case, what in ((W1_DEEP, "W1"), (W2_DEEP, "W2")):
        for kind, values, unit in (("depth 32", rates_of, "/s"), ("CPU", cpu_of, "us")):
            terms, written = (values(runs[s.name, case]) for s in servers)
            bench.row(f"{what} {kind}, pack in terms", terms, unit)
            bench.row(f"{what} {kind}, pack in Lua functions", written, unit)
            bench.row(f"{what} {kind}, functions against terms", ratios(written, terms), "x")


@measure(65)
def cache(bench):
    """customers beyond the cache limit, read back from the store"""
    small = Nudged(bench, "cache", flags=["--cache-mb", "16", "--sweep-ms", "500"])
    peers = [Redis(bench, "always")] if bench.with_peers else []
    bench.started(small, *peers, per_customer=2)
    time.sleep(3)
    hot, cold, ours, theirs = [], [], [], []
    one = "recommend,connections=1,depth=1"
    for _ in range(bench.rep):
        bench.load(small, one, customers=100, seconds=0.3, seed=5)
        hot.append(stream(bench.load(small, one, customers=100, seconds=bench.brief, seed=6))["p50_us"])
        cold.append(stream(bench.load(small, one, seconds=bench.brief))["p50_us"])
        ours.append(stream(bench.load(small, W1_DEEP))["per_s"])
        theirs += rates_of([bench.load(peer, W1_DEEP) for peer in peers])
    bench.row("read back from the store, median, over a cached one's", [b - a for a, b in zip(hot, cold)], "us",
              "under 20 us", lambda v: v < 20)
    bench.row("W1 depth 32 with most customers beyond the cache", ours, "/s")
    if peers:
        bench.row("  the same against redis-always", ratios(ours, theirs), "x", "over 1x", lambda v: v > 1)


@measure(40)
def recovery(bench):
    """recovery of 1,000,000 journaled events after kill -9"""
    count = 100000 if bench.quick else 1000000
    nudged = Nudged(bench, "recovery", flags=["--sweep-ms", "3600000"])
    nudged.start()
    bench.load(nudged, "ingest,depth=64", events=count, label="fill")
    seconds = []
    for _ in range(bench.rep):
        nudged.stop(signal.SIGKILL)
        seconds.append(nudged.start())
    bench.row(f"recovery of {count:,} journaled events" + ("" if count == 1000000 else ", times 10"),
              [s * 1000000 / count for s in seconds], "s", "2 s or less", at_most(2))


@measure(24)
def idle(bench):
    """wake-ups and memory of an idle daemon with an empty state"""
    nudged = Nudged(bench, "idle", pack=os.path.join(HERE, "..", "rules", "welcome"))
    nudged.start()
    time.sleep(2)
    before, begun = nudged.wake_ups(), time.monotonic()
    time.sleep(3 if bench.quick else 20)
    bench.row("idle wake-ups of all threads", (nudged.wake_ups() - before) / (time.monotonic() - begun), "/s",
              "ticks only: 1 /s or less", at_most(1))
    bench.row("idle memory, empty state", nudged.memory() / 1e6, "MB", "under 20 MB", lambda v: v < 20)


@measure(16)
def stages(bench):
    """where the time goes, as nudgectl status --stages tells it"""
    nudged = Nudged(bench, "stages")
    nudged.start()
    bench.load(nudged, W1_DEEP, seconds=bench.seconds * 2)
    bench.load(nudged, W2_DEEP)
    time.sleep(0 if bench.quick else 3)  # some records stored
    bench.texts["stages"] = nudged.ask("status", "--stages")
    bench.say(bench.texts["stages"])


@measure(150)
def postgres(bench):
    """W1 and W2 against PostgreSQL, synchronous_commit on (part of a whole run with --postgres only)"""
    peer = Postgres(bench)
    servers = bench.started(Nudged(bench), peer, per_customer=1, customers=10000 if bench.quick else CUSTOMERS)
    cases = {W1_DEEP: "W1 depth 32", W1_SHALLOW: "W1 depth 1", W2_DEEP: "W2 depth 32", W2_SHALLOW: "W2 depth 1"}
    runs = bench.rounds(servers, list(cases))
    for case, what in cases.items():
        compare(bench, runs, case, what + " (beside postgres)", [peer], {})
    bench.row("W1 CPU of postgres, all its processes, depth 32", cpu_of(runs["postgres", W1_DEEP]), "us")
