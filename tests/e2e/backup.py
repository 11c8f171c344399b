#!/usr/bin/python3
"""Backups: made under load, beside a daemon that lets go and is killed; restored, and proven by the digest; verified."""
import json
import os
import shutil
import subprocess
import threading
import time

import kit
from kit import check, same

PACK = '''pack { name = "backup" }
local calls = series { on = "call.ended", name = "calls" }
local busy = series { on = "call.ended", per = "agent", name = "busy" }
local promise = case { opens = "promise.made", closes = "promise.kept", key = "promise", due = "1h", name = "promise" }
fact.calls = calls:count "7d"
rule "many" { on = "call.ended", when = fact.calls:at_least(3),
  alert = { to = "care", say = "{calls} calls", once_per = "day" }, set = { many = fact.calls } }
action "sorry" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
'''
SMALL = ['--segment-mb', '1', '--sweep-ms', '60', '--journal-keep-mb', '0', '--tail-mb', '1']


class Load(threading.Thread):
    """Publishes until it is told to stop or the daemon goes; knows what was acknowledged."""

    def __init__(self, bench, daemon, at=0):
        super().__init__()
        self.bench, self.daemon, self.at, self.acknowledged, self.ends = bench, daemon, at, at, False

    def run(self):
        pb = self.bench.pb
        try:
            with self.daemon.client() as c:
                while not self.ends:
                    events = []
                    for n in range(self.at, self.at + 64):
                        kind = ('call.ended', 'call.ended', 'promise.made')[n % 3]
                        events.append(kit.event(pb, 'e%d' % n, 'c%d' % (n * 7 % 500), type=kind, agent='a%d' % (n % 5),
                                                attrs={'promise': 'p%d' % (n % 4), 'note': 'x' * 300}))
                    answer = c.call(publish=pb.Publish(events=events))
                    if answer.WhichOneof('body') == 'published' and all(a.result in (1, 2) for a in answer.published.acks):
                        self.at += 64
                        self.acknowledged = self.at
                    time.sleep(0.01) # some thousand events a second
        except Exception:
            pass # it was killed

    def end(self):
        self.ends = True
        self.join()


def wait_for(what, truth, seconds=60):
    until = time.time() + seconds
    while time.time() < until:
        if truth():
            return
        time.sleep(0.02)
    raise kit.Failed('never: ' + what)


def restore(bench, backup, data, ok=True):
    done = subprocess.run([bench.nudged, '--restore', backup, '--data', data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ok:
        same(done.returncode, 0, done.stdout.decode())
    return done


def good(bench, folder):
    done = bench.ctl('verify', folder, '--json', ok=False)
    check(done.stdout, folder, done.stderr)
    found = json.loads(done.stdout)
    same((found['problems'], found['found'] and [f for f in found['found'] if not f.startswith('note: ')]), (0, []), folder)
    return found


def the_digest_is_the_same(bench):
    for shards in (1, 3):
        d = bench.daemon(rules=bench.pack(PACK), shards=shards, args=SMALL)
        load = Load(bench, d)
        load.start()
        wait_for('segments let go', lambda: d.status().journal_first > 1)
        load.end()
        digest = d.settled()
        backup, data = bench.path('backup'), bench.path('restored')
        made = json.loads(d.ctl('backup', backup, '--json'))
        same(made['last_seq'], d.settled_at)
        found = good(bench, backup)
        check(found['backup'] and found['records'] > 500, found)
        restore(bench, backup, data)
        good(bench, data)
        r = bench.daemon(data=data, shards=4 - shards, args=SMALL)
        same(r.settled(), digest, 'digest of what was restored')
        load = Load(bench, r, at=load.at) # and life goes on
        load.start()
        wait_for('more', lambda: load.acknowledged > load.at - 64 and r.status().events_accepted > 1000)
        load.end()
        r.stop()
        good(bench, data)
        d.kill()


def under_load_and_kills(bench):
    """Backups are made one after the other while events come, segments go and the daemon is killed: each restores to what
    its journal says, and has all that was acknowledged before it began."""
    d = bench.daemon(rules=bench.pack(PACK), shards=2, args=['--segment-mb', '1', '--sweep-ms', '60', '--journal-keep-mb', '1000'])
    load, made = Load(bench, d), []
    load.start()
    for n in range(4):
        wait_for('a round', lambda: load.acknowledged > (n + 1) * 3000)
        before, backup = load.acknowledged, bench.path('backup')
        making = subprocess.Popen([bench.nudgectl, '--socket', d.address, 'backup', backup, '--rate', '8', '--json'],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if n % 2:
            wait_for('it copies', lambda: os.path.exists(os.path.join(backup, 'state', 'data.mdb')))
            d.kill()
        out, err = making.communicate(timeout=120)
        same(making.returncode, 0, err.decode())
        made.append((backup, before, json.loads(out)['last_seq']))
        if n % 2:
            load.end()
            d.start()
            load = Load(bench, d, at=load.acknowledged)
            load.start()
    load.end()
    d.stop()
    for backup, before, last in made:
        good(bench, backup)
        data = bench.path('restored')
        restore(bench, backup, data)
        report = bench.replay(data, shards=1)
        same(report['last_seq'], last)
        check(report['events'] >= before, 'acknowledged before: %d, in the backup: %d' % (before, report['events']))
        r = bench.daemon(data=data, shards=2)
        digest = r.settled() # with the effects that the backup's end cut off
        r.kill()
        same(digest, bench.replay(data)['digest'], 'the restored state is that of its journal')


def while_segments_go(bench):
    """The daemon lets segments go all the time: a slow backup still has a journal that meets its stores."""
    d = bench.daemon(rules=bench.pack(PACK), args=SMALL)
    load = Load(bench, d)
    load.start()
    wait_for('segments let go', lambda: d.status().journal_first > 1)
    for n in range(3):
        first, backup = d.status().journal_first, bench.path('backup')
        made = json.loads(d.ctl('backup', backup, '--rate', '2', '--json'))
        check(made['base_mark'] + 1 >= made['first_seq'], made)
        good(bench, backup)
        good(bench, d.data) # beside the daemon too
        data = bench.path('restored')
        restore(bench, backup, data)
        r = bench.daemon(data=data, args=SMALL)
        good(bench, data)
        r.kill()
    check(d.status().journal_first > first, 'nothing was let go meanwhile')
    load.end()


def nothing_is_overwritten_and_halves_are_no_backups(bench):
    d = bench.daemon(rules=bench.pack(PACK), args=SMALL)
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e%d' % i, 'c%d' % i) for i in range(50)])))
    backup, data = bench.path('backup'), bench.path('restored')
    d.ctl('backup', backup)
    again = d.ctl('backup', backup, ok=False)
    check(again.returncode == 1 and b'is not empty' in again.stderr, again.stderr)
    link = bench.path('link')
    os.symlink(d.data, link)
    for within in (d.data, d.data + '/backup', os.path.join(d.data, 'journal', 'backup/'), os.path.join(link, 'backup')):
        refused = d.ctl('backup', within, ok=False)
        check(refused.returncode == 1 and b'is the data directory, or lies in it' in refused.stderr, within, refused.stderr)
    same(sorted(os.listdir(d.data)), ['NUDGED', 'base', 'journal', 'state'])
    full = restore(bench, backup, d.data, ok=False)
    check(full.returncode == 1 and b'nothing is overwritten' in full.stdout, full.stdout)
    other = bench.path('other')
    os.mkdir(other)
    open(os.path.join(other, 'letter'), 'w').close()
    check(b'holds letter' in restore(bench, backup, other, ok=False).stdout)
    on_it = bench.daemon(data=backup, start=False)
    on_it.spawn()
    on_it.process.wait(30)
    check('is a backup' in on_it.said(), on_it.said())
    half = bench.path('half')
    shutil.copytree(backup, half)
    os.unlink(os.path.join(half, 'BACKUP'))
    check(b'not finished' in restore(bench, half, data, ok=False).stdout)
    # half restored: refused by a daemon, and begun anew by another try
    os.makedirs(os.path.join(data, 'journal'))
    open(os.path.join(data, 'RESTORING'), 'w').close()
    open(os.path.join(data, 'journal', '0000000000000009.segment'), 'w').close()
    on_it = bench.daemon(data=data, start=False)
    on_it.spawn()
    on_it.process.wait(30)
    check('was interrupted' in on_it.said(), on_it.said())
    restore(bench, backup, data)
    same(bench.daemon(data=data).settled(), d.settled())


def filled(bench, events=3000):
    """A daemon that has let segments go, so that a base store is there, and is quiet."""
    d = bench.daemon(rules=bench.pack(PACK), args=SMALL)
    load = Load(bench, d)
    load.start()
    wait_for('segments let go', lambda: d.status().journal_first > 1 and load.acknowledged > events)
    load.end()
    return d, d.settled()


def killed_while_it_is_made(bench):
    """What nudgectl leaves is no backup, nor a data directory, and every command says so; the daemon goes on, and so does the next."""
    d, digest = filled(bench)
    for there in ('UNFINISHED', 'base/data.mdb', 'state/data.mdb', 'journal/NUDGED', 'NUDGED'):
        half, data = bench.path('half'), bench.path('restored')
        making = subprocess.Popen([bench.nudgectl, '--socket', d.address, 'backup', half, '--rate', '1'],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for(there, lambda: os.path.exists(os.path.join(half, there)) or making.poll() is not None)
        making.kill()
        same(making.wait(), -9, there + making.stderr.read().decode())
        making.stderr.close()
        done = restore(bench, half, data, ok=False)
        check(done.returncode == 1 and b'is a backup that is not finished' in done.stdout, there, done.stdout)
        check(not os.path.exists(data), there)
        for command in (['verify', half], ['--json', 'verify', half]):
            done = bench.ctl(*command, ok=False)
            check(done.returncode == 1 and b'is a backup that is not finished' in done.stderr, there, done)
        again = d.ctl('backup', half, ok=False)
        check(again.returncode == 1 and b'holds a part of a backup' in again.stderr, there, again.stderr)
        on_it = bench.daemon(data=half, start=False)
        on_it.spawn()
        check(on_it.wait() != 0 and 'holds a part of a backup' in on_it.said(), there, on_it.said())
    backup, data = bench.path('backup'), bench.path('restored')
    d.ctl('backup', backup)
    check('UNFINISHED' not in os.listdir(backup))
    good(bench, backup)
    restore(bench, backup, data)
    same((bench.daemon(data=data).settled(), d.settled()), (digest, digest))


def killed_while_it_is_restored(bench):
    """Before each file, and before the last word: no daemon starts on what is there, and to do it again makes it whole."""
    d, digest = filled(bench)
    backup = bench.path('backup')
    d.ctl('backup', backup)
    with open(os.path.join(backup, 'BACKUP')) as f:
        steps = 1 + sum(line.startswith('file ') for line in f)
    for step in range(1, steps + 1):
        data = bench.path('restored')
        command = [bench.nudged, '--restore', backup, '--data', data]
        killed = subprocess.run(command, env=dict(os.environ, NUDGED_FAULT='restore_step:%d:kill' % step), stderr=subprocess.PIPE)
        same((killed.returncode, killed.stderr), (-9, b''), step)
        on_it = bench.daemon(data=data, start=False)
        on_it.spawn()
        check(on_it.wait() != 0 and 'its restoring was interrupted, do it again (nudged --restore)' in on_it.said(), step, on_it.said())
        if step == 2: # killed again, elsewhere
            subprocess.run(command, env=dict(os.environ, NUDGED_FAULT='restore_step:%d:kill' % (steps - 1)))
        restore(bench, backup, data)
        good(bench, data)
        r = bench.daemon(data=data)
        same(r.settled(), digest, step)
        r.kill()
        check(b'nothing is overwritten' in restore(bench, backup, data, ok=False).stdout, step)
        shutil.rmtree(data)


def damage_is_found(bench):
    d = bench.daemon(rules=bench.pack(PACK), args=SMALL)
    load = Load(bench, d)
    load.start()
    wait_for('a base store', lambda: d.status().journal_first > 1)
    load.end()
    backup = bench.path('backup')
    d.ctl('backup', backup)
    for name in ('state/data.mdb', 'base/data.mdb', 'journal/' + sorted(os.listdir(backup + '/journal'))[1], 'NUDGED'):
        copy, data = bench.path('copy'), bench.path('restored')
        shutil.copytree(backup, copy)
        with open(os.path.join(copy, name), 'r+b') as f:
            size = f.seek(0, 2)
            f.seek(size * 2 // 3 if size > 4096 else 20)
            old = f.read(1)
            f.seek(-1, 1)
            f.write(bytes([old[0] ^ 1]))
        found = bench.ctl('verify', copy, ok=False)
        check(found.returncode == 1 and name in found.stderr.decode(), name, found.stderr.decode())
        done = restore(bench, copy, data, ok=False)
        check(done.returncode == 1 and b'not as it was written' in done.stdout, done.stdout)
    shutil.copytree(backup, os.path.join(bench.folder, 'mixed'))
    mixed = os.path.join(bench.folder, 'mixed')
    shutil.copy(os.path.join(d.data, 'NUDGED'), mixed)
    later = bench.daemon(rules=bench.pack(PACK), args=SMALL) # the state of another journal
    with later.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'x', 'cx')])))
    later.stop()
    for name in ('data.mdb', 'NUDGED'):
        shutil.copy(os.path.join(later.data, 'state', name), os.path.join(mixed, 'state', name))
    os.unlink(os.path.join(mixed, 'BACKUP'))
    found = bench.ctl('verify', mixed, ok=False)
    check(found.returncode == 1 and 'the state is of journal' in found.stderr.decode(), found.stderr.decode())
    check(bench.ctl('verify', os.path.join(bench.folder, 'nowhere'), ok=False).returncode == 1)


if __name__ == '__main__':
    kit.Bench().run([the_digest_is_the_same, under_load_and_kills, while_segments_go,
                     nothing_is_overwritten_and_halves_are_no_backups, killed_while_it_is_made, killed_while_it_is_restored,
                     damage_is_found])
