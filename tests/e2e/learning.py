"""Propensity learned from outcomes, as a client and an operator see it: decisions follow what was accepted, on every shard;
the models survive kill and stop; replay confirms every outcome and decision; `model show`, `export` and `reset`.

    /usr/bin/python3 learning.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import random
import time

import kit

START = int(time.time() * 1000) - 3000000  # the same for every daemon of this run
PACK = '''pack { name = "learner"%s }
fact.size = calc({ n = attr "lines" }, function(v) return v.n and (v.n > 1 and "many" or "one") end)
action "tea" { goal = "serve", value = { customer = 0.5, business = 0.5 }, say = "Tea?",
  propensity = { start = 0.5, evidence = 10, by = { "size" } } }
action "coffee" { goal = "serve", value = { customer = 0.5, business = 0.5 }, say = "Coffee?",
  propensity = { start = 0.4, evidence = 10, strength = 5, by = { "size", "segment" }, half_life = "30d" } }
action "water" { goal = "serve", value = { customer = 0.5, business = 0.5 }, say = "Water?", propensity = { start = 0.1 } }
'''


def customers(bench, d, count):
    with d.client() as c:
        for i in range(count):
            attrs = {'lines': float(1 + i % 3), 'segment': 'gold' if i % 4 == 0 else 'plain'}
            kit.accepted(c.call(publish=bench.pb.Publish(
                events=[kit.event(bench.pb, f'p{i}', f'c{i}', 'profile.updated', attrs, time_ms=START)])))


def outcome(bench, c, n, customer, action, kind, decision=''):
    answer = c.call(outcome=bench.pb.Outcome(id=f'o{n}', source='crm', customer=customer, action=action, channel='call',
                                             kind=kind, decision=decision, time_ms=START + 1000))
    kit.same(answer.outcome_recorded.ack.result, bench.pb.Ack.ACCEPTED, answer)


def models(d, *args):
    return json.loads(d.ctl('model', 'show', '--json', *args))


def settled(d, trials):
    for _ in range(200):
        got = sum(int(m['own'].get('trials', 0)) for m in models(d)['models'])
        if got == trials:
            return
        time.sleep(0.02)
    raise kit.Failed(f'{got} outcomes learned, {trials} were sent')


def teach(bench, d, count, seed=1, begin=0):
    """Coffee is taken by those with many lines, tea hardly ever."""
    rng = random.Random(seed)
    told = {}
    with d.client() as c:
        for n in range(begin, begin + count):
            who = rng.randrange(40)
            action = rng.choice(['tea', 'coffee'])
            p = 0.1 if action == 'tea' else 0.9 if who % 3 else 0.2
            kind = 'accepted' if rng.random() < p else rng.choice(['rejected', 'ignored'])
            outcome(bench, c, n, f'c{who}', action, kind)
            a = told.setdefault(action, [0, 0])
            a[0] += 1
            a[1] += kind == 'accepted'
            if n % 3 == 0:  # these teach nothing
                outcome(bench, c, f'{n}s', f'c{who}', action, rng.choice(['shown', 'offered', 'later']))
    return told


def recommend(bench, d, customer):
    with d.client() as c:
        return c.call(recommend=bench.pb.Recommend(customer=customer, channel='call')).recommendation


def counts(d):
    return {m['action']: (int(m['own'].get('trials', 0)), int(m['own'].get('accepted', 0))) for m in models(d)['models']}


def learned(bench, shards):
    d = bench.daemon(shards=shards)
    d.ctl('rules', 'activate', bench.pack(PACK % ''))
    customers(bench, d, 40)
    kit.same(recommend(bench, d, 'c1').choices[0].action, 'tea')
    told = teach(bench, d, 200)
    settled(d, 200)
    for action in told:
        kit.same(counts(d)[action], tuple(told[action]))
    kit.same(counts(d)['water'], (0, 0))
    for who in ('c1', 'c2'):  # with many lines
        r = recommend(bench, d, who)
        kit.same(r.choices[0].action, 'coffee')
        kit.check(r.choices[0].propensity > 0.7, r.choices[0].propensity)
        kit.check(any('learned from' in reason for reason in r.choices[0].reasons), r.choices[0].reasons)
    one = {c.action: c.propensity for c in recommend(bench, d, 'c0').choices}
    many = {c.action: c.propensity for c in recommend(bench, d, 'c1').choices}
    kit.check(one['coffee'] < 0.5 < many['coffee'], one, many)
    kit.same(one['water'], 0.1)
    segments = {s['segment'] for s in models(d, 'coffee')['models'][0]['segments']}
    kit.check({'many / plain', 'one / plain'} <= segments, segments)
    return d


def through_everything(bench, shards):
    """The same models, decisions and digest live, after a kill, after a stop, and in a replay."""
    d = learned(bench, shards)
    digest, shown, before = d.digest(), models(d)['models'], recommend(bench, d, 'c1')
    d.kill()
    d.start()
    kit.same(d.digest(), digest)
    kit.same(models(d)['models'], shown)
    kit.same([(c.action, c.propensity) for c in recommend(bench, d, 'c1').choices],
             [(c.action, c.propensity) for c in before.choices])
    teach(bench, d, 50, seed=2, begin=1000)
    settled(d, 250)
    digest, shown = d.digest(), models(d)['models']
    d.stop()
    d.start()
    kit.same((d.digest(), models(d)['models']), (digest, shown))
    d.stop()
    for n in (1, 4):
        kit.same(bench.replay(d.data, n)['digest'], digest)


def one_shard(bench):
    through_everything(bench, 1)


def four_shards(bench):
    through_everything(bench, 4)


def shards_agree(bench):
    kit.same(learned(bench, 1).digest(), learned(bench, 4).digest())


def closed_once(bench):
    """Of one decision and action the first answer counts; without a decision each is an offer of its own."""
    d = bench.daemon()
    d.ctl('rules', 'activate', bench.pack(PACK % ''))
    with d.client() as c:
        decision = c.call(recommend=bench.pb.Recommend(customer='kim')).recommendation.decision
        outcome(bench, c, 1, 'kim', 'tea', 'rejected', decision)
        outcome(bench, c, 2, 'kim', 'tea', 'accepted', decision)
        outcome(bench, c, 3, 'kim', 'coffee', 'accepted', decision)
        outcome(bench, c, 4, 'kim', 'tea', 'accepted')
        refused = c.call(outcome=bench.pb.Outcome(id='o5', source='crm', customer='kim', action='unheard', channel='call', kind='accepted'))
        kit.same((refused.error.code, refused.error.field), ('invalid', 'action'))
    settled(d, 3)
    kit.same(counts(d), {'tea': (2, 1), 'coffee': (1, 1), 'water': (0, 0)})


def cut_off(bench):
    """Killed between an outcome and what it teaches, again and again: each outcome is learned exactly once."""
    for shards in (1, 4):
        d = bench.daemon(shards=shards, args=['--sweep-ms', '20'])
        d.ctl('rules', 'activate', bench.pack(PACK % ''))
        sent = 0
        for nth in range(1, 7):
            d.stop()
            d.start(env={'NUDGED_FAULT': 'effect_before_publish:%d:kill' % nth})
            try:
                with d.client() as c:
                    for k in range(nth + 3):
                        sent += 1
                        outcome(bench, c, sent, f'c{sent % 7}', 'tea' if sent % 2 else 'coffee', 'accepted')
            except (OSError, kit.nudge_client.Closed):
                pass
            d.wait()
            d.start()
            with d.client() as c:  # what was not acknowledged is sent again, and the rest is a duplicate
                for n in range(1, sent + 1):
                    c.call(outcome=bench.pb.Outcome(id=f'o{n}', source='crm', customer=f'c{n % 7}', channel='call',
                                                    action='tea' if n % 2 else 'coffee', kind='accepted',
                                                    time_ms=START + 1000))
            settled(d, sent)
        kit.same(counts(d), {'tea': ((sent + 1) // 2,) * 2, 'coffee': (sent // 2,) * 2, 'water': (0, 0)})
        digest = d.settled()
        d.stop()
        kit.same(bench.replay(d.data, 4)['digest'], digest)


def reset(bench):
    d = learned(bench, 4)
    done = d.ctl('model', 'reset', 'coffee', ok=False)
    kit.check(done.returncode == 2 and b'--yes' in done.stderr, done)
    done = d.ctl('model', 'reset', 'cofee', '--yes', ok=False)
    kit.check(done.returncode == 1 and b'did you mean "coffee"' in done.stderr, done)
    kit.check('coffee forgets' in d.ctl('model', 'reset', 'coffee', '--yes', '--by', 'bea'))
    for _ in range(100):
        if counts(d)['coffee'] == (0, 0):
            break
        time.sleep(0.02)
    kit.same(counts(d)['coffee'], (0, 0))
    kit.check(counts(d)['tea'][0] > 50)
    for _ in range(8):  # whichever shard answers
        kit.same({c.action: c.propensity for c in recommend(bench, d, 'c1').choices}['coffee'], 0.4)
    digest = d.digest()
    d.kill()
    d.start()
    kit.same((d.digest(), counts(d)['coffee']), (digest, (0, 0)))
    d.stop()
    kit.same(bench.replay(d.data, 2)['digest'], digest)


def another_pack(bench):
    """What was learned outlives the pack; other segments begin anew, the action's own counts stay."""
    d = learned(bench, 4)
    d.ctl('rules', 'activate', bench.pack((PACK % '').replace('by = { "size", "segment" }', 'by = { "segment" }')
                                          .replace('action "water"', 'action "juice"')))
    was = counts(d)
    kit.check(was['coffee'][0] > 50 and 'water' not in was and was['juice'] == (0, 0), was)
    with d.client() as c:
        outcome(bench, c, 'x', 'c0', 'coffee', 'accepted')
    settled(d, 201)
    kit.same([s['segment'] for s in models(d, 'coffee')['models'][0]['segments']], ['gold'])
    lag = {g.name: g.value for g in d.status().gauges}['model_lag_p50']
    kit.check(0 < lag < 1e6, lag)
    digest = d.digest()
    d.stop()
    d.start()
    kit.same(d.digest(), digest)


def another_pack_at_start(bench):
    """A pack that is active from a start on: its actions stand elsewhere in it, and have what they learned all the same."""
    d = learned(bench, 2)
    was = {c.action: c.propensity for c in recommend(bench, d, 'c1').choices}
    d.stop()
    milk = 'action "milk" { goal = "serve", value = { customer = 0.1, business = 0.1 }, say = "Milk?" }\naction "tea"'
    d.start(rules=bench.pack((PACK % '').replace('action "tea"', milk)))
    got = {c.action: c.propensity for c in recommend(bench, d, 'c1').choices}
    kit.same({name: got.get(name) for name in was}, was)
    kit.same(counts(d)['milk'], (0, 0))


def tried_and_controlled(bench):
    """Draws and the control group are recorded, shown, and come out the same in a replay."""
    d = bench.daemon(shards=2)
    d.ctl('rules', 'activate', bench.pack(PACK % ', explore = 0.5, control = 0.2'))
    customers(bench, d, 40)
    teach(bench, d, 150)
    settled(d, 150)
    drawn = control = 0
    with d.client() as c:
        for n in range(400):
            r = c.call(recommend=bench.pb.Recommend(customer=f'c{n % 40}')).recommendation
            control += r.control
            drawn += any(x.drawn for x in r.choices)
            kit.check(not (r.control and any(x.drawn for x in r.choices)))
            if r.control:
                kit.same(sorted(x.propensity for x in r.choices), [0.1, 0.4, 0.5])
                kit.check(all('control group' in x.reasons[-1] for x in r.choices), r)
            for x in r.choices:
                kit.check(not x.drawn or any('drawn to try it' in reason for reason in x.reasons), x)
    kit.check(100 < drawn < 230 and 10 <= control <= 160 and control % 10 == 0, drawn, control)
    model = models(d, 'coffee')['models'][0]
    kit.check(int(model['control_trials']) > 0, model)
    digest = d.digest()
    d.stop()
    kit.same(bench.replay(d.data, 4)['digest'], digest)


def shown(bench):
    d = learned(bench, 1)
    text = d.ctl('model', 'show')
    kit.check(all(name in text for name in ('tea', 'coffee', 'water', 'maturity')), text)
    text = d.ctl('model', 'show', 'coffee')
    kit.check('calibration' in text and 'many / plain' in text and 'learned from' in text, text)
    kit.check('Nothing learned yet' in d.ctl('model', 'show', 'water'))
    lines = d.ctl('model', 'export').splitlines()
    kit.same(lines[0].split(',')[:4], ['action', 'segment', 'trials', 'accepted'])
    total = sum(int(x.split(',')[2]) for x in lines[1:] if x.split(',')[1] == '')
    parts = sum(int(x.split(',')[2]) for x in lines[1:] if x.split(',')[1] != '')
    kit.same((total, parts), (200, 200))
    kit.same(d.ctl('model', 'show', 'beer', ok=False).returncode, 1)


kit.Bench().run([one_shard, four_shards, shards_agree, closed_once, cut_off, reset, another_pack, another_pack_at_start,
                 tried_and_controlled, shown])
