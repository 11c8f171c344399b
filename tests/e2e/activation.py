"""Activations have a history, and can be gone back in: `rules rollback`, `rules history`, `rules series`.

    /usr/bin/python3 activation.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import pwd
import random
import threading
import time

import kit
import nudge_client

PACK = '''pack { name = "%s" }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
rule "%s" { on = "call.ended", when = fact.calls:at_least(1), set = { seen = true } }
'''


def pack(bench, name, more='', files=None):
    return bench.pack(PACK % (name, name) + more, files)


def history(d, *args):
    return json.loads(d.ctl('rules', 'history', '--json', *args))


def active(d):
    return next(a for a in history(d) if a['active'])


def refused(d, *args):
    done = d.ctl(*args, ok=False)
    kit.same(done.returncode, 1, ' '.join(args))
    return done.stderr.decode()


def publish(bench, d, ids, customer='c', type='call.ended', **more):
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, i, customer, type, **more) for i in ids])))


def back_and_forward(bench):
    d = bench.daemon()
    kit.check('nothing to go back to' in refused(d, 'rules', 'rollback'))
    d.ctl('rules', 'activate', pack(bench, 'a'))
    kit.check('nothing to go back to' in refused(d, 'rules', 'rollback'))
    d.ctl('rules', 'activate', pack(bench, 'b'), '--by', 'bea')
    publish(bench, d, ['1', '2'])
    said = d.ctl('rules', 'rollback')
    kit.check(said.startswith('a ') and '1 series kept, 0 new' in said and 'It was active from entry' in said, said)
    kit.same(d.status().pack, 'a')
    lines = history(d)
    kit.same([a['name'] for a in lines], ['a', 'b', 'a'])
    kit.same([a['rolled_back'] for a in lines], [False, True, False])
    kit.same((lines[0]['origin'], lines[0]['back_to']), ('rollback', lines[2]['seq']))
    kit.same(lines[1]['by'], 'bea')
    # what was counted in between stays counted
    publish(bench, d, ['3'])
    with d.client() as c:
        customer = c.call(read_customer=bench.pb.ReadCustomer(customer='c')).customer
    kit.same([s.count for s in customer.series], [3])
    # going back again goes forward
    d.ctl('rules', 'rollback')
    kit.same(d.status().pack, 'b')
    d.ctl('rules', 'activate', pack(bench, 'c'))
    d.ctl('rules', 'rollback')
    kit.same(d.status().pack, 'b')
    d.ctl('rules', 'rollback')
    kit.same(d.status().pack, 'c')
    # by sequence and by the beginning of a hash
    first = history(d)[-1]
    d.ctl('rules', 'rollback', '--to', str(first['seq']))
    kit.same(d.status().pack, 'a')
    kit.check('active pack already' in refused(d, 'rules', 'rollback', '--to', first['hash'][:8]))
    kit.check('rules history' in refused(d, 'rules', 'rollback', '--to', 'beefbeefbeef'))
    kit.check('rules history' in refused(d, 'rules', 'rollback', '--to', first['hash'][:2]))
    d.ctl('rules', 'rollback', '--to', next(a for a in history(d) if a['name'] == 'b')['hash'][:10])
    kit.same(d.status().pack, 'b')
    before = history(d)
    d.kill()
    d.start()
    kit.same(history(d), before, 'the history after kill -9')
    kit.same(d.status().pack, 'b')
    d.stop()
    kit.check(bench.replay(d.data)['activations'] >= 8)


def who(bench):
    """The client's word, and the system's beside it; the daemon's own activations are told apart."""
    folder = pack(bench, 'own')
    d = bench.daemon(rules=folder)
    own = active(d)
    kit.same((own['origin'], own['by'], own['uid']), ('folder', '', None))
    d.ctl('rules', 'activate', pack(bench, 'told'))
    told = active(d)
    kit.same((told['origin'], told['uid']), ('client', os.geteuid()))
    kit.check(told['by'].startswith(pwd.getpwuid(os.geteuid()).pw_name), told)
    d.ctl('rules', 'activate', pack(bench, 'other'), '--by', 'somebody-else')
    kit.check('somebody-else (of user ' in d.ctl('rules', 'history'), d.ctl('rules', 'history'))
    kit.check(len(history(d, '--limit', '1')) == 1)
    with d.client() as c:
        c.call(activate_pack=bench.pb.ActivatePack(files=[bench.pb.File(path='pack.lua', content=b'pack { name = "quiet" }')]))
        answer = c.call(get_rules=bench.pb.GetRules(history=True)).rules
    kit.same((answer.activations[0].by, answer.activations[0].uid_plus_one), ('', os.geteuid() + 1))
    kit.same(len(answer.rules), 0)


def tests_go_along(bench):
    """A pack that is gone back to is tested again, with the tests it came with."""
    test = {'tests/all.lua': 'test("counts", function() customer("c"):event("call.ended"):expect_fired "a" end)'}
    d = bench.daemon()
    folder = bench.pack(PACK % ('a', 'a'))
    os.mkdir(folder + '/tests')
    for name, content in test.items():
        with open(os.path.join(folder, name), 'w') as f:
            f.write(content)
    kit.check('1 test passed' in d.ctl('rules', 'activate', folder))
    d.ctl('rules', 'activate', pack(bench, 'b'))
    d.kill()
    d.start()
    said = d.ctl('rules', 'rollback')
    kit.check('1 test passed' in said, said)
    kit.same([a['tests'] for a in history(d)], [1, 0, 1])


def packs_are_kept_within_bounds(bench):
    """Lines stay, packs beyond the bound go; recovery finds what it needs."""
    d = bench.daemon(args=['--sweep-ms', '20'])
    for n in range(24):
        d.ctl('rules', 'activate', bench.pack('pack { name = "n%d" }' % n))
        publish(bench, d, ['e%d' % n])
        last = d.status().journal_last
        until = time.time() + 20
        while d.status().store_mark < last:
            kit.check(time.time() < until, 'the mark does not move')
            time.sleep(0.01)
    lines = history(d)
    kit.same([a['name'] for a in lines], ['n%d' % n for n in reversed(range(24))])
    kit.check(all(a['kept'] for a in lines[:16]), lines)
    # the journal is whole here, so replay has them; the store need not
    d.kill()
    d.start()
    kit.same(len(history(d)), 24)
    d.ctl('rules', 'rollback', '--to', str(lines[15]['seq']))
    kit.same(d.status().pack, 'n8')
    bench.replay(d.data)


def history_outlives_the_journal(bench):
    d = bench.daemon(args=['--sweep-ms', '20', '--segment-mb', '1', '--journal-keep-mb', '0'])
    d.ctl('rules', 'activate', pack(bench, 'old'), '--by', 'olga')
    big = {'text%d' % i: 'x' * 1000 for i in range(60)}
    n = 0
    until = time.time() + 120
    while d.status().journal_first <= 3:
        kit.check(time.time() < until, 'no segment goes')
        with d.client() as c:
            for _ in range(120):
                kit.accepted(c.call(publish=bench.pb.Publish(events=[
                    kit.event(bench.pb, 'e%d-%d' % (n, i), 'c%d' % i, attrs=big) for i in range(5)])))
                n += 1
    d.ctl('rules', 'activate', pack(bench, 'new'))
    d.kill()
    d.start()
    kit.same([(a['name'], a['by'] == 'olga') for a in history(d)], [('new', False), ('old', True)])
    d.ctl('rules', 'rollback')
    kit.same(d.status().pack, 'old')


def killed_in_a_reload(bench):
    """kill -9 in what SIGHUP has begun, under load, before and after the pack is in the journal, and at any moment: it is the old pack
    or the new one, whole, and what was acknowledged is there."""
    for n, moment in enumerate(('activate_before_publish:2:kill', 'activate_after_publish:2:kill', 0.0, 0.01, 0.03)):
        old = PACK % ('old', 'old')
        folder, fault = bench.pack(old), isinstance(moment, str)
        d = bench.daemon(rules=folder, shards=1 + n % 3, env={'NUDGED_FAULT': moment} if fault else {})
        kit.same(active(d)['name'], 'old')
        acknowledged, over = [], threading.Event()

        def load():
            try:
                with d.client() as c:
                    while not over.is_set():
                        at = len(acknowledged)
                        kit.accepted(c.call(publish=bench.pb.Publish(events=[
                            kit.event(bench.pb, 'e%d' % i, 'c%d' % (i % 40), agent='a%d' % (i % 3)) for i in range(at, at + 20)])))
                        acknowledged.extend(range(at, at + 20))
            except (nudge_client.Closed, ConnectionError):
                pass # it was killed
        loader = threading.Thread(target=load)
        loader.start()
        while len(acknowledged) < 200:
            time.sleep(0.005)
        with open(folder + '/pack.lua', 'w') as f:
            f.write(PACK % ('new', 'new') + 'fact.more = calls:count "9d"\nrule "more" { on = "x", when = fact.more:above(1), set = { x = 1 } }\n')
        d.hang_up()
        if fault:
            kit.same(d.wait(), -9)
        else:
            time.sleep(moment)
            d.kill()
        over.set()
        loader.join()
        journaled = [e['pack'] for e in bench.dump(d.data) if e['kind'] == 'activate']
        kit.check(journaled in (['old'], ['old', 'new']), moment, journaled)
        if fault:
            kit.same(len(journaled), 1 if 'before' in moment else 2)
        d.env = {}
        d.start(rules=None, shards=1 + (n + 1) % 3)
        kit.same([a['name'] for a in reversed(history(d))], journaled, moment)
        kit.same((active(d)['name'], d.status().pack), (journaled[-1],) * 2, moment)
        digest, seen = d.settled(), d.settled_at
        d.kill()
        report = bench.replay(d.data, 2)
        kit.same((report['digest'], report['last_seq']), (digest, seen), moment)
        kit.check(report['events'] >= len(acknowledged), moment, report, len(acknowledged))
        d.start(rules=folder) # the folder has the new one: it is not activated twice
        kit.same([a['name'] for a in reversed(history(d))], ['old', 'new'], moment)
        publish(bench, d, ['after'])
        d.stop()
        bench.replay(d.data)


def warm_since(bench):
    d = bench.daemon()
    d.ctl('rules', 'activate', pack(bench, 'a'))
    publish(bench, d, ['1'])
    said = d.ctl('rules', 'activate', pack(bench, 'b', '''
local more = series { on = "call.began", per = "agent", name = "more" }
fact.more = more:count "30d"
local promise = case { opens = "p.made", closes = "p.kept", key = "p", due = "1h", name = "promise" }
fact.open = promise:count_open()
rule "r" { about = "agent", on = "call.began", when = fact.more:above(1), set = { x = 1 } }
rule "q" { on = "call.began", when = fact.open:above(1), set = { x = 1 } }
'''))
    kit.check('new: series more; cases promise.' in said, said)
    first, second = history(d)[1], history(d)[0]

    def look():
        return {s['name']: s for s in json.loads(d.ctl('rules', 'series', '--json'))}
    kept = look()
    kit.same((kept['calls']['since_seq'], kept['calls']['new']), (first['seq'], False))
    kit.same((kept['more']['since_seq'], kept['more']['new'], kept['more']['about']), (second['seq'], True, 'agent'))
    kit.same((kept['promise']['kind'], kept['promise']['since_ms']), ('case', second['time_ms']))
    kit.same((kept['more']['warm'], kept['promise']['warm']), (False, None))
    kit.check('warm in ' in d.ctl('rules', 'series'))
    # what leaves and returns is warm since its return; what stays goes on
    d.ctl('rules', 'rollback')
    kit.same(sorted(look()), ['calls'])
    d.ctl('rules', 'rollback')
    third = history(d)[0]
    again = look()
    kit.same((again['more']['since_seq'], again['calls']['since_seq']), (third['seq'], first['seq']))
    d.kill()
    d.start()
    kit.same(look(), again, 'after kill -9')


def what_nothing_fills_says_since_when(bench):
    d = bench.daemon()
    d.ctl('rules', 'activate', pack(bench, 'a'))
    publish(bench, d, ['1'])

    def look():
        return {s['kind']: s for s in json.loads(d.ctl('rules', 'series', '--json'))}
    contacts = 'local talks = contacts { %s }\nfact.talks = talks:count "30d"\nrule "t" { on = "x", when = fact.talks:above(1), set = { x = 1 } }\n'
    survey = 'survey "nps" { kind = "nps", on = "answered", asked = "customers", score = "score", smallest_cell = 5 }\n'
    said = d.ctl('rules', 'activate', pack(bench, 'c', contacts % '' + survey), '--backfill')
    kit.check('new: surveys nps; contacts. They begin empty now' in said, said)
    first = history(d)[0]
    kinds = look()
    for kind in ('contacts', 'survey'):
        kit.same((kinds[kind]['since_seq'], kinds[kind]['new'], kinds[kind]['filled']), (first['seq'], True, False), kind)
    kit.same((kinds['contacts']['keep_ms'], kinds['contacts']['warm'], kinds['survey']['warm']), (30 * kit.DAY, False, None))
    d.ctl('rules', 'activate', pack(bench, 'd', contacts % 'resolved_within = "2d"' + survey))
    second = history(d)[0]
    kinds = look() # a contact is another thing now, the survey is not
    kit.same((kinds['contacts']['since_seq'], kinds['survey']['since_seq']), (second['seq'], first['seq']))
    d.kill()
    d.start()
    kit.same(look(), kinds, 'after kill -9')


# --- backfill: what is filled in equals what a daemon has that had the pack from the beginning

OLD = '''pack { name = "%s", topics = { "bill", "net" } }
timeline { keep = 5 }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
rule "often" { on = "call.ended", when = fact.calls:at_least(4), once_per = "day", set = { often = fact.calls } }
action "x" { goal = "serve", value = { customer = 0.5, business = 0.5 }, say = "X." }
'''
NEW = OLD + '''
local lines = series { on = "call.ended", per = "member", name = "lines" }
local keyed = series { on = "call.ended", by = { "topic", "channel" }, name = "keyed", where = event.mood:at_most(0.5) }
local exact = series { on = "call.ended", value = "mood", name = "exact" }
local moods = series { on = { "call.ended", "outcome.accepted" }, per = "agent", value = "mood", name = "moods" }
local areas = series { on = "call.ended", per = "area", value = "mood", name = "areas" }
local taken = series { on = "outcome.accepted", name = "taken" }
local kept = series { on = "case.promise.closed", name = "kept" }
local promise = case { opens = "promise.made", closes = "promise.kept", key = "ref", due = "2h", name = "promise" }
fact.lines = lines:count "today"
fact.keyed = keyed:count "5h"
fact.exact = exact:run(at_most(0.2))
fact.previous = exact:previous()
fact.distinct = exact:distinct "9d"
fact.moods = moods:run(at_most(0))
fact.areas = areas:mean "14d"
fact.taken = taken:count "ever"
fact.kept = kept:count "30d"
fact.promises = promise:count_open()
'''
START = 1750000000000


class Story:
    """The same events, in the same requests, for whoever asks."""

    def __init__(self, pb, seed, count, hot=0.7): # hot 0: nothing that depends on the order in which shards see it
        self.pb, self.random, self.now, self.n, self.merged, self.hot = pb, random.Random(seed), START, 0, set(), hot
        self.requests = [self.request() for _ in range(count)]

    def event(self):
        r = self.random
        self.n += 1
        self.now += r.randrange(1, 400000)
        dice, id = r.random(), 'e%d' % self.n
        who = 'c%d' % r.randrange(30)
        if dice < 0.72:
            whom = {'customer': who} if r.random() < 0.85 or not self.hot else {'alias': '+4930%d' % r.randrange(2000000, 2000012)}
            attrs = {'mood': r.randrange(-8, 9) / 8, 'topic': r.choice(['bill', 'net']), 'area': 'area%d' % r.randrange(3)}
            return kit.event(self.pb, id, attrs=attrs, time_ms=self.now - (r.randrange(3600000) if r.random() < 0.2 else 0),
                             agent='hot' if r.random() < self.hot else 'a%d' % r.randrange(4 if self.hot else 40), channel=r.choice(['call', 'chat']),
                             member='m%d' % r.randrange(3) if r.random() < 0.6 else '', **whom)
        if dice < 0.80:
            return kit.event(self.pb, id, who, 'promise.made', {'ref': str(r.randrange(4))}, agent='a1', time_ms=self.now)
        if dice < 0.87:
            return kit.event(self.pb, id, who, 'promise.kept', {'ref': str(r.randrange(4))}, time_ms=self.now)
        if dice < 0.93 and self.hot:
            return kit.event(self.pb, id, who, 'alias.added', {'alias': '+4930%d' % r.randrange(2000000, 2000012)}, time_ms=self.now)
        if dice < 0.95 and self.hot:
            into = 'c%d' % r.randrange(30)
            if into != who and into not in self.merged:
                self.merged.add(who)
                return kit.event(self.pb, id, who, 'identity.merged', {'into': into}, time_ms=self.now)
        return kit.event(self.pb, id, who, 'profile.updated', {'plan': str(r.randrange(3))}, time_ms=self.now)

    def request(self):
        r = self.random
        if r.random() < 0.1:
            self.n += 1
            self.now += 1000
            return dict(outcome=self.pb.Outcome(id='o%d' % self.n, source='test', customer='c%d' % r.randrange(30), agent='hot' if self.hot else 'a9',
                                                action='x', channel='call', kind=r.choice(['accepted', 'rejected']),
                                                time_ms=self.now))
        return dict(publish=self.pb.Publish(events=[self.event() for _ in range(r.randrange(1, 8))]))

    def tell(self, d, requests, pace=0.0):
        with d.client() as c:
            for request in requests:
                answer = c.call(**request)
                kit.check(answer.WhichOneof('body') in ('published', 'outcome_recorded'), answer)
                if pace:
                    time.sleep(pace)


def fill_state(d):
    """(state, what is left to fill) of the backfill."""
    with d.client() as c:
        answer = c.call(get_rules=d.bench.pb.GetRules(series=True)).rules
    return answer.backfill.state, [s.name for s in answer.declared if s.filling], [s.name for s in answer.declared if s.filled]


def until_filled(d, seconds=60):
    until = time.time() + seconds
    while True:
        state, filling, filled = fill_state(d)
        if not filling:
            return state, filled
        kit.check(time.time() < until, 'not filled in time:', state)
        time.sleep(0.02)


def differences(bench, a, b):
    """Whose state differs in what, for people."""
    out = []
    with a.client() as x, b.client() as y:
        asks = [dict(customer='c%d' % i) for i in range(30)] + [dict(agent=n) for n in ('hot', 'a0', 'a1', 'a2', 'a3')]
        asks += [dict(alias='+4930%d' % n) for n in range(2000000, 2000012)]
        for ask in asks:
            p, q = (c.call(read_customer=bench.pb.ReadCustomer(**ask)).customer for c in (x, y))
            for field in ('series', 'cases', 'timers', 'members', 'attributes', 'timeline', 'outcomes'):
                left, right = (sorted(str(i) for i in getattr(v, field)) for v in (p, q))
                if left != right:
                    out.append('%s %s: %s instead of %s' % (ask, field, [i for i in left if i not in right][:2],
                                                            [i for i in right if i not in left][:2]))
    return out


def same_state(bench, filled, whole, what):
    got, want = filled.settled(), whole.settled()
    kit.check(got == want, what, '; '.join(differences(bench, filled, whole)[:4]) or 'in what is not shown')


def from_the_beginning(bench, story, shards=1):
    whole = bench.daemon(args=['--clock', 'events'], shards=shards, rules=bench.pack(NEW % 'new'))
    story.tell(whole, story.requests)
    return whole


def filled_as_if_it_had_been_there(bench):
    """While traffic goes on, one agent in most of it; then again over a restart."""
    for shards, seed in ((1, 1), (1, 2), (3, 3)):
        story = Story(bench.pb, seed, 900, 0.7 if shards == 1 else 0)
        whole = from_the_beginning(bench, story, shards)
        d = bench.daemon(args=['--clock', 'events', '--sweep-ms', '50'], shards=shards, rules=bench.pack(OLD % 'old'),
                         env={'NUDGED_FAULT': 'backfill_short_of_memory:1:fail'} if seed == 2 else {})
        story.tell(d, story.requests[:600])
        rest = threading.Thread(target=story.tell, args=(d, story.requests[600:], 0.001))
        rest.start()
        said = d.ctl('rules', 'activate', bench.pack(NEW % 'new'), '--backfill')
        rest.join()
        kit.check('is being filled in' in said and 'Filled from entry 1 on' in said, said)
        kit.same(until_filled(d)[0], 'done')
        same_state(bench, d, whole, 'after a backfill under traffic, %d shards:' % shards)
        series = {s['name']: s for s in json.loads(d.ctl('rules', 'series', '--json'))}
        kit.check(all(series[n]['filled'] and series[n]['since_seq'] == 1 for n in ('lines', 'keyed', 'moods', 'promise')), series)
        kit.check(not series['calls']['filled'])
        kit.check('backfilled' in d.ctl('rules', 'history'))
        digest = d.settled()
        d.kill()
        d.env = {}
        kit.same(bench.replay(d.data)['digest'], digest, 'digest of a replay')
        d.start(rules=None, shards=2)
        kit.same(d.settled(), digest, 'digest after kill -9')
        again = json.loads(d.ctl('rules', 'series', '--json'))
        kit.same([(s['name'], s['since_seq'], s['filled']) for s in again],
                 [(s['name'], s['since_seq'], s['filled']) for s in series.values()])
        kit.check(not os.path.exists(d.data + '/backfill'), 'its folder stays')
        bench.finish()


def killed_in_the_middle(bench):
    """kill -9 before the first, the fifth, the 20th subject, and before any; a stop in order; each goes on by itself."""
    story = Story(bench.pb, 7, 500)
    whole = from_the_beginning(bench, story)
    for point in ('backfill_before_publish:1:kill', 'backfill_before_publish:5:kill', 'backfill_before_publish:20:kill',
                  'backfill_before_filling:1:kill', None):
        d = bench.daemon(args=['--clock', 'events', '--sweep-ms', '50'], rules=bench.pack(OLD % 'old'),
                         env={'NUDGED_FAULT': point} if point else {})
        story.tell(d, story.requests[:300])
        d.ctl('rules', 'activate', bench.pack(NEW % 'new'), '--backfill', '--no-wait', ok=False)
        d.rules = None
        if point:
            kit.check(d.wait() != 0)
        else:
            d.stop()
        d.env = {}
        d.start()
        story.tell(d, story.requests[300:])
        kit.same(sorted(until_filled(d)[1]), ['areas', 'exact', 'kept', 'keyed', 'lines', 'moods', 'promise', 'taken'])
        same_state(bench, d, whole, 'killed at %s:' % point)
        digest = d.settled()
        d.kill()
        kit.same(bench.replay(d.data)['digest'], digest, 'digest of a replay')


def another_activation_ends_it(bench):
    story = Story(bench.pb, 9, 400)
    d = bench.daemon(args=['--clock', 'events'], rules=bench.pack(OLD % 'old'))
    story.tell(d, story.requests)
    kit.check('nothing to fill' in d.ctl('rules', 'activate', bench.pack(OLD % 'other'), '--backfill', ok=False).stderr.decode())
    # the active pack may be filled later
    d.ctl('rules', 'activate', bench.pack(NEW % 'new'))
    folder = bench.pack(NEW % 'new')
    kit.check('Filled from' in d.ctl('rules', 'activate', folder, '--backfill'))
    whole = from_the_beginning(bench, story)
    same_state(bench, d, whole, 'filled later:')
    # one that runs ends for the next
    for n in range(3):
        more = OLD % 'more' + 'local s = series { on = { "call.ended", "x%d" }, name = "s" }\nfact.s = s:count "7d"\n' % n
        d.ctl('rules', 'activate', bench.pack(more), '--backfill', '--no-wait')
        said = d.ctl('rules', 'rollback')
        kit.check(fill_state(d)[0] in ('stopped', 'done'), fill_state(d))
        if fill_state(d)[0] == 'stopped':
            kit.check('ended unfinished' in said, said)
    d.kill()
    d.start(rules=None)
    kit.same(fill_state(d)[1], [])


def the_journal_has_no_beginning(bench):
    """Then as far back as it goes, and it says so; what a record has from before stays."""
    d = bench.daemon(args=['--sweep-ms', '20', '--segment-mb', '1', '--journal-keep-mb', '0'], rules=bench.pack(OLD % 'old'))
    big = {'text%d' % i: 'x' * 1000 for i in range(60)}
    n, until = 0, time.time() + 120
    while d.status().journal_first <= 3:
        kit.check(time.time() < until, 'no segment goes')
        with d.client() as c:
            for _ in range(120):
                kit.accepted(c.call(publish=bench.pb.Publish(events=[
                    kit.event(bench.pb, 'e%d-%d' % (n, i), 'c%d' % i, attrs=dict(big, mood=0.1)) for i in range(5)])))
                n += 1
    first = d.status().journal_first
    said = d.ctl('rules', 'activate', bench.pack(NEW % 'new'), '--backfill')
    kit.check('The journal begins at entry' in said, said)
    since = next(s for s in json.loads(d.ctl('rules', 'series', '--json')) if s['name'] == 'exact')
    kit.check(since['since_seq'] >= first, since, first)
    with d.client() as c:
        customer = c.call(read_customer=bench.pb.ReadCustomer(customer='c1')).customer
    counts = {s.name: s.count for s in customer.series}
    kit.check(0 < counts['exact'] < counts['calls'], counts)


kit.Bench().run([back_and_forward, who, tests_go_along, packs_are_kept_within_bounds, history_outlives_the_journal, killed_in_a_reload, warm_since,
                 what_nothing_fills_says_since_when, filled_as_if_it_had_been_there, killed_in_the_middle, another_activation_ends_it, the_journal_has_no_beginning])
