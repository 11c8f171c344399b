#!/usr/bin/python3
"""A full disk, a cache smaller than the state, and the same journal in other processes."""
import os
import shutil
import subprocess
import time

import kit

PACK = '''pack { name = "storage" }
local calls = series { on = "call.ended", name = "calls" }
local busy = series { on = "call.ended", per = "agent", name = "busy" }
local promise = case { opens = "promise.made", closes = "promise.kept", due = "1h", name = "promise" }
fact.calls = calls:count "7d"
rule "many" { on = "call.ended", when = fact.calls:at_least(2), alert = { to = "care", say = "{calls}", closes = "solved" }, set = { many = fact.calls } }
rule "fn" { on = "call.ended", run = function(c)
  local t = {} for i = 1, 20 do t["k" .. i] = i * 0.1 end
  local s = "" for k, v in pairs(t) do s = s .. k .. tostring(v) end
  c:set("walk", s) end }
action "sorry" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
'''


def padded(pb, n, **more):
    return kit.event(pb, 'e%d' % n, 'c%d' % (n % 60), attrs={'p%d' % i: 'x' * 1000 for i in range(8)}, agent='a%d' % (n % 3), **more)


def fill_until_refused(bench, c, start):
    """Publishes until `storage` is the answer; ids acknowledged."""
    pb, n, good = bench.pb, start, []
    until = time.time() + 60
    while time.time() < until:
        acks = c.call(publish=pb.Publish(events=[padded(pb, n + i) for i in range(10)])).published.acks
        good += ['e%d' % (n + i) for i, a in enumerate(acks) if a.result == 1]
        n += 10
        refused = [a for a in acks if a.result == 3]
        if refused:
            kit.same({a.error.code for a in refused}, {'storage'}, 'refusals')
            return n, good
    raise kit.Failed('never full')


def a_full_disk(bench):
    pb = bench.pb
    with kit.Tmpfs(bench, 40) as folder:
        d = bench.daemon(data=os.path.join(folder, 'data'), rules=bench.pack(PACK), shards=2,
                         args=['--segment-mb', '1', '--reserve-mb', '8', '--sweep-ms', '100'])
        good = []
        for how in ('reserve', 'full'):
            with d.client() as c:
                if how == 'full': # somebody else takes the rest, down to the last block
                    with open(os.path.join(folder, 'else'), 'wb', buffering=0) as f:
                        try:
                            while True:
                                f.write(bytes(1 << 20))
                        except OSError:
                            pass
                n, more = fill_until_refused(bench, c, 100000 * (how == 'full'))
                good += more
                # queries are answered, of all customers, whatever waits for room
                for i in range(60):
                    kit.same(c.call(read_customer=pb.ReadCustomer(customer='c%d' % i)).WhichOneof('body'), 'customer')
                    kit.same(c.call(recommend=pb.Recommend(customer='c%d' % i)).WhichOneof('body'), 'recommendation')
                kit.check(c.call(get_status=pb.GetStatus()).status.storage_refusing, 'status does not say it')
                o = c.call(outcome=pb.Outcome(id='o' + how, source='s', customer='c1', action='sorry', channel='call', kind='shown'))
                kit.same(o.outcome_recorded.ack.error.code, 'storage')
            d.kill() # nothing acknowledged is lost there
            if how == 'full':
                os.remove(os.path.join(folder, 'else'))
            d.start()
            subprocess.run(['mount', '-o', 'remount,size=%dm' % (80 if how == 'reserve' else 160), folder], check=True)
            until = time.time() + 20
            with d.client() as c:
                while c.call(publish=pb.Publish(events=[padded(pb, n)])).published.acks[0].result != 1:
                    kit.check(time.time() < until, 'it does not recover when space returns:', d.said()[-500:])
                    time.sleep(0.05)
            good.append('e%d' % n)
        digest = d.settled()
        ids = [e['event']['id'] for e in bench.dump(d.data) if e['kind'] == 'event']
        kit.same(len(ids), len(set(ids)), 'applied once')
        kit.check(set(good) <= set(ids), 'acknowledged and lost:', sorted(set(good) - set(ids))[:5])
        d.kill()
        kit.same(bench.replay(d.data, 4)['digest'], digest, 'digest of a replay')


def space_returns_by_itself(bench):
    """Without a restart: the same process goes on."""
    pb = bench.pb
    with kit.Tmpfs(bench, 40) as folder:
        d = bench.daemon(data=os.path.join(folder, 'data'), rules=bench.pack(PACK),
                         args=['--segment-mb', '1', '--reserve-mb', '8', '--sweep-ms', '100'])
        with d.client() as c:
            n, _ = fill_until_refused(bench, c, 0)
            kit.check('disk space is short' in d.said() and 'reserve_mb is 8' in d.said(), d.said())
            subprocess.run(['mount', '-o', 'remount,size=80m', folder], check=True)
            until = time.time() + 20
            while c.call(get_status=pb.GetStatus()).status.storage_refusing: # nobody publishes: who sends looks at /readyz
                kit.check(time.time() < until, 'it does not notice')
                time.sleep(0.05)
            kit.check('there is disk space again' in d.said(), d.said())
            while c.call(publish=pb.Publish(events=[padded(pb, n)])).published.acks[0].result != 1:
                kit.check(time.time() < until, 'it does not recover')
                time.sleep(0.05)
            kit.check(not c.call(get_status=pb.GetStatus()).status.storage_refusing, 'status still says it')
        digest = d.settled()
        d.stop()
        kit.same(bench.replay(d.data)['digest'], digest, 'digest')
        d.start()
        kit.same(d.settled(), digest, 'digest after a restart')


BEGAN = (kit.NOW() // kit.DAY - 2) * kit.DAY # history: the same at whatever time the test runs


def played(bench, cache_mb, customers):
    pb = bench.pb
    d = bench.daemon(rules=bench.pack(PACK), args=['--cache-mb', str(cache_mb), '--sweep-ms', '20'], shards=2)
    with d.client() as c:
        for start in range(0, 5 * customers, 100):
            for part in range(0, 100, 25):
                c.send(publish=pb.Publish(events=[
                    kit.event(pb, 'e%d' % n, 'c%d' % (n * 7919 % customers), 'promise.made' if n % 5 == 0 else 'call.ended',
                              agent='a%d' % (n % 9), time_ms=BEGAN + n)
                    for n in range(start + part, min(start + part + 25, 5 * customers))]))
            for part in range(4):
                kit.accepted(c.receive())
            time.sleep(0.002)
    return d


def more_state_than_cache(bench):
    count = 8001
    large, small = played(bench, 1024, count), played(bench, 1, count)
    digest = small.settled()
    kit.same(digest, large.settled(), 'digest with a cache of 1 MiB')
    until = time.time() + 60
    while (s := small.status()).records_cached > count // 2 or s.records_stored < count:
        kit.check(time.time() < until, 'not stored, or not evicted:', s)
        time.sleep(0.05)
    kit.same(small.digest(), digest, 'digest with most records in the store')
    with small.client() as c:
        for n in range(0, count, 20): # read back
            r = c.call(read_customer=bench.pb.ReadCustomer(customer='c%d' % n)).customer
            kit.same(sum(s.count for s in r.series), 4, 'calls of c%d' % n)
            kit.same(len(r.timers), 1, 'timers of c%d' % n)
    kit.same(small.digest(), digest, 'digest after reading')
    small.kill()
    small.start(shards=4)
    kit.same(small.settled(), digest, 'digest after a kill')
    small.stop()
    small.start(shards=1)
    kit.same(small.settled(), digest, 'digest after a stop')


def the_store_is_never_far_behind(bench):
    """Events wait while the store is too far behind the journal; a recovery is bounded by that."""
    d = bench.daemon(args=['--segment-mb', '1', '--tail-mb', '2', '--sweep-ms', '3600000'], rules=bench.pack(PACK))
    longest = 0
    with d.client() as c:
        for start in range(0, 2000, 25): # some 16 MiB
            acks = c.call(publish=bench.pb.Publish(events=[padded(bench.pb, n) for n in range(start, start + 25)])).published.acks
            kit.check(all(a.result == bench.pb.Ack.ACCEPTED for a in acks), acks[0])
            gauges = {g.name: g.value for g in d.status().gauges}
            longest = max(longest, gauges['journal_tail'])
    kit.check(longest > 1 << 20, 'the tail was never long, so nothing was tried:', longest)
    kit.check(longest < 4 << 20, 'the store was far behind:', longest)
    digest = d.digest()
    d.kill()
    d.start()
    kit.same(d.settled(), digest)


def the_same_journal_elsewhere(bench):
    """Fresh processes, 1 and 4 shards, with and without address-space randomisation, other locales."""
    d = played(bench, 1024, 301)
    digest = d.settled()
    d.kill()
    wraps = [()]
    if subprocess.run(['setarch', '-R', 'true'], stderr=subprocess.DEVNULL).returncode == 0:
        wraps.append(('setarch', '-R'))
    for shards in (1, 4):
        for wrap in wraps + [('env', 'LC_ALL=C.UTF-8', 'TZ=Asia/Tokyo', 'MALLOC_PERTURB_=165', 'MALLOC_ARENA_MAX=1')]:
            kit.same(bench.replay(d.data, shards, wrap)['digest'], digest, 'digest on %d shards, %s' % (shards, wrap))


def real_calls(bench):
    """The bank's calls: undisturbed, twice, and with three kills in the middle."""
    calls = os.environ.get('NUDGED_SHARED', os.path.join(bench.root, '..', 'shared')) + '/data/bank-calls-1999-08a.csv.gz'
    rules = os.path.join(bench.root, 'rules', 'bank')
    if not os.path.exists(calls) or not os.path.exists(rules + '/pack.lua'):
        raise kit.Skip('the recording is not here: ' + calls)
    take = lambda d, **more: d.ctl('--json', 'import', calls, '--map', rules + '/import.lua', **more)
    d = bench.daemon(rules=rules)
    take(d)
    stats = {r['name']: r for r in kit.json.loads(d.ctl('--json', 'rules', 'stats'))}
    kit.same((stats['repeat-call']['fired'], stats['second-hang-up']['fired']), (10333, 969), 'fired')
    kit.same(stats['repeat-call']['matched'], 15544, 'identified calls')
    digest = d.settled()
    before = d.status()
    take(d)
    kit.same(d.settled(), digest, 'digest after importing again')
    kit.same(d.status().events_duplicate - before.events_duplicate, 15544, 'duplicates')
    d.stop()
    report = bench.replay(d.data, 4)
    kit.same((report['digest'], report['events']), (digest, 15544), 'replay')
    broken = bench.daemon(rules=rules, args=['--sweep-ms', '50'], shards=2)
    for kill in range(3):
        half = subprocess.Popen([bench.nudgectl, '--socket', broken.address, 'import', calls, '--map', rules + '/import.lua'],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with broken.client() as c: # by progress, since a quick machine is through in a third of a second
            until = time.time() + 60
            while c.call(get_status=bench.pb.GetStatus()).status.events_accepted < 2000:
                kit.check(time.time() < until, 'the import does not come on')
        broken.kill()
        half.kill()
        half.wait()
        broken.start(shards=kill + 1)
    before = broken.status()
    take(broken)
    kit.check(broken.status().events_accepted > 0, 'the kills came after the import:', before)
    kit.same(broken.settled(), digest, 'digest after three kills and a complete import')
    with broken.client() as c:
        kit.check(c.call(get_digest=bench.pb.GetDigest()).digest.records >= 4167, 'customers')


def nobody_else_may_read_it(bench):
    """Whatever the umask: no file or folder that the daemon makes, whoever is not of its group may read, or may be written by another."""
    pb, log, backup, restored = bench.pb, bench.path('log'), bench.path('backup'), bench.path('restored')
    before = os.umask(0)
    try:
        d = bench.daemon(rules=bench.pack(PACK), args=['--decision-log', log, '--decision-log-mb', '1', '--segment-mb', '1', '--sweep-ms', '100'])
        with d.client() as c:
            for n in range(0, 200, 10):
                c.call(publish=pb.Publish(events=[padded(pb, n + i) for i in range(10)]))
            c.call(recommend=pb.Recommend(customer='c1', channel='call'))
        d.ctl('backup', backup)
        d.ctl('customer', 'erase', 'c2', '--yes')
        d.ctl('model', 'reset', 'sorry', '--yes', ok=False)
        d.stop()
        kit.same(subprocess.run([bench.nudged, '--restore', backup, '--data', restored], stdout=subprocess.DEVNULL).returncode, 0)
        bench.daemon(data=restored, rules=bench.pack(PACK)).stop()
    finally:
        os.umask(before)
    kit.check(os.path.exists(os.path.join(d.data, 'decision_log.position')), os.listdir(d.data))
    made = [log, d.data, backup, restored]
    for top in made[1:]:
        made += [os.path.join(folder, name) for folder, folders, files in os.walk(top) for name in folders + files]
    for path in made:
        mode = os.stat(path).st_mode & 0o777
        kit.check(not mode & 0o027, path, 'has mode', oct(mode))


kit.Bench().run([nobody_else_may_read_it, a_full_disk, space_returns_by_itself, more_state_than_cache, the_store_is_never_far_behind, the_same_journal_elsewhere, real_calls])
