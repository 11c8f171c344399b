#!/usr/bin/python3
"""A week in minutes: traffic over both protocols, and what happens to a daemon in its week: backups that are restored
elsewhere, reloads, packs that come and go, kills. Nothing acknowledged is lost, nothing is there twice, alerts come once to
who follows, and no client sees an error that is not explained.

By default a small week (half a minute); NUDGED_TEST_LONG: twenty times the traffic, and more kills.
"""
import collections
import json
import os
import random
import shutil
import subprocess
import threading
import time

import http_kit
import kit
from kit import DAY, LONG, check, same

HOUSEHOLDS, BANK, PUBLISHERS = (60, 60000, 4) if LONG else (8, 3000, 3)
KILLS = 3 if LONG else 1 # of each day that has any
VISITED = '\nrule "visited" { on = "web.visit", alert = { to = "care", once_per = "%s", say = "{customer} looks around." } }\n'


class Model:
    """What was acknowledged, and what clients were told that was not what they asked for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.events, self.outcomes = collections.Counter(), collections.Counter()
        self.errors, self.unexplained = collections.Counter(), []
        self.day, self.ready, self.ends = 0, [0] * 7, False

    def acknowledged(self, which, names):
        with self.lock:
            which.update(names)

    def told(self, what):
        """Explained: the connection was lost in a kill or a restart, the daemon is busy, recovering, or out of space."""
        with self.lock:
            self.errors[what] += 1
            if what not in ('lost', 'busy', 'closed', 'timeout', 'storage'):
                self.unexplained.append(what)


class Client(threading.Thread):
    """Comes back until it is told to end."""

    def __init__(self, bench, d, model):
        super().__init__(daemon=True)
        self.bench, self.d, self.model, self.pb, self.failed = bench, d, model, bench.pb, None

    def run(self):
        while not self.model.ends:
            try:
                self.live()
            except (OSError, EOFError, nudge_closed):
                self.model.told('lost')
                time.sleep(0.05)
            except Exception as why: # said at the end
                self.failed = '%s: %r' % (type(self).__name__, why)
                return


nudge_closed = kit.nudge_client.Closed


class Publisher(Client):
    """Its customers' events in order, some in a request, again until each is acknowledged. http: over HTTP."""

    def __init__(self, bench, d, model, number, days, http):
        super().__init__(bench, d, model)
        self.number, self.days, self.http = number, days, http
        self.day, self.at, self.more = 0, 0, 0

    def next(self):
        """The next events; None: nothing more today."""
        events = self.days[self.day]
        if self.at < len(events):
            return events[self.at:self.at + 40]
        if self.day < self.model.day:
            self.day, self.at = self.day + 1, 0
            return self.next()
        self.model.ready[self.day] |= 1 << self.number
        if not events or not self.model.busy:
            return None
        last = events[-1]['time_ms'] # the day goes on as long as something is being done to the daemon
        self.more += 1
        return [{'id': 'more-%d-%d' % (self.number, self.more), 'source': 'soak', 'customer': 'bank-%d' % self.number,
                 'type': 'web.visit', 'channel': 'web', 'time_ms': last + self.more}] # a time of its own: ids are known for a time

    def live(self):
        if self.http:
            with http_kit.Connection(self.d.port, 30.0) as c:
                self.publish(lambda events: self.by_http(c, events))
        else:
            with self.d.client() as c:
                self.publish(lambda events: self.by_protobuf(c, events))

    def publish(self, ask):
        while not self.model.ends:
            events = self.next()
            if not events:
                time.sleep(0.01)
                continue
            good = 0
            for event, (result, code) in zip(events, ask(events)):
                if result in (1, 2, 'ACCEPTED', 'DUPLICATE'):
                    self.model.acknowledged(self.model.events, [(event['source'], event['id'])])
                    good += 1
                else: # what follows of it comes again, in order
                    self.model.told(code)
                    break
            if events[0]['source'] != 'soak' or not events[0]['id'].startswith('more'):
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
            return [(3, r.error.code)] * len(events)
        return [(a.result, a.error.code) for a in r.published.acks]

    def by_http(self, c, events):
        r = c.ask('POST', '/v1/events', events)
        if r.status != 200:
            return [(3, r.json['code'])] * len(events)
        return [(a['result'], (a.get('error') or {}).get('code')) for a in r.json['acks']]


class Desk(Client):
    """Asks what to do for customers, and tells what became of it."""

    def __init__(self, bench, d, model, customers):
        super().__init__(bench, d, model)
        self.customers, self.random, self.count, self.open = customers, random.Random(11), 0, None

    def live(self):
        with self.d.client() as c:
            while not self.model.ends:
                if self.open is None:
                    who = self.random.choice(self.customers)
                    r = c.call(recommend=self.pb.Recommend(customer=who, channel='call', agent='linh'))
                    if r.WhichOneof('body') != 'recommendation':
                        self.model.told(r.error.code)
                    elif r.recommendation.choices:
                        self.count += 1
                        self.open = dict(id='o%d' % self.count, source='desk', customer=who, channel='call', kind='offered',
                                         action=r.recommendation.choices[0].action, decision=r.recommendation.decision)
                else:
                    r = c.call(outcome=self.pb.Outcome(**self.open))
                    ack = r.outcome_recorded.ack
                    if r.WhichOneof('body') == 'outcome_recorded' and ack.result in (1, 2):
                        self.model.acknowledged(self.model.outcomes, [self.open['id']])
                        self.open = None
                    else:
                        self.model.told(ack.error.code or r.error.code)
                time.sleep(0.01)


class Follower(Client):
    """Alerts by id, from where it was. http: as server-sent events."""

    def __init__(self, bench, d, model, http):
        super().__init__(bench, d, model)
        self.http, self.seen, self.last = http, collections.Counter(), (0, 0)

    def take(self, a):
        check(a > self.last, 'an alert from before', self.last, a)
        self.seen[a] += 1
        self.last = a

    def live(self):
        if not self.http:
            with self.d.client(timeout=2.0) as c:
                r = c.call(follow=self.pb.Follow(after_seq=self.last[0], after_index=self.last[1]))
                while not self.model.ends:
                    r = c.receive()
                    if r.WhichOneof('body') == 'alert':
                        self.take((r.alert.seq, r.alert.index))
            return
        s = http_kit.Stream(self.d, last='%d-%d' % self.last, timeout=2.0)
        try:
            while s.status == 200 and not self.model.ends:
                name, data = s.event()
                if name in ('alert', 'nudge'):
                    self.take((data['seq'], data['index']))
            if s.status != 200:
                raise EOFError
        finally:
            s.close()

    def run(self): # a quiet stream is no error
        while not self.model.ends:
            try:
                self.live()
            except (OSError, EOFError, nudge_closed):
                time.sleep(0.02)
            except Exception as why:
                self.failed = 'Follower: %r' % why
                return


def week(bench):
    """[publisher][day] of events: a simulated story, and calls as a bank has them; a customer's are one publisher's."""
    lines = [json.loads(line) for line in bench.ctl('simulate', '--households', str(HOUSEHOLDS), '--days', '7', '--seed', '3').splitlines()]
    begin, r = min(e['time_ms'] for e in lines), random.Random(9)
    for n in range(BANK):
        lines.append({'id': 'bank%d' % n, 'source': 'bank', 'customer': 'bank-%d' % r.randrange(BANK // 10), 'channel': 'call',
                      'type': r.choice(['call.ended', 'web.visit', 'sms.sent']), 'time_ms': begin + n * 7 * DAY // BANK})
    lines.sort(key=lambda e: e['time_ms'])
    out = [[[] for _ in range(7)] for _ in range(PUBLISHERS)]
    for e in lines:
        name = e.get('customer') or e.get('alias') or ''
        out[hash_of(name) % PUBLISHERS][min(6, (e['time_ms'] - begin) // DAY)].append(e)
    return out, sorted({e['customer'] for e in lines if e.get('customer')})


def hash_of(text):
    return sum(ord(c) * (i + 7) for i, c in enumerate(text))


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


class Week:
    def __init__(self, bench):
        self.bench, self.model = bench, Model()
        self.model.busy = False
        self.plan, self.customers = week(bench)
        self.pack = pack_of(bench, 'pack', VISITED % 'day')
        self.other = pack_of(bench, 'other', VISITED % '7d')
        self.d = http_kit.http(bench, rules=self.pack, shards=2, args=['--clock', 'events', '--sweep-ms', '300', '--segment-mb', '4'])
        self.most_kb = self.kills = 0
        d, m = self.d, self.model
        self.clients = [Publisher(bench, d, m, n, self.plan[n], n % 2 == 1) for n in range(PUBLISHERS)]
        self.followers = [Follower(bench, d, m, False), Follower(bench, d, m, True)]
        self.clients += [Desk(bench, d, m, self.customers), *self.followers]

    def killed(self, *_):
        """Without a word, under load; the port is another one then, as after a restart elsewhere."""
        for _ in range(KILLS):
            time.sleep(0.3)
            self.most_kb = max(self.most_kb, self.d.rss_kb())
            self.d.kill()
            self.d.start()
            self.d.port = http_kit.port_of(self.d)
            self.kills += 1
            time.sleep(0.3)

    def backed_up(self):
        backup, data = self.bench.path('backup'), self.bench.path('restored')
        made = json.loads(self.d.ctl('backup', backup, '--json'))
        done = subprocess.run([self.bench.nudged, '--restore', backup, '--data', data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        same(done.returncode, 0, done.stdout.decode())
        r = self.bench.daemon(data=data, shards=3, args=['--clock', 'events'])
        digest = r.settled()
        r.kill()
        report = self.bench.replay(data, shards=1)
        same(report['digest'], digest, 'what was restored is what its journal says')
        check(report['last_seq'] >= made['last_seq'], report)
        shutil.rmtree(data)
        shutil.rmtree(backup)

    def reloaded(self):
        for _ in range(3):
            self.d.hang_up()
            time.sleep(0.2)
        check(self.d.alive(), self.d.said()[-500:])

    def activated(self):
        self.d.ctl('rules', 'activate', self.other)
        time.sleep(0.3)
        self.d.ctl('rules', 'rollback')

    def both(self):
        self.activated()
        self.killed()

    def go(self):
        incidents = [self.killed, self.backed_up, self.reloaded, self.activated, self.both, self.backed_up, self.killed]
        http_kit.wait_for(lambda: http_kit.get(self.d, '/v1/status').status == 200) # its inner connections are there
        time.sleep(0.5)
        sockets = sockets_of(self.d)
        for c in self.clients:
            c.start()
        for day, incident in enumerate(incidents):
            self.model.busy, self.model.day = True, day
            incident()
            self.model.busy = False
            self.most_kb = max(self.most_kb, self.d.rss_kb())
            http_kit.wait_for(lambda: self.model.ready[day] == (1 << PUBLISHERS) - 1 or self.broken(), 900 if LONG else 120)
            check(not self.broken(), self.broken())
        self.d.settled()
        time.sleep(0.5) # the last alerts are on their way
        self.model.ends = True
        for c in self.clients:
            c.join(40)
            check(not c.is_alive() and not c.failed, type(c).__name__, c.failed)
        http_kit.wait_for(lambda: sockets_of(self.d) <= sockets, 20)
        return self.d.settled()

    def broken(self):
        return [c.failed for c in self.clients if c.failed]


def a_week(bench):
    w = Week(bench)
    digest = w.go()
    d, m = w.d, w.model
    check(not m.unexplained, 'unexplained:', m.unexplained[:5])
    want = {(e['source'], e['id']) for days in w.plan for day in days for e in day}
    check(want <= set(m.events), 'not all was acknowledged:', len(want - set(m.events)))
    # as a new follower is told from the beginning, so the two were told all along, through every kill
    complete, seen = Follower(bench, d, Model(), False), [set(f.seen) for f in w.followers]
    thread = threading.Thread(target=complete.run, daemon=True)
    thread.start()
    time.sleep(3)
    complete.model.ends = True
    thread.join(10)
    # what is closed by the time somebody comes back is not told to them any more
    for one in seen:
        check(set(complete.seen) <= one, 'alerts that were not told:', len(set(complete.seen) - one))
    check(complete.seen and len(seen[0] ^ seen[1]) < len(seen[0]) / 10, len(complete.seen), len(seen[0] ^ seen[1]), len(seen[0]))
    same({n for f in w.followers for n in f.seen.values()}, {1}, 'each once')
    check(len(seen[0]) > 10, 'too few alerts to be a test')
    kb = d.rss_kb()
    d.stop()
    bench.ctl('journal', 'verify', d.data)
    dump = bench.dump(d.data)
    events = collections.Counter((e['event'].get('source', ''), e['event']['id']) for e in dump if e['kind'] == 'event')
    outcomes = collections.Counter(e['outcome_of']['id'] for e in dump if e['kind'] == 'outcome')
    check(set(m.events) <= set(events), 'acknowledged and lost:', list(set(m.events) - set(events))[:5])
    check(set(m.outcomes) <= set(outcomes), 'outcomes acknowledged and lost:', list(set(m.outcomes) - set(outcomes))[:5])
    same([k for k, n in list(events.items()) + list(outcomes.items()) if n != 1], [], 'applied twice')
    for shards in (1, 3):
        same(bench.replay(d.data, shards)['digest'], digest, 'digest with %d shards' % shards)
    most = max(w.most_kb, kb)
    check(most < (2000 if is_sanitized(bench) else 600) * 1024, 'VmRSS was', most, 'KB')
    print('        %d events, %d outcomes, %d alerts, %d kills; errors seen: %s; VmRSS at most %d MiB' %
          (len(events), len(outcomes), len(seen[0]), w.kills, dict(m.errors), most // 1024))


def is_sanitized(bench):
    with open(bench.nudged, 'rb') as f:
        return b'__asan_init' in f.read()


kit.Bench().run([a_week])
