#!/usr/bin/python3
"""A daemon that recovers says so, and how far it is: over HTTP, to nudgectl, to Prometheus. Who connects meanwhile is served when it
is done, and a stop has not to wait for that."""
import json
import re
import signal
import subprocess
import time

import http_kit
import kit
from http_kit import get
from kit import check, event, nudge_client, same

# Dear enough for a recovery that lasts some seconds.
PACK = '''pack { name = "recovering" }
local busy = series { on = "call.ended", per = "agent", name = "busy" }
fact.busy = busy:count "7d"
rule "often" { about = "agent", on = "call.ended", when = fact.busy:at_least(100), set = { often = fact.busy } }
rule "dear" { on = "call.ended", run = function(c) local n = 0 for i = 1, 6000 do n = n + i % 7 end c:set("n", n) end }
'''
EVENTS, BATCH = 16000, 1000


def with_a_long_way_back(bench):
    """A daemon that was killed before anything was stored, with a gateway: d.port stays. Filled once: nothing ever stores it."""
    if hasattr(bench, 'filled'):
        data, port = bench.filled
        return ready_to_recover(bench.daemon(data=data, start=False), port)
    d = http_kit.http(bench, rules=bench.pack(PACK), args=['--sweep-ms', '3600000'])
    with d.client(timeout=120) as c:
        for at in range(0, EVENTS, BATCH):
            c.send(publish=bench.pb.Publish(events=[event(bench.pb, str(n), 'c%d' % (n % 300), agent='a%d' % (n % 7)) for n in range(at, at + BATCH)]))
        for _ in range(0, EVENTS, BATCH):
            kit.accepted(c.receive())
    d.kill()
    bench.filled = d.data, d.port
    return ready_to_recover(d, d.port)


def ready_to_recover(d, port):
    d.port, d.rules, d.args = port, None, ['--sweep-ms', '3600000', '--http', '127.0.0.1:%d' % port]
    return d


def until_it_recovers(d):
    """What nudgectl says of it then."""
    d.spawn()
    until = time.time() + 60
    while time.time() < until:
        done = d.ctl('status', ok=False)
        if b'recovering: ' in done.stdout:
            return done
        check(done.returncode, 'it was never seen recovering', done.stdout)
        time.sleep(0.01)
    raise kit.Failed(d.said()[-500:])


def samples(d):
    return dict(line.rsplit(' ', 1) for line in get(d, '/metrics').body.decode().splitlines() if not line.startswith('#'))


def it_says_how_far_it_is(bench):
    d = with_a_long_way_back(bench)
    done = until_it_recovers(d)
    check(re.match(r'nudged at \S+ is recovering: [a-z ]+, \d+%', done.stdout.decode()), done)
    same((done.returncode, done.stderr), (1, b''))
    answer = json.loads(d.ctl('--json', 'status', ok=False).stdout)
    check(answer['recovering'] is True and 'recovering' in answer['detail'], answer)
    waits = d.client(hello=False, timeout=60) # as any client: it is let in, and answered later
    asked = waits.send(hello=bench.pb.Hello(version=1, client='patient'))
    digest = subprocess.Popen([bench.nudgectl, '--socket', d.address, 'digest'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ready, live = get(d, '/readyz'), get(d, '/livez')
    same((ready.status, live.status), (503, 200))
    check(re.fullmatch(r'recovering: [a-z ]+, \d+%(, about \d+ s left)?', ready.json['detail']), ready)
    during = samples(d)
    same(during['nudged_recovering'], '1')
    parts = [(k, float(v)) for k, v in during.items() if k.startswith('nudged_recovery_ratio{stage=')]
    check(len(parts) == 1 and 0 <= parts[0][1] <= 1, during)
    far = []
    while (answer := get(d, '/readyz')).status == 503:
        found = re.search(r'replaying the journal, (\d+)%', answer.json['detail'])
        far += [int(found.group(1))] if found else []
        time.sleep(0.02)
    check(far == sorted(far) and len(set(far)) >= 3, 'progress', far)
    welcome = waits.receive()
    same((welcome.WhichOneof('body'), welcome.request_id), ('welcome', asked))
    same(len(waits.call(read_customer=bench.pb.ReadCustomer(customer='c1')).customer.timeline) > 0, True)
    waits.close()
    out, err = digest.communicate(timeout=60)
    same(digest.returncode, 0, err)
    same(json.loads(d.ctl('--json', 'digest'))['digest'] in out.decode(), True, out)
    after = samples(d)
    same(after['nudged_recovering'], '0')
    check(not any(k.startswith('nudged_recovery_ratio') for k in after), 'it recovers no more')
    same({samples(d)['process_start_time_seconds'] for _ in range(5)}, {during['process_start_time_seconds']}, 'one start')
    same(d.ctl('status', ok=False).returncode, 0)


def whoever_comes_meanwhile(bench):
    d = with_a_long_way_back(bench)
    until_it_recovers(d)
    hello = nudge_client.frame(bench.pb.Request(request_id=1, hello=bench.pb.Hello(version=1, client='early')))
    silent, gone, halves, rubbish = (d.client(hello=False, timeout=60) for _ in range(4))
    gone.send_raw(hello)
    gone.close()
    halves.send_raw(hello[:3])
    rubbish.send_raw(b'\xff' * 4000)
    crowd = [d.client(hello=False, timeout=60) for _ in range(200)]
    for c in crowd:
        c.send_raw(hello)
        c.send_raw(nudge_client.frame(bench.pb.Request(request_id=2, get_status=bench.pb.GetStatus())))
    impatient = d.client(hello=False)
    refused = impatient.call(hello=bench.pb.Hello(version=1, client='now', no_wait=True))
    same((refused.WhichOneof('body'), refused.error.code), ('error', 'closed'))
    check('recovering' in refused.error.reason, refused)
    try:
        raise kit.Failed('it was not let go: %s' % impatient.receive())
    except nudge_client.Closed:
        pass
    check(d.ready(), d.said())
    halves.send_raw(hello[3:])
    for c in [*crowd, halves]:
        same(c.receive().WhichOneof('body'), 'welcome')
    for c in crowd:
        same(c.receive().WhichOneof('body'), 'status')
    same(rubbish.receive().WhichOneof('body'), 'error')
    same(silent.hello().WhichOneof('body'), 'welcome')
    same(silent.call(get_status=bench.pb.GetStatus()).status.connections, len(crowd) + 2)
    with d.client(hello=False) as c: # where it serves, nobody is let go
        same(c.call(hello=bench.pb.Hello(version=1, no_wait=True)).WhichOneof('body'), 'welcome')


def who_says_nothing_holds_no_place(bench):
    """All places are taken by who says nothing: each who comes gets one of those, of who was there first."""
    d = with_a_long_way_back(bench)
    until_it_recovers(d)
    silent = []
    while len(silent) < 1024:
        try:
            silent.append(d.client(hello=False, timeout=60))
        except BlockingIOError: # the system's queue is full
            time.sleep(0.002)
    patient = d.client(hello=False, timeout=60)
    asked = patient.send(hello=bench.pb.Hello(version=1, client='patient'))
    done = d.ctl('status', ok=False)
    check(b'recovering' in done.stdout, 'it was not let in: %r' % done)
    check(d.ready(), d.said())
    welcome = patient.receive()
    same((welcome.WhichOneof('body'), welcome.request_id), ('welcome', asked))
    for c in silent[:2]:
        try:
            raise kit.Failed('it was not let go: %s' % c.receive())
        except nudge_client.Closed:
            pass
    same(silent[1000].hello().WhichOneof('body'), 'welcome')
    for c in silent:
        c.close()


def a_stop_does_not_wait(bench):
    d = with_a_long_way_back(bench)
    until_it_recovers(d)
    d.stop()
    check('stopped before it was done' in d.said() and 'ready' not in d.said(), d.said())
    replay = subprocess.Popen([bench.nudged, '--replay', '--data', d.data], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.2)
    replay.send_signal(signal.SIGINT)
    out, err = replay.communicate(timeout=60)
    check(replay.returncode == 130 and not out and b'stopped before it was done' in err, replay.returncode, out, err)
    d.start()
    same(d.settled(), bench.replay(d.data)['digest'])
    with d.client() as c:
        same(c.call(get_status=bench.pb.GetStatus()).status.journal_last >= EVENTS, True)


def killed_on_its_way(bench):
    """kill -9 while it recovers, again and again, with other shards each time, and with a store that has something of it by then:
    who waited is told, and the next start has all of it, once."""
    d = with_a_long_way_back(bench)
    whole = bench.replay(d.data)
    check(whole['effects'] >= EVENTS, whole)
    for shards, far in ((1, 0), (3, 60), (2, 30)):
        d.shards = shards
        until_it_recovers(d)
        waits = d.client(hello=False, timeout=60)
        waits.send(hello=bench.pb.Hello(version=1, client='patient'))
        asks = subprocess.Popen([bench.nudgectl, '--socket', d.address, 'digest'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while (answer := get(d, '/readyz')).status == 503: # as far as that
            found = re.search(r'replaying the journal, (\d+)%', answer.json['detail'])
            if found and int(found.group(1)) >= far:
                break
            time.sleep(0.005)
        same(answer.status, 503, 'it was done before it was killed')
        d.kill()
        try:
            raise kit.Failed('an answer of who was killed: %s' % waits.receive())
        except (nudge_client.Closed, ConnectionError):
            waits.close()
        out, err = asks.communicate(timeout=60)
        check(asks.returncode == 1 and not out and d.address.encode() in err, asks.returncode, out, err)
    d.start(shards=4)
    same(d.settled(), whole['digest'], 'killed three times')
    d.kill()
    again = bench.replay(d.data, 2)
    same([again[k] for k in ('digest', 'events', 'effects')], [whole[k] for k in ('digest', 'events', 'effects')])
    d.args = ['--sweep-ms', '20', *d.args[2:]] # from now on records are stored: recoveries begin with what a kill left of that
    for seconds in (0.05, 0.3):
        d.start(shards=2)
        time.sleep(seconds)
        d.kill()
        d.spawn()
        time.sleep(seconds)
        d.kill()
    d.start(shards=3)
    same(d.settled(), whole['digest'], 'with a store')
    with d.client() as c: # what was acknowledged once is not applied again
        acks = c.call(publish=bench.pb.Publish(events=[event(bench.pb, str(EVENTS - n), 'c%d' % ((EVENTS - n) % 300), agent='a%d' % ((EVENTS - n) % 7))
                                                       for n in range(1, 300)])).published.acks
        same({a.result for a in acks}, {2})
    same(d.digest(), whole['digest'])
    d.stop()
    same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)
    del bench.filled # it has a store now


if __name__ == '__main__':
    kit.Bench().run([it_says_how_far_it_is, whoever_comes_meanwhile, who_says_nothing_holds_no_place, a_stop_does_not_wait, killed_on_its_way])
