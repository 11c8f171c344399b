#!/usr/bin/python3
"""README's shell examples, run as they stand: each block after a <!-- run: NAME --> comment, with build/ and /tmp/ pointed at
this build and a scratch folder.

usage: readme.py BUILD SOURCE
"""
import os
import re
import signal
import subprocess
import sys
import tempfile


def blocks(text):
    return re.findall(r"<!-- run: (\S+) -->\n```sh\n(.*?)```", text, re.S)


def run(name, script, build, source, scratch):
    """One block in a shell of its own; daemons it left in the background are stopped after it."""
    # in this order: the source may itself be checked out below /tmp
    script = script.replace("/tmp/", scratch + "/").replace("build/", build + "/")
    # A person types slower than a script: it waits for a daemon's socket before the next line.
    script = re.sub(r"(--listen unix:(\S+) &)\n", r"\1\nfor i in $(seq 200); do [ -S \2 ] && break; sleep 0.05; done\n", script)
    with open(os.path.join(scratch, "output"), "w+", encoding="utf-8") as log: # a file: the daemon would keep a pipe open
        shell = subprocess.Popen(["bash", "-eu", "-c", script], cwd=source, stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        ok = shell.wait() == 0
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        log.seek(0)
        output = log.read()
    print(f"{'ok' if ok else 'FAILED'}: {name}")
    if not ok:
        print(output)
    return ok


def main():
    build, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with open(os.path.join(source, "README.md"), encoding="utf-8") as f:
        found = blocks(f.read())
    if not found:
        sys.exit("README.md has no example to run")
    passed = 0
    for name, script in found:
        with tempfile.TemporaryDirectory() as scratch:
            passed += run(name, script, build, source, scratch)
    sys.exit(0 if passed == len(found) else 1)


main()
