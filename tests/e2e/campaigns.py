"""Segments and campaigns in a daemon: customers who are there already when a pack with a campaign is activated, a daemon
that is killed in the middle of it, the outbox; and nobody is made an offer twice.

    /usr/bin/python3 campaigns.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import collections
import json
import random
import time

import kit

PLAIN = 'pack { name = "plain", zone = "Asia/Ho_Chi_Minh" }\n' # the same: reports go by the days of the active pack's
PACK = '''pack { name = "spring", zone = "Asia/Ho_Chi_Minh" }
local used_up = series { on = "data.exhausted" }
fact.times_short = used_up:count "30d"
segment "gold" { when = any { attr("tier"):is "gold", fact.times_short:at_least(2) } }
channel "sms" { consent = "consent_sms" }
action "more-data" {
  goal = "serve", channels = { "sms" }, value = { customer = 0.6, business = 0.4 }, say = "10 GB more?",
}
campaign "spring" { segment = "gold", action = "more-data", channel = "sms" %s }
'''


def publish(bench, d, events):
    with d.client() as c:
        for i in range(0, len(events), 200):
            kit.accepted(c.call(publish=bench.pb.Publish(events=events[i:i + 200])))


def profile(bench, name, tier, consent):
    return kit.event(bench.pb, 'p-' + name, name, 'profile.updated', {'tier': tier, 'consent_sms': consent})


def people(bench, d, count):
    """Every second one is gold, every fifth has not agreed to be written to. Returns whom an offer may reach."""
    events, reached = [], set()
    for i in range(count):
        gold, agreed = i % 2 == 0, i % 5 != 0
        events.append(profile(bench, 'c%d' % i, 'gold' if gold else 'plain', agreed))
        if gold and agreed:
            reached.add('c%d' % i)
    publish(bench, d, events)
    return reached


def walked(d, seconds=60):
    """Until all customers were looked at and all that came of it is decided."""
    until = time.time() + seconds
    idle = 0
    while time.time() < until:
        walk = next(g.value for g in d.status().gauges if g.name == 'segments_walk')
        idle = idle + 1 if walk == 0 else 0
        if 'all customers were looked at' in d.said() or idle == 5: # or it was over before the restart
            d.settled()
            return
        time.sleep(0.05)
    raise kit.Failed('not all customers were looked at after %d s' % seconds)


def report(d, name, *args):
    return json.loads(d.ctl('report', name, '--json', *args))['rows']


def outbox(d, *args):
    return json.loads(d.ctl('outbox', 'list', '--json', '--limit', '100000', *args))


def reaches_who_is_there(bench):
    d = bench.daemon(shards=2, rules=bench.pack(PLAIN))
    reached = people(bench, d, 300)
    with d.client() as c: # somebody of whom only a number is known, is a customer too
        kit.accepted(c.call(publish=bench.pb.Publish(events=[
            kit.event(bench.pb, 'a', '', 'profile.updated', {'tier': 'gold', 'consent_sms': True}, alias='+84901234567')])))
    d.ctl('rules', 'activate', bench.pack(PACK % ''))
    walked(d)
    kit.same(report(d, 'segments')[0]['members'], 151)
    row = report(d, 'campaigns')[0]
    kit.same((row['in'], row['reached'], row['held'], row['waiting']), (151, len(reached) + 1, 30, 0))
    kit.same([(r['reason'], r['held']) for r in report(d, 'campaigns', '--by', 'reason')], [('sms: needs their consent', 30)])
    names = [a['customer'] for a in outbox(d, '--channel', 'sms', '--campaign', 'spring')]
    kit.same(sorted(names), sorted(reached | {'prospect:+84901234567'}))
    # by events, from now on
    publish(bench, d, [profile(bench, 'new', 'gold', True),
                       kit.event(bench.pb, 'e1', 'c1', 'data.exhausted'), kit.event(bench.pb, 'e2', 'c1', 'data.exhausted')])
    d.settled()
    kit.same(report(d, 'segments')[0]['members'], 153)
    kit.check({'new', 'c1'} <= {a['customer'] for a in outbox(d)})
    # who leaves it is no member, and the offer that they have stays
    publish(bench, d, [kit.event(bench.pb, 'l', 'c2', 'profile.updated', {'tier': 'plain'})])
    d.settled()
    kit.same([report(d, 'segments')[0][k] for k in ('members', 'entered', 'left')], [152, 153, 1])
    d.stop()
    for shards in (1, 4):
        bench.replay(d.data, shards)


def taken_and_offered(bench):
    d = bench.daemon(rules=bench.pack(PLAIN))
    people(bench, d, 20)
    d.ctl('rules', 'activate', bench.pack(PACK % ''))
    walked(d)
    first, second = outbox(d)[:2]
    ids = ['%d-%d' % (int(a['seq']), a.get('index', 0)) for a in (first, second)]
    kit.check('taken' in d.ctl('outbox', 'take', ids[0]))
    kit.check(ids[0] not in ['%d-%d' % (int(a['seq']), a.get('index', 0)) for a in outbox(d)])
    kit.check('offered: more-data to ' + first['customer'] in d.ctl('outbox', 'take', ids[0], '--offered'))
    kit.check('was told before' in d.ctl('outbox', 'take', ids[0], '--offered'))
    d.ctl('outbox', 'take', ids[1], '--offered')
    decision = second['nudge']['decision']
    d.ctl('outcome', second['customer'], 'more-data', 'accepted', '--decision', decision, '--channel', 'sms')
    row = report(d, 'campaigns')[0]
    kit.same((row['campaign'], report(d, 'segments')[0]['segment']), ('spring', 'gold'), 'rows say what they are about')
    kit.same([row[k] for k in ('reached', 'offered', 'accepted', 'rejected')], [8, 2, 1, 0])
    kit.same((row['acceptance'], row['success']), (0.125, 0.1))
    d.kill() # what was taken stays so
    d.start()
    kit.same(len(outbox(d)), 6)
    kit.same([report(d, 'campaigns')[0][k] for k in ('reached', 'offered', 'accepted')], [8, 2, 1])
    refused = d.ctl('outbox', 'take', '999999-0', ok=False)
    kit.same(refused.returncode, 1)


def killed_in_the_middle(bench):
    """At the walk's entries and at those of its decisions and effects, wherever a crash may come."""
    for fault, shards in (('walk_before_publish:17', 1), ('walk_before_publish:70', 4), ('effect_before_publish:9', 2),
                          ('apply_before_publish:120', 2), ('store_before_mark:1', 2)):
        d = bench.daemon(shards=shards, rules=bench.pack(PLAIN))
        reached = people(bench, d, 200)
        d.stop()
        d.rules = bench.pack(PACK % '')
        d.spawn(env={'NUDGED_FAULT': fault + ':kill'})
        if fault.startswith('store'): # at the next sweep, whenever that is
            d.ready()
            d.kill()
        kit.same(d.wait(60), -9, fault)
        d.spawn(env={'NUDGED_FAULT': 'recover_before_effects:1:kill'})
        kit.same(d.wait(60), -9, fault)
        d.start()
        walked(d)
        check_nobody_twice(bench, d, reached, '%s, %d shards' % (fault, shards))


def killed_at_any_time(bench):
    rng = random.Random(5)
    for shards in (1, 3):
        d = bench.daemon(shards=shards, rules=bench.pack(PLAIN))
        reached = people(bench, d, 2000)
        d.stop()
        d.start(rules=bench.pack(PACK % ', at_most = 100000000'))
        for _ in range(6):
            time.sleep(rng.random() * 0.4)
            d.kill()
            d.start()
        walked(d)
        check_nobody_twice(bench, d, reached, '%d shards' % shards)


def check_nobody_twice(bench, d, reached, what):
    until = time.time() + 30
    while time.time() < until and report(d, 'campaigns')[0]['waiting']:
        time.sleep(0.05)
    d.settled()
    names = [a['customer'] for a in outbox(d)]
    kit.same(len(names), len(set(names)), 'offers, and customers who have one: ' + what)
    kit.same(set(names), reached, what)
    row = report(d, 'campaigns')[0]
    kit.same((row['reached'], row['in']), (len(reached), report(d, 'segments')[0]['members']), what)
    d.stop()
    bench.replay(d.data)


def another_pack_and_back(bench):
    d = bench.daemon(rules=bench.pack(PACK % ''))
    reached = people(bench, d, 100)
    d.settled()
    kit.same(len(outbox(d)), len(reached))
    d.ctl('rules', 'activate', bench.pack(PLAIN))
    walked(d)
    kit.same(report(d, 'segments')[0]['members'], 0)
    d.ctl('rules', 'rollback')
    until = time.time() + 60
    while time.time() < until and report(d, 'segments')[0]['members'] != 50:
        time.sleep(0.05)
    d.settled()
    kit.same(report(d, 'segments')[0]['members'], 50)
    kit.same(len(outbox(d)), len(reached), 'nobody is made it again')
    d.stop()
    bench.replay(d.data, 4)


def a_holdout_gets_nothing(bench):
    d = bench.daemon(rules=bench.pack(PACK % ', holdout = 0.3'))
    people(bench, d, 1000)
    d.settled()
    row = report(d, 'campaigns')[0]
    kit.same(row['in'] + row['holdout'], 500)
    kit.check(100 < row['holdout'] < 200, row['holdout'])
    some = outbox(d)[:20]
    for a in some:
        d.ctl('outcome', a['customer'], 'more-data', 'accepted', '--decision', a['nudge']['decision'], '--channel', 'sms')
    row = report(d, 'campaigns')[0]
    kit.check(abs(row['effect'] - 20 / row['in']) < 1e-12 and row['low'] < row['effect'] < row['high'], row)


def events_ahead_of_the_clock(bench):
    """Looking again goes by the clock and sets itself again by it. Events whose times are ahead of it do not wind it on:
    that would never end. With a clock that follows the events, a shard may see it days after the events it is given."""
    pack = PACK.replace('segment "gold" {', 'segment "gold" { again = "1d",')
    d = bench.daemon(shards=4, rules=bench.pack(pack % ''), args=['--clock', 'events'])
    begin = int(time.time() * 1000) - 60 * kit.DAY
    names = ['c%d' % i for i in range(16)]
    publish(bench, d, [kit.event(bench.pb, 'p', name, 'profile.updated', {'tier': 'gold', 'consent_sms': True},
                                 time_ms=begin) for name in names])
    publish(bench, d, [kit.event(bench.pb, 'day%d' % i, name, 'usage.day', {'texts': i}, time_ms=begin + i * kit.DAY // 2)
                       for i in range(1, 81) for name in names])
    d.settled()
    times = collections.Counter(e['customer'] for e in bench.dump(d.data) if e['kind'] == 'timer' and e.get('key') == 'gold')
    kit.same(set(times), set(names))
    kit.check(all(count <= 40 for count in times.values()), times, 'times a day was over in 40')
    d.stop()
    bench.replay(d.data)


def turns_that_went_by(bench):
    """So many a day, also after days in which nothing was sent: turns that nobody could use then are not made up for."""
    d = bench.daemon(shards=1, rules=bench.pack(PACK % ', at_most = 12, expires = "60d"'), args=['--clock', 'events'])
    now = int(time.time() * 1000) // kit.DAY * kit.DAY - 60 * kit.DAY
    names = ['c%d' % i for i in range(40)]
    publish(bench, d, [kit.event(bench.pb, 'p', name, 'profile.updated', {'tier': 'gold', 'consent_sms': True},
                                 time_ms=now) for name in names])
    for i in range(120):
        now += 10 * kit.DAY if i == 5 else kit.HOUR
        publish(bench, d, [kit.event(bench.pb, 'tick%d' % i, 'clock', 'tick', time_ms=now)])
        d.settled()
    times = sorted(a['time_ms'] for a in outbox(d))
    kit.same(len(times), len(names), 'all had their turn')
    most = max(sum(t <= x < t + kit.DAY for x in times) for t in times)
    kit.check(most <= 13, most, 'offers within a day')
    row = report(d, 'campaigns')[0]
    kit.same((row['reached'], row['waiting']), (len(names), 0))
    d.stop()
    bench.replay(d.data, 4)


kit.Bench().run([reaches_who_is_there, taken_and_offered, killed_in_the_middle, killed_at_any_time, another_pack_and_back,
                 a_holdout_gets_nothing, events_ahead_of_the_clock, turns_that_went_by])
