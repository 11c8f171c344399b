"""The agent as a person, as a client sees it: what is told beside actions, strain that follows contacts over crash and replay,
fewer actions under it, and an agent's own results that name nobody else.

    /usr/bin/python3 agents.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import random
import time

import kit

START = int(time.time() * 1000) - 50 * kit.DAY


def contact(pb, n, customer, agent, topic, time_ms, mood, start=0.0):
    about = dict(member='m', agent=agent, contact=f'k{n}', channel='call')
    return [kit.event(pb, f'a{n}', customer, 'contact.started', {'topic': topic}, time_ms=time_ms, **about),
            kit.event(pb, f'b{n}', customer, 'contact.ended', {'topic': topic, 'mood_start': start, 'mood_end': mood},
                      time_ms=time_ms + 300000, **about)]


def send(bench, d, events):
    with d.client() as c:
        for i in range(0, len(events), 200):
            kit.accepted(c.call(publish=bench.pb.Publish(events=events[i:i + 200])))


def telecom(bench):
    return os.path.join(bench.root, 'rules', 'telecom')


def ask(bench, d, **more):
    with d.client() as c:
        return c.call(recommend=bench.pb.Recommend(customer='nam', member='m', channel='call', intent='bill/error',
                                                   limit=16, **more)).recommendation


def strained(bench, d, agent='linh', by=kit.NOW()):
    """Three angry endings within the last hour, and three older contacts of the customer's own."""
    events = [kit.event(bench.pb, 'p', 'nam', 'profile.updated', {'name': 'Mr Nam'}, time_ms=START)]
    for i in (1, 2, 3):
        events += contact(bench.pb, i, 'nam', 'an', 'bill/error', by - (5 - i) * kit.DAY, -0.6)
    for i in range(3):
        events += contact(bench.pb, 10 + i, 'other', agent, 'other', by - (4 - i) * 600000, -0.6)
    send(bench, d, events)


def settled(bench, d, level):
    for _ in range(200):
        answer = ask(bench, d, agent='linh')
        if answer.strain.level == level:
            return answer
        time.sleep(0.02)
    raise kit.Failed(f'strain is {answer.strain}, not {level}')


def told_beside_actions(bench):
    for shards in (1, 4):
        d = bench.daemon(rules=telecom(bench), shards=shards)
        strained(bench, d)
        answer = settled(bench, d, 'strained')
        kit.same(len(answer.choices), 2, 'at most two under strain')
        kit.same((answer.strain.score, answer.strain.actions), (50, 2))
        kit.same([p.name for p in answer.strain.parts], ['angry'])
        kit.check('One thing at a time' in answer.strain.suggestion, answer.strain)
        kit.check(answer.opening.startswith('Good day'), answer.opening)
        kit.same([t.contact for t in answer.conversation], ['k3', 'k2', 'k1'])
        kit.check('about an error in a bill and left angry' in answer.conversation[0].text, answer.conversation)
        kit.check(any('in dispute' in g for g in answer.guidelines), answer.guidelines)
        calm = ask(bench, d, agent='tuan')
        kit.check(len(calm.choices) > 2 and not calm.strain.level, calm)
        kit.same(ask(bench, d).HasField('strain'), False, 'nobody in particular')
        d.kill()
        d.start()
        kit.same(settled(bench, d, 'strained').strain.score, 50, 'after kill -9')
        d.stop()
        for n in (1, 3):
            bench.replay(d.data, shards=n)


def rows(report):
    names = [c['name'] for c in report['columns']]
    return [dict(zip(names, r['cells'])) for r in report.get('rows', [])]


def own_results_name_nobody_else(bench):
    d = bench.daemon(rules=telecom(bench))
    rng, events, n = random.Random(3), [], 100
    for agent in ('linh', 'minh', 'hoa'):
        for i in range(60):
            at = START + rng.randrange(20) * kit.DAY + rng.randrange(8 * kit.HOUR)
            back = i % 2 == 0 if agent == 'linh' else i % 10 == 0
            customer = f'{agent[0]}{i}'
            events += contact(bench.pb, n, customer, agent, 'bill/pay', at, 0.3 if agent == 'linh' else -0.1 + 0.01 * (i % 7))
            if back:
                events += contact(bench.pb, n + 1, customer, agent, 'bill/pay', at + kit.DAY, 0.2)
            n += 2
    send(bench, d, events)
    for _ in range(200):
        shown = json.loads(d.ctl('agent', 'show', 'linh', '--json'))
        if [r['contacts'] for r in rows(shown['results'])] == [90]:
            break
        time.sleep(0.05)
    text = json.dumps(shown)
    kit.check('minh' not in text and 'hoa' not in text, 'another agent is named')
    row = rows(shown['learning'])[0]
    kit.same((row['repeats_verdict'], row['mood_change_verdict']), ('worse', 'better'))
    kit.check(row['repeats_low'] > 0 and row['mood_change_low'] > 0, row)
    people = d.ctl('agent', 'show', 'linh')
    for part in ('bill/pay', 'came back', 'thank you', 'what could be learned', 'strain'):
        kit.check(part in people, part, people)
    kit.same(d.ctl('agent', 'show', 'nobody', ok=False).returncode, 1)
    d.stop()


kit.Bench().run([told_beside_actions, own_results_name_nobody_else])
