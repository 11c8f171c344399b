#!/usr/bin/python3
"""Malformed and hostile clients: each gets an error or loses its connection; the daemon lives, answers others, and its memory stays
bounded."""
import os
import random
import select
import socket
import sys
import time

import kit
import nudge_client
from nudge_client import frame

# A sanitizer's own memory (shadow, quarantine of what was freed) is several times the daemon's.
SANITIZED = b'__asan_init' in open(sys.argv[1], 'rb').read()
BOUND_KB = (800 if SANITIZED else 150) * 1024
MUTATIONS = int(os.environ.get('NUDGED_TEST_MUTATIONS', 10000))


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def raw(d):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    while True:
        try:
            s.connect(d.address[5:])
            return s
        except BlockingIOError: # the backlog is full
            time.sleep(0.002)


def drain(s, seconds=10.0):
    """Until the daemon closes: all that it said."""
    data, until = b'', time.time() + seconds
    while time.time() < until:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            break
        if not more:
            return data
        data += more
    raise kit.Failed('the connection stays open')


def well(d):
    """It lives, serves others, and has not grown."""
    kit.check(d.alive(), 'it died:', d.said()[-1500:])
    with d.client() as c:
        kit.accepted(c.call(publish=d.bench.pb.Publish(events=[kit.event(d.bench.pb, 'w%d' % random.getrandbits(60), 'well')])))
    kit.check(d.rss_kb() < BOUND_KB, 'VmRSS is', d.rss_kb(), 'KB')


def said(d, data):
    return nudge_client.split_all(data, d.bench.pb.Response)


def lost_framing_closes(bench):
    d = bench.daemon()
    hello = frame(bench.pb.Request(request_id=1, hello=bench.pb.Hello(version=1)))
    for bad in (varint(1 << 20) + b'', varint((1 << 20) + 1), b'\xff' * 5, b'\xff' * 40, b'\x80' * 9 + b'\x01', varint(1 << 31)):
        for first in (b'', hello):
            with raw(d) as s:
                s.sendall(first + bad)
                if bad == varint(1 << 20):
                    continue # just as long as allowed: it waits for the rest
                answers = said(d, drain(s))
                kit.check(answers and answers[-1].WhichOneof('body') == 'error', 'no error for', bad[:8])
    with raw(d) as s: # half a frame, then silence and an end
        s.sendall(hello + varint(1000) + b'\x08\x01')
        s.shutdown(socket.SHUT_WR)
        drain(s)
    well(d)


def broken_messages_are_errors(bench):
    """The frame is whole, what is in it is not: an error, and the connection goes on."""
    d, pb = bench.daemon(), bench.pb
    good = kit.event(pb, 'e', 'c').SerializeToString()
    nested = b''
    for _ in range(20000):
        nested = b'\x1a' + varint(len(nested)) + nested
        if len(nested) > 900000:
            break
    bad_text = good.replace(b'test', b'te\xfft')
    bodies = [b'', b'\x00', b'\x08', b'\x08\x00', b'\xff' * 10, b'\x08\x01\x12\x05ab', nested, b'\x08\x01\x1a\x02\x0a\x7f',
              b'\x08\x01\x1a' + varint(len(bad_text) + 1 + len(varint(len(bad_text)))) + b'\x0a' + varint(len(bad_text)) + bad_text,
              b'\x08\x01\x1d\x00\x00\x00\x00', b'\x0d\x00\x00\x00\x00', b'\x0b\x0c', b'\x08\x01\xba\x01\x00', os.urandom(100000)]
    with d.client() as c:
        for body in bodies:
            c.send_raw(varint(len(body)) + body)
            r = c.receive()
            kind = r.WhichOneof('body')
            kit.check(kind == 'error' or kind == 'published' and all(a.result == 3 for a in r.published.acks), body[:20], r)
        many = [kit.event(pb, str(n), 'c') for n in range(1025)]
        kit.same(c.call(publish=pb.Publish(events=many)).error.code, 'limit')
        wrong = [kit.event(pb, '', 'c'), kit.event(pb, 'a', ''), kit.event(pb, 'a', 'c', ''), kit.event(pb, 'x' * 65, 'c'),
                 kit.event(pb, 'a', 'c', time_ms=kit.NOW() + kit.DAY), kit.event(pb, 'a', 'c', time_ms=-5),
                 kit.event(pb, 'a', 'c', attrs={'n': float('nan')}), kit.event(pb, 'a', 'c', attrs={'n': float('inf')}),
                 kit.event(pb, 'a', 'c', attrs={'a%d' % i: 1 for i in range(65)}), kit.event(pb, 'a', 'c', attrs={'a': 'x' * 1025}),
                 kit.event(pb, 'a\0b', 'c'), kit.event(pb, 'a', 'c', alias='b')]
        acks = c.call(publish=pb.Publish(events=wrong + [kit.event(pb, 'good', 'c')])).published.acks
        for e, ack in zip(wrong, acks):
            kit.check(ack.result == 3 and ack.error.code and ack.error.reason, 'accepted:', str(e)[:100], ack)
        kit.same(acks[-1].result, 1, 'the good one among them')
    well(d)


def no_hello_and_other_versions(bench):
    d, pb = bench.daemon(), bench.pb
    for body in (dict(get_status=pb.GetStatus()), dict(hello=pb.Hello(version=2)), dict(hello=pb.Hello(version=0))):
        with d.client(hello=False) as c:
            c.send(**body)
            answers = said(d, drain(c.socket))
            kit.same(answers[0].error.code, 'version')
    well(d)


def seeds(pb):
    e = kit.event(pb, 'm', 'c', attrs={'mood': -1.0, 'topic': 'bill', 'vip': True}, agent='a', member='m', time_ms=1)
    return [pb.Request(request_id=2, **body).SerializeToString() for body in (
        dict(hello=pb.Hello(version=1, client='x')), dict(publish=pb.Publish(events=[e, e])),
        dict(recommend=pb.Recommend(customer='c', agent='a', explain=True, deadline_ms=5, language='vi')),
        dict(outcome=pb.Outcome(id='o', source='s', customer='c', action='x', channel='sms', kind='later')),
        dict(read_customer=pb.ReadCustomer(customer='c')), dict(resolve_alias=pb.ResolveAlias(alias='+4930123456')),
        dict(follow=pb.Follow(after_seq=1)), dict(acknowledge=pb.Acknowledge(seq=1, index=2)), dict(get_status=pb.GetStatus()),
        dict(activate_pack=pb.ActivatePack(name='p', files=[pb.File(path='pack.lua', content=b'pack { name = "p" }')])),
        dict(get_rules=pb.GetRules(stats=True)), dict(get_digest=pb.GetDigest()), dict(list_alerts=pb.ListAlerts(limit=5)),
        dict(unfollow=pb.Unfollow(follow_id=2)))]


def mutated(r, body):
    body = bytearray(body)
    for _ in range(r.randrange(1, 6)):
        at, dice = r.randrange(len(body) + 1), r.random()
        if dice < 0.5 and at < len(body):
            body[at] = r.randrange(256) if dice < 0.25 else body[at] ^ 1 << r.randrange(8)
        elif dice < 0.7:
            del body[at:at + r.randrange(1, 9)]
        elif dice < 0.9:
            body[at:at] = bytes(r.randrange(256) for _ in range(r.randrange(1, 9)))
        else:
            body[at:at] = body[:at] * r.randrange(1, 4)
        if not body:
            break
    return bytes(body)


def random_mutations(bench):
    """Of valid frames, over many connections; some break the framing too."""
    r, sent = random.Random(5), 0
    d = bench.daemon(shards=2)
    base = seeds(bench.pb)
    hello = frame(bench.pb.Request(request_id=1, hello=bench.pb.Hello(version=1)))
    while sent < MUTATIONS:
        with raw(d) as s:
            burst = [mutated(r, r.choice(base)) for _ in range(100)]
            data = hello + b''.join(varint(len(b)) + b for b in burst)
            if r.random() < 0.3:
                data = hello + mutated(r, data[len(hello):])
            sent += len(burst)
            try:
                s.sendall(data)
                if r.random() < 0.7:
                    s.shutdown(socket.SHUT_WR)
                    drain(s)
            except (BrokenPipeError, ConnectionResetError):
                pass
    well(d)
    digest = d.settled()
    d.kill()
    kit.same(bench.replay(d.data, 4)['digest'], digest, 'digest of a replay')


def clients_that_do_not_read(bench):
    """Small questions with large answers, never taken: reading stops, memory does not grow."""
    d, pb = bench.daemon(), bench.pb
    with d.client() as c:
        for n in range(20):
            kit.accepted(c.call(publish=pb.Publish(events=[
                kit.event(pb, 'p%d-%d' % (n, i), 'big', 'profile.updated', {'a%d' % (n * 6 + i): 'x' * 1000}) for i in range(6)])))
        kit.check(len(c.call(read_customer=pb.ReadCustomer(customer='big')).SerializeToString()) > 100000, 'a small answer')
    ask = b''.join(frame(pb.Request(request_id=n + 2, read_customer=pb.ReadCustomer(customer='big'))) for n in range(5000))
    held = []
    for _ in range(8):
        c = d.client()
        c.socket.setblocking(False)
        try:
            while True:
                c.socket.send(ask)
        except BlockingIOError:
            pass
        held.append(c)
    time.sleep(0.3)
    well(d)
    c = held.pop() # it takes its answers after all: they come whole
    c.socket.setblocking(True)
    for n in range(200):
        kit.same(c.receive().customer.id, 'big')
    for c in held:
        c.close()
    well(d)


def slow_clients(bench):
    """A byte at a time."""
    d, pb = bench.daemon(), bench.pb
    whole = frame(pb.Request(request_id=9, publish=pb.Publish(events=[kit.event(pb, 'slow', 'c')])))
    with d.client() as c:
        for i in range(len(whole)):
            c.send_raw(whole[i:i + 1])
        kit.accepted(c.receive())
    well(d)


def pipelining_beyond_the_limits(bench):
    """100,000 requests before the first answer is read."""
    d, pb = bench.daemon(shards=4), bench.pb
    with d.client() as c:
        data = b''.join(frame(pb.Request(request_id=n + 10, publish=pb.Publish(events=[kit.event(pb, 'x%d' % n, 'c%d' % (n % 999))])))
                        for n in range(100000))
        c.socket.setblocking(False)
        at = got = 0
        answers = b''
        until = time.time() + 120
        while got < 100000:
            kit.check(time.time() < until, got, 'answers after 120 s')
            can_read, can_write, _ = select.select([c.socket], [c.socket] if at < len(data) else [], [], 5)
            if can_write:
                try:
                    at += c.socket.send(data[at:at + 262144])
                except BlockingIOError:
                    pass
            if can_read and (at > len(data) // 2 or not can_write):
                answers += c.socket.recv(1 << 20)
                used = 0
                while True:
                    message, used_now = nudge_client.split(answers, pb.Response, used)
                    if message is None:
                        break
                    used = used_now
                    kit.same(message.published.acks[0].result, 1)
                    got += 1
                answers = answers[used:]
    well(d)


def more_connections_than_allowed(bench):
    if not kit.files_limit(3000):
        raise kit.Skip('too few open files are allowed')
    d, held, refused = bench.daemon(shards=2), [], 0
    for _ in range(1100):
        s = raw(d)
        held.append(s)
    hello = frame(bench.pb.Request(request_id=1, hello=bench.pb.Hello(version=1)))
    for s in held:
        try:
            s.sendall(hello)
            if not s.recv(4096):
                refused += 1
        except (BrokenPipeError, ConnectionResetError):
            refused += 1
    kit.same(refused, 1100 - 1024, 'connections that were closed for others')
    time.sleep(1.1) # what is told once a second
    late = [raw(d) for _ in range(20)] # now that all have said their Hello nobody gives a place
    for s in late:
        try:
            kit.same(s.recv(4096), b'', 'one too many is let in')
        except ConnectionResetError:
            pass
    for what in ('closed', 'refused'):
        said = [line for line in d.said().splitlines() if what + ' a connection: limit_connections' in line]
        kit.check(1 <= len(said) <= 10, 'a line for each fills a disk', said)
    for s in held:
        s.close()
    time.sleep(0.2)
    well(d)
    held = [raw(d) for _ in range(1000)] # all places are free again
    for s in held:
        s.sendall(hello)
        kit.check(s.recv(4096), 'a place was lost')
    for s in held:
        s.close()
    time.sleep(0.2)
    well(d)


def few_files(bench):
    """The system allows fewer files than connections: refusals, no busy loop."""
    d = bench.daemon(wrap=['bash', '-c', 'ulimit -n 64; exec "$@"', '--'])
    held = [raw(d) for _ in range(100)]
    time.sleep(0.5)
    with open('/proc/%d/stat' % d.process.pid) as f:
        before = sum(int(n) for n in f.read().split()[13:15])
    time.sleep(1)
    with open('/proc/%d/stat' % d.process.pid) as f:
        after = sum(int(n) for n in f.read().split()[13:15])
    kit.check(after - before < 50, 'it spins:', after - before, 'ticks in a second')
    for s in held:
        s.close()
    time.sleep(0.2)
    well(d)


kit.Bench().run([lost_framing_closes, broken_messages_are_errors, no_hello_and_other_versions, random_mutations,
                 clients_that_do_not_read, slow_clients, pipelining_beyond_the_limits, more_connections_than_allowed, few_files])
