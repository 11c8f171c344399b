#!/usr/bin/python3
"""libnudge from outside: the C example, against the daemon; alerts once each and events through lost connections and kills; and
every request of the protocol has its name in nudge.h.

    /usr/bin/python3 c_client.py NUDGED NUDGECTL SOURCE_ROOT EXAMPLE [CASE...]
"""
import os
import subprocess
import sys
import time

EXAMPLE = os.path.abspath(sys.argv.pop(4)) if len(sys.argv) > 4 else ''
import client_kit
import kit
from kit import check, same

PACK = "pack { name = 'c' }\nrule 'raised' { on = 'raise', alert = { to = 'care', say = '{n}' } }\n"


def the_example(b):
    d = b.daemon(rules=os.path.join(b.root, 'rules', 'welcome'))
    done = subprocess.run([EXAMPLE, d.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    same(done.returncode, 0, done.stderr)
    for words in ('pack welcome', 'alert: c-19: contact number 3', 'take-it-on: You have contacted us 3 times', 'outcome: accepted'):
        check(words in done.stdout, words, done.stdout)


def alerts_once_each(b):
    d = b.daemon(rules=b.pack(PACK), shards=2)
    between = client_kit.Between(b, d)
    going = subprocess.Popen([EXAMPLE, 'unix:' + between.path, 'follow', 'care'], stdout=subprocess.PIPE, text=True)
    seen = client_kit.alerts_through_trouble(b, d, between, going)
    check('pack c' in seen[0], seen[0])
    alerts = []
    for line in seen[1:]:
        id, text = line.rstrip('\n').split(' ', 1)
        seq, index = id.split('-')
        alerts.append((int(seq), int(index), text))
    client_kit.once_each(b, alerts)


def events_through_trouble(b):
    d = b.daemon(rules=b.pack(PACK))
    between = client_kit.Between(b, d)
    going = subprocess.Popen([EXAMPLE, 'unix:' + between.path, 'send', '20000'], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        time.sleep(0.05)
        between.cut()
    d.kill()
    d.start()
    out = going.communicate(timeout=60)[0]
    same(going.returncode, 0, out)
    check('accepted' in out, out)
    with d.client() as c:
        for n in (0, 7777, 19999):
            check(c.call(read_customer=b.pb.ReadCustomer(customer='e%d' % n)).customer.seq > 0, 'event', n)
    same(sum(e['kind'] == 'event' for e in b.dump(d.data)), 20000, 'events in the journal')


def every_request_has_its_name(b):
    with open(os.path.join(b.root, 'proto', 'nudge.h')) as f:
        header = f.read()
    for field in b.pb.Request.DESCRIPTOR.fields:
        if field.name != 'request_id':
            name = field.name.upper()
            check('#define NUDGE_%s NUDGE__V1__REQUEST__BODY_%s\n' % (name, name) in header, name, 'is not in nudge.h')


if __name__ == '__main__':
    kit.Bench().run([the_example, alerts_once_each, events_through_trouble, every_request_has_its_name])
