"""What the week of soak.py is made of: its traffic, and the model of what must have come of it. Who brings it is in soak_clients.py.

NUDGED_TEST_SEED: another week, of other households, customers and choices.
"""
import collections
import json
import os
import random
import shutil
import struct
import threading
import time

from kit import DAY, check

DAYS = 7
ERASED_ON = 4 # the day on which customers are erased
GONE = ['gone-%d' % n for n in range(3)] # do not come again
AGAIN = ['again-%d' % n for n in range(2)] # come again the day after, as somebody new
RACING = ['racing-%d' % n for n in range(2)] # go on meanwhile
SECRET = 'Zanzibar Lane '
PATIENCE = 300.0 # nothing fails by time but what does not come at all
# By what cause a client may be told so.
EXPLAINS = {'lost': ('kill', 'stop', 'token'), 'closed': ('stop',), 'storage': ('disk',), 'denied': ('token',), 'rate': ('limited',),
            'busy': ('activation',)}
SEED = int(os.environ.get('NUDGED_TEST_SEED', '3'))


class Cause:
    """What was done to the daemon. over: from then on it can be no cause any more of what becomes of connections that are made then."""

    def __init__(self, name):
        self.name, self.begin, self.over, self.end = name, time.monotonic(), float('inf'), float('inf')

    def explains(self, error):
        return (self.name in EXPLAINS.get(error.code, ()) and self.begin <= error.ended and
                error.began <= (min(self.over, self.end) if error.connected else self.end))


class Error:
    """began: the question, or the connection that was lost. connected: the daemon had let it in."""

    def __init__(self, code, began, connected, detail):
        self.code, self.began, self.connected, self.detail, self.ended = code, began, connected, detail, time.monotonic()


class Model:
    """What was acknowledged, what was done to the daemon and when, and what clients were told that was not what they asked for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.events, self.outcomes, self.acknowledged = set(), {}, {} # by id: of outcomes what was told, of alerts by whom
        self.errors, self.causes, self.erasable = [], [], set() # erasable: ids of events
        self.day, self.busy, self.ready, self.ends, self.rests, self.places = 0, False, [0] * DAYS, False, False, {}

    def told(self, code, began, detail='', connected=True):
        with self.lock:
            self.errors.append(Error(code, began, connected, detail))

    def begins(self, name):
        self.causes.append(Cause(name))
        return self.causes[-1]

    def unexplained(self):
        return [(e.code, e.detail) for e in self.errors if not any(c.explains(e) for c in self.causes)]

    def counted(self):
        return dict(collections.Counter(e.code for e in self.errors))


class during:
    def __init__(self, model, name):
        self.model, self.name = model, name

    def __enter__(self):
        self.cause = self.model.begins(self.name)
        return self.cause

    def __exit__(self, *_):
        self.cause.end = time.monotonic()


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
             bench.ctl('simulate', '--households', str(households), '--days', str(DAYS), '--seed', str(SEED)).splitlines()]
    homes, begin, r = sorted({e['customer'] for e in lines}), min(e['time_ms'] for e in lines), random.Random(SEED + 6)
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


def acknowledged(model):
    """All that was, by now, but of those who are erased."""
    with model.lock:
        return {id for id in model.events if id not in model.erasable}, dict(model.outcomes), dict(model.acknowledged)


def are_there(dump, events, outcomes, alerts):
    """In the journal."""
    for kind, of, want in (('event', 'event', events), ('outcome', 'outcome_of', set(outcomes))):
        there = {(e[of].get('source', ''), e[of]['id']) for e in dump if e['kind'] == kind and of in e}
        check(want <= there, kind, 'acknowledged and lost:', len(want - there), list(want - there)[:5])
    there = {(e['alert_seq'], e.get('alert_index', 0)): e['by'] for e in dump if e['kind'] == 'acknowledge'}
    lost = [id for id in alerts if id not in there]
    check(not lost, 'alerts were acknowledged, and that was lost:', lost[:5])


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


def worked_through(d):
    """The digest once all timers that were due are over, too: nothing is journaled for a second, which has several sweeps."""
    until = time.time() + PATIENCE
    while time.time() < until:
        digest, last = d.settled(), d.settled_at
        time.sleep(1.0)
        if d.status().journal_last == last:
            return digest
    raise kit.Failed('it journals by itself after %d s still' % PATIENCE)


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
