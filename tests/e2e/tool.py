#!/usr/bin/python3
"""nudgectl against a daemon of its own, as a user and as a script use it: every command, its exit code, what it prints.

    tool.py NUDGED NUDGECTL SOURCE_ROOT

Also the bank's calls, where that file is there: NUDGED_DATA names its folder, else ../shared/data beside the source.
"""
import fcntl
import gzip
import json
import os
import pty
import re
import shutil
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest

import kit
import nudge_client

BENCH = kit.Bench()
NUDGECTL, ROOT = BENCH.nudgectl, BENCH.root
REAL_DATA = os.environ.get("NUDGED_DATA") or os.path.join(ROOT, "..", "shared", "data")

PACK = """
pack { name = "tooltest", zone = "UTC", currency = "EUR", topics = { "bill" } }
local calls = series { on = "call.ended", per = "customer", name = "calls" }
fact.calls_week = calls:count "7d"
rule "again" { why = "three calls a week are two too many", on = "call.ended", when = fact.calls_week:at_least(3),
  alert = { severity = "high", to = "care", say = "{calls_week} calls in a week." } }
action "call-back" { goal = "serve", applicable = fact.calls_week:at_least(1),
  value = { customer = 0.9, business = 0.2 }, propensity = { start = 0.5, evidence = 10 },
  say = "We saw {calls_week} calls." }
action "upsell" { goal = "grow", eligible = attr("lines"):at_least(2), value = { customer = 0.1, business = 0.9 },
  propensity = { start = 0.1, evidence = 10 }, say = "More?" }
answers "bill" { ["why is it higher?"] = "It is not." }
"""


class Daemon:
    """A daemon of its own, and the tool talking to it."""

    def __init__(self, pack):
        self.pack = pack or BENCH.pack(PACK)
        self.nudged = BENCH.daemon(rules=self.pack)
        self.socket, self.data = self.nudged.address, self.nudged.data

    @staticmethod
    def write(name, text):
        path = BENCH.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run(self, *args, stdin=""):
        """(exit code, output, errors)"""
        done = subprocess.run([NUDGECTL, "--socket", self.socket, *args], input=stdin, capture_output=True, text=True,
                              timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def json(self, *args, stdin=""):
        code, out, errors = self.run("--json", *args, stdin=stdin)
        if code != 0:
            raise AssertionError(f"{args}: {code} {errors}")
        return json.loads(out)


def event(number, customer="c1", **more):
    return {"id": f"e{number}", "source": "test", "customer": customer, "type": "call.ended", "channel": "call", **more}


def lines(objects):
    return "".join(json.dumps(o) + "\n" for o in objects)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = Daemon(None)

    @classmethod
    def tearDownClass(cls):
        cls.d.nudged.stop()

    def test_send_and_send_again(self):
        start = int(time.time() * 1000) - 1000000
        batch = lines(event(f"again{i}", "twice", time_ms=start + i) for i in range(700))
        first = self.d.json("send", "-", stdin=batch)
        self.assertEqual((first["accepted"], first["duplicates"], first["refused"]), (700, 0, 0))
        before = self.d.json("digest")["digest"]
        tail = "".join(line + "\n" for line in batch.splitlines()[-200:])
        self.assertEqual(self.d.json("send", "-", stdin=tail)["duplicates"], 200)
        self.assertEqual(self.d.json("digest")["digest"], before)
        # beyond the ids that are kept nobody can tell: such an event is not applied, and the tool says so
        old = self.d.json("send", "-", stdin=lines([event("never-seen", "twice", time_ms=start - 1)]))
        self.assertEqual((old["duplicates"], old["too_old"]), (1, 1))
        self.assertEqual(self.d.json("digest")["digest"], before)

    def test_send_tells_refusals(self):
        mixed = lines([event("r1", "r"), event("r2", ""), event("r3", "r", time_ms=1 << 60)])
        code, out, errors = self.d.run("send", "-", stdin=mixed)
        self.assertEqual(code, 1)
        self.assertIn("1 accepted, 0 duplicate, 2 refused", out)
        self.assertIn("at line 2", errors)
        self.assertIn("at line 3", errors)

    def test_send_stops_at_a_bad_line_or_passes_it_over(self):
        # what was read before the bad line is sent
        text = lines([event("b1", "b")]) + "{ not json\n" + lines([event("b2", "b")])
        code, out, errors = self.d.run("send", "-", stdin=text)
        self.assertEqual(code, 1)
        self.assertIn("stopped at line 2: not JSON: ", errors)
        self.assertIn("what follows was not sent; --keep-going passes over such lines", errors)
        code, out, errors = self.d.run("send", self.d.write("bad.jsonl", text + "\n{}\n"))
        self.assertEqual(code, 1)
        self.assertIn("; 2 lines not sent; --keep-going", errors)
        code, out, errors = self.d.run("send", "--keep-going", "-", stdin=text)
        self.assertEqual(code, 1)
        self.assertIn("1 accepted, 1 duplicate, 0 refused, 1 line passed over", out)
        self.assertIn("line 2 passed over: not JSON", errors)
        told = self.d.run("send", "-", stdin='{"id": "x", "agnet": 1}\n')[2]
        self.assertIn("stopped at line 1: no event: agnet is not a field of Event: did you mean agent?", told)
        self.assertIn("put it into attributes", self.d.run("send", "-", stdin='{"id": "x", "mood": 1}\n')[2])
        told = self.d.json("send", "--keep-going", "-", stdin=lines([event("b3", "b")]))
        self.assertEqual((told["bad_lines"], "stopped_at_line" in told), (0, False))

    def test_a_time_that_is_too_late_shows_as_it_was_read(self):
        _, _, errors = self.d.run("send", "-", stdin=lines([event("f1", "f", time="2135-01-01T00:00:00Z")]))
        self.assertIn("years in the future (2135-01-01T00:00:00Z)", errors)
        _, _, errors = self.d.run("send", "-", stdin=lines([event("f2", "f", attributes={"mood": 7})]))
        self.assertIn("attributes.mood is 7", errors)

    def test_history_is_told_from_alerts(self):
        day = int(time.time() * 1000) - 86400 * 1000
        code, out, _ = self.d.run("send", "-", stdin=lines(event(f"h{i}", "history", time_ms=day + i) for i in range(4)))
        self.assertEqual((code, out), (0, "4 accepted, 0 duplicate, 0 refused, 2 alerts recorded as history, "
                                       "not pushed\n"))
        states = [line.split()[3] for line in self.d.run("customer", "show", "history")[1].splitlines()
                  if line.endswith(" calls in a week.")]
        self.assertEqual(states, ["historical", "historical"])
        self.assertEqual(self.d.json("send", "-", stdin=lines(event(f"p{i}", "now") for i in range(3)))["alerts"], 1)

    def test_recommend_outcome_show(self):
        self.d.json("send", "-", stdin=lines(event(f"s{i}", "show") for i in range(2)))
        asked = self.d.json("recommend", "show", "--topic", "bill", "--lang", "en", "--explain")
        self.assertEqual([c["action"] for c in asked["choices"]], ["call-back"])
        self.assertEqual(asked["choices"][0]["say"], "We saw 2 calls.")
        left_out = [(o["action"], o["gate"], o["unknown"]) for o in asked["left_out"]]
        self.assertEqual(left_out, [("upsell", "eligible", True)])
        self.assertEqual(asked["answers"][0]["text"], "It is not.")
        code, out, _ = self.d.run("recommend", "show", "--topic", "bill", "--lang", "en", "--explain")
        self.assertEqual(code, 0)
        for words in ("call-back", "We saw 2 calls.", "why is it higher?", "upsell", "eligible"):
            self.assertIn(words, out)
        told = ("outcome", "show", "call-back", "accepted", "--decision", asked["decision"])
        self.assertEqual(self.d.run(*told)[0], 0)
        self.assertIn("before", self.d.run(*told)[1])
        self.assertEqual(self.d.run("outcome", "show", "call-back", "loved")[0], 1)
        dumped = [json.loads(line) for line in self.d.run("journal", "dump", self.d.data)[1].splitlines()]
        self.assertIn(asked["decision"], [e["decision"]["id"] for e in dumped if "decision" in e])
        shown = self.d.json("customer", "show", "show")
        self.assertEqual([o["kind"] for o in shown["outcomes"]], ["accepted"])
        self.assertIn("call-back", self.d.run("customer", "show", "show")[1])
        self.assertEqual(self.d.run("customer", "show", "nobody-at-all")[0], 1)

    def test_alerts_follow_and_acknowledge(self):
        follower = subprocess.Popen([NUDGECTL, "--socket", self.d.socket, "--json", "alerts", "--follow", "--customer",
                                     "loud"], stdout=subprocess.PIPE, text=True)
        until = time.monotonic() + 10
        while self.d.json("status").get("followers", 0) < 1 and time.monotonic() < until:
            time.sleep(0.02)
        self.d.json("send", "-", stdin=lines(event(f"a{i}", "loud") for i in range(4)))
        pushed = [json.loads(follower.stdout.readline()) for _ in range(2)]
        follower.terminate()
        follower.wait()
        follower.stdout.close()
        self.assertEqual([a["text"] for a in pushed], ["3 calls in a week.", "4 calls in a week."])
        listed = [a for a in self.d.json("alerts", "--to", "care") if a["customer"] == "loud"]
        self.assertEqual([a["seq"] for a in listed], [a["seq"] for a in pushed])
        name = f"{pushed[0]['seq']}-{pushed[0].get('index', 0)}"
        self.assertIn(name, self.d.run("alerts")[1])
        self.assertEqual(self.d.run("alert", "ack", name, "--by", "test")[0], 0)
        self.assertNotIn(name, self.d.run("alerts")[1])
        self.assertEqual(self.d.run("alert", "ack", "999999-0")[0], 1)

    def test_an_alert_that_nobody_took_care_of_expires(self):
        d = Daemon(BENCH.pack(PACK.replace('severity = "high"', 'severity = "high", expires = "1s"')))
        d.json("send", "-", stdin=lines(event(i, "late") for i in range(3)))
        self.assertIn("  open  ", d.run("customer", "show", "late")[1])
        time.sleep(1.2)
        self.assertIn("  expired  ", d.run("customer", "show", "late")[1])
        d.nudged.stop()

    def on_terminal(self, columns, *args):
        """What a terminal of that width gets, as lines without colours."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        with subprocess.Popen([NUDGECTL, "--socket", self.d.socket, *args], stdout=slave, stderr=slave) as tool:
            os.close(slave)
            out = b""
            while True:
                try:
                    more = os.read(master, 65536)
                except OSError: # the other end is closed
                    break
                if not more:
                    break
                out += more
        os.close(master)
        self.assertEqual(tool.returncode, 0, out)
        return re.sub(r"\x1b\[[0-9;]*[mK]", "", out.decode()).replace("\r", "").splitlines()

    def test_nothing_is_cut_on_any_terminal(self):
        self.d.json("send", "-", stdin=lines(event(f"w{i}", "somebody-with-a-rather-long-name", member="a-member")
                                             for i in range(4)))
        name = "somebody-with-a-rather-long-name"
        wanted = {("customer", "show", name): ("3 calls in a week.", "4 calls in a week.", "calls_week"),
                  ("alerts",): ("/a-member", "4 calls in a week.", "care"),
                  ("rules", "list"): ("three calls a week are two too many",),
                  ("status",): ("tooltest", "since start", "publish", "store_bytes"),
                  ("recommend", name, "--topic", "bill", "--explain"): ("We saw 4 calls.", "It is not.", "upsell"),
                  ("help", "send"): ("Exit code 1 where anything was refused.", "--keep-going")}
        for args, texts in wanted.items():
            for columns in (40, 80, 160):
                shown = self.on_terminal(columns, *args)
                self.assertNotIn("…", "".join(shown).replace("COMMAND …", ""))
                together = " ".join(" ".join(shown).split())
                for text in texts:
                    self.assertIn(text, together, (args, columns))
                for line in shown if columns >= 80 else (): # narrower, a title may be broken by the terminal itself
                    self.assertLessEqual(len(line), columns, line)

    def test_rules(self):
        stats = self.d.json("rules", "stats")
        self.assertEqual([r["name"] for r in stats], ["again"])
        for field in ("matched", "fired", "unknown", "failed", "time_us", "aside", "last_error", "why", "on", "about"):
            self.assertIn(field, stats[0])
        self.assertIn("three calls a week", self.d.run("rules", "list")[1])
        bad = BENCH.pack('rule "x" {')
        code, _, errors = self.d.run("rules", "activate", bad)
        self.assertEqual(code, 1)
        self.assertIn("pack.lua:1", errors)
        self.assertEqual(self.d.json("rules", "activate", self.d.pack)["name"], "tooltest")
        self.assertIn("no such", self.d.run("rules", "activate", "/nonexistent")[2].lower())

    def test_events_that_nothing_listens_to_are_counted(self):
        def unheard():
            return next(g["value"] for g in self.d.json("status")["gauges"] if g["name"] == "events_unheard")
        before = unheard()
        self.d.json("send", "-", stdin=lines([event("u1", "unheard", type="contact.endet"), event("u2", "unheard"),
                                              event("u3", "unheard", type="profile.updated", attributes={"lines": 2})]))
        self.assertEqual(unheard(), before + 1)

    def test_status_and_journal(self):
        self.d.json("send", "-", stdin=lines([event("j1", "journal", attributes={"mood": -0.5})]))
        status = self.d.json("status")
        self.assertEqual(status["pack"], "tooltest")
        self.assertGreaterEqual(status["journal_durable"], 1)
        self.assertIn("tooltest", self.d.run("status")[1])
        told = self.d.run("status")[1]
        for words in ("since start", "KiB", "p99", f"boot {status['boot_id']},"):
            self.assertIn(words, told)
        self.assertEqual(self.d.json("journal", "verify", self.d.data)["problems"], 0)
        code, _, errors = self.d.run("journal", "verify", "/nonexistent")
        self.assertEqual(code, 1)
        self.assertIn("cannot be checked: ", errors)
        self.assertNotIn("damaged", errors)
        code, out, _ = self.d.run("journal", "dump", self.d.data, "--customer", "journal")
        self.assertEqual(code, 0)
        entries = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(entries[0]["event"]["attributes"], {"mood": -0.5})
        self.assertEqual({e.get("customer") or e.get("of_customer") for e in entries}, {"journal"})

    def test_stages(self):
        """After enough events each stage has been measured, and together they take a part of the time that passed."""
        d = Daemon(None)
        self.addCleanup(d.nudged.stop)
        self.assertIn("no event has been measured yet", d.run("status", "--stages")[1])
        begun = time.monotonic()
        for part in range(100):
            d.json("send", "-", stdin=lines(event(f"st{part}-{i}", f"st{i % 50}") for i in range(80)))
            d.json("recommend", f"st{part % 50}")
        passed_us = (time.monotonic() - begun) * 1e6
        status = d.json("status")
        stages = {s["name"]: s for s in status["stages"]}
        events = ("frame", "decode", "find", "series", "rules", "entry", "answer", "send", "write", "sync")
        asked = ("asked", "gates", "scores", "words", "reasons", "record", "reply")
        for name in events + asked + ("hold",):
            self.assertGreater(stages[name]["items"], 0, name)
            self.assertGreater(stages[name]["us"], 0, name)
        on_shard = sum(s["us"] for s in stages.values() if s["item"] == "event" and s["thread"] == "shard")
        self.assertLess(on_shard * status["events_accepted"], passed_us)
        self.assertGreater(on_shard, stages["rules"]["us"])
        self.assertGreater(stages["hold"]["us"], on_shard)
        gauges = {g["name"]: g["value"] for g in status["gauges"]}
        self.assertGreaterEqual(gauges["batch_bytes_mean"], 512)
        self.assertGreaterEqual(gauges["sync_max"], gauges["sync_mean"])
        told = d.run("status", "--stages")[1]
        for words in events + asked + ("us on a shard", "journal, a batch"):
            self.assertIn(words, told)

    def test_import(self):
        mapping = self.d.write("map.lua", 'function row(r) if r.n == "2" then return nil, "two" end\n'
                               'return { id = r.n, source = "csv", customer = "im", type = "call.ended",\n'
                               'time = utc("2026-01-01") } end\n')
        rows = self.d.write("rows.csv", "n,text\n1,\"a, b\"\n2,x\n3,\"multi\nline\"\n")
        found = self.d.json("import", rows, "--map", mapping)
        self.assertEqual((found["rows"], found["accepted"], found["skipped"], found["skips"]), (3, 2, 1, {"two": 1}))
        self.assertEqual(self.d.json("import", rows, "--map", mapping)["duplicates"], 2)
        code, out, _ = self.d.run("import", rows, "--map", mapping, "--dry-run")
        self.assertEqual((code, len(out.splitlines())), (0, 2))
        wrong = self.d.write("wrong.lua", 'function row(r)\nreturn r.number end\n')
        code, _, errors = self.d.run("import", rows, "--map", wrong)
        self.assertEqual(code, 1)
        self.assertIn("wrong.lua:2", errors)


class Alone(unittest.TestCase):
    """Without a daemon."""

    def run_tool(self, *args, **more):
        environment = {**os.environ, "NUDGE_SOCKET": "unix:/nonexistent/s"}
        done = subprocess.run([NUDGECTL, *args], capture_output=True, text=True, env=environment, check=False,
                              timeout=120, **more)
        return done.returncode, done.stdout, done.stderr

    def test_usage(self):
        for args in ((), ("nonsense",), ("rules",), ("status", "--nonsense"), ("recommend",), ("alert", "ack", "x"),
                     ("import", "x"), ("recommend", "c", "--mood", "2"), ("send",)):
            self.assertEqual(self.run_tool(*args)[0], 2, args)

    def test_mistakes_are_answered_with_what_was_meant(self):
        self.assertIn("did you mean --channel?", self.run_tool("recommend", "c", "--chanel", "web")[2])
        self.assertIn("--since takes a time such as", self.run_tool("report", "agents", "--since", "soon")[2])
        self.assertIn("--limit takes a whole number", self.run_tool("rules", "history", "--limit", "all")[2])
        self.assertIn('status takes no argument, and "now" is one', self.run_tool("status", "now")[2])
        self.assertIn("did you mean status?", self.run_tool("help", "statsu")[2])
        self.assertIn("did you mean --lang?", self.run_tool("recommend", "c", "--language", "vi")[2])
        self.assertIn("explain CUSTOMER --event e4", self.run_tool("explain", "--event", "e4")[2])
        nobody = self.run_tool("--socket", "unix:/nowhere/s", "alerts")
        self.assertEqual((nobody[0], nobody[2].count("cannot connect")), (1, 1), nobody)
        meant = self.run_tool("stauts")[2]
        self.assertIn("did you mean status?", meant)
        self.assertNotIn("Commands: ", meant)
        self.assertIn("token revoke", self.run_tool("token", "--help")[1])
        self.assertIn("did you mean rules list?", self.run_tool("rules", "lst")[2])
        self.assertIn("there are: customer show, customer find, ", self.run_tool("customer")[2])
        self.assertIn("name what --listen says", self.run_tool("--socket", "http://127.0.0.1:8787", "status")[2])
        self.assertIn("--listen unix:/nowhere/sock`", self.run_tool("--socket", "/nowhere/sock", "status")[2])
        errors = self.run_tool("nonsense")[2]
        self.assertLess(errors.index("customer show"), errors.index("Try `nudgectl help`"))
        errors = self.run_tool("recommend", "c", "--mood", "2")[2]
        self.assertIn("Try `nudgectl help recommend`", errors)
        self.assertNotIn("Commands:", errors)

    def test_dates_are_times(self):
        first = self.run_tool("simulate", "--households", "1", "--days", "1", "--start", "2026-07-01")
        self.assertEqual(first, self.run_tool("simulate", "--households", "1", "--days", "1", "--start",
                                              "2026-07-01T00:00:00+07:00"))
        self.assertEqual(first[0], 0)
        self.assertEqual(self.run_tool("simulate", "--start", "2026-02-30")[0], 2)

    def test_help_knows_every_command(self):
        code, out, _ = self.run_tool("help")
        self.assertEqual(code, 0)
        names = ["send", "import", "simulate", "recommend", "outcome", "customer show", "agent show", "alerts",
                 "alert ack", "rules activate", "rules list", "rules stats", "rules test", "status", "digest",
                 "journal verify", "journal dump"]
        for name in names:
            self.assertIn("  " + name, out)
            code, text, _ = self.run_tool("help", *name.split())
            self.assertEqual(code, 0)
            self.assertIn("Usage: nudgectl", text)

    def test_no_daemon_says_what_to_do(self):
        code, out, errors = self.run_tool("status")
        self.assertEqual((code, out), (1, ""))
        for words in ("/nonexistent/s", "--socket", "NUDGE_SOCKET", "nudged --data"):
            self.assertIn(words, errors)

    def test_a_daemon_that_was_just_started_is_waited_for(self):
        path = BENCH.path("late")
        listener = socket.socket(socket.AF_UNIX)
        opened = threading.Timer(0.4, lambda: (listener.bind(path), listener.listen()))
        opened.start()
        with subprocess.Popen([NUDGECTL, "--socket", path, "status"], stderr=subprocess.PIPE) as tool, listener:
            opened.join()
            listener.settimeout(10)
            listener.accept()[0].close() # it connected: that is all we ask
            tool.communicate(timeout=20)

    def test_simulate(self):
        code, out, _ = self.run_tool("simulate", "--story", "--seed", "7")
        self.assertEqual(code, 0)
        self.assertEqual(out, self.run_tool("simulate", "--story", "--seed", "7")[1])
        self.assertNotEqual(out, self.run_tool("simulate", "--story", "--seed", "8")[1])
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len({(e["source"], e["id"]) for e in events}), len(events))
        self.assertEqual([e["time_ms"] for e in events], sorted(e["time_ms"] for e in events))
        family = [e for e in events if e["customer"] == "household-nguyen"]
        self.assertEqual([e["type"] for e in family if e["type"].startswith("contact.")], ["contact.started"])
        self.assertEqual(family[-1], events[-1])
        # one household's life does not depend on how many others there are
        fewer = self.run_tool("simulate", "--story", "--seed", "7", "--households", "3")[1].splitlines()
        self.assertLess(set(fewer), set(out.splitlines()))

    def test_simulate_into_a_closed_pipe(self):
        done = subprocess.run(f"'{NUDGECTL}' simulate --households 500 | head -n 1", shell=True, capture_output=True,
                              text=True, check=False)
        self.assertEqual(len(done.stdout.splitlines()), 1)


class Examples(unittest.TestCase):
    """Whatever help shows as an example works as it stands."""

    @staticmethod
    def help(*words):
        return subprocess.run([NUDGECTL, "help", *words], capture_output=True, text=True, check=True).stdout

    def test_they_run(self):
        daemon = BENCH.daemon(rules=os.path.join(ROOT, "rules", "telecom"), args=["--clock", "events"])
        folder = BENCH.path("examples")
        os.mkdir(folder)
        os.symlink(os.path.abspath(os.path.join(ROOT, "rules")), os.path.join(folder, "rules"))
        environment = {**os.environ, "NUDGE_SOCKET": daemon.address,
                       "PATH": os.path.dirname(os.path.abspath(NUDGECTL)) + ":" + os.environ["PATH"]}
        found = 0
        for name in ("rules new", "rules activate", "rules test", "simulate", "send", "recommend", "outcome", "customer show", "alerts"):
            block = self.help(*name.split()).split("Examples:\n")[1].split("\n\n")[0]
            for line in block.splitlines():
                done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=folder, env=environment, text=True,
                                      capture_output=True, check=False, timeout=60)
                self.assertEqual(done.returncode, 0, line + ": " + done.stderr)
                found += 1
        self.assertGreaterEqual(found, 8)
        text, at, objects = " ".join(self.help("send").split()), 0, []
        while (at := text.find('{"id"', at)) >= 0:
            one, at = json.JSONDecoder().raw_decode(text, at)
            objects.append(one)
        self.assertEqual(["kind" in o for o in objects], [False, True])
        done = subprocess.run([NUDGECTL, "--json", "send", "-"], input=lines(objects), env=environment, text=True,
                              capture_output=True, check=False)
        self.assertEqual((json.loads(done.stdout)["accepted"], done.returncode), (2, 0), done.stdout)
        daemon.stop()


class BusyServer(threading.Thread):
    """Answers as a daemon that is overloaded for a while: the first request is refused whole, of the second every
    other event."""

    def __init__(self):
        super().__init__(daemon=True)
        self.path = BENCH.path("busy")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.accepted, self.publishes = [], 0

    def run(self):
        connection, _ = self.listener.accept()
        with self.listener, connection:
            data = b""
            while more := connection.recv(1 << 16):
                data += more
                request, at = nudge_client.split(data, BENCH.pb.Request)
                while request is not None:
                    connection.sendall(nudge_client.frame(self.answer(request)))
                    data = data[at:]
                    request, at = nudge_client.split(data, BENCH.pb.Request)

    def answer(self, request):
        response = BENCH.pb.Response(request_id=request.request_id)
        if request.WhichOneof("body") == "hello":
            response.welcome.CopyFrom(BENCH.pb.Welcome(version=1, max_frame_bytes=1 << 20, max_in_flight=8,
                                                       max_batch_events=100))
            return response
        self.publishes += 1
        if self.publishes == 1:
            response.error.code = "busy"
            return response
        for i, one in enumerate(request.publish.events):
            ack = response.published.acks.add()
            if self.publishes == 2 and i % 2:
                ack.result = BENCH.pb.Ack.REFUSED
                ack.error.code = "busy"
            else:
                ack.result = BENCH.pb.Ack.ACCEPTED
                self.accepted.append(one.id)
        return response


class Busy(unittest.TestCase):
    def test_what_was_refused_as_busy_is_sent_again(self):
        server = BusyServer()
        server.start()
        done = subprocess.run([NUDGECTL, "--socket", "unix:" + server.path, "--json", "send", "-"],
                              capture_output=True, text=True, timeout=60, check=False,
                              input=lines(event(i) for i in range(1050)))
        server.join(10)
        told = json.loads(done.stdout)
        self.assertEqual((done.returncode, told["accepted"], told["refused"]), (0, 1050, 0))
        self.assertEqual(sorted(server.accepted), sorted(f"e{i}" for i in range(1050)))


BANK = os.path.join(REAL_DATA, "bank-calls-1999-08a.csv.gz")
BANK_PACK = os.path.join(ROOT, "rules", "bank")


@unittest.skipUnless(os.path.exists(BANK), "the bank's calls are not here: NUDGED_DATA names their folder")
class Bank(unittest.TestCase):
    """Three weeks of a bank's calls, with the pack and mapping that are shipped."""

    def import_all(self, d):
        return d.json("import", BANK, "--map", os.path.join(BANK_PACK, "import.lua"))

    def test_three_weeks(self):
        d = Daemon(BANK_PACK)
        try:
            found = self.import_all(d)
            self.assertEqual((found["rows"], found["accepted"], found["refused"], found["skipped"]),
                             (30138, 15544, 0, 14594))
            self.assertEqual(sum(found["skips"].values()), 14594)
            fired = {r["name"]: r["fired"] for r in d.json("rules", "stats")}
            self.assertEqual((fired["repeat-call"], fired["second-hang-up"]), (10333, 969))
            digest = d.json("digest")["digest"]
            again = self.import_all(d)
            self.assertEqual((again["accepted"], again["duplicates"]), (0, 15544))
            self.assertEqual(d.json("digest")["digest"], digest)
            self.assertEqual(self.interrupted(), digest)
        finally:
            d.nudged.stop()

    def interrupted(self):
        """The digest after three kills in the middle of an import and a complete import at the end."""
        d = Daemon(BANK_PACK)
        try:
            with gzip.open(BANK, "rt") as f:
                rows = f.readlines()
            for part in (5000, 12000, 20000):
                path = d.write("part.csv", "".join(rows[:part]))
                importing = subprocess.Popen([NUDGECTL, "--socket", d.socket, "import", path, "--map",
                                              os.path.join(BANK_PACK, "import.lua")],
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(0.03)
                d.nudged.kill()
                importing.wait(60)
                d.nudged.start()
            self.assertEqual(self.import_all(d)["refused"], 0)
            return d.json("digest")["digest"]
        finally:
            d.nudged.stop()


if __name__ == "__main__":
    program = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False)
    BENCH.finish()
    shutil.rmtree(BENCH.folder)
    sys.exit(not program.result.wasSuccessful())
