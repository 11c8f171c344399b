#!/usr/bin/python3
"""The decision log: what its lines say against what was asked and answered, each once over restarts and kill -9, masks,
rotation, a disk that is full, a reader that is slow."""
import json
import os
import random
import re
import subprocess
import threading
import time

import kit

PACK = '''pack { name = "shop", topics = { "bill", "plan" }, fallback = { "listen" }, %s }
local calls = series { on = "call.started", name = "calls" }
local endings = series { on = "call.ended", per = "agent", value = "mood_end", name = "endings" }
local promise = case { opens = "promise.made", closes = "promise.kept", key = "promise", due = "1h", name = "promise" }
fact.calls = calls:count "7d"
fact.angry = endings:run(at_most(-0.4))
fact.who = attr "name"
rule "often" { on = "call.started", when = fact.calls:at_least(2),
  alert = { to = "care", severity = "high", expires = "3d", say = "{calls} calls of {name} ({who}), who is {email}" },
  nudge = { channel = "sms", goal = "serve", action = "listen" } }
rule "kept-name" { on = "profile.updated", set = { called = event.name } }
rule "copied" { on = "call.ended", alert = { to = "team:{region}", say = "{called}: {topic}" } }
rule "told" { on = "call.noted", run = function(c) c:alert { to = "care", say = "from " .. (c.attr.name or "?") } end }
rule "late" { on = promise.missed, alert = { to = "agent:{promised_by}", say = "Promise {promise} is late." } }
rule "taken" { on = "outcome.accepted", alert = { to = "sales", say = "{action} was taken." } }
rule "strain" { about = "agent", on = "call.ended", when = fact.angry:at_least(2), alert = { to = "lead", say = "{agent} is angry {angry}x." } }
policy { goal = "grow", unless = promise:is_open(), say = "First what was promised." }
action "listen" { goal = "serve", channels = { "call", "sms" }, value = { customer = 0.4, business = 0.2 }, say = "Hello {name}, we listen." }
action "plan" { goal = "grow", eligible = attr("lines"):at_least(2), value = { customer = 0.4, business = 0.8 },
  context = { { when = request.mood:below(0), weight = 1.5 } }, say = "A plan." }
action "shop" { goal = "grow", channels = { "shop" }, value = { customer = 1, business = 1 }, say = "Come in." }
action "rest" { goal = "serve", eligible = attr("strain", "agent"):at_least(3), value = { customer = 1, business = 1 }, say = "Rest." }
'''
OPEN = PACK % 'currency = "EUR"'
NAME, EMAIL, PHONE, PROMISE, REGION = 'Linh Nguyen', 'linh@example.org', '+84901234567', 'P-777-secret', 'hue-south'
SMALL = '''pack { name = "small" }
action "a" { goal = "serve", value = { customer = 1, business = 1 }, say = "a" }
rule "each" { on = "call", alert = { to = "care", say = "x" } }
rule "too" { on = "call", alert = { to = "care", say = "y" } }
'''


def lines_of(path):
    with open(path, encoding='utf-8') as f:
        text = f.read()
    kit.check(not text or text.endswith('\n'), 'the last line is cut:', text[-100:])
    return [json.loads(line) for line in text.splitlines()]


def logged(path, wanted, seconds=60):
    """The lines, once there are so many of them."""
    until = time.time() + seconds
    while time.time() < until:
        if os.path.exists(path):
            with open(path, 'rb') as f:
                data = f.read()
            if data.count(b'\n') >= wanted:
                break
        time.sleep(0.02)
    lines = lines_of(path)
    kit.same(len(lines), wanted, 'lines of the log')
    return lines


def start(bench, pack=OPEN, args=(), **more):
    path = bench.path('decisions')
    d = bench.daemon(rules=bench.pack(pack), args=['--decision-log', path, *args], **more)
    return d, path


def publish(d, c, *events):
    return kit.accepted(c.call(publish=d.bench.pb.Publish(events=events)))


def recommend(d, c, customer='c1', **more):
    attrs = more.pop('attrs', {})
    ask = d.bench.pb.Recommend(customer=customer, explain=True, **more)
    for name, value in attrs.items():
        ask.attributes.add(name=name, **{'text' if isinstance(value, str) else 'number': value})
    return c.call(recommend=ask).recommendation


def calls(d, c, numbers):
    """An event and a recommendation each: three lines (of pack SMALL)."""
    pb = d.bench.pb
    for n in numbers:
        publish(d, c, kit.event(pb, 'e%d' % n, 'c%d' % (n % 7), 'call'))
        c.call(recommend=pb.Recommend(customer='c%d' % (n % 7)))


def tell_story(d, c):
    """Every kind of line but `missed`, on a clock that follows the events; returns the recommendations."""
    pb, t0 = d.bench.pb, kit.NOW() - 10 * kit.DAY
    def e(n, kind, minute, **more):
        publish(d, c, kit.event(pb, 'e%d' % n, 'c1', kind, time_ms=t0 + minute * 60000, **more))
    e(1, 'profile.updated', 0, attrs={'lines': 3, 'name': NAME, 'email': EMAIL, 'phone': PHONE, 'region': REGION, 'promised_by': NAME})
    e(2, 'call.started', 1, attrs={'phone': PHONE}, contact='k1', agent='ann', channel='call')
    e(3, 'call.started', 2, attrs={'phone': PHONE, 'note': 'back at %s please' % PHONE, 'vip': True}, member='kid')
    d.settled()
    answers = [recommend(d, c, agent='ann', intent='bill', topic='bill', language='en', has_mood=True, mood=-0.5, limit=2,
                         attrs={'phone': PHONE, 'screen': 'web of %s' % PHONE, 'price': 12.5})]
    e(4, 'promise.made', 3, attrs={'promise': PROMISE, 'promised_by': NAME})
    answers.append(recommend(d, c, member='kid', channel='call'))
    e(5, 'call.ended', 80, agent='ann', contact='k2', channel='call', attrs={'mood_end': -0.8, 'topic': 'bill'})
    e(6, 'call.ended', 81, agent='ann', member='kid', attrs={'mood_end': -0.8, 'topic': 'bill'})
    e(7, 'call.noted', 82)
    done = c.call(outcome=pb.Outcome(id='o1', source='test', customer='c1', action='plan', channel='call', agent='ann',
                                     kind='accepted', decision=answers[0].decision, time_ms=t0 + 83 * 60000))
    kit.same(done.WhichOneof('body'), 'outcome_recorded', str(done))
    d.settled()
    return answers


STORY_LINES = 10 # 2 decisions, 1 nudge, alerts: often, late, 2 copied, strain, told, taken


def told(bench, pack):
    """The story, as the log has it: lines by kind and rule, and what was answered."""
    d, path = start(bench, pack, ['--clock', 'events'], shards=2)
    with d.client() as c:
        answers = tell_story(d, c)
        kit.same(c.call(get_status=bench.pb.GetStatus()).status.recommendations, 2)
    lines = logged(path, STORY_LINES)
    alerts = {}
    for line in lines:
        if line['kind'] == 'alert':
            alerts.setdefault(line['rule'], []).append(line)
    return d, path, lines, alerts, answers


def decisions_say_what_was_asked_and_answered(bench):
    d, _, lines, _, answers = told(bench, OPEN)
    decisions = [line for line in lines if line['kind'] == 'decision']
    kit.same([line['id'] for line in decisions], [a.decision for a in answers])
    for line, a in zip(decisions, answers):
        kit.same(line['pack'], {'name': 'shop', 'hash': a.pack_hash})
        kit.same((line['customer'], line['as_of']), ('c1', a.as_of_seq))
        kit.same(line['time'], time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(a.time_ms // 1000)) + '.%03dZ' % (a.time_ms % 1000))
        for rank, (got, want) in enumerate(zip(line['chosen'], a.choices), 1):
            kit.same(got, dict(action=want.action, rank=rank, score=want.score, propensity=want.propensity, value=want.value,
                               context=want.context, lever=want.lever, **({'member_number': 1} if line is decisions[1] else {})))
        kit.same(len(line['chosen']), len(a.choices))
        kit.same({(r['action'], r['gate'], r.get('unknown', False)) for r in line['refused']},
                 {(l.action, l.gate, l.unknown) for l in a.left_out})
        kit.check('fallback' not in line, line)
    first, second = decisions
    kit.same({k: first.get(k) for k in ('agent', 'channel', 'intent', 'topic', 'language', 'mood', 'limit', 'attributes')},
             {'agent': 'ann', 'channel': 'call', 'intent': 'bill', 'topic': 'bill', 'language': 'en', 'mood': -0.5, 'limit': 2,
              'attributes': {'phone': PHONE, 'screen': 'web of ' + PHONE, 'price': 12.5}})
    kit.same([c['action'] for c in first['chosen']], ['plan', 'listen'])
    kit.same(first['foreign'], [None]) # nothing is known of the agent's strain
    kit.check('mood' not in second and 'attributes' not in second, second)
    kit.same((second['member'], second['limit']), ('kid', 3))
    kit.same([r for r in second['refused'] if r['action'] == 'plan'],
             [{'action': 'plan', 'gate': 'policy', 'policy': 'not while promise is open'}])


def alerts_and_nudges_say_what_caused_them(bench):
    d, _, lines, alerts, answers = told(bench, OPEN)
    kit.same({rule: len(found) for rule, found in alerts.items()},
             {'often': 1, 'late': 1, 'copied': 2, 'strain': 1, 'told': 1, 'taken': 1})
    often = alerts['often'][0]
    kit.same((often['customer'], often['to'], often['severity'], often['text']),
             ('c1', 'care', 'high', '2 calls of %s (%s), who is %s' % (NAME, NAME, EMAIL)))
    kit.check(often['expires'] > often['time'], often)
    kit.same({k: often['event'][k] for k in ('id', 'source', 'type', 'member', 'attributes')},
             {'id': 'e3', 'source': 'test', 'type': 'call.started', 'member': 'kid',
              'attributes': {'phone': PHONE, 'note': 'back at %s please' % PHONE, 'vip': True}})
    kit.same(often['id'], '%d-0' % often['seq'])
    nudge = next(line for line in lines if line['kind'] == 'nudge')
    kit.same((nudge['rule'], nudge['channel'], nudge['goal'], nudge['limit'], nudge['sent'], nudge['cause']['seq'], nudge['alert']),
             ('often', 'sms', 'serve', 1, True, often['seq'], '%d-0' % nudge['seq']))
    kit.same([(c['action'], c['say']) for c in nudge['chosen']], [('listen', 'Hello %s, we listen.' % NAME)])
    late = alerts['late'][0]
    kit.same((late['to'], late['text']), ('agent:' + NAME, 'Promise %s is late.' % PROMISE))
    kit.same((late['timer']['case'], late['timer']['key']), ('promise', PROMISE))
    strain = alerts['strain'][0]
    kit.same((strain['agent'], strain['to'], strain['event']['customer'], strain['event']['id']), ('ann', 'lead', 'c1', 'e6'))
    kit.check('customer' not in strain, strain)
    taken = alerts['taken'][0]
    kit.same(taken['outcome'], {'id': 'o1', 'source': 'test', 'kind': 'accepted', 'action': 'plan', 'channel': 'call',
                                'agent': 'ann', 'decision': answers[0].decision})
    kit.same(alerts['told'][0]['text'], 'from ' + NAME)
    kit.same([line['seq'] for line in lines], sorted(line['seq'] for line in lines), 'order')


def what_is_masked_is_nowhere(bench):
    """The same story, with the names that stand for a person masked: by attribute, and what is made from it."""
    masked = PACK % 'mask = { "name", "email", "phone", "promise", "promised_by", "region" }'
    _, path, lines, alerts, _ = told(bench, masked)
    with open(path, encoding='utf-8') as f:
        text = f.read()
    for secret in (NAME, EMAIL, PHONE, PROMISE, REGION, 'Linh', '901234567'):
        kit.check(secret not in text, 'it tells', secret, 'in', [line for line in text.splitlines() if secret in line][:1])
    first = next(line for line in lines if line['kind'] == 'decision')
    kit.same(first['attributes'], {'phone': '***', 'screen': 'web of ***', 'price': 12.5})
    kit.check('foreign' not in first, first)
    often = alerts['often'][0]
    kit.same((often['text'], often['to']), ('{calls} calls of *** (***), who is ***', 'care'))
    kit.same(often['event']['attributes'], {'phone': '***', 'note': 'back at *** please', 'vip': True})
    kit.same((alerts['copied'][0]['to'], alerts['copied'][0]['text']), ('team:***', '***: {topic}'))
    kit.same((alerts['told'][0]['to'], alerts['told'][0]['text']), ('***', '***'))
    kit.same((alerts['late'][0]['to'], alerts['late'][0]['text'], alerts['late'][0]['timer']['key']),
             ('agent:***', 'Promise *** is late.', '***'))
    kit.same(alerts['strain'][0]['text'], 'ann is angry 2x.')
    nudge = next(line for line in lines if line['kind'] == 'nudge')
    kit.same(nudge['chosen'][0]['say'], 'Hello ***, we listen.')


def ids_can_be_masked_too(bench):
    masked = PACK % 'mask = { "customer", "agent", "mood" }'
    _, path, lines, alerts, _ = told(bench, masked)
    with open(path, encoding='utf-8') as f:
        text = f.read()
    kit.check('"c1"' not in text and '"ann"' not in text, 'it tells')
    first = next(line for line in lines if line['kind'] == 'decision')
    kit.same((first['customer'], first['agent'], first['mood'], first['intent']), ('***', '***', '***', 'bill'))
    kit.same((alerts['strain'][0]['agent'], alerts['strain'][0]['text']), ('***', '*** is angry {angry}x.'))


def masked_values_within_others_are_hidden_whole(bench):
    """Whatever their order; those that overlap; numbers; the key of a case that falls due, which the customer's id holds."""
    pack = '''pack { name = "m", mask = { "first", "name", "n", "k", "phone", "half", "rest" } }
local late = case { opens = "promise.made", closes = "promise.kept", key = "phone", due = "1s", name = "late" }
rule "each" { on = "call", alert = { to = "care", say = "x" } }
rule "due" { on = late.missed, alert = { to = "care", say = "late" } }
action "a" { goal = "serve", value = { customer = 1, business = 1 }, say = "a" }
'''
    d, path = start(bench, pack, ['--clock', 'events'])
    pb, now = bench.pb, kit.NOW() - kit.DAY
    names = {'first': 'anna', 'name': 'anna.schmidt'}
    with d.client() as c:
        publish(d, c, kit.event(pb, 'e1', 'anna.schmidt', 'call', names, time_ms=now),
                kit.event(pb, 'e2', 'c-4915112345', 'call', {'n': 4915112345, 'k': 7, 'lucky': 7, 'twice': 4915112345,
                                                             'note': 'call +4915112345, 7 times'}, time_ms=now),
                kit.event(pb, 'e3', 'c3', 'call', {'half': 'abcd', 'rest': 'cdef', 'note': 'xabcdefx'}, time_ms=now),
                kit.event(pb, 'e4', 'tel:4915112345', 'promise.made', {'phone': '4915112345'}, time_ms=now),
                kit.event(pb, 'e5', 'tel:4915112345', 'other', time_ms=now + 60000))
        recommend(d, c, 'anna.schmidt', attrs=dict(reversed(names.items()), note='anna.schmidt, anna', n=-4915.5, k=-4915.5, price=12))
    d.settled()
    each = logged(path, 5)
    alerts = [line for line in each if line['kind'] == 'alert']
    kit.same([(a['rule'], a['customer']) for a in alerts], [('each', '***'), ('each', 'c-***'), ('each', 'c3'), ('due', 'tel:***')])
    kit.same([a['event']['attributes'] for a in alerts[:3]],
             [{'first': '***', 'name': '***'}, {'n': '***', 'k': '***', 'lucky': 7, 'twice': '***', 'note': 'call +***, 7 times'},
              {'half': '***', 'rest': '***', 'note': 'x***x'}])
    kit.same(alerts[3]['timer']['key'], '***')
    ask = next(line for line in each if line['kind'] == 'decision')
    kit.same((ask['customer'], ask['attributes']),
             ('***', {'name': '***', 'first': '***', 'note': '***, ***', 'n': '***', 'k': '***', 'price': 12}))


def a_fallback_says_why(bench):
    d, path = start(bench, SMALL.replace('"small"', '"small", fallback = { "a" }') +
                    'action "slow" { goal = "serve", eligible = function(c) local n = 0 for i = 1, 9000 do n = n + i end return n > 0 end,'
                    ' value = { customer = 1, business = 1 }, say = "s" }\n' +
                    ''.join('action "slow%d" { goal = "serve", eligible = function(c) local n = %d for i = 1, 9000 do n = n + i end return '
                            'n > 0 end, value = { customer = 1, business = 1 }, say = "s" }\n' % (i, i) for i in range(200)))
    with d.client() as c:
        a = c.call(recommend=bench.pb.Recommend(customer='c1', deadline_ms=1)).recommendation
    kit.check(a.fallback, 'in time', a)
    line = logged(path, 1)[0]
    kit.same(line['fallback'], a.fallback_reason)
    kit.same([c['action'] for c in line['chosen']], ['a'])
    kit.check('refused' not in line, line)


def what_was_decided(data, bench):
    """Ids of decisions, and the number of events of pack SMALL, two alerts each, as the journal has them."""
    dump = bench.dump(data)
    return ([e['decision']['id'] for e in dump if 'decision' in e],
            [e['seq'] for e in dump if e['kind'] == 'event'])


def each_is_there_once(path, data, bench, more=()):
    lines = [line for p in [*more, path] for line in lines_of(p)]
    decisions, events = what_was_decided(data, bench)
    kit.same([line['id'] for line in lines if line['kind'] == 'decision'], decisions, 'decisions')
    kit.same([line['id'] for line in lines if line['kind'] == 'alert'], ['%d-%d' % (s, i) for s in events for i in (0, 1)], 'alerts')
    kit.same(len(lines), len(decisions) + 2 * len(events))
    return lines


def a_restart_goes_on_where_it_stopped(bench):
    d, path = start(bench, SMALL)
    logs = d.args
    for life in range(3):
        d.args = logs if life != 1 else [] # what happens while no log is kept is logged later
        if life:
            d.start()
        with d.client() as c:
            calls(d, c, range(life * 20, life * 20 + 20))
        d.stop()
        kit.same(len(lines_of(path)), (60, 60, 180)[life])
    each_is_there_once(path, d.data, bench)


def killed_at_any_moment_each_line_is_there_once(bench):
    d, path = start(bench, SMALL)
    chance = random.Random(7)
    for life in range(12):
        done = threading.Event()

        def load():
            try:
                with d.client() as c:
                    n = life * 100000
                    while not done.is_set():
                        calls(d, c, range(n, n + 10))
                        n += 10
            except (OSError, kit.Failed, Exception):
                pass
        thread = threading.Thread(target=load)
        thread.start()
        time.sleep(chance.uniform(0.05, 0.4))
        d.kill()
        done.set()
        thread.join()
        d.start()
    d.stop()
    kit.check(len(each_is_there_once(path, d.data, bench)) > 100, 'a thin load')


def a_cut_line_is_taken_back(bench):
    d, path = start(bench, SMALL)
    with d.client() as c:
        calls(d, c, range(5))
    logged(path, 15)
    d.kill()
    with open(path, 'r+b') as f: # as if the kill had come within the write: half a line less
        f.seek(-40, os.SEEK_END)
        f.truncate()
    with open(os.path.join(d.data, 'decision_log.position'), 'w') as f:
        f.write('nudged decision log\nentry 4\n')
    d.start()
    logged(path, 15)
    d.stop()
    each_is_there_once(path, d.data, bench)


def files_are_put_aside(bench):
    d, path = start(bench, SMALL, ['--decision-log-mb', '1', '--decision-log-keep', '2'])
    pb = bench.pb
    with d.client() as c:
        for n in range(0, 12000, 500):
            publish(d, c, *[kit.event(pb, 'e%d' % i, 'c%d' % (i % 7), 'call', attrs={'pad': 'x' * 60}) for i in range(n, n + 500)])
    d.stop()
    folder, name = os.path.split(path)
    found = sorted(f for f in os.listdir(folder) if f.startswith(name))
    kit.same(found, [name, name + '.1', name + '.2'])
    lines = []
    for f in (path + '.2', path + '.1', path):
        kit.check(os.path.getsize(f) <= 1 << 20, 'too large:', f)
        lines += lines_of(f)
    seqs = [line['seq'] for line in lines]
    kit.same(seqs, [s for first in [seqs[0]] for s in range(first, first + len(seqs) // 2) for _ in (0, 1)], 'gaps')
    kit.check(len(lines) < 24000, 'nothing went')
    os.rename(path, path + '.1') # just put aside: the last line is there
    d.start()
    time.sleep(0.2)
    d.stop()
    kit.same(lines_of(path), [], 'again')


def hanging_up_opens_it_anew(bench):
    d, path = start(bench, SMALL)
    with d.client() as c:
        calls(d, c, range(3))
        logged(path, 9)
        os.rename(path, path + '.moved')
        calls(d, c, range(3, 5))
        logged(path + '.moved', 15)
        d.hang_up()
        until = time.time() + 30
        while not os.path.exists(path) and time.time() < until:
            time.sleep(0.02)
        calls(d, c, range(5, 6))
        logged(path, 3)
    d.stop()
    each_is_there_once(path, d.data, bench, [path + '.moved'])


def gauge(d, name):
    return next(g.value for g in d.status().gauges if g.name == 'decision_log_' + name)


def a_failed_write_is_tried_again(bench):
    path = bench.path('decisions')
    d = bench.daemon(rules=bench.pack(SMALL), args=['--decision-log', path], env={'NUDGED_FAULT': 'decision_log_write:2:fail'})
    with d.client() as c:
        calls(d, c, range(2))
        logged(path, 6)
        calls(d, c, range(2, 4))
        until = time.time() + 30
        while gauge(d, 'errors') < 1 and time.time() < until:
            time.sleep(0.02)
        calls(d, c, range(4, 6))
    logged(path, 18)
    kit.same((gauge(d, 'errors'), gauge(d, 'lines'), gauge(d, 'missed')), (1, 18, 0))
    kit.same(d.said().count('the decision log: cannot write'), 1, 'said')
    kit.check('is written again' in d.said(), d.said())
    d.stop()
    each_is_there_once(path, d.data, bench)


def a_full_disk_holds_nobody_up(bench):
    with kit.Tmpfs(bench, 1) as folder:
        path = os.path.join(folder, 'decisions')
        d = bench.daemon(rules=bench.pack(SMALL), args=['--decision-log', path])
        pad = os.path.join(folder, 'pad')
        with open(pad, 'wb') as f:
            f.write(b'x' * (1000 << 10))
        with d.client() as c:
            n = 0
            while not gauge(d, 'errors'):
                calls(d, c, range(n, n + 50))
                n += 50
                kit.check(n < 10000, 'never full')
                while gauge(d, 'behind') and not gauge(d, 'errors'): # no more alerts of one customer than its record keeps
                    time.sleep(0.01)
            calls(d, c, range(n, n + 50))
            n += 50
            kit.check(gauge(d, 'behind') > 0, 'not behind')
        kit.same(d.said().count('the decision log: cannot write'), 1, 'said')
        d.stop() # in spite of it
        kit.check('entries behind' in d.said(), d.said()[-500:])
        os.remove(pad)
        subprocess.run(['mount', '-o', 'remount,size=40m', folder], check=True)
        d.start()
        logged(path, 3 * n)
        d.stop()
        each_is_there_once(path, d.data, bench)


def on_standard_output(bench):
    """A reader that takes nothing holds nobody up; what it missed comes when it reads, and a stop does not wait for it."""
    path = bench.path('sock')
    data = bench.path('data')
    out, into = os.pipe()
    command = [bench.nudged, '--data', data, '--rules', bench.pack(SMALL), '--listen', 'unix:' + path, '--decision-log', '-']
    log = bench.path('log')
    with open(log, 'w') as err:
        process = subprocess.Popen(command, stdout=into, stderr=err)
    os.close(into)
    d = bench.daemon(data=data, listen='unix:' + path, start=False)
    d.process, d.log = process, log
    d.ready()
    with d.client() as c:
        for n in range(0, 2000, 100): # far more than a pipe holds
            publish(d, c, *[kit.event(bench.pb, 'e%d' % i, 'c1', 'call') for i in range(n, n + 100)])
        kit.check(gauge(d, 'behind') > 0, 'the pipe takes all')
        text = b''
        while text.count(b'\n') < 4000:
            text += os.read(out, 65536)
        kit.same(len([json.loads(line) for line in text.splitlines()]), 4000)
        publish(d, c, *[kit.event(bench.pb, 'f%d' % i, 'c%d' % (i % 99), 'call') for i in range(1000)])
    began = time.time()
    process.terminate()
    kit.same(process.wait(60), 0)
    kit.check(time.time() - began < 30, 'a stop waits for the reader')
    os.close(out)


def what_the_journal_let_go_is_missed_and_said(bench):
    d, path = start(bench, SMALL, ['--segment-mb', '1', '--journal-keep-mb', '0', '--sweep-ms', '20'])
    with d.client() as c:
        calls(d, c, range(2))
    logged(path, 6)
    d.stop()
    d.args = d.args[2:] # without the log
    d.start()
    pb = bench.pb
    with d.client() as c:
        n = 100
        until = time.time() + 120
        while d.status().journal_first < 100 and time.time() < until:
            publish(d, c, *[kit.event(pb, 'e%d' % i, 'c%d' % (i % 7), 'call', attrs={'p%d' % k: 'x' * 1000 for k in range(8)})
                            for i in range(n, n + 40)])
            n += 40
    kit.check(d.status().journal_first >= 100, 'the journal lets nothing go')
    d.stop()
    d.args = ['--decision-log', path, *d.args]
    d.start()
    until = time.time() + 60
    while gauge(d, 'behind') and time.time() < until:
        time.sleep(0.05)
    missed = [line for line in lines_of(path) if line['kind'] == 'missed']
    kit.same(len(missed), 1)
    kit.check(missed[0]['entries'] >= 90 and missed[0]['goes_on_at'] >= 100, missed)
    kit.check('has missed' in d.said(), d.said())
    kit.same(gauge(d, 'missed'), missed[0]['entries'])
    with d.client() as c:
        calls(d, c, range(90000, 90002))
    kit.same([line['pack']['name'] for line in lines_of(path)[-1:]], ['small'])


def keys_of(value, path=''):
    found = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            name = path + key
            found.add(name)
            if key not in ('attributes',):
                found |= keys_of(inner, name + '.')
    elif isinstance(value, list):
        for inner in value:
            found |= keys_of(inner, path)
    return found


def every_field_is_documented(bench):
    """README's table and the lines: every field of the one is in the other."""
    seen = set()
    for pack in (OPEN, OPEN + 'action "odd" { goal = "serve", eligible = function(c) error("x") end, value = { customer = 1, business = 1 }, say = "o" }\n'):
        _, _, lines, _, _ = told(bench, pack)
        for line in lines:
            seen |= keys_of(line)
    with open(os.path.join(bench.root, 'README.md'), encoding='utf-8') as f:
        text = f.read()
    section = text[text.index('### The decision log'):]
    section = section[:section.index('\n## ')]
    rows = [row.split('|')[1] for row in section.splitlines() if row.startswith('| `')]
    documented = {name for row in rows for name in re.findall(r'`([^`]+)`', row)}
    elsewhere = {'fallback', 'control', 'chosen.drawn', 'entries', 'alerts', 'goes_on_at', 'area', 'timer.member'} # lines of other cases
    kit.same(sorted(seen - documented), [], 'not documented')
    kit.same(sorted(documented - seen - elsewhere), [], 'documented, and in no line')


def what_cannot_be_a_log_is_refused(bench):
    for path, words in ((bench.folder, 'decision log'), ('/dev/null', 'not a regular file'), ('/nowhere/at/all', 'cannot open')):
        d = bench.daemon(start=False, args=['--decision-log', path])
        d.spawn()
        kit.same(d.wait(60), 1, path)
        kit.check(words in d.said(), path, d.said())


def main():
    kit.Bench().run([decisions_say_what_was_asked_and_answered, alerts_and_nudges_say_what_caused_them, what_is_masked_is_nowhere,
                     ids_can_be_masked_too, masked_values_within_others_are_hidden_whole, a_fallback_says_why,
                     a_restart_goes_on_where_it_stopped,
                     killed_at_any_moment_each_line_is_there_once, a_cut_line_is_taken_back, files_are_put_aside,
                     hanging_up_opens_it_anew, a_failed_write_is_tried_again, a_full_disk_holds_nobody_up, on_standard_output,
                     what_the_journal_let_go_is_missed_and_said, every_field_is_documented, what_cannot_be_a_log_is_refused])


if __name__ == '__main__':
    main()
