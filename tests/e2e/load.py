#!/usr/bin/python3
"""Loading a CRM's snapshot: `nudgectl load`, and JSON lines over HTTP. In whatever order, however often, stopped or killed:
the newest value of each attribute stands.

    /usr/bin/python3 load.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import gzip
import json
import os
import signal
import socket
import subprocess
import time

from kit import Bench, HOUR, accepted, check, event, same

PACK = "pack { name = 'crm', provenance = { 'plan' } }\n" \
       "contract { starts = 'contract.signed', ends = 'contract.ended', id = 'contract', ends_at = 'ends', product = 'product' }\n" \
       "rule 'moved' { on = 'profile.updated', alert = { to = 'care', say = 'moved' } }\n"
MAP = """
columns = { "customer", "plan", "plan_since", "city", "city_since", "line", "phone", "since", "contract" }
local function said(value, since)
  if value == "-" then value = removed elseif value == "" then value = nil end
  local time
  if since and since ~= "" then time = utc(since) end
  return { value = value, time = time }
end
function row(r)
  if r.customer == "nobody" then return nil, "nobody" end
  local own = { type = "profile.updated", source = "crm", customer = r.customer, attributes = {
    plan = said(r.plan, r.plan_since), city = said(r.city, r.city_since) } }
  if not (r.line and r.line ~= "") then return own end
  local out = { own, { type = "member.joined", source = "crm", customer = r.customer, member = r.line, time = utc(r.since) },
    { type = "alias.added", source = "crm", customer = r.customer, member = r.line, time = utc(r.since),
      attributes = { alias = r.phone } } }
  if r.contract and r.contract ~= "" then
    out[4] = { type = "contract.signed", source = "crm", customer = r.customer, time = utc(r.since),
      attributes = { contract = r.contract, ends = utc("2030-01-01"), product = "fibre" } }
  end
  return out
end
"""
COLUMNS = ['customer', 'plan', 'plan_since', 'city', 'city_since', 'line', 'phone', 'since', 'contract']


def mapping(b):
    path = b.path('map.lua')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(MAP)
    return path


def table(b, rows, name='rows.csv'):
    path = b.path(name)
    opened = gzip.open if name.endswith('.gz') else open
    with opened(path, 'wt', encoding='utf-8') as f:
        if '.csv' in name:
            f.write(','.join(COLUMNS) + '\n' + ''.join(','.join(row) + '\n' for row in rows))
        else:
            f.write(''.join(json.dumps(dict(zip(COLUMNS, row)), ensure_ascii=False) + '\n' for row in rows))
    return path


def row(customer, plan='', plan_since='', city='', city_since='', line='', phone='', since='', contract=''):
    return [customer, plan, plan_since, city, city_since, line, phone, since, contract]


OLD = [row('c-1', 'small', '2025-01-01', 'Huế', '2025-03-01', 'father', '+84901000001', '2024-01-01', 'k-1'),
       row('c-2', 'small', '2025-01-01', 'Vinh', '2025-01-01')]
NEW = [row('c-1', 'large', '2025-06-01', 'Hanoi', '2025-02-01', 'father', '+84901000001', '2024-01-01', 'k-1'),
       row('c-2', '-', '2025-05-01', '', '')]


def load(d, *args, **more):
    return d.ctl('--json', 'load', *args, **more)


def held(d, customer):
    c = json.loads(d.ctl('--json', 'customer', 'show', customer))
    return c, {h['attribute']['name']: (h['attribute']['value'], h['time_ms']) for h in c['attributes']}


def utc(date):
    return int(time.mktime(time.strptime(date + ' UTC', '%Y-%m-%d %Z')) - time.timezone) * 1000


def right(d):
    c, own = held(d, 'c-1')
    same(own, {'plan': ('large', utc('2025-06-01')), 'city': ('Huế', utc('2025-03-01'))}, 'attributes of c-1')
    same([(m['id'], m['joined_ms']) for m in c['members']], [('father', utc('2024-01-01'))], 'members')
    same([(a['alias'], a['from_ms']) for a in c['aliases']], [('+84901000001', utc('2024-01-01'))], 'aliases')
    same(held(d, 'c-2')[1], {'city': ('Vinh', utc('2025-01-01'))}, 'attributes of c-2: the plan is not known any more')


def in_whatever_order(b):
    """CSV, JSON lines, both compressed, standard input; older after newer, twice, and after a restart."""
    pack, lua = b.pack(PACK), mapping(b)
    for first, then in ((OLD, NEW), (NEW, OLD)):
        d = b.daemon(rules=pack)
        for name, rows in (('a.csv', first), ('b.jsonl', then), ('a.csv.gz', first), ('b.jsonl.gz', then)):
            load(d, table(b, rows, name), '--map', lua, '--as-of', '2025-06-02')
        right(d)
        d.stop()
        d.start()
        with open(table(b, OLD), 'rb') as f:
            done = json.loads(load(d, '-', '--map', lua, '--as-of', '2025-06-02', data=f.read()))
        same((done['accepted'], done['duplicates'], done['rows']), (0, 5, 2), 'all of it is known')
        right(d)
        d.stop()
        b.replay(d.data)
        b.replay(d.data, shards=3)


def behind_live_traffic(b):
    """Whoever has had many events since: what a snapshot says is older than the ids that are remembered, and counts."""
    d = b.daemon(rules=b.pack(PACK))
    now = int(time.time() * 1000)
    with d.client() as c:
        pb = b.pb
        accepted(c.call(publish=pb.Publish(events=[event(pb, 'e%d' % i, 'c-1', time_ms=now - (60 - i) * 24 * HOUR)
                                                   for i in range(50)])))
    done = json.loads(load(d, table(b, OLD), table(b, NEW), '--map', mapping(b), '--as-of', '2025-06-02'))
    same((done['duplicates'], done['too_old'], done['refused']), (0, 0, 0), 'all is applied, some of it once more')
    right(d)
    same(d.status().alerts_open, 0, 'alerts of what is old')
    d.stop()
    b.replay(d.data)


def rows_that_cannot_be_loaded(b):
    """Each with its line, its column, the limit and what to do; the others are loaded."""
    lua = mapping(b)
    rows = OLD + [row('x' * 65, 'small', '2025-01-01'), row('nobody'), row('c-3', 'small', 'yesterday'),
                  row('c-4', 'y' * 1025, '2025-01-01'), row('c-5', 'small', '2025-01-01') + ['too', 'many'],
                  row('c-6', 'small', '2025-01-01', line='l', phone='+84', since='2999-01-01')]
    path, errors = table(b, rows), b.path('errors.jsonl')
    d = b.daemon(rules=b.pack(PACK))
    for more in ([], ['--dry-run']):
        done = d.ctl('load', path, '--map', lua, '--as-of', '2025-06-02', '--errors', errors, *more, ok=False)
        same(done.returncode, 1, 'exit code')
        with open(errors, encoding='utf-8') as f:
            found = [json.loads(line) for line in f]
        same([e['line'] for e in found if e['line'] < 9], [4, 6, 7, 8], 'lines')
        check(sum(e['line'] == 9 for e in found) >= 2, 'times in the future', found)
        same((found[0]['column'], found[0]['name'], found[0]['code'], found[0]['field']), (1, 'customer', 'limit', 'customer'))
        check('limit_id_bytes' in found[0]['reason'], found[0])
        check('"yesterday" is no date' in found[1]['reason'], found[1])
        same((found[2]['column'], found[2]['name'], found[2]['customer']), (2, 'plan', 'c-4'))
        check('limit_attribute_text_bytes' in found[2]['reason'], found[2])
        check('11 fields where the heading has 9' in found[3]['reason'], found[3])
        said = done.stderr.decode()
        check('line 4, column 1 (customer): ' in said, said)
        check('nobody' in (said if more else done.stdout.decode()), 'the reason of a skip')
    same(sorted(held(d, 'c-1')[1]), ['city', 'plan'])
    done = d.ctl('load', path, '--map', lua, '--as-of', '2025-06-02', '--max-errors', '2', ok=False)
    check(b'stopped after 2 rows' in done.stderr and done.returncode == 1, done.stderr)
    done = d.ctl('load', path, ok=False)
    check(b'--map' in done.stderr and done.returncode == 2, done.stderr)
    done = d.ctl('load', path, '--map', lua, '--share', '0', ok=False)
    check(b'1 to 100' in done.stderr and done.returncode == 2, done.stderr)
    for wrong, words in ((lambda text: text.replace('city,', 'ciyt,', 1), b'"city", which `columns` of the mapping asks for, but "ciyt"'),
                         (lambda text: text.replace(',', ';'), b'columns are separated by commas')):
        with open(path, encoding='utf-8') as f:
            text = f.read()
        other = b.path('other.csv')
        with open(other, 'w', encoding='utf-8') as f:
            f.write(wrong(text))
        done = d.ctl('load', other, '--map', lua, ok=False)
        check(words in done.stderr and done.returncode == 1, done.stderr)
    for text, words in ((','.join(COLUMNS) + '\nc-8\0x,small,2025-01-01,,,,,,\n', b'line 2: it has a byte 0'),
                        (','.join(COLUMNS) + '\nc-8,"a\0",2025-01-01,,,,,,\n', b'line 2: it has a byte 0'),
                        (','.join(COLUMNS).encode('utf-16').decode('latin-1'), b'is it UTF-16?')):
        with open(other, 'w', encoding='latin-1') as f:
            f.write(text)
        done = d.ctl('load', other, '--map', lua, ok=False)
        check(words in done.stderr and done.returncode == 1, done.stderr)
    same(d.ctl('customer', 'show', 'c-8', ok=False).returncode, 1, 'whose id ended at the byte')
    done = d.ctl('load', table(b, [row('c-9', 'small')]), '--map', lua, ok=False)
    check(b'--as-of' in done.stderr and done.returncode == 1, done.stderr)


def many(b, count, name='many.csv'):
    days = ['2025-%02d-%02d' % (m, d) for m in range(1, 13) for d in range(1, 29)]
    return table(b, [row('c-%d' % (i % (count // 2)), 'p%d' % (i * 7 % 11), days[i * 5 % len(days)], 'city %d' % (i % 13),
                         days[i * 11 % len(days)]) for i in range(count)], name)


def all_held(b, d, count):
    with d.client() as c:
        answers = [c.call(read_customer=b.pb.ReadCustomer(customer='c-%d' % i)).customer for i in range(0, count, 17)]
    return [[(h.attribute.name, h.attribute.text, h.time_ms) for h in a.attributes] for a in answers]


def stopped_and_killed(b):
    """kill -9 of the tool, an interrupt, kill -9 of the daemon: it goes on where it was, and all is there at the end."""
    pack, lua, count = b.pack(PACK), mapping(b), 24000
    path = many(b, count)
    command = [path, '--map', lua]
    whole = b.daemon(rules=pack)
    load(whole, *command, '--share', '100')
    want = all_held(b, whole, count // 2)
    whole.stop()
    d = b.daemon(rules=pack)
    start = lambda: subprocess.Popen([b.nudgectl, '--socket', d.address, '--json', 'load', *command, '--share', '20'],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    resumed = []
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        going = start()
        progress, before = path + '.loading', resumed[-1] if resumed else 0
        until = time.time() + 60
        while going.poll() is None and time.time() < until:
            try:
                with open(progress) as f:
                    if json.load(f)['rows'] > before:
                        break
            except (OSError, ValueError):
                pass
            time.sleep(0.01)
        check(going.poll() is None, 'it ended before it could be stopped', going.stderr.read() if going.poll() is not None else '')
        going.send_signal(number)
        said = going.communicate(timeout=60)[1].decode()
        check(number == signal.SIGKILL or 'goes on where it was' in said, said)
        with open(progress) as f:
            resumed.append(json.load(f)['rows'])
    check(0 < resumed[0] < resumed[1] <= resumed[2] < count, resumed)
    going = start()
    time.sleep(0.3)
    d.kill()
    d.start()
    out, said = going.communicate(timeout=120)
    same(going.returncode, 0, 'a load whose daemon was killed; ' + said.decode())
    check('going on behind row' in said.decode() and 'waiting up to' in said.decode(), said.decode())
    done = json.loads(out)
    same((done['rows'], done['resumed_at_row'], done['refused']), (count, resumed[-1], 0), 'the last part')
    check(done['events'] <= count - resumed[-1] + 1, done)
    check(not os.path.exists(progress), 'what is done leaves no file behind')
    check(all_held(b, d, count // 2) == want, 'what is held differs')
    d.stop()
    b.replay(d.data)


def another_daemon_is_noticed(b):
    """A progress file of a daemon that is gone: what it knew is sent anew."""
    pack, lua = b.pack(PACK), mapping(b)
    path = many(b, 4000)
    d = b.daemon(rules=pack)
    done = d.ctl('load', path, '--map', lua, '--max-errors', '1', ok=False)
    same(done.returncode, 0)
    going = subprocess.Popen([b.nudgectl, '--socket', d.address, 'load', path, '--map', lua, '--share', '5'],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(path + '.loading'):
        time.sleep(0.01)
    going.kill()
    going.wait()
    d.stop()
    other = b.daemon(rules=pack, listen=d.address)
    done = other.ctl('--json', 'load', path, '--map', lua, '--share', '100', ok=False)
    same(done.returncode, 0, done.stderr.decode())
    check(b'does not know what this load had sent' in done.stderr, done.stderr)
    same(json.loads(done.stdout)['rows'], 4000)
    same(len(all_held(b, other, 2000)[-1]), 2)


def another_daemon_is_noticed_behind_rows_left_out(b):
    """The last row that was settled became no event: it tells nothing of what the daemon has, those before it do."""
    pack, lua = b.pack(PACK), mapping(b)
    path = table(b, [row('c-%d' % i if i % 2 else 'nobody', 'p1', '2025-01-01') for i in range(4000)])
    d = b.daemon(rules=pack)
    going = subprocess.Popen([b.nudgectl, '--socket', d.address, 'load', path, '--map', lua, '--share', '5'],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(path + '.loading'):
        time.sleep(0.01)
    going.kill()
    going.wait()
    with open(path + '.loading') as f:
        progress = dict(json.load(f), rows=2001)  # from 1, so that an odd one was left out
    d.ctl('load', path, '--map', lua, '--share', '100')
    with open(path + '.loading', 'w') as f:
        json.dump(progress, f)
    known = load(d, path, '--map', lua, '--share', '100')
    same((json.loads(known)['resumed_at_row'], json.loads(known)['accepted']), (2001, 0))
    with open(path + '.loading', 'w') as f:
        json.dump(progress, f)
    d.stop()
    other = b.daemon(rules=pack, listen=d.address)
    done = other.ctl('--json', 'load', path, '--map', lua, '--share', '100', ok=False)
    check(b'does not know what this load had sent' in done.stderr, done.stderr)
    said = json.loads(done.stdout)
    same((said['rows'], said['events'], said['skipped'], said['accepted']), (4000, 2000, 2000, 2000))
    held(other, 'c-1')


def in_flat_memory(b):
    """Four times the rows take no more memory: what is under way at once is bounded."""
    d = b.daemon(rules=b.pack("pack { name = 'p' }"))
    peaks = []
    env = dict(os.environ, ASAN_OPTIONS=os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1') # what a sanitizer keeps is not ours
    for count in (20000, 80000):
        path = many(b, count)
        going = subprocess.Popen([b.nudgectl, '--socket', d.address, 'load', path, '--map', mapping(b), '--share', '100'],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        peak = 0
        while going.poll() is None:
            with open('/proc/%d/status' % going.pid) as f:
                said = dict(line.split(':', 1) for line in f)
            if os.path.basename(b.nudgectl).startswith(said['Name'].strip()):
                peak = max(peak, int(said.get('VmHWM', '0').split()[0]))
            time.sleep(0.005)
        same(going.returncode, 0, going.stderr.read())
        peaks.append(peak)
    check(peaks[1] < peaks[0] + 4096, 'KiB at most, with 20,000 and 80,000 rows:', peaks)


def without_times_within_one_instant(b):
    """They are of now, however many: each counts, and is told from its double as long as its id is remembered."""
    d = b.daemon(rules=b.pack("pack { name = 'p' }\nlocal calls = series { on = 'call.ended', name = 'calls' }\n"
                              "fact.calls = calls:count '7d'\n"), args=['--clock', 'events'], shards=2)
    pb, count = b.pb, 700
    events = [event(pb, 'e%d' % i, 'c-1') for i in range(count)]
    with d.client() as c:
        accepted(c.call(publish=pb.Publish(events=[event(pb, 'first', 'c-1', time_ms=utc('2025-06-01'))])))
        accepted(c.call(publish=pb.Publish(events=events)))
        again = c.call(publish=pb.Publish(events=events[-200:])).published.acks
        same({(a.result, a.error.reason) for a in again}, {(2, '')}, 'sent again')
        old = c.call(publish=pb.Publish(events=[event(pb, 'late', 'c-1', time_ms=utc('2025-05-01'))])).published.acks[0]
        check(old.result == 2 and 'too old to tell' in old.error.reason, old)
        whole = c.call(read_customer=pb.ReadCustomer(customer='c-1')).customer
    same(next(s.count for s in whole.series if s.name == 'calls'), count + 1)
    digest = d.settled()
    d.kill()
    d.start()
    same(d.settled(), digest)
    d.stop()
    same(b.replay(d.data)['digest'], digest)


def over_http(b):
    """POST /v1/events with JSON lines: the same attributes with times, the same result."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    d = b.daemon(rules=b.pack(PACK), args=['--http', '127.0.0.1:%d' % port])
    say = lambda id, **attributes: json.dumps({'id': id, 'source': 'crm', 'customer': 'c-1', 'type': 'profile.updated',
                                               'time': '2025-06-02T00:00:00Z', 'attributes': attributes})
    lines = [say('1', plan={'value': 'large', 'time': '2025-06-01T00:00:00Z'}, city={'value': 'Huế', 'time': '2025-03-01T00:00:00Z'}),
             say('2', plan={'value': 'small', 'time': '2025-01-01T00:00:00Z'}, city={'value': 'Hanoi', 'time_ms': utc('2025-02-01')}),
             say('3', seat='12a'), say('4', seat=None), say('5', seat={'value': '7c', 'time': '2025-05-01T00:00:00Z'}),
             say('6', city={'value': 'Huế', 'when': 1})]
    answer = subprocess.run(['curl', '-sS', '-H', 'Content-Type: application/x-ndjson', '--data-binary', '@-',
                             'http://127.0.0.1:%d/v1/events' % port], input='\n'.join(lines).encode(), stdout=subprocess.PIPE)
    results = [json.loads(line) for line in answer.stdout.splitlines()]
    same([r.get('result') for r in results][:5], ['ACCEPTED'] * 5, answer.stdout.decode())
    check('value, and time' in json.dumps(results[5]), results[5])
    same(held(d, 'c-1')[1], {'plan': ('large', utc('2025-06-01')), 'city': ('Huế', utc('2025-03-01'))})
    dumped = [e['event']['attributes'] for e in b.dump(d.data) if e['kind'] == 'event' and e['event']['id'] in ('1', '4')]
    same(dumped[0]['plan'], {'value': 'large', 'time_ms': utc('2025-06-01')}, 'the journal says when')
    same(dumped[1], {'seat': None})
    explained = json.loads(d.ctl('--json', 'explain', 'c-1', '--event', '1'))
    same(explained['entry']['event']['attributes']['city']['time_ms'], utc('2025-03-01'), 'explain says when')
    wrong = dict(json.loads(lines[0]), type='call.ended', id='9')
    done = d.ctl('send', '-', data=json.dumps(wrong).encode(), ok=False)
    check(b'only profile.updated may' in done.stderr, done.stderr)


if __name__ == '__main__':
    os.environ['TZ'] = 'UTC'
    time.tzset()
    Bench().run([in_whatever_order, behind_live_traffic, rows_that_cannot_be_loaded, stopped_and_killed, another_daemon_is_noticed,
                 another_daemon_is_noticed_behind_rows_left_out, in_flat_memory, without_times_within_one_instant,
                 over_http])
