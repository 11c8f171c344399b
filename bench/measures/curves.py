"""What is drawn as curves: throughput against depth, cost against the number of rules, of customers, and history."""
import os
import shutil

from bench import CUSTOMERS, measure
from callgrind import installed, instructions
from servers import Nudged, Redis, Tarantool
from targets import W1_DEEP, at_most, cpu_of, ratios, rates_of, stream

DEPTHS = (1, 2, 4, 8, 16, 32, 64)
RULES = (10, 100, 1000, 10000)
HISTORIES = (2, 8, 20, 50)  # events a customer


@measure(235)
def depths(bench):
    """throughput of W1 and W2 against depth, nudged and peers"""
    peers = [Redis(bench, "everysec"), Redis(bench, "always"), Tarantool(bench, "fsync")] if bench.with_peers else []
    servers = bench.started(Nudged(bench), *peers, per_customer=2)
    asked = [s for s in servers if s.name != "redis-always"]  # reading, both Redis are the same
    for kind, of in (("ingest", servers), ("recommend", asked)):
        cases = [f"{kind},depth={d}" for d in DEPTHS]
        runs = bench.rounds(of, cases, rep=min(bench.rep, 3), seconds=bench.brief, warm=0.2)
        for (name, case), results in runs.items():
            bench.point(f"depth {kind}", name, int(case.split("=")[1]), rates_of(results))


def pack_with_rules(bench, count):
    """The pack and `count` more rules, on event types that never come."""
    path = os.path.join(bench.scratch, f"pack-{count}")
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(bench.pack, path)
    with open(os.path.join(path, "pack.lua"), "a", encoding="utf-8") as f:
        f.write('require "others"\n')
    with open(os.path.join(path, "others.lua"), "w", encoding="utf-8") as f:
        f.write(f'for i = 1, {count} do\n  rule("other-" .. i) {{ on = "other." .. i, when = fact.calls:above(i), '
                'set = { other = i } }\nend\n')
    return path


@measure(100)
def rules(bench):
    """10 to 10,000 rules of other event types"""
    servers = bench.started(*(Nudged(bench, f"rules-{n}", pack_with_rules(bench, n)) for n in RULES))
    runs = bench.rounds(servers, [W1_DEEP])
    cost = {n: cpu_of(runs[s.name, W1_DEEP]) for n, s in zip(RULES, servers)}
    for n in RULES:
        bench.point("rules", "W1", n, cost[n])
    bench.row("W1 CPU with 10 other rules", cost[10], "us")
    bench.row("W1 CPU with 10,000 other rules", cost[10000], "us")
    bench.row("W1 CPU, 10,000 other rules against 10", ratios(cost[10000], cost[10]), "x")
    rules_counted(bench)


def rules_counted(bench):
    """The cost itself, which the machine's noise does not hide: instructions of the whole path under callgrind."""
    if not installed():
        bench.say("   instructions with 10 and 10,000 other rules: valgrind is not installed")
        return
    each = {n: instructions(os.path.join(bench.build, "bench", "bench-micro"),
                            os.path.join(bench.build, "bench", "bench_small_map.so"), "w1",
                            ["--pack", os.path.join(bench.scratch, f"pack-{n}")]) for n in RULES}
    for n in RULES:
        bench.point("rules instructions", "W1", n, [each[n]])
    bench.row("W1 instructions with 10 other rules", each[10], "")
    bench.row("W1 instructions, 10,000 other rules against 10", each[10000] / each[10], "x", "1.05x or less",
              at_most(1.05))


@measure(300)
def customers(bench):
    """10,000 to 2,000,000 customers: CPU, memory, p99; a start with 2,000,000 in the store"""
    sizes = (10000, CUSTOMERS, 200000, 400000) if bench.quick else (10000, CUSTOMERS, 1000000, 2000000)
    servers = [Nudged(bench, f"customers-{n}", flags=["--cache-mb", "16000"]) for n in sizes]
    cpu, p99 = {n: [] for n in sizes}, {n: [] for n in sizes}
    for n, server in zip(sizes, servers):
        server.start()
        empty = server.memory("RssAnon")
        bench.fill(server, 2, n)
        if n == sizes[-1]:
            memory_row(bench, server, empty, n, 2)
    for server in servers:
        server.settle(5 if bench.quick else 45)
    for _ in range(bench.rep):
        for n, server in zip(sizes, servers):
            cpu[n] += cpu_of([bench.load(server, W1_DEEP, customers=n, seconds=bench.seconds * 2 / 3)])
            p99[n].append(stream(bench.load(server, "ingest,rate=5000", customers=n,
                                            seconds=bench.seconds * 2 / 3))["p99_us"])
    for n in sizes:
        bench.point("customers cpu", "W1 at depth 32", n, cpu[n])
        bench.point("customers p99", "W1 at 5,000/s", n, p99[n])
    customer_rows(bench, sizes[-1], cpu, p99)
    for server in servers[:-1]:
        server.remove()
    start_row(bench, servers[-1], sizes[-1])


def memory_row(bench, server, empty, n, events):
    bench.row(f"memory a customer of {n:,}, {events} events each", (server.memory("RssAnon") - empty) / n, "bytes",
              "under 800 bytes", lambda v: v < 800)


def customer_rows(bench, most, cpu, p99):
    bench.row(f"W1 CPU, {CUSTOMERS:,} customers", cpu[CUSTOMERS], "us")
    bench.row(f"W1 CPU, {most:,} customers", cpu[most], "us")
    bench.row(f"W1 CPU, {most:,} against {CUSTOMERS:,} customers", ratios(cpu[most], cpu[CUSTOMERS]), "x",
              "2x or less", at_most(2))
    bench.row(f"W1 p99 at 5,000/s, {CUSTOMERS:,} customers", p99[CUSTOMERS], "us")
    bench.row(f"W1 p99 at 5,000/s, {most:,} customers", p99[most], "us")
    bench.row(f"W1 p99 at 5,000/s, {most:,} against {CUSTOMERS:,}", ratios(p99[most], p99[CUSTOMERS]), "x",
              "no cliff: 2x or less", at_most(2))


def start_row(bench, server, n):
    server.stop()
    begun = server.start()
    answer = bench.load(server, "recommend,connections=1,depth=1", events=1, customers=n)
    bench.row(f"start with {n:,} customers in the store, to the first answer", begun + answer["seconds"], "s",
              "1 s or less", at_most(1))


@measure(85)
def history(bench):
    """cost and memory against a customer's history: 2 to 50 events each"""
    count = 50000 if bench.quick else 200000
    nudged = Nudged(bench, "history", flags=["--cache-mb", "16000"])
    nudged.start()
    empty, had = nudged.memory("RssAnon"), 0
    for events in HISTORIES[:2] if bench.quick else HISTORIES:
        bench.fill(nudged, events - had, count)
        had = events
        memory_row(bench, nudged, empty, count, events)
        # W2 changes no customer; W1's short runs bring half an event to each, which is subtracted from what comes next.
        asked = [bench.load(nudged, "recommend,depth=32", customers=count, seconds=bench.brief)
                 for _ in range(min(bench.rep, 3))]
        sent = [bench.load(nudged, W1_DEEP, events=count // 2, customers=count) for _ in range(2)]
        had += 1
        bench.point("history", "W1, an event", events, cpu_of(sent))
        bench.point("history", "W2, a recommendation", events, cpu_of(asked))
