#!/usr/bin/python3
"""A week in half a minute: traffic over both protocols, in every form, with and without TLS, and what happens to a daemon in its
week: backups that are restored elsewhere and in its own place, certificates, tokens and limits that change, a snapshot that is loaded,
packs that come and go, customers who are erased, a disk that fills up, restarts with other numbers of shards, and kills. Nothing
acknowledged is lost, nothing is there twice, what the daemon knows is what a naive model knows, every alert comes once to who follows,
and each error that a client saw has a cause that was there at that time.

NUDGED_TEST_LONG: ten times the traffic, more kills, and a look behind each of them. NUDGED_TEST_SEED: another week.
"""
import collections
import json
import itertools
import os
import shutil
import subprocess
import time

import http_kit
import kit
import soak_clients
import soak_kit
import tls_kit
from kit import LONG, check, same
from soak_clients import Desk, Follower, Publisher, Reader
from soak_kit import AGAIN, DAYS, ERASED_ON, GONE, PATIENCE, RACING, SECRET, during

HOUSEHOLDS, BANK = (60, 60000) if LONG else (8, 3000)
KILLS = 3 if LONG else 1 # of each day that has any
PUBLISHERS = (('unix', ''), ('https', ''), ('tls', ''), ('https', 'clouds'), ('http', 'lines'))
LOADED = 12000 if LONG else 1000 # rows of a snapshot
ROLES = 'publish,recommend,read,author,operate'
OWN = '''
rule "visited" { on = "web.visit", alert = { to = "care", once_per = "%s", closes = "sms.sent", say = "{customer} looks around." } }
local soak_calls = series { on = "call.ended", name = "soak.calls" }
local soak_lines = series { on = "call.ended", per = "member", name = "soak.lines" }
fact.soak_calls = soak_calls:count "90d"
fact.soak_lines = soak_lines:count "90d"
'''
ARGS = ['--clock', 'events', '--sweep-ms', '300', '--segment-mb', '4', '--reserve-mb', '8']
MAP = '''
columns = { "customer", "plan", "since" }
function row(r)
  return { type = "profile.updated", source = "crm", customer = r.customer, attributes = { plan = { value = r.plan, time = utc(r.since) } } }
end
'''


class Week:
    def __init__(self, bench):
        self.bench, self.model = bench, soak_kit.Model()
        self.plan, self.homes = soak_kit.traffic(bench, HOUSEHOLDS, BANK, len(PUBLISHERS))
        self.model.erasable = {(e['source'], e['id']) for days in self.plan for day in days for e in day
                               if e['customer'] in GONE + AGAIN + RACING}
        self.pack = soak_kit.pack_of(bench, 'pack', OWN % 'day')
        self.other = soak_kit.pack_of(bench, 'other', OWN % '7d')
        self.ca, self.cert, self.key = tls_kit.Authority(bench), bench.path('cert.pem'), bench.path('key.pem')
        tls_kit.put(self.ca.sign(), self.cert, self.key)
        self.logs, self.config, self.tokens = bench.path('logs'), bench.path('conf'), bench.path('tokens')
        os.mkdir(self.logs)
        self.limit(0)
        self.of, self.shards = collections.Counter(), itertools.cycle((3, 1, 2))
        own = os.environ['NUDGE_TOKEN'] = self.token('operator', ROLES)
        self.d = tls_kit.daemon(bench, self.cert, self.key, rules=self.pack, shards=2, args=[
            *ARGS, '--decision-log', os.path.join(self.logs, 'decisions'), '--http', '127.0.0.1:0', '--tokens', self.tokens,
            '--config', self.config])
        self.d.token = own
        self.most_kb = self.kills = self.refused_count = 0
        self.probes, self.clients = {}, []
        self.is_back()
        for n, (how, form) in enumerate(PUBLISHERS):
            Publisher(self, how, form, n, self.plan[n])
        some = self.homes + ['bank-%d' % n for n in range(20)]
        self.followers = [Follower(self, how) for how in ('unix', 'tls', 'https', 'http')]
        self.desks = [Desk(self, 'unix', self.homes), Desk(self, 'tls', some), Desk(self, 'https', some)]
        self.reader = Reader(self, 'https', some)

    def token(self, name, roles):
        self.of[name] += 1
        return self.bench.ctl('token', 'new', '%s-%d' % (name, self.of[name]), '--role', roles, '--tokens', self.tokens).strip()

    def limit(self, rate):
        with open(self.config, 'w') as f:
            f.write('client_rate = %d\nclient_burst = %d\n' % (rate, rate))

    # What happens to it.

    def is_back(self):
        tls_kit.find_ports(self.d)
        self.d.plain = http_kit.port_of(self.d)

    def kill(self):
        """Without a word, under load; the ports are others then, as after a restart elsewhere."""
        self.most_kb = max(self.most_kb, self.d.rss_kb())
        self.d.kill()
        self.model.causes[-1].over = time.monotonic()
        self.kills += 1

    def killed(self):
        for n in range(KILLS):
            time.sleep(0.3)
            with during(self.model, 'kill'):
                self.kill()
                had = soak_kit.acknowledged(self.model)
                last = self.model.day == DAYS - 1 and n == KILLS - 1 # as many as at the beginning, whose sockets are compared
                self.d.start(shards=2 if last else next(self.shards))
                self.is_back()
            if LONG or (n == 0 and self.model.day == 0):
                soak_kit.are_there(self.bench.dump(self.d.data), *had)
            time.sleep(0.3)

    def restarted(self):
        with during(self.model, 'stop') as cause:
            self.d.stop()
            cause.over = time.monotonic()
            self.d.start(shards=next(self.shards))
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
            digests.append(soak_kit.worked_through(r))
            r.stop()
            same(b.replay(folder, shards=2)['digest'], digests[-1], 'what runs is what its journal says')
        same(digests[0], digests[1], 'what was restored and what the source was')
        for folder in (data, backup, source):
            shutil.rmtree(folder)

    def put_back(self):
        """From a backup in its own place, as on a new machine. Everybody rests meanwhile, since it has what is in the backup and no
        more: they find everything that was acknowledged, and go on as after a restart."""
        self.model.rests = True
        http_kit.wait_for(lambda: all(c.idle for c in self.clients if isinstance(c, (Publisher, Desk))), PATIENCE)
        backup, data = self.bench.path('backup'), self.bench.path('data')
        self.d.ctl('backup', backup)
        with during(self.model, 'stop') as cause:
            self.d.stop()
            cause.over = time.monotonic()
            done = subprocess.run([self.bench.nudged, '--restore', backup, '--data', data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            same(done.returncode, 0, done.stdout.decode())
            shutil.rmtree(self.d.data)
            shutil.rmtree(backup)
            self.d.data = data
            self.d.start()
            self.is_back()
        self.model.rests = False

    def reconfigured(self):
        """A limit that is far under what they send, and none again: HTTP is told so, the protobuf socket is not read."""
        with during(self.model, 'limited'):
            self.limit(50)
            self.d.hang_up()
            http_kit.wait_for(lambda: 'rate' in self.model.counted() or self.broken(), PATIENCE)
            self.limit(0)
            self.d.hang_up()
            time.sleep(0.3)

    def tokens_changed(self):
        """Each client has another one, and the one that it had is revoked under its hands."""
        new = {c: self.token(c.name, soak_clients.ROLES[type(c).__name__]) for c in self.clients}
        self.d.hang_up()
        http_kit.wait_for(lambda: self.lets_in(list(new.values())[-1]), PATIENCE)
        for c, token in new.items():
            c.token = token
        with during(self.model, 'token'):
            for c in self.clients:
                self.bench.ctl('token', 'revoke', '%s-%d' % (c.name, self.of[c.name] - 1), '--tokens', self.tokens)
            self.d.hang_up()
            http_kit.wait_for(lambda: all(c.shown == c.token for c in self.clients) or self.broken(), PATIENCE)
            time.sleep(0.1)

    def lets_in(self, token):
        with self.d.client(hello=False) as c:
            return c.hello(token=token).WhichOneof('body') == 'welcome'

    def loaded(self):
        """A snapshot of a CRM, newer rows and older ones, while the daemon is killed. Who is only being greeted then is told so, and
        begins again."""
        self.rows = [('crm-%d' % (n * 7 % (LOADED // 3)), 'plan-%d' % n, '2025-%02d-%02d' % (n * 5 % 12 + 1, n * 11 % 28 + 1))
                     for n in range(LOADED)]
        path, how = self.bench.path('snapshot.csv'), self.bench.path('map.lua')
        with open(path, 'w') as f:
            f.write('customer,plan,since\n' + ''.join(','.join(row) + '\n' for row in self.rows))
        with open(how, 'w') as f:
            f.write(MAP)
        begin = lambda: subprocess.Popen([self.bench.nudgectl, '--socket', self.d.address, '--json', 'load', path, '--map', how,
                                          '--as-of', '2026-01-01'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        going = begin()
        self.killed()
        out, said = going.communicate(timeout=PATIENCE)
        if going.returncode and b'the connection is gone' in said:
            going = begin()
            out, said = going.communicate(timeout=PATIENCE)
        same(going.returncode, 0, said.decode()[-500:])
        done = json.loads(out)
        same((done['rows'], done['refused']), (LOADED, 0), out.decode())

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
        with during(self.model, 'activation'): # a report that is being made is of two packs then
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
        incidents = [[self.killed], [self.backed_up, self.tokens_changed], [self.certified, self.loaded],
                     [self.activated_and_restarted, self.reconfigured], [self.erased], [self.backed_up, self.filled],
                     [self.put_back, self.activated_and_killed]]
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
            http_kit.wait_for(lambda: self.model.ready[day] == (1 << len(PUBLISHERS)) - 1 or self.broken(), PATIENCE, 'day %d is not over' % (day + 1))
            check(not self.broken(), self.broken())
        self.model.rests = True
        self.d.settled(PATIENCE)
        newest = max(follow_all(self.d))
        http_kit.wait_for(lambda: all(f.last >= newest for f in self.followers) or self.broken(), PATIENCE,
                          'not all who follow have %s: %s' % (newest, [(f.name, f.last) for f in self.followers]))
        self.model.ends = True
        for c in self.clients:
            c.join(PATIENCE)
            check(not c.is_alive() and not c.failed, type(c).__name__, c.failed)
        http_kit.wait_for(lambda: soak_kit.sockets_of(self.d) <= sockets, PATIENCE, 'sockets of clients who are gone')
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
        newest = {}
        for who, plan, since in w.rows: # of the same day the later row
            if since >= newest.get(who, ('', ''))[0]:
                newest[who] = since, plan
        for who, (since, plan) in newest.items():
            got = soak_kit.held(c.call(read_customer=bench.pb.ReadCustomer(customer=who)).customer)
            same(got.attributes, {('', 'plan'): plan}, 'of the snapshot, ' + who)
        for who in RACING: # what its journal has of them, and no more
            r = c.call(read_customer=bench.pb.ReadCustomer(customer=who)).customer
            same(soak_kit.held(r).calls, sum(e['kind'] == 'event' and 'event' in e and e['event'].get('customer') == who and
                                             e['event']['type'] == 'call.ended' for e in dump), 'calls of ' + who)
    return len(known) + len(newest)


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
    soak_kit.are_there(dump, m.events - before - may, m.outcomes, m.acknowledged)
    loaded = sum(e['kind'] == 'event' and e.get('event', {}).get('customer', '').startswith('crm-') for e in dump)
    same(loaded, LOADED, 'rows of the snapshot that are events')
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
    back = [cause.end for cause in w.model.causes if cause.name in ('kill', 'stop')]
    same(len(starts), 1 + len(back), 'starts')
    for id, who in w.model.acknowledged.items():
        check(id not in all or all[id].state != 'open', 'an alert that', who, 'acknowledged is open:', id)
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
    del os.environ['NUDGE_TOKEN']
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
    print('        %d events, %d outcomes of %d customers; %d alerts, %d acknowledged, %d closed before who follows came back; %d kills, '
          '%d events refused by a full disk; %d pages looked at (%d times it was too slow to say that it lives); errors seen, each with its cause: %s; VmRSS at most %d MiB' %
          (len(m.events), len(m.outcomes), customers, alerts, len(m.acknowledged), missed, w.kills, w.refused_count, w.reader.count,
           w.reader.slow, m.counted(), most // 1024))


kit.Bench().run([a_week])
