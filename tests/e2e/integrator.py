#!/usr/bin/python3
"""What a newcomer who integrates nudged gets wrong, and is told: actions that no pack has, times in seconds, a snapshot whose dates
cannot be read, folders that are no packs, HTTP spoken to ports of another protocol.

    /usr/bin/python3 integrator.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import socket
import subprocess

import http_kit
import kit
import tls_kit
from http_kit import good, post, problem
from kit import HOUR, NOW, check, same

SHOP = '''pack { name = "shop", currency = "EUR" }
action "plan-family-l" { goal = "grow", value = { customer = 0.6, business = 0.6 }, say = "The family plan?" }
action "apology" { goal = "serve", value = { customer = 0.6, business = 0.1 }, say = "Sorry." }
'''
LATER = '''pack { name = "shop", currency = "EUR" }
action "apology" { goal = "serve", value = { customer = 0.6, business = 0.1 }, say = "Sorry." }
'''
SECONDS = 1732000000 # 2024-11-19, read as 21 January 1970


def outcome(b, n, action, **more):
    return dict(dict(id='o%d' % n, source='desk', customer='kim', action=action, channel='call', kind='accepted'), **more)


def an_action_that_no_pack_has(b):
    """is refused with the nearest name, on every way in; what an earlier pack had is taken, also after a kill and a restart"""
    first, then = b.pack(SHOP), b.pack(LATER)
    d = http_kit.http(b, rules=first)
    with d.client() as c:
        error = c.call(outcome=b.pb.Outcome(**outcome(b, 1, 'plan-family-xl'))).error
        same((error.code, error.field), ('invalid', 'action'))
        check('"plan-family-xl"' in error.reason and 'did you mean "plan-family-l"?' in error.reason, error.reason)
    said = problem(post(d, '/v1/outcomes', outcome(b, 2, 'apologie')), 400, 'invalid', 'did you mean "apology"?')
    same(said['field'], 'action')
    done = d.ctl('outcome', 'kim', 'plan-family-xl', 'accepted', '--channel', 'call', ok=False)
    check(done.returncode == 1 and b'did you mean "plan-family-l"?' in done.stderr, done.stderr)
    check(http_kit.get(d, '/v1/customers/kim').status == 404, 'what was refused has left something')
    good(post(d, '/v1/outcomes', outcome(b, 3, 'plan-family-l', kind='offered')))
    d.ctl('rules', 'activate', then)
    for n, ends in enumerate((None, d.kill, d.stop)):
        if ends:
            ends()
            d.start(rules=None)
            d.port = http_kit.port_of(d)
        good(post(d, '/v1/outcomes', outcome(b, 10 + n, 'plan-family-l')))
        problem(post(d, '/v1/outcomes', outcome(b, 20 + n, 'plan-family-xl')), 400, 'invalid', 'action')
    digest = d.digest()
    d.stop()
    same(b.replay(d.data)['digest'], digest)


KNOWN = 4096 # limit_known_actions


def more_actions_than_are_known(b):
    """The newest are; one that a pack had until now is known when it goes, however old it is. Also after a kill, and a restart."""
    d = http_kit.http(b, rules=None, args=['--sweep-ms', '50'])
    line = 'action "%s" { goal = "serve", value = { customer = 0.5, business = 0.1 }, say = "Yes." }\n'
    head, each = 'pack { name = "many", currency = "EUR" }\n', 1023
    for n in range(5):
        d.ctl('rules', 'activate', b.pack(head + line % 'stays' + ''.join(line % ('p%d-%d' % (n, i)) for i in range(each))))
    d.ctl('rules', 'activate', b.pack(LATER))
    gone = 1 + 5 * each + 1 - KNOWN # stays, the others, apology
    for round, ends in enumerate((None, d.kill, d.stop, d.kill)):
        if ends:
            ends()
            d.start()
            d.port = http_kit.port_of(d)
        tells = lambda n, action: post(d, '/v1/outcomes', outcome(b, 100 * round + n, action))
        for n, action in enumerate(('stays', 'apology', 'p0-%d' % gone, 'p1-0', 'p4-1022')):
            good(tells(n, action), action)
        for n, action in enumerate(('p0-0', 'p0-%d' % (gone - 1), 'p5-0')):
            problem(tells(10 + n, action), 400, 'invalid', 'none of the 4096 actions that packs had here last (limit_known_actions)')
    digest = d.settled()
    d.stop()
    same(b.replay(d.data)['digest'], digest)


def a_daemon_without_actions(b):
    """says that its pack has none"""
    d = http_kit.http(b)
    problem(post(d, '/v1/outcomes', outcome(b, 1, 'x')), 400, 'invalid', 'nor any other')


def times_in_seconds(b):
    """are refused wherever a time is taken, and not read as January 1970"""
    d = http_kit.http(b, rules=b.pack(SHOP))
    event = {'id': 'e1', 'source': 'pbx', 'customer': 'kim', 'type': 'call.ended', 'channel': 'call'}
    dated = dict(event, type='profile.updated', attributes={'plan': {'value': 'l', 'time_ms': SECONDS}})
    for path, body, field in (('/v1/events', dict(event, time_ms=SECONDS), 'time_ms'), ('/v1/events', dated, 'attributes[0].time_ms'),
                              ('/v1/outcomes', outcome(b, 1, 'apology', time_ms=SECONDS), 'time_ms'),
                              ('/v1/outcomes', outcome(b, 1, 'apology', kind='later', until_ms=SECONDS), 'until_ms'),
                              ('/v1/recommendations', {'customer': 'kim', 'time_ms': SECONDS}, 'time_ms')):
        answer = post(d, path, body)
        said = problem(answer, 400, 'invalid', 'looks like seconds')
        check(said['field'].endswith(field) and '1732000000000' in said['detail'] and '1970-01-21' in said['detail'], said)
    problem(http_kit.get(d, '/v1/reports/relationship?since_ms=%d' % SECONDS), 400, 'invalid', 'looks like seconds')
    problem(http_kit.get(d, '/v1/aliases/+84901234567?time_ms=%d' % SECONDS), 400, 'invalid', 'looks like seconds')
    said = problem(post(d, '/v1/events', dict(event, time_ms=42)), 400, 'invalid', 'before 1971')
    check('looks like' not in said['detail'], said)
    done = d.ctl('send', '-', ok=False, data=json.dumps(dict(event, time_ms=SECONDS)).encode())
    check(done.returncode == 1 and b'looks like seconds' in done.stderr + done.stdout, done.stderr)
    good(post(d, '/v1/events', dict(event, time_ms=SECONDS * 1000)))


def times_in_words(b):
    """RFC 3339 wherever a request has milliseconds; both at once, or words in the place of the number, are told"""
    d = http_kit.http(b, rules=b.pack(SHOP))
    event = {'id': 'e1', 'source': 'pbx', 'customer': 'kim', 'type': 'call.ended', 'channel': 'call'}
    good(post(d, '/v1/events', dict(event, time='2024-11-19T14:06:40+07:00')))
    same(good(http_kit.get(d, '/v1/customers/kim'))['timeline'][0]['time_ms'], SECONDS * 1000)
    good(post(d, '/v1/outcomes', outcome(b, 1, 'apology', kind='later', time='2026-01-31T10:00:00Z', until='2026-02-28T10:00:00Z')))
    told = good(http_kit.get(d, '/v1/customers/kim'))['outcomes'][0]
    same((told['time_ms'], told['until_ms']), (1769853600000, 1772272800000))
    report = good(http_kit.get(d, '/v1/reports/relationship?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z'))
    same((report['since_ms'], report['until_ms']), (1767225600000, 1769904000000))
    problem(post(d, '/v1/events', dict(event, id='e2', time_ms='2024-11-19T14:06:40Z')), 400, 'invalid', 'goes into time')
    problem(post(d, '/v1/outcomes', outcome(b, 2, 'apology', kind='later', until='x', until_ms=5)), 400, 'invalid', 'until_ms say the same')
    problem(http_kit.get(d, '/v1/reports/relationship?since=yesterday'), 400, 'invalid', 'is not a time')
    document = good(http_kit.get(d, '/v1/openapi.json'))
    names = [p['name'] for p in document['paths']['/v1/reports/{name}']['get']['parameters']]
    check({'since', 'since_ms', 'until'} <= set(names), names)
    check('until' in document['components']['schemas']['Outcome']['properties'])


def snapshots(b):
    """What a row is blamed for is shown with its column; a file that is not there is told before a daemon is asked for"""
    crm = os.path.join(b.root, 'rules', 'telecom', 'crm.lua')
    path = b.path('crm.csv')
    load = lambda text, *args: (open(path, 'w', encoding='utf-8').write(text),
                                b.ctl('--socket', '/nowhere.sock', 'load', path, '--map', crm, *args, ok=False))[1]
    done = load('household,household_name,updated,segment,segment_since\n'
                'h-1,Nguyen,2026-06-01,gold,2026-05-01 10:30\nh-2,Pham,2026-06-01,gold,31/12/2025\nh-3,Le,2026-13-01,,\n', '--dry-run')
    check(done.returncode == 1 and done.stdout.count(b'"h-1"') == 1, done.stdout, done.stderr)
    said = done.stderr.decode()
    check('line 3, column 5 (segment_since): ' in said and '31/12/2025' in said and 'line 4, column 3 (updated): ' in said, said)
    done = load('household,houshold_name,updated\nh-1,Nguyen,2026-06-01\n', '--dry-run')
    check(b'does not know the column "houshold_name": is it "household_name"?' in done.stderr, done.stderr)
    done = load('household,updated,consent_marketing\nh-1,2026-06-01,TRUE\nh-2,2026-06-01,maybe\n', '--dry-run')
    check(b'"consent_marketing":{"value":true' in done.stdout and b'h-2' not in done.stdout, done.stdout)
    check(b'line 3' in done.stderr and b'"maybe" is neither yes nor no' in done.stderr, done.stderr)
    done = load('household,household_name,updated\nh-1,Nguyen,2099-06-01\n', '--dry-run')
    check(b'in the future' in done.stderr and b'column 2' not in done.stderr, done.stderr)
    done = load('houshold,updated\nh-1,2026-06-01\n', '--dry-run')
    check(done.returncode == 1 and b'has no column "household"' in done.stderr, done.stderr)
    done = b.ctl('--socket', '/nowhere.sock', 'load', '/nowhere.csv', '--map', crm, ok=False)
    check(done.returncode == 1 and b'cannot open /nowhere.csv' in done.stderr and b'nowhere.sock' not in done.stderr, done.stderr)
    done = b.ctl('help', 'load')
    check('optional' in done and 'household,household_name' in done, done)


def folders_that_are_no_packs(b):
    """name what is missing, and the pack that may be meant"""
    d = b.daemon()
    empty, crowded = b.path('empty'), b.path('crowded')
    os.mkdir(empty)
    os.mkdir(crowded)
    with open(os.path.join(crowded, 'dump.lua'), 'w', encoding='utf-8') as f:
        f.write('-' * 1024 * 1024)
    for folder, words in ((empty, 'has no pack.lua'), (crowded, 'has no pack.lua'), (os.path.join(b.root, 'rules'), 'did you mean'),
                          (os.path.join(b.root, 'rules', 'welcome', 'pack.lua'), 'is a file'), ('/nowhere', '/nowhere')):
        done = d.ctl('rules', 'activate', folder, ok=False)
        check(done.returncode == 1 and words in done.stderr.decode() and 'limit_' not in done.stderr.decode(), done.stderr)


def backups(b):
    """A folder that is not there is told with its name; of the roles it takes one"""
    d = b.daemon()
    done = d.ctl('backup', os.path.join(b.folder, 'not', 'there', 'b1'), ok=False)
    check(done.returncode == 1 and b'mkdir -p' in done.stderr and b'not/there is not there' in done.stderr, done.stderr)
    check(not os.path.exists(os.path.join(b.folder, 'not')))
    check('role' in b.ctl('help', 'backup'))


def whole_answer(port, text):
    """Status, headers and body of what is said until the connection ends."""
    with socket.create_connection(('127.0.0.1', port), 30) as s:
        s.sendall(text)
        data, piece = b'', s.recv(4096)
        while piece:
            data += piece
            piece = s.recv(4096)
    head, body = data.split(b'\r\n\r\n', 1)
    check(b'Content-Length: %d\r\n' % len(body) in head + b'\r\n', data)
    return head.decode(), json.loads(body)


def http_to_other_ports(b):
    """is answered in HTTP: ports of TLS, and of the protobuf protocol with and without it"""
    ca = tls_kit.Authority(b)
    d = tls_kit.daemon(b, *ca.sign(), args=['--listen', 'tcp:127.0.0.1:0'])
    plain = http_kit.wait_for(lambda: [line.rsplit(':', 1)[1] for line in d.said().splitlines() if 'ready on tcp' in line])[0]
    tls = int(d.tls.rsplit(':', 1)[1])
    for port, words in ((d.port, 'this port speaks TLS: https://127.0.0.1:%d' % d.port), (tls, 'protobuf protocol (nudge.proto) over TLS'),
                        (int(plain), 'protobuf protocol (nudge.proto); HTTP is')):
        for method, body in (('GET', None), ('POST', {'customer': 'k' * 20000})):
            head, said = whole_answer(port, http_kit.request(method, '/v1/status', body))
            check(head.startswith('HTTP/1.1 400 ') and 'application/problem+json' in head, head)
            check(words in said['detail'] and said['status'] == 400, said)
    with tls_kit.Https(d, ca.cert) as c:
        same(c.ask('GET', '/livez').status, 200)
    with tls_kit.client(d, ca.cert) as c:
        same(c.welcome.WhichOneof('body'), 'welcome')
    done = b.ctl('--socket', 'tcp:127.0.0.1:%d' % tls, 'status', ok=False)
    check(done.returncode == 1 and b'tls:' in done.stderr, done.stderr)
    done = b.ctl('--socket', 'tls:127.0.0.1:%s' % plain, '--tls-ca', ca.cert, 'status', ok=False)
    check(done.returncode == 1 and b'tcp:' in done.stderr, done.stderr)


def gateways(d):
    return [line.split('HTTP on ')[1] for line in d.said().splitlines() if 'HTTP on ' in line]


def several_http_addresses(b):
    """Plain on loopback, TLS outside and a Unix socket, of one gateway: what is counted is counted together, and the rule about other
    machines holds for each"""
    ca = tls_kit.Authority(b)
    cert, key = ca.sign()
    tokens, token, socket_path = b.path('tokens'), b.path('token'), b.path('http.sock')
    b.ctl('token', 'new', 'desk', '--role', 'publish,recommend,read,operate', '--tokens', tokens, '--out', token)
    config = b.path('conf')
    with open(config, 'w', encoding='utf-8') as f:
        f.write('tls_cert = %s\ntls_key = %s\nhttp = 127.0.0.1:0\nhttp = https://0.0.0.0:0\nhttp = unix:%s\n' % (cert, key, socket_path))
    d = b.daemon(rules=b.pack(SHOP), args=['--config', config], start=False)
    d.spawn()
    same(d.wait(), 1)
    check('https://0.0.0.0:0 can be reached by other machines' in d.said(), d.said())
    d.args += ['--tokens', tokens]
    d.start()
    plain, tls, unix = gateways(d)
    check(plain.startswith('127.0.0.1:') and tls.startswith('https://0.0.0.0:') and unix == 'unix:' + socket_path, gateways(d))
    with open(token, encoding='utf-8') as f:
        bearer = {'Authorization': 'Bearer ' + f.read().strip()}
    event = {'source': 's', 'customer': 'kim', 'type': 'call.ended'}
    d.port = int(plain.split(':')[1])
    good(post(d, '/v1/events', dict(event, id='1'), headers=bearer))
    d.port = int(tls.rsplit(':', 1)[1])
    with tls_kit.Https(d, ca.cert) as c:
        good(c.ask('POST', '/v1/events', dict(event, id='2'), headers=bearer))
        problem(c.ask('GET', '/v1/status'), 401, 'denied')
        same(c.ask('GET', '/v1/status', headers=dict(bearer, Host='desk.example', Origin='https://desk.example')).status, 200)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(socket_path)
        s.sendall(http_kit.request('POST', '/v1/events', dict(event, id='3'), headers=dict(bearer, Connection='close')))
        check(b'HTTP/1.1 200' in s.recv(4096))
    d.port = int(plain.split(':')[1])
    metrics = http_kit.get(d, '/metrics', headers=bearer).body.decode()
    check('nudged_http_requests_total{method="POST",route="/v1/events",code="200"} 3' in metrics,
          [line for line in metrics.splitlines() if '/v1/events' in line])
    problem(http_kit.get(d, '/v1/status', headers=dict(bearer, Host='desk.example')), 403, 'denied')
    d.stop()
    check(not os.path.exists(socket_path), 'the socket is left')
    said = subprocess.run([b.nudged, '--check-config', '--data', d.data, '--config', config, '--tokens', tokens, '--http', 'unix:/tmp/x.sock'],
                          stdout=subprocess.PIPE, timeout=60).stdout.decode()
    same([line for line in said.splitlines() if line.startswith('http =')], ['http = unix:/tmp/x.sock'], 'flags win as a whole')


if __name__ == '__main__':
    kit.Bench().run([an_action_that_no_pack_has, more_actions_than_are_known, a_daemon_without_actions, times_in_seconds, times_in_words, snapshots,
                     folders_that_are_no_packs, backups, http_to_other_ports, several_http_addresses])
