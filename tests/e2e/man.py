#!/usr/bin/python3
"""The manual pages, as they were built: every option and command that the programs tell of stands in them, and they are sound.

    man.py NUDGED NUDGECTL STUBS PAGE...
"""
import os
import re
import shutil
import subprocess
import sys


def says(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()


def text_of(page):
    """As a reader sees it, without the breaking of lines and words."""
    shown = subprocess.run(['man', '-l', page], stdout=subprocess.PIPE, check=True,
                           env=dict(os.environ, MANWIDTH='1000', LC_ALL='C.UTF-8', MAN_KEEP_FORMATTING='')).stdout.decode()
    return re.sub(r'.\x08', '', shown)


def missing(what, names, text):
    gone = [name for name in sorted(names) if not re.search(r'(?<![\w-])' + re.escape(name) + r'(?![\w-])', text)]
    print('%s      %s: %d, missing %s' % ('FAILED' if gone else 'ok', what, len(names), gone or 'none'))
    return len(gone) or not names


def main():
    nudged, nudgectl, stubs, *built = sys.argv[1:]
    if not shutil.which('man'):
        print('skipped: no man here')
        return 77
    pages = {os.path.basename(path): text_of(path) for path in built}
    daemon, tool = says(nudged, '--help'), says(nudgectl, 'help')
    flags = set(re.findall(r'(?m)(?:^  |nudged )(--[a-z-]+)', daemon))
    settings = set(re.findall(r'(?m)^(\w+) = ', says(nudged, '--check-config', '--data', '/nowhere')))
    commands = re.findall(r'(?m)^  ([a-z]+(?: [a-z]+)?)(?=$| [^a-z ]|  )', tool.split('Commands:')[1].split('\n\n')[0])
    bad = missing('flags of nudged', flags, pages['nudged.8'])
    bad += missing('settings', settings | {'rules', 'decision_log'}, pages['nudged.conf.5'])
    bad += missing('commands', set(commands), pages['nudgectl.1'])
    options = set()
    for name in commands:
        options |= set(re.findall(r'(?m)^  (--[a-z-]+)', says(nudgectl, 'help', *name.split())))
    bad += missing('options of nudgectl', options | {'--socket', '--token-file', '--tls-ca', '--tls-cert', '--tls-key', '--json'}, pages['nudgectl.1'])
    with open(stubs, encoding='utf-8') as f:
        words = set(re.findall(r'(?m)^function ([\w.:]+)\(', f.read()))
    bad += missing('words of packs', words, pages['nudge-rules.7'])
    for path in built:
        done = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l', path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.stderr.strip():
            print('FAILED  %s: %s' % (path, done.stderr.decode()[:300]))
            bad += 1
    sees = {m for text in pages.values() for m in re.findall(r'\b(nudge[\w.-]*)\((\d)\)', text)}
    bad += missing('pages that are named', {'%s.%s' % s for s in sees}, ' '.join(pages))
    print('%d passed, %d failed' % (7 - min(bad, 7), min(bad, 7)))
    return 1 if bad else 0


sys.exit(main())
