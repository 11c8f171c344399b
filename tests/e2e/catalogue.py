"""The catalogue as a client sees it: next steps with recommendations and outcomes, offers that hold, who does not answer,
until when a policy holds, and settings.conf activated and rolled back.

    /usr/bin/python3 catalogue.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import time

import kit

PACK = '''pack { name = "shop", currency = "EUR" }
fact.price = attr("price", "customer")
group "plans" { goal = "grow", ignored_after = "1s", skills = { "sales" } }
policy { action = "plan", after = { later = 1, within = "10d" }, pause = "2d" }
policy { action = "small", at_most = { accepted = 1, within = "7d" } }
action "plan" {
  group = "plans", value = { customer = 0.6, business = 0.6 }, say = "The plan for {price}?",
  offer = { holds = "14d", terms = { price = fact.price } },
  next = { accepted = "Confirm {price} by text.", rejected = { say = "Then smaller.", action = "small" } },
}
action "small" { goal = "serve", value = { customer = 0.3, business = 0.3 }, say = "A small one?" }
'''


def tell(bench, c, n, kind, action='plan', **more):
    return c.call(outcome=bench.pb.Outcome(id=f'o{n}', source='crm', customer='ann', action=action,
                                           channel=more.pop('channel', 'call'), kind=kind, **more))


def ask(bench, c, channel='call', **more):
    return c.call(recommend=bench.pb.Recommend(customer='ann', agent='linh', channel=channel, explain=True,
                                               **more)).recommendation


def choice(r, action='plan'):
    return next((c for c in r.choices if c.action == action), None)


def profile(bench, c, n, **attrs):
    kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, f'p{n}', 'ann', 'profile.updated', attrs)])))


def an_offer_holds(bench):
    """over channels, shards, kill and restart, until it is answered; the answer brings what comes next"""
    pack = PACK.replace('skills = { "sales" }', 'skills = {}').replace('ignored_after = "1s", ', '')
    d = bench.daemon(rules=bench.pack(pack), shards=2)
    with d.client() as c:
        profile(bench, c, 1, price=100.0)
        first = choice(ask(bench, c))
        kit.same(first.say, 'The plan for 100?')
        kit.same([(n.outcome, n.say, n.action) for n in first.next],
                 [('accepted', 'Confirm 100 by text.', ''), ('rejected', 'Then smaller.', 'small')])
        kit.check(first.offer.until_ms and not first.offer.made_ms, first)
        kit.check(tell(bench, c, 1, 'offered').outcome_recorded.ack.result == bench.pb.Ack.ACCEPTED)
        profile(bench, c, 2, price=150.0)
    d.kill()
    d.start()
    with d.client() as c:
        r = ask(bench, c, 'web')
        kit.same(choice(r).say, 'The plan for 100?')
        kit.same([(o.action, o.channel, [(t.name, t.number) for t in o.terms]) for o in r.offers],
                 [('plan', 'call', [('price', 100.0)])])
        kit.check('offers to keep' in d.ctl('recommend', 'ann', '--agent', 'linh'))
        answer = tell(bench, c, 2, 'rejected', reason='too dear').outcome_recorded
        kit.same((answer.next.outcome, answer.next.say, answer.next.action), ('rejected', 'Then smaller.', 'small'))
        r = ask(bench, c, 'web')
        kit.same(choice(r).say, 'The plan for 150?')
        kit.same(len(r.offers), 0)
        tell(bench, c, 3, 'accepted', 'small', money=bench.pb.Money(revenue=500, currency='EUR'))
        answer = tell(bench, c, 4, 'rejected').outcome_recorded
        kit.same(answer.next.action, '')  # they have that one
        refused = tell(bench, c, 5, 'accepted', money=bench.pb.Money(revenue=500, currency='USD'))
        kit.same(refused.error.field, 'money.currency')
        shown = json.loads(d.ctl('customer', 'show', 'ann', '--json'))
        kit.same([o.get('reason') for o in shown['outcomes'] if o['kind'] == 'rejected'][0], 'too dear')
        kit.same([int(o['money']['revenue']) for o in shown['outcomes'] if o['kind'] == 'accepted'], [500])
    d.stop()
    bench.replay(d.data, 2)


def skills_and_pauses_are_explained(bench):
    """what an agent cannot do falls at the group's gate; a pause says its end"""
    d = bench.daemon(rules=bench.pack(PACK))
    with d.client() as c:
        profile(bench, c, 1, price=100.0)
        left = {l.action: l for l in ask(bench, c).left_out}
        kit.same((left['plan'].gate, left['plan'].unknown), ('eligible', True))
        kit.check(left['plan'].reason.startswith("group plans: agent's skills is unknown"), left['plan'].reason)
    d.stop()
    d = bench.daemon(rules=bench.pack(PACK.replace('skills = { "sales" }', 'skills = {}')))
    with d.client() as c:
        profile(bench, c, 1, price=100.0)
        until = kit.NOW() + 5 * kit.DAY
        tell(bench, c, 1, 'later', until_ms=until)
        left = {l.action: l for l in ask(bench, c).left_out}
        kit.same((left['plan'].gate, left['plan'].until_ms), ('policy', until))
        kit.check(choice(ask(bench, c, time_ms=until)), 'it comes back')
        wrong = tell(bench, c, 2, 'rejected', until_ms=until)
        kit.same(wrong.error.field, 'until_ms')
    d.stop()
    bench.replay(d.data)


def who_does_not_answer_has_ignored_it(bench):
    """by a timer that survives a kill"""
    d = bench.daemon(rules=bench.pack(PACK))
    with d.client() as c:
        profile(bench, c, 1, price=100.0)
        tell(bench, c, 1, 'offered')
    d.kill()
    d.start()
    for _ in range(200):
        shown = json.loads(d.ctl('customer', 'show', 'ann', '--json'))
        kinds = [o['kind'] for o in shown['outcomes']]
        if kinds == ['offered', 'ignored']:
            break
        time.sleep(0.05)
    kit.same(kinds, ['offered', 'ignored'])
    kit.same(shown['outcomes'][1]['channel'], 'call')
    d.stop()
    bench.replay(d.data)


def settings_are_activated_and_rolled_back(bench):
    """without a change of the Lua"""
    pack = bench.pack(PACK.replace('skills = { "sales" }', 'skills = {}'), {'settings.conf': 'lever.goal.grow = 80 %\n'})
    d = bench.daemon(rules=pack)

    def lever():
        with d.client() as c:
            return choice(ask(bench, c)).lever

    def write(text):
        with open(os.path.join(pack, 'settings.conf'), 'w', encoding='utf-8') as f:
            f.write(text)

    with d.client() as c:
        profile(bench, c, 1, price=100.0)
    kit.same(lever(), 0.8)
    write('lever.goal.grow = 120 %\n')
    d.ctl('rules', 'activate', pack)
    kit.same(lever(), 1.2)
    write('lever.goal.grow = 2000 %\n')
    refused = d.ctl('rules', 'activate', pack, ok=False)
    kit.check(refused.returncode == 1 and b'settings.conf:1: lever.goal.grow' in refused.stderr, refused.stderr)
    kit.same(lever(), 1.2)
    d.ctl('rules', 'rollback')
    kit.same(lever(), 0.8)
    d.stop()
    bench.replay(d.data)


def an_outcome_of_another_decision_is_told(bench):
    """It is taken as it is, but who mixes up decision and action hears of it; never over a restart, and in no replay."""
    more = 'action "apology" { goal = "serve", channels = { "letter" }, value = { customer = 1, business = 0 }, say = "Sorry." }\n'
    pack = PACK.replace('skills = { "sales" }', 'skills = {}').replace('ignored_after = "1s", ', '')
    d = bench.daemon(rules=bench.pack(pack + more), shards=3)
    with d.client() as c:
        profile(bench, c, 1, price=100.0)
        of_plan, both = ask(bench, c, limit=1), ask(bench, c)
        kit.same(([x.action for x in of_plan.choices], [x.action for x in both.choices]), (['plan'], ['plan', 'small']))

        def told(n, decision, action, kind='shown'):
            recorded = tell(bench, c, n, kind, action, decision=decision).outcome_recorded
            kit.same(recorded.ack.result, bench.pb.Ack.ACCEPTED, recorded)
            return recorded.warning

        kit.same([told(1, of_plan.decision, 'plan'), told(2, both.decision, 'small'), told(3, '', 'apology')], ['', '', ''])
        kit.same(told(4, of_plan.decision, 'small', 'offered'), '', 'it comes next after the plan')
        warning = told(5, both.decision, 'apology', 'offered')
        kit.check('decision %s neither recommended "apology"' % both.decision in warning, warning)
        kit.same(tell(bench, c, 5, 'offered', 'apology', decision=both.decision).outcome_recorded.warning, '', 'a duplicate')
    done = d.ctl('outcome', 'ann', 'apology', 'rejected', '--decision', both.decision, ok=False)
    kit.check(done.returncode == 0 and b'neither recommended "apology"' in done.stderr, done)
    for action in ('plan', 'small'): # of one decision, and one kind, each is told
        kit.check('recorded' in d.ctl('outcome', 'ann', action, 'shown', '--decision', both.decision))
        kit.check('recorded before' in d.ctl('outcome', 'ann', action, 'shown', '--decision', both.decision))
    digest = d.settled()
    d.kill()
    d.start(shards=1)
    kit.same(d.settled(), digest)
    kit.same(d.ctl('outcome', 'ann', 'apology', 'later', '--decision', both.decision, ok=False).stderr, b'', 'of a run before')
    d.stop()
    bench.replay(d.data)


kit.Bench().run([an_outcome_of_another_decision_is_told, an_offer_holds, skills_and_pauses_are_explained, who_does_not_answer_has_ignored_it,
                 settings_are_activated_and_rolled_back])
