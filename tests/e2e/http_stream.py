#!/usr/bin/python3
"""Alerts live over HTTP (server-sent events): in order, each once, through reconnections, restarts and kills; slow readers."""
import threading
import time

import http_kit
import kit
from http_kit import Stream, good, post, problem

PACK = '''
pack { name = "stream", fallback = { "listen" } }
rule "raised" { on = "raise", alert = { to = "care", say = "raised {n} {filler}" } }
rule "other" { on = "other", alert = { to = "agent:{agent}", say = "other {n}" } }
rule "reach" { on = "reach", nudge = { channel = "sms" } }
action "sorry" { goal = "serve", channels = { "sms", "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
action "listen" { goal = "serve", channels = { "call" }, value = { customer = 0.1, business = 0.1 }, say = "Listen." }
'''


def raises(start, count, type='raise', filler='', **more):
    return [{'id': '%s%d' % (type, n), 'source': 'http', 'customer': 'c%d' % (n % 7), 'type': type,
             'attributes': {'n': n, 'filler': filler}, **more} for n in range(start, start + count)]


def publish(d, events):
    acks = good(post(d, '/v1/events', events))['acks']
    kit.same({a['result'] for a in acks}, {'ACCEPTED'})


def ids(alerts):
    return [(a['seq'], a['index']) for a in alerts]


def live_and_resumed(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=3)
    everything, annas = Stream(d), Stream(d, '?to=agent:anna')
    kit.same((everything.status, everything.headers['content-type']), (200, 'text/event-stream'))
    kit.same(everything.event()[0], 'following')
    publish(d, raises(0, 50))
    publish(d, raises(0, 10, 'other', agent='anna'))
    publish(d, raises(0, 2, 'reach'))
    first = everything.alerts(62)
    kit.same(ids(first), sorted(set(ids(first))), 'order, each once')
    kit.same({a['to'] for a in annas.alerts(10)}, {'agent:anna'})
    kit.same([a['nudge']['choices'][0]['action'] for a in first if a['kind'] == 'nudge'], ['sorry', 'sorry'])
    kit.same(everything.last, '%d-%d' % ids(first)[-1])
    middle = '%d-%d' % ids(first)[29]
    kit.same(ids(Stream(d, last=middle).alerts(32)), ids(first)[30:], 'resumed')
    kit.same(ids(Stream(d, '?after_seq=%d&after_index=%d' % ids(first)[29]).alerts(32)), ids(first)[30:], 'resumed by the query')
    # from now: nothing old; and one that comes back before anything came misses nothing
    new = Stream(d, '?from_now=true')
    kit.same(new.event()[0], 'following')
    new.close()
    publish(d, raises(100, 3))
    again = Stream(d, '?from_now=true', last=new.last)
    came = again.alerts(3) # in the order of their ids; shards take what was sent as they come to it
    kit.same(ids(came), sorted(set(ids(came))), 'order, each once')
    kit.same(sorted(a['text'].strip() for a in came), ['raised 100', 'raised 101', 'raised 102'])
    http_kit.wait_for(lambda: d.status().followers == 3) # those that left are forgotten
    for bad in ('x', '5', '-1-0', '5-x', '5-0-0', '99999999999999999999-0', '1-4294967296'):
        answer = http_kit.get(d, '/v1/alerts/stream', headers={'Last-Event-ID': bad})
        problem(answer, 400, 'invalid', 'SEQ-INDEX')
    problem(http_kit.get(d, '/v1/alerts/stream?form_now=true'), 400, 'invalid', 'did you mean from_now')


def through_restarts_and_kills(bench):
    """A client that comes back with the last id gets every alert once, whatever the daemon went through."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    got, last, sent = [], None, 0
    for turn in range(6):
        s = Stream(d, last=last)
        publish(d, raises(sent, 40))
        sent += 40
        # it is cut off anywhere: behind or before what was published
        got += s.alerts(sent - len(got) if turn % 2 else 17)
        last = s.last
        if turn == 2:
            d.stop()
        elif turn == 4:
            d.kill()
        s.close()
        if not d.alive():
            d.start(shards=3)
            d.port = http_kit.port_of(d)
    got += Stream(d, last=last).alerts(sent - len(got))
    kit.same(len(set(ids(got))), sent, 'each once')
    kit.same(sorted(int(a['text'].split()[1]) for a in got), list(range(sent)), 'none lost')


def a_stop_ends_streams(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    streams = [Stream(d) for _ in range(20)]
    for s in streams:
        s.event()
    d.stop()
    for s in streams:
        try:
            while s.c.chunk():
                pass
        except (EOFError, ConnectionError):
            continue
    kit.same(d.process.returncode, 0)


def slow_readers_are_bounded(bench):
    """They take nothing: the daemon's memory stays, others get all, and they go on where it went on without them."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    slow = [Stream(d, timeout=60) for _ in range(30)]
    quick, got = Stream(d, timeout=60), []
    publish(d, raises(0, 100))
    before = d.rss_kb()
    reader = threading.Thread(target=lambda: got.extend(quick.alerts(20100)))
    reader.start()
    for n in range(20):
        publish(d, raises(1000 + n * 1000, 1000, filler='x' * 300))
    reader.join(60)
    kit.same(len(set(ids(got))), 20100, 'the quick one')
    # 30 x (256 KiB here, as much in the shard, and the sockets' buffers), and the alerts themselves
    kit.check(d.rss_kb() - before < (700 if bench.sanitized() else 120) * 1024, 'VmRSS grew by', d.rss_kb() - before, 'KB')
    for s in slow[:3]:
        seen = missed = 0
        while seen + missed < 20100:
            name, data = s.event()
            seen += name == 'alert'
            missed += data['count'] if name == 'missed' else 0
        kit.same(seen + missed, 20100, 'seen and missed')
    kit.same(good(http_kit.get(d, '/v1/status'))['alerts_raised'], 20100)


def as_many_as_may_be(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    streams = [Stream(d) for _ in range(256)]
    answer = http_kit.get(d, '/v1/alerts/stream')
    problem(answer, 503, 'busy', 'limit_http_followers')
    streams[0].event()
    for s in streams[:10]:
        s.close()
    http_kit.wait_for(lambda: Stream(d).status == 200)
    with d.client() as c: # clients of the other socket have places of their own
        kit.same(c.call(get_status=bench.pb.GetStatus()).status.connections, 1)


kit.Bench().run([live_and_resumed, through_restarts_and_kills, a_stop_ends_streams, slow_readers_are_bounded, as_many_as_may_be])
