#!/usr/bin/python3
"""What is held of one customer: exported whole, and erased so that no byte of it can be found, wherever it is killed."""
import json
import os
import shutil
import subprocess
import threading
import time

import http_kit
import kit
from kit import check, same

PACK = '''pack { name = "privacy" }
local calls = series { on = "call.ended", name = "calls" }
local busy = series { on = "call.ended", per = "agent", name = "busy" }
local promise = case { opens = "promise.made", closes = "promise.kept", key = "promise", due = "30d", name = "promise" }
fact.calls = calls:count "7d"
fact.busy = busy:count "7d"
rule "many" { on = "call.ended", when = fact.calls:at_least(3), alert = { to = "care", say = "{note} calls again" } }
rule "worn" { about = "agent", on = "call.ended", when = fact.busy:at_least(4), alert = { to = "lead", say = "after {note}" } }
action "sorry" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry." }
'''
SMALL = ['--segment-mb', '1', '--sweep-ms', '50', '--journal-keep-mb', '0', '--tail-mb', '1']
WHO = 'erika-mustermann-4711'
SECRETS = ['Zanzibar Lane 77', '+84905551234', 'erika@example.org', WHO, 'old-name-of-erika']
OTHER = 'otto-normal'


def lines(customer, secret, phone, old, again=''):
    if again:
        for n in range(4):
            yield dict(id='again%d' % n, source='pbx', customer=customer, type='call.ended', agent='agent-7',
                       attributes={'note': secret})
        return
    yield dict(id='a', source='crm', customer=customer, type='alias.added', attributes={'alias': phone})
    yield dict(id='b', source='crm', customer=customer, type='alias.added', attributes={'alias': old + '@example.org'})
    for n in range(6):
        yield dict(id='c%d' % n, source='pbx', customer=customer, type='call.ended', agent='agent-7',
                   attributes={'note': secret, 'street': secret})
    yield dict(id='p', source='crm', customer=customer, type='promise.made', attributes={'promise': secret})
    yield dict(id='q', source='pbx', alias=phone, type='call.ended', attributes={'note': secret})


def fill(bench, d, filler=True):
    """Two customers of the same kind, one of whom was somebody else before, a prospect before that; and many others."""
    def send(events):
        d.ctl('send', '-', data='\n'.join(json.dumps(e) for e in events).encode())
    send([dict(id='early', source='pbx', alias='+84905551234', type='call.ended', attributes={'note': 'Zanzibar Lane 77'})])
    send([dict(id='old%d' % n, source='crm', customer='old-name-of-erika', type='call.ended',
               attributes={'note': 'Zanzibar Lane 77'}) for n in range(3)])
    send(lines(WHO, 'Zanzibar Lane 77', '+84905551234', 'erika'))
    send([dict(id='m', source='crm', customer='old-name-of-erika', type='identity.merged', attributes={'into': WHO})])
    send(lines(OTHER, 'Harbour Street 1', '+84905559999', 'otto'))
    for part in range(14 * filler):
        send(dict(id='%d-%d' % (part, n), source='x', customer='c%d' % (n % 50), type='call.ended', agent='agent-%d' % (n % 5),
                  attributes={'note': 'y' * 400}) for n in range(300))
    send(lines(WHO, 'Zanzibar Lane 77', '+84905551234', 'erika', 'again')) # behind what is let go, too
    for who in (WHO, OTHER):
        d.ctl('recommend', who, '--channel', 'call', '--agent', 'agent-7')
        d.ctl('outcome', who, 'sorry', 'rejected', '--channel', 'call')
    d.settled()


def found_in(folder, also=()):
    """Every secret in every byte of every file."""
    found = set()
    paths = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names] + list(also)
    for path in paths:
        try:
            with open(path, 'rb') as f:
                content = f.read()
        except FileNotFoundError:
            continue # it goes on working
        found |= {(secret, os.path.relpath(path, folder)) for secret in SECRETS if secret.encode() in content}
    return sorted(found)


def show(d, customer):
    shown = json.loads(d.ctl('customer', 'show', customer, '--json'))
    return {k: v for k, v in shown.items() if k not in ('now_ms', 'facts')}


def start(bench, shards, **more):
    log = bench.path('decisions')
    d = bench.daemon(rules=bench.pack(PACK), shards=shards, args=SMALL + ['--decision-log', log], **more)
    fill(bench, d)
    return d, log


def erase(bench, d, log, fault=None):
    env = dict(os.environ, **({'NUDGED_FAULT': fault} if fault else {}))
    return subprocess.run([bench.nudgectl, 'customer', 'erase', WHO, '--data', d.data, '--decision-log', log, '--by', 'dpo',
                           '--yes', '--json'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def all_is_gone(bench, d, log, other, least=7):
    same(found_in(d.data, [log]), [], 'left in files')
    found = json.loads(bench.ctl('verify', d.data, '--json'))
    same(found['problems'], 0, str(found))
    check(found['blanked'] >= least, found)
    gone = bench.ctl('customer', 'export', WHO, '--data', d.data, ok=False)
    check(gone.returncode == 1 and b'nothing is held' in gone.stderr, gone.stderr)
    same(show(d, OTHER), other, 'the other one')
    for entry in bench.dump(d.data):
        check('event' not in entry or WHO not in json.dumps(entry), entry)
    said = [json.loads(line) for line in open(log) if line.strip()]
    check(any(line['kind'] == 'erased' for line in said) and any(line.get('customer') == OTHER for line in said), 'the log')


def erased_everywhere(bench):
    for shards in (1, 4):
        d, log = start(bench, shards)
        check(d.status().journal_first > 1, 'nothing was folded into the base store')
        other = show(d, OTHER)
        check(len({secret for secret, _ in found_in(d.data, [log])}) == len(SECRETS), 'the test does not put its secrets there')
        busy = erase(bench, d, log)
        check(busy.returncode == 1 and b'in use' in busy.stderr, busy.stderr)
        d.stop()
        done = erase(bench, d, log)
        same(done.returncode, 0, done.stderr.decode())
        report = json.loads(done.stdout)
        check(report['entries'] >= 7 and report['aliases'] == 2 and report['records'] >= 2 and report['log_lines'] > 0, report)
        same(found_in(d.data, [log]), [], 'left in files before a start')
        d.start(shards=5 - shards)
        all_is_gone(bench, d, log, other)
        asked = [e for e in bench.dump(d.data) if e['kind'] == 'erased']
        same([(e['by'], e['uid']) for e in asked], [('dpo', os.getuid())])
        # who comes again is new, and life goes on
        d.ctl('send', '-', data=json.dumps(dict(id='n', source='crm', customer=WHO, type='call.ended')).encode())
        check(len(show(d, WHO)['timeline']) == 1, show(d, WHO))
        x = json.loads(d.ctl('explain', OTHER, '--json'))
        check(x['recomputed']['identical'], x['recomputed'])
        digest = d.settled()
        d.kill()
        d.start(shards=shards)
        same(d.settled(), digest, 'after a kill')
        d.stop()
        same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)


def killed_at_every_step(bench):
    """Wherever it is killed, the next start finishes it."""
    for step in range(1, 6):
        d, log = start(bench, 2)
        other = show(d, OTHER)
        d.stop()
        died = erase(bench, d, log, 'erase_step:%d:kill' % step)
        same(died.returncode, -9, died.stderr.decode())
        check(os.path.exists(os.path.join(d.data, 'ERASING')), 'no plan')
        d.start()
        check('is finished first' in d.said(), d.said())
        check(not os.path.exists(os.path.join(d.data, 'ERASING')), 'the plan is there still')
        all_is_gone(bench, d, log, other)
        d.stop()


def ask(bench, d, who=WHO, **more):
    """The daemon is asked while it runs."""
    return bench.ctl('--socket', d.address, 'customer', 'erase', who, '--by', 'dpo', '--yes', '--json', ok=False, **more)


class Traffic:
    """Others who go on meanwhile; what was acknowledged is known."""

    def __init__(self, bench, d):
        self.bench, self.d, self.sent, self.stop = bench, d, 0, threading.Event()
        self.failed = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            with self.d.client() as c:
                while not self.stop.is_set():
                    events = [kit.event(self.bench.pb, 't%d-%d' % (self.sent, i), 'traffic-%d' % i, 'call.ended', {'note': 'x' * 300},
                                        agent='agent-%d' % (i % 8)) for i in range(20)]
                    kit.accepted(c.call(publish=self.bench.pb.Publish(events=events)))
                    self.sent += 1
        except Exception as why:
            self.failed = why

    def ends(self):
        self.stop.set()
        self.thread.join()
        check(self.failed is None, 'others were disturbed:', self.failed)
        check(self.sent > 0, 'nobody else was served')


def erased_while_it_runs(bench):
    for shards in (1, 4):
        d, log = start(bench, shards)
        other = show(d, OTHER)
        others = Traffic(bench, d)
        done = ask(bench, d)
        same(done.returncode, 0, done.stderr.decode())
        others.ends()
        report = json.loads(done.stdout)
        check(report['entries'] >= 7 and report['aliases'] == 2 and report['records'] >= 2 and report['log_lines'] > 0, report)
        all_is_gone(bench, d, log, other, 0) # the journal may have let go of them since
        gone = ask(bench, d)
        check(gone.returncode == 1 and b'nothing is held' in gone.stderr, gone.stderr)
        agent = json.loads(d.ctl('agent', 'show', 'agent-7', '--json'))
        check('busy' in json.dumps(agent) and 'Zanzibar' not in json.dumps(agent), agent)
        check('Zanzibar' not in d.ctl('alerts', '--json'), 'alerts')
        # who comes again is new, and stays
        d.ctl('send', '-', data=json.dumps(dict(id='n', source='crm', customer=WHO, type='call.ended')).encode())
        check(len(show(d, WHO)['timeline']) == 1, show(d, WHO))
        same(show(d, OTHER)['timeline'], other['timeline'], 'the other one')
        check(json.loads(d.ctl('explain', OTHER, '--json'))['recomputed']['identical'], 'explained')
        digest = d.settled()
        d.kill()
        d.start(shards=5 - shards)
        same(d.settled(), digest, 'after a kill')
        check(len(show(d, WHO)['timeline']) == 1, 'who came again is lost')
        d.stop()
        same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)


def killed_while_it_erases(bench):
    """Wherever the daemon is killed: asked for, it is done in the end; nothing else is lost."""
    for fault in ('erase_asked', 'erase_wiped', 'erase_settled', *('erase_step:%d' % n for n in range(1, 6))):
        d, log = start(bench, 2)
        other = show(d, OTHER)
        d.stop()
        d.start(env={'NUDGED_FAULT': fault + ('' if ':' in fault else ':1') + ':kill'})
        d.ctl('send', '-', data=json.dumps(dict(id='late', source='crm', customer='c1', type='call.ended')).encode())
        check(ask(bench, d).returncode == 1, 'it was to be killed at ' + fault)
        d.wait()
        check(os.path.exists(os.path.join(d.data, 'ERASING')), 'nothing says what was asked for: ' + fault)
        half = bench.ctl('backup', bench.path('backup'), '--data', d.data, ok=False)
        check(half.returncode == 1 and b'being erased' in half.stderr, half.stderr)
        d.start()
        until = time.time() + 60
        while any(name.startswith('ERASING') for name in os.listdir(d.data)) and time.time() < until:
            time.sleep(0.02)
        all_is_gone(bench, d, log, other)
        digest = d.settled()
        d.kill()
        d.start(shards=3)
        same(d.settled(), digest, 'after another kill')
        d.stop()


def killed_when_all_is_done_but_the_note_of_it(bench):
    """The note of whom it is about is overwritten before it goes: half of that keeps no daemon from starting."""
    d, log = start(bench, 2)
    other = show(d, OTHER)
    d.stop()
    d.start(env={'NUDGED_FAULT': 'erase_withdrawn:1:kill'})
    check(ask(bench, d).returncode == 1, 'it was to be killed')
    d.wait()
    same(found_in(d.data, [log]), [], 'left in files')
    d.start()
    same([name for name in os.listdir(d.data) if name.startswith('ERASING')], [])
    all_is_gone(bench, d, log, other)


def a_stop_lets_it_go_on_later(bench):
    d, log = start(bench, 2)
    other = show(d, OTHER)
    d.kill()
    from_before = os.path.join(d.data, 'ERASING')
    d.start(env={'NUDGED_FAULT': 'erase_asked:1:kill'})
    ask(bench, d)
    d.wait()
    check(os.path.exists(from_before), 'not asked for')
    # another one is erased with the daemon stopped: who was asked for first is not forgotten
    done = bench.ctl('customer', 'erase', 'c3', '--data', d.data, '--decision-log', log, '--yes', '--json', ok=False)
    same(done.returncode, 0, done.stderr.decode())
    check(not os.path.exists(from_before))
    d.start()
    all_is_gone(bench, d, log, other)


def not_while_series_are_filled(bench):
    """What a backfill has read of the journal would come back with it: it is refused until that is done, or a backfill waits."""
    d, log = start(bench, 2)
    more = 'local more = series { on = "call.ended", per = "member", name = "more" }\nfact.more = more:count "7d"\n'
    d.ctl('rules', 'activate', bench.pack(PACK + more), '--backfill')
    until = time.time() + 120
    while (done := ask(bench, d)).returncode:
        check(done.returncode == 1 and b'being filled' in done.stderr and time.time() < until, done.stderr)
        time.sleep(0.02)
    while 'subjects have their history' not in d.said():
        check(time.time() < until, 'it is never filled')
        time.sleep(0.02)
    same(found_in(d.data, [log]), [], 'left in files')
    check(b'nothing is held' in bench.ctl('customer', 'export', WHO, '--data', d.data, ok=False).stderr)
    d.ctl('send', '-', data=json.dumps(dict(id='n', source='crm', customer=WHO, type='call.ended')).encode())
    d.settled()
    d.kill()
    d.start(shards=1)
    check(len(show(d, WHO)['timeline']) == 1, 'who came again')


def asked_for_over_http(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), args=['--sweep-ms', '50'])
    fill(bench, d, filler=False)

    def post(who):
        with http_kit.Connection(d.port) as c:
            return c.ask('POST', '/v1/customers/%s/erase' % who, {'by': 'dpo'})
    answer = post('old-name-of-erika')
    same((answer.status, answer.json['code']), (409, 'conflict'), str(answer))
    check(WHO in answer.json['detail'], answer)
    answer = post('nobody')
    same((answer.status, answer.json['code']), (404, 'missing'), str(answer))
    answer = post(WHO)
    same(answer.status, 200, str(answer))
    check(answer.json['entries'] > 10 and answer.json['customers'] >= 2 and answer.json['seq'] > 0, answer)
    same(found_in(d.data), [])


def replay_reports_the_gap(bench):
    d = bench.daemon(rules=bench.pack(PACK), args=['--segment-mb', '1', '--sweep-ms', '50', '--decision-log', bench.path('log')])
    fill(bench, d, filler=False)
    d.stop()
    before = bench.replay(d.data)
    same(before['blanked'], 0)
    same(erase(bench, d, d.args[-1]).returncode, 0)
    after = bench.replay(d.data) # no mismatch, exit code 0
    check(after['blanked'] > 10 and after['gaps'] >= 1, after)
    check(after['entries'] - before['entries'] >= 2, 'the start, the note of who asked, and what was wiped', before, after)
    same(found_in(d.data, [d.args[-1]]), [])
    d.start()
    agent = json.loads(d.ctl('agent', 'show', 'agent-7', '--json'))
    check(not any('Zanzibar' in json.dumps(a) for a in agent.get('alerts', [])), agent)
    check('busy' in json.dumps(agent), 'the agent has lost its sums')


def the_same_without_a_daemon(bench):
    """What stays, and what is counted now, does not depend on whether a daemon or the tool erases; and who came again before an
    erasure that a stop has cut off was done with, stays."""
    segment = 'segment "callers" { why = "they call", when = fact.calls:at_least(1) }\n'
    a = bench.daemon(rules=bench.pack(PACK + segment), args=['--sweep-ms', '50'])
    fill(bench, a, filler=False)
    before = json.loads(a.ctl('report', 'segments', '--json'))['rows']
    a.stop()
    b = bench.daemon(data=bench.path('copy'), rules=a.rules, args=a.args, start=False)
    shutil.copytree(a.data, b.data)
    a.start()
    same(ask(bench, a).returncode, 0)
    done = bench.ctl('customer', 'erase', WHO, '--data', b.data, '--yes', '--json', ok=False)
    same(done.returncode, 0, done.stderr.decode())
    b.start()
    same(a.settled(), b.settled(), 'the state')
    for name in ('segments', 'relationship', 'agents'):
        rows = [json.loads(d.ctl('report', name, '--json'))['rows'] for d in (a, b)]
        same(rows[0], rows[1], name)
    check(before != json.loads(b.ctl('report', 'segments', '--json'))['rows'], 'nobody left the segment', before)
    gone = bench.ctl('customer', 'erase', 'nobody', '--data', a.data, '--yes', ok=False)
    check(b'in use' in gone.stderr, gone.stderr)
    a.stop()
    gone = bench.ctl('customer', 'erase', 'nobody', '--data', a.data, '--yes', ok=False)
    check(gone.returncode == 1 and b'nothing is held' in gone.stderr and not os.path.exists(os.path.join(a.data, 'ERASING')), gone.stderr)
    # all is wiped, but not carried out: a start that is not told of it lets them come again
    b.kill()
    b.start()
    b.ctl('send', '-', data=json.dumps(dict(id='n1', source='crm', customer=OTHER, type='call.ended')).encode())
    b.settled()
    b.kill()
    b.start(env={'NUDGED_FAULT': 'erase_settled:1:kill'})
    bench.ctl('--socket', b.address, 'customer', 'erase', OTHER, '--yes', ok=False)
    b.wait()
    asked, aside = os.path.join(b.data, 'ERASING'), bench.path('aside')
    os.rename(asked, aside)
    b.start()
    b.ctl('send', '-', data=json.dumps(dict(id='n2', source='crm', customer=OTHER, type='call.ended')).encode())
    b.settled()
    b.stop()
    os.rename(aside, asked)
    done = bench.ctl('customer', 'erase', 'nobody', '--data', b.data, '--yes', ok=False)
    check(done.returncode == 1 and b'nothing is held' in done.stderr, done.stderr)
    check(not os.path.exists(asked), 'what was asked for before is not done')
    b.start()
    same([m['type'] for m in show(b, OTHER)['timeline']], ['call.ended'], 'who came again')


def exported_whole(bench):
    d = bench.daemon(rules=bench.pack(PACK), args=['--sweep-ms', '50'])
    fill(bench, d, filler=False)
    x = json.loads(d.ctl('customer', 'export', WHO))
    text = json.dumps(x, ensure_ascii=False)
    for secret in ('Zanzibar Lane 77', '+84905551234', 'erika@example.org'):
        check(secret in text, 'not exported:', secret)
    kinds = {e['kind'] for e in x['entries']}
    same(kinds >= {'event', 'decision', 'outcome', 'effect'}, True, str(kinds))
    check('agent' in json.dumps(x['in_records_of_others']), 'copies')
    check(x['record']['timeline'] and x['record']['aliases'] and x['record']['alerts'], sorted(x['record']))
    check(x['recomputed']['identical'] and OTHER not in text and 'Harbour' not in text, 'provenance')
    d.stop()
    same(json.loads(bench.ctl('customer', 'export', WHO, '--data', d.data))['entries'], x['entries'])
    check(b'nothing is held' in bench.ctl('customer', 'export', 'nobody', '--data', d.data, ok=False).stderr)


if __name__ == '__main__':
    kit.Bench().run([exported_whole, erased_while_it_runs, not_while_series_are_filled, killed_while_it_erases, killed_when_all_is_done_but_the_note_of_it, a_stop_lets_it_go_on_later, asked_for_over_http, erased_everywhere, killed_at_every_step, replay_reports_the_gap, the_same_without_a_daemon])
