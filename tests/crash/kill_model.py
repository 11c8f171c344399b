"""The load of the kill tests, and a naive model of what the daemon must hold: counted in Python from the journal's events alone,
without windows, records, effects or shards."""
import collections
import random

import kit

PACK = '''
pack { name = "kill", topics = { "bill", "net" } }
timeline { keep = 8, fields = { "topic" } }
local calls = series { on = "call.ended", name = "calls" }
local lines = series { on = "call.ended", per = "member", name = "lines" }
local moods = series { on = "call.ended", per = "agent", value = "mood", name = "moods" }
local areas = series { on = "call.ended", per = "area", name = "areas" }
local helped = tally { name = "helped", per = "agent" }
local promise = case { opens = "promise.made", closes = "promise.kept", key = "ref", due = "1s", name = "promise" }
fact.calls = calls:count "7d"
fact.lines = lines:count "7d"
fact.low = moods:run(at_most(-0.4))
rule "often" { on = "call.ended", when = fact.calls:at_least(3), once_per = "1h", alert = { to = "care", say = "{calls} calls",
  closes = "solved" }, add = { helped, 1 }, set = { often = fact.calls } }
rule "sms" { on = "call.ended", when = event.mood:below(-0.8), nudge = { channel = "sms" } }
rule "late" { on = promise.missed, alert = { to = "care", say = "late {ref}", closes = promise.closed } }
rule "strain" { about = "agent", on = "call.ended", when = fact.low:at_least(3), once_per = "1m",
  alert = { to = "supervisor", say = "{low} bad calls" } }
action "sorry" { goal = "serve", channels = { "sms", "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
action "sell" { goal = "grow", channels = { "call" }, eligible = fact.calls:at_least(2),
  value = { customer = 0.1, business = 0.6 }, say = "Buy." }
policy { per = "action", after = { rejected = 1, within = "30d" }, pause = "30d" }
'''


class Load:
    """Makes events; what is not acknowledged is sent again."""

    def __init__(self, pb, seed):
        self.pb, self.random, self.number = pb, random.Random(seed), 0
        self.merged = set()

    def next_id(self):
        self.number += 1
        return 'e%d' % self.number

    def customer(self):
        return 'c%d' % self.random.randrange(80)

    def event(self, big=False):
        r, pb = self.random, self.pb
        dice, id = r.random(), self.next_id()
        if dice < 0.70:
            attrs = {'mood': round(r.uniform(-1, 1), 2), 'topic': r.choice(['bill', 'net']), 'area': 'area%d' % r.randrange(3)}
            if big:
                attrs.update(('pad%d' % i, 'x' * 1000) for i in range(40))
            whom = {'customer': self.customer()} if r.random() < 0.8 else {'alias': '+4930%d' % r.randrange(2000000, 2000040)}
            return kit.event(pb, id, attrs=attrs, agent='a%d' % r.randrange(6) if r.random() < 0.8 else '',
                             member='m%d' % r.randrange(3) if r.random() < 0.5 else '', channel='call', **whom)
        if dice < 0.78:
            return kit.event(pb, id, self.customer(), 'promise.made', {'ref': str(r.randrange(5))}, agent='a1')
        if dice < 0.84:
            return kit.event(pb, id, self.customer(), 'promise.kept', {'ref': str(r.randrange(5))})
        if dice < 0.88:
            return kit.event(pb, id, self.customer(), 'solved')
        if dice < 0.94:
            return kit.event(pb, id, self.customer(), 'profile.updated', {'plan': str(self.number), 'lines': r.randrange(9)})
        if dice < 0.99:
            n = r.randrange(2000000, 2000040)
            return kit.event(pb, id, 'c%d' % (n % 40), 'alias.added', {'alias': '+4930%d' % n})
        if len(self.merged) < 12:
            a, b = 'c%d' % r.randrange(40, 80), 'c%d' % r.randrange(80)
            self.merged.add(a)
            return kit.event(pb, id, a, 'identity.merged', {'into': b})
        return kit.event(pb, id, self.customer(), 'call.ended')

    def outcome(self):
        r = self.random
        return self.pb.Outcome(id=self.next_id(), source='test', customer=self.customer(), action=r.choice(['sell', 'sorry']),
                               channel='call', kind=r.choice(['offered', 'accepted', 'rejected']), agent='a1')


def attributes(e):
    return dict(e.get('attributes', {}))


class Model:
    """Of a whole journal (from its first entry)."""

    def __init__(self, entries):
        self.ids = collections.Counter()
        self.by_prospect = set() # sent under an alias that had no owner yet, and again when it had: see on_event
        self.calls, self.members = collections.Counter(), collections.Counter()
        self.agents, self.areas, self.sums = collections.Counter(), collections.Counter(), collections.Counter()
        self.attrs, self.merged = {}, {}
        self.joined = set() # by another's record: they may have no calls of their own
        self.effects, self.nudges = collections.Counter(), collections.Counter()
        self.timers, self.outcomes = collections.Counter(), collections.Counter()
        self.acknowledged = collections.Counter()
        slots = {}
        last, newest = 0, {} # of a slot: shards look at the clock each for themselves
        for e in entries:
            kit.same(e['seq'], last + 1, 'sequence')
            last = e['seq']
            if e['kind'] not in ('boot', 'activate', 'aside'):
                kit.check(e['received_at_ms'] >= newest.get(e['slot'], 0), 'received_at goes back at', e['seq'])
                newest[e['slot']] = e['received_at_ms']
            if 'customer' in e:
                kit.same(slots.setdefault(e['customer'], e['slot']), e['slot'], 'hash slot of ' + e['customer'])
            try:
                getattr(self, 'on_' + e['kind'], lambda e: None)(e)
            except KeyError as why:
                raise kit.Failed('an entry of the journal without %s: %s' % (why, e))

    def on_event(self, e):
        event, who = e['event'], e['customer']
        self.ids[event['id']] += 1
        # The prospect's history joins the owner by effects; who sends again before they arrive is not recognised.
        if who.startswith('prospect:'):
            self.by_prospect.add(event['id'])
        values = attributes(event)
        if event['type'] == 'call.ended':
            self.calls[who] += 1
            member = event.get('member') or e.get('member')
            if member:
                self.members[who, member] += 1
            if event.get('agent'):
                self.agents[event['agent']] += 1 if 'mood' in values else 0
                self.sums[event['agent']] += values.get('mood', 0)
            if values.get('area'):
                self.areas[values['area']] += 1
        elif event['type'] == 'profile.updated':
            self.attrs.setdefault(who, {}).update(values)
        elif event['type'] == 'identity.merged' and values['into'] != who:
            self.merged[who] = values['into']

    def on_effect(self, e):
        if e['effect'] == 'fill':
            return # a backfill's: one a subject, and again where a crash came between
        key = (e['source_seq'], e['index'])
        self.effects[key] += 1
        if e['effect'] == 'merge':
            self.joined.add(e['customer'])

    def on_decision(self, e):
        if 'nudge' in e:
            self.nudges[e['nudge']['source_seq']] += 1

    def on_timer(self, e):
        self.timers[e['customer'], e.get('key'), e['due_ms']] += 1

    def on_outcome(self, e):
        self.ids[e['outcome_of']['id']] += 1
        self.outcomes[e['customer']] += 1

    def on_acknowledge(self, e):
        self.acknowledged[e['alert_seq'], e['alert_index']] += 1


def series(customer, name, member=''):
    return sum(s.count for s in customer.series if s.name == name and s.member == member)


def compare(pb, client, model):
    """The daemon's answers with the model's. Customers that took part in a merge, and prospects, are compared as one sum."""
    def read(**who):
        r = client.call(read_customer=pb.ReadCustomer(**who))
        return r.customer if r.WhichOneof('body') == 'customer' else None
    mixed = set(model.merged) | set(model.merged.values())
    owners, sums = {read(customer=id).id for id in model.joined}, [0, 0]
    for id in sorted(model.calls):
        c = read(customer=id)
        kit.check(c is not None, id, 'is not known')
        if id.startswith('prospect:') or id in mixed or id in ('c%d' % n for n in range(40)):
            sums[0] += model.calls[id]
            owners.add(c.id)
            continue
        kit.same(series(c, 'calls'), model.calls[id], 'calls of ' + id)
        for (who, member), count in model.members.items():
            if who == id:
                kit.same(series(c, 'lines', member), count, 'calls of %s %s' % (id, member))
        held = {h.attribute.name: h.attribute for h in c.attributes}
        for name, value in model.attrs.get(id, {}).items():
            a = held[name]
            kit.same(getattr(a, a.WhichOneof('value')), value, '%s of %s' % (name, id))
    for id in owners:
        c = read(customer=id)
        sums[1] += series(c, 'calls') if c else 0
    kit.same(sums[1], sums[0], 'calls of merged customers and prospects')
    for agent, count in model.agents.items():
        a = read(agent=agent)
        kit.same(series(a, 'moods'), count, 'calls of agent ' + agent)
        total = sum(s.sum for s in a.series if s.name == 'moods')
        kit.check(abs(total - model.sums[agent]) < 1e-6, 'sum of moods of', agent, total, model.sums[agent])
