#!/usr/bin/python3
"""First-contact resolution, abandonment and repeats of a bank's real calls, held against a computation of its own from the
file: to the last digit, with 1 and 4 shards, after a kill and in replay. Also what a person sees of a contact's story.

    contacts.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]

The recording (NUDGED_DATA names its folder, else ../shared/data beside the source) is no part of the project: where it is
absent, that case is skipped.
"""
import collections
import csv
import datetime
import gzip
import json
import os
import time

from kit import Bench, DAY, HOUR, NOW, Skip, accepted, check, event, same

WEEK = 7 * 24 * 3600
Call = collections.namedtuple('Call', 'customer service agent abandoned begin end wait handle')


def recording(b):
    folder = os.environ.get('NUDGED_DATA', os.path.join(b.root, '..', 'shared', 'data'))
    path = os.path.join(folder, 'bank-calls-1999-08a.csv.gz')
    if not os.path.exists(path):
        raise Skip('the recording is not here: ' + os.path.normpath(path))
    return path


def calls_of(path):
    """Each identified call: seconds since 1970, and what of its times the recording knows."""
    def known(text):
        return int(text) if int(text) >= 0 else None
    calls = []
    with gzip.open(path, 'rt') as f:
        for r in csv.DictReader(f):
            if r['outcome'] == 'PHANTOM' or r['customer_id'] == '0':
                continue
            hours, minutes, seconds = map(int, r['vru_entry'].split(':'))
            day = datetime.date.fromisoformat(r['date']) - datetime.date(1970, 1, 1)
            begin = day.days * 86400 + hours * 3600 + minutes * 60 + seconds
            parts = [known(r[name]) for name in ('vru_time', 'q_time', 'ser_time')]
            calls.append(Call(r['customer_id'], r['type'], '' if r['server'] == 'NO_SERVER' else r['server'],
                              r['outcome'] == 'HANG', begin, begin + sum(p or 0 for p in parts), parts[1], parts[2]))
    return calls


def expected(calls, by):
    """Rows by what `by` gives of a call, from nothing but the calls."""
    rows = collections.defaultdict(collections.Counter)
    matters = collections.defaultdict(list)
    for call in calls:
        matters[call.customer, call.service].append(call)
    for matter in matters.values():
        matter.sort(key=lambda c: c.begin)
        for i, call in enumerate(matter):
            row = rows[by(call)]
            row['contacts'] += 1
            row['abandoned' if call.abandoned else 'served'] += 1
            row['followed'] += not call.abandoned and any(0 <= c.begin - call.begin and c.begin - call.end <= WEEK
                                                          for c in matter[i + 1:])
            row['repeats'] += any(call.begin - c.end <= WEEK for c in matter[:i])
            if not call.abandoned:
                row['waits'] += call.wait is not None
                row['wait'] += (call.wait or 0) * 1000
                row['handles'] += call.handle is not None
                row['handle'] += (call.handle or 0) * 1000
    def share(part, whole):
        return part / whole if whole else None
    return {key: {
        'contacts': r['contacts'], 'served': r['served'], 'abandoned': share(r['abandoned'], r['abandoned'] + r['served']),
        'fcr': share(r['served'] - r['followed'], r['served']), 'fcr_contacts': r['served'], 'repeats': r['repeats'],
        'wait': share(r['wait'] / 1000, r['waits']), 'handle': share(r['handle'] / 1000, r['handles']),
    } for key, r in rows.items()}


def report(d, name, by):
    """Rows by their key. Asked for on the wire: --json shows 15 digits of a number, a double has up to 17."""
    with d.client() as c:
        r = c.call(get_report=c.pb.GetReport(name=name, by=by, limit=10000)).report
    same(r.more, 0)
    rows = {}
    for row in r.rows:
        cells = [x.WhichOneof('value') and getattr(x, x.WhichOneof('value')) for x in row.cells]
        rows[tuple(x for x, column in zip(cells, r.columns) if column.key)] = {
            column.name: x for x, column in zip(cells, r.columns) if not column.key}
    return rows


def compare(d, calls, name, by, of):
    want, got = expected(calls, of), report(d, name, by)
    same(sorted(got), sorted(want), 'rows of %s by %s' % (name, by))
    for key, row in want.items():
        same({column: got[key][column] for column in row}, row, '%s of %s' % (name, key))


def named(text):
    return text or '-'


def a_banks_calls_equal_an_independent_computation(b):
    path, pack = recording(b), os.path.join(b.root, 'rules', 'bank')
    calls = calls_of(path)
    same(len(calls), 15544)
    digests = []
    for shards in (1, 4):
        d = b.daemon(rules=pack, shards=shards)
        d.ctl('import', path, '--map', os.path.join(pack, 'import.lua'))
        digests.append(d.settled())
        compare(d, calls, 'agents', 'agent,topic', lambda c: (named(c.agent), c.service))
        compare(d, calls, 'agents', 'agent', lambda c: (named(c.agent),))
        compare(d, calls, 'relationship', 'topic', lambda c: (c.service,))
        compare(d, calls, 'relationship', 'total', lambda c: ('all',))
        d.kill()
        d.start()
        same(d.settled(), digests[-1], 'digest after a kill with %d shards' % shards)
        compare(d, calls, 'agents', 'agent,topic', lambda c: (named(c.agent), c.service))
        d.stop()
        same(b.replay(d.data, shards=5 - shards)['digest'], digests[-1], 'digest of a replay')
    same(digests[0], digests[1], 'digests of 1 and 4 shards')


PACK = '''
pack { name = "talks", topics = { "bill", "data", "other" } }
local talks = contacts {}
case { opens = "complained", closes = "settled", key = "complaint", meaning = "complaint", name = "complaint" }
fact.repeats = talks:repeats "30d"
rule "again" {
  why = "test", on = "contact.started", when = talks:is_repeat(),
  alert = { to = "care", say = "{customer} comes again: {repeats}" },
}
'''


def talk(pb, number, customer, when, agent, topic, ends=True):
    common = dict(agent=agent, contact='k%d' % number, channel='call')
    made = [event(pb, 's%d' % number, customer, 'contact.started', {'topic': topic}, time_ms=when, **common)]
    if ends:
        made.append(event(pb, 'e%d' % number, customer, 'contact.ended', {'topic': topic, 'mood_start': -0.5, 'mood_end': 0.25},
                          time_ms=when + 600000, **common))
    return made


def whole(d, name, by='total', *more):
    table = json.loads(d.ctl('--json', 'report', name, '--by', by, *more))
    same(len(table['rows']), 1, table)
    return table['rows'][0]


def contacts_as_they_happen_in_any_order(b):
    """Live: what just ended is provisional, a repeat is told at once, and an end that never comes is inferred."""
    d = b.daemon(rules=b.pack(PACK), shards=4)
    now = NOW()
    with d.client() as c:
        live = talk(c.pb, 1, 'ann', now - 3000000, 'linh', 'bill')
        accepted(c.call(publish=c.pb.Publish(events=live)))
        row = whole(d, 'agents', 'agent', '--where', 'agent=linh')
        same((row['fcr'], row['fcr_provisional'], row['provisional_contacts'], row['mood_change']), (None, 1, 1, 0.75))
        accepted(c.call(publish=c.pb.Publish(events=talk(c.pb, 2, 'ann', now - 1000000, 'an', 'bill'))))
        check('ann comes again: 1' in d.ctl('alerts'), d.ctl('alerts'))
        d.settled()
        same(whole(d, 'agents', 'agent', '--where', 'agent=linh')['fcr_provisional'], 0)
        same(whole(d, 'agents', 'agent', '--where', 'agent=an')['repeats'], 1)
        history = talk(c.pb, 3, 'bob', now - 40 * DAY, 'linh', 'data') + talk(c.pb, 4, 'bob', now - 38 * DAY, 'an', 'data')
        history += talk(c.pb, 5, 'bob', now - 20 * DAY, 'an', 'bill', ends=False)
        for late in reversed(history):
            accepted(c.call(publish=c.pb.Publish(events=[late])))
        # the next event of that time on shows that nothing has come for four hours
        accepted(c.call(publish=c.pb.Publish(events=[event(c.pb, 'x', 'bob', 'complained', {'complaint': 'q', 'topic': 'data'},
                                                           time_ms=now - 19 * DAY)])))
        digest = d.settled()
        row = whole(d, 'relationship')
        same((row['contacts'], row['served'], row['inferred'], row['open']), (5, 5, 1, 0), row)
        same((row['fcr_contacts'], round(row['fcr'], 9), row['repeats'], row['complaints_open']), (3, 0.666666667, 2, 1), row)
        check('provisional' in d.ctl('report', 'relationship'), 'a note says what is provisional')
        check('say little' in d.ctl('report', 'agents'), 'a note says who has few contacts')
    d.kill()
    d.start(shards=1)
    same(d.settled(), digest)
    same(whole(d, 'relationship'), row)
    d.stop()
    same(b.replay(d.data)['digest'], digest)


def many_reports_at_once_wait_their_turn(b):
    """Asked for all at once, with other packs activated meanwhile: each is answered, or told to ask again; what else is asked
    for goes on, and a stop comes through."""
    packs = [b.pack(PACK), b.pack(PACK.replace('"30d"', '"20d"'))]
    d = b.daemon(rules=packs[0], shards=2)
    days, agents, asked, now = 40, 400, 60, NOW()
    with d.client() as c:
        for day in range(days):
            accepted(c.call(publish=c.pb.Publish(events=[
                event(c.pb, 'm%d-%d' % (day, a), 'c%d-%d' % (day, a), 'contact.ended', {'topic': 'bill'}, agent='agent-%d' % a,
                      contact='k%d-%d' % (day, a), channel='call', time_ms=now - (days - day) * DAY) for a in range(agents)])))
        d.settled()
        for i in range(asked):
            c.send(get_report=c.pb.GetReport(name='agents', by='agent,day', limit=4000000000 if i % 2 else 10))
        d.ctl('rules', 'activate', packs[1])
        told, slowest = [], 0
        with d.client() as other:
            while len(told) < asked:
                began = time.time()
                accepted(other.call(publish=other.pb.Publish(events=[event(other.pb, 'o%d' % len(told), 'zoe')])))
                slowest = max(slowest, time.time() - began)
                answer = c.receive()
                told.append(answer.error.code or len(answer.report.rows) + answer.report.more)
        check(set(told) <= {days * agents, 'limit', 'busy'}, told) # busy: asked for before the activation
        again = c.call(get_report=c.pb.GetReport(name='agents', by='agent,day', limit=10)).report
        same(len(again.rows) + again.more, days * agents)
        check(slowest < 2, 'an event waited %.1f s' % slowest)
        for i in range(asked):
            c.send(get_report=c.pb.GetReport(name='agents', by='agent,day'))
        d.stop()


if __name__ == '__main__':
    Bench().run([a_banks_calls_equal_an_independent_computation, contacts_as_they_happen_in_any_order,
                 many_reports_at_once_wait_their_turn])
