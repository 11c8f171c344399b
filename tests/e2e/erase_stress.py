#!/usr/bin/python3
"""A customer is erased while everybody writes to that very customer, and the daemon is killed wherever that may go wrong: what was
acknowledged before is unreadable, what was acknowledged after is there, and recovery and replay agree with what lived."""
import json
import os
import shutil
import threading
import time

import kit
from kit import check, same

PACK = '''pack { name = "stress" }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
segment "callers" { when = fact.calls:at_least(1) }
rule "many" { on = "call.ended", when = fact.calls:at_least(3), alert = { to = "care", say = "{note} calls again" } }
action "sorry" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
'''
WHO = 'erika-mustermann-4711'
PHONE = '+84905551234'
ARGS = ['--sweep-ms', '50']
NAMES = 30 # of each writer: a customer has at most 64


class Writer:
    """Writes to one customer until the daemon ends; each text has a number, `said` of them are acknowledged."""

    def __init__(self, bench, d, name):
        self.bench, self.d, self.name, self.said, self.stop = bench, d, name, 0, False
        self.failed = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def text(self, n):
        return 'Zanzibar-%s-%05d' % (self.name, n)

    def events(self, n):
        def make(what, customer=WHO, type='call.ended', attrs=None, **fields):
            return kit.event(self.bench.pb, '%s-%s-%d' % (self.name, what, n), customer, type, attrs or {'note': self.text(n)}, **fields)
        joined = 'was-%s' % self.text(n)
        yield make('id')
        yield make('alias', '', alias=PHONE)
        yield make('fixed', type='alias.added', attrs={'alias': PHONE})
        if n < NAMES:
            yield make('name', type='alias.added', attrs={'alias': self.text(n).lower() + '@example.org'})
        if n + 1 < NAMES: # a prospect, till the next round
            yield make('early', '', alias=self.text(n + 1).lower() + '@example.org')
        yield make('profile', type='profile.updated', attrs={'street': self.text(n)})
        yield make('other', joined)
        yield make('merge', joined, 'identity.merged', {'into': WHO})

    def run(self):
        pb = self.bench.pb
        try:
            with self.d.client() as c:
                while not self.stop:
                    kit.accepted(c.call(publish=pb.Publish(events=list(self.events(self.said)))))
                    told = c.call(outcome=pb.Outcome(id='%s-%d' % (self.name, self.said), source='desk', customer=WHO, action='sorry',
                                                            channel='call', kind='rejected', reason='because ' + self.text(self.said)))
                    check(told.WhichOneof('body') != 'error', told)
                    self.said += 1
        except Exception as why: # the daemon was killed
            self.failed = why

    def ends(self):
        self.stop = True
        self.thread.join()


def fill(bench, d):
    pb = bench.pb
    with d.client() as c:
        for part in range(4):
            kit.accepted(c.call(publish=pb.Publish(events=[
                kit.event(pb, 'o%d-%d' % (part, n), 'other-%d' % n, 'call.ended', {'note': 'Harbour'}, agent='agent-%d' % (n % 4))
                for n in range(50)])))


def texts_of(writers, counts):
    return [form % w.text(n) for w, count in zip(writers, counts) for n in range(count) for form in ('%s', 'was-%s')] + \
        ['%s@example.org' % w.text(n).lower() for w, count in zip(writers, counts) for n in range(count)]


def left_of(folder, texts):
    found = set()
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                with open(os.path.join(at, name), 'rb') as f:
                    content = f.read()
            except FileNotFoundError:
                continue
            found |= {(t, name) for t in texts if t.encode() in content}
    return sorted(found)


def await_erased(d, seconds=90):
    until = time.time() + seconds
    while any(name.startswith('ERASING') for name in os.listdir(d.data)):
        check(time.time() < until, 'it is never erased', d.said()[-2000:])
        time.sleep(0.02)


def is_exact(d):
    check('come out otherwise' not in d.said(), d.said())


def as_replayed(bench, d, digest):
    """Another start, and the journal from its beginning, come to the same."""
    d.kill()
    d.start(shards=5 - d.shards if d.shards in (1, 4) else 1)
    is_exact(d)
    same(d.settled(), digest, 'after a kill')
    d.stop()
    same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)
    return bench.replay(d.data)


def publish_one(bench, d, id, customer=WHO, **fields):
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, id, customer, 'call.ended', {'note': 'Afterwards ' + id}, **fields)])))


def ask(bench, d, who=WHO):
    return bench.ctl('--socket', d.address, 'customer', 'erase', who, '--by', 'dpo', '--yes', '--json', ok=False)


def writers_of(bench, d, enough=3):
    writers = [Writer(bench, d, name) for name in ('a', 'b')]
    until = time.time() + 30
    while any(w.said < enough for w in writers):
        check(time.time() < until and not any(w.failed for w in writers), 'nobody writes', [w.failed for w in writers])
        time.sleep(0.005)
    return writers


def check_new_life(bench, d):
    """What came after is there; an alias that they have leads to them."""
    publish_one(bench, d, 'afterwards')
    shown = json.loads(d.ctl('customer', 'show', WHO, '--json'))
    check('Afterwards afterwards' in json.dumps(shown) or any(m['type'] == 'call.ended' for m in shown['timeline']), shown)
    if PHONE in [a.get('alias', a) if isinstance(a, dict) else a for a in shown.get('aliases', [])]:
        publish_one(bench, d, 'by-phone', '', alias=PHONE)
        check(json.loads(d.ctl('customer', 'show', '--alias', PHONE, '--json')).get('id') == WHO, 'their number is taken from them')


def killed_under_fire(bench):
    points = ['erase_asked', 'erase_before_publish:1', 'erase_before_publish:9', 'erase_records', 'erase_wiped', 'erase_settled',
              'erase_step:1', 'erase_step:3', 'erase_withdrawn']
    for i, point in enumerate(points):
        d = bench.daemon(rules=bench.pack(PACK), shards=(1, 4)[i % 2], args=ARGS,
                         env={'NUDGED_FAULT': point + (':kill' if ':' in point else ':1:kill')})
        fill(bench, d)
        writers = writers_of(bench, d)
        counts = [w.said for w in writers]
        check(ask(bench, d).returncode == 1, 'it was to be killed at ' + point)
        d.wait()
        for w in writers:
            w.ends()
        d.env = None
        d.start()
        await_erased(d)
        is_exact(d)
        same(left_of(d.data, texts_of(writers, counts)), [], 'left after a kill at ' + point)
        check_new_life(bench, d)
        digest = d.settled()
        report = as_replayed(bench, d, digest)
        same(report['digest'], digest, 'replayed, killed at ' + point)
        shutil.rmtree(d.data)


def erased_under_fire(bench):
    for shards in (1, 4):
        d = bench.daemon(rules=bench.pack(PACK), shards=shards, args=ARGS)
        fill(bench, d)
        writers = writers_of(bench, d)
        counts = [w.said for w in writers]
        done = ask(bench, d)
        same(done.returncode, 0, done.stderr.decode())
        before = [w.said for w in writers]
        until = time.time() + 30
        while any(w.said < n + 3 for w, n in zip(writers, before)) and time.time() < until:
            time.sleep(0.005)
        for w in writers:
            w.ends()
            check(w.failed is None, w.failed)
        same(left_of(d.data, texts_of(writers, counts)), [], 'left')
        for w, n in zip(writers, before): # begun before the answer: either; begun after: there
            check(json.loads(d.ctl('customer', 'show', 'was-' + w.text(n + 1), '--json')).get('id') == WHO, 'who was merged afterwards')
        check_new_life(bench, d)
        digest = d.settled()
        same(as_replayed(bench, d, digest)['digest'], digest, 'replayed')


def given_up_half_way(bench):
    """The records are wiped, and then nothing comes of it: as if nobody had asked, but that the journal says so."""
    for shards in (1, 4):
        d = bench.daemon(rules=bench.pack(PACK), shards=shards, args=ARGS, env={'NUDGED_FAULT': 'erase_settled:1:kill'})
        fill(bench, d)
        writers = writers_of(bench, d, 5)
        check(ask(bench, d).returncode == 1, 'it was to be killed')
        d.wait()
        for w in writers:
            w.ends()
        os.remove(os.path.join(d.data, 'ERASING'))
        d.env = None
        d.start()
        is_exact(d)
        publish_one(bench, d, 'afterwards')
        digest = d.settled()
        report = as_replayed(bench, d, digest)
        same((report['digest'], report['blanked']), (digest, 0), 'replayed')
        d.start(shards=shards)
        same(ask(bench, d).returncode, 0, 'asked again')
        same(left_of(d.data, texts_of(writers, [5, 5]) + [WHO, PHONE]), [], 'left')
        digest = d.settled()
        same(as_replayed(bench, d, digest)['digest'], digest, 'replayed')


def wiped_once(bench):
    """Who comes again once they are wiped is somebody new: nobody is wiped a second time."""
    d = bench.daemon(rules=bench.pack(PACK), shards=2, args=ARGS, env={'NUDGED_FAULT': 'erase_settled:1:kill'})
    publish_one(bench, d, 'before')
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[
            kit.event(bench.pb, 'o', 'other-1', 'call.ended', {'note': 'Before'}),
            kit.event(bench.pb, 'm', 'other-1', 'identity.merged', {'into': WHO})])))
    d.settled()
    check(ask(bench, d).returncode == 1, 'it was to be killed')
    d.wait()
    wiped = sorted(e['customer'] for e in bench.dump(d.data) if e.get('effect') == 'wipe' and 'customer' in e)
    same(wiped, [WHO, 'other-1'])


def others_merged(bench, d, count):
    """So many customers, each with a number, were merged into the one to be erased."""
    with d.client() as c:
        for n in range(count):
            was = 'was-%03d' % n
            kit.accepted(c.call(publish=bench.pb.Publish(events=[
                kit.event(bench.pb, 'c-' + was, was, 'call.ended', {'note': 'Zanzibar-' + was}),
                kit.event(bench.pb, 'a-' + was, was, 'alias.added', {'alias': phone_of(n)}),
                kit.event(bench.pb, 'm-' + was, was, 'identity.merged', {'into': WHO})])))


def phone_of(n):
    return '+8490666%04d' % n


def come_and_go(bench, c, n, who):
    """Somebody new under an erased one's name and with their number, who is merged into another at once."""
    kit.accepted(c.call(publish=bench.pb.Publish(events=[
        kit.event(bench.pb, 'again-%d' % n, who, 'call.ended', {'note': 'Again'}),
        kit.event(bench.pb, 'taken-%d' % n, who, 'alias.added', {'alias': phone_of(n)}),
        kit.event(bench.pb, 'gone-%d' % n, who, 'identity.merged', {'into': 'other-%d' % n})])))


def check_gone(bench, d, count, numbers):
    """Nothing of before is left, who went has the number where they went, and replay knows no more and no less."""
    same(left_of(d.data, ['Zanzibar-was-%03d' % n for n in range(count)]), [], 'left')
    digest = d.settled()
    with d.client() as c:
        for n in numbers:
            same(c.call(resolve_alias=bench.pb.ResolveAlias(alias=phone_of(n))).resolved.customer, 'other-%d' % n)
    same(as_replayed(bench, d, digest)['digest'], digest, 'replayed')


def came_and_went_half_way(bench):
    """Between any two steps of the erasure: it is cut off there, and goes on once they came and went."""
    count = 12
    for i, point in enumerate(('erase_before_publish:10', 'erase_before_publish:20', 'erase_before_publish:30',
                               'erase_records:1', 'erase_wiped:1', 'erase_settled:1')):
        d = bench.daemon(rules=bench.pack(PACK), shards=(1, 4)[i % 2], args=ARGS, env={'NUDGED_FAULT': point + ':kill'})
        others_merged(bench, d, count)
        d.settled()
        check(ask(bench, d).returncode == 1, 'it was to be killed at ' + point)
        d.wait()
        wiped = {e['customer'] for e in bench.dump(d.data) if e.get('effect') == 'wipe' and 'customer' in e}
        asked, aside = os.path.join(d.data, 'ERASING'), bench.path('asked')
        shutil.move(asked, aside)
        d.env = None
        d.start()
        numbers = [n for n in range(count) if 'was-%03d' % n in wiped]
        check(len(numbers) == count or point.startswith('erase_before') or point.startswith('erase_records'), point, wiped)
        with d.client() as c:
            for n in numbers:
                come_and_go(bench, c, n, 'was-%03d' % n)
        d.settled()
        d.stop()
        shutil.move(aside, asked)
        d.start()
        await_erased(d)
        check_gone(bench, d, count, numbers)


def came_and_went_meanwhile(bench):
    """The same while it runs, whatever it does just then: each as soon as they are wiped."""
    count = 100
    for shards in (1, 2, 4):
        d = bench.daemon(rules=bench.pack(PACK), shards=shards, args=ARGS)
        others_merged(bench, d, count)
        d.settled()
        done = []
        asking = threading.Thread(target=lambda: done.append(ask(bench, d)))
        asking.start()
        with d.client() as c:
            for n in range(count):
                was = 'was-%03d' % n
                ended = False
                while c.call(read_customer=bench.pb.ReadCustomer(customer=was)).customer.id == WHO:
                    check(not ended, done)
                    ended = bool(done)
                come_and_go(bench, c, n, was)
        asking.join()
        same(done[0].returncode, 0, done[0].stderr.decode())
        check_gone(bench, d, count, range(count))


def tried_again(bench):
    """Once a record is wiped, what fails is tried again: no half of it stays."""
    d = bench.daemon(rules=bench.pack(PACK), args=ARGS, env={'NUDGED_FAULT': 'erase_wiped:1:fail'})
    publish_one(bench, d, 'before')
    done = ask(bench, d)
    same(done.returncode, 0, done.stderr.decode())
    check('it is tried again' in d.said(), d.said())
    same(left_of(d.data, ['Afterwards before', WHO]), [], 'left')


def asked_for_twice(bench):
    """A second one waits its turn; of whom nothing is held, and who was merged, nothing changes."""
    d = bench.daemon(rules=bench.pack(PACK), shards=2, args=ARGS)
    fill(bench, d)
    for n in range(50):
        publish_one(bench, d, 'x%d' % n)
    results = []
    threads = [threading.Thread(target=lambda who: results.append(ask(bench, d, who)), args=(who,)) for who in (WHO, WHO, 'other-1')]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    codes = sorted(r.returncode for r in results)
    check(codes[0] == 0, [r.stderr for r in results])
    for r in results:
        check(r.returncode == 0 or b'another customer is being erased' in r.stderr or b'nothing is held' in r.stderr, r.stderr)
    same(ask(bench, d, 'other-2').returncode, 0, 'the next one')
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'm', 'other-3', 'identity.merged', {'into': 'other-4'})])))
    digest = d.settled()
    refused = ask(bench, d, 'other-3')
    check(refused.returncode == 1 and b'was merged into other-4' in refused.stderr, refused.stderr)
    same(d.settled(), digest, 'refused, and yet something changed')
    same(ask(bench, d, 'other-4').returncode, 0, 'both')
    same(left_of(d.data, ['other-3\x1f', 'other-4\x1f']), [])
    digest = d.settled()
    as_replayed(bench, d, digest)


def said(bench, d, id, customer, reason):
    with d.client() as c:
        told = c.call(outcome=bench.pb.Outcome(id=id, source='desk', customer=customer, action='sorry', channel='call', kind='rejected',
                                                      reason=reason))
        check(told.WhichOneof('body') != 'error', told)


def reasons(d):
    rows = json.loads(d.ctl('report', 'reasons', '--by', 'reason', '--json'))
    return {row['reason']: row['said'] for row in rows['rows']}


def own_words(bench):
    """What they said in their own words is in no file any more; that it was said is still counted."""
    for running in (True, False):
        log = bench.path('decisions')
        d = bench.daemon(rules=bench.pack(PACK), shards=4, args=ARGS + ['--decision-log', log])
        fill(bench, d)
        for n in range(3):
            said(bench, d, 'own%d' % n, WHO, 'my neighbour Zacharias drinks')
        said(bench, d, 'shared', WHO, 'too dear')
        said(bench, d, 'others', 'other-5', 'too dear')
        d.settled()
        same(reasons(d), {'my neighbour Zacharias drinks': 3, 'too dear': 2})
        if running:
            same(ask(bench, d).returncode, 0)
        else:
            d.stop()
            bench.ctl('customer', 'erase', WHO, '--data', d.data, '--decision-log', log, '--by', 'dpo', '--yes')
        same(left_of(d.data, ['Zacharias']), [], 'left')
        check('Zacharias' not in open(log).read(), 'in the log')
        if not running:
            d.start()
        same(reasons(d), {'(erased)': 4, 'too dear': 1})
        digest = d.settled()
        report = as_replayed(bench, d, digest)
        check(not running or report['digest'] == digest, 'replayed')


def not_a_member_any_more(bench):
    """What is counted of all customers there are now is counted without them."""
    d = bench.daemon(rules=bench.pack(PACK), shards=2, args=ARGS)
    publish_one(bench, d, 'one')
    publish_one(bench, d, 'two', 'somebody-else')
    d.settled()

    def members():
        return sum(int(row['members']) for row in json.loads(d.ctl('report', 'segments', '--json'))['rows'])
    same(members(), 2)
    same(ask(bench, d).returncode, 0)
    d.settled()
    same(members(), 1)
    digest = d.settled()
    same(as_replayed(bench, d, digest)['digest'], digest, 'replayed')


if __name__ == '__main__':
    kit.Bench().run([erased_under_fire, given_up_half_way, own_words, not_a_member_any_more, asked_for_twice, tried_again, wiped_once,
                     came_and_went_half_way, came_and_went_meanwhile, killed_under_fire])
