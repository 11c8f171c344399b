#!/usr/bin/python3
"""SIGHUP under load, with what it reads broken in every way: each is told, what was there stays whole, nobody is dropped.

    /usr/bin/python3 reload.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import os

import http_kit
import kit
import tls_kit
from http_kit import good, wait_for
from kit import check, same
from tls_kit import Authority, Https, Traffic, all_acknowledged, put, serial_seen

RELOADED = '''pack { name = "%s" }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
rule "third" { on = "call.ended", when = fact.calls:at_least(3), once_per = "day", alert = { to = "care", say = "{calls} calls" } }
'''


def all_of_it_broken_under_traffic(b):
    """SIGHUP with a configuration, a certificate, tokens and a pack that are broken, each and all at once: each is told, what was there
    stays, whole, nobody is dropped; and once they are mended one SIGHUP takes them all."""
    ca = Authority(b)
    cert, key, config, folder, tokens = b.path('cert.pem'), b.path('key.pem'), b.path('conf'), b.pack(RELOADED % 'first'), b.path('tokens')
    b.ctl('token', 'new', 'other', '--role', 'read', '--tokens', tokens)
    own = b.path('token')
    b.ctl('token', 'new', 'all', '--role', 'publish,read,operate', '--tokens', tokens, '--out', own)
    put(ca.sign(), cert, key)
    shown = open(own).read().strip()
    asked = {'Authorization': 'Bearer ' + shown}

    def write(path, text):
        with open(path, 'w') as f:
            f.write(text)
    write(config, 'client_rate = 0\nslow_request_ms = 100000\n')
    d = tls_kit.daemon(b, cert, key, shards=2, rules=folder, args=['--config', config, '--tokens', tokens])
    port = int(d.tls.rsplit(':', 1)[1])
    traffic = [Traffic(d, ca.cert, 't%d' % i, shown) for i in range(3)]
    http, stream = Https(d, ca.cert), Https(d, ca.cert, timeout=60)
    stream.send(http_kit.request('GET', '/v1/alerts/stream?from_now=true', headers=asked))
    same(stream.head()[0], 200)
    for t in traffic:
        t.start()
    status = lambda: good(http.ask('GET', '/v1/status', headers=asked))
    first = serial_seen(d, ca.cert, port)
    kept = {path: open(path).read() for path in (cert, config, folder + '/pack.lua', tokens)}
    test = os.path.join(folder, 'tests', 'all.lua')
    os.mkdir(os.path.dirname(test))
    lua = folder + '/pack.lua'
    spoils = { # what each file is then (None: gone), and what is said
        'configuration': [({config: 'client_rate = 1\ncolour = blue\n'}, 'colour'), ({config: 'client_rate = some\n'}, 'client_rate'),
                          ({config: None}, 'No such file'), ({config: '\0' * 50}, ':1: a byte 0')],
        'certificate': [({cert: ''}, 'BEGIN CERTIFICATE'), ({cert: None}, 'No such file'), ({cert: kept[cert][:200]}, cert)],
        'pack': [({lua: 'pack { name = '}, 'pack.lua:1: '), ({lua: None}, 'has no pack.lua'),
                 ({lua: RELOADED % 'second' + 'rule "r" { on = "x" }'}, 'it does nothing'),
                 ({lua: RELOADED % 'second', test: 'test("never", function() customer("c"):event("call.ended"):expect_fired "third" end)'},
                  'never')],
        'tokens': [({tokens: 'rubbish\n'}, tokens), ({tokens: None}, 'No such file')],
    }

    def after_a_hang_up(words):
        """Told, the old ones stay, and everybody goes on."""
        before, reached = {w: d.said().count(w) for w in words}, [t.acked for t in traffic]
        d.hang_up()
        wait_for(lambda: all(d.said().count(w) > before[w] for w in words))
        wait_for(lambda: all(t.acked > r + 8 or t.error for t, r in zip(traffic, reached)))
        same(serial_seen(d, ca.cert, port), first, words)
        now = status()
        same((now['pack'], [g['value'] for g in now['gauges'] if g['name'] == 'limited_rate']), ('first', [0]), words)

    def spoil(files):
        for path, text in files.items():
            if text is None:
                os.unlink(path)
            else:
                write(path, text)

    def mend():
        for path, text in kept.items():
            write(path, text)
        os.chmod(tokens, 0o600)
        if os.path.exists(test):
            os.unlink(test)
    told = {'configuration': 'the configuration is refused, the old one stays: ', 'certificate': 'the certificate is refused, the old one stays: ',
            'pack': 'the pack is refused, the old one stays: ', 'tokens': 'tokens: the file is refused, the old one stays in force: '}
    for what, ways in spoils.items():
        for files, words in ways:
            spoil(files)
            after_a_hang_up([told[what]])
            line = [l for l in d.said().splitlines() if told[what] in l][-1]
            check(words in line, what, words, line)
            mend()
    for n in range(4): # all of them at once
        for what, ways in spoils.items():
            spoil(ways[n % len(ways)][0])
        after_a_hang_up([told[what] for what in spoils])
        mend()
    for _ in range(20): # again and again, faster than they are read
        d.hang_up()
    d.ctl('--token-file', own, 'status')
    put(ca.sign(), cert, key)
    write(lua, RELOADED % 'second')
    write(config, 'slow_request_ms = 5000\nlog = json\n')
    d.hang_up()
    wait_for(lambda: serial_seen(d, ca.cert, port) != first and status()['pack'] == 'second')
    wait_for(lambda: '"pack second' in d.said())
    sent = all_acknowledged(traffic)
    same(int(status()['events_accepted']), sent, 'what was acknowledged was applied')
    check(b'data:' in stream.chunk() + stream.chunk(), 'the stream was there all the time')
    for c in (http, stream):
        c.socket.close()
    d.stop()


kit.Bench().run([all_of_it_broken_under_traffic])
