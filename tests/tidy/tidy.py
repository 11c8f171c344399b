#!/usr/bin/python3
"""Style as a test: what the project promises about its source, checked on the source.

    tidy.py CHECK [ROOT]     one of the names below; ROOT is the source tree (the one this file is in)

Prints each violation as FILE:LINE: what, and why it matters; exit code 1 where there is any. selftest.py proves that
each check finds what it is for.
"""
import os
import re
import sys

# A folder is a layer; it may include only those listed (the order of the project's design).
LAYERS = {
    "base": [],
    "state": ["base"],
    "script": ["base", "state"],
    "decide": ["base", "state", "script"],
    "report": ["base", "state", "script"],
    "workbench": ["base", "state", "script", "decide", "report"],
    "disk": ["base"],
    "find": ["base", "state", "script", "disk"],
    "wire": ["base", "state"],
    "access": ["base", "wire"],
    "history": ["base", "state", "script", "decide", "disk", "find", "wire"],
    "shard": ["base", "state", "script", "decide", "report", "workbench", "disk", "find", "wire",
              "access", "history"],
    "net": ["base", "wire", "access", "state", "shard"],
}
# One gate per dependency: a header, and the folders that may know it.
GATES = [
    (r"lmdb\.h", ["engine/disk"]),
    (r"(lua|lauxlib|lualib|luaconf)\.h(pp)?", ["engine/script"]),
    (r"event2/.*|event\.h", ["engine/net"]),
    (r"openssl/(ssl|bio|x509.*|err|pem)\.h", ["engine/net", "proto"]),
    (r"openssl/.*", ["engine/access", "engine/net", "proto"]),
    (r"utf8proc\.h", ["engine/find"]),
    (r".*\.pb-c\.h", ["engine/wire", "proto"]),
]
# What a deterministic core must not touch: the entry brings time and chance.
CORE = ["engine/state", "engine/script", "engine/decide", "engine/report", "engine/workbench"]
CORE_FORBIDDEN = re.compile(
    r"\b(time|clock|clock_gettime|gettimeofday|rand|srand|random|srandom|drand48|getrandom|arc4random|getenv)\s*\(")
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
LINE_COLUMNS_MAX = 120  # a tab goes to the next multiple of 8
NARROW_FOLDERS = ["bench"]
# Spelled in parts, so that this file does not find itself.
LEFTOVERS = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
MACHINE_PATHS = re.compile("|".join(["/wo" r"rk/[a-z]", r"\.lib" "rary/", "/ro" r"ot/[a-z]"]))
TEXT = (".c", ".h", ".lua", ".py", ".sh", ".js", ".html", ".css", ".md", ".proto", ".build", ".json", ".jsonl", ".conf",
        ".toml")
SKIPPED_FOLDERS = {".git", "corpus", "vendor", "node_modules", "__pycache__"}


class Tree:
    """The source files below a root, without build folders."""

    def __init__(self, root):
        self.root = root
        self.problems = []

    def files(self, endings, under=""):
        for folder, names, files in os.walk(os.path.join(self.root, under)):
            names[:] = sorted(n for n in names if n not in SKIPPED_FOLDERS and not n.startswith("build"))
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), self.root)
                if name.endswith(endings) or (self.is_script(path) and endings is TEXT):
                    yield path

    def is_script(self, path):
        """tools/test and the like: no ending, but a first line that names an interpreter."""
        if "." in os.path.basename(path):
            return False
        with open(os.path.join(self.root, path), "rb") as f:
            return f.read(2) == b"#!"

    def lines(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as f:
            return f.read().split("\n")

    def text(self, path):
        return "\n".join(self.lines(path))

    def say(self, path, line, what):
        self.problems.append(f"{path}:{line}: {what}")


def in_folder(path, folder):
    return path.startswith(folder + "/")


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def check_layers(tree):
    for path in tree.files((".c", ".h"), "engine"):
        parts = path.split("/")
        layer = parts[1] if len(parts) > 2 else None
        for number, ours, name in includes(tree, path):
            if ".." in name.split("/"):
                tree.say(path, number, f'"{name}" goes up by "..": name the layer instead')
            target = name.split("/")[0] if "/" in name else None
            if layer is None or target not in LAYERS or (target == layer):
                if ours and target is None and layer is not None and not name.endswith(".pb-c.h"):
                    tree.say(path, number, f'"{name}" does not say its layer: "{layer}/{name}"')
                continue
            if target not in LAYERS[layer]:
                allowed = ", ".join(LAYERS[layer]) or "nothing of ours"
                tree.say(path, number, f"{layer} must not include {name}: it may include {allowed}")
    for path in tree.files((".c", ".h"), "proto"):
        for number, _, name in includes(tree, path):
            if name.split("/")[0] in LAYERS:
                tree.say(path, number, f"libnudge must not include {name}: it stands alone")


def check_gates(tree):
    for top in ("engine", "proto", "tools"):
        for path in tree.files((".c", ".h"), top):
            for number, _, name in includes(tree, path):
                for pattern, folders in GATES:
                    if re.fullmatch(pattern, name) and not any(in_folder(path, f) for f in folders):
                        # nudge.h hands the generated messages to its users: tools include that
                        tree.say(path, number, f"<{name}> only in {' and '.join(folders)}")


def without_comments(text):
    """Comments and texts blanked, line numbers kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def check_core(tree):
    for folder in CORE:
        for path in tree.files((".c", ".h"), folder):
            for number, _, name in includes(tree, path):
                if name == "base/clock.h" or name in ("time.h", "sys/time.h", "sys/random.h"):
                    tree.say(path, number, f"{name}: the core reads no clock and no chance; the entry brings them")
            for number, line in enumerate(without_comments(tree.text(path)).split("\n"), 1):
                found = CORE_FORBIDDEN.search(line)
                if found:
                    tree.say(path, number, f"{found.group(1)}(): the core reads no clock, chance or environment")


def functions(tree, path):
    """(name line, last line, name) of the functions of a C file, by the house's layout: braces in column 0."""
    lines = without_comments(tree.text(path)).split("\n")
    start = None
    for i, line in enumerate(lines):
        if line.rstrip() == "{" and i > 0:
            start = i
            while start > 0 and lines[start - 1].strip() and not re.search(r"[;}]\s*$", lines[start - 1]) \
                    and not lines[start - 1].startswith("#"):
                start -= 1
        elif line.startswith("}") and start is not None:
            head = " ".join(lines[start:i])[:400]
            found = re.search(r"(\w+)\s*\(", head)
            if line.rstrip() == "}" and found:
                yield start + 1, i + 1, found.group(1)
            start = None


def check_size(tree):
    for path in tree.files((".c", ".h", ".lua", ".py", ".js")):
        lines = tree.lines(path)
        if len(lines) - 1 > FILE_LINES_MAX:
            tree.say(path, 1, f"{len(lines) - 1} lines, at most {FILE_LINES_MAX}: one idea may have become two")
        if not path.endswith((".c", ".h")):
            continue
        for first, last, name in functions(tree, path):
            if last - first > FUNCTION_LINES_MAX:
                tree.say(path, first, f"{name} has {last - first} lines, at most {FUNCTION_LINES_MAX}")


def check_leftovers(tree):
    for path in tree.files(TEXT):
        for number, line in enumerate(tree.lines(path), 1):
            # what is quoted is data: a time zone without a name is spelled like one of them
            found = LEFTOVERS.search(re.sub(r'"[^"]*"', "", line))
            if found:
                tree.say(path, number, f"{found.group(0)}: finish it, or open an issue")
            found = MACHINE_PATHS.search(line)
            if found:
                tree.say(path, number, f"{found.group(0)}: a path of somebody's machine")


def check_whitespace(tree):
    for path in tree.files(TEXT):
        lines = tree.lines(path)
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                tree.say(path, number, "blanks at the end of the line")
            if path.endswith((".c", ".h")) and re.match(r"^ +\t|^ {8}", line):
                tree.say(path, number, "indented with blanks: C is indented with tabs")
        if lines[-1] != "":
            tree.say(path, len(lines), "no line break at the end of the file")
        elif len(lines) > 2 and lines[-2] == "":
            tree.say(path, len(lines) - 1, "empty lines at the end of the file")


def check_columns(tree):
    for folder in NARROW_FOLDERS:
        for path in tree.files(TEXT, folder):
            for number, line in enumerate(tree.lines(path), 1):
                columns = len(line.expandtabs(8))
                # a table's row, a picture and JSON cannot be wrapped
                if columns > LINE_COLUMNS_MAX and not line.startswith(("|", "![")) and not path.endswith(".json"):
                    tree.say(path, number, f"{columns} columns, at most {LINE_COLUMNS_MAX}")


def check_comments(tree):
    starts = {".c": "/*", ".h": "/*", ".lua": "--", ".py": ('"""', "#"), ".sh": "#", ".proto": "//"}
    for path in tree.files(tuple(starts)):
        lines = tree.lines(path)
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if not first.startswith(starts[os.path.splitext(path)[1]]):
            tree.say(path, 1, "a file begins with a comment that says what it is and why so")


def all_c_text(tree, without):
    for top in ("engine", "tools", "proto"):
        for path in tree.files((".c", ".h"), top):
            if path not in without:
                yield tree.text(path)


def check_limits(tree):
    path = "engine/base/limits.h"
    used = " ".join(all_c_text(tree, [path]))
    own = tree.lines(path)
    for number, line in enumerate(own, 1):
        found = re.match(r"#define\s+([A-Z][A-Z0-9_]*)\s+\S", line)
        if not found:
            continue
        name = re.compile(r"\b" + found.group(1) + r"\b")
        elsewhere = any(name.search(other) for i, other in enumerate(own, 1)
                        if i != number and other.startswith("#define"))
        if not elsewhere and not name.search(used):
            tree.say(path, number, f"{found.group(1)} bounds nothing: use it or drop it")


def check_faults(tree):
    path = "engine/base/fault.h"
    names = re.findall(r"\bX\((\w+)\)", tree.text(path).split("#define FAULT_LIST(X)")[1].split("enum")[0])
    used = " ".join(all_c_text(tree, [path, "engine/base/fault.c"]))
    if names != sorted(names):
        tree.say(path, 1, "FAULT_LIST is not sorted")
    for name in names:
        if not re.search(r"\bfault_hit\(\s*" + name + r"\b|\bFAULT_" + name + r"\b", used):
            tree.say(path, 1, f"the fault point {name} is nowhere in the source")
    for name in set(re.findall(r"\bfault_hit\(\s*(\w+)\s*\)", used)):
        if name not in names:
            tree.say(path, 1, f"fault_hit({name}) is not in FAULT_LIST")


def check_dead(tree):
    """Files that nothing compiles."""
    builds = {os.path.dirname(p): tree.text(p) for p in tree.files(("meson.build",))}
    for path in tree.files((".c",)):
        folder, inside = os.path.dirname(path), os.path.basename(path)
        while folder not in builds and folder:
            inside = os.path.basename(folder) + "/" + inside
            folder = os.path.dirname(folder)
        text = builds.get(folder, "")
        stem = os.path.splitext(os.path.basename(path))[0]
        # `foreach name : ['window', …]` builds test_@0@.c out of the name alone
        short = re.sub(r"^(test|fuzz|sim|cmd|bench)_", "", stem)
        if inside not in text and f"'{stem}'" not in text and f"'{short}'" not in text:
            tree.say(path, 1, f"no meson.build names it: compile it or drop it (looked in {folder or '.'})")


CHECKS = {name[len("check_"):]: function for name, function in list(globals().items()) if name.startswith("check_")}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in CHECKS:
        print(f"usage: tidy.py {'|'.join(CHECKS)} [ROOT]", file=sys.stderr)
        return 2
    here = os.path.dirname(os.path.abspath(__file__))
    tree = Tree(sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.dirname(here)))
    CHECKS[sys.argv[1]](tree)
    for problem in tree.problems:
        print(problem)
    return 1 if tree.problems else 0


if __name__ == "__main__":
    sys.exit(main())
