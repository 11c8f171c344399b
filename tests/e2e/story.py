#!/usr/bin/python3
"""The worked case, whole: a telecom family's month from the simulator through a daemon with rules/telecom, up to the
father's call.

    story.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os

import kit

FAMILY = 'household-nguyen'
CHURN = os.path.join(os.environ.get('NUDGED_DATA') or '', 'telco-churn.csv.gz')


def month(bench):
    """Plays the month once for all cases; returns (daemon, path of the events, the events)."""
    if not hasattr(bench, 'month_path'):
        bench.month_path = bench.path('month.jsonl')
        with open(bench.month_path, 'w', encoding='utf-8') as f:
            f.write(bench.ctl('simulate', '--story'))
    d = bench.daemon(rules=os.path.join(bench.root, 'rules', 'telecom'), args=['--clock', 'events'])
    d.ctl('send', bench.month_path)
    with open(bench.month_path, encoding='utf-8') as f:
        return d, [json.loads(line) for line in f]


def told(d, *args):
    return json.loads(d.ctl('--json', *args))


def reached_out_before_the_first_call(bench):
    d, events = month(bench)
    call = events[-1]
    kit.same((call['customer'], call['type'], call['member']), (FAMILY, 'contact.started', 'father'), 'the last event')
    d.settled()
    alerts = told(d, 'customer', 'show', FAMILY)['alerts']
    abuse = [a for a in alerts if a['rule'] == 'message-abuse']
    raised = [a for a in abuse if a['kind'] == 'alert']
    nudges = [a for a in abuse if a['kind'] == 'nudge']
    kit.check(raised and nudges, 'no alert or no nudge:', alerts)
    kit.same({a['member'] for a in raised}, {'daughter'}, 'whose line')
    days_before = (call['time_ms'] - min(n['time_ms'] for n in nudges)) / kit.DAY
    kit.check(days_before > 3, 'the nudge went out only %.1f days before the call' % days_before)
    kit.check(all(n['text'] for n in nudges), 'a nudge without words')


def the_agent_sees_what_to_do(bench):
    d, events = month(bench)
    d.settled()
    ask = ('recommend', FAMILY, '--member', 'father', '--agent', 'linh', '--channel', 'call',
           '--intent', 'messages/usage', '--mood', '-0.2', '--lang', 'en', '--explain')
    first = told(d, *ask)
    kit.check(len(first['choices']) >= 2 and first['left_out'] and first['answers'], first)
    best = first['choices'][0]
    kit.same((best['goal'], best['group']), ('serve', 'messages'), 'the best action')
    kit.check('daughter' in best['say'] and best['reasons'], best)
    scores = [c['score'] for c in first['choices']]
    kit.same(scores, sorted(scores, reverse=True), 'ranking')
    kit.check(all(a['gate'] and a['reason'] for a in first['left_out']), first['left_out'])
    ranked = [[(c['action'], c['score']) for c in answer['choices']] for answer in (first, told(d, *ask))]
    kit.same(ranked[1], ranked[0], 'asked again')


def what_was_taken_is_not_offered_again(bench):
    d, events = month(bench)
    d.settled()
    ask = ('recommend', FAMILY, '--member', 'father', '--channel', 'call', '--intent', 'messages/usage', '--explain')
    kit.same(told(d, *ask)['choices'][0]['action'], 'family-messages', 'before')
    d.ctl('outcome', FAMILY, 'family-messages', 'accepted', '--member', 'father', '--channel', 'call')
    after = told(d, *ask)
    kit.same([c['action'] for c in after['choices'] if c['group'] == 'messages'], [], 'offered again')
    held = {a['action']: a['reason'] for a in after['left_out']}
    kit.check('messages_settled 1' in held['family-messages'], held)


def the_neighbours_lives_fire_the_other_rules(bench):
    d, events = month(bench)
    d.settled()
    stats = {r['name']: r for r in told(d, 'rules', 'stats')}
    for name in ('message-abuse', 'same-matter-again', 'sinking-mood', 'callback-missed', 'strain'):
        kit.check(stats[name]['fired'] > 0, name, 'never fired')
    kit.same([r['name'] for r in stats.values() if r['failed'] or r['aside']], [], 'rules that failed')


def played_again_it_changes_nothing_and_replays(bench):
    d, events = month(bench)
    before = d.settled()
    again = told(d, 'send', bench.month_path)
    # what a profile says is dated: too old to tell whether it was applied, it is applied once more, and changes nothing
    dated = sum(e['type'] in ('profile.updated', 'member.joined', 'alias.added', 'contract.signed') for e in events)
    kit.same((again['accepted'] + again['duplicates'], again['refused']), (len(events), 0), 'sent again')
    kit.check(again['accepted'] <= dated < len(events) / 10, again['accepted'], 'accepted of', dated, 'that are dated')
    kit.same(d.settled(), before, 'digest')
    d.stop()
    d.start() # the store has it all, and nothing is replayed: time goes on all the same
    kit.same(told(d, 'status')['now_ms'], events[-1]['time_ms'], 'the clock after a restart')
    d.stop()
    for shards in (1, 4):
        kit.same(bench.replay(d.data, shards)['digest'], before, 'replayed with %d shards' % shards)


def imports_the_churn_sample(bench):
    path = CHURN if os.path.exists(CHURN) else os.path.join(bench.root, '..', 'shared', 'data', 'telco-churn.csv.gz')
    if not os.path.exists(path):
        raise kit.Skip('the sample is not here: NUDGED_DATA names its folder')
    pack = os.path.join(bench.root, 'rules', 'telecom')
    d = bench.daemon(rules=pack)
    found = told(d, 'import', path, '--map', os.path.join(pack, 'import.lua'))
    kit.same((found['rows'], found['accepted'], found['refused'], found['skipped']), (7043, 7043, 0, 0), 'import')
    shown = told(d, 'customer', 'show', '7590-VHVEG')
    held = {a['attribute']['name']: a['attribute']['value'] for a in shown['attributes']}
    kit.same([held[name] for name in ('contract', 'tenure_months', 'monthly_charges_cents', 'autopay')],
             ['monthly', 1, 2985, False], 'profile')


if __name__ == '__main__':
    kit.Bench().run([reached_out_before_the_first_call, the_agent_sees_what_to_do,
                     what_was_taken_is_not_offered_again,
                     the_neighbours_lives_fire_the_other_rules, played_again_it_changes_nothing_and_replays,
                     imports_the_churn_sample])
