#!/usr/bin/python3
"""A stop in the midst of work: it ends well and soon, nothing acknowledged is lost, and (where the build looks for leaks) everything
that was under way between the shards is given back."""
import collections
import random
import re
import threading
import time

import kit
from kit import check, event, nudge_client, same

PACK = '''pack { name = "stop" }
local calls = series { on = "*", name = "calls" }
fact.calls = calls:count "7d"
action "talk" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Hello." }
rule "often" { on = "call.ended", when = fact.calls:at_least(3), alert = { to = "care", say = "often" } }
'''
ROUNDS = 24 if kit.LONG else 6
CLIENTS, BURST, CUSTOMERS = 6, 40, 60


def requests(pb, rnd, number):
    """A burst of what takes more than one shard: the customer's, the agent's, the area's; tables that go round."""
    for n in range(BURST):
        who, kind = 'c%d' % rnd.randrange(CUSTOMERS), rnd.random()
        if kind < 0.7:
            yield dict(recommend=pb.Recommend(customer=who, agent='a%d' % rnd.randrange(9), channel='call'))
        elif kind < 0.9:
            yield dict(publish=pb.Publish(events=[event(pb, '%d-%d' % (number, n), who, agent='a%d' % rnd.randrange(9))]))
        elif kind < 0.94:
            yield dict(get_rules=pb.GetRules())
        elif kind < 0.98:
            yield dict(get_report=pb.GetReport(name='agents'))
        else:
            yield dict(find_customers=pb.FindCustomers(text='c'))


def keep_busy(d, number, kept):
    """Until the daemon goes; kept: ids of what it acknowledged."""
    pb, rnd, sent = d.bench.pb, random.Random(number), {}
    try:
        with d.client() as c:
            for burst in range(10 ** 6):
                for body in requests(pb, rnd, number * 1000000 + burst * BURST):
                    sent[c.send(**body)] = body.get('publish')
                for _ in range(BURST):
                    answer = c.receive()
                    asked = sent.pop(answer.request_id)
                    if asked and answer.WhichOneof('body') == 'published' and answer.published.acks[0].result == 1:
                        kept.append(asked.events[0])
    except (OSError, nudge_client.Closed):
        pass


def while_requests_are_under_way(bench):
    rnd, data, kept = random.Random(11), bench.path('data'), []
    pack = bench.pack(PACK)
    for turn in range(ROUNDS):
        d = bench.daemon(data=data, rules=pack, shards=2 + turn % 3)
        busy = [threading.Thread(target=keep_busy, args=(d, turn * CLIENTS + n, kept), daemon=True) for n in range(CLIENTS)]
        for t in busy:
            t.start()
        time.sleep(0.1 + rnd.random() * 0.4)
        d.stop()
        for t in busy:
            t.join(30)
            check(not t.is_alive(), 'a client was not let go')
        check(not re.search('Sanitizer|runtime error|not brought up to date', d.said()), d.said())
    d = bench.daemon(data=data, rules=pack)
    check(len(kept) > ROUNDS, 'nothing was acknowledged')
    with d.client() as c:
        for who, count in collections.Counter(e.customer for e in kept).items():
            series = {s.name: s.count for s in c.call(read_customer=bench.pb.ReadCustomer(customer=who)).customer.series}
            check(series['calls'] >= count, who, 'was acknowledged', count, 'events and has', series)
    digest = d.settled()
    d.stop()
    same(bench.replay(data)['digest'], digest)


if __name__ == '__main__':
    kit.Bench().run([while_requests_are_under_way])
