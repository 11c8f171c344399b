#!/usr/bin/python3
"""Refusing to start, and saying why: damaged, foreign and used data directories, wrong flags and settings."""
import os
import shutil
import subprocess

import kit

PACK = 'pack { name = "start" }\nlocal calls = series { on = "*", name = "calls" }\nfact.calls = calls:count "7d"\n'


def filled(bench, args=(), events=300, stop=False):
    """A data directory with some history, and its digest."""
    d = bench.daemon(rules=bench.pack(PACK), args=args)
    with d.client() as c:
        for start in range(0, events, 100):
            kit.accepted(c.call(publish=bench.pb.Publish(events=[
                kit.event(bench.pb, 'e%d' % n, 'c%d' % (n % 50), attrs={'pad': 'x' * 900}) for n in range(start, start + 100)])))
    digest = d.settled()
    if stop:
        d.stop()
    else:
        d.kill()
    return d.data, digest


def refuses(bench, data, *words, args=(), code=1):
    done = subprocess.run([bench.nudged, '--data', data, '--listen', 'unix:' + bench.path('sock'), *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    said = done.stdout.decode()
    kit.same(done.returncode, code, 'exit code: ' + said[-400:])
    for word in words:
        kit.check(word in said, 'it does not say', repr(word), 'but', said[-500:])


def segments(data):
    folder = os.path.join(data, 'journal')
    return sorted(os.path.join(folder, f) for f in os.listdir(folder) if len(f.split('.')[0]) == 16 and 'tmp' not in f)


def flip(path, offset):
    with open(path, 'r+b') as f:
        f.seek(offset)
        old = f.read(1)
        f.seek(offset)
        f.write(bytes([old[0] ^ 0x40]))


def written(path):
    """Where the last byte that is not zero lies."""
    with open(path, 'rb') as f:
        return len(f.read().rstrip(b'\0'))


def damage_in_the_middle(bench):
    data, _ = filled(bench, ['--segment-mb', '1'])
    flip(segments(data)[0], written(segments(data)[0]) // 3)
    refuses(bench, data, 'journal')
    done = bench.ctl('journal', 'verify', data, ok=False)
    kit.same(done.returncode, 1, 'journal verify on damage: ' + done.stdout.decode())


def a_torn_end_is_no_damage(bench):
    data, _ = filled(bench, stop=True)
    flip(segments(data)[0], written(segments(data)[0]) - 10)
    refuses(bench, data, 'backup') # what the store knows was on disk: this is no batch that was cut off
    data, _ = filled(bench, ['--sweep-ms', '3600000'])
    flip(segments(data)[0], written(segments(data)[0]) - 10)
    d = bench.daemon(data=data)
    kit.check('cut off' in d.said(), 'the dropped batch is not told:', d.said())
    digest = d.settled()
    d.kill()
    kit.same(bench.replay(data, 4)['digest'], digest)


def a_segment_is_missing(bench):
    data, _ = filled(bench, ['--segment-mb', '1', '--sweep-ms', '3600000'], 3000)
    kit.check(len(segments(data)) >= 3, 'one segment only')
    os.rename(segments(data)[1], bench.path('gone'))
    refuses(bench, data, 'segment')


def the_store_is_ahead_of_the_journal(bench):
    data, _ = filled(bench, ['--segment-mb', '1'], 3000, stop=True)
    for path in segments(data)[1:]:
        os.remove(path)
    refuses(bench, data, 'backup')


def the_store_is_of_another_journal(bench):
    data, _ = filled(bench, stop=True)
    other, _ = filled(bench, stop=True)
    for name in os.listdir(data):
        if name != 'journal':
            shutil.rmtree(os.path.join(data, name), ignore_errors=True)
            if os.path.isdir(os.path.join(other, name)):
                shutil.copytree(os.path.join(other, name), os.path.join(data, name))
    refuses(bench, data, 'another journal')


def without_the_store_all_is_replayed(bench):
    data, digest = filled(bench, stop=True)
    for name in os.listdir(data):
        if name not in ('journal',) and os.path.isdir(os.path.join(data, name)):
            shutil.rmtree(os.path.join(data, name))
    d = bench.daemon(data=data, shards=3)
    kit.same(d.settled(), digest, 'digest')


def a_foreign_directory(bench):
    folder = bench.path('foreign')
    os.makedirs(os.path.join(folder, 'journal'))
    for name in ('notes.txt', 'journal/somebody.log'):
        with open(os.path.join(folder, name), 'w') as f:
            f.write('not ours')
    refuses(bench, folder, 'journal')
    with open(os.path.join(folder, 'notes.txt')) as f:
        kit.same(f.read(), 'not ours', 'what lay there')


def a_directory_in_use(bench):
    d = bench.daemon()
    refuses(bench, d.data, 'use')
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e', 'c')])))
    d.kill()
    d.start()


def an_address_in_use(bench):
    d = bench.daemon()
    refuses(bench, bench.path('data'), 'answers on', args=['--listen', d.address])
    refuses(bench, bench.path('data'), 'loopback', args=['--listen', 'tcp:192.0.2.1:99'])
    refuses(bench, bench.path('data'), 'not a socket', args=['--listen', 'unix:' + d.log])
    refuses(bench, bench.path('data'), 'you may mean unix:/nowhere/sock', args=['--listen', '/nowhere/sock'])
    refuses(bench, '/nowhere/data', 'the folder it lies in')


def a_later_format(bench):
    """The version is told before anything is read by it."""
    data, _ = filled(bench)
    marks = [os.path.join(r, f) for r, _, files in os.walk(data) for f in files if os.path.getsize(os.path.join(r, f)) < 4096]
    changed = 0
    for path in marks:
        with open(path, 'rb') as f:
            text = f.read()
        for old, new in ((b'version 1', b'version 9'), (b'version=1', b'version=9'), (b'format 1', b'format 9')):
            if old in text:
                with open(path, 'wb') as f:
                    f.write(text.replace(old, new))
                changed += 1
    if not changed:
        raise kit.Skip('no file here says the format as text')
    refuses(bench, data, 'newer nudged')


def wrong_flags_and_settings(bench):
    data = bench.path('data')
    refuses(bench, data, 'no flag', args=['--no-such-flag', '1'], code=2)
    refuses(bench, data, 'no flag', 'did you mean --decision-log?', args=['--decison-log=x'], code=2)
    refuses(bench, data, 'number', args=['--shards', 'many'], code=2)
    refuses(bench, data, 'number', args=['--shards', '0'], code=2)
    refuses(bench, data, 'one of', args=['--clock', 'wall'], code=2)
    config = bench.path('nudged.conf')
    with open(config, 'w') as f:
        f.write('# a comment\nshards = 2\nshard_count = 4\n')
    refuses(bench, data, 'shard_count', ':3', args=['--config', config], code=2)
    with open(config, 'w') as f:
        f.write('htpp = 127.0.0.1:8787\n')
    refuses(bench, data, 'htpp', 'did you mean `http`', args=['--config', config], code=2)
    with open(config, 'w') as f:
        f.write('shards = 2\nhttp = 127.0.0.1:0\nhttp = 127.0.0.1:0\nshards = 4\n')
    refuses(bench, data, ':4: shards is set in line 1 already', args=['--config', config], code=2)
    with open(config, 'w') as f:
        f.write('shards = 2\nlog_level = warn\n')
    done = subprocess.run([bench.nudged, '--check-config', '--config', config, '--data', data], stdout=subprocess.PIPE, check=True)
    kit.check('shards = 2' in done.stdout.decode(), done.stdout.decode())
    kit.check(not os.path.exists(data), '--check-config made something')
    for flag in ('--help', '--version', '--list-faults'):
        done = subprocess.run([bench.nudged, flag], stdout=subprocess.PIPE, check=True)
        kit.check(done.stdout, flag, 'says nothing')
    done = subprocess.run([bench.nudged], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    kit.same(done.returncode, 2, 'exit code without --data')
    done = subprocess.run([bench.nudged, '--list-faults'], env={'NUDGED_FAULT': 'no_such:1'}, stderr=subprocess.PIPE)
    kit.same(done.returncode, 2, 'exit code of an unknown fault point')


def a_refused_pack_at_start(bench):
    refuses(bench, bench.path('data'), 'pack.lua:2', args=['--rules', bench.pack('pack { name = "x" }\nrule "no" { }\n')])


def sync_that_fails_ends_it(bench):
    """An error of write or sync: the process ends without replies, and the next start replays."""
    for point in ('journal_before_sync', 'journal_after_sync', 'journal_before_write', 'journal_after_write'):
        d = bench.daemon(env={'NUDGED_FAULT': point + ':8:fail'})
        sent = 0
        try:
            with d.client() as c:
                for n in range(100):
                    kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e%d' % n, 'c')])))
                    sent += 1
        except (OSError, kit.nudge_client.Closed):
            pass
        kit.check(d.wait(30) not in (0, None) and sent < 100, 'it goes on after', point)
        d.env = None
        d.start()
        with d.client() as c:
            same = c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e%d' % n, 'c') for n in range(sent)]))
            kit.check(all(a.result == 2 for a in same.published.acks), 'an acknowledged event was lost after', point)
        d.stop()


def store_that_fails_is_made_good(bench):
    """A commit that fails loses nothing: not the record, its timers nor its alerts, whatever is killed when."""
    pack = PACK + '''local p = case { opens = "promised", closes = "kept", due = "2s", name = "p" }
rule "late" { on = p.missed, alert = { to = "care", say = "late" } }
rule "one" { on = "one", alert = { to = "care", say = "one", closes = "two" } }
'''
    for point in ('store_before_commit:4', 'store_before_commit:5', 'store_after_commit:4', 'store_before_commit:6'):
        # without the base, whose store's commits at start are counted too
        d = bench.daemon(rules=bench.pack(pack), args=['--sweep-ms', '50', '--base', 'off'],
                         env={'NUDGED_FAULT': point + ':fail'})
        with d.client() as c:
            kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, t, 'c', t) for t in ('promised', 'one')])))
            kit.time.sleep(0.4)
            kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'two', 'c', 'two')])))
        kit.time.sleep(0.4)
        d.kill()
        d.env = None
        d.start(shards=2)
        with d.client() as c:
            until = kit.time.time() + 20
            alerts = []
            while kit.time.time() < until and [a.rule for a in alerts] != ['late']:
                alerts = c.call(list_alerts=bench.pb.ListAlerts()).alert_list.alerts
                kit.time.sleep(0.02)
            kit.same([a.rule for a in alerts], ['late'], 'open alerts after %s' % point)
        digest = d.settled()
        d.kill()
        kit.same(bench.replay(d.data)['digest'], digest, 'digest')


kit.Bench().run([damage_in_the_middle, a_torn_end_is_no_damage, a_segment_is_missing, the_store_is_ahead_of_the_journal,
                 the_store_is_of_another_journal, without_the_store_all_is_replayed, a_foreign_directory, a_directory_in_use,
                 an_address_in_use, a_later_format, wrong_flags_and_settings, a_refused_pack_at_start, sync_that_fails_ends_it,
                 store_that_fails_is_made_good])
