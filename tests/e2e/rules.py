#!/usr/bin/python3
"""Rules that run away or fail, packs that are refused, packs that change under load."""
import os
import threading
import time

import kit

HOSTILE = '''
pack { name = "hostile" }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
rule "loop" { on = "call.ended", run = function(c) while true do end end }
rule "guarded" { on = "call.ended", run = function(c) while true do pcall(function() while true do end end) end end }
rule "pattern" { on = "call.ended", run = function(c) c:set("found", (("a"):rep(30)):find(("a?"):rep(30) .. ("a"):rep(30)) or 0) end }
rule "catastrophe" { on = "call.ended", run = function(c) return string.find(("a"):rep(4000), "(.-)(.-)(.-)(.-)b") end }
rule "memory" { on = "call.ended", run = function(c) local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end }
rule "huge" { on = "call.ended", run = function(c) return ("x"):rep(1e9) end }
rule "nil" { on = "call.ended", run = function(c) local t = nil; return t.field end }
rule "deep" { on = "call.ended", run = function(c) local function f(n) return 1 + f(n + 1) end return f(1) end }
rule "half" { on = "call.ended", run = function(c) c:set("half", 1) c:alert { to = "care", say = "half" } error("and then") end }
rule "good" { on = "call.ended", alert = { to = "care", say = "{calls}" }, set = { good = fact.calls } }
'''
BAD = ('loop', 'guarded', 'memory', 'huge', 'nil', 'deep', 'half')


def rules_of(d):
    with d.client() as c:
        return {r.name: r for r in c.call(get_rules=d.bench.pb.GetRules(stats=True)).rules.rules}


def each_is_contained(bench):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(HOSTILE), shards=2)
    with d.client() as c:
        for n in range(10):
            began = time.time()
            acks = kit.accepted(c.call(publish=pb.Publish(events=[kit.event(pb, 'e%d' % n, 'c%d' % (n % 4))])))
            kit.check('good' in acks[0].rules, 'the good rule did not fire:', acks[0])
            kit.check([a.text for a in acks[0].alerts] == [str(n // 4 + 1)], acks[0].alerts)
            kit.check(time.time() - began < 20, 'not contained in time')
        customer = c.call(read_customer=pb.ReadCustomer(customer='c1')).customer
        kit.check('half' not in [h.attribute.name for h in customer.attributes], 'a rule that failed took effect in part')
    rules = rules_of(d)
    for name in BAD:
        kit.same((rules[name].matched, rules[name].fired, rules[name].failed), (10, 0, 10), name)
        kit.check(rules[name].last_error, 'no last error of', name)
    kit.same((rules['good'].fired, rules['good'].failed), (10, 0), 'good')
    digest = d.settled()
    d.kill()
    for shards in (1, 4):
        kit.same(bench.replay(d.data, shards)['digest'], digest, 'digest of a replay')
    d.start(rules=None)
    kit.same(d.settled(), digest, 'digest of the recovered')


def set_aside_until_the_next_activation(bench):
    pb = bench.pb
    text = HOSTILE.split('rule "loop"')[0] + '''rule "fails" { on = "call.ended", run = function(c) error("no") end }
rule "good" { on = "call.ended", set = { good = fact.calls } }
'''
    folder = bench.pack(text)
    d = bench.daemon(rules=folder, args=['--sweep-ms', '50'])
    number = [0]

    def publish(count):
        with d.client() as c:
            for _ in range(count // 50):
                number[0] += 50
                kit.accepted(c.call(publish=pb.Publish(events=[
                    kit.event(pb, 'e%d' % (number[0] + i), 'c%d' % i) for i in range(50)])))
    publish(150)
    until = time.time() + 20
    while not rules_of(d)['fails'].aside and time.time() < until:
        publish(50)
    rules = rules_of(d)
    kit.check(rules['fails'].aside and rules['fails'].failed >= 100, 'not set aside:', rules['fails'])
    kit.same(d.status().rules_aside, 1, 'status')
    failed = rules['fails'].failed
    publish(50)
    kit.same(rules_of(d)['fails'].failed, failed, 'failures of a rule set aside')
    digest = d.settled()
    d.kill()
    kit.same(bench.replay(d.data, 4)['digest'], digest, 'digest of a replay')
    d.start(shards=3)
    kit.check(rules_of(d)['fails'].aside, 'a restart with the same pack brought it back')
    time.sleep(0.3) # the sweep's mark passes it
    d.kill()
    d.start()
    kit.check(rules_of(d)['fails'].aside, 'the store forgot it')
    d.hang_up() # as a rotation of logs does
    until = time.time() + 20
    while 'the pack has not changed' not in d.said() and time.time() < until:
        time.sleep(0.02)
    kit.check('the pack has not changed' in d.said() and rules_of(d)['fails'].aside, 'SIGHUP brought it back:', d.said()[-300:])
    d.ctl('rules', 'activate', folder)
    kit.check(not rules_of(d)['fails'].aside, 'an activation did not bring it back')
    publish(50)
    kit.check(rules_of(d)['fails'].failed > 0, 'it does not run')


def refused_packs_leave_the_old_one(bench):
    d = bench.daemon(rules=bench.pack(HOSTILE))
    before = d.status().pack_hash
    for text, word in (('pack { name = "x" }\nrule "r" { on = "t", when = fact.nothing }\n', 'pack.lua:2'), ('this is no Lua', 'pack.lua:1'),
                       ('pack { name = "x" }\nwhile true do end\n', ''), ('', ''), ('pack { name = "x" }\nlocal t = ("x"):rep(1e9)', ''),
                       ('pack { name = "x" }\nrule "r" { on = "t", whem = true }\n', 'whem'), ('os.exit(1)', ''),
                       ('pack { name = "x" }\nrequire "../../etc/passwd"', '')):
        done = d.ctl('rules', 'activate', bench.pack(text), ok=False)
        kit.same(done.returncode, 1, 'exit code for ' + text)
        kit.check(word in done.stderr.decode() + done.stdout.decode(), 'it does not say', word, done.stderr.decode())
        kit.same(d.status().pack_hash, before, 'the active pack')
    done = d.ctl('rules', 'activate', bench.pack('error("a\\27[31m\\n\\xff")\n'), ok=False)
    kit.same(done.stderr.count(b'\n'), 1, 'lines of an error')
    kit.check(b'a\\x1B[31m\\n\\xFF' in done.stderr and b'\033' not in done.stderr, 'escapes of a pack are passed on', done.stderr)
    d.rules = None


def tests_are_a_gate(bench):
    """A pack comes with its tests; where one fails, the old pack stays. They are no part of it: the hash does not know them."""
    text = '''pack { name = "%s" }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
rule "third" { on = "call.ended", when = fact.calls:at_least(%d), alert = { to = "care", say = "{calls}" } }
'''
    test = '''local c = customer "c"
test("the third call is told", function()
  for _ = 1, 3 do c:event "call.ended" end
  c:expect_alert("third", { say = "3" })
end)
'''

    def pack(name, least, tests=None):
        folder = bench.pack(text % (name, least))
        if tests:
            os.mkdir(folder + '/tests')
            with open(folder + '/tests/calls.lua', 'w') as f:
                f.write(tests)
        return folder
    d = bench.daemon(rules=pack('bare', 3))
    d.ctl('rules', 'activate', pack('first', 3, test))
    status = d.status()
    kit.same(status.pack, 'first', 'a pack whose tests pass')
    for folder, words in ((pack('second', 4, test), ('1 of its 1 tests fail', 'the third call is told', 'tests/calls.lua:4', 'none was raised')),
                          (pack('second', 3, 'test("x", function('), ('tests/calls.lua:1',)),
                          (pack('second', 3, 'test("x", function() while true do end end)'), ('limit_test_instructions',)),
                          (pack('second', 3, 'for i = 1, 500 do test("t" .. i, function() while true do end end) end'),
                           ('500 of its 500 tests fail',))):
        done = d.ctl('rules', 'activate', folder, ok=False)
        kit.same(done.returncode, 1, 'exit code')
        for word in words:
            kit.check(word in ' '.join(done.stderr.decode().split()), 'it does not say', word, done.stderr.decode())
        kit.same(d.status().pack_hash, status.pack_hash, 'the active pack')
    d.ctl('rules', 'activate', pack('first', 3))
    kit.same(d.status().pack_hash, status.pack_hash, 'the hash without tests')


def activation_under_load(bench):
    """At one point of the journal: events before it see the old pack, events after it the new; what both declare goes on."""
    pb = bench.pb
    text = '''pack { name = "p%d" }
local calls = series { on = "call.ended", name = "calls" }
fact.calls = calls:count "7d"
rule "mark" { on = "call.ended", set = { pack = %d, calls = fact.calls }, alert = { to = "care", say = "%d" } }
'''
    packs = [bench.pack(text % (n, n, n)) for n in range(6)]
    d = bench.daemon(rules=packs[0], shards=4, args=['--sweep-ms', '30'])
    marks, stop, problems = [], [False], []

    def load(k):
        try:
            with d.client() as c:
                n = 0
                while not stop[0]:
                    n += 1
                    acks = kit.accepted(c.call(publish=pb.Publish(events=[
                        kit.event(pb, '%d-%d-%d' % (k, n, i), 'c%d' % ((n + i) % 40)) for i in range(20)])))
                    marks.extend((a.seq, a.alerts[0].text) for a in acks)
        except Exception as why:
            problems.append(why)
    threads = [threading.Thread(target=load, args=(k,)) for k in range(3)]
    for t in threads:
        t.start()
    for folder in packs[1:]:
        time.sleep(0.15)
        d.ctl('rules', 'activate', folder)
    time.sleep(0.15)
    stop[0] = True
    for t in threads:
        t.join()
    kit.check(not problems, problems)
    digest = d.settled()
    entries = bench.dump(d.data)
    points = [e['seq'] for e in entries if e['kind'] == 'activate']
    kit.same(len(points), 6, 'activations')
    for seq, said in marks:
        kit.same(said, str(sum(p < seq for p in points) - 1), 'the pack that entry %d saw' % seq)
    calls = {}
    for e in entries:
        if e['kind'] == 'event':
            calls[e['customer']] = calls.get(e['customer'], 0) + 1
    with d.client() as c:
        for who, count in calls.items():
            customer = c.call(read_customer=pb.ReadCustomer(customer=who)).customer
            kit.same(sum(s.count for s in customer.series), count, 'calls of ' + who)
    d.kill()
    for shards in (1, 3):
        kit.same(bench.replay(d.data, shards)['digest'], digest, 'digest of a replay')
    d.start(rules=None, shards=2)
    kit.same(d.status().pack, 'p5', 'the pack after a restart')
    kit.same(d.settled(), digest, 'digest after a restart')


def the_last_of_many_activations_stays(bench):
    """Whatever bytes lie behind its key in the store."""
    d = bench.daemon(args=['--sweep-ms', '20'])
    for n in range(60 if not kit.LONG else 300):
        d.ctl('rules', 'activate', bench.pack('pack { name = "n%d" }\nlocal s = series { on = "*" }\nfact.s = s:count "7d"' % n))
        if n % 3 == 2:
            with d.client() as c:
                kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e%d' % n, 'c')])))
            last = d.status().journal_last
            until = time.time() + 20
            while d.status().store_mark < last:
                kit.check(time.time() < until, 'the mark does not move')
                time.sleep(0.01)
            d.kill()
            d.start()
            kit.same(d.status().pack, 'n%d' % n, 'the pack after a restart')


def hang_up_reads_the_pack_again(bench):
    folder = bench.pack(HOSTILE)
    d = bench.daemon(rules=folder)

    def write(text):
        with open(folder + '/pack.lua', 'w') as f:
            f.write(text)
        d.hang_up()

    def until(truth, what):
        end = time.time() + 20
        while not truth():
            kit.check(time.time() < end, what, d.said()[-300:])
            time.sleep(0.02)
    write('pack { name = "second" }\n')
    until(lambda: d.status().pack == 'second', 'SIGHUP activates nothing')
    write('pack { name = "third" \n')
    until(lambda: 'refused' in d.said(), 'a refused pack is not told')
    kit.same(d.status().pack, 'second')
    d.hang_up()
    d.hang_up()
    write('pack { name = "fourth" }\n')
    until(lambda: d.status().pack == 'fourth', 'SIGHUP activates nothing')


kit.Bench().run([each_is_contained, set_aside_until_the_next_activation, refused_packs_leave_the_old_one, tests_are_a_gate,
                 activation_under_load, the_last_of_many_activations_stays, hang_up_reads_the_pack_again])
