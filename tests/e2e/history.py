#!/usr/bin/python3
"""The daemon's figures over the last hour: what they count is what was sent, and a restart begins anew."""
import time

import http_kit
import kit
from http_kit import get, good, post, problem

PACK = '''
pack { name = "history" }
rule "loud" { on = "loud", alert = { severity = "critical", to = "care", say = "loud" } }
rule "quiet" { on = "quiet", alert = { to = "care", severity = "low", say = "quiet" } }
action "listen" { goal = "serve", channels = { "call" }, value = { customer = 0.5, business = 0.1 }, say = "Listen." }
'''


def history(d, query=''):
    h = good(get(d, '/v1/history' + query))
    for f in h['figures']:
        kit.same(len(f['values']), len(h['ends_ms']), f['name'])
        kit.check(f['about'] and f['unit'] and f['kind'] in ('count', 'percentile', 'mean', 'level'), f)
    return h


def figure(h, name, shard=''):
    return [f['values'] for f in h['figures'] if (f['name'], f['shard']) == (name, shard)][0]


def until(d, truth):
    """The history once that holds: a sample is taken every five seconds."""
    for _ in range(300):
        h = history(d)
        if truth(h):
            return h
        time.sleep(0.1)
    raise kit.Failed('the history does not come to that: %r' % {f['name']: f['values'] for f in h['figures']})


def counts_are_what_was_sent(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    began = good(get(d, '/v1/history'))
    kit.same((began['step_ms'], began['keep_ms'], began['sampled']), (5000, 3600000, True))
    for n in range(7):
        events = [{'id': '%d-%d' % (n, i), 'source': 'h', 'customer': 'c%d' % i, 'type': 'loud' if (n, i) == (0, 0) else 'call'} for i in range(30)]
        good(post(d, '/v1/events', events))
    good(post(d, '/v1/events', {'id': 'q', 'source': 'h', 'customer': 'c1', 'type': 'quiet'}))
    good(post(d, '/v1/events', {'id': 'q', 'source': 'h', 'customer': 'c1', 'type': 'quiet'}))
    for n in range(5):
        good(post(d, '/v1/recommendations', {'customer': 'c%d' % n}))
    h = until(d, lambda h: sum(figure(h, 'recommendations')) == 5)
    kit.same([sum(figure(h, n)) for n in ('events', 'duplicates', 'refusals', 'alerts')], [211, 1, 0, 2])
    kit.same(sum(figure(h, 'shard_events', '0')) + sum(figure(h, 'shard_events', '1')), 211)
    kit.check(min(sum(figure(h, 'shard_events', s)) for s in '01') > 0, 'one shard had all')
    kit.same((figure(h, 'open_critical')[-1], figure(h, 'open_low')[-1], figure(h, 'open_high')[-1]), (1, 1, 0))
    kit.check(sum(figure(h, 'queries')) >= 5 and sum(figure(h, 'journal_bytes')) > 211 * 20, 'queries, journal')
    busy = max(range(len(h['ends_ms'])), key=lambda i: figure(h, 'events')[i])
    for name in ('publish', 'recommend', 'sync'):
        times = [figure(h, name + end)[busy] for end in ('_p50', '_p99', '_p999', '_max')]
        kit.check(times == sorted(times), name, times)
    kit.check(figure(h, 'publish_p50')[busy] > 0 and figure(h, 'publish_max')[busy] < 60e6, 'publish takes no time, or a minute')
    kit.check(all(0 < s < 60000 for s in h['spans_ms']) and h['ends_ms'] == sorted(h['ends_ms']), 'times')
    kit.same(figure(h, 'records')[-1] > 0 and figure(h, 'memory')[-1] > 1 << 20, True)
    # what came since the last look, alone
    later = until(d, lambda new: new['ends_ms'][-1] > h['ends_ms'][-1])
    since = history(d, '?since_ms=%d' % h['ends_ms'][-1])
    kit.same(since['ends_ms'][:1], later['ends_ms'][len(h['ends_ms']):][:1])
    status = good(get(d, '/v1/status'))
    kit.same((status['open_critical'], status['open_low'], status['alerts_open']), (1, 1, 2))
    kit.same(sum(s['events'] for s in status['each_shard']), 211)
    kit.same(sum(s['recommendations'] for s in status['each_shard']), 5)
    metrics = get(d, '/metrics').body.decode()
    kit.check('nudged_alerts_open_by_severity{severity="critical"} 1\n' in metrics and '\nnudged_queries_total ' in metrics, 'metrics')
    d.kill()
    d.start()
    d.port = http_kit.port_of(d)
    anew = good(get(d, '/v1/history'))
    kit.check(anew['started_ms'] > h['started_ms'] and len(anew['ends_ms']) <= 1, 'a restart begins anew, and says so')
    recovery = good(get(d, '/v1/status'))['recovery']
    kit.check(recovery['applied'] + recovery['skipped'] >= 212 and recovery['last_seq'] >= 212, recovery)


def a_step_that_is_not_kept(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK))
    problem(get(d, '/v1/history?step_ms=1000'), 400, 'invalid', '60000')
    problem(get(d, '/v1/history?step=5000'), 400, 'invalid', 'there are: since_ms, step_ms')
    kit.same(good(get(d, '/v1/history?since_ms=1000'))['step_ms'], 60000)


def without_a_gateway(bench):
    """Nobody takes samples then: the answer says so."""
    d = bench.daemon(rules=bench.pack(PACK))
    with d.client() as c:
        r = c.call(get_history=bench.pb.GetHistory())
        kit.same((r.WhichOneof('body'), r.history.sampled, len(r.history.ends_ms)), ('history', False, 0))


if __name__ == '__main__':
    kit.Bench().run([counts_are_what_was_sent, a_step_that_is_not_kept, without_a_gateway])
