#!/usr/bin/python3
"""`nudgectl rules test`: what it says of tests that pass, fail, do not load or never end; coverage to the line; and the
guide's examples, run as they stand.

usage: pack_tests.py NUDGED NUDGECTL SOURCE
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SCRATCH = tempfile.TemporaryDirectory()
NUDGECTL, ROOT = os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])

PACK = '''pack { name = "tiny" }
local visits = series { on = "visit" }
fact.visits = visits:count "7d"
local function twice(v)
  if v.n > 100 then
    return 0
  end
  return v.n * 2
end
fact.double = calc({ n = fact.visits }, twice)
rule "often" {
  on = "visit",
  when = all {
    event.page:is "start",
    fact.double:at_least(4),
  },
  alert = { to = "care", say = "{visits} visits" },
}
action "greet" {
  goal = "serve", value = { customer = 1, business = 1 }, say = "Hello",
  eligible = attr("lines"):at_least(2),
}
policy {
  goal = "serve", unless = open_alert "often",
}
'''


class Pack:
    """A pack in a folder of its own, with these files in tests/."""

    def __init__(self, pack=PACK, others=None, **tests):
        self.folder = tempfile.mkdtemp(dir=SCRATCH.name)
        self.write("pack.lua", pack)
        for name, text in (others or {}).items():
            self.write(name, text)
        if tests:
            os.mkdir(os.path.join(self.folder, "tests"))
        for name, text in tests.items():
            self.write(f"tests/{name}.lua", text)

    def write(self, path, text):
        with open(os.path.join(self.folder, path), "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, *args):
        done = subprocess.run([NUDGECTL, "rules", "test", self.folder, *args], capture_output=True, text=True, check=False,
                              timeout=120)
        return done.returncode, done.stdout, done.stderr

    def json(self, *args):
        code, out, _ = self.run("--json", *args)
        return code, json.loads(out)


class Running(unittest.TestCase):
    def one(self, body, pack=PACK):
        """The single result of a test with this body."""
        code, run = Pack(pack, x=f'local c = customer "c"\ntest("t", function()\n{body}\nend)').json()
        self.assertEqual((code, len(run["tests"])), (int(run["failed"] > 0), 1))
        return run["tests"][0]

    def failure(self, body, pack=PACK):
        result = self.one(body, pack)
        self.assertEqual(result["result"], "failed", body)
        return result

    def test_the_last_line_counts(self):
        pack = Pack(x='test("good", function() end)\ntest("bad", function() fail "so" end)\ntodo "later"')
        code, out, _ = pack.run()
        self.assertEqual((code, out.splitlines()[-1]), (1, "1 passed, 1 failed, 1 todo"))
        self.assertNotIn("\x1b", out)
        self.assertRegex(out, r"(?m)^FAILED +bad +tests/x.lua:2$")
        self.assertIn("tests/x.lua:2: so", out)
        code, out, _ = pack.run("--run", "good")
        self.assertEqual((code, out.splitlines()[-1]), (0, "1 passed, 0 failed"))

    def test_one_that_expects_nothing_is_told(self):
        pack = Pack(x='local c = customer "c"\ntest("idle", function() c:event "visit" end)\ntest("busy", function() expect(1, 1) end)\n'
                    'test("asks", function() c:ask():expect_no_caution() end)\ntest("reads", function() c:expect_fact("visits", 0) end)\n')
        code, out, _ = pack.run()
        self.assertEqual(code, 0, out)
        self.assertRegex(out, r"(?m)^ok +idle +expects nothing +tests/x.lua:2$")
        self.assertEqual(out.count("expects nothing"), 1, out)
        _, run = pack.json()
        self.assertEqual([t["name"] for t in run["tests"] if t["expects_nothing"]], ["idle"])

    def test_what_a_test_sends_is_held_against_what_is_declared(self):
        pack = PACK + """event "visit" {
  member = "required", agent = "never", channels = { "web", "shop" },
  attributes = {
    page = { "string", required = true, one_of = { "start", "end" } },
    mood = { "number", at_least = -1, at_most = 1 }, paid = "boolean",
  },
}
event "profile.updated" { attributes = { lines = "number" } }
rule "note" { on = "visit", set = { last_mood = event.mood } }
"""
        sound = 'member = "kid", page = "start"'
        for body, told in (
                (f'c:event("visti", {{ {sound} }}):expect_not_fired "often"', 'no event type "visti" is declared; did you mean "visit"?'),
                ('c:event "fax"', 'no event type "fax" is declared; declare it with event "…"'),
                (f'c:event("visit", {{ {sound}, moood = 0.1 }})', 'has no attribute "moood"; did you mean "mood"?'),
                (f'c:event("visit", {{ {sound}, chanel = "web" }})', 'has no attribute "chanel"; did you mean "channel"?'),
                (f'c:event("visit", {{ {sound}, mood = "many" }})', 'mood is a number, and "many" is not'),
                (f'c:event("visit", {{ {sound}, mood = 3 }})', "mood is never 3"),
                (f'c:event("visit", {{ {sound}, paid = 1 }})', "paid is true or false"),
                ('c:event("visit", { member = "kid", page = "strat" })', 'page is never "strat"; did you mean "start"?'),
                (f'c:event("visit", {{ {sound}, channel = "wep" }})', 'not come on the channel "wep"; did you mean "web"?'),
                ('c:ask { intnt = "bill" }', 'nothing in the pack reads "intnt" of a request; did you mean "intent"?'),
                ('c:expect_attr("last_mod", nil)', 'the attribute "last_mod"; did you mean "last_mood"?'),
                ('expect(c:attr "lnes", nil)', 'the attribute "lnes"; did you mean "lines"?')):
            with self.subTest(body):
                message = self.failure("\n" + body, pack)["message"]
                self.assertTrue(message.startswith("tests/x.lua:4: "), message)
                self.assertIn(told, message)
        self.assertEqual(self.one(f'''c:event("visit", {{ {sound}, channel = "shop", mood = -0.5, paid = true, ago = "1h" }})
            c:event "visit" -- what senders may do, tests may
            c:event("visit", {{ member = "kid", page = "unheard-of", channel = "pigeon" }})
            c:event("member.joined", {{ member = "kid" }})
            c:event("profile.updated", {{ lines = 3 }})
            c:ask {{ lines = 3, mood = 0.1 }}
            c:expect_attr("last_mood", nil)
            c:expect_attr("lines", 3)''', pack)["result"], "passed")

    def test_a_misspelt_topic_of_a_request_is_told(self):
        pack = PACK.replace('name = "tiny"', 'name = "tiny", topics = { "bill", "bill/why-higher", "messages/usage" }')
        for field in ("topic", "intent"):
            for wrong, near in (("bil", "bill"), ("bill/why-hgher", "bill/why-higher"), ("mesages/usage", "messages/usage")):
                message = self.failure(f'\nc:ask {{ {field} = "{wrong}" }}', pack)["message"]
                self.assertIn(f'does not list the request\'s {field} "{wrong}"; did you mean "{near}"?', message)
            for good in ("bill", "messages", "bill/why-higher", "something-else"):
                self.assertEqual(self.one(f'c:ask {{ {field} = "{good}" }}', pack)["result"], "passed", good)

    def test_a_function_adds_to_no_tally_of_others(self):
        pack = PACK + """local days = tally { name = "days", per = "member" }
rule "lost" { about = "agent", on = "visit", run = function(c) c:add(days, 1) end }
"""
        self.assertIn('tally "days" is kept for others', self.failure('c:event("visit", { agent = "linh", member = "kid" })', pack)["message"])

    def test_run_chooses_by_name_and_file(self):
        pack = Pack(first='test("one day", function() end)\ntest("one night", function() end)', second='test("a day", function() end)')
        for pattern, names in (("day", ["one day", "a day"]), ("one*", ["one day", "one night"]), ("tests/second.lua", ["a day"]),
                               ("tests/f*", ["one day", "one night"])):
            self.assertEqual([t["name"] for t in pack.json("--run", pattern)[1]["tests"]], names)
        code, _, errors = pack.run("--run", "never")
        self.assertEqual(code, 1)
        self.assertIn('no test\'s name or file matches "never"', errors)

    def test_a_failure_tells_the_story_and_why(self):
        t = self.failure('c:event("visit", { page = "start", member = "kid" })\nwait "8d"\nc:event("visit", { page = "start" })\n'
                         'c:expect_alert("often", { to = "care" })')
        self.assertEqual(t["expected"], 'an alert of rule often for customer c, to "care"')
        self.assertEqual(t["came"], "none was raised")
        self.assertEqual(t["why"], "rule often, asked last 2026-01-13 09:00 for customer c: double is 2, needs at least 4")
        self.assertEqual(t["story"].splitlines(), ["2026-01-05 09:00  customer c: visit (member=kid page=start)",
                                                   "2026-01-13 09:00  customer c: visit (page=start)"])
        self.assertTrue(t["message"].startswith("tests/x.lua:6: expected an alert"), t["message"])

    def test_unknown_is_told_as_unknown(self):
        t = self.failure('c:event "visit"\nc:expect_fired "often"')
        self.assertIn("event.page is unknown", t["why"])

    def test_a_rule_never_asked_says_so(self):
        t = self.failure('c:event "visit"\nc:expect_fact("visits", 2)')
        self.assertEqual((t["came"], t["why"]), ("1", "visits is count of visit#1 in 7 days"))
        t = self.failure('c:event "vist"\nc:expect_fired "often"')
        self.assertEqual(t["why"], "rule often was never asked: it is on visit, and no such event came")

    def test_an_action_says_at_which_gate_it_fell(self):
        t = self.failure('c:event("profile.updated", { lines = 1 })\nc:ask():expect_action "greet"')
        self.assertEqual((t["came"], t["why"]), ("nothing", "greet fell at eligible: lines is 1, needs at least 2"))
        t = self.failure('c:ask():expect_no_action("greet", { gate = "policy" })')
        self.assertEqual(t["came"], 'gate "eligible"')

    def test_words_that_differ_are_shown(self):
        often = 'for _ = 1, 2 do c:event("visit", { page = "start" }) end\n'
        t = self.failure(often + 'c:expect_alert("often", { say = "3 visits" })')
        self.assertEqual(t["came"], 'say "2 visits"')
        self.assertIn('alert often to care (medium): "2 visits"', t["story"])
        self.assertEqual(self.one(often + 'c:expect_alert("often", { say = has "2 vis", count = 1 })')["result"], "passed")
        unknown = PACK.replace('say = "Hello"', 'say = "Hello {first_name}"')
        lines = 'c:event("profile.updated", { lines = 2 })\n'
        self.assertEqual(self.one(lines + 'c:ask():expect_action("greet", { say = "" })', unknown)["result"], "passed")
        self.assertEqual(self.failure(lines + 'c:ask():expect_action("greet", { say = "" })')["came"], 'say "Hello"')
        t = self.failure(often + 'c:expect_no_alert "often"')
        self.assertEqual(t["came"], 'to care (medium): "2 visits"')
        self.assertIn("expected no caution", self.failure('c:ask():expect_caution()')["message"].replace("a caution", "no caution"))

    def test_an_alias_is_whoever_it_names_then(self):
        phone = 'local phone = alias "+84901234567"\n'
        story = phone + ('phone:event("visit", { page = "start" }):expect_not_fired "often"\nwait "1h"\n'
                         'c:event("alias.added", { alias = "+84901234567", member = "kid" })\n'
                         'phone:event("visit", { page = "start" }):expect_fired "often"\n' # a prospect's history joins the owner's
                         'phone:expect_fact("visits", 2)\nphone:ask():expect_no_action "greet"\nc:expect_fact("visits", 2)\n'
                         'wait "1h"\nc:event("alias.removed", { alias = "+84901234567" })\nwait "1h"\n'
                         'phone:event "visit"\nc:expect_fact("visits", 2)')
        self.assertEqual(self.one(story)["result"], "passed")
        t = self.failure(phone + 'c:event("alias.added", { alias = "+84901234567" })\n'
                         'customer("d"):event("alias.added", { alias = "+84901234567" })\nwait "1h"\nphone:event "visit"')
        self.assertIn("names 2 customers now", t["message"])
        self.assertIn("write it as it is compared", self.failure('alias "+84 90 123 45 67"')["message"])
        self.assertIn("write it as it is compared", self.failure('alias "Ann@example.org"')["message"])

    def test_past_the_deadline_the_fallback_answers(self):
        pack = PACK.replace('pack { name = "tiny" }', 'pack { name = "tiny", fallback = { "greet" } }')
        self.assertEqual(self.one('c:ask():expect_no_action "greet"\nc:ask { late = true }:expect_order { "greet" }', pack)["result"], "passed")
        t = self.failure('c:ask { late = true }:expect_no_action "greet"', pack)
        self.assertIn("fallback: the deadline passed", t["story"])
        self.assertIn("late is true or false", self.failure('c:ask { late = 1 }')["message"])

    def test_mistakes_in_a_test_say_what_was_meant(self):
        for body, words in (('c:expect_alert "oftn"', 'no rule "oftn"; did you mean "often"?'),
                            ('c:expect_fact("visit", 1)', 'the pack has no fact "visit"'),
                            ('c:ask():expect_action "great"', 'did you mean "greet"?'),
                            ('c:expect_alrt "often"', 'did you mean "expect_alert"?'),
                            ('c:expect_alert("often", { too = "x" })', 'did you mean "to"?'),
                            ('c:event("case.x.opened")', 'made by the engine'),
                            ('c:event("x", { member = 7 })', 'member must be a text, not number'),
                            ('c.event("visit")', 'with a colon'),
                            ('at "yesterday"', 'is no time'),
                            ('c:event "x" at "2026-01-01"', 'onward only'),
                            ('wait "today"', 'exact length of time'),
                            ('agent("a"):event("x")', 'only customers have events'),
                            ('c:outcome("bought", "greet")', 'is no outcome'),
                            ('test("inner", function() end)', 'declared by the file itself'),
                            ('expectation = 1', 'assignment to the global'),
                            ('io.open("/etc/passwd")', 'packs have no clock, files'),
                            ('rule "r" { on = "visit" }', '"rule" is for packs'),
                            ('require "nothing"', 'neither the tests nor the pack')):
            t = self.failure(body)
            self.assertIn(words, t["message"])
            self.assertIn("tests/x.lua:3:", t["message"])

    def test_what_never_ends_is_stopped(self):
        for body in ("while true do end", "while true do pcall(function() while true do end end) end", 'while true do c:event "visit" end',
                     "while true do c:ask() end", 'while true do wait "1s" end'):
            self.assertIn("limit_test_instructions", self.failure(body)["message"], body)
        self.assertIn("limit_vm_bytes", self.failure('local t = {} for i = 1, 1e6 do t[i] = ("x"):rep(1e6) .. i end')["message"])
        self.assertIn("stack overflow", self.failure("local function f(n) return 1 + f(n + 1) end\nf(1)")["message"])

    def test_a_rule_that_fails_fails_the_test(self):
        broken = PACK + 'rule "broken" { on = "visit", run = function(c) error("no good") end }\n'
        t = self.failure('c:event "visit"', broken)
        self.assertIn('rule "broken" failed: pack.lua:', t["message"])
        self.assertIn("no good", t["message"])
        broken = PACK.replace("    return 0", '    error("too many")')
        t = self.failure('for _ = 1, 101 do c:event("visit", { page = "start" }) end', broken)
        self.assertIn('rule "often" failed: pack.lua:6: too many', t["message"])

    def test_what_is_only_explained_fails_nothing(self):
        """The function of `double` is not asked for a page that is no start; why the rule did not fire is told all the same."""
        broken = PACK.replace("  return v.n * 2", '  error("never asked")')
        self.assertEqual(self.one('c:event("visit", { page = "end" }):expect_not_fired "often"', broken)["result"], "passed")

    def test_files_that_do_not_load(self):
        code, run = Pack(bad='test("x", function()\n  local a = = 3\nend)', good='test("y", function() end)').json()
        self.assertEqual((code, run["passed"], run["failed"]), (1, 1, 1))
        self.assertEqual((run["tests"][0]["file"], run["tests"][0]["line"]), ("tests/bad.lua", 2))
        self.assertIn("tests/bad.lua:2: unexpected symbol near '='", run["tests"][0]["message"])
        code, _, errors = Pack('pack { name = "x" }\nrule "r" { on = "t", whem = true }\n', x="").run()
        self.assertEqual(code, 1)
        self.assertIn("pack.lua:2", errors)
        code, _, errors = Pack().run()
        self.assertEqual(code, 1)
        self.assertIn("has no tests", errors)

    def test_tests_do_not_see_each_other(self):
        code, run = Pack(x='local c = customer "c"\nbefore(function() c:event("visit", { page = "start" }) end)\n'
                           'for i = 1, 3 do test("t" .. i, function() c:expect_fact("visits", 1) end) end').json()
        self.assertEqual((code, run["passed"]), (0, 3))

    def test_table_tests_are_one_test_a_row(self):
        code, run = Pack(x='test("t", { 1, 2, last = 3 }, function(row) expect(row, at_most(2), "the row") end)').json()
        self.assertEqual([(t["name"], t["result"]) for t in run["tests"]],
                         [("t: row 1", "passed"), ("t: row 2", "passed"), ("t: last", "failed")])
        self.assertIn("the row is 3, not at most 2", run["tests"][2]["message"])

    def test_what_files_share(self):
        code, run = Pack(others={"numbers.lua": "return { least = 4 }"}, homes='return { c = customer "c" }',
                         x='local homes, numbers = require "tests.homes", require "numbers"\n'
                           'test("t", function() homes.c:event "visit" expect(numbers.least, 4) end)').json()
        self.assertEqual((code, run["passed"], run["failed"]), (0, 1, 0))

    def test_time_fires_what_is_due(self):
        pack = PACK + '''
local promise = case { opens = "promised", closes = "kept", key = "k", due = "24h", name = "promise" }
rule "late" { on = promise.missed, alert = { to = "agent:x", say = "{customer}: {k}" } }
'''
        code, run = Pack(pack, x='''
test("in order, over everybody", function()
  customer("a"):event("promised", { k = "1" })
  wait "1h"
  customer("b"):event("promised", { k = "2" })
  wait("22h59m59s"):expect_not_fired "late"
  wait("1s"):expect_fired("late", { count = 1 }):expect_alert("late", { say = "a: 1" })
  customer("b"):expect_no_alert "late":expect_case("promise", "open", { key = "2" })
  wait("30d"):expect_alert("late", { say = "b: 2" })
end)'''.replace('"22h59m59s"', '"82799s"').replace('expect_no_alert "late"', 'expect_no_alert("late")')).json()
        self.assertEqual((code, run["passed"]), (0, 1), run)


    def test_customers_who_are_merged(self):
        code, run = Pack(x='''
test("history joins", function()
  local old, new = customer "old", customer "new"
  old:event("visit", { page = "start" })
  new:event("visit", { page = "end" })
  old:event("identity.merged", { into = "new" })
  old:expect_fact("visits", 2)
  old:event("visit", { page = "start" }):expect_alert("often", { say = "3 visits" })
  old:expect_alert "often"
  new:expect_alert "often"
end)''').json()
        self.assertEqual((code, run["passed"]), (0, 1), run)

    def test_agents_and_areas_are_reached(self):
        pack = PACK + '''
local hits = series { on = "outage", per = "area", name = "hits" }
local calls = series { on = "call", per = "agent", name = "calls" }
fact.hits = hits:count "1d"
fact.calls = calls:count "1d"
rule "hit" { about = "area", on = "outage", when = fact.hits:at_least(2), alert = { to = "noc", say = "{hits} in {area}" } }
rule "busy" { about = "agent", on = "call", when = fact.calls:at_least(2), alert = { to = "desk", say = "{agent}: {calls}" } }
'''
        code, run = Pack(pack, x='''
test("t", function()
  for _, who in ipairs { "a", "b" } do
    customer(who):event("outage", { area = "hue" })
    customer(who):event("call", { agent = "linh" })
  end
  area("hue"):expect_alert("hit", { to = "noc", say = "2 in hue" }):expect_fact("hits", 2)
  agent("linh"):expect_alert("busy", { say = "linh: 2" }):expect_fired("busy", { count = 1 })
  area("quang-tri"):expect_no_alert "hit"
  wait "2d"
  agent("linh"):expect_fact("calls", 0)
end)''').json()
        self.assertEqual((code, run["passed"]), (0, 1), run)

    def test_what_comes_late_and_what_comes_twice(self):
        code, run = Pack(x='''
local c = customer "c"
test("late", function()
  c:event "visit"
  c:event("visit", { page = "start", ago = "8d" }):expect_not_fired "often"
  c:expect_fact("visits", 1)
end)
test("twice", function()
  for _ = 1, 2 do c:event("visit", { id = "v1", page = "start" }) end
  c:expect_fact("visits", 1)
  c:event("visit", { id = "v2" })
  c:expect_fact("visits", 2)
end)''').json()
        self.assertEqual((code, run["passed"]), (0, 2), run)


class Coverage(unittest.TestCase):
    def test_is_exact(self):
        pack = Pack(x='local c = customer "c"\ntest("t", function()\n  c:event("visit", { page = "end" })\n  c:ask()\nend)')
        _, run = pack.json("--coverage")
        seen = run["coverage"]
        # Lines that count: 3 (the fact), 5, 6 and 8 (of twice), 10 (the fact), 11 (the rule), 13 (all), 14 and 15 (its parts),
        # 19 (the action), 21 (its gate), 23 (the policy) and 24 (its condition). Seen: 13, 14 and 21.
        self.assertEqual((seen["lines"], seen["lines_seen"]), (13, 3), seen)
        self.assertEqual([(g["first"], g["last"]) for g in seen["lines_never_seen"]], [(3, 11), (15, 19), (23, 24)])
        # when: pass, hold, unknown; eligible: the same; unless: pass, hold. Seen: when to hold, eligible unknown.
        self.assertEqual((seen["outcomes"], seen["outcomes_seen"]), (8, 2), seen)
        missing = {(g["of"], g["condition"]): (g["pass"], g["hold"], g["unknown"]) for g in seen["outcomes_never_seen"]}
        self.assertEqual(missing, {("rule", "when"): (True, False, True), ("action", "eligible"): (True, True, False),
                                   ("policy", "unless"): (True, True, False)})
        _, out, _ = pack.run("--coverage")
        self.assertIn("coverage: 3 of 13 lines (23.1%), 2 of 8 outcomes of conditions (25.0%)", out)
        self.assertIn("  pack.lua:3-11 never seen", out)
        self.assertIn("action greet: eligible never seen to pass, to hold", out)

    def test_can_be_whole(self):
        pack = Pack(x='''local c = customer "c"
test("t", function()
  c:event "visit"
  c:ask()
  c:event("profile.updated", { lines = 1 })
  c:ask()
  c:event("profile.updated", { lines = 2 })
  c:ask():expect_action "greet"
  c:event("visit", { page = "end" })
  c:event("visit", { page = "start" })
  c:ask():expect_no_action("greet", { gate = "policy" })
  c:event "visit"
  for _ = 1, 120 do c:event("visit", { page = "start" }) end
end)''')
        code, out, _ = pack.run("--threshold", "100")
        self.assertEqual(code, 0, out)
        self.assertIn("13 of 13 lines (100.0%), 8 of 8 outcomes of conditions (100.0%)", out)

    def test_limits_in_time_are_to_be_seen_from_both_sides(self):
        """once_per, after and at_most: letting through and holding back."""
        pack = PACK.replace('alert = { to', 'once_per = "1d", alert = { to') + \
            'policy { goal = "serve", per = "action", after = { rejected = 1, within = "30d" }, pause = "30d" }\n'
        fires = 'for _ = 1, 2 do c:event("visit", { page = "start" }) end\n'
        greets = 'c:event("profile.updated", { lines = 2 })\nc:ask():expect_action "greet"\n'
        refused = 'c:outcome("rejected", "greet")\nc:ask():expect_no_action("greet", { gate = "policy" })\n'
        for body, missing in (("c:event 'visit'", {"once_per": {"pass", "hold"}, "after": {"pass", "hold"}}),
                              (fires, {"once_per": {"hold"}, "after": {"pass", "hold"}}),
                              (fires + fires, {"after": {"pass", "hold"}}), (greets, {"once_per": {"pass", "hold"}, "after": {"hold"}}),
                              (greets + refused + fires + fires, {})):
            _, run = Pack(pack, x='local c = customer "c"\ntest("t", function()\n' + body + "\nend)").json("--coverage")
            self.assertEqual(run["failed"], 0, run)
            never = {o["condition"]: {k for k in ("pass", "hold", "unknown") if o[k]} for o in run["coverage"]["outcomes_never_seen"]
                     if o["condition"] in ("once_per", "after", "at_most")}
            self.assertEqual(never, missing, body)

    def test_threshold(self):
        pack = Pack(x='test("t", function() end)')
        for threshold, code in (("0", 0), ("1", 1)):
            got, out, errors = pack.run("--threshold", threshold)
            self.assertEqual(got, code)
            self.assertEqual("less than" in errors, code == 1)
            self.assertEqual(out.splitlines()[-1], "1 passed, 0 failed")


class Guide(unittest.TestCase):
    """rules/README.md and rules/stubs."""

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "rules", "README.md"), encoding="utf-8") as f:
            cls.text = f.read()

    def blocks(self, fence):
        return re.findall(r"^```" + fence + r"\n(.*?)^```", self.text, re.S | re.M)

    def pack(self, tests):
        return Pack("\n".join(self.blocks("lua")), {"words.lua": 'return { sorry = "We are sorry." }'}, guide=tests)

    def test_its_tests_pass(self):
        code, out, errors = self.pack("\n".join(self.blocks("lua test"))).run()
        self.assertEqual(code, 0, out + errors)
        self.assertIn(" 0 failed, 1 todo", out)

    def test_every_recipe_passes_its_tests(self):
        recipes, tests = self.blocks("lua recipe"), self.blocks("lua recipe test")
        self.assertEqual(len(recipes), len(tests))
        self.assertGreaterEqual(len(recipes), 10)
        above = re.search(r'^`(pack \{ name = "recipe".*\})`', self.text, re.M).group(1)
        for recipe, test in zip(recipes, tests):
            pack = Pack(above + " " + recipe, recipe=test)
            code, out, errors = pack.run("--coverage")
            self.assertEqual(code, 0, recipe + out + errors)
            checked = subprocess.run([NUDGECTL, "rules", "check", pack.folder, "--no-luacheck"], capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 0, recipe + checked.stdout)
            self.assertRegex(out, r"coverage: (\d+) of \1 lines") # what is shown, the test has seen

    def test_a_failure_looks_as_shown(self):
        failing, shown = self.blocks("lua failing"), self.blocks("text shown")
        self.assertEqual((len(failing), len(shown)), (1, 1))
        code, out, _ = self.pack(failing[0]).run()
        self.assertEqual(code, 1)
        said = " ".join(out.split())
        for line in shown[0].splitlines():
            self.assertIn(" ".join(line.split()), said)

    def test_editors_are_told_of_everything(self):
        with open(os.path.join(ROOT, "rules", "stubs", "testing.lua"), encoding="utf-8") as f:
            stubs = f.read()
        names = set()
        for part in ("testing.c", "testing_story.c", "testing_expect.c", "testing_report.c"):
            with open(os.path.join(ROOT, "engine", "script", part), encoding="utf-8") as f:
                names |= set(re.findall(r'\{\s*"(\w+)",\s+(?:\w+ \}|OF_)', f.read()))
        in_packs = {"now", "at_least", "at_most", "between", "require", "setting"}
        self.assertGreater(len(names), 30)
        for name in names - in_packs:
            self.assertRegex(stubs, rf"function (\w+:)?{name}\(")
        for name in re.findall(r"^function (?:\w+:)?(\w+)\(", stubs, re.M):
            self.assertIn(name, names)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
