#!/usr/bin/python3
"""tools/man/make.py: a manual page's source for scdoc: what was written by hand, with the lists that the programs and the
editor stubs tell themselves put in, so that no option can be missing or tell something else than --help.

    make.py PAGE.scd.in NUDGED NUDGECTL STUBS > PAGE.scd
"""
import re
import subprocess
import sys


def plain(text):
    text = re.sub(r'([\\*_`#~])', r'\\\1', text or '')
    return re.sub(r'^([-.|])', r'\\\1', text)


def says(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, env={'LC_ALL': 'C.UTF-8'}).stdout.decode()


def options(text):
    """(flag, value, help) of lines such as "  --data DIR   folder …"; those that go on are joined."""
    found = []
    for line in text.splitlines():
        m = re.match(r'  (--[a-z-]+)(?: ([A-Z]\S*|[a-z]+\|\S+))? +(\S.*)$', line)
        if m:
            found.append([m[1], m[2] or '', m[3]])
        elif found and re.match(r' {20,}\S', line):
            found[-1][2] += ' ' + line.strip()
    return found


def defined(flag, value, text):
    return '*%s*%s\n\t%s\n' % (plain(flag), ' _%s_' % plain(value) if value else '', plain(text))


def settings(nudged):
    return '\n'.join(defined(*o) for o in options(says(nudged, '--help')))


def keys(nudged):
    names = {line.split(' = ')[0] for line in says(nudged, '--check-config', '--data', '/nowhere', '--log-level', 'info').splitlines()}
    found = []
    for flag, value, text in options(says(nudged, '--help')):
        key = flag[2:].replace('-', '_')
        if key not in ('config', 'version', 'list_faults', 'help', 'check_config', 'replay'):
            found.append('*%s* = _%s_\n\t%s\n' % (plain(key), plain(value), plain(text)))
    assert len(found) >= len(names), 'settings are missing'
    return '\n'.join(found)


def signals(nudged):
    text = says(nudged, '--help')
    return '```\n' + re.sub(r'(?m)^', '', text[text.index('signals:'):].rstrip()) + '\n```\n'


def names(nudgectl):
    listed = says(nudgectl, 'help').split('Commands:')[1].split('\n\n')[0]
    return [m[1] for m in re.finditer(r'(?m)^  ([a-z]+(?: [a-z]+)?)(?=$| [^a-z ]|  )', listed)]


def command(nudgectl, name):
    text = says(nudgectl, 'help', *name.split())
    usage = re.match(r'Usage: nudgectl (?:\[--[a-z]+(?: [A-Z]+)?\] )*(.*)', text)[1]
    out = ['## ' + plain(usage), '']
    for block in text.split('\n\n')[1:]:
        lines = block.splitlines()
        if lines[0] == 'Options:':
            out += [defined(*o) for o in options(block)]
        elif lines[0] == 'Examples:':
            out += ['```'] + [line[2:] for line in lines[1:]] + ['```', '']
        else:
            out += [plain(' '.join(line.strip() for line in lines)), '']
    return '\n'.join(out)


def commands(nudgectl):
    return '\n'.join(command(nudgectl, name) for name in names(nudgectl))


def vocabulary(stubs):
    out, told = [], []
    for line in open(stubs, encoding='utf-8'):
        if re.match(r'---[^@]', line):
            told.append(line[3:].strip())
            continue
        m = re.match(r'function ([\w.:]+)(\(.*?\)) end', line)
        if m and told:
            out.append('*%s*%s\n\t%s\n' % (plain(m[1]), plain(m[2]), plain(' '.join(told))))
        elif m:
            out.append('*%s*%s\n' % (plain(m[1]), plain(m[2])))
        if not line.startswith('---@'):
            told = []
    return '\n'.join(out)


def main():
    page, nudged, nudgectl, stubs = sys.argv[1:5]
    with open(page, encoding='utf-8') as f:
        text = f.read()
    made = {'@SETTINGS@': lambda: settings(nudged), '@KEYS@': lambda: keys(nudged), '@SIGNALS@': lambda: signals(nudged),
            '@COMMANDS@': lambda: commands(nudgectl), '@VOCABULARY@': lambda: vocabulary(stubs)}
    for mark, make in made.items():
        if mark in text:
            text = text.replace(mark, make())
    sys.stdout.buffer.write(re.sub(r'\n{3,}', '\n\n', text).encode())


main()
