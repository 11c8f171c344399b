"""Effects of actions and budgets in the daemon: over shards, kill and restart, in replay and explain.

    /usr/bin/python3 effects.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import time

import kit

PACK = '''pack { name = "shop", currency = "EUR" }
contacts { }
local complaint = case { opens = "complaint.opened", closes = "complaint.closed", key = "complaint", meaning = "complaint" }
churn { on = "contract.cancelled" }
budget { group = "stay", at_most = 1000, say = "This month's credits are given." }
action "credit" { goal = "retain", group = "stay", cost = 100, value = { customer = 0.9, business = 0.9 }, say = "A credit." }
action "check-up" { goal = "nurture", holdout = 0.5, asks = { "check" }, value = { customer = 0.6, business = 0.6 },
  say = "Does your plan still fit?" }
action "listen" { goal = "serve", value = { customer = 0.1, business = 0.1 }, say = "I listen." }
'''
CUSTOMERS = 120


def recommend(bench, c, customer, **more):
    return c.call(recommend=bench.pb.Recommend(customer=customer, agent='linh', channel='call', **more)).recommendation


def actions_of(r):
    return [choice.action for choice in r.choices]


def report(d, name, *args):
    return json.loads(d.ctl('report', name, '--json', *args))['rows']


def row(rows, **wanted):
    found = [r for r in rows if all(r[name] == value for name, value in wanted.items())]
    kit.same(len(found), 1, (wanted, rows))
    return found[0]


def tell(bench, c, n, customer, kind, action, **more):
    answer = c.call(outcome=bench.pb.Outcome(id=f'o{n}', source='crm', customer=customer, action=action, channel='call',
                                             kind=kind, **more))
    kit.check(answer.outcome_recorded.ack.result == bench.pb.Ack.ACCEPTED, answer)


def a_budget_holds_on_every_shard(bench):
    """what one shard's customers were given, all shards know; an end on the first of the next month"""
    d = bench.daemon(rules=bench.pack(PACK), shards=4)
    with d.client() as c:
        for n in range(10):
            kit.check('credit' in actions_of(recommend(bench, c, f'c{n}')), n)
            tell(bench, c, n, f'c{n}', 'offered', 'credit')
        d.settled()
        for n in range(20, 40):
            kit.check('credit' not in actions_of(recommend(bench, c, f'c{n}')), n)
        left = {l.action: l for l in recommend(bench, c, 'c50', explain=True).left_out}['credit']
        kit.same(left.gate, 'policy')
        kit.check('10.00 of 10.00 EUR' in left.reason, left.reason)
        first = time.gmtime(left.until_ms / 1000)
        kit.same((first.tm_mday, first.tm_hour, first.tm_min), (1, 0, 0))
        kit.check('credit' in actions_of(recommend(bench, c, 'c3')), 'what was offered holds')
        tell(bench, c, 10, 'c1', 'rejected', 'credit')
        tell(bench, c, 11, 'c2', 'accepted', 'credit', money=bench.pb.Money(cost=60, currency='EUR'))
        d.settled()
        kit.check('credit' in actions_of(recommend(bench, c, 'c60')), 'what was refused is free again')
    rows = report(d, 'budgets')
    kit.check('given, budget, left in EUR' in d.ctl('report', 'budgets'), 'people read amounts in the currency')
    kit.same((rows[0]['given'], rows[0]['budget'], rows[0]['left'], rows[0]['offers']), (860, 1000, 140, 9))
    digest = d.settled()
    d.kill()
    d.start()
    kit.same(d.settled(), digest)
    kit.same(report(d, 'budgets'), rows)
    with d.client() as c:
        tell(bench, c, 12, 'c70', 'accepted', 'credit', money=bench.pb.Money(cost=90, currency='EUR'))
        d.settled()
        kit.check('credit' not in actions_of(recommend(bench, c, 'c71')), 'copies are as they were')
    d.stop()
    bench.replay(d.data, 4)
    bench.replay(d.data, 1)


def live(bench, d, start_ms):
    """All are asked twice; those who are held out call, complain or leave, the others do not."""
    withheld = []
    with d.client() as c:
        for n in range(CUSTOMERS):
            r = recommend(bench, c, f'c{n}', time_ms=start_ms)
            again = recommend(bench, c, f'c{n}', time_ms=start_ms + 1000)
            kit.same('check-up' in actions_of(r), 'check-up' in actions_of(again))
            if 'check-up' not in actions_of(r):
                withheld.append(n)
        for i, n in enumerate(withheld):
            events = [kit.event(bench.pb, f'b{n}', f'c{n}', 'contact.started', time_ms=start_ms + kit.DAY, contact=f'k{n}',
                                agent='linh')]
            if i % 2:
                events.append(kit.event(bench.pb, f'k{n}', f'c{n}', 'complaint.opened', {'complaint': f'k{n}'},
                                        time_ms=start_ms + 2 * kit.DAY))
            if i % 3 == 0:
                events.append(kit.event(bench.pb, f'l{n}', f'c{n}', 'contract.cancelled', time_ms=start_ms + 40 * kit.DAY))
            kit.accepted(c.call(publish=bench.pb.Publish(events=events)))
    d.settled()
    return withheld


def what_came_after_is_compared(bench):
    """both arms by a hash, counted once; the same with one shard and four, after a kill, and in replay"""
    start_ms = kit.NOW() - 120 * kit.DAY
    pack, digests = bench.pack(PACK), []
    for shards in (1, 4):
        d = bench.daemon(rules=pack, shards=shards)
        withheld = live(bench, d, start_ms)
        kit.check(CUSTOMERS * 0.3 < len(withheld) < CUSTOMERS * 0.7, len(withheld))
        check_reports(d, withheld)
        digests.append(d.settled())
        d.kill()
        d.start()
        kit.same(d.settled(), digests[-1])
        check_reports(d, withheld)
        explained(bench, d, f'c{withheld[0]}')
        d.stop()
        bench.replay(d.data, shards)
        bench.replay(d.data, 5 - shards)
    kit.same(digests[0], digests[1])


def check_reports(d, withheld):
    shown = CUSTOMERS - len(withheld)
    counted = row(report(d, 'actions'), action='check-up')
    kit.same((counted['recommended'], counted['withheld']), (shown, len(withheld)))
    rows = report(d, 'effects', '--where', 'action=check-up')
    kit.same(len(rows), 10)
    called = row(rows, measure='contacted', after='30d')
    kit.same((called['recommended'], called['withheld'], called['difference'], called['sure']), (0, 1, -1, True))
    complained = row(rows, measure='complained', after='90d')
    kit.same(complained['withheld'], len(withheld) // 2 / len(withheld))
    kit.check(complained['low'] < complained['difference'] < complained['high'] < 0, complained)
    kit.same(row(rows, measure='lost', after='30d')['withheld'], 0)
    lost = row(rows, measure='lost', after='90d')
    kit.same((lost['n_recommended'], lost['n_withheld']), (shown, len(withheld)))
    kit.check(abs(lost['withheld'] - -(-len(withheld) // 3) / len(withheld)) < 1e-9, lost)


def explained(bench, d, customer):
    with d.client() as c:
        r = recommend(bench, c, customer)
        left = {l.action: l for l in recommend(bench, c, customer, explain=True).left_out}['check-up']
        kit.same(left.gate, 'holdout')
        kit.check('50 %' in left.reason, left.reason)
        kit.check('check-up' in actions_of(recommend(bench, c, customer, intent='check')), 'who asks gets it')
    told = d.ctl('explain', '--decision', r.decision)
    kit.check('held out' in told, told)


def a_look_exposes_nobody(bench):
    """explain is a look; nor is anybody exposed to what has no holdout"""
    d = bench.daemon(rules=bench.pack(PACK))
    with d.client() as c:
        for n in range(20):
            recommend(bench, c, f'c{n}', explain=True)
    kit.same(report(d, 'actions'), [])
    with d.client() as c:
        for n in range(20):
            recommend(bench, c, f'c{n}')
    kit.same([r['action'] for r in report(d, 'actions')], ['check-up'])
    d.stop()
    bench.replay(d.data)


kit.Bench().run([a_budget_holds_on_every_shard, what_came_after_is_compared, a_look_exposes_nobody])
