"""What the cases of replay.py share: histories told to a daemon, candidates, and the report."""
import json
import os
import random
import shutil
import subprocess

import kit
from kit import DAY, HOUR, check, event, same

START = 1767600000000  # 2026-01-05 08:00 UTC, a Monday

SHOP = '''
pack { name = "shop", topics = { "order", "other" } }
local visits = series { on = "visit" }
local moods = series { on = "talk.ended", per = "agent", value = "mood", name = "moods" }
local promise = case { opens = "promise.made", closes = "promise.kept", due = "24h" }
fact.visits_day = visits:count "24h"
fact.agent_mood = moods:latest()

rule "busy" {
  why = "many visits", on = "visit", when = fact.visits_day:at_least(3),
  alert = { to = "care", severity = "medium", say = "{customer}: {visits_day} visits.", closes = "order" },
}
rule "reach" { why = "act first", on = "visit", when = fact.visits_day:is(2), nudge = { channel = "sms", goal = "serve" } }
rule "missed" { why = "a promise", on = promise.missed, alert = { to = "agent:{promised_by}", say = "{customer} waits." } }
rule "sour" {
  why = "strain", about = "agent", on = "talk.ended", when = fact.agent_mood:below(-0.5),
  alert = { to = "supervisor", say = "{agent} is at {agent_mood}." },
}
action "coupon" {
  goal = "grow", eligible = fact.visits_day:at_least(1), value = { customer = 0.5, business = 0.6 },
  propensity = { start = 0.3 }, say = "A coupon for you.",
}
action "help" {
  goal = "serve", value = { customer = 0.6, business = 0.1 }, propensity = { start = 0.4 }, say = "May I help?",
  context = { { when = fact.agent_mood:below(0), weight = 0.5 } },
}
policy { goal = "grow", per = "action", at_most = { offered = 2, within = "30d" } }
'''


class Shop:
    """A history of a few customers, told step by step to a daemon whose clock follows the events."""

    def __init__(self, b, pack=SHOP, shards=2):
        self.b = b
        self.rules = b.pack(pack)
        self.daemon = b.daemon(rules=self.rules, shards=shards, args=['--clock', 'events'])
        self.client = self.daemon.client()
        self.now, self.count = START, 0

    def wait(self, ms):
        self.now += ms

    def event(self, customer, type, attrs=None, **more):
        self.count += 1
        self.now += 1000
        e = event(self.b.pb, 'e%d' % self.count, customer, type, attrs, time_ms=self.now, **more)
        return kit.accepted(self.client.call(publish=self.b.pb.Publish(events=[e])))[0]

    def ask(self, customer, **more):
        return self.client.call(recommend=self.b.pb.Recommend(customer=customer, **more)).recommendation

    def outcome(self, customer, action, kind, decision=''):
        self.count += 1
        self.now += 1000
        o = self.b.pb.Outcome(id='o%d' % self.count, source='test', customer=customer, action=action, kind=kind,
                              decision=decision, channel='call', time_ms=self.now)
        same(self.client.call(outcome=o).outcome_recorded.ack.result, 1, 'outcome')

    def alerts(self):
        return self.client.call(list_alerts=self.b.pb.ListAlerts(limit=1000)).alert_list.alerts

    def acknowledge(self, alert):
        same(self.client.call(acknowledge=self.b.pb.Acknowledge(seq=alert.seq, index=alert.index, by='x'))
             .WhichOneof('body'), 'acknowledged')

    def end(self):
        self.daemon.settled()
        self.client.close()
        self.daemon.stop()
        return self.daemon.data

    def month(self):
        """What most cases look at: visits, promises kept and missed, agents in all moods, questions and answers."""
        r = random.Random(7)
        for day in range(12):
            for c in ('ann', 'bob', 'cyd', 'dee'):
                for _ in range(r.randint(0, 4)):
                    self.event(c, 'visit')
                if r.random() < 0.3:
                    self.event(c, 'promise.made', agent=r.choice(['tom', 'una']))
                if r.random() < 0.15:
                    self.event(c, 'promise.kept')
                if r.random() < 0.4:
                    self.event(c, 'talk.ended', {'mood': round(r.uniform(-1, 1), 2)}, agent=r.choice(['tom', 'una']))
                if r.random() < 0.7:
                    answer = self.ask(c, agent=r.choice(['tom', 'una']))
                    if answer.choices:
                        self.outcome(c, answer.choices[0].action, 'offered', answer.decision)
                        if r.random() < 0.3:
                            self.outcome(c, answer.choices[0].action, r.choice(['accepted', 'rejected']))
            for a in self.alerts():
                if r.random() < 0.3:
                    self.acknowledge(a)
            self.wait(DAY - 3 * HOUR)
        return self.end()


def replay(b, data, rules, *args, ok=True):
    done = subprocess.run([b.nudgectl, 'replay', '--journal', data, '--rules', rules, '--json', *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not ok:
        return done
    check(done.returncode == 0, 'replay: exit %d: %s' % (done.returncode, done.stderr.decode()[-500:]))
    report = json.loads(done.stdout)
    check(report['baseline']['reproduced'], 'not as recorded:', report['baseline'])
    return report


CHANGES = ('alerts_lost', 'alerts_gained', 'alerts_changed', 'alerts_renamed', 'closed_otherwise', 'nudges_lost', 'nudges_gained',
           'nudges_changed', 'fired_lost', 'fired_gained', 'first_changed', 'list_changed', 'scores_changed', 'words_changed',
           'outcomes_unknown', 'shown_unknown', 'acknowledgements_left_out', 'customers_touched')


def changes(report):
    return {name: report['totals'][name] for name in CHANGES if report['totals'][name]}


def row(report, kind, name):
    return next(r for r in report[kind] if name in (r.get('rule'), r.get('action'), r.get('to'), r.get('channel')))


def edited(b, text, *pairs):
    for old, new in pairs:
        check(old in text, 'the pack has no', old)
        text = text.replace(old, new)
    return b.pack(text)


def shop_data(b):
    if not hasattr(b, 'shop'):
        b.shop = Shop(b).month()
    return b.shop


def send_in_time(b, d, lines):
    """What lies within ten minutes in one request, and one request after the other: the daemon's clock follows the events,
    and its shards shall not see it hours apart, as they never do where it is the machine's."""
    together = []
    with d.client() as c:
        def publish():
            if together:
                kit.accepted(c.call(publish=b.pb.Publish(events=together)))
            together.clear()
        for e in map(json.loads, lines):
            attrs = e.pop('attributes', {})
            if together and e['time_ms'] - together[0].time_ms > 600000:
                publish()
            together.append(event(b.pb, attrs=attrs, **e))
        publish()


def telecom_history(b, shards):
    """A simulated month with everything in between, and daemons stopped and started."""
    lines = b.ctl('simulate', '--households', '25', '--days', '24', '--seed', '5', '--story').splitlines()
    d = b.daemon(rules=os.path.join(b.root, 'rules/telecom'), shards=shards, args=['--clock', 'events'])
    r = random.Random(3)
    customers = sorted({json.loads(line)['customer'] for line in lines if 'customer' in json.loads(line)})
    agents = sorted({e['agent'] for e in map(json.loads, lines) if e.get('agent')})
    size = max(1, len(lines) // 24)
    for at in range(0, len(lines), size):
        send_in_time(b, d, lines[at:at + size])
        with d.client() as c:
            for _ in range(30):
                who = r.choice(customers)
                answer = c.call(recommend=b.pb.Recommend(
                    customer=who, agent=r.choice(agents), channel=r.choice(['call', 'chat', 'sms']), limit=r.choice([0, 1, 5]),
                    intent=r.choice(['', 'bill', 'messages/usage', 'network']), mood=r.uniform(-1, 1), has_mood=True)
                ).recommendation
                for i, choice in enumerate(answer.choices[:2]):
                    c.call(outcome=b.pb.Outcome(id='%s-%d' % (answer.decision, i), source='desk', customer=who,
                                                action=choice.action, channel='call', decision=answer.decision,
                                                kind=r.choice(['shown', 'offered', 'accepted', 'rejected', 'later'])))
            for a in c.call(list_alerts=b.pb.ListAlerts(limit=1000)).alert_list.alerts:
                if r.random() < 0.2:
                    c.call(acknowledge=b.pb.Acknowledge(seq=a.seq, index=a.index, by='lead'))
        if at // size == 11:
            d.stop()
            d.start()
    d.settled()
    d.stop()
    return d.data


def telecom_data(b):
    if not hasattr(b, 'telecom'):
        b.telecom = telecom_history(b, 3)
    return b.telecom


def telecom_pack(b, name, *pairs):
    """rules/telecom without its tests, and with lines of its files replaced: (file, old, new)."""
    folder = b.path(name)
    shutil.copytree(os.path.join(b.root, 'rules/telecom'), folder, ignore=shutil.ignore_patterns('tests'))
    for file, old, new in pairs:
        path = os.path.join(folder, file)
        with open(path, encoding='utf-8') as f:
            text = f.read()
        check(old in text, file, 'has no', old)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text.replace(old, new))
    return folder
