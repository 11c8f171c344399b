#!/usr/bin/python3
"""`nudgectl replay`: with the pack that was active nothing differs, with another one exactly what it would have changed is
told, and nothing is invented.

usage: replay.py NUDGED NUDGECTL SOURCE [CASE...]
"""
import csv
import gzip
import json
import os
import re
import shutil
import struct
import subprocess

import kit
from kit import DAY, HOUR, Skip, check, event, same
from replay_kit import SHOP, Shop, changes, edited, replay, row, shop_data, telecom_data, telecom_pack


def the_pack_that_was_active_differs_in_nothing(b):
    data, rules = telecom_data(b), os.path.join(b.root, 'rules/telecom')
    report = replay(b, data, rules, '--fail-on-difference')
    totals = report['totals']
    same((changes(report), report['different'], report['took_over_seq']), ({}, False, 0))
    check(totals['alerts_before'] > 60 and totals['nudges_before'] > 3 and totals['recommendations'] > 500 and
          totals['outcomes'] > 300 and totals['acknowledgements'] > 5 and totals['timers'] > 0 and totals['effects'] > 50,
          totals)


def another_pack_that_decides_alike_differs_in_nothing(b):
    """Both sides run, records of their own: effects in flight, timers, nudges and agents' records fall into place."""
    data = telecom_data(b)
    rules = telecom_pack(b, 'alike', ('agents.lua', '-- The agent\'s side', '-- Another word: the agent\'s side'))
    for jobs in ('1', '2', '5'):
        report = replay(b, data, rules, '--jobs', jobs, '--fail-on-difference')
        same((changes(report), report['different']), ({}, False), 'with %s jobs' % jobs)
        check(report['took_over_seq'] > 0, 'it never took over')
        same(report['totals']['alerts_before'], report['totals']['alerts_after'])


def what_differs_does_not_depend_on_threads(b):
    data = telecom_data(b)
    rules = telecom_pack(b, 'other', ('business.lua', 'strain_run = 3', 'strain_run = 2'),
                         ('business.lua', 'times_habit = 3', 'times_habit = 2'),
                         ('business.lua', 'same_matter = 2', 'same_matter = 3'),
                         ('settings.conf', 'lever.goal.serve   = 100 %', 'lever.goal.serve   = 110 %'))
    one = replay(b, data, rules, '--jobs', '1', '--examples', '20')
    totals = one['totals']
    check(totals['alerts_lost'] and totals['alerts_gained'] and totals['first_changed'] and totals['scores_changed'] and
          totals['agents_touched'], totals)
    for jobs in ('2', '3', '7'):
        same(replay(b, data, rules, '--jobs', jobs, '--examples', '20'), one, jobs + ' jobs')
    strain = row(one, 'rules', 'strain')
    check(strain['alerts_after'] > strain['alerts_before'] and strain['gained'][0]['subject_kind'] == 'agent', strain)


def it_comes_to_what_the_candidate_does_itself(b):
    """The same events sent to a daemon that runs the candidate: what replay says of it is what it does. One event after
    the other, since what is received together has one moment of receipt."""
    lines = b.ctl('simulate', '--households', '6', '--days', '14', '--seed', '11').splitlines()
    other = telecom_pack(b, 'itself', ('business.lua', 'strain_run = 3', 'strain_run = 2'),
                         ('business.lua', 'times_habit = 3', 'times_habit = 2'),
                         ('business.lua', 'same_matter = 2', 'same_matter = 3'),
                         ('business.lua', 'callback_within = "24h"', 'callback_within = "5h"'),
                         ('business.lua', 'shock = 1.3', 'shock = 1.1'))
    data = []
    for rules in (os.path.join(b.root, 'rules/telecom'), other):
        d = b.daemon(rules=rules, args=['--clock', 'events'])
        with d.client() as c:
            for e in map(json.loads, lines):
                attrs = e.pop('attributes', {})
                kit.accepted(c.call(publish=b.pb.Publish(events=[event(b.pb, attrs=attrs, **e)])))
        d.settled()
        d.stop()
        data.append(d.data)
    would, did = replay(b, data[0], other, '--examples', '100000'), replay(b, data[1], other)
    check(would['different'] and not did['different'])
    for kind in ('fired', 'alerts', 'nudges'):
        same({r['rule']: r[kind + '_after'] for r in would['rules']}, {r['rule']: r[kind + '_before'] for r in did['rules']}, kind)
    same([(r.get('to'), r.get('channel'), r['after']) for r in would['recipients'] if r['after']],
         [(r.get('to'), r.get('channel'), r['before']) for r in did['recipients']])
    timed = [x for x in row(would, 'rules', 'callback-missed')['gained']]
    check(timed, 'no promise was missed by then')


def bank_calls(path):
    """The rows that become events, as the recording has them: customer, time, id, and what the rules look at."""
    import calendar
    import time
    calls = []
    with gzip.open(path, 'rt', newline='') as f:
        for r in csv.DictReader(f):
            if r['outcome'] == 'PHANTOM' or r['customer_id'] == '0':
                continue
            clock = calendar.timegm(time.strptime(r['date'] + ' ' + r['vru_entry'], '%Y-%m-%d %H:%M:%S')) * 1000
            calls.append((r['customer_id'], clock, int(r['priority']), int(r['q_time']), r['outcome'] == 'HANG',
                          '%s/%s/%s' % (r['date'], r['vru+line'], r['call_id'])))
    return calls


def hang_ups_within(calls, span_ms):
    """Calls hung up at most so long after the same customer's previous one, as (customer, time)."""
    last, found = {}, []
    for customer, clock, _, _, hung_up, _ in calls:
        if not hung_up:
            continue
        if customer in last and clock - last[customer] <= span_ms:
            found.append((customer, clock))
        last[customer] = max(clock, last.get(customer, 0))
    return found


def places(examples):
    return sorted((x['subject'], x['time_ms']) for x in examples)


def a_threshold_over_real_calls(b):
    source = os.path.join(b.root, '../shared/data/bank-calls-1999-08a.csv.gz')
    if not os.path.exists(source):
        raise Skip('the recording is not here: ' + os.path.normpath(source))
    pack = os.path.join(b.root, 'rules/bank')
    with open(os.path.join(pack, 'pack.lua'), encoding='utf-8') as f:
        text = f.read()
    d = b.daemon(rules=pack)
    d.ctl('import', source, '--map', os.path.join(pack, 'import.lua'))
    data = d.data
    nothing = replay(b, data, pack)  # beside the daemon
    same((changes(nothing), nothing['totals']['events']), ({}, 15544))
    same(changes(replay(b, data, edited(b, text, ('-- The calls of', '-- Calls of')))), {})
    calls = bank_calls(source)
    want = lambda low, high: sorted((c, t) for c, t, priority, waited, _, _ in calls if priority == 2 and low <= waited < high)

    longer = replay(b, data, edited(b, text, ('local long_wait_s = 300', 'local long_wait_s = 360')), '--examples', '100000')
    rule = row(longer, 'rules', 'priority-long-wait')
    lost = want(300, 360)
    check(len(lost) > 50, 'too few to be a test:', len(lost))
    same(changes(longer), {'alerts_lost': len(lost), 'fired_lost': len(lost), 'customers_touched': len({c for c, _ in lost})})
    same(places(rule['lost']), lost)
    same((rule['alerts_before'], rule['alerts_after'], rule['gained']), (len(want(300, 10 ** 9)), len(want(360, 10 ** 9)), []))
    same({r['rule']: r['alerts_lost'] for r in longer['rules'] if r['alerts_lost']}, {'priority-long-wait': len(lost)})
    supervisor = row(longer, 'recipients', 'supervisor')
    same((supervisor['before'], supervisor['after']), (rule['alerts_before'], rule['alerts_after']))

    shorter = replay(b, data, edited(b, text, ('local long_wait_s = 300', 'local long_wait_s = 200')), '--examples', '100000')
    same(places(row(shorter, 'rules', 'priority-long-wait')['gained']), want(200, 300))
    same(changes(shorter)['alerts_gained'], len(want(200, 300)))

    sooner = replay(b, data, edited(b, text, ('local hang_up_within = "24h"', 'local hang_up_within = "6h"')), '--examples',
                    '100000')
    before, after = hang_ups_within(calls, DAY), hang_ups_within(calls, 6 * HOUR)
    rule = row(sooner, 'rules', 'second-hang-up')
    same((rule['alerts_before'], rule['alerts_after']), (len(before), len(after)))
    same(places(rule['lost']), sorted(set(before) - set(after)))
    same((len(before), rule['gained'], row(sooner, 'rules', 'repeat-call')['fired_lost']), (969, [], 0))


def a_rule_that_goes_comes_or_is_called_otherwise(b):
    data = shop_data(b)
    base = replay(b, data, edited(b, SHOP, ('why = "many visits"', 'why = "very many visits"')))
    same(changes(base), {})
    busy = row(base, 'rules', 'busy')['alerts_before']
    check(busy > 5 and row(base, 'rules', 'missed')['alerts_before'] > 1 and row(base, 'rules', 'sour')['alerts_before'] > 1)

    gone = replay(b, data, b.pack(re.sub(r'rule "busy" \{.*?\n\}\n', '', SHOP, flags=re.S)))
    rule = row(gone, 'rules', 'busy')
    same((rule['alerts_lost'], rule['in_history'], rule['in_candidate'], rule['alerts_after']), (busy, True, False, 0))
    same(changes(gone), {'alerts_lost': busy, 'fired_lost': busy, 'customers_touched': changes(gone)['customers_touched'],
                         'acknowledgements_left_out': changes(gone)['acknowledgements_left_out']})

    new = replay(b, data, b.pack(SHOP + 'rule "first" { why = "x", on = "order.made", alert = { to = "x", say = "x" } }\n'
                                 'rule "talked" { on = "talk.ended", when = event.mood:above(0.5), '
                                 'alert = { to = "agent:{agent}", say = "well done" } }\n'))
    rule = row(new, 'rules', 'talked')
    dump = [e for e in b.dump(data) if e['kind'] == 'event' and e['event']['type'] == 'talk.ended']
    mood = lambda e: e['event']['attributes']['mood']
    happy = [e for e in dump if mood(e) > 0.5]
    check(happy, 'nobody was happy')
    same((rule['alerts_gained'], rule['in_history'], rule['in_candidate']), (len(happy), False, True))
    same([x['seq'] for x in rule['gained']], [e['seq'] for e in happy[:3]])
    load = {r['to']: r['after'] for r in new['recipients'] if r.get('to', '').startswith('agent:') and not r['before']}
    check(sum(r['after'] - r['before'] for r in new['recipients'] if 'to' in r) == len(happy), load)

    renamed = replay(b, data, edited(b, SHOP, ('rule "busy"', 'rule "crowded"')))
    same(renamed['renamed'], [{'rule': 'busy', 'now': 'crowded', 'alerts': busy}])
    same([changes(renamed).get(n) for n in ('alerts_renamed', 'alerts_lost', 'alerts_gained')], [busy, None, None])


def words_levers_and_order(b):
    data = shop_data(b)
    words = replay(b, data, edited(b, SHOP, ('{visits_day} visits.', '{visits_day} visits today.'),
                                   ('"A coupon for you."', '"Here is a coupon."')))
    got = changes(words)
    same({n for n in got}, {'alerts_changed', 'nudges_changed', 'words_changed', 'customers_touched'} & set(got))
    check(got['alerts_changed'] and got['words_changed'], got)
    example = row(words, 'rules', 'busy')['changed'][0]
    check(example['before'].endswith('visits.') and example['after'].endswith('visits today.'), example)

    scores = replay(b, data, edited(b, SHOP, ('propensity = { start = 0.4 }', 'propensity = { start = 0.41 }')))
    got = changes(scores)
    check(got['scores_changed'] > 20 and not got.get('words_changed') and not got.get('alerts_lost'), got)
    check('help' in scores['decisions']['scores'][0]['after'], scores['decisions']['scores'])

    order = replay(b, data, edited(b, SHOP, ('value = { customer = 0.5, business = 0.6 }',
                                             'value = { customer = 0.5, business = 0.6 }, lever = 0.1')))
    got = changes(order)
    check(got['first_changed'] > 5, got)
    example = order['decisions']['first'][0]
    entry = next(e for e in b.dump(data) if e['seq'] == example['seq'])
    same((entry['decision']['id'], entry['customer'], entry['decision']['chosen'][0]['action']),
         (example['decision'], example['subject'], example['before'].split()[0]))
    check(example['before'].startswith('coupon') and example['after'].startswith('help'), example)


def what_closes_alerts(b):
    shop = Shop(b, shards=1)
    for n in range(3):
        shop.event('ann', 'visit')
    shop.event('ann', 'order')
    for n in range(3):
        shop.event('bob', 'visit')
    shop.event('bob', 'talk.ended', {'mood': 0.5})
    data = shop.end()
    report = replay(b, data, edited(b, SHOP, ('closes = "order"', 'closes = "talk.ended"')))
    same(changes(report), {'closed_otherwise': 2, 'customers_touched': 2})
    same([(x['subject'], x['before'], x['after']) for x in row(report, 'rules', 'busy')['changed']],
         [('ann', 'closed', 'open still'), ('bob', 'open still', 'closed')])
    same(changes(replay(b, data, edited(b, SHOP, ('closes = "order"', 'closes = "order", expires = "1d"'))))['alerts_changed'], 2)


def outcomes_of_what_was_never_shown_are_unknown(b):
    data = shop_data(b)
    without = re.sub(r'action "coupon" \{.*?\n\}\n', '', SHOP, flags=re.S).replace(
        'policy { goal = "grow", per = "action", at_most = { offered = 2, within = "30d" } }\n', '')
    report = replay(b, data, b.pack(without))
    outcomes = [e for e in b.dump(data) if e['kind'] == 'outcome' and e['outcome_of']['action'] == 'coupon']
    kinds = {}
    for e in outcomes:
        kinds[e['outcome_of']['kind']] = kinds.get(e['outcome_of']['kind'], 0) + 1
    check(len(outcomes) > 3, 'too few')
    coupon = row(report, 'actions', 'coupon')
    same((coupon['outcomes_unknown'], coupon['unknown_by_kind'], coupon['shown_after'], coupon['in_candidate']),
         (len(outcomes), kinds, 0, False))
    same(report['totals']['outcomes_unknown'], len(outcomes))
    same(row(report, 'actions', 'help')['outcomes_unknown'], 0)
    check(coupon['shown_lost'] == coupon['shown_before'] > 3, coupon)
    # and one that only the candidate shows is not given an outcome either
    more = SHOP + '''action "gift" { goal = "serve", value = { customer = 0.9, business = 0.9 }, propensity = { start = 0.9 },
                     say = "A gift.", eligible = outcomes { "offered", action = "gift", within = "ever" }:at_most(0) }'''
    report = replay(b, data, b.pack(more))
    gift = row(report, 'actions', 'gift')
    same((gift['shown_gained'], gift['shown_after'], gift['outcomes']),
         (report['totals']['recommendations'], report['totals']['recommendations'], 0))


def effects_timers_and_nudges_are_its_own(b):
    data = shop_data(b)
    timers = replay(b, data, edited(b, SHOP, ('due = "24h"', 'due = "48h"')))
    missed = row(timers, 'rules', 'missed')
    check(missed['alerts_lost'] == missed['alerts_before'] > 0 and 0 < missed['alerts_gained'] <= missed['alerts_before'], missed)
    for x in missed['gained']:
        same(x['seq'], 0)  # a due time that the journal knows nothing of
    nudges = replay(b, data, edited(b, SHOP, ('when = fact.visits_day:is(2), nudge', 'when = fact.visits_day:is(1), nudge')))
    reach = row(nudges, 'rules', 'reach')
    check(reach['nudges_lost'] == reach['nudges_before'] > 0 and reach['nudges_gained'] == reach['nudges_after'] > 0, reach)
    sms = row(nudges, 'recipients', 'sms')
    same((sms['before'], sms['after']), (reach['nudges_before'], reach['nudges_after']))
    # what agents' records hear of is the candidate's: no talk counts, so no talk is sour, and help weighs what it weighs
    agents = replay(b, data, edited(b, SHOP, ('local moods = series { on = "talk.ended"', 'local moods = series { on = "talk.never"')))
    sour = row(agents, 'rules', 'sour')
    same((sour['alerts_after'], sour['alerts_lost']), (0, sour['alerts_before']))
    changed = agents['totals']['first_changed'] + agents['totals']['list_changed'] + agents['totals']['scores_changed']
    check(changed > 3 and agents['totals']['agents_touched'] == 2, changed)


SPRING = '''
segment "gold" { when = attr("tier"):is "gold" }
channel "sms" { consent = "consent_sms" }
action "more-data" { goal = "serve", channels = { "sms" }, value = { customer = 0.6, business = 0.4 }, say = "10 GB more?" }
campaign "spring" { segment = "gold", action = "more-data", channel = "sms", at_most = 48, expires = "60d" }
'''


def campaigns_go_on_on_both_sides(b):
    """Held back for want of consent, looked at again a day later, waiting for a turn, sent: each side has its own of it."""
    pack = 'pack { name = "shop" }\n' + SPRING
    names = ['c%d' % i for i in range(12)]
    shop = Shop(b, pack=pack, shards=3)
    for name in names:
        shop.event(name, 'profile.updated', {'tier': 'gold', 'consent_sms': name < 'c5'})
    for day in range(6):
        for name in names:
            shop.event(name, 'profile.updated', {'consent_sms': True})
        for _ in range(48):
            shop.wait(HOUR // 2)
            shop.event('clock-%d' % (shop.count % 7), 'tick')
    data = shop.end()
    alike = replay(b, data, b.pack('-- The same.\n' + pack))
    same((changes(alike), alike['totals']['nudges_before'], alike['totals']['nudges_after']), ({}, len(names), len(names)))
    without = replay(b, data, b.pack('pack { name = "shop" }\n'))
    same(changes(without), {'nudges_lost': len(names), 'customers_touched': len(names)})
    strict = replay(b, data, edited(b, pack, ('tier"):is "gold"', 'tier"):is "platinum"')))
    same(changes(strict)['nudges_lost'], len(names))


def campaigns_of_the_candidate_alone(b):
    names = ['c%d' % i for i in range(12)]
    shop = Shop(b, pack='pack { name = "shop" }\n', shards=3)
    for day in range(3):
        for name in names:
            shop.event(name, 'profile.updated', {'tier': 'gold', 'consent_sms': True})
        shop.wait(DAY)
    data = shop.end()
    report = replay(b, data, b.pack('pack { name = "shop" }\n' + SPRING))
    same(changes(report), {'nudges_gained': len(names), 'shown_unknown': len(names), 'customers_touched': len(names)})


def several_activations_and_times(b):
    shop = Shop(b, shards=1)
    for n in range(4):
        shop.event('ann', 'visit')
    second = edited(b, SHOP, ('at_least(3)', 'at_least(2)'))
    shop.daemon.ctl('rules', 'activate', second)
    shop.wait(2 * DAY)
    middle = shop.now
    for n in range(4):
        shop.event('bob', 'visit')
    shop.wait(2 * DAY)
    for n in range(4):
        shop.event('cyd', 'visit')
    data = shop.end()
    first = replay(b, data, shop.rules)
    same([p['name'] for p in first['packs']], ['shop', 'shop'])
    same([(x['subject'], x['before'][-9:]) for x in row(first, 'rules', 'busy')['lost']], [('bob', '2 visits.'), ('cyd', '2 visits.')])
    same(changes(first)['alerts_lost'], 2)
    later = replay(b, data, second)
    same(([x['subject'] for x in row(later, 'rules', 'busy')['gained']], changes(later)['alerts_gained']), (['ann'], 1))
    # what came before --from is as it was: two visits then are two visits still
    from_there = replay(b, data, shop.rules, '--from', str(middle))
    same(changes(from_there)['alerts_lost'], 2)
    same(from_there['totals']['alerts_before'], 6)
    same(changes(replay(b, data, second, '--from', str(middle))), {})
    until = replay(b, data, shop.rules, '--from', str(middle), '--to', str(middle + DAY))
    same([x['subject'] for x in row(until, 'rules', 'busy')['lost']], ['bob'])
    same(until['totals']['alerts_before'], 3)
    same(changes(replay(b, data, shop.rules, '--to', str(middle))), {})
    done = replay(b, data, shop.rules, '--from', '2026-03-01', '--to', '2026-02-01', ok=False)
    same(done.returncode, 2)


def a_take_over_keeps_what_was_counted(b):
    shop = Shop(b, shards=1)
    for n in range(2):
        shop.event('ann', 'visit')
    middle = shop.now + 500
    shop.event('ann', 'visit')
    data = shop.end()
    report = replay(b, data, edited(b, SHOP, ('{visits_day} visits.', 'so often: {visits_day}')), '--from', str(middle))
    same([x['after'] for x in row(report, 'rules', 'busy')['changed']], ['care, medium: ann: so often: 3'])


def merges_and_aliases(b):
    shop = Shop(b, shards=2)
    shop.event('', 'visit', alias='+84901234567')
    shop.event('', 'visit', alias='+84901234567')
    shop.event('eva', 'alias.added', {'alias': '+84901234567'})
    shop.daemon.settled()
    shop.event('eva', 'visit')
    for n in range(2):
        shop.event('fay', 'visit')
    shop.event('fay', 'identity.merged', {'into': 'eva'})
    shop.daemon.settled()
    shop.event('eva', 'visit')
    data = shop.end()
    for jobs in ('1', '4'):
        same(changes(replay(b, data, edited(b, SHOP, ('why = "act first"', 'why = "first"')), '--jobs', jobs)), {})
    report = replay(b, data, edited(b, SHOP, ('at_least(3)', 'at_least(6)')))
    same([x['before'] for x in row(report, 'rules', 'busy')['lost']], ['care, medium: eva: 3 visits.'])


def a_function_that_fails_is_counted(b):
    data = shop_data(b)
    report = replay(b, data, b.pack(SHOP + 'rule "broken" { on = "visit", run = function(c) c:set("x", c.nothing.y) end }\n'))
    visits = sum(e['kind'] == 'event' and e['event']['type'] == 'visit' for e in b.dump(data))
    same(report['failures']['calls'], visits)
    check('pack.lua' in report['failures']['text'], report['failures'])
    same(changes(report), {})


def candidates_that_do_not_load_and_journals_that_are_none(b):
    data, rules = shop_data(b), b.pack('pack { name = "x" }\nrule "r" { on = "x", wen = true }\n')
    done = replay(b, data, rules, ok=False)
    check(done.returncode == 1 and b'pack.lua:2' in done.stderr, done.stderr)
    done = replay(b, b.path('nowhere'), b.pack(SHOP), ok=False)
    check(done.returncode == 1 and b'nowhere' in done.stderr, done.stderr)
    done = replay(b, data, b.path('no-pack'), ok=False)
    check(done.returncode == 1 and b'no-pack' in done.stderr, done.stderr)
    done = subprocess.run([b.nudgectl, 'replay', '--journal', data], stderr=subprocess.PIPE)
    check(done.returncode == 2 and b'--rules' in done.stderr, done.stderr)
    same(replay(b, data, b.pack(SHOP), '--fail-on-difference', ok=False).returncode, 0)
    same(replay(b, data, edited(b, SHOP, ('at_least(3)', 'at_least(4)')), '--fail-on-difference', ok=False).returncode, 1)


def segment_of(data):
    folder = os.path.join(data, 'journal')
    return os.path.join(folder, sorted(f for f in os.listdir(folder) if f.endswith('.segment'))[0])


def blank(path, text):
    """Erases the first entry whose body has this text, as disk/journal.c tells: salt and body zero, state BLNK."""
    with open(path, 'r+b') as f:
        whole = f.read()
        at = whole.index(text)
        for entry in range(at, at - 4096, -1):
            if whole[entry + 48:entry + 52] == b'BODY' and entry + 56 <= at:
                break
        length = struct.unpack_from('<I', whole, entry + 32)[0]
        f.seek(entry + 40)
        f.write(bytes(8) + b'BLNK')
        f.seek(entry + 56)
        f.write(bytes(length))


def erased_and_damaged_journals(b):
    data = b.path('erased')
    shutil.copytree(shop_data(b), data)
    blank(segment_of(data), b'visit')
    done = replay(b, data, b.pack(SHOP), ok=False)
    report = json.loads(done.stdout)
    same((done.returncode, report['totals']['erased']), (0, 1))
    text = b.ctl('replay', '--journal', data, '--rules', b.pack(SHOP))
    check('1 entry was erased' in text, text)
    data = b.path('damaged')
    shutil.copytree(shop_data(b), data)
    with open(segment_of(data), 'r+b') as f:
        f.seek(2048)
        f.write(b'damage, and valid batches behind it')
    done = replay(b, data, b.pack(SHOP), ok=False)
    check(done.returncode == 1 and b'damage' in done.stderr and b'segment 1' in done.stderr, done.stderr)


def what_people_read(b):
    data = shop_data(b)
    rules = edited(b, SHOP, ('at_least(3)', 'at_least(4)'))
    text = b.ctl('replay', '--journal', data, '--rules', rules)
    for words in ('It differs from what happened.', 'Rules', 'busy', 'Load', 'Examples', 'customer ', 'entry '):
        check(words in text, words, 'is not in\n' + text)
    told = re.findall(r'decision (\d+-\d+)', text)
    check(len(set(told)) == len(told), 'a decision is told twice in\n' + text)
    text = b.ctl('replay', '--journal', data, '--rules', b.pack(SHOP))
    check('No difference' in text and 'the very same' in text, text)
    helped = b.ctl('help', 'replay')
    report = replay(b, data, rules)
    for name in report:
        check(name in helped, 'help does not tell of', name)


CASES = [
    the_pack_that_was_active_differs_in_nothing, another_pack_that_decides_alike_differs_in_nothing,
    what_differs_does_not_depend_on_threads, it_comes_to_what_the_candidate_does_itself, a_threshold_over_real_calls, a_rule_that_goes_comes_or_is_called_otherwise,
    words_levers_and_order, what_closes_alerts, outcomes_of_what_was_never_shown_are_unknown, effects_timers_and_nudges_are_its_own,
    campaigns_go_on_on_both_sides, campaigns_of_the_candidate_alone,
    several_activations_and_times, a_take_over_keeps_what_was_counted, merges_and_aliases, a_function_that_fails_is_counted,
    candidates_that_do_not_load_and_journals_that_are_none, erased_and_damaged_journals, what_people_read,
]

kit.Bench().run(CASES)
