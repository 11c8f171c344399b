#!/usr/bin/python3
"""What is on disk has versions. A directory of an earlier build opens with all that it holds (format_1.tar.xz beside this file was
written by the first build of that format and is not made anew); a later one is refused by name, with what to do.

    formats.py NUDGED NUDGECTL SOURCE_ROOT make_the_kept_one     how format_1.tar.xz was made, for a format to come
"""
import json
import os
import subprocess
import sys
import tarfile

import kit
from kit import check, same

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'format_1.tar.xz')
PACK = '''pack { name = "kept" }
local calls = series { on = "call.ended", name = "calls" }
local promise = case { opens = "promise.made", closes = "promise.kept", key = "ref", due = "3650d", name = "promise" }
fact.calls = calls:count "3650d"
rule "many" { on = "call.ended", when = fact.calls:at_least(3), alert = { to = "care", say = "{calls} calls" } }
action "sorry" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
'''


def start(bench, data=None, **more):
    return bench.daemon(data=data, args=['--segment-mb', '1', '--sweep-ms', '50'], **more)


def filled(bench):
    d = start(bench, rules=bench.pack(PACK))
    send = lambda **e: d.ctl('send', '-', data=json.dumps(e).encode())
    send(id='a', source='crm', customer='lan', type='alias.added', attributes={'alias': '+84905550001'})
    send(id='p', source='crm', customer='lan', type='promise.made', attributes={'ref': 'x'})
    for n in range(4):
        send(id='c%d' % n, source='pbx', alias='+84905550001', type='call.ended', agent='tuan', attributes={'mood': -0.5, 'note': 'ồn'})
    d.ctl('recommend', 'lan', '--channel', 'call', '--agent', 'tuan')
    d.ctl('outcome', 'lan', 'sorry', 'accepted', '--channel', 'call')
    d.settled()
    return d


def told(d):
    """What it knows, as far as it does not depend on the hour."""
    shown = json.loads(d.ctl('customer', 'show', 'lan', '--json'))
    return {name: shown[name] for name in ('timeline', 'aliases', 'cases') if name in shown}


def make_the_kept_one(bench):
    d = filled(bench)
    with open(os.path.join(bench.folder, 'told.json'), 'w') as f:
        json.dump(told(d), f)
    d.stop()
    d.start(rules=None)
    d.ctl('send', '-', data=b'{"id":"z","source":"x","customer":"kim","type":"call.ended"}')
    d.kill() # with a tail to recover
    with tarfile.open(KEPT, 'w:xz', preset=9) as tar:
        tar.add(os.path.join(bench.folder, 'told.json'), 'told.json')
        tar.add(d.data, 'data')
    check(os.path.getsize(KEPT) < 30 << 10, 'too large to be kept:', os.path.getsize(KEPT))


def the_first_format_opens(bench):
    folder = bench.path('kept')
    with tarfile.open(KEPT) as tar:
        tar.extractall(folder)
    with open(os.path.join(folder, 'told.json')) as f:
        before = json.load(f)
    data = os.path.join(folder, 'data')
    same(json.loads(bench.ctl('verify', data, '--json'))['problems'], 0)
    d = start(bench, data)
    same(told(d), before)
    digest = d.settled()
    check(len(json.loads(d.ctl('customer', 'show', 'kim', '--json'))['timeline']) == 1, 'its tail was not recovered')
    check(json.loads(d.ctl('explain', 'lan', '--json'))['recomputed']['identical'], 'decided otherwise')
    d.stop()
    same(bench.replay(data)['digest'], digest, 'replayed')


def with_change(path, change):
    with open(path, 'rb') as f:
        content = f.read()
    changed = change(content)
    check(changed != content, 'nothing to change in', path)
    with open(path, 'wb') as f:
        f.write(changed)
    return content


def later_ones_are_refused(bench):
    d = filled(bench)
    d.stop()
    nine = lambda text: text.replace(b'format 1\n', b'format 9\n')
    segment = sorted(n for n in os.listdir(os.path.join(d.data, 'journal')) if n.endswith('.segment'))[0]
    parts = {name + 'NUDGED': nine for name in ('', 'journal/', 'state/', 'base/')}
    parts['journal/' + segment] = lambda text: text[:8] + b'\x09' + text[9:]
    for name, change in parts.items():
        path = os.path.join(d.data, name)
        content = with_change(path, change)
        d.spawn()
        check(d.wait() == 1, name, 'was opened')
        said = d.said()
        check(name in said and 'format 9' in said and 'use a newer nudged' in said, name, said[-500:])
        with open(path, 'wb') as f:
            f.write(content)
    with open(os.path.join(d.data, 'ERASING'), 'wb') as f: # checked before what it says is taken up
        f.write(b'nudged erasing 9\n' + bytes(8))
    d.spawn()
    check(d.wait() == 1 and 'ERASING' in d.said(), d.said()[-500:])
    os.unlink(os.path.join(d.data, 'ERASING'))
    d.start()
    told(d)


def backups_have_a_version_too(bench):
    d = filled(bench)
    folder = bench.path('backup')
    d.ctl('backup', folder)
    with_change(os.path.join(folder, 'BACKUP'), lambda text: text.replace(b'format 1\n', b'format 9\n', 1))
    done = subprocess.run([bench.nudged, '--restore', folder, '--data', bench.path('restored')], stderr=subprocess.PIPE)
    check(done.returncode == 1 and b'format 9' in done.stderr and b'use a newer nudged' in done.stderr, done.stderr)


if __name__ == '__main__':
    cases = [the_first_format_opens, later_ones_are_refused, backups_have_a_version_too]
    kit.Bench().run([make_the_kept_one] if 'make_the_kept_one' in sys.argv else cases)
