#!/usr/bin/python3
"""Hostile and broken HTTP clients: each is refused or let go, the daemon's memory stays bounded, and others are served."""
import json
import os
import random
import select
import socket
import struct
import sys
import time

import http_kit
import kit
from http_kit import Connection, good, post, problem, request

# A sanitizer's own memory (shadow, quarantine of what was freed) is several times the daemon's.
SANITIZED = b'__asan_init' in open(sys.argv[1], 'rb').read()
BOUND_KB = (900 if SANITIZED else 200) * 1024
PACK = 'pack { name = "hostile" }\nrule "raised" { on = "raise", alert = { to = "care", say = "raised" } }\n'
REQUEST_S, MIB = 10, 1 << 20


def event(id):
    return {'id': str(id), 'source': 'http', 'customer': 'kim', 'type': 'call.ended'}


def well(d):
    """It lives, serves both kinds of clients, and has not grown."""
    kit.check(d.alive(), 'it died:', d.said()[-1500:])
    with d.client() as c:
        kit.accepted(c.call(publish=d.bench.pb.Publish(events=[kit.event(d.bench.pb, 'w%d' % random.getrandbits(60), 'well')])))
    kit.same(good(post(d, '/v1/events', event('h%d' % random.getrandbits(60))))['result'], 'ACCEPTED')
    kit.check(d.rss_kb() < BOUND_KB, 'VmRSS is', d.rss_kb(), 'KB')


def answers(d, data, seconds=8.0):
    """What is said to these bytes until the gateway closes or falls silent: [status ...]."""
    with Connection(d.port, seconds) as c:
        got = []
        try:
            c.send(data)
            c.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        try:
            while True:
                c.more()
        except (EOFError, OSError):
            pass
        data = c.data
        while data.startswith(b'HTTP/1.'):
            got.append(int(data.split(b' ', 2)[1]))
            at = data.find(b'HTTP/1.', 8)
            data = data[at:] if at >= 0 else b''
        return got


def ended(c, seconds):
    """When the gateway closes it."""
    until = time.time() + seconds
    c.socket.settimeout(seconds)
    try:
        while True:
            c.more()
    except EOFError:
        return True
    except ConnectionError:
        return True
    except (TimeoutError, socket.timeout):
        raise kit.Failed('still open after %d s' % (seconds + time.time() - until))


def too_large(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK))
    head = b'GET /livez HTTP/1.1\r\nHost: localhost\r\n'
    for size in (8190, 20000, 200000, 4 * MIB):
        got = answers(d, head + b'X: ' + b'a' * size + b'\r\n\r\n')
        kit.check(got[:1] in ([431], []), size, got)
    kit.same(answers(d, head + b'X: 12345678901234567890\r\n' * 2000 + b'\r\n')[:1], [431], 'many headers')
    kit.same(answers(d, b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\n\r\n')[:1], [431], 'a long path')
    kit.same(answers(d, head + b'X: ' + b'a' * 7000 + b'\r\n\r\n'), [200])
    # a body over the limit is refused before it is there
    with Connection(d.port) as c:
        c.send(b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n[')
        kit.same(c.head()[0], 413)
    got = answers(d, b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9223372036854775807\r\n\r\n')
    kit.check(got[:1] in ([400], [413]), got)
    with Connection(d.port) as c: # in pieces, without an end
        c.send(b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
        try:
            for _ in range(64):
                c.send(b'10000\r\n' + b' ' * 65536 + b'\r\n')
        except OSError:
            pass
        try:
            kit.same(c.head()[0], 413)
        except ConnectionError:
            pass # closed while more was coming
    # deep and wide JSON within the limit
    for body in (b'[' * 500000, b'[' * 400000 + b']' * 400000, b'{"a":' * 100000, b'[' + b'1,' * 500000 + b'1]',
                 b'{"id":"' + b'\\u0000' * 100000 + b'"}', b'{"id": 1e999}', b'\xff\xfe', os.urandom(100000)):
        with Connection(d.port) as c:
            kit.check(c.ask('POST', '/v1/events', body).status in (400, 422), body[:20])
            kit.check(c.ask('POST', '/v1/recommendations', body).status in (400, 422), body[:20])
    # what would become much more in memory than it is on its way; commas and brackets within texts are none
    for body in (b'[' + b'1,' * 100000 + b'1]', b'[' + b','.join([b'{"id":"x"}'] * 50000) + b']', b'[[],' * 40000):
        with Connection(d.port) as c:
            problem = c.ask('POST', '/v1/events', body)
            kit.same((problem.status, problem.json['code']), (422, 'limit'))
            kit.check('limit_http_body_values (98304)' in problem.json['detail'], problem.json)
    with Connection(d.port) as c:
        problem = c.ask('POST', '/v1/events', b'{"note":"' + b',[{' * 40000 + b'\\",' * 20000 + b'"}')
        kit.check('limit_http_body_values' not in problem.json['detail'], problem.json)
        most = [dict(event('most-%d' % n), attributes={'a%d' % i: i for i in range(48)}) for n in range(1024)]
        got = c.ask('POST', '/v1/events', most)
        kit.check(got.status == 200, 'about as large a batch as fits into a frame:', got.body[:300])
    well(d)


def broken(bench):
    """Requests that are none; and those that two readers may understand in two ways."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    post_head = b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    body = json.dumps(event('smuggled')).encode()
    for bad in (b'\r\n\r\n', b'GARBAGE\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'GET / HTTP/1.1\r\nno colon\r\n\r\n',
                b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', b'GET http://evil.example/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n',
                b'CONNECT evil.example:443 HTTP/1.1\r\n\r\n', b'TRACE / HTTP/1.1\r\n\r\n', b'BREW / HTTP/1.1\r\n\r\n',
                post_head + b'Content-Length: -5\r\n\r\n', post_head + b'Content-Length: 5x\r\n\r\n12345',
                post_head + b'Content-Length: 10\r\nContent-Length: 500\r\n\r\n' + b'x' * 500,
                post_head + b'Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' % len(body) + body,
                post_head + b'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
                post_head + b'Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n',
                post_head + b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n',
                post_head + b'Transfer-Encoding: chunked\r\n\r\n' + b'1' * 100000,
                post_head + b'Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}',
                b'GET /v1/customers/%00%0d%0aX HTTP/1.1\r\nHost: localhost\r\n\r\n',
                b'GET /v1/../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n'):
        got = answers(d, bad, 3.0)
        kit.check(all(status >= 400 for status in got), bad[:60], got)
    seed = random.Random(7)
    whole = request('POST', '/v1/events', event(1)) + request('GET', '/v1/alerts?to=care') + request('GET', '/metrics')
    for _ in range(300): # bytes changed, left out, doubled; cut anywhere
        data = bytearray(whole)
        for _ in range(seed.randrange(1, 6)):
            at = seed.randrange(len(data))
            data[at:at + seed.randrange(0, 3)] = bytes(seed.randrange(256) for _ in range(seed.randrange(0, 3)))
        with Connection(d.port) as c:
            try:
                c.send(bytes(data[:seed.randrange(1, len(data) + 1)]))
            except OSError:
                pass
    with d.client() as c:
        ids = [m.type for m in c.call(read_customer=bench.pb.ReadCustomer(customer='kim')).customer.timeline]
    kit.check(len(ids) <= 1 or ids, 'nothing was smuggled')
    well(d)


def what_is_not_read_is_explained(bench):
    """Also what never became a request is answered with a problem document, counted, and closed."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    host, post_head = b'Host: localhost\r\n', b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    cases = [(b'GARBAGE\r\n\r\n', 400, 'invalid', 'no request of HTTP'), (b'GET / HTTP/1.1\r\nno colon\r\n\r\n', 400, 'invalid', 'Name: value'),
             (post_head + b'Content-Length: 5x\r\n\r\n12345', 400, 'invalid', '5x is no number'),
             (post_head + b'Content-Length: 1048577\r\n\r\n', 413, 'limit', 'the body has 1048577 bytes, limit_http_body_bytes is 1048576'),
             (post_head + b'Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n', 413, 'limit', 'limit_http_body_bytes'),
             (post_head + b'Transfer-Encoding: chunked\r\n\r\n100001\r\n', 413, 'limit', 'limit_http_body_bytes (1048576)'),
             (post_head + b'Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}', 417, 'invalid', '100-continue'),
             (b'BREW / HTTP/1.1\r\n' + host + b'\r\n', 501, 'method', 'openapi.json'),
             (b'GET /' + b'a' * 8192 + b' HTTP/1.1\r\n' + host + b'\r\n', 431, 'limit', 'limit_http_header_bytes'),
             (b'GET /livez HTTP/1.1\r\n' + host + b'X: %s\r\n\r\n' % (b'a' * 9000), 431, 'limit', 'limit_http_header_bytes')]
    for data, status, code, words in cases:
        with Connection(d.port) as c:
            c.send(data)
            got = c.answer()
            problem(got, status, code, words)
            kit.same(got.headers.get('connection'), 'close')
            kit.check(ended(c, 5), 'it is left open')
    with Connection(d.port) as c:
        c.send(b'HEAD / HTTP/1.1\r\nno colon\r\n\r\n')
        kit.same((c.head()[0], c.data), (400, b''), 'HEAD has no body')
    counted = dict(line.rsplit(' ', 1) for line in http_kit.get(d, '/metrics').body.decode().splitlines() if line[:1] != '#')
    for status in {status for _, status, _, _ in cases}:
        kit.same(int(counted['nudged_http_requests_total{method="",route="",code="%d"}' % status]),
                 sum(s == status for _, s, _, _ in cases) + (status == 400), status)
    well(d)


def a_body_is_no_request(bench):
    """What another reader takes for a body is never read as the next request: whoever is not sure closes."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    inner = request('GET', '/livez')
    length = b'Content-Length: %d\r\n' % len(inner)
    for first, header in ((b'POST /v1/events', b'Transfer-Encoding: identity\r\n'), (b'POST /v1/events', b'Transfer-Encoding: gzip, chunked\r\n'),
                          (b'POST /v1/events', b'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n'),
                          (b'POST /v1/events', length.replace(b':', b' :')), (b'POST /v1/events', length.replace(b':', b'\t:')),
                          (b'POST /v1/events', b'Transfer-Encoding : chunked\r\n'), (b'POST /v1/events', length + length),
                          (b'HEAD /livez', length), (b'HEAD /livez', b'Transfer-Encoding: chunked\r\n')):
        head = first + b' HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' + header + b'\r\n'
        with Connection(d.port) as c:
            c.send(head + inner)
            status = c.answer(no_body=first.startswith(b'HEAD')).status
            kit.check(status in (400, 413), status, head)
            try:
                raise kit.Failed('%r was answered: %r' % (head, c.answer()))
            except (EOFError, ConnectionResetError):
                pass
    for method in ('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'):
        with Connection(d.port) as c:
            c.send(request(method, '/nowhere', inner) + request('GET', '/readyz'))
            kit.same([c.answer().status for _ in range(2)], [404, 200], method)
            c.socket.settimeout(0.3)
            try:
                raise kit.Failed('%s: its body was answered: %r' % (method, c.answer()))
            except TimeoutError:
                pass
    well(d)


def pipelined(bench):
    """Many requests in one go are answered in order, one at a time; who does not take the answers is not read any more."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    with Connection(d.port) as c:
        c.send(b''.join(request('POST', '/v1/events', event(n)) if n % 2 else request('GET', '/livez') for n in range(200)))
        for n in range(200):
            answer = c.answer()
            kit.same(answer.status, 200, n)
            kit.same('seq' in answer.body.decode(), bool(n % 2), 'the answer to another request')
    # endless questions with long answers that nobody takes
    flood = [Connection(d.port, 0.2) for _ in range(20)]
    piece, before = request('GET', '/v1/openapi.json') * 1000, d.rss_kb()
    for _ in range(40):
        for c in flood:
            try:
                c.socket.send(piece, socket.MSG_DONTWAIT)
            except (BlockingIOError, ConnectionError):
                pass
        time.sleep(0.01)
    well(d)
    kit.check(d.rss_kb() - before < (400 if SANITIZED else 80) * 1024, 'VmRSS grew by', d.rss_kb() - before, 'KB')
    for c in flood:
        c.socket.close()


def sent_ahead(bench):
    """More than the share that all who send ahead have: it is answered in order all the same, and others have their answers
    meanwhile. Whoever leaves, and a daemon that stops, leave nothing behind."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    count, many = 300 if SANITIZED else 1000, [Connection(d.port, 120.0) for _ in range(4)]
    def ahead(c):
        c.send(b''.join(request('POST', '/v1/events', {'type': str(n)}) if n % 2 else request('GET', '/livez')
                        for n in range(count)))
    for c in many:
        ahead(c)
    with Connection(d.port) as other:
        for _ in range(20):
            kit.same(other.ask('GET', '/livez').status, 200)
    for n in range(count):
        for c in many:
            kit.same(c.answer().status, 400 if n % 2 else 200, n)
    for c in many[:2]: # these leave: one says so, one does not
        ahead(c)
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', c is many[0], 0))
        c.socket.close()
    well(d)
    for c in many[2:]:
        ahead(c)
        kit.same(c.answer().status, 200)
    d.stop()
    kit.same(d.process.returncode, 0)


def large_bodies_sent_ahead(bench):
    """What waits for its turn since it was sent ahead holds no large bodies meanwhile."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    first = [Connection(d.port, 60.0) for _ in range(8)]
    for c in first:
        c.send(request('GET', '/v1/openapi.json') * 60)
    before, most, large = d.rss_kb(), 0, [Connection(d.port, 60.0) for _ in range(150)]
    for c in large: # not at once: what is not whole yet has its own bound
        c.send(request('GET', '/livez') + request('POST', '/v1/events', b' ' * (MIB - 1)))
        time.sleep(0.01)
        most = max(most, d.rss_kb())
    for c in large:
        kit.same(c.answer().status, 200)
        kit.check(c.answer().status in (400, 503), 'neither refused nor told to come again')
        most = max(most, d.rss_kb())
    kit.check(most - before < (400 if SANITIZED else 80) * 1024, 'VmRSS grew by', most - before, 'KB')
    for c in first + large:
        c.socket.close()
    well(d)


def who_comes_after_them_is_served(bench):
    """A connection that is let go for what it sent leaves nothing behind for the next one, which gets its number."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    head = b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
    for n in range(60):
        many = [Connection(d.port) for _ in range(4)]
        for c in many:
            c.send(head + (b'zz\r\n{}\r\n', b'-1\r\n{}\r\n')[n % 2])
        for c in many: # they are told, and break off
            c.more()
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            c.socket.close()
        with Connection(d.port, 5.0) as a, Connection(d.port, 5.0) as b:
            for c in (a, b) * 10:
                kit.same(c.ask('POST', '/v1/events', event('after-%d-%d' % (n, random.getrandbits(60)))).status, 200, n)
    well(d)


def slow_loris(bench):
    """A byte now and then is no progress: a request has a time to arrive in."""
    d = http_kit.http(bench, rules=bench.pack(PACK))
    began, slow = time.time(), []
    for first in (b'GET /livez HTTP/1.1\r\nX: ', b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n', b'G'):
        slow += [Connection(d.port) for _ in range(20)]
        for c in slow[-20:]:
            c.send(first)
    silent = Connection(d.port) # says nothing at all: that is no request yet
    alive = list(slow)
    while alive and time.time() < began + 3 * REQUEST_S:
        gone, _, _ = select.select([c.socket for c in alive], [], [], 0.3)
        alive = [c for c in alive if c.socket not in gone]
        for c in alive:
            try:
                c.socket.send(b'a')
            except OSError:
                pass
    took = time.time() - began
    kit.check(not alive, len(alive), 'are served still')
    kit.check(took >= REQUEST_S - 1, 'they were cut off after', took, 's')
    kit.same(silent.ask('GET', '/livez').status, 200)
    well(d)


def idle_ones_give_way(bench):
    """More connections than there are places: those that have been idle for longest go, and nobody is kept out."""
    if not kit.files_limit(4096):
        raise kit.Skip('only few files may be open here')
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    used = Connection(d.port)
    kit.same(used.ask('GET', '/livez').status, 200)
    idle = [Connection(d.port) for _ in range(1200)]
    well(d)
    metrics = http_kit.get(d, '/metrics').body.decode()
    open_now = int(metrics.split('\nnudged_http_connections ')[1].split('\n')[0])
    kit.check(1000 <= open_now <= 1030, open_now, 'connections')
    with d.client() as c: # the others' places are their own
        kit.same(c.call(get_status=bench.pb.GetStatus()).status.connections, 1)
    kit.same(idle[-1].ask('GET', '/livez').status, 200)
    ended(idle[0], 5)
    kit.same(used.ask('GET', '/livez').status, 200, 'it was quiet for longer than they, and it had been served')
    for c in idle:
        c.socket.close()
    well(d)


def a_crowd_gives_way_to_others(bench):
    """Whoever takes all places keeps out nobody but its own: a connection from elsewhere stays, and a new one comes in."""
    if not kit.files_limit(4096):
        raise kit.Skip('only few files may be open here')
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    quiet = Connection(d.port) # from now on it is the one that has been idle for longest
    kit.same(quiet.ask('GET', '/livez').status, 200)
    crowd = [Connection(d.port, source='127.0.0.2') for _ in range(1023)]
    for c in crowd:
        kit.same(c.ask('GET', '/livez').status, 200)
    time.sleep(1.2) # so that all of them had the time to ask
    for _ in range(100): # these find no place but those of their own
        crowd.append(Connection(d.port, source='127.0.0.2'))
        kit.same(crowd[-1].ask('GET', '/livez').status, 200)
    for _ in range(50): # … and these have them at once, however busy the crowd is
        for c in crowd[-100:]:
            kit.same(c.ask('GET', '/livez').status, 200)
        with Connection(d.port, source='127.0.0.3') as other:
            kit.same(other.ask('GET', '/livez').status, 200)
    kit.same(quiet.ask('GET', '/livez').status, 200, 'it had to leave for the crowd')
    ended(crowd[0], 5)
    for c in crowd:
        c.socket.close()
    well(d)


def held_bodies_are_bounded(bench):
    """All but whole bodies on many connections: together they hold no more than the gateway's limit."""
    if not kit.files_limit(4096):
        raise kit.Skip('only few files may be open here')
    d = http_kit.http(bench, rules=bench.pack(PACK))
    head = b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % MIB
    many, most = [], 0
    for n in range(150):
        c = Connection(d.port)
        try:
            c.send(head + b' ' * (MIB - 10))
        except OSError:
            pass
        many.append(c)
        if n % 10 == 9:
            time.sleep(0.3)
            most = max(most, d.rss_kb())
    kit.check(most < BOUND_KB, 'VmRSS was', most, 'KB')
    for c in many:
        c.socket.close()
    time.sleep(0.6)
    well(d)


def large_bodies_wait_for_their_turn(bench):
    """What is dear to read is read aside, one after the other: ordinary requests pass by, and too many are told `busy`."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    attributes = ','.join('"a%d":1' % n for n in range(70000))
    dear = '{"id":"b","source":"x","customer":"kim","type":"t","attributes":{%s}}' % attributes
    path = ('/v1/events', '/v1/recommendations')
    many = [Connection(d.port, 120) for _ in range(12)]
    for n, c in enumerate(many):
        c.send(request('POST', path[n % 2], dear))
    done = select.select([c.socket for c in many], [], [], 0)[0]
    waiting, passed = {c.socket: c for c in many if c.socket not in done}, 0
    count = len(waiting)
    with Connection(d.port) as other:
        while waiting:
            kit.same(other.ask('GET', '/livez').status, 200)
            passed += 1
            for s in select.select(list(waiting), [], [], 0)[0]:
                del waiting[s]
    kit.check(passed >= 4 * count, passed, 'requests passed', count, 'large ones')
    kit.check({c.answer().status for c in many} <= {400, 422}, 'refused')
    # more than may wait: the rest may come again
    many += [Connection(d.port, 120) for _ in range(30)]
    for n, c in enumerate(many):
        c.send(request('POST', path[n % 2], dear))
    answers = [c.answer() for c in many]
    kit.check({a.status for a in answers} <= {400, 422, 503}, {a.status for a in answers})
    kit.check(any(a.status != 503 for a in answers), 'all were turned away')
    for a in answers:
        kit.check(a.status != 503 or a.headers.get('retry-after') == '1', a, a.headers)
    well(d)


def large_bodies_of_one_leave_places_to_others(bench):
    """One source's large bodies do not take all the places that there are, and another's has its turn before the last of them."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    dear = '{"id":"b","source":"x","customer":"kim","type":"t","attributes":{%s}}' % ','.join('"a%d":1' % n for n in range(70000))
    many = [Connection(d.port, 120, '127.0.0.2') for _ in range(60)]
    for c in many:
        c.send(request('POST', '/v1/events', dear))
    with Connection(d.port, 120, '127.0.0.3') as other:
        kit.check(other.ask('POST', '/v1/events', dear).status in (400, 422), 'another is turned away')
    answers = [c.answer() for c in many]
    kit.check({a.status for a in answers} in ({400, 503}, {422, 503}), {a.status for a in answers})
    kit.check(any('limit_http_aside_each' in a.json['detail'] for a in answers if a.status == 503), 'its own bound')
    well(d)


def all_ask_for_metrics(bench):
    """They are made for all who ask at once, and each is answered."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    many = [Connection(d.port) for _ in range(40)]
    for c in many:
        c.send(request('GET', '/metrics') * 5 + request('GET', '/livez'))
    for c in many:
        for _ in range(5):
            kit.check(b'\nprocess_start_time_seconds ' in c.answer().body, 'all of it')
        kit.same(c.answer().body, b'ok\n')
    well(d)


def lines_whose_answers_nobody_takes(bench):
    """Long answers to JSON lines, then the client is gone: what it held is given back."""
    alerts = 'rule "many%d" { on = "raise", alert = { to = "care", say = "' + 'x' * 300 + '" } }\n'
    d = http_kit.http(bench, rules=bench.pack(PACK + ''.join(alerts % n for n in range(4))), shards=2)
    lines = '\n'.join(json.dumps(dict(event(n), type='raise', customer='c%d' % (n % 50))) for n in range(2100))
    for _ in range(2):
        many = [Connection(d.port) for _ in range(3)]
        for n, c in enumerate(many):
            c.send(request('POST', '/v1/events', lines.replace('"http"', '"h%d"' % n), type='application/x-ndjson'))
        for c in many:
            c.until(b'\r\n\r\n') # the answer has begun, and goes nowhere
        for c in many:
            c.socket.close()

    def given_back():
        values = dict(line.rsplit(' ', 1) for line in http_kit.get(d, '/metrics').body.decode().splitlines() if line[:1] != '#')
        return [values[name] for name in ('nudged_http_connections', 'nudged_http_answering_bytes', 'nudged_http_held_bytes')] == ['1', '0', '0']
    http_kit.wait_for(given_back, 60)
    well(d)


def a_flood_leaves_others_served(bench):
    """Publishing without end over HTTP: a protobuf client's questions are answered, and what does not fit is told `busy`."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    lines = '\n'.join(json.dumps(event(n)) for n in range(5000))
    flood = [Connection(d.port, 60) for _ in range(12)]
    for c in flood:
        c.send(request('POST', '/v1/events', lines, type='application/x-ndjson') * 3)
    with d.client() as c:
        for _ in range(200):
            kit.same(c.call(recommend=bench.pb.Recommend(customer='kim')).WhichOneof('body'), 'recommendation')
    for c in flood:
        for _ in range(3):
            got = c.answer()
            kit.same((got.status, len(got.body.splitlines())), (200, 5000))
    well(d)


kit.Bench().run([too_large, broken, what_is_not_read_is_explained, a_body_is_no_request, pipelined, sent_ahead, large_bodies_sent_ahead,
                 who_comes_after_them_is_served, slow_loris, idle_ones_give_way, a_crowd_gives_way_to_others, held_bodies_are_bounded, large_bodies_wait_for_their_turn,
                 large_bodies_of_one_leave_places_to_others, all_ask_for_metrics, lines_whose_answers_nobody_takes,
                 a_flood_leaves_others_served])
