#!/usr/bin/python3
"""The daemon as a service: what it tells systemd, what SIGHUP changes, how it logs, and how its unit is hardened."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

import kit
from kit import check, same

PACK = '''pack { name = "service" }
rule "slow" { on = "call.ended", run = function(c) local n = 0 for i = 1, 20000 do n = n + i % 7 end c:set("n", n) end }
'''


class Manager:
    """What systemd would hear."""

    def __init__(self, bench):
        self.path = bench.path('notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []

    def hears(self, word, seconds=30):
        until = time.time() + seconds
        while time.time() < until:
            self.socket.settimeout(max(0.01, until - time.time()))
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except socket.timeout:
                break
            if word in self.heard[-1]:
                return self.heard[-1]
        raise kit.Failed('%s was not heard: %s' % (word, self.heard[-10:]))


def wait_for_line(d, words, seconds=20):
    until = time.time() + seconds
    while time.time() < until:
        if all(word in d.said() for word in words):
            return
        time.sleep(0.02)
    raise kit.Failed('not said: %s in %s' % (words, d.said()[-1000:]))


def it_tells_systemd(bench):
    if 'libsystemd' not in subprocess.run(['ldd', bench.nudged], stdout=subprocess.PIPE).stdout.decode():
        raise kit.Skip('built without libsystemd')
    m = Manager(bench)
    d = bench.daemon(shards=3, rules=bench.pack(PACK), start=False, env={'NOTIFY_SOCKET': m.path, 'WATCHDOG_USEC': '400000'})
    d.start()
    m.hears('READY=1')
    for _ in range(5):
        m.hears('WATCHDOG=1', 5)
    with d.client() as c: # also under load
        for n in range(200):
            c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e%d-%d' % (n, i), 'c%d' % i) for i in range(20)]))
    m.hears('WATCHDOG=1', 5)
    d.hang_up()
    check('MONOTONIC_USEC=' in m.hears('RELOADING=1'))
    m.hears('READY=1')
    d.stop()
    m.hears('STOPPING=1')


def hanging_up_reads_the_configuration_again(bench):
    conf = bench.path('conf')

    def write(*lines):
        with open(conf, 'w') as f:
            f.write('\n'.join(lines) + '\n')

    write('log_level = warn', 'slow_rule_us = 0')
    d = bench.daemon(rules=bench.pack(PACK), start=False, args=['--config', conf])
    d.ready = lambda seconds=60: wait_for_socket(d)
    d.start()
    check('ready on' not in d.said(), 'it logs as if it had not read its file')
    write('log_level = info', 'slow_rule_us = 1', 'shards = 7', 'cache_mb = 64')
    d.hang_up()
    wait_for_line(d, ['cache_mb has changed: that is in force after the next start', 'the pack has not changed', 'log_level is info from now on'])
    write('log_level = info', 'slow_rule_us = 2', 'shards = 7', 'cache_mb = 64')
    d.hang_up()
    wait_for_line(d, ['slow_rule_us is 2 from now on'])
    check('shards has changed' not in d.said(), 'a flag wins over the file')
    with d.client() as c:
        kit.accepted(c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'a', 'c')])))
    wait_for_line(d, ['slow rule: slow took'])
    write('log_level = loud')
    d.hang_up()
    wait_for_line(d, [conf + ':1', 'the old one stays'])
    write('log_level = error', 'slow_rule_us = 2')
    d.hang_up()
    wait_for_line(d, ['log_level is error from now on'])
    check(d.alive())


def wait_for_socket(d):
    until = time.time() + 30
    while time.time() < until and d.alive():
        try:
            with d.client():
                return True
        except OSError:
            time.sleep(0.02)
    return False


def logs_are_json_lines_where_asked(bench):
    d = bench.daemon(rules=bench.pack(PACK), args=['--log', 'json', '--slow-request-ms', '1'], start=False)
    d.start()
    with d.client() as c: # a batch that takes longer than a millisecond
        for n in range(20):
            c.call(publish=bench.pb.Publish(events=[kit.event(bench.pb, 'e%d-%d' % (n, i), 'c%d' % i) for i in range(200)]))
    wait_for_line(d, ['slow request: publish took'])
    d.stop()
    said = [json.loads(line) for line in d.said().splitlines()]
    check(said and all(set(line) >= {'time', 'level', 'text'} for line in said), said[:3])
    check(any(line.get('request') == 'publish' for line in said) and any(line.get('rule') == 'slow' or 'pack' in line for line in said), said[:9])
    check({'info', 'warn'} <= {line['level'] for line in said}, said[:3])
    check(all(re.match(r'\d{4}-\d\d-\d\dT[\d:.]+Z$', line['time']) for line in said), said[0])
    quoted = subprocess.run([os.path.abspath(bench.nudged), '--data', 'a"b\\c\x01', '--listen', 'tcp:nowhere"', '--log', 'json'],
                            stderr=subprocess.PIPE, cwd=bench.folder)
    for line in quoted.stderr.decode().splitlines():
        json.loads(line)


def journald_gets_fields(bench):
    """Under systemd standard error is the journal's stream: then messages go there whole, with fields. Here it is ours."""
    path, log = bench.path('journal'), bench.path('stderr')
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(path)
    journal.settimeout(20)

    def run(stream, *args):
        with open(log, 'w') as f:
            at = os.fstat(f.fileno())
            env = dict(os.environ, NUDGED_JOURNAL_SOCKET=path, JOURNAL_STREAM=stream or '%d:%d' % (at.st_dev, at.st_ino))
            return subprocess.Popen([bench.nudged, '--data', bench.path('data'), '--listen', 'unix:' + bench.path('sock'), *args],
                                    stderr=f, stdin=subprocess.DEVNULL, env=env)

    def messages(word):
        while True:
            lines = journal.recv(8192).decode()
            check(lines.endswith('\n'), lines)
            fields = dict(line.split('=', 1) for line in lines[:-1].split('\n'))
            check(fields['SYSLOG_IDENTIFIER'] == 'nudged' and fields['PRIORITY'] in ('3', '4', '6'), fields)
            if word in fields['MESSAGE']:
                return fields
    p = run(None, '--rules', bench.pack(PACK), '--log', 'json')
    pack = messages('is active')
    check(re.fullmatch('[0-9a-f]{32}', pack['NUDGED_PACK']) and pack['NUDGED_SEQ'] and len(pack['MESSAGE_ID']) == 32, pack)
    ready = messages('ready on')
    check(ready['MESSAGE_ID'] != pack['MESSAGE_ID'] and 'NUDGED_PACK' not in ready, ready)
    p.terminate()
    same(p.wait(60), 0)
    with open(log) as f:
        same(f.read(), '', 'it went to the journal, and so not to standard error too')
    p = run(None, '--rules', '/nowhere')
    same(p.wait(60), 1)
    check(messages('/nowhere')['PRIORITY'] == '3')
    p = run('1:1', '--rules', '/nowhere') # standard error was led elsewhere
    same(p.wait(60), 1)
    with open(log) as f:
        check('/nowhere' in f.read())


def the_unit_is_hardened(bench):
    if not shutil.which('systemd-analyze'):
        raise kit.Skip('no systemd-analyze here')
    unit = os.path.join(bench.root, 'tools', 'deploy', 'nudged.service')
    done = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--threshold=20', '--no-pager', unit],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode()
    score = re.search(r'Overall exposure level for \S+: ([\d.]+)', text)
    if not score:
        raise kit.Skip('it does not work here: ' + text[-200:])
    check(float(score[1]) <= 2.0 and done.returncode == 0, score[0])
    conf = os.path.join(bench.root, 'tools', 'deploy', 'nudged.conf')
    same(subprocess.run([bench.nudged, '--check-config', '--config', conf], stdout=subprocess.DEVNULL).returncode, 0)


if __name__ == '__main__':
    kit.Bench().run([it_tells_systemd, hanging_up_reads_the_configuration_again, logs_are_json_lines_where_asked, journald_gets_fields,
                     the_unit_is_hardened])
