#!/usr/bin/python3
"""A week in half a minute: traffic over both protocols, with and without TLS, and what happens to a daemon in its week: backups
that are restored elsewhere, certificates and configurations that change, packs that come and go, customers who are erased, a disk that
fills up, restarts and kills. Nothing acknowledged is lost, nothing is there twice, what the daemon knows is what a naive model
knows, every alert comes once to who follows, and each error that a client saw has a cause that was there at that time.

NUDGED_TEST_LONG: twenty times the traffic, and more kills.
"""
import collections
import json
import os
import shutil
import subprocess
import time

import http_kit
import kit
import soak_kit
import tls_kit
from kit import LONG, check, same
from soak_kit import AGAIN, DAYS, ERASED_ON, GONE, PATIENCE, RACING, SECRET, Desk, Follower, Publisher, during

HOUSEHOLDS, BANK, PUBLISHERS = (60, 60000, ('unix', 'https', 'tls', 'https')) if LONG else (8, 3000, ('unix', 'https', 'tls'))
KILLS = 3 if LONG else 1 # of each day that has any
OWN = '''
rule "visited" { on = "web.visit", alert = { to = "care", once_per = "%s", closes = "sms.sent", say = "{customer} looks around." } }
local soak_calls = series { on = "call.ended", name = "soak.calls" }
local soak_lines = series { on = "call.ended", per = "member", name = "soak.lines" }
fact.soak_calls = soak_calls:count "90d"
fact.soak_lines = soak_lines:count "90d"
'''
ARGS = ['--clock', 'events', '--sweep-ms', '300', '--segment-mb', '4', '--reserve-mb', '8']


class Week:
    def __init__(self, bench):
        self.bench, self.model = bench, soak_kit.Model()
        self.plan, self.homes = soak_kit.traffic(bench, HOUSEHOLDS, BANK, len(PUBLISHERS))
        self.pack = soak_kit.pack_of(bench, 'pack', OWN % 'day')
        self.other = soak_kit.pack_of(bench, 'other', OWN % '7d')
        self.ca, self.cert, self.key = tls_kit.Authority(bench), bench.path('cert.pem'), bench.path('key.pem')
        tls_kit.put(self.ca.sign(), self.cert, self.key)
        self.logs = bench.path('logs')
        os.mkdir(self.logs)
        self.d = tls_kit.daemon(bench, self.cert, self.key, rules=self.pack, shards=2,
                                args=[*ARGS, '--decision-log', os.path.join(self.logs, 'decisions')])
        self.most_kb = self.kills = self.refused_count = 0
        self.probes = {}
        self.clients = [Publisher(self, how, n, self.plan[n]) for n, how in enumerate(PUBLISHERS)]
        self.followers = [Follower(self, how) for how in ('unix', 'tls', 'https')]
        self.clients += [Desk(self, 'unix', self.homes), Desk(self, 'tls', self.homes + ['bank-%d' % n for n in range(20)]), *self.followers]

    # What happens to it.

    def is_back(self):
        tls_kit.find_ports(self.d)

    def kill(self):
        """Without a word, under load; the ports are others then, as after a restart elsewhere."""
        self.most_kb = max(self.most_kb, self.d.rss_kb())
        self.d.kill()
        self.kills += 1

    def killed(self):
        for _ in range(KILLS):
            time.sleep(0.3)
            with during(self.model, 'kill'):
                self.kill()
                self.d.start()
                self.is_back()
            time.sleep(0.3)

    def restarted(self):
        with during(self.model, 'stop'):
            self.d.stop()
            self.d.start()
            self.is_back()

    def backed_up(self):
        """What is restored from it is what the source was when the backup says that it was made."""
        b, backup, data = self.bench, self.bench.path('backup'), self.bench.path('restored')
        made = json.loads(self.d.ctl('backup', backup, '--json'))
        source = soak_kit.journal_up_to(self.d.data, b.path('source'), made['last_seq'])
        was = b.replay(source, shards=3)
        same(was['last_seq'], made['last_seq'])
        done = subprocess.run([b.nudged, '--restore', backup, '--data', data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        same(done.returncode, 0, done.stdout.decode())
        report = b.replay(data, shards=1)
        same((report['last_seq'], report['digest']), (was['last_seq'], was['digest']), 'the journal that was restored')
        # the stores that were restored with the journal's tail, and the source's journal alone: both go on where it was cut off
        digests = []
        for folder, shards in ((data, 3), (source, 1)):
            r = b.daemon(data=folder, shards=shards, args=ARGS)
            digests.append(r.settled())
            r.stop()
            same(b.replay(folder, shards=2)['digest'], digests[-1], 'what runs is what its journal says')
        same(digests[0], digests[1], 'what was restored and what the source was')
        for folder in (data, backup, source):
            shutil.rmtree(folder)

    def certified(self):
        """New certificates under load; no client is dropped for that. One that is none is refused."""
        d, port = self.d, int(self.d.tls.rsplit(':', 1)[1])
        serial = lambda at: tls_kit.serial_seen(d, self.ca.cert, at)
        seen = [serial(port)]
        for round in range(4 if LONG else 2):
            tls_kit.put(self.ca.sign(key=('-newkey', 'rsa:2048')) if round % 2 else self.ca.sign(), self.cert, self.key)
            d.hang_up()
            http_kit.wait_for(lambda: serial(port) not in seen, PATIENCE)
            seen.append(serial(port))
            same(serial(d.port), seen[-1], 'both protocols have the new one')
        shutil.copy(self.cert, self.cert + '.kept')
        open(self.cert, 'w').close()
        d.hang_up()
        http_kit.wait_for(lambda: 'BEGIN CERTIFICATE' in d.said(), PATIENCE)
        same(serial(port), seen[-1], 'the old one stays')
        os.rename(self.cert + '.kept', self.cert)
        d.hang_up()
        time.sleep(0.2)
        same(serial(port), seen[-1])

    def activated(self):
        self.d.ctl('rules', 'activate', self.other)
        time.sleep(0.3)
        self.d.ctl('rules', 'rollback')

    def activated_and_restarted(self):
        self.activated()
        self.restarted()

    def activated_and_killed(self):
        self.activated()
        self.killed()

    def erased(self):
        """Some who do not come again, some who do, some who never cease."""
        words = [SECRET + who for who in GONE + AGAIN + RACING] + GONE + AGAIN
        folders = [self.d.data, self.logs]
        check({word for word, _ in soak_kit.found_in(folders, words)} == set(words), 'the test does not put its secrets there')
        for who in GONE + AGAIN + RACING:
            done = self.d.ctl('customer', 'erase', who, '--by', 'dpo', '--yes', '--json', ok=False)
            same(done.returncode, 0, 'erase %s: %s' % (who, done.stderr.decode()))
            check(json.loads(done.stdout)['entries'] > 0, done.stdout)
        same(soak_kit.found_in(folders, words), [], 'left after they were erased')
        self.killed()
        same(soak_kit.found_in(folders, words), [], 'come back with a kill')

    def probe(self, c, round, want):
        """Events of customers of their own, never repeated, until what is wanted is the answer: how each one was answered."""
        pb, until = self.bench.pb, time.time() + PATIENCE
        for n in range(1 << 30):
            check(time.time() < until, 'never', want)
            who, began = 'probe-%s-%d' % (round, n), time.monotonic()
            now = c.call(get_status=pb.GetStatus()).status.now_ms
            e = kit.event(pb, who, who, 'call.ended', {'pad': 'x' * 1000}, source='probe', channel='call', time_ms=now)
            ack = c.call(publish=pb.Publish(events=[e])).published.acks[0]
            self.probes[who] = ack.result
            if ack.result == 3:
                same(ack.error.code, 'storage', str(ack))
                self.model.told(ack.error.code, began, 'probe')
                self.refused_count += 1
            if ack.result == want:
                return
            time.sleep(0.01)

    def filled(self):
        """The daemon is moved to a small disk, which others fill: to the reserve, then to the last block."""
        b, home = self.bench, self.d.data
        size = sum(os.path.getsize(os.path.join(at, n)) for at, _, names in os.walk(home) for n in names) * 3 // (1 << 20) + 256
        try:
            with kit.Tmpfs(b, size) as folder:
                self.moved(os.path.join(folder, 'data'))
                for free in (4 << 20, 0):
                    self.fill(folder, free, size)
                self.moved(home)
        except kit.Skip as why:
            print('        a full disk was not tried:', why)

    def moved(self, to):
        with during(self.model, 'kill'):
            self.kill()
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(self.d.data, to, ignore=shutil.ignore_patterns('*.sock'))
            self.d.data = to
            self.d.start()
            self.is_back()

    def fill(self, folder, free, size):
        def resize(bytes):
            return subprocess.run(['mount', '-o', 'remount,size=%d' % bytes, folder], stderr=subprocess.PIPE).returncode == 0

        def shrink():
            s = os.statvfs(folder)
            return resize((s.f_blocks - s.f_bfree) * s.f_frsize + free)
        with self.d.client() as c, during(self.model, 'disk'):
            http_kit.wait_for(shrink, PATIENCE) # it writes meanwhile
            self.probe(c, 'full-%d' % free, 3)
            time.sleep(0.5) # of stores that cannot be written, and clients who are refused
            same(c.call(recommend=self.bench.pb.Recommend(customer=self.homes[0], channel='call')).WhichOneof('body'), 'recommendation')
            check(c.call(get_status=self.bench.pb.GetStatus()).status.storage_refusing, 'status does not say it')
            check(resize(size << 20))
            self.probe(c, 'room-%d' % free, 1)

    # The week, and what must have come of it.

    def go(self):
        incidents = [[self.killed], [self.backed_up], [self.certified], [self.activated_and_restarted], [self.erased],
                     [self.backed_up, self.filled], [self.activated_and_killed]]
        time.sleep(0.5) # its inner connections are there
        sockets = soak_kit.sockets_of(self.d)
        for c in self.clients:
            c.start()
        for day, things in enumerate(incidents):
            self.model.busy, self.model.day = True, day
            for thing in things:
                began = time.time()
                thing()
                print('        day %d: %s, %.1f s' % (day + 1, thing.__name__.replace('_', ' '), time.time() - began), flush=True)
            self.model.busy = False
            self.most_kb = max(self.most_kb, self.d.rss_kb())
            http_kit.wait_for(lambda: self.model.ready[day] == (1 << len(PUBLISHERS)) - 1 or self.broken(), PATIENCE)
            check(not self.broken(), self.broken())
        self.d.settled(PATIENCE)
        newest = max(follow_all(self.d))
        http_kit.wait_for(lambda: all(f.last >= newest for f in self.followers) or self.broken(), PATIENCE)
        self.model.ends = True
        for c in self.clients:
            c.join(PATIENCE)
            check(not c.is_alive() and not c.failed, type(c).__name__, c.failed)
        http_kit.wait_for(lambda: soak_kit.sockets_of(self.d) <= sockets, PATIENCE)
        return self.d.settled(PATIENCE)

    def broken(self):
        return [c.failed for c in self.clients if c.failed]


def follow_all(d):
    """Every alert that the daemon has, by id."""
    pb, got = d.bench.pb, {}
    with d.client(timeout=3.0) as c:
        c.call(follow=pb.Follow())
        try:
            while True:
                r = c.receive()
                same(r.WhichOneof('body'), 'alert', 'followed')
                got[r.alert.seq, r.alert.index] = r.alert
        except TimeoutError:
            return got


def it_knows_what_the_model_knows(w, dump):
    bench, known = w.bench, soak_kit.naive(w.plan, w.model.outcomes)
    with w.d.client() as c:
        for who, want in sorted(known.items()):
            r = c.call(read_customer=bench.pb.ReadCustomer(customer=who))
            same(r.WhichOneof('body'), 'customer', who)
            got = soak_kit.held(r.customer)
            same((got.calls, got.lines), (want.calls, want.lines), 'calls of ' + who)
            same({k: v for k, v in got.attributes.items() if k in want.attributes}, want.attributes, 'attributes of ' + who)
            same(got.outcomes, want.outcomes, 'outcomes of ' + who)
            check(not any(name == 'street' for _, name in got.attributes) or who not in AGAIN, 'it knows still where they lived:', who)
        for who in GONE + [p for p, result in w.probes.items() if result == 3]:
            r = c.call(read_customer=bench.pb.ReadCustomer(customer=who))
            check(r.WhichOneof('body') == 'error' or not r.customer.seq, 'it knows of', who, r)
        for who in RACING: # what its journal has of them, and no more
            r = c.call(read_customer=bench.pb.ReadCustomer(customer=who)).customer
            same(soak_kit.held(r).calls, sum(e['kind'] == 'event' and 'event' in e and e['event'].get('customer') == who and
                                             e['event']['type'] == 'call.ended' for e in dump), 'calls of ' + who)
    return len(known)


def nothing_is_lost_or_twice(w, dump):
    m = w.model
    events = collections.Counter((e['event'].get('source', ''), e['event']['id']) for e in dump if e['kind'] == 'event' and 'event' in e)
    outcomes = collections.Counter((e['outcome_of'].get('source', ''), e['outcome_of']['id']) for e in dump
                                   if e['kind'] == 'outcome' and 'outcome_of' in e)
    of = {(e['source'], e['id']): (e['customer'], day) for days in w.plan for day, events in enumerate(days) for e in events}
    check(set(of) <= m.events, 'not all was acknowledged:', len(set(of) - m.events))
    before = {id for id, (who, day) in of.items() if who in GONE or (who in AGAIN and day < ERASED_ON)}
    may = {id for id, (who, day) in of.items() if who in RACING and day <= ERASED_ON}
    same(list(before & set(events))[:5], [], 'of who was erased')
    same([id for id in may & set(events) if of[id][1] < ERASED_ON], [], 'of before the erasure')
    check(m.events - before - may <= set(events), 'acknowledged and lost:', list(m.events - before - may - set(events))[:5])
    check(set(m.outcomes) <= set(outcomes), 'outcomes acknowledged and lost:', list(set(m.outcomes) - set(outcomes))[:5])
    same([k for k, n in list(events.items()) + list(outcomes.items()) if n != 1], [], 'applied twice')
    taken = {who for who, result in w.probes.items() if result == 1}
    same({id for source, id in events if source == 'probe'}, taken, 'probes of the full disk')


def alerts_came_once(w, dump):
    """The journal alone, in a daemon without any store, says which alerts there were. Who followed has seen them all, but what was
    closed in the journal before he came back from a kill or a restart; and nothing else, but what was of those who are erased."""
    last = dump[-1]['seq']
    d = w.bench.daemon(data=soak_kit.journal_up_to(w.d.data, w.bench.path('again'), last), shards=1, args=ARGS)
    digest, all = d.settled(PATIENCE), follow_all(d)
    d.stop()
    starts = [e['seq'] for e in dump if e['kind'] == 'boot']
    same(len(starts), 1 + sum(name in ('kill', 'stop') for name, *_ in w.model.causes), 'starts')
    back = [end for name, _, end in w.model.causes if name in ('kill', 'stop')]
    missed = 0
    for f in w.followers:
        for id in set(f.seen) - set(all):
            check(f.seen[id] in GONE + AGAIN + RACING, f.how, 'was told what the journal has not:', id, f.seen[id])
        for id in set(all) - set(f.seen):
            missed += 1
            # the place from which it went on after each start
            places = [(seq, next(last for when, last in f.came if when > end)) for seq, end in zip(starts[1:], back)]
            check(all[id].state != 'open' and any(place < id and id[0] < seq for seq, place in places),
                  f.how, 'was not told:', all[id], places)
    return digest, len(all), missed


def a_week(bench):
    w = Week(bench)
    digest = w.go()
    d, m = w.d, w.model
    same(m.unexplained()[:5], [], 'errors without a cause')
    dump = bench.dump(d.data)
    nothing_is_lost_or_twice(w, dump)
    customers = it_knows_what_the_model_knows(w, dump)
    kb = d.rss_kb()
    d.stop()
    bench.ctl('journal', 'verify', d.data)
    found = json.loads(bench.ctl('verify', d.data, '--json'))
    same(found['problems'], 0, found)
    same(soak_kit.found_in([d.data, w.logs], GONE + [SECRET]), [], 'left of who was erased')
    again, alerts, missed = alerts_came_once(w, dump)
    same(again, digest, 'a daemon that has the journal alone')
    for shards in (1, 3):
        same(bench.replay(d.data, shards)['digest'], digest, 'digest with %d shards' % shards)
    d.start(shards=1)
    same(d.settled(PATIENCE), digest, 'digest after the stop')
    most = max(w.most_kb, kb)
    check(most < (2000 if bench.sanitized() else 600) * 1024, 'VmRSS was', most, 'KB')
    check(alerts > 30, 'too few alerts to be a test')
    print('        %d events, %d outcomes of %d customers; %d alerts, %d closed before who follows came back; %d kills, %d events '
          'refused by a full disk; errors seen, each with its cause: %s; VmRSS at most %d MiB' %
          (len(m.events), len(m.outcomes), customers, alerts, missed, w.kills, w.refused_count, m.counted(), most // 1024))


kit.Bench().run([a_week])
