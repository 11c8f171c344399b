#!/usr/bin/python3
"""The JavaScript client (proto/examples/javascript) against the daemon: what it sends arrives as it is, much of it at once, and
alerts come once each through lost connections and kills of the daemon. CloudEvents with their official SDK.

    /usr/bin/python3 javascript.py NUDGED NUDGECTL SOURCE_ROOT BUILD_FOLDER [CASE...]
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

BUILD = sys.argv.pop(4) if len(sys.argv) > 4 else ''
import client_kit
import kit
from kit import check, same

PACK = "pack { name = 'js', fallback = { 'greet' } }\n" \
       "rule 'raised' { on = 'raise', alert = { to = 'care', say = '{n}' } }\n" \
       "action 'greet' { goal = 'serve', channels = { 'call' }, value = { customer = 0.5, business = 0.5 }, say = 'Hello.' }\n"
CLIENT = os.path.join(sys.argv[3], 'proto', 'examples', 'javascript') if len(sys.argv) > 3 else ''


def prepared():
    """The client beside the packages that it wants, in the build folder: npm fetches them once."""
    folder = os.path.join(BUILD, 'javascript')
    os.makedirs(folder, exist_ok=True)
    lock = os.path.join(CLIENT, 'package-lock.json')
    stamp = os.path.join(folder, 'installed')
    with open(lock) as f:
        wanted = f.read()
    have = os.path.exists(stamp) and open(stamp).read() == wanted
    if not have:
        for name in ('package.json', 'package-lock.json'):
            shutil.copy(os.path.join(CLIENT, name), folder)
        done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
        check(done.returncode == 0, 'npm ci:', done.stdout.decode()[-800:])
        with open(stamp, 'w') as f:
            f.write(wanted)
    for name in ('nudge_client.mjs', 'example.mjs'):
        shutil.copy(os.path.join(CLIENT, name), folder)
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'javascript_client.mjs'), folder)
    return folder


def node(b, *args, env=None):
    return subprocess.Popen(['node', *args], cwd=b.js, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, NUDGE_PROTO=os.path.join(b.root, 'proto', 'nudge.proto'), **(env or {})))


def told(b, *args, env=None):
    out, said = (going := node(b, 'javascript_client.mjs', *args, env=env)).communicate(timeout=120)
    same(going.returncode, 0, 'exit code of %s: %s' % (args[0], said[-1000:]))
    return [json.loads(line) for line in out.splitlines()]


def what_is_asked_and_told(b):
    tokens, mine = b.path('tokens'), b.path('mine')
    b.ctl('token', 'new', 'js', '--role', 'publish,recommend,read', '--tokens', tokens, '--out', mine)
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    d = b.daemon(rules=b.pack(PACK), args=['--tokens', tokens], listen='tcp:127.0.0.1:%d' % port)
    with open(mine) as f:
        token = f.read().strip()
    acks, attributes, refused, outcome = told(b, 'ask', d.address, env={'NUDGE_TOKEN': token})
    same(acks, [['ACCEPTED', ''], ['REFUSED', 'events[1].alias'], ['ACCEPTED', '']])
    now = int(time.time() * 1000)
    same(attributes[0], ['plan', 'large', 1777593600000])
    same([a[:2] for a in attributes[1:]], [['seats', 3], ['vip', True]])
    check(all(now - 60000 < a[2] <= now for a in attributes[1:]), attributes)
    same((refused[:2], outcome), ([True, 'invalid'], ['greet', 'ACCEPTED']))
    same(told(b, 'denied', d.address), ['denied'])


def much_at_once(b):
    d = b.daemon(rules=b.pack(PACK), shards=2)
    for want in ({'accepted': 20000, 'duplicates': 0}, {'accepted': 0, 'duplicates': 20000}):
        said = told(b, 'many', d.address, '20000')[0]
        same((said['acks'], said['accepted'], said['duplicates']), (20000, want['accepted'], want['duplicates']), str(said))
        check(said['most'] <= 10 * 128, 'taken from the sender before it could be sent:', said)
    same(d.status().events_accepted, 20000)


def alerts_once_each(b):
    """The connection is cut and the daemon killed again and again, in the middle of alerts."""
    between, d = client_kit.Between, b.daemon(rules=b.pack(PACK), shards=2)
    through = between(b, d)
    going = node(b, 'javascript_client.mjs', 'follow', 'unix:' + through.path)
    seen = client_kit.alerts_through_trouble(b, d, through, going)
    same(seen[0], '"following"\n')
    lines = [json.loads(line) for line in seen[1:]]
    client_kit.once_each(b, [(seq, index, text) for seq, index, text in lines])


def cloudevents_by_their_own_sdk(b):
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    d = b.daemon(rules=b.pack(PACK), args=['--http', '127.0.0.1:%d' % port])
    one, two, batch, none = told(b, 'cloudevents', 'http://127.0.0.1:%d' % port)
    same((one[0], one[1]['acks'][0]['result'] if 'acks' in one[1] else one[1]['result']), (200, 'ACCEPTED'), str(one))
    same((two[0], 'ACCEPTED' in json.dumps(two[1])), (200, True), str(two))
    same((batch[0], [a['result'] for a in batch[1]['acks']]), (200, ['ACCEPTED', 'DUPLICATE']), str(batch))
    check(none[0] != 200 or 'customer' in json.dumps(none[1]), none)
    events = [e['event'] for e in b.dump(d.data) if e['kind'] == 'event']
    same([(e['id'], e['customer'], e['member'], e['attributes']) for e in events],
         [(i, 'c-7', 'anna', {'topic': 'bill', 'mood': -0.5}) for i in '123'], 'as they arrived')


def the_example(b):
    d = b.daemon(rules=os.path.join(b.root, 'rules', 'welcome'))
    out, said = (going := node(b, 'example.mjs', d.address)).communicate(timeout=60)
    same(going.returncode, 0, said)
    for words in ('pack welcome', 'alert: c-18: contact number 3', 'take-it-on: You have contacted us 3 times', 'outcome: ACCEPTED'):
        check(words in out, words, out)


if __name__ == '__main__':
    if not shutil.which('node') or not shutil.which('npm'):
        print('skipped: node and npm are not here')
        sys.exit(77)
    bench = kit.Bench()
    bench.js = prepared()
    bench.run([what_is_asked_and_told, much_at_once, alerts_once_each, cloudevents_by_their_own_sdk, the_example])
