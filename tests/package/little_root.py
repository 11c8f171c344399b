"""A small Debian to install a package into: what is essential and what the package depends on, copied out of the machine's own
installed files, with the package manager's notes about them. Nothing else is in there, so that a missing dependency shows. It needs
no network and no mounts, only a chroot; starting takes two seconds.

systemd does not run in it: bin/systemctl is a stand-in that starts, stops and restarts the unit's ExecStart as its User, and
writes down what it was asked.
"""
import os
import re
import shutil
import subprocess

# Made by packages' own scripts, so that no package's list names them.
BESIDE = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow', '/etc/nsswitch.conf', '/etc/ld.so.cache', '/etc/debian_version',
          '/etc/debconf.conf', '/usr/bin/awk', '/etc/alternatives/awk', '/etc/localtime', '/etc/pam.d', '/etc/login.defs', '/etc/adduser.conf', '/var/cache/debconf']
FOLDERS = ['dev', 'proc', 'run/systemd/system', 'tmp', 'var/log', 'var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/lib/dpkg/triggers',
           'var/lib/dpkg/alternatives', 'var/lib/dpkg/parts', 'var/lib/systemd', 'etc', 'usr/bin', 'root', 'home', 'var/cache/debconf']
SYSTEMCTL = r'''#!/bin/bash
# A stand-in for systemd: one service at a time, whose process and end are noted in /run.
unit='' what=''
for word in "$@"; do
	case $word in
	-*) ;;
	*.service) unit=$word ;;
	*) [ -n "$what" ] || what=$word ;;
	esac
done
echo "$what $unit" >>/run/asked
file=/lib/systemd/system/$unit
setting() { sed -n "s/^$1=//p" "$file"; }
running() { [ -e /run/process ] && [ ! -e /run/ended ]; }
stop() {
	running || return 0
	kill -TERM "$(cat /run/process)"
	for _ in $(seq 300); do running || return 0; sleep 0.1; done
	return 1
}
start() {
	running && return 0
	rm -f /run/ended /run/process
	install -d -o "$(setting User)" -g "$(setting Group)" -m "$(setting RuntimeDirectoryMode)" "/run/$(setting RuntimeDirectory)"
	(
		setpriv --reuid "$(setting User)" --regid "$(setting Group)" --init-groups \
			sh -c 'echo $$ >/tmp/process; exec '"$(setting ExecStart)" >>/run/output 2>&1 </dev/null
		echo $? >/run/ended
	) >/dev/null 2>&1 &
	for _ in $(seq 100); do [ -e /tmp/process ] && mv /tmp/process /run/process && return 0; sleep 0.1; done
	return 1
}
case $what in
start) start ;;
stop) stop ;;
restart | try-restart) stop && start ;;
reload) kill -HUP "$(cat /run/process)" ;;
is-active) running && echo active || { echo inactive; exit 3; } ;;
is-enabled) echo enabled ;;
esac
'''


def fields(text):
    out = []
    for part in text.split('\n\n'):
        entry = dict(re.findall(r'^([A-Za-z-]+): ((?:.*)(?:\n[ \t].*)*)', part, re.M))
        if entry:
            out.append((entry, part))
    return out


def names(depends):
    """[[alternative, ...], ...]"""
    return [[re.sub(r'[\s(:\[].*', '', a.strip(), flags=re.S) for a in one.split('|')] for one in depends.split(',') if one.strip()]


def closure(wanted, installed):
    provided = {}
    for name, (entry, _) in installed.items():
        for group in names(entry.get('Provides', '')):
            provided.setdefault(group[0], name)
    found, todo = {}, [[w] for w in wanted]
    while todo:
        group = todo.pop()
        name = next((n if n in installed else provided.get(n) for n in group if n in installed or n in provided), None)
        if name and name not in found:
            found[name] = installed[name]
            entry = installed[name][0]
            todo += names(entry.get('Pre-Depends', '')) + names(entry.get('Depends', ''))
    return found


def list_of(name, entry):
    for form in ('%s:%s.list' % (name, entry.get('Architecture', '')), '%s.list' % name):
        path = os.path.join('/var/lib/dpkg/info', form)
        if os.path.exists(path):
            return path
    return None


def make(root, depends):
    """depends: the text of a Depends field. Returns the names of the packages in there."""
    with open('/var/lib/dpkg/status', encoding='utf-8', errors='replace') as f:
        installed = {e['Package']: (e, part) for e, part in fields(f.read()) if e.get('Status', '').endswith(' installed')}
    essential = [n for n, (e, _) in installed.items() if e.get('Essential') == 'yes']
    wanted = essential + [g for g in ('debconf', 'init-system-helpers', 'passwd') if g in installed]
    for group in names(depends):
        wanted.append(next((n for n in group if n in installed), group[0]))
    chosen = closure(wanted, installed)
    for folder in FOLDERS:
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    for name in ('bin', 'sbin', 'lib', 'lib64'):
        if os.path.islink('/' + name):
            os.makedirs(os.path.join(root, 'usr', name), exist_ok=True)
            os.symlink('usr/' + name, os.path.join(root, name))
    paths = set(p for p in BESIDE if os.path.lexists(p))
    for name, (entry, _) in chosen.items():
        path = list_of(name, entry)
        if not path:
            continue
        with open(path) as f:
            paths |= {p for p in f.read().split('\n') if p and p != '/.' and not os.path.isdir(p)
                      and not re.match('/usr/share/(man|locale|doc)/', p)}
        stem = os.path.basename(path)[:-len('list')]
        for info in os.listdir('/var/lib/dpkg/info'):
            if info.startswith(stem):
                shutil.copy2(os.path.join('/var/lib/dpkg/info', info), os.path.join(root, 'var/lib/dpkg/info', info))
    text = '\n'.join(sorted(p.lstrip('/') for p in paths if os.path.lexists(p)))
    read = subprocess.Popen(['tar', '-C', '/', '-c', '-T', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    write = subprocess.Popen(['tar', '-C', root, '-x', '--keep-directory-symlink'], stdin=read.stdout)
    read.stdin.write(text.encode())
    read.stdin.close()
    if write.wait() or read.wait():
        raise RuntimeError('the little root could not be copied')
    with open(os.path.join(root, 'var/lib/dpkg/status'), 'w') as f:
        f.write('\n\n'.join(part.strip('\n') for _, part in chosen.values()) + '\n\n')
    for name in ('available', 'diversions', 'statoverride'):
        open(os.path.join(root, 'var/lib/dpkg', name), 'w').close()
    shutil.copy2('/var/lib/dpkg/info/format', os.path.join(root, 'var/lib/dpkg/info/format'))
    os.chmod(os.path.join(root, 'tmp'), 0o1777)
    for name, numbers in (('null', (1, 3)), ('zero', (1, 5)), ('random', (1, 8)), ('urandom', (1, 9))):
        os.mknod(os.path.join(root, 'dev', name), 0o20666, os.makedev(*numbers))
        os.chmod(os.path.join(root, 'dev', name), 0o666)
    stand_in = os.path.join(root, 'usr/bin/systemctl')
    with open(stand_in, 'w') as f:
        f.write(SYSTEMCTL)
    os.chmod(stand_in, 0o755)
    return sorted(chosen)
