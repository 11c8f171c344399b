#!/usr/bin/python3
"""The Debian package: it is built, lintian has nothing against it, and in a root of its own it installs, starts, is upgraded with
its data kept, removed and purged.

    /usr/bin/python3 package.py SOURCE_ROOT WORK_FOLDER

What it needs and does not find (debhelper, lintian, being root) is said, and the cases are skipped.
"""
import glob
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

import little_root

SOURCE, WORK = sys.argv[1:3]
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'e2e'))
import cases
from cases import Failed, Skip, check, same

UPGRADE = '0.1.1~test'


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options)
    check(done.returncode == 0, ' '.join(command), 'ended with', done.returncode, done.stdout.decode(errors='replace')[-2500:])
    return done.stdout.decode(errors='replace')


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip('there is no %s here' % program)


class Root:
    """A little Debian to install into."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='nudged-package-')
        os.chmod(self.folder, 0o755) # the daemon's user looks into its root

    def path(self, name):
        return os.path.join(self.folder, name.lstrip('/'))

    def make(self, deb):
        depends = ','.join(run('dpkg-deb', '-f', deb, field).strip() for field in ('Depends', 'Pre-Depends'))
        try:
            little_root.make(self.folder, depends.strip(','))
            run('chroot', self.folder, '/bin/sh', '-c', ': >/dev/null')
        except (OSError, Failed) as why:
            raise Skip('no root can be made here: %s' % why)

    def do(self, *command, env=None):
        whole = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8', 'HOME': '/root'}
        return run('chroot', self.folder, *command, env=dict(whole, **(env or {})))

    def install(self, deb):
        shutil.copy(deb, self.path('/tmp/nudged.deb'))
        return self.do('dpkg', '-i', '/tmp/nudged.deb')

    def asked(self):
        """What systemd was asked since the last time."""
        with open(self.path('/run/asked')) as f:
            said = f.read().split('\n')
        os.unlink(self.path('/run/asked'))
        return [line.strip() for line in said if re.match('(start|stop|restart|try-restart) ', line)]

    def ctl(self, *args):
        return self.do('setpriv', '--reuid', 'nudged', '--regid', 'nudged', '--init-groups', 'nudgectl', *args)

    def ready(self):
        until = time.time() + 30
        while True:
            try:
                return self.ctl('status')
            except Failed as why:
                if time.time() > until:
                    with open(self.path('/run/output')) as f:
                        raise Failed('it does not answer: %s\n%s' % (why, f.read()[-2000:]))
                time.sleep(0.1)

    def owner(self, path):
        at = os.stat(self.path(path))
        return at.st_uid, stat.S_IMODE(at.st_mode)

    def uid(self):
        with open(self.path('/etc/passwd')) as f:
            return int(re.search('^nudged:[^:]*:(\\d+):', f.read(), re.M)[1])

    def finish(self):
        try:
            if os.path.exists(self.path('/run/process')) and not os.path.exists(self.path('/run/ended')):
                self.do('systemctl', 'stop', 'nudged.service')
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def deb(name, version):
    found = glob.glob(os.path.join(WORK, '%s_%s_*.deb' % (name, version)))
    check(len(found) == 1, 'no package', name, version)
    return found[0]


def version():
    with open(os.path.join(SOURCE, 'tools', 'deploy', 'debian', 'changelog')) as f:
        return re.search(r'\((.*?)\)', f.readline())[1]


def its_needs_are_those_of_the_tree(kept):
    """What tools/test installs to build with is among the package's Build-Depends, too."""
    with open(os.path.join(SOURCE, 'tools', 'lib', 'setup.sh')) as f:
        wanted = set(re.findall(r'\S+-dev\b', re.search(r'^packages=\((.*?)\)', f.read(), re.M | re.S)[1])) - {'libc6-dev'}
    with open(os.path.join(SOURCE, 'tools', 'deploy', 'debian', 'control')) as f:
        there = set(re.findall(r'[\w.+-]+', re.search(r'^Build-Depends:(.*?)^\S', f.read(), re.M | re.S)[1]))
    check(wanted <= there, 'Build-Depends lacks', wanted - there)


def it_is_built_and_lintian_is_content(kept):
    needs('dpkg-buildpackage', 'dh', 'lintian', 'debconf-updatepo')
    tool = os.path.join(SOURCE, 'tools', 'deploy', 'package')
    first = os.path.join(WORK, 'first')
    run(tool, '--out', WORK, '--again', '--check')
    shutil.rmtree(first, ignore_errors=True)
    os.mkdir(first)
    for path in glob.glob(os.path.join(WORK, '*.deb')):
        shutil.copy(path, first)
    kept['old'] = os.path.join(first, os.path.basename(deb('nudged', version())))
    kept['files'] = run('dpkg-deb', '-c', kept['old'])
    kept['lib'] = run('dpkg-deb', '-c', deb('libnudge1', version())) + run('dpkg-deb', '-c', deb('libnudge-dev', version()))
    run(tool, '--out', WORK, '--again', '--version', UPGRADE)
    kept['new'] = deb('nudged', UPGRADE)


def it_holds_what_users_look_for(kept):
    if 'old' not in kept:
        raise Skip('nothing was built')
    for name in ('usr/bin/nudged', 'usr/bin/nudgectl', 'etc/nudged/nudged.conf', 'lib/systemd/system/nudged.service',
                 'usr/share/man/man8/nudged.8.gz', 'usr/share/man/man5/nudged.conf.5.gz', 'usr/share/man/man1/nudgectl.1.gz',
                 'usr/share/man/man7/nudge-rules.7.gz', 'usr/share/nudged/rules/telecom/pack.lua',
                 'usr/share/nudged/rules/stubs/nudged.lua', 'usr/share/nudged/rules/README.md', 'usr/share/nudged/alerts.yml',
                 'usr/share/doc/nudged/README.md.gz', 'usr/share/doc/nudged/README.Debian'):
        check(' ./%s\n' % name in kept['files'], name, 'is not in the package')
    for name in ('libnudge.so.1', 'libnudge.so', 'libnudge.a', 'pkgconfig/nudge.pc', 'usr/include/nudge.h', 'nudge.proto'):
        check(name in kept['lib'], name, 'is in no library package')
    conffiles = run('dpkg-deb', '-I', kept['old'], 'conffiles')
    check('/etc/nudged/nudged.conf' in conffiles.split(), conffiles)


def send(root, numbers):
    lines = ''.join('{"id":"%d","source":"pbx","customer":"c-17","type":"contact.started","channel":"call"}\n' % n for n in numbers)
    with open(root.path('/tmp/events.jsonl'), 'w') as f:
        f.write(lines)
    root.ctl('send', '/tmp/events.jsonl')


def digest(root):
    return re.search('[0-9a-f]{32}', root.ctl('digest'))[0]


def it_installs_and_starts(kept):
    if 'old' not in kept:
        raise Skip('nothing was built')
    if os.geteuid() != 0:
        raise Skip('only root can change the root')
    root = Root()
    kept['root'] = root
    root.make(kept['old'])
    root.install(kept['old'])
    same(root.asked(), ['start nudged.service'])
    root.ready()
    for folder in ('/var/lib/nudged', '/var/log/nudged'):
        check(root.owner(folder) == (root.uid(), 0o750), folder, root.owner(folder))
    check(root.owner('/etc/nudged/nudged.conf') == (0, 0o644))
    root.ctl('rules', 'activate', '/usr/share/nudged/rules/welcome')
    send(root, range(3))
    check('c-17' in root.ctl('alerts'), 'the third contact raises no alert')
    check('Package: nudged' in root.do('dpkg', '-s', 'nudged'))


def it_is_upgraded_with_its_data_kept(kept):
    root = kept.get('root')
    if not root or not os.path.exists(root.path('/run/process')):
        raise Skip('it was not installed')
    with open(root.path('/etc/nudged/nudged.conf'), 'a') as f:
        f.write('log_level = debug\n')
    before = digest(root)
    root.install(kept['new'])
    check(root.asked() in (['restart nudged.service'], ['try-restart nudged.service']))
    root.ready()
    same(digest(root), before, 'the state after the upgrade')
    with open(root.path('/etc/nudged/nudged.conf')) as f:
        check('log_level = debug' in f.read(), 'the configuration was overwritten')
    send(root, [1, 2, 3])
    check(digest(root) != before, 'the new one takes no events')


def it_is_removed_and_purged(kept):
    root = kept.get('root')
    if not root or not os.path.exists(root.path('/run/process')):
        raise Skip('it was not installed')
    root.do('dpkg', '-r', 'nudged')
    same(root.asked(), ['stop nudged.service'])
    with open(root.path('/run/ended')) as f:
        check(f.read().strip() == '0', 'it did not stop as one does that is asked to')
    check(not os.path.exists(root.path('/usr/bin/nudged')) and os.path.exists(root.path('/etc/nudged/nudged.conf')))
    check(os.path.exists(root.path('/var/lib/nudged/journal')), 'removing took the data')
    root.install(kept['new'])
    root.ready()
    root.do('dpkg', '-P', 'nudged')
    check(not os.path.exists(root.path('/etc/nudged')), 'purging left the configuration')
    check(os.path.exists(root.path('/var/lib/nudged/journal')), 'purging took the data, unasked')
    root.install(kept['new'])
    root.ready()
    root.do('sh', '-c', 'echo "nudged nudged/purge-data boolean true" | debconf-set-selections')
    root.do('dpkg', '-P', 'nudged')
    check(not os.path.exists(root.path('/var/lib/nudged')) and not os.path.exists(root.path('/var/log/nudged')))


def main():
    kept = {}
    try:
        counted = cases.run([its_needs_are_those_of_the_tree, it_is_built_and_lintian_is_content, it_holds_what_users_look_for,
                             it_installs_and_starts, it_is_upgraded_with_its_data_kept, it_is_removed_and_purged], kept)
    finally:
        if 'root' in kept:
            kept['root'].finish()
    cases.tell(*counted)


main()
