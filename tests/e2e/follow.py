#!/usr/bin/python3
"""Alerts to those who follow, and decisions: delivery by id through disconnects, restarts and kills; recommendations, outcomes, aliases,
merges."""
import json
import time

import kit

PACK = '''
pack { name = "follow", topics = { "bill" }, fallback = { "listen" } }
local calls = series { on = "call.ended", name = "calls" }
local moods = series { on = "call.ended", per = "agent", value = "mood", name = "moods" }
local areas = series { on = "call.ended", per = "area", name = "areas" }
fact.calls = calls:count "7d"
fact.moods = moods:count "7d"
rule "raised" { on = "raise", alert = { to = "care", say = "raised {n}", closes = "lower" } }
rule "other" { on = "other", alert = { to = "agent:{agent}", say = "other {n}" } }
rule "reach" { on = "reach", nudge = { channel = "sms" } }
rule "strain" { about = "agent", on = "call.ended", when = fact.moods:at_least(3), alert = { to = "supervisor", say = "{moods} calls" } }
action "sorry" { goal = "serve", channels = { "sms", "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
action "listen" { goal = "serve", channels = { "call" }, value = { customer = 0.1, business = 0.1 }, say = "Listen." }
action "sell" { goal = "grow", channels = { "call" }, eligible = fact.calls:at_least(2), suitable = attr("plan"):is "small",
  value = { customer = 0.6, business = 0.9 }, say = "Take the {plan} plan." }
policy { per = "action", after = { rejected = 1, within = "30d" }, pause = "30d", say = "They said no." }
answers "bill" { ["why?"] = "Because of {calls} calls." }
'''


def publish(c, pb, *events):
    return kit.accepted(c.call(publish=pb.Publish(events=events)))


class Follower:
    def __init__(self, d, pb, seconds=20.0, **follow):
        self.c = d.client(timeout=seconds)
        self.pb = pb
        kit.same(self.c.call(follow=pb.Follow(**follow)).WhichOneof('body'), 'following')

    def take(self, count):
        """The next alerts, whatever comes between told apart."""
        got = []
        while len(got) < count:
            r = self.c.receive()
            kit.same(r.WhichOneof('body'), 'alert', 'pushed')
            got.append(r.alert)
        return got


def ids(alerts):
    return [(a.seq, a.index) for a in alerts]


def raises(pb, start, count, type='raise', **more):
    return [kit.event(pb, '%s%d' % (type, n), 'c%d' % (n % 7), type, {'n': n}, **more) for n in range(start, start + count)]


def several_followers_and_resuming(bench):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), shards=3)
    all_of, care, annas = Follower(d, pb), Follower(d, pb, to='care'), Follower(d, pb, to='agent:anna')
    with d.client() as c:
        publish(c, pb, *raises(pb, 0, 50))
        publish(c, pb, *raises(pb, 0, 10, 'other', agent='anna'))
        first = all_of.take(60)
        kit.same(ids(first), sorted(ids(first)), 'order')
        kit.same(len(set(ids(first))), 60, 'different alerts')
        kit.same(sorted(a.text for a in care.take(50)), sorted('raised %d' % n for n in range(50)))
        kit.same({a.to for a in annas.take(10)}, {'agent:anna'})
        middle = first[29]
        again = Follower(d, pb, after_seq=middle.seq, after_index=middle.index).take(30)
        kit.same(ids(again), ids(first[30:]), 'resumed')
        new = Follower(d, pb, from_now=True)
        publish(c, pb, *raises(pb, 100, 3))
        kit.same(len(new.take(3)), 3)
        # historical ones are recorded, not pushed
        old = kit.event(pb, 'old', 'c1', 'raise', {'n': 1}, time_ms=kit.NOW() - 2 * kit.DAY)
        kit.check(publish(c, pb, old)[0].alerts[0].historical, 'not historical')
        publish(c, pb, *raises(pb, 200, 1))
        kit.same([a.text for a in new.take(1)], ['raised 200'])
        kit.same(care.c.call(unfollow=pb.Unfollow(follow_id=2)).WhichOneof('body'), 'unfollowed')
        kit.same(d.status().followers, 3, 'followers')


def through_restarts_and_kills(bench):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), args=['--sweep-ms', '20'])
    seen, last, sent = {}, (0, 0), 0
    for life in range(6):
        f = Follower(d, pb, after_seq=last[0], after_index=last[1])
        with d.client() as c:
            publish(c, pb, *raises(pb, sent, 20), *raises(pb, sent, 5, 'reach'))
            sent += 20
            got = f.take(12)
            for a in got:
                kit.check((a.seq, a.index) > last, 'an alert from before the place named')
                seen[a.seq, a.index] = a.text
            last = (got[-1].seq, got[-1].index)
        if life % 2:
            d.stop()
        else:
            time.sleep(0.03 * life)
            d.kill()
        d.start(shards=1 + life % 4)
    f = Follower(d, pb, after_seq=last[0], after_index=last[1])
    want = {'raised %d' % n for n in range(sent)}
    while {t for t in seen.values() if t.startswith('raised')} != want:
        a = f.take(1)[0]
        seen[a.seq, a.index] = a.text
    texts = [t for t in seen.values() if t.startswith('raised')]
    kit.same(len(texts), len(set(texts)), 'one alert under two ids')


def what_was_dealt_with_does_not_come_back(bench):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), args=['--sweep-ms', '20'], shards=2)
    with d.client() as c:
        alerts = [a.alerts[0] for a in publish(c, pb, *raises(pb, 0, 21))]
        time.sleep(0.2) # stored as open
        done = c.call(acknowledge=pb.Acknowledge(seq=alerts[0].seq, index=alerts[0].index, by='bob')).acknowledged.alert
        kit.same(done.state, 'acknowledged')
        publish(c, pb, kit.event(pb, 'l', 'c1', 'lower')) # closes 1, 8, 15
        kit.same(c.call(acknowledge=pb.Acknowledge(seq=9999999, index=0)).error.code, 'missing')
        open_now = {a.text for a in c.call(list_alerts=pb.ListAlerts()).alert_list.alerts}
    want = {'raised %d' % n for n in range(21)} - {'raised %d' % n for n in (0, 1, 8, 15)}
    kit.same(open_now, want, 'open')
    for shards, pause in ((1, 0), (3, 0.3), (2, 0)):
        time.sleep(pause)
        d.kill()
        d.start(shards=shards)
        with d.client() as c:
            kit.same({a.text for a in c.call(list_alerts=pb.ListAlerts()).alert_list.alerts}, want, 'open after a kill')
    d.stop()
    d.start()
    with d.client() as c:
        listed = c.call(list_alerts=pb.ListAlerts(limit=5)).alert_list
        kit.check(len(listed.alerts) == 5 and listed.more, 'limit')
        for a in c.call(list_alerts=pb.ListAlerts()).alert_list.alerts:
            kit.same(c.call(acknowledge=pb.Acknowledge(seq=a.seq, index=a.index, by='x')).WhichOneof('body'), 'acknowledged')
    digest = d.settled()
    d.kill()
    kit.same(bench.replay(d.data, 4)['digest'], digest, 'digest')


def the_tool_lists_as_many_as_asked_for(bench):
    """--limit counts those that are shown: whoever is asked about may come behind others, pages later."""
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK))
    with d.client() as c:
        publish(c, pb, *[kit.event(pb, 'e%d' % n, 'c%d' % (n // 10), 'raise', {'n': n}) for n in range(420)])

    def texts(*args):
        return [a['text'] for a in json.loads(d.ctl('alerts', '--json', *args))]
    kit.same(texts('--customer', 'c41', '--limit', '2'), ['raised 410', 'raised 411'])
    kit.same(len(texts('--limit', '300')), 300)
    kit.same(len(texts()), 420)


def more_open_alerts_than_a_record_holds(bench):
    """The oldest give way; what the record dropped does not come back from the outbox."""
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), args=['--sweep-ms', '20'])
    with d.client() as c:
        for n in range(0, 150, 10):
            publish(c, pb, *[kit.event(pb, 'r%d' % i, 'one', 'raise', {'n': i}) for i in range(n, n + 10)])
            time.sleep(0.03)
    time.sleep(0.3)
    d.kill()
    d.start()
    with d.client() as c:
        texts = [a.text for a in c.call(list_alerts=pb.ListAlerts()).alert_list.alerts]
    kit.same(texts, ['raised %d' % n for n in range(150 - 64, 150)], 'open after a restart')


def a_slow_follower_is_told(bench):
    """More closed alerts than are kept: it learns how many it missed and where to go on."""
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK))
    f = Follower(d, pb)
    with d.client(timeout=60) as c:
        sent = 0
        while sent < 75000:
            for _ in range(8):
                events = []
                for i in range(512):
                    who = 'c%d' % (sent // 32 % 997)
                    events.append(kit.event(pb, 'r%d' % sent, who, 'raise', {'n': sent}))
                    sent += 1
                    if sent % 32 == 0:
                        events.append(kit.event(pb, 'l%d' % sent, who, 'lower'))
                c.send(publish=pb.Publish(events=events))
            for _ in range(8):
                kit.accepted(c.receive())
    count, missed = 0, None
    while count + (missed.count if missed else 0) < sent:
        r = f.c.receive()
        if r.WhichOneof('body') == 'missed':
            kit.check(missed is None, 'missed twice')
            missed = r.missed
        else:
            count += 1
    kit.check(missed is not None and missed.count > 0 and missed.resume_seq, 'nothing was missed')
    kit.same(count + missed.count, sent, 'seen and missed')
    kit.check(d.rss_kb() < 300 * 1024, 'VmRSS', d.rss_kb())


def recommendations(bench):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), shards=4)

    def ask(c, **what):
        r = c.call(recommend=pb.Recommend(**what))
        kit.same(r.WhichOneof('body'), 'recommendation', str(r))
        return r.recommendation
    with d.client() as c:
        nobody = ask(c, customer='nobody', agent='anna', topic='bill', explain=True)
        kit.same([x.action for x in nobody.choices], ['sorry', 'listen'])
        kit.check(any(x.action == 'sell' and x.reason for x in nobody.left_out), nobody.left_out)
        publish(c, pb, kit.event(pb, 'p', 'kim', 'profile.updated', {'plan': 'small', 'area': 'north'}),
                *[kit.event(pb, 'k%d' % n, 'kim', agent='anna', attrs={'mood': 0.5, 'area': 'north'}) for n in range(3)])
        kim = ask(c, customer='kim', agent='anna', topic='bill', limit=3)
        kit.same((kim.choices[0].action, kim.choices[0].say, kim.answers[0].text), ('sell', 'Take the small plan.', 'Because of 3 calls.'))
        kit.check(abs(kim.choices[0].score - kim.choices[0].propensity * kim.choices[0].value * kim.choices[0].context *
                      kim.choices[0].lever) < 1e-9, 'the score is not its parts')
        for channel in ('call', 'call'):
            kit.same([x.action for x in ask(c, customer='kim', channel=channel).choices], ['sell', 'sorry', 'listen'], 'the same state')
        no = dict(source='s', customer='kim', action='sell', channel='call', kind='rejected', decision=kim.decision)
        kit.same(c.call(outcome=pb.Outcome(id='o1', **no)).outcome_recorded.ack.result, 1)
        kit.same(c.call(outcome=pb.Outcome(id='o1', **no)).outcome_recorded.ack.result, 2, 'the same outcome twice')
        refused = c.call(outcome=pb.Outcome(id='o1', **dict(no, kind='accepted')))
        kit.same(refused.outcome_recorded.ack.error.code, 'conflict')
        later = ask(c, customer='kim', explain=True)
        kit.same([x.action for x in later.choices], ['sorry', 'listen'], 'after a rejection')
        kit.same([x.gate for x in later.left_out if x.action == 'sell'], ['policy'])
        hurry = ask(c, customer='kim', agent='anna', deadline_ms=1)
        kit.check(not hurry.fallback or hurry.fallback_reason and hurry.choices[0].action == 'listen', hurry)
    d.kill()
    d.start(shards=1)
    with d.client() as c:
        kit.same([x.action for x in ask(c, customer='kim').choices], ['sorry', 'listen'], 'after a kill')
        kit.check(c.call(recommend=pb.Recommend(customer='kim')).recommendation.decision != kim.decision, 'a decision id came twice')
    d.settled()
    d.kill()
    journaled = bench.replay(d.data, 4)['decisions']
    kit.check(journaled >= 2, 'decisions are not in the journal')
    d.start(shards=1)
    with d.client() as c:
        ask(c, customer='kim')
        time.sleep(1)  # nothing else comes that would take it along to the disk
        d.kill()
    kit.same(bench.replay(d.data, 4)['decisions'], journaled + 1, 'a decision that came alone')


def a_missed_deadline(bench):
    """What is not ready by then is answered by the pack's fallback, and says so."""
    pb = bench.pb
    slow = PACK + '''action "slow" { goal = "serve", channels = { "call" }, eligible = function(c)
  local n = 0 for i = 1, 20000 do n = n + i end return n > 0 end, value = { customer = 0.9, business = 0.9 }, say = "Slow." }
''' + ''.join('action "slow%d" { goal = "serve", channels = { "call" }, eligible = function(c) local n = 0 for i = 1, 20000 do n = n + i end '
              'return n > 0 end, value = { customer = 0.9, business = 0.9 }, say = "Slow." }\n' % n for n in range(60))
    d = bench.daemon(rules=bench.pack(slow))
    with d.client() as c:
        r = c.call(recommend=pb.Recommend(customer='kim', deadline_ms=1)).recommendation
        kit.check(r.fallback and r.fallback_reason, r)
        kit.same([x.action for x in r.choices], ['listen'])
        kit.check(not c.call(recommend=pb.Recommend(customer='kim', deadline_ms=10000)).recommendation.fallback, 'fallback without need')
    d.kill()
    bench.replay(d.data)


def aliases_and_merges(bench):
    pb, now = bench.pb, kit.NOW()
    d = bench.daemon(rules=bench.pack(PACK), shards=4, args=['--sweep-ms', '20'])

    def resolve(c, alias, time_ms=0):
        return c.call(resolve_alias=pb.ResolveAlias(alias=alias, time_ms=time_ms))

    def calls(c, **who):
        return sum(s.count for s in c.call(read_customer=pb.ReadCustomer(**who)).customer.series if s.name == 'calls')
    with d.client() as c:
        publish(c, pb, kit.event(pb, 'a1', alias='+49301111111')) # nobody's yet: a prospect
        r = resolve(c, '+49301111111').resolved
        kit.check(r.provisional and r.customer.startswith('prospect:'), r)
        publish(c, pb, kit.event(pb, 'a2', 'kim', 'alias.added', {'alias': '+49 30 111 11 11'}, member='son'),
                kit.event(pb, 'a3', 'max', 'alias.added', {'alias': '+49302222222'}))
        d.settled()
        r = resolve(c, '+49 (30) 1111111').resolved
        kit.same((r.customer, r.member, r.provisional), ('kim', 'son', False))
        kit.same(calls(c, customer='kim'), 1, 'what the prospect did')
        publish(c, pb, kit.event(pb, 'a4', alias='+49301111111'))
        kit.same(calls(c, alias='+49301111111'), 2)
        # two owners at once: ambiguous; ended for one: the other's; recycled: by its date
        publish(c, pb, kit.event(pb, 'a5', 'max', 'alias.added', {'alias': '+49301111111'}))
        d.settled()
        kit.same(resolve(c, '+49301111111').error.code, 'ambiguous')
        ack = c.call(publish=pb.Publish(events=[kit.event(pb, 'a6', alias='+49301111111')])).published.acks[0]
        kit.same((ack.result, ack.error.code), (3, 'ambiguous'))
        publish(c, pb, kit.event(pb, 'a7', 'kim', 'alias.removed', {'alias': '+49301111111'}))
        d.settled()
        kit.same(resolve(c, '+49301111111').resolved.customer, 'max')
        # merged: the old id leads on, with its alerts
        alert = publish(c, pb, kit.event(pb, 'm1', 'max', 'raise', {'n': 5}))[0].alerts[0]
        publish(c, pb, kit.event(pb, 'm2', 'max'), kit.event(pb, 'm3', 'max', 'identity.merged', {'into': 'kim'}))
        d.settled()
        read = c.call(read_customer=pb.ReadCustomer(customer='max')).customer
        kit.same((read.id, read.merged_from, calls(c, customer='max')), ('kim', 'max', 3))
        kit.same(resolve(c, '+49302222222').resolved.customer, 'kim')
        publish(c, pb, kit.event(pb, 'm4', 'max'))
        kit.same(calls(c, customer='kim'), 4, 'an event under the old id')
        kit.same(c.call(acknowledge=pb.Acknowledge(seq=alert.seq, index=alert.index)).WhichOneof('body'), 'acknowledged')
        # and back: no circle
        publish(c, pb, kit.event(pb, 'm5', 'kim', 'identity.merged', {'into': 'max'}))
        d.settled()
        kit.same(calls(c, customer='kim'), 4, 'after a merge back')
        publish(c, pb, kit.event(pb, 'm6', 'kim'))
        kit.same(calls(c, customer='max'), 5)
        # an alert that stays open through two merges is of whom they end in, whichever record is stored first
        publish(c, pb, kit.event(pb, 'm7', 'una', 'raise', {'n': 6}), kit.event(pb, 'm8', 'una', 'identity.merged', {'into': 'vic'}))
        d.settled()
        publish(c, pb, kit.event(pb, 'm9', 'vic', 'identity.merged', {'into': 'wes'}))
    digest = d.settled()
    d.stop()
    kit.same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0, 'its row')
    d.start()
    with d.client() as c:
        kit.same([(a.customer, a.text) for a in c.call(list_alerts=pb.ListAlerts()).alert_list.alerts], [('wes', 'raised 6')])
    d.kill()
    for shards in (1, 4):
        kit.same(bench.replay(d.data, shards)['digest'], digest, 'digest')
    d.start(shards=3)
    kit.same(d.settled(), digest, 'digest after a kill')


def an_event_without_a_time_happens_once(bench):
    """Its effect on the agent happens when the event did, however much later a restart emits it."""
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), env={'NUDGED_FAULT': 'effect_before_publish:1:kill'}, shards=1)
    try:
        with d.client() as c:
            c.call(publish=pb.Publish(events=[kit.event(pb, 'e', 'kim', agent='anna', attrs={'mood': 0.5})]))
    except (OSError, kit.nudge_client.Closed):
        pass
    d.wait()
    d.env = None
    time.sleep(0.3)
    d.start(shards=2)
    with d.client() as c:
        kit.check(c.call(publish=pb.Publish(events=[kit.event(pb, 'e', 'kim', agent='anna', attrs={'mood': 0.5})]))
                  .published.acks[0].result in (1, 2))
    digest = d.settled()
    with d.client() as c:
        kim = c.call(read_customer=pb.ReadCustomer(customer='kim')).customer
        anna = c.call(read_customer=pb.ReadCustomer(agent='anna')).customer
    kit.same([s.last_ms for s in anna.series if s.name == 'moods'], [s.last_ms for s in kim.series if s.name == 'calls'], 'when')
    d.kill()
    kit.same(bench.replay(d.data, 4)['digest'], digest)


def whose_line_an_alias_is(bench):
    """A member that is named counts for more than the one whose alias it is."""
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK + 'local lines = series { on = "call.ended", per = "member", name = "lines" }\n'
                                      'fact.lines = lines:count "7d"\n'), shards=3)
    with d.client() as c:
        publish(c, pb, kit.event(pb, 'a', 'kim', 'alias.added', {'alias': '+49301111111'}, member='son'))
        d.settled()
        publish(c, pb, kit.event(pb, 'b', alias='+49301111111'), kit.event(pb, 'c', alias='+49301111111', member='daughter'))
        kim = c.call(read_customer=pb.ReadCustomer(customer='kim')).customer
        kit.same({s.member: s.count for s in kim.series if s.name == 'lines'}, {'son': 1, 'daughter': 1})
    digest = d.settled()
    d.kill()
    kit.same(bench.replay(d.data)['digest'], digest)


def nudges_are_decided_once(bench):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), shards=2)
    f = Follower(d, pb, to='sms')
    with d.client() as c:
        publish(c, pb, *raises(pb, 0, 10, 'reach'))
        for a in f.take(10):
            kit.same((a.kind, a.nudge.choices[0].action, a.text), ('nudge', 'sorry', 'Sorry.'))
    digest = d.settled()
    d.kill()
    kit.same(bench.replay(d.data, 4)['digest'], digest)
    kit.same(sum('nudge' in e for e in bench.dump(d.data)), 10, 'nudges in the journal')


def a_nudge_keeps_its_recommendation(bench):
    """Over a clean stop it comes back from the store, where no journal tail makes it anew."""
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK))
    with d.client() as c:
        publish(c, pb, *raises(pb, 0, 3, 'reach'))
    d.settled()
    d.stop()
    d.start()
    for a in Follower(d, pb, to='sms').take(3):
        kit.same((a.kind, a.nudge.choices[0].action, a.nudge.choices[0].say), ('nudge', 'sorry', 'Sorry.'))


kit.Bench().run([several_followers_and_resuming, through_restarts_and_kills, what_was_dealt_with_does_not_come_back,
                 the_tool_lists_as_many_as_asked_for, more_open_alerts_than_a_record_holds, a_slow_follower_is_told,
                 recommendations, a_missed_deadline, aliases_and_merges, an_event_without_a_time_happens_once, whose_line_an_alias_is, nudges_are_decided_once,
                 a_nudge_keeps_its_recommendation])
