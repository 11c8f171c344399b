#!/usr/bin/python3
"""nudged --watch: a pack that is being written is checked, tested and activated on every save, however an editor saves."""
import os
import re
import shutil
import signal
import subprocess
import time

import kit
import nudge_client

GOOD = '''pack { name = "shop" }
local calls = series { on = "call" }
rule "often" { on = "call", when = calls:count("7d"):at_least(%d), alert = { to = "care", say = "often" } }
'''
TEST = '''test("two calls are told", function()
  customer("c"):event("call")
  wait "1h"
  customer("c"):event("call"):expect_fired "often"
end)
'''


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


class Watched:
    """A daemon that watches, and what it says."""

    def __init__(self, bench, folder, args=()):
        self.bench, self.folder = bench, folder
        self.out, self.err = bench.path('out'), bench.path('err')
        with open(self.out, 'w') as out, open(self.err, 'w') as err:
            self.process = subprocess.Popen([bench.nudged, '--watch', folder, *args], stdout=out, stderr=err,
                                            env=dict(os.environ, TMPDIR=bench.folder))
        self.daemon = bench.daemon(start=False)
        self.daemon.process, self.daemon.log = self.process, self.out
        self.seen = 0

    def said(self):
        with open(self.out, encoding='utf-8') as f:
            return f.read()

    def status(self, seconds=60):
        """The next reload's line that says what is active, and what was said before it."""
        until = time.time() + seconds
        while time.time() < until:
            new = self.said()[self.seen:]
            found = re.search(r'^\d\d:\d\d:\d\d  (.*) \(\d+ ms\)\n', new, re.M)
            if found:
                self.seen += found.end()
                return found.group(1), new[:found.start()]
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise kit.Failed('nothing is said of it: ' + self.said()[self.seen:] + open(self.err).read())

    def until(self, *words):
        """The first of the next reloads that says so: what is saved in steps may be read in between."""
        for _ in range(20):
            line, before = self.status()
            if all(word in line or word in before for word in words):
                return line, before
        raise kit.Failed('it never says', words)

    def nothing_more(self):
        time.sleep(0.5)
        kit.same(self.said()[self.seen:], '', 'said')

    def socket(self):
        return re.search(r'export NUDGE_SOCKET=(\S+)', self.said()).group(1)

    def active(self):
        """What the daemon itself says."""
        with nudge_client.Client(self.bench.pb, self.socket(), 30) as c:
            c.hello()
            return c.call(get_status=self.bench.pb.GetStatus()).status.pack_hash[:8]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        kit.same(self.process.wait(60), 0, open(self.err).read())


def watched(bench, text=GOOD % 2, files=None, args=()):
    return Watched(bench, bench.pack(text, files), args)


def a_save_is_activated(bench):
    w = watched(bench)
    line, before = w.status()
    kit.check(re.fullmatch(r'shop [0-9a-f]{8} is active, no tests', line), line)
    kit.check('export NUDGE_SOCKET=' in before and 'nothing is kept' in before, before)
    first = line.split()[1]
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 3)
    line, before = w.status()
    kit.check(re.fullmatch(r'shop [0-9a-f]{8} is active, no tests', line) and line.split()[1] != first, line)
    kit.same(w.active(), line.split()[1])
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 3)
    kit.check('is active already' in w.status()[0], 'saved unchanged')
    scratch = os.path.dirname(w.socket()[len('unix:'):])
    kit.check(os.path.isdir(os.path.join(scratch, 'journal')), scratch)
    w.stop()
    kit.check(not os.path.exists(scratch), 'its data is still there')
    kit.same(open(w.err).read(), '', 'standard error')


def a_broken_save_leaves_the_former_active(bench):
    w = watched(bench)
    first = w.status()[0].split()[1]
    write(os.path.join(w.folder, 'pack.lua'), (GOOD % 2).replace('say =', 'saay ='))
    line, before = w.status()
    kit.same(line, 'not activated: 1 error; shop %s stays' % first)
    kit.check('pack.lua:3: error: ' in before and 'saay' in before and 'say' in before, before)
    kit.same(w.active(), first)
    write(os.path.join(w.folder, 'pack.lua'), (GOOD % 2)[:50])
    kit.check('not activated' in w.status()[0], 'no Lua')
    os.remove(os.path.join(w.folder, 'pack.lua'))
    kit.check('not activated' in w.status()[0], 'no pack.lua')
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 2)
    kit.same(w.status()[0], 'shop %s is active already, no tests' % first)
    w.stop()


def a_pack_that_is_broken_at_start_is_waited_for(bench):
    w = watched(bench, 'pack {')
    line, before = w.status()
    kit.check(line.startswith('not activated: '), line)
    kit.check('pack.lua:1: error: ' in before, before)
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 2)
    kit.check('is active' in w.status()[0], 'mended')
    w.stop()


def tests_are_run_and_their_failures_shown(bench):
    w = watched(bench)
    first = w.status()[0].split()[1]
    os.mkdir(os.path.join(w.folder, 'tests'))
    write(os.path.join(w.folder, 'tests', 'often.lua'), TEST)
    w.until('shop %s is active already, 1 test passed' % first)
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 3)
    line, before = w.status()
    kit.same(line, 'not activated: 1 of 1 tests failed; shop %s stays' % first)
    for part in ('FAILED  two calls are told  tests/often.lua:1', 'expected  rule often to fire', 'why ', 'the story so far', 'needs at least 3'):
        kit.check(part in before, part, 'is not in', before)
    kit.same(w.active(), first)
    write(os.path.join(w.folder, 'tests', 'often.lua'), TEST + 'todo "three"\n')
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 2 + '-- again\n')
    w.until('is active, 1 test passed, 1 todo')
    w.stop()


def editors_save_in_their_own_ways(bench):
    w = watched(bench, files={'words.lua': 'return { x = "x" }\n'})
    w.status()
    pack = os.path.join(w.folder, 'pack.lua')
    write(os.path.join(w.folder, '.pack.lua.new'), GOOD % 3) # written beside it and renamed
    os.rename(os.path.join(w.folder, '.pack.lua.new'), pack)
    kit.check('is active,' in w.status()[0], 'renamed into place')
    os.rename(pack, pack + '~') # put aside, written anew
    write(pack, GOOD % 4)
    w.until('is active,')
    for name in ('.pack.lua.swp', '4913', '#pack.lua#', 'notes.md', '.hidden.lua'): # what they leave about
        write(os.path.join(w.folder, name), 'x')
        os.remove(os.path.join(w.folder, name))
    w.nothing_more()
    for part in range(5): # one save, in steps
        write(pack, (GOOD % 5)[:20 * part])
    write(pack, GOOD % 5)
    w.until('is active,')
    w.nothing_more()
    w.stop()


def new_files_and_folders_are_seen(bench):
    w = watched(bench)
    w.status()
    os.makedirs(os.path.join(w.folder, 'lib', 'deep'))
    write(os.path.join(w.folder, 'lib', 'deep', 'words.lua'), 'return { often = "often" }\n')
    write(os.path.join(w.folder, 'pack.lua'), 'local words = require "lib.deep.words"\n' + (GOOD % 2).replace('say = "often"', 'say = words.often'))
    first = w.until('is active,')[0]
    write(os.path.join(w.folder, 'lib', 'deep', 'words.lua'), 'return { often = "very often" }\n')
    second = w.status()[0]
    kit.check('is active,' in second and second.split()[1] != first.split()[1], second)
    shutil.rmtree(os.path.join(w.folder, 'lib'))
    w.until('not activated', 'lib/deep/words.lua')
    w.stop()


def a_folder_may_be_replaced(bench):
    w = watched(bench)
    w.status()
    os.rename(w.folder, w.folder + '.old')
    time.sleep(0.5)
    shutil.copytree(w.folder + '.old', w.folder + '.new')
    write(os.path.join(w.folder + '.new', 'pack.lua'), GOOD % 7)
    os.rename(w.folder + '.new', w.folder)
    w.until('is active,')
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 8)
    w.until('is active,')
    w.stop()


def wait_said(w, words, seconds=60):
    until = time.time() + seconds
    while words not in w.said()[w.seen:]:
        kit.check(w.process.poll() is None and time.time() < until, 'it never says', words, w.said())
        time.sleep(0.01)


def a_folder_may_become_a_file_and_come_back(bench):
    w = watched(bench)
    w.status()
    os.rename(w.folder, w.folder + '.old')
    write(w.folder, 'a file')
    wait_said(w, 'there is no folder %s: waiting for it to come back' % w.folder)
    os.remove(w.folder)
    shutil.copytree(w.folder + '.old', w.folder)
    w.until('is active')
    write(os.path.join(w.folder + '.old', 'pack.lua'), GOOD % 5)
    w.nothing_more()  # what went away is not watched any more
    write(os.path.join(w.folder, 'pack.lua'), GOOD % 9)
    w.until('is active,')
    w.stop()


def a_link_may_be_turned(bench):
    first, second = bench.pack(GOOD % 2), bench.pack(GOOD % 3)
    link = bench.path('current')
    os.symlink(first, link)
    w = Watched(bench, link)
    before = w.status()[0].split()[1]
    os.symlink(second, link + '.new')
    os.rename(link + '.new', link)
    line = w.until('is active,')[0]
    kit.check(line.split()[1] != before, line)
    write(os.path.join(second, 'pack.lua'), GOOD % 4)
    w.until('is active,')
    w.stop()


def events_go_on_meanwhile(bench):
    """Saves amid requests: each is answered, and the state is what the journal says."""
    data = bench.path('data')
    w = watched(bench, args=['--data', data, '--listen', 'unix:' + bench.path('s')])
    w.status()
    kit.check('nothing is kept' not in w.said(), w.said())
    pb = bench.pb
    with nudge_client.Client(pb, w.socket(), 30) as c:
        c.hello()
        for n in range(300):
            kit.accepted(c.call(publish=pb.Publish(events=[kit.event(pb, 'e%d' % n, 'c%d' % (n % 5), 'call')])))
            if n % 100 == 50:
                write(os.path.join(w.folder, 'pack.lua'), GOOD % (n + 2))
        w.until('is active,')
        digest = c.call(get_digest=pb.GetDigest()).digest.digest
    w.stop()
    kit.same(bench.replay(data)['digest'], digest, 'digest of a replay')


def what_does_not_go_together_is_refused(bench):
    folder, scratch = bench.pack(GOOD % 2), bench.path('scratch')
    os.mkdir(scratch)
    for args, words in ((['--rules', folder], 'leave out --rules'), ([], None)):
        done = subprocess.run([bench.nudged, '--watch', folder if args else '/nowhere/x', *args], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=dict(os.environ, TMPDIR=scratch))
        kit.check(done.returncode in (1, 2), done)
        kit.check((words or 'cannot watch').encode() in done.stderr, done.stderr)
    kit.same(os.listdir(scratch), [], 'what stays')


def main():
    kit.Bench().run([a_save_is_activated, a_broken_save_leaves_the_former_active, a_pack_that_is_broken_at_start_is_waited_for,
                     tests_are_run_and_their_failures_shown, editors_save_in_their_own_ways, new_files_and_folders_are_seen,
                     a_folder_may_be_replaced, a_folder_may_become_a_file_and_come_back,
                     a_link_may_be_turned, events_go_on_meanwhile, what_does_not_go_together_is_refused])


if __name__ == '__main__':
    main()
