#!/usr/bin/python3
"""What a rule author begins with and measures by: `nudgectl rules new`, `nudgectl rules bench`.

usage: author.py NUDGED NUDGECTL SOURCE
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRATCH = tempfile.TemporaryDirectory()
NUDGED, NUDGECTL, ROOT = (os.path.abspath(path) for path in sys.argv[1:4])


def ctl(*args, cwd=SCRATCH.name, tool=NUDGECTL):
    return subprocess.run([tool, *args], capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


def text_of(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


class New(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=SCRATCH.name)

    def new(self, *args, **more):
        return ctl("rules", "new", *args, cwd=self.folder, **more)

    def test_it_passes_the_check_and_its_tests_which_see_all_of_it(self):
        done = self.new("shop")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shop = os.path.join(self.folder, "shop")
        self.assertIn('name = "shop"', text_of(shop, "pack.lua"))
        for path in ("pack.lua", "tests/stories.lua"):
            self.assertNotIn("new-pack", text_of(shop, path))
        said = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("  nudgectl ")]
        self.assertEqual([words[1] for words in said], ["check", "test"])
        for words, more in zip(said, (["--strict"], ["--threshold", "100"])): # what it says to do next is done
            next_one = ctl(*words, *more, cwd=self.folder)
            self.assertEqual(next_one.returncode, 0, next_one.stdout + next_one.stderr)
        self.assertIn(" 0 failed", next_one.stdout)

    def test_a_daemon_takes_it(self):
        self.new("shop")
        with subprocess.Popen([NUDGED, "--data", "data", "--rules", "shop", "--listen", "unix:s"], cwd=self.folder, text=True,
                              stderr=subprocess.PIPE) as daemon:
            said = ""
            for line in daemon.stderr: # to the end, where it does not start
                said += line
                if "ready on" in line:
                    break
            done = ctl("--socket", "unix:s", "recommend", "ann", "--channel", "call", "--intent", "order", cwd=self.folder)
            daemon.terminate()
        self.assertEqual(daemon.returncode, 0, said)
        self.assertIn("express", done.stdout, done.stderr)

    def test_editors_find_the_stubs(self):
        made = json.loads(self.new("shop", "--json").stdout)
        settings = json.loads(text_of(self.folder, "shop", ".luarc.json"))
        self.assertEqual(settings["workspace.library"], [made["stubs"]])
        self.assertTrue(os.path.samefile(made["stubs"], os.path.join(ROOT, "rules", "stubs")))
        self.assertEqual((settings["runtime.version"], settings["runtime.builtin"]["os"]), ("Lua 5.4", "disable"))
        self.assertTrue(all(os.path.exists(os.path.join(self.folder, "shop", path)) for path in made["files"]))

    def test_within_the_tree_of_the_stubs_they_move_together(self):
        tree = os.path.join(self.folder, "tree")
        os.makedirs(os.path.join(tree, "bin"))
        shutil.copy(NUDGECTL, os.path.join(tree, "bin"))
        shutil.copytree(os.path.join(ROOT, "rules"), os.path.join(tree, "rules"))
        tool = os.path.join(tree, "bin", "nudgectl")
        for name, path in (("shop", "tree/rules/shop"), ("own", "tree/own")):
            done = self.new(name, "--dir", path, tool=tool)
            self.assertIn(", seen from the pack", done.stdout, done.stderr)
        os.rename(tree, os.path.join(self.folder, "moved"))
        for path in ("rules/shop", "own"):
            pack = os.path.join(self.folder, "moved", path)
            stubs, = json.loads(text_of(pack, ".luarc.json"))["workspace.library"]
            self.assertFalse(os.path.isabs(stubs))
            self.assertTrue(os.path.samefile(os.path.join(pack, stubs), os.path.join(self.folder, "moved/rules/stubs")))

    def test_where_it_is_installed_it_finds_what_came_with_it(self):
        prefix = os.path.join(self.folder, 'an "odd" prefix')
        os.makedirs(os.path.join(prefix, "bin"))
        shutil.copy(NUDGECTL, os.path.join(prefix, "bin"))
        shutil.copytree(os.path.join(ROOT, "rules"), os.path.join(prefix, "share", "nudged", "rules"))
        done = self.new("shop", "--json", tool=os.path.join(prefix, "bin", "nudgectl"))
        self.assertEqual(done.returncode, 0, done.stderr)
        stubs = os.path.join(prefix, "share", "nudged", "rules", "stubs")
        self.assertEqual(json.loads(done.stdout)["stubs"], stubs)
        self.assertEqual(json.loads(text_of(self.folder, "shop", ".luarc.json"))["workspace.library"], [stubs])

    def test_what_is_there_is_left_alone(self):
        kept = os.path.join(self.folder, "kept")
        os.mkdir(kept)
        self.assertEqual(self.new("kept").returncode, 0) # empty: it may be used
        before = {path: text_of(kept, path) for path in ("pack.lua", "tests/stories.lua")}
        done = self.new("other", "--dir", "kept")
        self.assertEqual(done.returncode, 1)
        self.assertIn("kept is there already, and not empty", done.stderr)
        self.assertEqual(before, {path: text_of(kept, path) for path in before})
        with open(os.path.join(self.folder, "file"), "w", encoding="utf-8") as f:
            f.write("mine")
        self.assertEqual(self.new("file").returncode, 1)
        self.assertEqual(text_of(self.folder, "file"), "mine")

    def test_a_repository_of_ones_own_is_empty_enough(self):
        os.makedirs(os.path.join(self.folder, "mine", ".git"))
        self.assertEqual(self.new("shop", "--dir", "mine").returncode, 0)
        self.assertIn('name = "shop"', text_of(self.folder, "mine", "pack.lua"))

    def test_bad_names_and_places(self):
        for name in ("../up", "a b", "", ".hidden", "-x", "x" * 65, "ä"):
            done = self.new("--", name)
            self.assertEqual(done.returncode, 2, name)
            self.assertIn("cannot be a pack's name", done.stderr)
        done = self.new("shop", "--dir", "no/such/place")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot make the folder no/such/place: No such file or directory", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])


PACK = '''pack { name = "bench" }
local visits = series { on = "visit" }
fact.visits = visits:count "7d"
fact.slow = calc({ n = fact.visits }, function(v)
  local sum = 0
  for i = 1, 3000 do sum = sum + i end
  return sum + v.n
end)
rule "cheap" { on = "visit", when = fact.visits:at_least(1), set = { seen = true } }
rule "dear" {
  on = "visit",
  when = all { event.page:is "start", fact.slow:at_least(4) },
  alert = { to = "care", say = "{visits} visits" },
}
rule "hungry" { on = "visit", set = { text = calc({ n = fact.visits }, function(v) return #("x"):rep(500) end) } }
action "greet" {
  goal = "serve", value = { customer = fact.visits / 10, business = 1 }, say = "Hello, {visits} times",
  eligible = attr("lines"):at_least(2),
}
action "never" { goal = "serve", value = { customer = 1, business = 1 }, say = "x", eligible = attr("lines"):at_least(9) }
'''
STORY = '''local c = customer "c"
test("t", function()
  c:event("profile.updated", { lines = 2 })
  for _ = 1, 4 do c:event("visit", { page = "start" }) end
  c:event("visit", { page = "end" })
  c:ask()
end)
test("wrong", function() c:event "visit" fail "so" end)
'''


class Bench(unittest.TestCase):
    """What is counted is known to the last; of times only that the dearest part is the dearest."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=SCRATCH.name)
        os.mkdir(os.path.join(cls.folder, "tests"))
        for name, text in (("pack.lua", PACK), ("tests/t.lua", STORY)):
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as f:
                f.write(text)

    def bench(self, *args, ok=True, **more):
        done = subprocess.run([NUDGECTL, "--json", "rules", "bench", self.folder, *args], capture_output=True, text=True,
                              check=False, timeout=120, **more)
        if ok:
            self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if ok else done

    def parts(self, *args, **more):
        return {(p["kind"], p["name"], p["part"]): p for p in self.bench(*args, **more)["parts"]}

    def test_every_part_is_counted_as_often_as_it_was_asked(self):
        parts = self.parts("--run", "t.lua", "--events", "12") # two rounds of six events; the other story has one event
        calls = {key: p["calls"] for key, p in parts.items() if key[0] != "fact"}
        self.assertEqual(calls, {
            ("rule", "cheap", "when"): 10 + 12, ("rule", "cheap", "effect"): 10 + 12, ("rule", "dear", "when"): 10 + 12,
            ("rule", "dear", "effect"): 8, ("rule", "hungry", "effect"): 10 + 12, ("action", "greet", "eligible"): 2,
            ("action", "greet", "value"): 2, ("action", "greet", "words"): 2, ("action", "never", "eligible"): 2})
        self.assertEqual(parts["fact", "slow", ""]["calls"], 8 + 12) # not where the page is another, but where it is unknown
        self.assertEqual(parts["fact", "visits", ""]["calls"], 10 + 12 + 2)

    def test_what_is_counted_is_exact(self):
        parts = self.parts("--run", "t", "--events", "60")
        cheap = parts["rule", "cheap", "when"]
        self.assertEqual((cheap["terms"]["median"], cheap["instructions"]["p99"], cheap["bytes"]["p99"]), (3, 0, 0))
        self.assertEqual((cheap["file"], cheap["line"]), ("pack.lua", 9))
        slow = parts["fact", "slow", ""]
        self.assertEqual(slow["terms"]["median"], 3) # the call, its input, what that stands on
        self.assertTrue(3000 * 2 <= slow["instructions"]["median"] <= 3000 * 2 + 40, slow)
        self.assertEqual(slow["instructions"], parts["rule", "dear", "when"]["instructions"] | {"mean": slow["instructions"]["mean"]})
        hungry = parts["rule", "hungry", "effect"]
        self.assertTrue(500 <= hungry["bytes"]["median"] <= 2500, hungry)
        again = self.parts("--run", "t", "--events", "60")
        for key, part in parts.items():
            for counted in ("calls", "terms", "instructions"):
                self.assertEqual(part[counted], again[key][counted], key)

    def test_the_dearest_is_named_with_its_place(self):
        told = self.bench()
        self.assertEqual((told["dearest"]["name"], told["dearest"]["part"], told["dearest_fact"]["name"]), ("dear", "when", "slow"))
        self.assertGreater(told["dearest"]["share"], 0.5)
        self.assertEqual(told["parts"][0]["name"], "dear") # sorted by what they took
        done = ctl("rules", "bench", self.folder)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"Dearest of all calls together: rule dear: when at pack.lua:12 took \d+% of what rules and actions took, .* a call")
        self.assertIn("Most of that is fact slow at pack.lua:4,", done.stdout)
        self.assertIn("How: Every story was told once to warm up", done.stdout)
        self.assertIn(", 2 stories, 1 of a test that fails", done.stdout)

    def test_a_function_pays_for_the_facts_that_call_lua(self):
        """Any of them may be read by it, so the engine computes them first; the bench says which."""
        folder = tempfile.mkdtemp(dir=SCRATCH.name)
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        with open(os.path.join(folder, "pack.lua"), "w", encoding="utf-8") as f:
            f.write(PACK.replace("fact.slow:at_least(4)", "fact.visits:at_least(4)"))
            f.write('rule "lua" { on = "*", run = function(c) c:set("x", 1) end }\n')
        told = json.loads(ctl("rules", "bench", folder, "--json").stdout)
        self.assertEqual((told["dearest"]["name"], told["dearest"]["part"], told["dearest_fact"]["name"]), ("lua", "run", "slow"))

    def test_recorded_events_drive_it_too(self):
        played = [{"id": f"e{i}", "source": "t", "customer": f"c{i % 3}", "type": "visit", "time_ms": 1767600000000 + i * 1000,
                   "attributes": {"page": "start"}} for i in range(40)]
        played += [{"id": "l1", "source": "t", "customer": "c2", "type": "alias.added", "attributes": {"alias": "+84901234567"}},
                   {"id": "a1", "source": "t", "alias": "+84 90 123 45 67", "type": "visit"},
                   {"id": "o1", "source": "t", "customer": "c1", "action": "greet", "channel": "call", "kind": "accepted"}]
        done = self.bench("--events", "-", input="\n".join(json.dumps(e) for e in played), ok=False)
        told = json.loads(done.stdout)
        self.assertEqual((told["events"], told["decisions"]), (42, 4))
        self.assertEqual([p["calls"] for p in told["parts"] if p["name"] == "cheap"], [41, 41])
        bad = self.bench("--events", "-", input='{"id":"e1","source":"t","customer":"c","type":"visit"}\n{"type":7}\n', ok=False)
        self.assertEqual((bad.returncode, "line 2: " in bad.stderr), (1, True), bad.stderr)

    def test_wrong_use(self):
        for args, code, words in ((("--events", "0"), 2, "how many events"), (("--events", "-5"), 2, "how many events"),
                                  (("--events", "99999999999999999999"), 2, "how many events"), (("--events", "no-such.jsonl"), 1, "cannot open"),
                                  (("--run", "nothing"), 1, "no test's name or file matches"),
                                  (("--run", "t", "--events", "no-such.jsonl"), 2, "--run chooses among")):
            done = self.bench(*args, ok=False)
            self.assertEqual((done.returncode, words in done.stderr), (code, True), done.stderr)
        empty = tempfile.mkdtemp(dir=SCRATCH.name)
        shutil.copy(os.path.join(self.folder, "pack.lua"), empty)
        done = ctl("rules", "bench", empty)
        self.assertEqual((done.returncode, "--events FILE" in done.stderr), (1, True), done.stderr)

    def test_where_no_story_can_be_told_it_says_why(self):
        folder = tempfile.mkdtemp(dir=SCRATCH.name)
        shutil.copy(os.path.join(self.folder, "pack.lua"), folder)
        os.mkdir(os.path.join(folder, "tests"))
        for tests, words in (("foo bar", "nudgectl: tests/x.lua:1: syntax error"), ("\n\nerror('no')", "nudgectl: tests/x.lua:3: no"),
                             ("", "have no stories that could be told"), ("todo 'later'\n", "todo")):
            with open(os.path.join(folder, "tests", "x.lua"), "w", encoding="utf-8") as f:
                f.write(tests)
            for more in ((), ("--json",)):
                done = ctl("rules", "bench", folder, *more)
                self.assertEqual((done.returncode, done.stdout, words in done.stderr), (1, "", True), done)
                self.assertNotIn("matches", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
