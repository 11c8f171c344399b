"""What the week of soak.py is made of: its traffic, the clients who bring it, and the model of what must have come of it."""
import collections
import json
import os
import random
import shutil
import struct
import threading
import time

import http_kit
import kit
import tls_kit
from kit import DAY, HOUR, check

DAYS = 7
ERASED_ON = 4 # the day on which customers are erased
GONE = ['gone-%d' % n for n in range(3)] # do not come again
AGAIN = ['again-%d' % n for n in range(2)] # come again the day after, as somebody new
RACING = ['racing-%d' % n for n in range(2)] # go on meanwhile
SECRET = 'Zanzibar Lane '
PATIENCE = 300.0 # nothing fails by time but what does not come at all
EXPLAINS = {'lost': ('kill', 'stop'), 'closed': ('stop',), 'storage': ('disk',)} # which cause a client may tell by


class Model:
    """What was acknowledged, what was done to the daemon and when, and what clients were told that was not what they asked for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.events, self.outcomes = set(), {} # of outcomes: what was told, by id
        self.errors, self.causes = [], []
        self.day, self.busy, self.ready, self.ends, self.places = 0, False, [0] * DAYS, False, {}

    def told(self, code, began, detail=''):
        with self.lock:
            self.errors.append((code, began, time.monotonic(), detail))

    def begins(self, name):
        self.causes.append([name, time.monotonic(), float('inf')])
        return self.causes[-1]

    def unexplained(self):
        """What no cause was there for while it was asked, or while the connection was there on which it came."""
        return [(code, detail) for code, began, ended, detail in self.errors
                if not any(name in EXPLAINS.get(code, ()) and begin <= ended and began <= end for name, begin, end in self.causes)]

    def counted(self):
        return dict(collections.Counter(code for code, *_ in self.errors))


class during:
    def __init__(self, model, name):
        self.model, self.name = model, name

    def __enter__(self):
        self.cause = self.model.begins(self.name)
        return self.cause

    def __exit__(self, *_):
        self.cause[2] = time.monotonic()


class Client(threading.Thread):
    """Comes back until it is told to end. how: 'unix', 'tls' (both protobuf), 'https'."""

    def __init__(self, week, how):
        super().__init__(daemon=True)
        self.bench, self.d, self.model, self.ca, self.pb = week.bench, week.d, week.model, week.ca.cert, week.bench.pb
        self.how, self.failed, self.began = how, None, 0

    def protobuf(self, timeout=PATIENCE):
        return tls_kit.client(self.d, self.ca, timeout=timeout) if self.how == 'tls' else self.d.client(timeout=timeout)

    def http(self, timeout=PATIENCE):
        return tls_kit.Https(self.d, self.ca, timeout=timeout)

    def quiet(self, why):
        """It is no error to them."""
        return False

    def run(self):
        while not self.model.ends:
            self.began = time.monotonic()
            try:
                self.live()
            except (OSError, EOFError, kit.nudge_client.Closed) as why:
                if not self.quiet(why):
                    self.model.told('lost', self.began, '%s over %s: %r' % (type(self).__name__, self.how, why))
                    time.sleep(0.05)
            except Exception as why: # said at the end
                self.failed = '%s: %r' % (type(self).__name__, why)
                return


class Publisher(Client):
    """Its customers' events in order, some in a request, again until each is acknowledged."""

    def __init__(self, week, how, number, days):
        super().__init__(week, how)
        self.number, self.days = number, days
        self.day, self.at, self.more = 0, 0, 0
        self.model.places[number] = 0

    def next(self):
        """The next events; None: nothing more today."""
        events, places = self.days[self.day], self.model.places
        if self.at < len(events): # all go with one clock: nobody is far ahead of the others
            places[self.number] = events[self.at]['time_ms']
            return [e for e in events[self.at:self.at + 40] if e['time_ms'] <= min(places.values()) + HOUR // 2]
        places[self.number] = float('inf')
        if self.day < self.model.day:
            self.day, self.at = self.day + 1, 0
            return self.next()
        self.model.ready[self.day] |= 1 << self.number
        if not events or not self.model.busy:
            return None
        self.more += 1 # the day goes on as long as something is being done to the daemon
        return [{'id': 'more-%d-%d' % (self.number, self.more), 'source': 'soak', 'customer': 'walker-%d' % self.number,
                 'type': 'web.visit', 'channel': 'web', 'time_ms': events[-1]['time_ms'] + self.more}]

    def live(self):
        with self.http() if self.how == 'https' else self.protobuf() as c:
            while not self.model.ends:
                events = self.next()
                if events:
                    self.publish(c, events)
                else:
                    time.sleep(0.01)

    def publish(self, c, events):
        good, began = 0, time.monotonic()
        for event, (result, code) in zip(events, self.by_http(c, events) if self.how == 'https' else self.by_protobuf(c, events)):
            if result not in (1, 2, 'ACCEPTED', 'DUPLICATE') or code: # what follows of it comes again, in order
                self.model.told(code, began, '%s: %s' % (event, result))
                break
            with self.model.lock:
                self.model.events.add((event['source'], event['id']))
            good += 1
        if events[0]['source'] != 'soak':
            self.at += good
        elif not good:
            self.more -= 1
        time.sleep(0.002 if good else 0.02)

    def by_protobuf(self, c, events):
        made = []
        for e in events:
            e = dict(e)
            attrs = e.pop('attributes', {})
            made.append(kit.event(self.pb, attrs=attrs, **e))
        r = c.call(publish=self.pb.Publish(events=made))
        if r.WhichOneof('body') != 'published':
            return [(3, r.error.code)]
        return [(a.result, a.error.code or a.error.reason) for a in r.published.acks]

    def by_http(self, c, events):
        r = c.ask('POST', '/v1/events', events)
        if r.status != 200:
            return [(3, r.json['code'])]
        return [(a['result'], a['error'].get('code') or a['error']['reason']) if a.get('error') else (a['result'], '') for a in r.json['acks']]


class Desk(Client):
    """Asks what to do for customers, tells what became of it, and acknowledges an alert now and then."""

    def __init__(self, week, how, customers):
        super().__init__(week, how)
        self.customers, self.random, self.count, self.open, self.name = customers, random.Random(how), 0, None, 'desk-' + how

    def live(self):
        with self.protobuf() as c:
            while not self.model.ends:
                if self.open:
                    self.tell(c)
                elif self.random.random() < 0.1:
                    self.acknowledge(c)
                else:
                    self.ask(c)
                time.sleep(0.01)

    def ask(self, c):
        who, began = self.random.choice(self.customers), time.monotonic()
        r = c.call(recommend=self.pb.Recommend(customer=who, channel='call', agent='linh'))
        if r.WhichOneof('body') != 'recommendation':
            self.model.told(r.error.code, began, 'recommend')
        elif r.recommendation.choices:
            self.count += 1
            self.open = dict(id='o%d' % self.count, source=self.name, customer=who, channel='call',
                             kind=self.random.choice(['offered', 'offered', 'accepted', 'rejected']),
                             action=r.recommendation.choices[0].action, decision=r.recommendation.decision)

    def tell(self, c):
        began = time.monotonic()
        r = c.call(outcome=self.pb.Outcome(**self.open))
        ack = r.outcome_recorded.ack
        if r.WhichOneof('body') == 'outcome_recorded' and ack.result in (1, 2):
            self.model.outcomes[self.name, self.open['id']] = self.open
            self.open = None
        else:
            self.model.told(ack.error.code or r.error.code, began, 'outcome')

    def acknowledge(self, c):
        began = time.monotonic()
        listed = c.call(list_alerts=self.pb.ListAlerts(limit=50)).alert_list.alerts
        listed = [a for a in listed if a.customer not in GONE + AGAIN + RACING]
        if listed:
            a = self.random.choice(listed)
            r = c.call(acknowledge=self.pb.Acknowledge(seq=a.seq, index=a.index, by=self.name))
            if r.WhichOneof('body') != 'acknowledged':
                self.model.told(r.error.code, began, 'acknowledge: ' + r.error.reason)


class Stream(http_kit.Stream):
    def __init__(self, c, last):
        self.c, self.text, self.last = c, '', last
        c.send(http_kit.request('GET', '/v1/alerts/stream', headers={'Accept': 'text/event-stream', 'Last-Event-ID': last}))
        self.status, self.headers = c.head()


class Follower(Client):
    """Alerts by id, from where it was. seen: whom each was about; came: when it came back, and behind which one it asked."""

    def __init__(self, week, how):
        super().__init__(week, how)
        self.seen, self.last, self.came = {}, (0, 0), []

    def quiet(self, why):
        return isinstance(why, TimeoutError) # a quiet stream

    def take(self, id, about):
        check(id > self.last, 'an alert from before', self.last, id)
        self.seen[id], self.last = about, id

    def live(self):
        if self.how == 'https':
            with self.http(2.0) as c:
                s = Stream(c, '%d-%d' % self.last)
                self.came.append((time.monotonic(), self.last))
                check(s.status == 200, 'no stream:', s.status)
                while not self.model.ends:
                    name, data = s.event()
                    check(name in ('following', 'alert', 'nudge'), name, data)
                    if name != 'following':
                        self.take((data['seq'], data['index']), data.get('customer', ''))
            return
        with self.protobuf(2.0) as c:
            r = c.call(follow=self.pb.Follow(after_seq=self.last[0], after_index=self.last[1]))
            self.came.append((time.monotonic(), self.last))
            check(r.WhichOneof('body') == 'following', r)
            while not self.model.ends:
                r = c.receive()
                check(r.WhichOneof('body') == 'alert', r)
                self.take((r.alert.seq, r.alert.index), r.alert.customer)


def bank_event(r, n, when, customer):
    """As a bank has them: calls of one of a few lines, and what is known of who has them."""
    e = {'id': 'bank%d' % n, 'source': 'bank', 'customer': customer, 'channel': 'call', 'time_ms': when,
         'type': r.choice(['call.ended', 'call.ended', 'profile.updated', 'web.visit'])}
    if r.random() < 0.7:
        e['member'] = 'line-%d' % r.randrange(3)
    if e['type'] == 'profile.updated':
        e['attributes'] = {'tenure_months': n, 'preferred_channel': r.choice(['call', 'sms'])}
        if r.random() < 0.5:
            e['attributes']['note'] = 'noted %d' % n
    return e


def traffic(bench, households, bank, publishers):
    """[publisher][day] of events, and the households: a simulated story, calls of a bank, and customers who will be erased."""
    lines = [json.loads(line) for line in
             bench.ctl('simulate', '--households', str(households), '--days', str(DAYS), '--seed', '3').splitlines()]
    homes, begin, r = sorted({e['customer'] for e in lines}), min(e['time_ms'] for e in lines), random.Random(9)
    for n in range(bank):
        lines.append(bank_event(r, n, begin + n * DAYS * DAY // bank, 'bank-%d' % r.randrange(bank // 10)))
    n = bank
    for customer in GONE + AGAIN + RACING:
        for day in range(DAYS):
            if (customer in GONE and day >= ERASED_ON) or (customer in AGAIN and day == ERASED_ON):
                continue
            for part in range(40 if customer in RACING and day == ERASED_ON else 6):
                e = bank_event(r, n, begin + day * DAY + part * DAY // 40, customer)
                if day < ERASED_ON:
                    e['attributes'] = dict(e.get('attributes', {}), street=SECRET + customer)
                lines.append(e)
                n += 1
    lines.sort(key=lambda e: e['time_ms'])
    out = [[[] for _ in range(DAYS)] for _ in range(publishers)]
    for e in lines:
        who = sum(ord(c) * (i + 7) for i, c in enumerate(e['customer'])) % publishers
        out[who][min(DAYS - 1, (e['time_ms'] - begin) // DAY)].append(e)
    return out, homes


class Known:
    """What the naive model says of one customer."""

    def __init__(self):
        self.calls, self.lines, self.attributes, self.outcomes = 0, collections.Counter(), {}, collections.Counter()

    def take(self, e):
        if e['type'] == 'call.ended':
            self.calls += 1
            if e.get('member'):
                self.lines[e['member']] += 1
        if e['type'] == 'profile.updated':
            for name, value in e.get('attributes', {}).items():
                self.attributes[e.get('member', ''), name] = value


def naive(plan, outcomes):
    """By customer, from the events as they were sent and the outcomes that were acknowledged. Not of those who race with their
    erasure: what of theirs came before it, nobody outside can know."""
    known = collections.defaultdict(Known)
    for days in plan:
        for day, events in enumerate(days):
            for e in events:
                who = e['customer']
                if who not in GONE + RACING and (who not in AGAIN or day > ERASED_ON):
                    known[who].take(e)
    for o in outcomes.values():
        known[o['customer']].outcomes[o['decision'], o['action'], o['kind']] += 1
    return known


def value_of(attribute):
    return getattr(attribute, attribute.WhichOneof('value')) if attribute.WhichOneof('value') else None


def held(customer):
    """The same, as the daemon says it."""
    k = Known()
    for s in customer.series:
        if s.name == 'soak.calls':
            k.calls = s.count
        elif s.name == 'soak.lines' and s.count:
            k.lines[s.member] = s.count
    for member, attributes in [('', customer.attributes)] + [(m.id, m.attributes) for m in customer.members]:
        for h in attributes:
            k.attributes[member, h.attribute.name] = value_of(h.attribute)
    k.outcomes.update((o.decision, o.action, o.kind) for o in customer.outcomes)
    return k


def journal_up_to(data, to, last):
    """Copies the journal of a data directory, which a daemon may be writing, up to entry *last*: without any store."""
    os.makedirs(os.path.join(to, 'journal'))
    shutil.copy(os.path.join(data, 'NUDGED'), to)
    shutil.copy(os.path.join(data, 'journal', 'NUDGED'), os.path.join(to, 'journal'))
    over = False
    for name in sorted(n for n in os.listdir(os.path.join(data, 'journal')) if n.endswith('.segment')):
        if over:
            break
        with open(os.path.join(data, 'journal', name), 'rb') as f:
            content = bytearray(f.read())
        at = 512
        while at + 64 <= len(content) and any(content[at:at + 4]):
            first, count, length = struct.unpack_from('<QII', content, at + 16)
            if first > last:
                content[at:] = bytes(len(content) - at)
                over = True
                break
            check(first + count - 1 <= last, 'entry', last, 'is not the last one of a batch')
            at += (length + 511) // 512 * 512
        with open(os.path.join(to, 'journal', name), 'wb') as f:
            f.write(content)
    return to


def pack_of(bench, name, extra):
    folder = bench.path(name)
    shutil.copytree(os.path.join(bench.root, 'rules/telecom'), folder, ignore=shutil.ignore_patterns('tests'))
    with open(os.path.join(folder, 'pack.lua'), 'a', encoding='utf-8') as f:
        f.write(extra)
    return folder


def sockets_of(d):
    """Its connections, once nobody is there: those within it, and what it listens on."""
    folder, count = '/proc/%d/fd/' % d.process.pid, 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(folder + name).startswith('socket:')
        except FileNotFoundError:
            pass
    return count


def found_in(folders, words):
    """Which of the words stand in any byte of any file."""
    found = set()
    for folder in folders:
        for at, _, names in os.walk(folder):
            for name in names:
                try:
                    with open(os.path.join(at, name), 'rb') as f:
                        content = f.read()
                except FileNotFoundError:
                    continue # it goes on working
                found |= {(word, name) for word in words if word.encode() in content}
    return sorted(found)
