#!/usr/bin/python3
"""How much one client may: connections, requests a second, wrong tokens, and who is let in by Unix sockets; always with another
client beside, who is within the limits and notices nothing.

    /usr/bin/python3 limits.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import os
import socket
import ssl
import stat
import threading
import time

import http_kit
import kit
import nudge_client
import tls_kit
from http_kit import good, problem, wait_for
from kit import check, same
from tls_kit import Authority, Https, client

RATE, BURST = 40, 20


def gauges(d):
    return {g.name: g.value for g in d.status().gauges}


def limited(d, reason):
    return gauges(d)['limited_' + reason]


def ask(d, source, path='/v1/status', method='GET', body=None, **headers):
    with http_kit.Connection(d.port, source=source) as c:
        return c.ask(method, path, body, headers=headers)


def plain_address(d):
    return wait_for(lambda: [line.split('ready on ')[1] for line in d.said().splitlines() if 'ready on tcp' in line])[0]


def loopback_client(d, source, token=''):
    c = nudge_client.Client(d.bench.pb, plain_address(d), 60, source=source)
    same(c.call(hello=d.bench.pb.Hello(version=1, client='limits', token=token)).WhichOneof('body'), 'welcome')
    return c


def too_many_requests_over_http(b):
    d = http_kit.http(b, args=['--client-rate', '1', '--client-burst', '20'])
    with http_kit.Connection(d.port, source='127.0.0.2') as much:
        answers = [much.ask('GET', '/v1/status') for _ in range(40)]
        over = [a for a in answers if a.status != 200]
        check(over and all(a.status == 200 for a in answers[:20]), [a.status for a in answers])
        for a in over:
            p = problem(a, 429, 'rate', 'client_rate')
            check('127.0.0.2' in p['detail'], p)
            check(int(a.headers['retry-after']) >= 1, a.headers)
        same(much.ask('GET', '/livez').status, 200, 'health takes nothing')
        for _ in range(10): # one who is within its own
            same(ask(d, '127.0.0.3').status, 200)
        time.sleep(float(over[-1].headers['retry-after']))
        wait_for(lambda: much.ask('GET', '/v1/status').status == 200)
    # a batch counts as its events, and is paid for afterwards
    events = [{'id': 'e%d' % i, 'source': 'test', 'customer': 'c-1', 'type': 'call.ended'} for i in range(200)]
    with http_kit.Connection(d.port, source='127.0.0.4') as c:
        same(len(good(c.ask('POST', '/v1/events', events))['acks']), 200)
        answer = c.ask('POST', '/v1/events', events)
        problem(answer, 429, 'rate')
        check(150 <= int(answer.headers['retry-after']) <= 200, answer.headers)
    same(ask(d, '127.0.0.3').status, 200)
    count = limited(d, 'rate')
    same(count >= len(over) + 1, True, count)
    metrics = ask(d, '127.0.0.5', '/metrics').body.decode()
    check('nudged_limited_total{reason="rate"} %d\n' % limited(d, 'rate') in metrics, metrics[-1500:])
    lines = [line for line in d.said().splitlines() if 'limited:' in line]
    check(lines and not any('127.0.0.3' in line for line in lines) and len(lines) <= 12, 'bounded, and of those who were over', lines)
    d.stop()


def too_many_requests_on_the_socket(b):
    d = http_kit.http(b, args=['--client-rate', str(RATE), '--client-burst', str(BURST), '--listen', 'tcp:127.0.0.1:0'], shards=2)
    count, batch = 30, 5
    got = []

    def flood():
        with loopback_client(d, '127.0.0.2') as c:
            began = time.time()
            for i in range(count):
                c.send(publish=b.pb.Publish(events=[kit.event(b.pb, 'e%d-%d' % (i, k), 'c-%d' % k) for k in range(batch)]))
            for i in range(count):
                got.append(kit.accepted(c.receive()))
            got.append(time.time() - began)
    thread = threading.Thread(target=flood)
    thread.start()
    with loopback_client(d, '127.0.0.3') as other, d.client() as local:
        same(other.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status')
        for _ in range(2 * BURST): # a Unix socket's user is not limited
            local.call(get_status=b.pb.GetStatus())
        wait_for(lambda: limited(d, 'rate') > 0)
        same(other.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status', 'while the other one waits')
    thread.join(60)
    same(len(got), count + 1, 'nothing is lost, it is only late')
    # Hello too is a request; the last batch may be owed
    check(got[-1] >= (count * batch - BURST - batch) / RATE, 'it was not slowed: %.2f s' % got[-1])
    same(d.status().events_accepted, count * batch)
    check('127.0.0.2 asks more than client_rate' in d.said() and '127.0.0.3' not in d.said(), d.said()[-800:])
    d.stop()


def by_token_and_not_by_address(b):
    tokens = b.path('tokens')
    of = {name: b.ctl('token', 'new', name, '--role', 'read', '--tokens', tokens).strip() for name in ('much', 'little')}
    d = http_kit.http(b, args=['--tokens', tokens, '--client-rate', '1', '--client-burst', '10', '--client-connections', '3',
                               '--listen', 'tcp:127.0.0.1:0'])
    asks = lambda name, source='127.0.0.1': ask(d, source, Authorization='Bearer ' + of[name]).status
    seen = [asks('much', '127.0.0.%d' % (2 + i)) for i in range(30)]
    check(seen[:10] == [200] * 10 and 429 in seen, 'one token, many addresses', seen)
    same(asks('little'), 200)
    same(asks('little', '127.0.0.2'), 200, 'one address, another token')

    def hello(name):
        c = nudge_client.Client(b.pb, d.address, 30)
        return c, c.call(hello=b.pb.Hello(version=1, token=of[name]))
    held = [hello('little') for _ in range(3)]
    check(all(r.WhichOneof('body') == 'welcome' for _, r in held), held)
    one_more, refused = hello('little')
    same((refused.WhichOneof('body'), refused.error.code, refused.error.field), ('error', 'limit', 'client_connections'))
    check('little' in refused.error.reason, refused.error.reason)
    held[0][0].close()
    wait_for(lambda: hello('little')[1].WhichOneof('body') == 'welcome')
    check('token little' in d.said() and of['little'] not in d.said())
    d.stop()


def many_behind_one_address(b):
    """As a company's gateway has them: by their tokens they are as many clients, on both protocols; who floods, guesses, or opens too
    many connections is alone with it."""
    ca, tokens, source = Authority(b), b.path('tokens'), '127.0.0.9'
    names = ('flood', 'much', 'one', 'two', 'three')
    of = {name: b.ctl('token', 'new', name, '--role', 'publish,read', '--tokens', tokens).strip() for name in names}
    d = tls_kit.daemon(b, *ca.sign(), shards=2, args=['--tokens', tokens, '--client-rate', '4', '--client-burst', '20', '--client-connections', '4'])
    asks = lambda http, name: http.ask('GET', '/v1/status', headers={'Authorization': 'Bearer ' + of[name]}).status
    hello = lambda name: client(d, ca.cert, token=of[name], source=source)
    flood, over, acked = hello('flood'), threading.Event(), []

    def floods():
        while not over.is_set():
            acked.append(kit.accepted(flood.call(publish=b.pb.Publish(events=[
                kit.event(b.pb, 'f%d-%d' % (len(acked), k), 'c-%d' % k) for k in range(8)]))))
    thread = threading.Thread(target=floods)
    thread.start()
    shared = Https(d, ca.cert, source=source) # as a proxy asks for whoever is behind it
    seen = [asks(shared, 'much') for _ in range(40)]
    check(seen[:20] == [200] * 20 and 429 in seen, seen)
    wait_for(lambda: 'limited: token flood asks more than client_rate' in d.said())
    for name in ('one', 'two', 'three'): # the same address, the same connection even, and well within their own
        with hello(name) as c:
            for n in range(5):
                kit.accepted(c.call(publish=b.pb.Publish(events=[kit.event(b.pb, '%s-%d' % (name, n), 'c-1')])))
        same([asks(shared, name) for _ in range(5)], [200] * 5)
    for _ in range(12): # guessing makes the guesser wait, not who shows a good one from there
        same(shared.ask('GET', '/v1/status', headers={'Authorization': 'Bearer nudge_guessed'}).status, 401)
    check(asks(shared, 'three') == 200 and '%s shows tokens that are not known' % source in d.said())
    # connections that have shown a token are the token's: the address has four of its own all the same
    many = [hello(name) for name in ('one', 'two', 'three') for _ in range(4)]
    check(all(c.welcome.WhichOneof('body') == 'welcome' for c in many), [c.welcome for c in many])
    refused = hello('one').welcome
    same((refused.error.code, refused.error.field), ('limit', 'client_connections'))
    same(asks(shared, 'three'), 200)
    silent = [client(d, ca.cert, hello=False, source=source) for _ in range(3)] # with `shared` that is four
    try:
        raise kit.Failed('one more that has shown nothing was let in: %s' % hello('two').welcome)
    except (ConnectionError, ssl.SSLError, EOFError):
        pass
    silent.pop().close()
    many.pop().close()

    def again():
        try:
            with hello('three') as c:
                return c.welcome.WhichOneof('body') == 'welcome'
        except (ConnectionError, ssl.SSLError, EOFError):
            return False
    wait_for(again)
    over.set()
    thread.join(60)
    check(not thread.is_alive() and acked, 'the flood was answered, late')
    check(not any('token %s asks' % name in d.said() for name in ('one', 'two', 'three')), 'it paid for the flood', d.said())
    for c in (*many, *silent, flood):
        c.close()
    wait_for(again) # nobody is counted who has gone
    d.stop()


def too_many_connections(b):
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign(), args=['--client-connections', '3', '--listen', 'tcp:127.0.0.1:0'])
    held = [client(d, ca.cert, source='127.0.0.2') for _ in range(2)] + [Https(d, ca.cert, source='127.0.0.2')]
    same(held[2].ask('GET', '/livez').status, 200)
    for attempt in (lambda: client(d, ca.cert, source='127.0.0.2'),
                    lambda: Https(d, ca.cert, source='127.0.0.2').ask('GET', '/livez')):
        try:
            attempt()
            raise kit.Failed('a fourth was let in')
        except (ConnectionError, ssl.SSLError, EOFError):
            pass
    same(limited(d, 'connections'), 2)
    with client(d, ca.cert, source='127.0.0.3') as c, Https(d, ca.cert, source='127.0.0.3') as h:
        same((c.welcome.WhichOneof('body'), h.ask('GET', '/v1/status').status), ('welcome', 200))
    plain = [loopback_client(d, '127.0.0.2') for _ in range(6)] # whoever is on this machine has the limit of all
    for c in plain:
        c.close()
    for c in held[:2]:
        c.close()
    held[2].socket.close()

    def again():
        try:
            with client(d, ca.cert, source='127.0.0.2') as c:
                return c.welcome.WhichOneof('body') == 'welcome'
        except (ConnectionError, ssl.SSLError):
            return False
    wait_for(again)
    check('127.0.0.2 has client_connections' in d.said() and '127.0.0.3' not in d.said())
    d.stop()


def tokens_that_are_guessed(b):
    tokens = b.path('tokens')
    good_one = b.ctl('token', 'new', 'desk', '--role', 'read', '--tokens', tokens).strip()
    d = http_kit.http(b, args=['--tokens', tokens, '--listen', 'tcp:127.0.0.1:0'])
    gauge = lambda name: ask_gauge(d, good_one, name)

    def guess(source):
        with nudge_client.Client(b.pb, plain_address(d), 30, source=source) as c:
            began = time.time()
            r = c.call(hello=b.pb.Hello(version=1, token='nudge_' + 'f' * 64))
            same(r.error.code, 'denied')
            try:
                c.receive()
                raise kit.Failed('it was not hung up')
            except (nudge_client.Closed, ConnectionError):
                return time.time() - began
    for _ in range(10):
        guess('127.0.0.2')
    same(gauge('limited_failures'), 0)
    check(guess('127.0.0.2') >= 1.0, 'the eleventh was answered at once')
    began = time.time()
    answer = ask(d, '127.0.0.2', Authorization='Bearer nudge_guessed')
    same((answer.status, time.time() - began >= 1.0), (401, True), 'over HTTP too')
    for _ in range(20): # who shows none at all guesses nothing
        same(ask(d, '127.0.0.2').status, 401)
    same(gauge('limited_failures'), 2)
    same(ask(d, '127.0.0.2', Authorization='Bearer ' + good_one).status, 200, 'a good one from there')
    guess('127.0.0.3')
    same(ask(d, '127.0.0.3', Authorization='Bearer nudge_guessed').status, 401)
    same(gauge('limited_failures'), 2, 'others are not concerned')
    # answers that wait still when it stops
    c = http_kit.Connection(d.port, source='127.0.0.2')
    c.send(http_kit.request('GET', '/v1/status', headers={'Authorization': 'Bearer nudge_guessed'}))
    wait_for(lambda: gauge('limited_failures') == 3)
    d.stop()
    check('127.0.0.2 shows tokens that are not known' in d.said() and 'nudge_guessed' not in d.said())


def ask_gauge(d, token, name):
    with nudge_client.Client(d.bench.pb, d.address, 30) as c:
        same(c.call(hello=d.bench.pb.Hello(version=1, token=token)).WhichOneof('body'), 'welcome')
        return next(g.value for g in c.call(get_status=d.bench.pb.GetStatus()).status.gauges if g.name == name)


def users_of_unix_sockets(b):
    me = str(os.geteuid())
    http = b.path('http')
    d = b.daemon(args=['--listen-users', '4242,' + me, '--listen-mode', '0600', '--http', 'unix:' + http])
    same(stat.S_IMODE(os.stat(d.address[5:]).st_mode), 0o600)
    same(stat.S_IMODE(os.stat(http).st_mode), 0o600)
    with d.client() as c:
        same(c.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status')
    d.stop()
    d = b.daemon(args=['--listen-users', '4242', '--listen-groups', '4243', '--http', 'unix:' + http])
    same(stat.S_IMODE(os.stat(d.address[5:]).st_mode), 0o660)
    for path, data in ((d.address[5:], nudge_client.frame(b.pb.Request(request_id=1, hello=b.pb.Hello(version=1)))),
                       (http, http_kit.request('GET', '/v1/status'))):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(path)
            try:
                s.sendall(data)
                same(s.recv(100), b'', 'who is not named is not let in')
            except ConnectionError:
                pass
    wait_for(lambda: 'user %s (process %d) is not let in' % (me, os.getpid()) in d.said())
    d.stop()
    for args, words in ((['--listen-users', 'nobody-has-this-name'], 'there is no user'), (['--listen-groups', 'nor-this'], 'no group'),
                        (['--listen-mode', '888'], 'octal'), (['--client-connections', '0'], 'client_connections'),
                        (['--client-rate', '-1'], 'client_rate')):
        bad = b.daemon(args=args, start=False)
        bad.spawn()
        check(bad.wait() != 0 and words in bad.said(), args, bad.said())


def changed_while_it_runs(b):
    config = b.path('conf')

    def write(text):
        with open(config, 'w') as f:
            f.write(text)
    write('client_rate = 1\nclient_burst = 2\n')
    d = http_kit.http(b, args=['--config', config])
    wait_for(lambda: ask(d, '127.0.0.2').status == 429)
    write('client_rate = 0\n')
    d.hang_up()
    wait_for(lambda: [ask(d, '127.0.0.2').status for _ in range(20)] == [200] * 20)
    write('client_rate = 1\nclient_burst = 2\n')
    d.hang_up()
    wait_for(lambda: ask(d, '127.0.0.2').status == 429)
    d.stop()


kit.Bench().run([too_many_requests_over_http, too_many_requests_on_the_socket, by_token_and_not_by_address, many_behind_one_address,
                 too_many_connections,
                 tokens_that_are_guessed, users_of_unix_sockets, changed_while_it_runs])
