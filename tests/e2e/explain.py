#!/usr/bin/python3
"""Why did it decide so, and what was known then: the past recomputed, compared with what was recorded, with a machine that
was stopped there, and behind what the journal has let go."""
import collections
import json
import os
import random
import subprocess
import sys
import time

import kit
from kit import check, same

STOPPED = sys.argv.pop(4) # the machine that is stopped: stopped.c
DECISIONS, MOMENTS = 1000, 100
SMALL = ['--clock', 'events', '--sweep-ms', '30', '--segment-mb', '1', '--reserve-mb', '1']


def ask(pb, chance, customers):
    """A request such as an agent's desk makes."""
    asked = pb.Recommend(customer=chance.choice(customers), channel=chance.choice(['call', 'sms', 'web']), limit=3)
    if chance.random() < 0.7:
        asked.agent = 'agent-%d' % chance.randrange(1, 5)
    if chance.random() < 0.5:
        asked.topic = chance.choice(['bill', 'messages', 'reception', 'contract'])
    if chance.random() < 0.3:
        asked.has_mood, asked.mood = True, round(chance.uniform(-1, 1), 2)
    if chance.random() < 0.3:
        asked.member = chance.choice(['father', 'mother', 'daughter'])
    return asked


def play(bench, d, days, decisions, households=12):
    """Simulated traffic with decisions asked in between. Returns the ids of decisions and the customers."""
    chance, ids, seen = random.Random(5), [], set()
    lines = bench.ctl('simulate', '--households', str(households), '--days', str(days), '--seed', '11', '--story').splitlines()
    every = max(1, len(lines) // 60)
    for at in range(0, len(lines), every):
        part = lines[at:at + every]
        d.ctl('send', '-', data='\n'.join(part + ['']).encode())
        seen.update(c for c in (json.loads(line).get('customer') for line in part) if c)
        with d.client() as c:
            c.hello()
            for _ in range(max(1, decisions * every // len(lines) + 1)):
                ids.append(c.call(recommend=ask(bench.pb, chance, sorted(seen))).recommendation.decision)
    return ids, sorted(seen)


def telecom(bench, **more):
    return bench.daemon(rules=os.path.join(bench.root, 'rules', 'telecom'), **more)


def explained(bench, c, **fields):
    answer = c.call(explain=bench.pb.Explain(**fields))
    check(answer.HasField('explanation'), fields, answer.error)
    return answer.explanation


def refused(bench, c, code, words, **fields):
    answer = c.call(explain=bench.pb.Explain(**fields))
    same(answer.error.code, code, str(answer)[:200])
    for word in words:
        check(word in answer.error.reason, repr(word), 'is not in', repr(answer.error.reason))


def past_decisions_are_what_they_were(bench):
    d = telecom(bench, args=SMALL + ['--segment-mb', '16'], shards=2) # while a small one is made, decisions go unrecorded
    ids, customers = play(bench, d, 20, DECISIONS + 50)
    check(len(set(ids)) > DECISIONS, len(ids), 'decisions only')
    until = time.time() + 30
    while d.status().journal_durable < d.status().journal_last and time.time() < until:
        time.sleep(0.05) # decisions are answered before they are on disk
    d.kill()
    d.start(shards=3)
    chance = random.Random(1)
    foreign = 0
    with d.client() as c:
        c.hello()
        for decision in chance.sample(ids, DECISIONS):
            x = explained(bench, c, decision=decision)
            check(x.recomputed.identical and x.decision.identical, decision, x.recomputed.verdict)
            same(x.decision.id, decision)
            check('identical' in x.recomputed.verdict and x.recomputed.differing == 0, x.recomputed.verdict)
            same([(w.action, w.score, w.propensity, w.value, w.context, w.lever) for w in x.recommendation.choices],
                 [(w.action, w.score, w.propensity, w.value, w.context, w.lever) for w in x.decision.choices], decision)
            same(x.recommendation.time_ms, x.decision.ask.time_ms)
            whole(x.recommendation)
            foreign += x.decision.foreign_reads
        check(foreign > 100, 'few decisions read of others:', foreign)
        moments_are_what_a_stopped_machine_has(bench, d, c, customers)
        events_say_what_they_did(bench, d, c)
        errors_say_what_to_do(bench, d, c, ids, customers)
    d.stop()
    for decision in chance.sample(ids, 5): # the same code, without the daemon
        out = json.loads(bench.ctl('explain', '--decision', decision, '--data', d.data, '--json'))
        check(out['decision']['identical'] and out['recomputed']['identical'], out['recomputed']['verdict'])
    texts(bench, d, ids, customers)


def whole(r):
    """Every action of the pack, each with all its gates; those left out say what would have made them win."""
    left = {l.action: l for l in r.left_out}
    for a in r.actions:
        same([g.name for g in a.gates], ['channel', 'goal', 'eligible', 'applicable', 'suitable'], a.action)
        check(all(g.state in ('passed', 'held', 'unknown', 'open') for g in list(a.gates) + list(a.policies)), a.action)
        check((a.rank > 0) == (a.action not in left), a.action, 'is chosen and left out')
        if a.rank:
            same(r.choices[a.rank - 1].score, a.score, a.action)
            check(all(g.state in ('passed', 'open') for g in list(a.gates) + list(a.policies)), a.action, 'is not open')
            continue
        same(a.gate, left[a.action].gate, a.action)
        check(a.to_win, a.action, 'says nothing of what would have made it win')
        if a.gate in ('eligible', 'applicable', 'suitable'):
            state = next(g for g in a.gates if g.name == a.gate)
            same(state.state, 'unknown' if left[a.action].unknown else 'held', a.action)
            check(state.missing and state.missing in a.to_win, a.action, state.missing, a.to_win)
        elif a.gate == 'policy':
            check(any(p.state == 'held' and p.missing for p in a.policies), a.action)
        elif a.gate == 'rank':
            same(a.score, left[a.action].score, a.action)


def moments_are_what_a_stopped_machine_has(bench, d, c, customers):
    entries = bench.dump(d.data)
    of = collections.defaultdict(list)
    for e in entries:
        if 'customer' in e and (e['kind'] != 'decision' or 'nudge' in e):
            of[e['customer']].append(e)
    chance, asked = random.Random(3), []
    for _ in range(MOMENTS):
        customer = chance.choice(customers)
        after = chance.choice(of[customer])
        asked.append((chance.randrange(after['seq'], entries[-1]['seq'] + 1), customer))
    asked.sort()
    told = subprocess.run([STOPPED, d.data], check=True, stdout=subprocess.PIPE,
                          input=''.join('%d %s\n' % a for a in asked).encode()).stdout.decode().split()
    digests = told[2::3]
    same(len(digests), MOMENTS)
    for (seq, customer), digest in zip(asked, digests):
        x = explained(bench, c, ask=bench.pb.Recommend(customer=customer), as_of_seq=seq)
        same((x.digest, x.recomputed.identical, x.recomputed.differing), (digest, True, 0), '%s as of %d' % (customer, seq))
        same(x.recomputed.entries, sum(e['seq'] <= seq for e in of[customer]), customer)
        same(x.subject, customer)
    check(len(set(digests)) > MOMENTS // 2, 'the moments are all alike')
    # By time: what had been received by then, no more.
    for customer in chance.sample(customers, 5):
        e = chance.choice(of[customer])
        x = explained(bench, c, ask=bench.pb.Recommend(customer=customer, time_ms=e['received_at_ms']))
        last = max(o['seq'] for o in of[customer] if o['received_at_ms'] <= e['received_at_ms'])
        y = explained(bench, c, ask=bench.pb.Recommend(customer=customer), as_of_seq=last)
        same(x.digest, y.digest, customer)


def events_say_what_they_did(bench, d, c):
    """An event whose rules alerted and nudged; one that its agent heard of; one of which nothing came."""
    kinds = collections.Counter()
    nudges = [e for e in bench.dump(d.data) if 'nudge' in e]
    by_rules = [e for e in nudges if not e['nudge']['rule'].startswith('campaign:')]
    by_campaigns = [e for e in nudges if e['nudge']['rule'].startswith('campaign:')]
    check(by_rules and by_campaigns, 'nobody was nudged:', len(by_rules), len(by_campaigns))
    for e in by_rules[:3] + by_campaigns[:2]:
        x = explained(bench, c, entry=e['nudge']['source_seq'])
        check(x.recomputed.identical and x.entry.identical, x.recomputed.verdict)
        if e in by_rules:
            rule = next(r for r in x.rules if r.rule == e['nudge']['rule'])
            same((rule.came, rule.when.state in ('passed', 'open')), ('fired', True), rule.rule)
            check(any('nudge' in t for t in rule.did) and rule.why, rule)
        check(any(e['nudge']['id'] in t for t in x.entry.nudges), x.entry.nudges)
        n = explained(bench, c, decision=e['nudge']['id'])
        check(n.decision.nudge and n.decision.identical, n.recomputed.verdict)
        if x.entry.event.id: # by its id, in its customer's history
            y = explained(bench, c, ask=bench.pb.Recommend(customer=x.subject), event=x.entry.event.id,
                          source=x.entry.event.source)
            same(y, x, 'by id')
    for e in bench.dump(d.data):
        if e['kind'] == 'event' and e['event'].get('type') == 'contact.ended' and e['event'].get('agent'):
            x = explained(bench, c, entry=e['seq'])
            check(x.recomputed.identical, x.recomputed.verdict)
            kinds.update(r.came for r in x.rules)
            kinds['agents'] += sum(r.about == 'agent' and r.subject == e['event']['agent'] for r in x.rules)
            check(all(r.reason or r.came == 'fired' for r in x.rules), x.rules)
            if kinds['agents'] > 5 and kinds['held'] > 5:
                break
    check(kinds['agents'] and kinds['held'], kinds)


def errors_say_what_to_do(bench, d, c, ids, customers):
    pb = bench.pb
    who = pb.Recommend(customer=customers[0])
    boot, count = ids[0].split('-')
    refused(bench, c, 'missing', ['nobody', 'no entry'], ask=pb.Recommend(customer='nobody'))
    refused(bench, c, 'missing', ['nothing was known', 'received later'], ask=pb.Recommend(customer=customers[0], time_ms=1))
    refused(bench, c, 'missing', ['the newest is'], ask=who, as_of_seq=10 ** 12)
    refused(bench, c, 'missing', ['is not in the journal'], decision='%s-%d' % (boot, 10 ** 9))
    refused(bench, c, 'missing', ['is not in the journal'], decision='5-5')
    refused(bench, c, 'invalid', ['BOOT-COUNT'], decision='yesterday')
    refused(bench, c, 'invalid', ['exactly one'])
    refused(bench, c, 'missing', ['is an event with the id no-such'], ask=who, event='no-such')
    refused(bench, c, 'invalid', ['boot', 'about nobody'], entry=1)
    refused(bench, c, 'missing', ['there is no entry'], entry=10 ** 12)


def texts(bench, d, ids, customers):
    text = bench.ctl('explain', '--decision', ids[-1], '--data', d.data)
    for words in (ids[-1], 'proven:', 'the decision itself is identical', 'recorded ', 'every action, whole', 'to win',
                  'score    ', 'propensity'):
        check(words in text, repr(words), 'is not in\n', text[:3000])
    text = bench.ctl('explain', customers[0], '--data', d.data)
    for words in ('customer ' + customers[0], 'proven:', 'known then', 'what would have been recommended'):
        check(words in text, repr(words), 'is not in\n', text[:3000])
    for args, words in ((['nobody'], 'nothing is known'), (['--decision', '1-1'], 'not in the journal'),
                        ([customers[0], '--at', '1971-01-01'], 'nothing was known')):
        done = bench.ctl('explain', *args, '--data', d.data, ok=False)
        same((done.returncode, words in done.stderr.decode()), (1, True), done.stderr.decode())
    for args in ([], ['a', '--decision', '1-1'], ['--entry', '4', '--event', 'e'], ['a', '--at', '2026-01-01', '--as-of', '3']):
        same(bench.ctl('explain', *args, ok=False).returncode, 2, args)
    done = bench.ctl('explain', 'a', '--data', bench.path('nowhere'), ok=False)
    same(done.returncode, 1, done.stderr.decode())


def what_the_journal_let_go_is_in_the_base_store(bench):
    """Small segments that go at once. Everything that was decided and is still there is proven; a copy of the journal, taken
    before anything went, tells what the records were."""
    killed = {'base_before_commit': 0, 'base_after_commit': 0, 'journal_retire_segment': 0}
    d = telecom(bench, args=SMALL + ['--journal-keep-mb', '0'])
    whole_copy = telecom(bench, args=SMALL) # the same traffic, and nothing goes
    ids, customers = play(bench, whole_copy, 25, 60, households=25)
    whole_copy.stop()
    send_all(bench, d, 25, 25, killed)
    check(all(killed.values()), 'not all were reached:', killed)
    first = wait_until_gone(d)
    with d.client() as c:
        c.hello()
        decisions = [c.call(recommend=ask(bench.pb, random.Random(i), customers)).recommendation.decision for i in range(50)]
        d.ctl('send', '-', data=others(-1, 1)[0].encode()) # and what was decided before it is on disk
        recorded = {e['decision']['id'] for e in bench.dump(d.data) if 'decision' in e} # not while a segment is being made
        based = 0
        check(len(recorded & set(decisions)) > 40, 'few decisions are recorded')
        for decision in recorded & set(decisions):
            x = explained(bench, c, decision=decision)
            check(x.recomputed.identical and x.decision.identical, x.recomputed.verdict)
            based += x.recomputed.base_seq > 0
        check(based > 20, 'the base store was hardly used:', based)
        refused(bench, c, 'missing', ['is not kept any more'], ask=bench.pb.Recommend(customer=customers[0]), as_of_seq=first - 10)
        mine = {who: explained(bench, c, ask=bench.pb.Recommend(customer=who)).digest for who in customers}
    d.kill()
    whole_copy.start()
    with whole_copy.client() as c:
        c.hello()
        theirs = {who: explained(bench, c, ask=bench.pb.Recommend(customer=who)).digest for who in customers}
    same(mine, theirs, 'records recomputed from the base store and from the first entry')


def send_all(bench, d, households, days, killed):
    """Simulated traffic, while the daemon is killed at each of the points in turn; others' events until all are reached."""
    lines = bench.ctl('simulate', '--households', str(households), '--days', str(days), '--seed', '11', '--story').splitlines()
    points, every = list(killed), max(1, len(lines) // 40)
    parts = [lines[at:at + every] for at in range(0, len(lines), every)]
    last = json.loads(lines[-1])['time_ms']
    for at in range(len(parts) + 200):
        armed = (d.env or {}).get('NUDGED_FAULT')
        if at >= len(parts) and not points and not armed:
            return
        part = parts[at] if at < len(parts) else others(at, last)
        if points and not armed and at:
            d.kill()
            d.env = {'NUDGED_FAULT': points.pop(0) + ':1:kill'}
            d.start()
        while d.ctl('send', '-', data='\n'.join(part + ['']).encode(), ok=False).returncode:
            died(d, killed) # what was sent is sent again, and applied once
        if armed:
            time.sleep(0.05) # folding comes last
        if d.process.poll() is not None:
            died(d, killed)


def others(at, last):
    return [json.dumps({'id': '%d-%d' % (at, i), 'source': 'filler', 'customer': 'other-%d' % i, 'type': 'profile.updated',
                        'time_ms': last, 'attributes': {'note': 'x' * 400}}) for i in range(500)]


def died(d, killed):
    d.process.wait()
    killed[d.env['NUDGED_FAULT'].split(':')[0]] += 1
    d.env = None
    d.kill()
    d.start()


def wait_until_gone(d):
    until = time.time() + 60
    while time.time() < until:
        first = d.status().journal_first
        if first > 1:
            return first
        time.sleep(0.1)
    raise kit.Failed('nothing was let go')


def without_a_base_store_the_past_begins_where_the_journal_does(bench):
    d = telecom(bench, args=SMALL + ['--journal-keep-mb', '0', '--base', 'off'])
    send_all(bench, d, 25, 25, {})
    first = wait_until_gone(d)
    check(not os.path.exists(os.path.join(d.data, 'base')), 'there is a base store')
    with d.client() as c:
        c.hello()
        refused(bench, c, 'missing', ['is gone', 'no base store was kept'], ask=bench.pb.Recommend(customer='household-nguyen'))
        decision = c.call(recommend=bench.pb.Recommend(customer='household-nguyen')).recommendation.decision
        refused(bench, c, 'missing', ['is gone'], decision=decision)
    d.stop()
    d.args[d.args.index('off')] = 'on' # too late: what went cannot be brought back, and it says so
    d.start()
    with d.client() as c:
        c.hello()
        refused(bench, c, 'missing', ['is gone'], ask=bench.pb.Recommend(customer='household-nguyen'))
    check('no base store is kept' in d.said(), d.said()[-500:])


def the_base_store_is_not_far_ahead_of_the_journal(bench):
    """Many segments are to go at once, and a kill comes before the first of them does: the others can still be explained."""
    keep_none, keep_all = SMALL + ['--journal-keep-mb', '0'], SMALL + ['--journal-keep-mb', '1000']
    d = telecom(bench, args=keep_none)
    def send(at):
        return d.ctl('send', '-', data='\n'.join(others(at, kit.NOW()) + ['']).encode(), ok=False).returncode
    at = 0
    while d.status().journal_first == 1:
        check(at < 200, 'nothing was let go')
        same(send(at), 0)
        at += 1
    d.kill()
    d.args = keep_all
    d.start()
    for at in range(1000, 1016):
        same(send(at), 0)
    first = d.status().journal_first
    d.stop()
    d.args, d.env = keep_none, {'NUDGED_FAULT': 'journal_retire_segment:1:kill'}
    d.start()
    for at in range(2000, 2200):
        if send(at):
            break
    check(d.wait(60) != 0, 'it was not reached')
    d.args, d.env = keep_all, None
    d.start()
    last = d.status().journal_last
    same(d.status().journal_first, first)
    with d.client() as c:
        c.hello()
        for part in (2, 3, 4):
            explained(bench, c, ask=bench.pb.Recommend(customer='other-7'), as_of_seq=first + (last - first) * part // 5)


def merged_customers_are_followed(bench):
    d = telecom(bench, args=['--sweep-ms', '30'])
    day = 1_750_000_000_000
    def event(i, customer, kind, **attributes):
        return dict(id=str(i), source='crm', customer=customer, type=kind, time_ms=day + i * 60000, attributes=attributes)
    lines = [event(1, 'old', 'profile.updated', lines=2), event(2, 'new', 'profile.updated', area='north'),
             event(3, 'old', 'identity.merged', into='new'), event(4, 'new', 'profile.updated', lines=5)]
    def send(these):
        d.ctl('send', '-', data='\n'.join(json.dumps(e) for e in these).encode())
    send(lines[:2])
    before = d.status().journal_durable
    send(lines[2:])
    with d.client() as c:
        c.hello()
        x = explained(bench, c, ask=bench.pb.Recommend(customer='old'), as_of_seq=before)
        same((x.subject, x.merged_from), ('old', ''))
        x = explained(bench, c, ask=bench.pb.Recommend(customer='old'))
        same((x.subject, x.merged_from, x.recomputed.identical), ('new', 'old', True))
        same({h.attribute.name for h in x.state.attributes}, {'lines', 'area'})
        refused(bench, c, 'missing', ['before the past that is kept', 'imported'], ask=bench.pb.Recommend(customer='new', time_ms=day))


if __name__ == '__main__':
    kit.Bench().run([past_decisions_are_what_they_were, what_the_journal_let_go_is_in_the_base_store,
                     the_base_store_is_not_far_ahead_of_the_journal, without_a_base_store_the_past_begins_where_the_journal_does,
                     merged_customers_are_followed])
