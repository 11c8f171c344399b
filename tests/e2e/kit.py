"""What the end-to-end tests share: a daemon of their own to start, kill and look into, packs, and cases that are counted.

    /usr/bin/python3 TEST.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cases
import nudge_client
from cases import Failed, Skip, check, same

LONG = bool(os.environ.get('NUDGED_TEST_LONG'))
NOW = lambda: int(time.time() * 1000)
HOUR = 3600 * 1000
DAY = 24 * HOUR


class Bench:
    """Where one test program works: its binaries, protobuf's generated code, a scratch folder."""

    def __init__(self):
        if len(sys.argv) < 4:
            sys.exit(__doc__)
        self.nudged, self.nudgectl, self.root = sys.argv[1:4]
        self.wanted = sys.argv[4:]
        self.folder = tempfile.mkdtemp(prefix='nudged-test-')
        self.pb = nudge_client.generate(os.path.join(self.root, 'proto', 'nudge.proto'), self.folder)
        self.count = 0
        self.daemons = []

    def sanitized(self):
        """A sanitizer's own memory (shadow, quarantine of what was freed) is several times the daemon's."""
        with open(self.nudged, 'rb') as f:
            text = f.read()
        return b'__asan_init' in text or b'__tsan_init' in text

    def path(self, name):
        self.count += 1
        return os.path.join(self.folder, '%03d-%s' % (self.count, name))

    def pack(self, text, files=None):
        folder = self.path('pack')
        os.mkdir(folder)
        for name, content in dict(files or {}, **{'pack.lua': text}).items():
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as f:
                f.write(content)
        return folder

    def ctl(self, *args, ok=True, data=None):
        done = subprocess.run([self.nudgectl, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=data)
        if ok and done.returncode:
            raise Failed('nudgectl %s: exit %d: %s' % (' '.join(args), done.returncode, done.stderr.decode()[-500:]))
        return done.stdout.decode() if ok else done

    def dump(self, data):
        return [json.loads(line) for line in self.ctl('journal', 'dump', data).splitlines()]

    def replay(self, data, shards=1, wrap=(), good=True):
        done = subprocess.run([*wrap, self.nudged, '--replay', '--data', data, '--shards', str(shards)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.stdout, 'replay says nothing:', done.stderr.decode()[-500:])
        report = json.loads(done.stdout)
        if good:
            same((report['outcome_mismatches'], report['decision_mismatches'], done.returncode), (0, 0, 0),
                 'replay of %s' % data + done.stderr.decode()[-300:] + str(report))
        return report

    def daemon(self, **options):
        d = Daemon(self, **options)
        self.daemons.append(d)
        return d

    def finish(self):
        for d in self.daemons:
            d.kill()
        self.daemons = []

    def tell_of_daemons(self):
        for d in self.daemons:
            print('--- the daemon on %s said:\n%s' % (d.data, d.said()[-3000:]))

    def run(self, list_of_cases):
        passed, failed, skipped = cases.run(list_of_cases, self, self.wanted, self.tell_of_daemons, self.finish)
        if failed and os.environ.get('NUDGED_TEST_KEEP'):
            print('kept', self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        cases.tell(passed, failed, skipped)


class Daemon:
    """One nudged. Options: data, rules, shards, args (a list), env (a dict), wrap (a command before it)."""

    def __init__(self, bench, data=None, rules=None, shards=1, args=(), env=None, wrap=(), listen=None, start=True):
        self.bench, self.rules, self.shards, self.args, self.env, self.wrap = bench, rules, shards, list(args), env, wrap
        self.token = '' # that its clients show
        self.data = data or bench.path('data')
        self.address = listen or 'unix:' + bench.path('sock')
        self.log = bench.path('log')
        self.process = None
        if start:
            self.start()

    def said(self):
        with open(self.log, errors='replace') as f:
            return f.read()

    def spawn(self, env=None):
        command = [*self.wrap, self.bench.nudged, '--data', self.data, '--listen', self.address, '--shards',
                   str(self.shards), *self.args]
        if self.rules:
            command += ['--rules', self.rules]
        whole = dict(os.environ, **(self.env or {}), **(env or {}))
        self.log = self.bench.path('log')
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=whole)

    def ready(self, seconds=60):
        """True once it listens; False where it ended before."""
        until = time.time() + seconds
        while time.time() < until:
            if 'ready on' in self.said():
                return True
            if self.process.poll() is not None:
                return 'ready on' in self.said()
            time.sleep(0.004)
        raise Failed('not ready after %d s: %s' % (seconds, self.said()[-500:]))

    def start(self, env=None, **options):
        for name, value in options.items():
            setattr(self, name, value)
        self.spawn(env)
        check(self.ready(), 'it does not start:', self.said()[-800:])
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()

    def wait(self, seconds=60):
        return self.process.wait(seconds)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        same(self.process.wait(60), 0, 'exit code of a stop; ' + self.said()[-500:])

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def rss_kb(self):
        with open('/proc/%d/status' % self.process.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))

    def client(self, timeout=30.0, hello=True):
        c = nudge_client.Client(self.bench.pb, self.address, timeout)
        if hello:
            same(c.hello(token=self.token).WhichOneof('body'), 'welcome')
        return c

    def ctl(self, *args, **more):
        return self.bench.ctl('--socket', self.address, *args, **more)

    def digest(self):
        with self.client() as c:
            return c.call(get_digest=self.bench.pb.GetDigest()).digest.digest

    def status(self):
        with self.client() as c:
            return c.call(get_status=self.bench.pb.GetStatus()).status

    def settled(self, seconds=60):
        """Waits until no effect is on its way; returns the digest. settled_at: the entry that it is of."""
        until = time.time() + seconds
        while time.time() < until:
            s = self.status()
            if s.effects_pending == 0 and s.journal_last == s.journal_durable:
                digest = self.digest()
                self.settled_at = s.journal_last
                if self.status().journal_last == s.journal_last:
                    return digest
            time.sleep(0.01)
        raise Failed('effects are pending still after %d s' % seconds)


class Tmpfs:
    """A small file system of its own, to be full."""

    def __init__(self, bench, megabytes):
        self.folder = bench.path('tmpfs')
        os.mkdir(self.folder)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%dm' % megabytes, 'tmpfs', self.folder], stderr=subprocess.PIPE)
        if done.returncode:
            raise Skip('mounting a tmpfs is not permitted here: ' + done.stderr.decode().strip())

    def __enter__(self):
        return self.folder

    def __exit__(self, *_):
        subprocess.run(['umount', '-l', self.folder])


def event(pb, id, customer='', type='call.ended', attrs=None, source='test', **fields):
    e = pb.Event(id=id, source=source, customer=customer, type=type, **fields)
    for name, value in (attrs or {}).items():
        if isinstance(value, bool):
            e.attributes.add(name=name, flag=value)
        elif isinstance(value, str):
            e.attributes.add(name=name, text=value)
        else:
            e.attributes.add(name=name, number=value)
    return e


def accepted(response, what=''):
    """All events of a publish were accepted; returns the acks."""
    same(response.WhichOneof('body'), 'published', what + str(response)[:300])
    for ack in response.published.acks:
        if ack.result != 1:
            raise Failed('%s not accepted: %s' % (what, ack))
    return response.published.acks


def files_limit(count):
    """More open files for this process and its children, where that is allowed. False: not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    return True
