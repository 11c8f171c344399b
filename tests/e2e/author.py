#!/usr/bin/python3
"""What a rule author begins with: `nudgectl rules new`.

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

    def test_it_passes_its_tests_which_see_all_of_it(self):
        done = self.new("shop")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shop = os.path.join(self.folder, "shop")
        self.assertIn('name = "shop"', text_of(shop, "pack.lua"))
        for path in ("pack.lua", "tests/stories.lua"):
            self.assertNotIn("new-pack", text_of(shop, path))
        for line in done.stdout.splitlines(): # what it says to do next is done
            if line.startswith("  nudgectl rules test"):
                tested = ctl(*line.split()[1:], "--threshold", "100", cwd=self.folder)
                break
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        self.assertIn(" 0 failed", tested.stdout)

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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
