"""Activations have a history, and can be gone back in: `rules rollback`, `rules history`, `rules series`.

    /usr/bin/python3 activation.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import pwd
import time

import kit

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


kit.Bench().run([back_and_forward, who, tests_go_along, packs_are_kept_within_bounds, history_outlives_the_journal, warm_since])
