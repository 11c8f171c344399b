#!/usr/bin/python3
"""The shell examples of README and of the author's guide, run as they stand: each block after a <!-- run: NAME --> comment,
those of one name as one script, with build/ and /tmp/ pointed at this build and a scratch folder; and what README shows of
the demo, held against what the demo's commands print.

usage: readme.py BUILD SOURCE
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile


def blocks(text):
    scripts = {}
    for name, script in re.findall(r"<!-- run: (\S+) -->\n```sh\n(.*?)^```", text, re.S | re.M):
        scripts[name] = scripts.get(name, "") + script
    return list(scripts.items())


def environment(build):
    """The guide's author has nudged installed."""
    path = os.path.join(build, "engine") + ":" + os.path.join(build, "tools") + ":" + os.environ["PATH"]
    return {**os.environ, "PATH": path}


def run(name, script, build, folder, scratch, says=()):
    """One script in a shell of its own; daemons it left in the background are stopped after it."""
    # in this order: the source may itself be checked out below /tmp
    script = script.replace("/tmp/", scratch + "/").replace("build/", build + "/")
    script = script.replace("meson install -C build", f"meson install -C {build} --no-rebuild") # what is tested is built
    # A person types slower than a script: it waits for a daemon's socket before the next line.
    script = re.sub(r"(--listen unix:(\S+) &)\n", r"\1\nfor i in $(seq 200); do [ -S \2 ] && break; sleep 0.05; done\n", script)
    with open(os.path.join(scratch, "output"), "w+", encoding="utf-8") as log: # a file: the daemon would keep a pipe open
        shell = subprocess.Popen(["bash", "-eu", "-c", script], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.STDOUT, start_new_session=True, env=environment(build))
        ok = shell.wait() == 0
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        log.seek(0)
        output = log.read()
    for text in says:
        if text not in output:
            ok = False
            print(f"{name} does not say: {text}")
    print(f"{'ok' if ok else 'FAILED'}: {name}")
    if not ok:
        print(output)
    return ok


STORY = """
{build}/engine/nudged --data data --rules {source}/rules/telecom --listen unix:s --clock events >log 2>&1 &
export NUDGE_SOCKET=unix:s TZ=Asia/Ho_Chi_Minh
for i in $(seq 200); do [ -S s ] && break; sleep 0.05; done
{build}/tools/nudgectl alerts --follow --customer household-nguyen >alerts 2>&1 &
{build}/tools/nudgectl simulate --story | {build}/tools/nudgectl send -
for i in $(seq 100); do grep -q 2026-06-30 alerts && break; sleep 0.05; done
cat alerts
{build}/tools/nudgectl recommend household-nguyen --member father --agent linh --channel call --intent messages/usage \\
	--mood -0.2 --lang en
{build}/tools/nudgectl recommend household-pham --member mother --agent linh --channel call --intent bill/pay --mood -0.1 --lang en
"""


def words(line):
    return " ".join(line.split())


def shown(text, build, source, scratch):
    """Every line of the block is one that the demo prints; … stands for what is left out, == for the demo's own headings."""
    block = re.search(r"<!-- shown: demo -->\n```\n(.*?)```", text, re.S).group(1)
    with open(os.path.join(scratch, "out"), "w+", encoding="utf-8") as out:
        shell = subprocess.Popen(["bash", "-eu", "-c", STORY.format(build=build, source=source)], cwd=scratch,
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        ok = shell.wait() == 0
        os.killpg(shell.pid, signal.SIGKILL)
        out.seek(0)
        printed = [words(line) for line in out]
    for line in block.splitlines():
        wanted = words(line.split("…")[0])
        if wanted and not line.startswith("==") and not any(wanted in have for have in printed):
            print(f"README shows what the demo does not print: {line}")
            ok = False
    print(f"{'ok' if ok else 'FAILED'}: what the demo shows")
    return ok


FIRST_RULE = [" 0 failed", "ann: 2 late orders in 30 days.", "2 of your orders were late.", "is active as of entry"]


def said(text, name):
    """The lines that the guide shows of a script's output; … stands for what differs from day to day."""
    shown_blocks = re.findall(r"<!-- shown: " + name + r" -->\n```text\n(.*?)^```", text, re.S | re.M)
    return [part for line in "".join(shown_blocks).splitlines() for part in line.split("…") if part.strip()]


def guide(build, source):
    """The author's guide, in an empty folder."""
    with open(os.path.join(source, "rules", "README.md"), encoding="utf-8") as f:
        text = f.read()
    found = dict(blocks(text))
    good = True
    for name, script in found.items():
        says = (FIRST_RULE if name == "first-rule" else []) + said(text, name)
        with tempfile.TemporaryDirectory() as scratch:
            good &= run(name, script, build, scratch, scratch, says)
    return good and "first-rule" in found


def main():
    build, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with open(os.path.join(source, "README.md"), encoding="utf-8") as f:
        text = f.read()
    found = blocks(text)
    if not found:
        sys.exit("README.md has no example to run")
    passed = 0
    for name, script in found:
        if "npm " in script and not (shutil.which("node") and shutil.which("npm")):
            print(f"skipped: {name}: node and npm are not here")
            passed += 1
            continue
        with tempfile.TemporaryDirectory() as scratch:
            passed += run(name, script, build, source, scratch)
    with tempfile.TemporaryDirectory() as scratch:
        passed += shown(text, build, source, scratch)
    passed += guide(build, source)
    sys.exit(0 if passed == len(found) + 2 else 1)


main()
