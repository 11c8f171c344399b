"""The telecom customers of the public churn sample: they load, their churn is the file's own, and those who might be next are
kept first. Counted independently here, by Python, from the file."""
import collections
import csv
import gzip
import json
import os

import kit
from kit import check, same

CONTRACTS = {'Month-to-month': 'monthly', 'One year': '1-year', 'Two year': '2-year'}
INTERNET = {'Fiber optic': 'fibre', 'DSL': 'dsl', 'No': 'none'}


def sample(bench):
    folder = os.environ.get('NUDGED_SHARED', os.path.join(bench.root, '..', 'shared'))
    path = os.path.join(folder, 'data', 'telco-churn.csv.gz')
    if not os.path.exists(path):
        raise kit.Skip('no %s' % path)
    with gzip.open(path, 'rt', newline='') as f:
        return path, list(csv.DictReader(f))


def band(months):
    return 'new' if months < 6 else 'young' if months < 24 else 'settled' if months < 60 else 'old'


def cell(row, names):
    values = {'contract': CONTRACTS[row['Contract']], 'tenure_band': band(int(row['tenure'])),
              'internet': INTERNET[row['InternetService']]}
    return tuple(values[name] for name in names)


def own_counts(rows, names):
    there, lost = collections.Counter(), collections.Counter()
    for row in rows:
        (lost if row['Churn'] == 'Yes' else there)[cell(row, names)] += 1
    return there, lost


def report(d, by, *more):
    found = json.loads(d.ctl('report', 'churn', '--by', by, '--json', '--since', '1990-01-01', *more))
    return found['rows']


def equals_the_file(d, rows):
    for by in ('contract', 'tenure_band', 'internet', 'contract,tenure_band', 'contract,tenure_band,internet'):
        names = by.split(',')
        there, lost = own_counts(rows, names)
        told = {tuple(r[n] for n in names): r for r in report(d, by)}
        same(set(told), set(there) | set(lost), 'cells by ' + by)
        for key, r in told.items():
            want = (lost[key], there[key], there[key] + lost[key])
            same((r['lost'], r['end'], r['of']), want, '%s of %s' % (by, key))
            share = lost[key] / (lost[key] + there[key])
            check(abs(r['churn'] - share) < 1e-14, 'share of', key, r['churn'], share)  # JSON has 15 digits
    total = report(d, 'total')[0]
    same((total['lost'], total['end']), (1869, 5174), 'all')


def whole(bench, shards):
    path, rows = sample(bench)
    d = bench.daemon(rules=os.path.join(bench.root, 'rules', 'telecom'), shards=shards)
    d.ctl('import', path, '--map', os.path.join(bench.root, 'rules', 'telecom', 'import.lua'))
    equals_the_file(d, rows)
    first = [report(d, by) for by in ('contract', 'reason')]
    d.kill()
    d.start()
    equals_the_file(d, rows)
    same([report(d, by) for by in ('contract', 'reason')], first, 'after a kill')
    digest = d.ctl('digest')
    d.stop()
    for other in (1, 4):
        check(bench.replay(d.data, other)['digest'] in digest, 'replay on %d shards: another digest than' % other, digest)
    d.start()
    return d, rows


def churn_is_the_files_own(bench):
    whole(bench, 1)


def churn_is_the_files_own_on_four_shards(bench):
    d, rows = whole(bench, 4)
    keeping_comes_first(d, rows)


def first_of(d, customer):
    told = json.loads(d.ctl('recommend', customer, '--channel', 'call', '--json'))
    return [r['action'] for r in told.get('choices', [])]


def keeping_comes_first(d, rows):
    """Who is still there and like those who left is kept; who left is not."""
    kept = lost = calm = 0
    for row in rows:
        months, fibre = int(row['tenure']), row['InternetService'] == 'Fiber optic'
        risky = row['Contract'] == 'Month-to-month' and months < 6 and fibre and row['PaymentMethod'] == 'Electronic check'
        safe = row['Contract'] == 'Two year' and months >= 60 and not fibre
        if row['Churn'] == 'No' and risky and kept < 20:
            kept += 1
            same(first_of(d, row['customerID'])[0], 'stay-a-year', row['customerID'])
        elif row['Churn'] == 'No' and safe and calm < 20:
            calm += 1
            check('stay-a-year' not in first_of(d, row['customerID']), row['customerID'], 'is at no risk')
        elif row['Churn'] == 'Yes' and lost < 20:
            lost += 1
            actions = first_of(d, row['customerID'])
            check('stay-a-year' not in actions and 'renewal' not in actions, row['customerID'], 'has left:', actions)
    same((kept, lost, calm), (20, 20, 20), 'customers tried')


PACK = '''pack { name = "leavers" }
contract { starts = "signed", ends = "cancelled", id = "deal" }
churn { on = "cancelled", back = "signed", by = { "plan" }, contacts = "talked", within = "7d" }
'''


def send(d, events):
    lines = [json.dumps({'source': 'try', 'time_ms': when, **e}) for when, e in events]
    d.ctl('send', '-', data='\n'.join(lines).encode())


def history_in_any_order_comes_to_the_same(bench):
    """The same events in their order, backwards, and with customers who turn out to be one: one account of it."""
    start = kit.NOW() - 60 * kit.DAY
    events = []
    for i in range(40):
        who = 'c%02d' % i
        events.append((start, {'id': who + 'a', 'customer': who, 'type': 'signed', 'agent': 'a%d' % (i % 3),
                               'attributes': {'deal': who, 'product': 'p%d' % (i % 2)}}))
        events.append((start + 1000, {'id': who + 'b', 'customer': who, 'type': 'profile.updated',
                                      'attributes': {'plan': 'big' if i % 4 else 'small'}}))
        events.append((start + 10 * kit.DAY, {'id': who + 'c', 'customer': who, 'type': 'talked', 'agent': 'a%d' % (i % 2),
                                              'contact': 'k' + who, 'attributes': {'topic': 'bill'}}))
        if i % 5 == 0:
            events.append((start + 14 * kit.DAY, {'id': who + 'd', 'customer': who, 'type': 'cancelled',
                                                  'attributes': {'deal': who, 'reason': 'price'}}))
    told = []
    for order, shards in ((events, 1), (events[::-1], 3)):
        d = bench.daemon(rules=bench.pack(PACK), shards=shards)
        send(d, order)
        asked = [('churn', '--by', by) for by in ('plan', 'reason', 'agent,topic', 'agent,plan')]
        asked += [('contracts', '--by', by) for by in ('agent', 'product')]
        told.append([json.loads(d.ctl('report', *a, '--since', '1990-01-01', '--json'))['rows'] for a in asked])
        bench.replay(_stopped(d))
    by_plan = {r['plan']: (r['lost'], r['end']) for r in told[0][0]}
    same(by_plan, {'big': (6, 24), 'small': (2, 8)}, 'by plan')
    same(told[0], told[1], 'forwards and backwards')
    same(sum(r['lost'] for r in told[0][2]), 8, 'each loss after one contact')


def _stopped(d):
    d.stop()
    return d.data


def wrong_names_are_told_with_the_packs(bench):
    d = bench.daemon(rules=bench.pack(PACK))
    wrong = d.ctl('report', 'churn', '--by', 'plann', ok=False)
    same(wrong.returncode, 1)
    check(b'did you mean "plan"' in wrong.stderr, wrong.stderr)


kit.Bench().run([history_in_any_order_comes_to_the_same, wrong_names_are_told_with_the_packs, churn_is_the_files_own, churn_is_the_files_own_on_four_shards])
