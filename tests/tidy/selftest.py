#!/usr/bin/python3
"""Proves that tidy.py finds what it is for: small trees, each with one violation, and the same tree without it."""
import os
import subprocess
import sys
import tempfile
import unittest

TIDY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tidy.py")
LONG = "/* long.c */\nvoid f(void)\n{\n" + "\tg();\n" * 80 + "}\n"
LIMITS = "/* limits */\n#define LIMIT_A 1\n#define LIMIT_B 2\n"
FAULTS = "/* faults */\n#define FAULT_LIST(X) \\\n\tX(one) \\\n\tX(two)\nenum fault_point { FAULT_COUNT };\n"
USES = ('/* uses */\n#include "base/limits.h"\nint a = LIMIT_A + LIMIT_B;\n'
        'int b(void)\n{\n\treturn fault_hit(one) || fault_hit(two);\n}\n')


class Tidy(unittest.TestCase):
    def run_check(self, check, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as f:
                    f.write(text)
            done = subprocess.run([sys.executable, TIDY, check, root], capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")
            return done.returncode, done.stdout

    def finds(self, check, files, words):
        code, out = self.run_check(check, files)
        self.assertEqual(code, 1, f"{check} did not find it")
        self.assertIn(words, out)

    def passes(self, check, files):
        code, out = self.run_check(check, files)
        self.assertEqual((code, out), (0, ""))

    def test_an_include_that_climbs(self):
        self.finds("layers", {"engine/state/a.c": '/* a */\n#include "decide/machine.h"\n'},
                   "state must not include decide/machine.h")
        self.finds("layers", {"engine/base/a.h": '/* a */\n#include "state/event.h"\n'}, "base must not include")
        self.finds("layers", {"engine/net/a.c": '/* a */\n#include <disk/journal.h>\n'}, "net must not include")
        self.finds("layers", {"engine/net/a.c": '/* a */\n#include "../disk/journal.h"\n'}, "goes up")
        self.finds("layers", {"proto/a.c": '/* a */\n#include "base/bytes.h"\n'}, "stands alone")

    def test_an_include_that_does_not(self):
        self.passes("layers", {
            "engine/decide/a.c": '/* a */\n#include "base/arena.h"\n#include "decide/machine.h"\n#include <stdio.h>\n',
            "engine/main.c": '/* main */\n#include "net/server.h"\n#include "shard/shard.h"\n',
            "tests/unit/a.c": '/* a */\n#include "shard/shard.h"\n',
        })

    def test_gates(self):
        gates = (("lmdb.h", "disk"), ("lua.h", "script"), ("event2/event.h", "net"), ("nudge.pb-c.h", "wire"),
                 ("openssl/sha.h", "access"), ("openssl/ssl.h", "net"))
        for header, home in gates:
            text = f"/* a */\n#include <{header}>\n"
            self.passes("gates", {f"engine/{home}/a.c": text})
            self.finds("gates", {"engine/shard/a.c": text}, f"<{header}> only in engine/{home}")
            self.finds("gates", {"tools/nudgectl/a.c": text}, f"<{header}> only in")

    def test_core(self):
        self.finds("core", {"engine/decide/a.c": '/* a */\n#include "base/clock.h"\n'}, "base/clock.h")
        self.finds("core", {"engine/state/a.c": "/* a */\nint a(void)\n{\n\treturn rand();\n}\n"}, "rand()")
        self.passes("core", {"engine/state/a.c": "/* no rand() here */\nint b(void)\n{\n\treturn record_time(1);\n}\n"})
        self.passes("core", {"engine/shard/a.c": '/* a */\n#include "base/clock.h"\n'})

    def test_size(self):
        self.finds("size", {"engine/base/a.c": LONG}, "f has 8")
        self.passes("size", {"engine/base/a.c": LONG.replace("\tg();\n" * 20, "")})
        self.finds("size", {"engine/base/a.h": "/* a */\n" + "int a;\n" * 600}, "at most 600")

    def test_leftovers(self):
        self.finds("leftovers", {"README.md": "later: TO" "DO\n"}, "finish it")
        self.finds("leftovers", {"tools/run": "#!/bin/sh\ncat /wo" "rk/main\n"}, "somebody's machine")
        self.passes("leftovers", {"README.md": "methods to do work\n"})

    def test_whitespace(self):
        self.finds("whitespace", {"a.md": "a \n"}, "blanks at the end")
        self.finds("whitespace", {"a.md": "a"}, "no line break")
        self.finds("whitespace", {"engine/base/a.c": "/* a */\n        int a;\n"}, "tabs")
        self.passes("whitespace", {"a.md": "a\n\nb\n"})

    def test_columns(self):
        self.finds("columns", {"bench/a.c": "\t" * 15 + "x" + "\n"}, "121 columns")
        self.finds("columns", {"bench/a.md": "x" * 121 + "\n"}, "121 columns")
        self.passes("columns", {"bench/a.md": "|" + "x" * 121 + "|\n", "bench/a.c": "\t" * 15 + "\n"})

    def test_comments(self):
        self.finds("comments", {"engine/base/a.c": "#include <stdio.h>\n"}, "begins with a comment")
        self.passes("comments", {"engine/base/a.c": "/* a */\n", "a.lua": "-- a\n",
                                 "tests/a.py": "#!/usr/bin/python3\n\"\"\"a\"\"\"\n"})

    def test_limits(self):
        self.passes("limits", {"engine/base/limits.h": LIMITS, "engine/base/a.c": USES})
        self.finds("limits", {"engine/base/limits.h": LIMITS, "engine/base/a.c": USES.replace(" + LIMIT_B", "")},
                   "LIMIT_B bounds nothing")

    def test_faults(self):
        self.passes("faults", {"engine/base/fault.h": FAULTS, "engine/base/a.c": USES})
        without = USES.replace(" || fault_hit(two)", "")
        self.finds("faults", {"engine/base/fault.h": FAULTS, "engine/base/a.c": without}, "two is nowhere")
        self.finds("faults", {"engine/base/fault.h": FAULTS, "engine/base/a.c": USES.replace("hit(two)", "hit(three)")},
                   "fault_hit(three)")

    def test_dead(self):
        self.passes("dead", {"engine/base/a.c": "", "engine/base/meson.build": "files('a.c')"})
        self.finds("dead", {"engine/base/a.c": "", "engine/base/meson.build": "files('b.c')"},
                   "no meson.build names it")


if __name__ == "__main__":
    unittest.main()
