#!/usr/bin/python3
"""`nudgectl rules check`: every kind of mistake is told with its code, line and how to mend it; the packs that come with
the daemon have none; what it prints, for people and for machines; luacheck beside it.

usage: check.py NUDGED NUDGECTL SOURCE
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from check_mistakes import MISTAKES, PACKS, SOUND

SCRATCH = tempfile.TemporaryDirectory(prefix="nudged-check-")
NUDGED, NUDGECTL, ROOT = (os.path.abspath(path) for path in sys.argv[1:4])
A_TEST = 'test("nothing", function() end)\n'


def pack(files):
    """A folder with these files, and a test unless `tests` is None."""
    folder = tempfile.mkdtemp(dir=SCRATCH.name)
    files = dict(files)
    if "tests" in files:
        del files["tests"]
    else:
        files.setdefault("tests/x.lua", A_TEST)
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as f:
            f.write(text)
    return folder


def check(folder, *args, **more):
    done = subprocess.run([NUDGECTL, "rules", "check", folder, *args], capture_output=True, text=True, check=False,
                          timeout=120, **more)
    return done.returncode, done.stdout, done.stderr


def findings(folder, *args):
    code, out, errors = check(folder, "--json", "--no-luacheck", *args)
    if not out:
        raise AssertionError(f"exit code {code}: {errors}")
    return code, json.loads(out)


def told(all_findings):
    return "\n".join(f"{f['file']}:{f['line']}: {f['severity']}: {f['what']} [{f['code']}]; {f.get('mend', '')}"
                     for f in all_findings)


class Mistakes(unittest.TestCase):
    def expect(self, files, code, severity, place, what, mend, also=()):
        exit_code, said = findings(pack(files))
        found = [f for f in said["findings"] if f["code"] == code and what in f["what"]]
        self.assertTrue(found, f"nothing of [{code}] {what!r} in\n{told(said['findings'])}")
        one = found[0]
        self.assertEqual(one["severity"], severity)
        self.assertIn(mend, one.get("mend", ""))
        if place:
            self.assertIn(place, [f"{f['file']}:{f['line']}" for f in found], told(said["findings"]))
        others = [f for f in said["findings"] if f["code"] not in {code, *also} and f["severity"] != "hint"]
        self.assertEqual(told(others), "")
        self.assertEqual(exit_code, 1 if said["errors"] else 0)

    def test_each_is_told(self):
        for code, severity, source, what, mend, *also in MISTAKES:
            text = SOUND + source + "\n"
            marked = [n for n, line in enumerate(text.split("\n"), 1) if "--!" in line]
            with self.subTest(code=code, what=what):
                self.expect({"pack.lua": text}, code, severity, marked and f"pack.lua:{marked[0]}", what, mend, also)

    def test_packs_of_their_own(self):
        for code, severity, files, place, what, mend, *also in PACKS:
            with self.subTest(code=code, what=what):
                self.expect(files, code, severity, place, what, mend, also)

    def test_there_are_enough_of_them(self):
        self.assertGreaterEqual(len({row[0] for row in MISTAKES + PACKS}), 40)

    def test_sound_packs_have_none(self):
        code, said = findings(pack({"pack.lua": SOUND}))
        self.assertEqual((code, said["errors"], said["warnings"]), (0, 0, 0), told(said["findings"]))
        for name in ("welcome", "telecom", "bank", "new-pack"):
            code, said = findings(os.path.join(ROOT, "rules", name), "--strict")
            self.assertEqual((code, said["errors"], said["warnings"]), (0, 0, 0), told(said["findings"]))


class Several(unittest.TestCase):
    """A mistake does not hide the next one, and does not bring others that only follow from it."""

    def test_all_are_told_at_once(self):
        source = SOUND + '''local calls = serie { on = "call" }
fact.calls = calls:count "7d"
fact.many = fact.calls:abov(3)
rule "a" { why = "x", on = "vist", when = fact.many, set = { lines = 1 } }
rule "b" { why = "x", on = "visit", when = fact.visitz:above(3), alert = { to = "x", say = "{pagge}", severty = "high" } }
rule "often" { why = "x", on = "visit", set = { lines = 1 } }
policy { goal = "grow", unless = open_alert "b" }
action "b" { goal = "serve", value = { customer = 1, business = 1 }, say = { en = "{visits", vi = "y" } }
'''
        _, said = findings(pack({"pack.lua": source}))
        got = {(f["line"], f["code"]) for f in said["findings"] if f["severity"] != "hint"}
        # line 32 asks of what line 31 could not give; the goal "grow" may be that of the action that was refused
        self.assertEqual(got, {(31, "unknown-name"), (33, "unknown-method"), (34, "unknown-event"), (35, "unknown-fact"), (35, "unknown-field"), (35, "unfilled-word"),
                               (36, "duplicate"), (38, "bad-words")}, told(said["findings"]))

    def test_over_files(self):
        _, said = findings(pack({
            "pack.lua": 'pack { name = "x" }\nlocal a = require "a"\nlocal b = require "b"\nfact.n = a.s:count "1d" + b.n\nrule "r"\n',
            "a.lua": "local s = = 3\n", "b.lua": 'local n = missing.x\nreturn { n = attr "n" }\n',
            "c.lua": "return }\n", "tests/t.lua": "test(\n"}))
        got = {(f["file"], f["line"], f["code"]) for f in said["findings"] if f["severity"] == "error"}
        self.assertEqual(got, {("a.lua", 1, "syntax"), ("b.lua", 1, "unknown-name"), ("c.lua", 1, "syntax"), ("pack.lua", 5, "no-body"),
                               ("tests/t.lua", 2, "syntax")}, told(said["findings"]))

    def test_functions_that_are_as_they_should_be(self):
        source = SOUND + '''local function twice(f) return f.visits * 2 + fact.visits end
local double = twice { visits = 2 }
fact.sum = calc({ add = fact.visits, alert = double }, function(v) return v.add + (v.alert or 0) end)
rule "r" { why = "x", on = "visit", when = fact.sum:above(3), run = function(c)
  if c.sum then for i = 1, 2 do c:set("lines", i) end end
  repeat local done = true until done
end }
rule "s" { why = "x", on = "visit", when = fact.visits:above(3), set = { lines = fact.visits } }
'''
        _, said = findings(pack({"pack.lua": "\ufeff" + source}))
        self.assertEqual([f for f in said["findings"] if f["severity"] != "hint"], [], told(said["findings"]))

    def test_thousands_of_rules(self):
        """Each of them reads what all of them write: a check that looked at every pair, or at every way round, would not end."""
        source = '''pack { name = "x" }
event "visit" { attributes = { page = "string" } }
event "profile.updated" { attributes = { name = "string" } }
local visits = series { on = "visit", name = "visits" }
for i = 1, 12000 do
  rule("r" .. i) {
    why = "x", on = "visit", when = visits:count "7d":at_least(2 + i),
    set = { points = attr("points"):or_else(0) + 1, ["own" .. i] = "v" .. i, kind = "k" .. i },
    alert = { to = "team " .. i, say = "{customer}: {page}, {own" .. i .. "}" },
  }
end
'''
        code, said = findings(pack({"pack.lua": source}))
        self.assertEqual((code, {f["code"] for f in said["findings"]}), (0, {"later-rule"}), said["findings"][:3])
        self.assertTrue(said["cut"])
        # what is an error is told, however many hints come before it
        code, said = findings(pack({"pack.lua": source + 'rule "bad" { why = "x", on = "vist", set = { name = "y" } }\n'}))
        self.assertEqual((code, said["errors"]), (1, 1))
        self.assertEqual([f["code"] for f in said["findings"] if f["severity"] == "error"], ["unknown-event"])

    def test_endless_loading_ends(self):
        code, said = findings(pack({"pack.lua": 'pack { name = "x" }\nwhile true do end\n'}))
        self.assertEqual(code, 1)
        self.assertIn("limit_load_instructions", told(said["findings"]))

    def test_what_it_passes_activates(self):
        """Whatever has no errors loads: the tests run, whose world loads the pack as a daemon does."""
        for code, severity, source, *_ in MISTAKES:
            folder = pack({"pack.lua": SOUND + source + "\n"})
            errors = findings(folder)[1]["errors"]
            done = subprocess.run([NUDGECTL, "rules", "test", folder], capture_output=True, text=True, check=False, timeout=60)
            if not errors:
                self.assertEqual(done.returncode, 0, f"{code}: {source}\n{done.stdout}{done.stderr}")


class Printing(unittest.TestCase):
    def setUp(self):
        self.folder = pack({"pack.lua": SOUND + 'local s = series { on = "call" }\nlocal t = series { on = "vist" }\n'})

    def test_for_people(self):
        code, out, _ = check(self.folder, "--no-luacheck")
        self.assertEqual(code, 1)
        self.assertRegex(out, rf"(?m)^{re.escape(self.folder)}/pack\.lua:32: error: series \"vist#1\": no event type \"vist\" is declared \[unknown-event\]$")
        self.assertIn('\n    did you mean "visit"?\n', out)
        self.assertEqual(out.splitlines()[-1], "1 error, 2 warnings, 1 hint")
        self.assertEqual([line for line in out.splitlines() if ": warning: " in line and ":31:" not in line and ":32:" not in line], [])

    def test_exit_codes(self):
        folder = pack({"pack.lua": SOUND + 'local s = series { on = "call" }\n'})
        self.assertEqual(check(folder, "--no-luacheck")[0], 0)
        self.assertEqual(check(folder, "--no-luacheck", "--strict")[0], 1)
        self.assertEqual(check(os.path.join(SCRATCH.name, "absent"))[0], 1)
        self.assertEqual(check(folder, "--nonsense")[0], 2)

    def test_only_errors(self):
        _, out, _ = check(self.folder, "--no-luacheck", "--errors")
        self.assertNotIn(" warning: ", out)
        self.assertIn(" error: ", out)
        self.assertEqual(out.splitlines()[-1], "1 error, 2 warnings, 1 hint")

    def test_for_machines(self):
        code, said = findings(self.folder)
        self.assertEqual((code, said["errors"], said["warnings"], said["luacheck"], said["cut"]), (1, 1, 2, "off", False))
        first = said["findings"][-1]
        self.assertEqual(set(first), {"severity", "code", "file", "line", "what", "mend"})

    def test_too_many(self):
        code, said = findings(pack({"pack.lua": 'pack { name = "x" }\nfor i = 1, 1500 do rule("r" .. i) { onn = 1 } end\n'}))
        self.assertEqual((code, said["cut"], len(said["findings"])), (1, True, 1000))


class Luacheck(unittest.TestCase):
    def test_where_it_is_missing(self):
        folder = pack({"pack.lua": SOUND})
        empty = tempfile.mkdtemp(dir=SCRATCH.name)
        code, out, errors = check(folder, env={"PATH": empty})
        self.assertEqual(code, 0, errors)
        self.assertIn("luacheck is not installed (Debian package lua-check)", errors)
        code, out, _ = check(folder, "--json", env={"PATH": empty})
        self.assertEqual(json.loads(out)["luacheck"], "missing")

    @unittest.skipUnless(shutil.which("luacheck"), "luacheck is not installed")
    def test_its_warnings_are_findings(self):
        folder = pack({"pack.lua": SOUND + 'local unused = 3\nrule "r" { why = "x", on = "visit",\n  run = function(c) c:set("lines", maths.floor(2)) end }\n',
                       "tests/x.lua": "local unused = 1\n" + A_TEST})
        _, out, _ = check(folder, "--json")
        said = json.loads(out)
        self.assertEqual(said["luacheck"], "ran")
        got = {(f["file"], f["line"], f["what"]) for f in said["findings"] if f["code"] == "luacheck"}
        self.assertEqual(got, {("pack.lua", 31, "unused variable 'unused' (W211)"),
                               ("pack.lua", 33, "accessing undefined variable 'maths' (W113)"),
                               ("tests/x.lua", 1, "unused variable 'unused' (W211)")})

    @unittest.skipUnless(shutil.which("luacheck"), "luacheck is not installed")
    def test_what_follows_from_a_misspelt_name_is_not_told_again(self):
        folder = pack({"pack.lua": SOUND + 'local callback = case { opens = "call", closes = "visit" }\nfact.n = calback:count_open()\n'})
        said = json.loads(check(folder, "--json")[1])["findings"]
        self.assertEqual([f["code"] for f in said if f["severity"] != "hint" and f["code"] in ("luacheck", "unknown-name")],
                         ["unknown-name"])

    @unittest.skipUnless(shutil.which("luacheck"), "luacheck is not installed")
    def test_a_pack_may_have_its_own(self):
        folder = pack({"pack.lua": SOUND + "local unused = 3\n", ".luacheckrc": 'ignore = { "1", "211" }\n'})
        said = json.loads(check(folder, "--json")[1])
        self.assertEqual([f for f in said["findings"] if f["code"] == "luacheck"], [])

    @unittest.skipUnless(shutil.which("luacheck"), "luacheck is not installed")
    def test_the_packs_are_clean(self):
        for name in ("welcome", "telecom", "bank", "new-pack"):
            code, out, errors = check(os.path.join(ROOT, "rules", name), "--strict", "--json")
            said = json.loads(out)
            self.assertEqual((code, said["luacheck"], said["warnings"]), (0, "ran", 0), told(said["findings"]) + errors)


class Hostile(unittest.TestCase):
    """What a pack says reaches nobody's terminal or log as an escape, a line of its own, or broken text."""
    BEGIN = 'pack { name = "p" }\n'
    PACKS = {
        "error": {"pack.lua": 'error("a\\27[31m\\7\\xff\\u{202e}\\n2026-01-01T00:00:00.000Z error forged")\n'},
        "rule": {"pack.lua": BEGIN + 'rule "a\\27[31mb\\n\\r" {}\n'},
        "require": {"pack.lua": BEGIN + 'require "a\\27[31m"\n'},
        "file": {"pack.lua": BEGIN, "a\033[31m\udcff\n.lua": ""},
    }

    def clean(self, out, place):
        for stray in (b"\033", b"\7", b"\r", b"\xff", "\u202e".encode()):
            self.assertNotIn(stray, out, place)
        out.decode("utf-8")

    def run_on(self, words, folder):
        return subprocess.run([*words, folder], capture_output=True, check=False, timeout=120, cwd=SCRATCH.name)

    def test_no_command_passes_it_on(self):
        for name, files in self.PACKS.items():
            folder = pack(files)
            for words in (("test",), ("bench",), ("check", "--no-luacheck"), ("bench", "--json")):
                with self.subTest(pack=name, words=words):
                    done = self.run_on((NUDGECTL, "rules", *words), folder)
                    self.clean(done.stdout + done.stderr, done)
                    self.assertEqual(done.returncode, 1)
                    if words[0] != "check" or name == "file":
                        self.assertEqual((done.stdout, done.stderr.count(b"\n")), (b"", 1), done)
                        self.assertIn(b"\\x1B[31m", done.stderr)
            for words in ((NUDGED, "--data", "d", "--check-config", "--rules"), (NUDGED, "--data", "d", "--listen", "unix:h", "--rules")):
                with self.subTest(pack=name, words=words):
                    done = self.run_on(words, folder)
                    self.clean(done.stdout + done.stderr, done)
                    self.assertIn(b"\\x1B[31m", done.stderr)
                    self.assertFalse([line for line in done.stderr.splitlines() if line.startswith(b"2026-01-01T")])
                    self.assertNotEqual(done.returncode, 0)

    def test_json_is_told_of_a_file_that_no_pack_may_have(self):
        code, said = findings(pack(self.PACKS["file"]))
        self.assertEqual((code, said["errors"], len(said["findings"])), (1, 1, 1))
        found = said["findings"][0]
        self.assertEqual((found["code"], found["file"]), ("refused", "."))
        self.assertIn('"a\\x1B[31m\\xFF\\n.lua" is not a path of a pack', found["what"])

    def test_json_has_it_written_out(self):
        said = findings(pack(self.PACKS["error"]))[1]
        self.assertEqual([f["what"] for f in said["findings"] if f["code"] == "runtime"],
                         ["a\\x1B[31m\\x07\\xFF\\u{202E}\\n2026-01-01T00:00:00.000Z error forged"])

    def test_a_name_that_was_typed(self):
        done = self.run_on((NUDGECTL, "rules", "check"), "no\033[31m\nsuch")
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done)
        self.assertIn(b"no\\x1B[31m\\nsuch", done.stderr)
        done = self.run_on((NUDGECTL,), "no\033[31m\nsuch")
        self.assertIn(b'no command "no\\x1B[31m\\nsuch"', done.stderr)


class Guide(unittest.TestCase):
    """rules/README.md, "Check": the list of codes is the one that there is."""

    def test_its_pack_is_sound(self):
        with open(os.path.join(ROOT, "rules", "README.md"), encoding="utf-8") as f:
            blocks = re.findall(r"^```lua\n(.*?)^```", f.read(), re.S | re.M)
        code, said = findings(pack({"pack.lua": "\n".join(blocks), "words.lua": 'return { sorry = "We are sorry." }\n'}), "--strict")
        self.assertEqual((code, said["errors"], said["warnings"]), (0, 0, 0), told(said["findings"]))

    def test_codes_are_in_step(self):
        with open(os.path.join(ROOT, "rules", "README.md"), encoding="utf-8") as f:
            chapter = re.search(r"^## Check\n(.*?)^## ", f.read(), re.S | re.M).group(1)
        listed = [code for cell in re.findall(r"^\| (`[^|]*`) \|", chapter, re.M) for code in re.findall(r"`([a-z-]+)`", cell)]
        with open(os.path.join(ROOT, "engine", "workbench", "check.c"), encoding="utf-8") as f:
            table = re.search(r"codes\[\] = \{(.*?)NULL", f.read(), re.S).group(1)
        codes = re.findall(r'"([a-z-]+)"', table)
        self.assertEqual(codes, sorted(set(codes)))
        self.assertEqual(sorted(listed), codes)
        seen = {row[0] for row in MISTAKES + PACKS} | {"luacheck"}
        self.assertEqual(sorted(set(codes) - seen - {"limit"}), [], "codes that no mistake in check_mistakes.py shows")

    def test_every_code_in_the_source_is_listed(self):
        with open(os.path.join(ROOT, "engine", "workbench", "check.c"), encoding="utf-8") as f:
            codes = set(re.findall(r'"([a-z-]+)"', re.search(r"codes\[\] = \{(.*?)NULL", f.read(), re.S).group(1)))
        used = set()
        for layer in ("script", "workbench"):
            for name in os.listdir(os.path.join(ROOT, "engine", layer)):
                with open(os.path.join(ROOT, "engine", layer, name), encoding="utf-8") as f:
                    text = f.read()
                used |= set(re.findall(r'(?:fail_as|complain)\(L, "([a-z-]+)"', text))
                used |= set(re.findall(r'fields_fail_as\([^,]+, "([a-z-]+)"', text))
                used |= set(re.findall(r'FINDING_\w+, "([a-z-]+)"', text))
        self.assertGreater(len(used), 30)
        self.assertEqual(sorted(used - codes), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
