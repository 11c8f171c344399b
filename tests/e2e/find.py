#!/usr/bin/python3
"""Finding a customer by a part of a name, an id or a phone number: just published, stored, after a restart and a kill; merged,
erased, in another pack; with one shard and with four; against a walk over all of them."""
import ctypes
import json
import os
import random
import re
import subprocess
import time
import unicodedata

import kit
from kit import accepted, check, event, same

PACK = 'pack { name = "finding"%s }\n'
NEVER = ['--sweep-ms', '3600000']
SOON = ['--sweep-ms', '20']

FAMILY = ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Đặng', 'Bùi', 'Đỗ', 'Ngô', 'Võ', "O'Brien", 'Müller']
MIDDLE = ['Thị', 'Văn', 'Ngọc', 'Minh', 'Thu', 'Đức', '']
GIVEN = ['Lan', 'Lành', 'Linh', 'Lâm', 'Hoa', 'Hòa', 'Hương', 'An', 'Ánh', 'Anh', 'Dũng', 'Đông']


def profile(pb, id, customer, attrs, member='', at=0):
    return event(pb, id, customer=customer, type='profile.updated', member=member, attrs=attrs, time_ms=at)


def alias(pb, id, customer, name, member='', gone=False, at=0):
    return event(pb, id, customer=customer, type='alias.removed' if gone else 'alias.added', member=member, attrs={'alias': name},
                 time_ms=at)


def publish(d, *events):
    with d.client() as c:
        for at in range(0, len(events), 500):
            accepted(c.call(publish=d.bench.pb.Publish(events=events[at:at + 500])))


def find(d, text, limit=0):
    with d.client() as c:
        answer = c.call(find_customers=d.bench.pb.FindCustomers(text=text, limit=limit))
        same(answer.WhichOneof('body'), 'customers_found', '%r: %s' % (text, str(answer)[:300]))
        return answer.customers_found


def ids(d, text, limit=0):
    return [f.customer for f in find(d, text, limit).customers]


def refused(d, text, limit=0):
    with d.client() as c:
        answer = c.call(find_customers=d.bench.pb.FindCustomers(text=text, limit=limit))
        same(answer.WhichOneof('body'), 'error', repr(text))
        return answer.error


def gauge(d, name):
    return next(g.value for g in d.status().gauges if g.name == name)


def stored(d):
    """Waits until every change is in the store, and its words are made."""
    until = time.time() + 30
    while time.time() < until:
        s = d.status()
        if s.records_dirty == 0 and gauge(d, 'names_waiting') == 0 and gauge(d, 'names_indexed') == 100:
            return
        time.sleep(0.02)
    raise kit.Failed('not stored after 30 s: %s' % d.ctl('status'))


def people(pb):
    at = kit.NOW() - kit.HOUR
    return [
        profile(pb, 'p1', 'c-17', {'name': 'Nguyễn Thị Lan', 'company': 'Vinamilk'}, at=at),
        profile(pb, 'p2', 'c-18', {'name': 'Đặng Văn Lâm'}, at=at + 1),
        profile(pb, 'p3', 'household-tran', {'name': 'Trần Văn Hòa'}, at=at + 2),
        event(pb, 'm3', customer='household-tran', type='member.joined', member='daughter', time_ms=at + 3),
        profile(pb, 'p4', 'household-tran', {'name': 'Trần Lan Anh'}, member='daughter', at=at + 4),
        alias(pb, 'a1', 'c-17', '+84901234567', at=at + 5),
        alias(pb, 'a2', 'household-tran', '0912 345 678', member='daughter', at=at + 6),
        alias(pb, 'a3', 'c-18', 'lam.dang@example.com', at=at + 7),
        event(pb, 'x1', alias='+84987654321', type='call.ended', time_ms=at + 8),
    ]


def the_same_everywhere(d):
    same(ids(d, 'nguyen lan'), ['c-17'])
    same(ids(d, 'LAN nguyễn'), ['c-17'])
    same(ids(d, 'lan'), ['household-tran', 'c-17'])
    same(ids(d, 'dang'), ['c-18'])
    same(ids(d, 'ĐẶNG văn'), ['c-18'])
    same(ids(d, 'tran hoa'), ['household-tran'])
    same(ids(d, 'c-17'), ['c-17'])
    same(ids(d, 'household'), ['household-tran'])
    for text in ('0901 234 567', '+84 901.234.567', '0084901234567', '901234567', '84901234567', '4567', '34567', '0901', '+84901'):
        same(ids(d, text), ['c-17'], text)
    for text in ('+84 912 345 678', '0912345678', '5678'):
        same(ids(d, text), ['household-tran'], text)
    same(ids(d, 'lan 4567'), ['c-17'])
    same(ids(d, 'lam.dang@example.com'), ['c-18'])
    same(ids(d, '4321'), ['prospect:+84987654321'])
    same(ids(d, 'vinamilk'), [])
    same(ids(d, 'daughter'), [])
    same(ids(d, '2345'), [])
    same(ids(d, 'lan lam'), [])
    hit = find(d, 'lan anh').customers[0]
    same((hit.customer, hit.label, hit.match, hit.merged_from), ('household-tran', 'Trần Văn Hòa', 'words', ''))
    same([(m.by, m.name, m.value, m.member) for m in hit.matched], [('attribute', 'name', 'Trần Lan Anh', 'daughter')])
    hit = find(d, '0901234567').customers[0]
    same((hit.match, hit.label, hit.matched[0].by, hit.matched[0].value), ('exact', 'Nguyễn Thị Lan', 'alias', '+84901234567'))
    hit = find(d, 'household-tran').customers[0]
    same((hit.match, hit.matched[0].by), ('exact', 'customer'))


def just_published_stored_restarted_killed(bench):
    for shards in (1, 4):
        d = bench.daemon(rules=bench.pack(PACK % ''), shards=shards, args=NEVER)
        publish(d, *people(bench.pb))
        check(d.status().records_dirty > 0)
        the_same_everywhere(d)
        d.kill()  # nothing is in the store: the journal has it
        d.start(args=SOON, shards=5 - shards)
        the_same_everywhere(d)
        stored(d)
        the_same_everywhere(d)
        d.kill()
        d.start(args=NEVER, shards=shards)
        the_same_everywhere(d)
        publish(d, profile(bench.pb, 'p9', 'c-17', {'name': 'Phạm Thị Lan'}))
        same((ids(d, 'nguyen lan'), ids(d, 'pham lan')), ([], ['c-17']))
        d.stop()
        d.start()
        same((ids(d, 'nguyen lan'), ids(d, 'pham lan'), ids(d, '4567')), ([], ['c-17'], ['c-17']))
        d.stop()
        report = json.loads(bench.ctl('verify', d.data, '--json'))
        same(report['problems'], 0, report)
        check(report['names'] >= 4 and report['words'] > report['names'], report)


def who_was_heard_of_last_comes_first(bench):
    """… of those who match equally well; stored or not."""
    d = bench.daemon(rules=bench.pack(PACK % ''), shards=2, args=SOON)
    at = kit.NOW() - kit.HOUR
    names = ['Lan', 'Lan Anh', 'Lanh', 'Lan Chi', 'Lan Dao']
    publish(d, *[profile(bench.pb, 'n%d' % i, 'k-%d' % i, {'name': n}, at=at + i) for i, n in enumerate(names)])
    same(ids(d, 'lan'), ['k-0', 'k-4', 'k-3', 'k-1', 'k-2'])
    stored(d)
    same(ids(d, 'lan'), ['k-0', 'k-4', 'k-3', 'k-1', 'k-2'])
    d.stop()
    d.start(args=NEVER)
    publish(d, event(bench.pb, 'call', customer='k-1', time_ms=at + 1000))  # nothing of the name: only when they were heard of
    same(ids(d, 'lan'), ['k-0', 'k-1', 'k-4', 'k-3', 'k-2'])
    found = find(d, 'lan', 2)
    same(([f.customer for f in found.customers], found.more), (['k-0', 'k-1'], True))
    same(find(d, 'lan', 5).more, False)


def merged_gone_and_named_anew(bench):
    for args in (NEVER, SOON):
        d = bench.daemon(rules=bench.pack(PACK % ''), shards=4, args=args)
        publish(d, profile(bench.pb, '1', 'old', {'name': 'Bùi Mai'}), alias(bench.pb, '2', 'old', '+84911111111'),
                profile(bench.pb, '3', 'new', {'name': 'Bùi Thị Mai'}))
        if args is SOON:
            stored(d)
        publish(d, event(bench.pb, '4', customer='old', type='identity.merged', attrs={'into': 'new'}))
        d.settled()
        if args is SOON:
            stored(d)
        same((ids(d, 'bui mai'), ids(d, '1111'), ids(d, 'bui thi')), (['new'], ['new'], ['new']))
        hit = find(d, 'old').customers[0]
        same((hit.customer, hit.label, hit.merged_from), ('new', 'Bùi Thị Mai', 'old'))
        publish(d, alias(bench.pb, '5', 'new', '+84911111111', gone=True), profile(bench.pb, '6', 'new', {'name': 'Đỗ Mai'}))
        d.settled()
        if args is SOON:
            stored(d)
        same((ids(d, '1111'), ids(d, 'bui'), ids(d, 'do mai')), ([], [], ['new']))
        d.kill()


def holds(data, *texts):
    found = []
    for folder, _, files in os.walk(os.path.join(data, 'state')):
        for name in files:
            with open(os.path.join(folder, name), 'rb') as f:
                content = f.read()
            found += [t for t in texts if t.encode() in content]
    return found


def erased_without_a_word_left(bench):
    d = bench.daemon(rules=bench.pack(PACK % ''), args=SOON)
    publish(d, *people(bench.pb))
    stored(d)
    d.stop()
    same(holds(d.data, 'nguyen thi lan', 'Nguyễn Thị Lan'), ['nguyen thi lan', 'Nguyễn Thị Lan'])
    bench.ctl('customer', 'erase', 'c-17', '--data', d.data, '--yes')
    same(holds(d.data, 'nguyen thi lan', 'Nguyễn Thị Lan', 'lan nguyen', '76543210948', 'c-17'), [])
    same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)
    d.start(args=NEVER)
    same((ids(d, 'nguyen'), ids(d, '4567'), ids(d, 'c-17'), ids(d, 'lan')), ([], [], [], ['household-tran']))
    d.ctl('customer', 'erase', 'household-tran', '--yes')  # while it runs
    same((ids(d, 'lan'), ids(d, '5678'), ids(d, 'household')), ([], [], []))
    same(holds(d.data, 'tran lan anh', 'Trần Lan Anh', 'lan anh', '876543219'), [])
    publish(d, profile(bench.pb, 'again', 'household-tran', {'name': 'Lê Sen'}))  # the same id, as somebody new
    same((ids(d, 'le sen'), ids(d, 'household')), (['household-tran'], ['household-tran']))


def backed_up_and_restored(bench):
    d = bench.daemon(rules=bench.pack(PACK % ''), args=SOON, shards=2)
    publish(d, *people(bench.pb))
    stored(d)
    kept, again = bench.path('backup'), bench.path('restored')
    d.ctl('backup', kept)
    same(json.loads(bench.ctl('verify', kept, '--json'))['problems'], 0)
    d.stop()
    done = subprocess.run([bench.nudged, '--restore', kept, '--data', again], capture_output=True)
    same(done.returncode, 0, done.stderr.decode())
    back = bench.daemon(data=again, args=NEVER)
    the_same_everywhere(back)


def another_pack_searches_other_attributes(bench):
    """What is stored is gone through in the background; masked values are found whole and not shown."""
    d = bench.daemon(rules=bench.pack(PACK % ''), shards=2, args=SOON)
    publish(d, *people(bench.pb))
    stored(d)
    same(ids(d, 'vinamilk'), [])
    d.ctl('rules', 'activate', bench.pack(PACK % ', search = { "company", "name" }'))
    stored(d)
    same((ids(d, 'vinamilk'), ids(d, 'nguyen')), (['c-17'], ['c-17']))
    same(find(d, 'nguyen').customers[0].label, 'Vinamilk')
    d.ctl('rules', 'activate', bench.pack(PACK % ', search = { "company", "name" }, mask = { "name", "alias" }'))
    stored(d)
    same((ids(d, 'nguyen'), ids(d, '4567')), ([], []))
    hit = find(d, 'nguyen thi lan').customers[0]
    same((hit.customer, hit.match, hit.matched[0].name, hit.matched[0].value), ('c-17', 'exact', 'name', '***'))
    hit = find(d, '0901 234 567').customers[0]
    same((hit.customer, hit.matched[0].by, hit.matched[0].value), ('c-17', 'alias', '***'))
    same(find(d, 'c-18').customers[0].label, 'c-18')  # the name is not shown here either
    d.kill()
    d.start(rules=None)
    stored(d)
    same((ids(d, 'nguyen'), ids(d, 'vinamilk')), ([], ['c-17']))
    d.ctl('rules', 'rollback')
    stored(d)
    same(ids(d, 'nguyen lan'), ['c-17'])
    d.stop()
    same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)


def fold(text):
    text = text.casefold().replace('đ', 'd').replace("'", '')
    return re.findall(r'[^\W_]+', ''.join(c for c in unicodedata.normalize('NFKD', text) if not unicodedata.combining(c)))


def as_a_walk_over_all_of_them(bench):
    """With one shard and with four, before and after they are stored: what a plain comparison of all names finds."""
    pb, rng = bench.pb, random.Random(5)
    at = kit.NOW() - kit.DAY
    names = {}
    for i in range(3000):
        names['w-%d' % i] = ' '.join(filter(None, (rng.choice(FAMILY), rng.choice(MIDDLE), rng.choice(GIVEN))))
    events = [profile(pb, 'w%d' % i, c, {'name': n}, at=at + i) for i, (c, n) in enumerate(names.items())]
    words = {c: fold(n) for c, n in names.items()}
    texts = [' '.join(t for t in (rng.choice(GIVEN), rng.choice(FAMILY)[:rng.randint(1, 6)], rng.choice(MIDDLE))[:rng.randint(2, 3)] if t)
             for _ in range(60)]
    answers = []
    for shards in (1, 4):
        d = bench.daemon(rules=bench.pack(PACK % ''), shards=shards, args=['--sweep-ms', '500'])
        publish(d, *events)
        early = [ids(d, t, 100) for t in texts]
        stored(d)
        late = [find(d, t, 100) for t in texts]
        for text, one, found in zip(texts, early, late):
            typed = fold(text)
            want = {c for c, have in words.items() if all(any(w.startswith(t) for w in have) for t in typed)}
            got = [f.customer for f in found.customers]
            if not found.more:
                same(set(got), want, text)
            check(set(got) <= want and len(got) >= min(len(want), 1), text, got)
            check(set(one) <= want, text, one)
        answers.append([[f.customer for f in found.customers] for found in late if not found.more])
        d.stop()
    same(answers[0], answers[1], 'one shard and four')
    check(sum(len(a) for a in answers[0]) > 100, answers[0])


def hostile_texts(bench):
    d = bench.daemon(rules=bench.pack(PACK % ''), args=SOON)
    publish(d, *people(bench.pb))
    for text, code, word in (('', 'invalid', 'missing'), ('   ', 'invalid', 'no letters'), ('-- !', 'invalid', 'no letters'),
                             ('x' * 129, 'limit', 'limit_find_text_bytes'), ('a b c d e f g h i j k l m n o p q', 'limit', 'words'),
                             ('a\nb', 'invalid', 'control')):
        error = refused(d, text)
        same((error.code, error.field), (code, 'text'), repr(text))
        check(word in error.reason, error.reason)
    same(refused(d, 'lan', 101).field, 'limit')
    rng = random.Random(9)
    with d.client() as c:
        for _ in range(2000):
            text = ''.join(rng.choice('lan 0901234567+-()\'.@đẶ\u0301\u200d\U0001f600%_\\') for _ in range(rng.randint(1, 40)))
            answer = c.call(find_customers=bench.pb.FindCustomers(text=text))
            check(answer.WhichOneof('body') in ('customers_found', 'error'), repr(text))
    the_same_everywhere(d)


def from_the_shell(bench):
    d = bench.daemon(rules=bench.pack(PACK % ''), args=NEVER)
    publish(d, *people(bench.pb))
    out = d.ctl('customer', 'find', 'nguyen', 'lan')
    check('c-17' in out and 'Nguyễn Thị Lan' in out and 'words' in out, out)
    found = json.loads(d.ctl('customer', 'find', 'lan', '--limit', '1', '--json'))
    same((found['customers'][0]['customer'], found['more']), ('household-tran', True))
    check('there are others' in d.ctl('customer', 'find', 'lan', '--limit', '1'))
    check('nobody is called so' in d.ctl('customer', 'find', 'zzz'))
    bad = d.ctl('customer', 'find', '--', '--', ok=False)
    check(bad.returncode != 0, bad)


def as_an_older_build_left_it(data):
    """The store's tables of names emptied, and what says that they are kept taken away."""
    lmdb = ctypes.CDLL('liblmdb.so.0')
    env, txn, dbi = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint()

    class Value(ctypes.Structure):
        _fields_ = [('size', ctypes.c_size_t), ('data', ctypes.c_char_p)]

    def good(result):
        check(result in (0, -30798), 'lmdb: %d' % result)

    good(lmdb.mdb_env_create(ctypes.byref(env)))
    good(lmdb.mdb_env_set_maxdbs(env, 16))
    good(lmdb.mdb_env_open(env, os.path.join(data, 'state').encode(), 0, 0o640))
    good(lmdb.mdb_txn_begin(env, None, 0, ctypes.byref(txn)))
    for name in (b'names', b'renamed', b'words'):
        good(lmdb.mdb_dbi_open(txn, name, 0, ctypes.byref(dbi)))
        good(lmdb.mdb_drop(txn, dbi, 0))
    good(lmdb.mdb_dbi_open(txn, b'meta', 0, ctypes.byref(dbi)))
    key = b'words newest'
    good(lmdb.mdb_del(txn, dbi, ctypes.byref(Value(len(key), key)), None))
    good(lmdb.mdb_txn_commit(txn))
    lmdb.mdb_env_close(env)


def a_store_of_before_gets_its_words(bench):
    """Records that another build stored, without words: noticed at the start, and gone through in the background."""
    d = bench.daemon(rules=bench.pack(PACK % ''), args=SOON, shards=2)
    publish(d, *people(bench.pb))
    stored(d)
    d.stop()
    as_an_older_build_left_it(d.data)
    same(json.loads(bench.ctl('verify', d.data, '--json'))['problems'], 0)
    d.start(args=NEVER)
    stored(d)
    the_same_everywhere(d)


if __name__ == '__main__':
    kit.Bench().run([just_published_stored_restarted_killed, who_was_heard_of_last_comes_first, merged_gone_and_named_anew,
                     erased_without_a_word_left, backed_up_and_restored, another_pack_searches_other_attributes,
                     as_a_walk_over_all_of_them, hostile_texts, from_the_shell, a_store_of_before_gets_its_words])
