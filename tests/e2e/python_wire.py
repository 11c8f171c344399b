#!/usr/bin/python3
"""Proof with somebody else's protobuf: Python reads what our C encoder writes, our C decoder reads what Python writes.

    python_wire.py nudge.proto wire_peer
"""
import os
import subprocess
import sys
import tempfile

import nudge_client

NOW = 1767225600000


def expect(got, want):
    if got != want:
        sys.exit('got  %r\nwant %r' % (got, want))


def same(message, **fields):
    """Each named field, and nothing else, is set in the message."""
    for name, want in fields.items():
        expect((name, getattr(message, name)), (name, want))
    expect(sorted(f.name for f, _ in message.ListFields()), sorted(fields))


def check_alert(a):
    expect((a.seq, a.index, a.rule, a.member, a.text), (300, 1, 'message-abuse', 'daughter', '140 texts'))
    expect((a.historical, a.kind, a.subject_kind, a.expires_ms), (True, 'nudge', 'customer', NOW + 1))
    expect(a.nudge.choices[0].say, 'Shall I cap it?')


def check_recommendation(r):
    expect((r.decision, r.customer, r.as_of_seq, r.fallback), ('18446744073709551615-3', 'c-1', 1 << 40, True))
    same(r.choices[0], action='family-plan', goal='serve', group='messages', score=0.06, propensity=0.2, value=0.3,
         context=1.0, lever=-0.5, say='Shall I cap it?',
         reasons=['texts_today 140 > 3 x texts_habit 21', 'Zürich ☎'])
    same(r.left_out[0], action='roaming', gate='policy', reason='r', unknown=True, score=1.5)
    same(r.answers[0], question='why is it higher?', text='usually 12')
    expect(list(r.cautions), ['open complaint'])


def check_model(m):
    expect((m.action, m.start, m.half_life_ms, list(m.by), m.since_ms), ('family-plan', 0.2, 90 * 86400000, ['segment'], NOW))
    same(m.segments[0], segment='gold', trials=12, accepted=9, recent_trials=10.5, recent_accepted=8.25, propensity=0.75,
         deviation=0.125, evidence=32.0)
    expect((m.calibration[7].trials, m.calibration[7].expected, len(m.calibration)), (4, 0.75, 10))


def check_acks(pb, acks):
    expect([a.result for a in acks], [pb.Ack.ACCEPTED, pb.Ack.DUPLICATE, pb.Ack.REFUSED])
    check_alert(acks[0].alerts[0])
    expect(list(acks[0].rules), ['message-abuse'])
    same(acks[2].error, code='limit', field='events[2].type', reason='too long')


def check_customer(c):
    expect((c.id, c.kind, c.seq), ('c-1', 'customer', 77))
    held = {h.attribute.name: getattr(h.attribute, h.attribute.WhichOneof('value')) for h in c.attributes}
    expect(held, {'lines': 2.0, 'vip': False})
    expect((c.members[0].id, c.aliases[0].alias, c.aliases[0].member), ('daughter', '+49301234567', 'daughter'))


def python_reads(pb, responses):
    bodies = {}
    for r in responses:
        bodies.setdefault(r.WhichOneof('body'), r)
    expect(sorted(bodies), sorted(f.name for f in pb.Response.DESCRIPTOR.oneofs_by_name['body'].fields))
    same(bodies['error'].error, code='invalid', field='events[3].type', reason='what is wrong')
    same(bodies['welcome'].welcome, version=1, server='nudged 0.1.0', boot_id=2 ** 64 - 1, pack='bank', pack_hash='ab',
         max_frame_bytes=1 << 20, max_in_flight=4096, max_batch_events=1024)
    check_recommendation(bodies['recommendation'].recommendation)
    check_acks(pb, bodies['published'].published.acks)
    expect(bodies['outcome_recorded'].outcome_recorded.ack.error.field, 'type')
    check_customer(bodies['customer'].customer)
    same(bodies['resolved'].resolved, customer='c-1', member='daughter', provisional=True)
    same(bodies['following'].following, seq=2 ** 64 - 1)
    check_alert(bodies['alert'].alert)
    check_alert(bodies['acknowledged'].acknowledged.alert)
    check_alert(bodies['alert_list'].alert_list.alerts[1])
    status = bodies['status'].status
    expect((status.shards, status.boot_id, status.now_ms, status.gauges[0].value), (4, 2 ** 64 - 1, NOW, 0.7))
    same(status.stages[0], name='decode', item='event', thread='shard', items=12, us=0.25, about='checked')
    same(bodies['pack_activated'].pack_activated, name='bank', hash='ab', seq=1, rules=2, actions=3,
         series_kept=4, series_new=5)
    same(bodies['rules'].rules.rules[0], name='message-abuse', on=['sms.sent'], fired=10333, aside=True)
    expect((bodies['digest'].digest.records, len(bodies['digest'].digest.digest)), (4167, 32))
    same(bodies['missed'].missed, count=1, resume_seq=2, resume_index=3)
    check_model(bodies['models'].models.models[0])
    expect((bodies['models'].models.control, bodies['model_reset'].model_reset.seq), (0.02, 301))
    check_model(bodies['model_reset'].model_reset.forgotten)
    report = bodies['report'].report
    expect([(c.name, c.unit, c.key) for c in report.columns], [('agent', '', True), ('fcr', 'share', False)])
    cells = [[c.WhichOneof('value') and getattr(c, c.WhichOneof('value')) for c in row.cells] for row in report.rows]
    expect((cells, list(report.notes), report.more), ([['linh', 0.5], ['an', None]], ['few contacts'], 7))
    same(bodies['customer_erased'].customer_erased, entries=9, customers=2, aliases=3, records=4, alerts=5, log_lines=6, mentions=7,
         seq=302)
    found = bodies['customers_found'].customers_found
    expect(([(c.customer, c.label, c.match) for c in found.customers], found.indexed), ([('lan', 'Lan', 'exact')], 100))
    history = bodies['history'].history
    expect((list(history.ends_ms), list(history.spans_ms), history.sampled), ([NOW, NOW + 5000], [5000, 300], True))
    expect([(f.name, f.shard, list(f.values)) for f in history.figures], [('events', '', [7, 1e12]), ('shard_busy', '3', [0, 99.5])])
    status = bodies['status'].status
    expect(([(s.events, s.timers) for s in status.each_shard], status.recovery.took_ms, status.recovery.dropped_bytes,
            status.open_critical), ([(1, 8)], 12, 9, 5))
    large = responses[-1].published.acks
    expect((len(large), large[-1].seq), (300000, 299999))


def events(pb):
    e = pb.Event(id='e1', source='pbx', customer='c-1', member='daughter', agent='anna', contact='k', type='call.ended',
                 channel='call', time_ms=NOW)
    e.attributes.add(name='mood', number=-0.1)
    e.attributes.add(name='topic', text='Zürich ☎')
    e.attributes.add(name='vip', flag=False)
    return [e, pb.Event(id='e2', source='pbx', alias='a@b.example', type='t'),
            pb.Event(id='e3', source='pbx', type='t', customer='c')]


def requests(pb):
    """Pairs of a request and the line that wire_peer must say of it."""
    yield dict(hello=pb.Hello(version=1, client='python')), '1 version=1 client=python'
    broken = pb.Event(id='e4', source='pbx', customer='c')
    yield (dict(publish=pb.Publish(events=events(pb) + [broken])),
           '2 [pbx/e1 c-1 daughter anna k call.ended call %d mood:-0.10000000000000001 topic:Zürich ☎ vip:false]'
           ' [pbx/e2 a@b.example    t  %d] [pbx/e3 c    t  %d] [invalid: type]' % (NOW, NOW, NOW))
    yield (dict(recommend=pb.Recommend(customer='c', member='m', agent='a', channel='web', intent='i', topic='t',
                                       mood=-0.5, has_mood=True, language='vi', limit=5, deadline_ms=40,
                                       time_ms=NOW, explain=True,
                                       attributes=[pb.Attribute(name='n', number=1)])),
           '3 c m a web i t vi -0.5 1 5 40 %d 1 n:1' % NOW)
    yield dict(recommend=pb.Recommend(alias='x')), '3 x   call    0 0 3 0 0 0'
    yield (dict(outcome=pb.Outcome(id='o', source='desk', decision='18446744073709551615-1', customer='c', agent='a',
                                   action='x', channel='sms', kind='later', time_ms=NOW)),
           '4 desk/o c a x sms later 18446744073709551615-1 %d' % NOW)
    yield dict(read_customer=pb.ReadCustomer(agent='anna')), '5 ||anna'
    yield dict(resolve_alias=pb.ResolveAlias(alias='+49')), '6 alias=+49'
    yield dict(follow=pb.Follow(after_seq=2 ** 64 - 1, after_index=2 ** 32 - 1, from_now=True, to='care')), \
        '7 18446744073709551615 4294967295 1 care'
    yield dict(acknowledge=pb.Acknowledge(seq=1, index=2, by='bob')), '8 1 2 bob'
    yield dict(get_status=pb.GetStatus()), '9'
    pack = pb.ActivatePack(name='p', files=[pb.File(path='pack.lua', content=b'\0' * 400000), pb.File(path='a/b.lua')])
    yield dict(activate_pack=pack), '10 name=p pack.lua:400000 a/b.lua:0'
    yield dict(get_rules=pb.GetRules(stats=True)), '11 stats=1'
    yield dict(get_digest=pb.GetDigest()), '12'
    yield dict(list_alerts=pb.ListAlerts(limit=7, after_seq=8)), '13 7 8'
    yield dict(unfollow=pb.Unfollow(follow_id=9)), '14 follow=9'
    yield dict(explain=pb.Explain(ask=pb.Recommend(customer='c', time_ms=NOW), event='e1')), \
        '15 customer=c event=e1 decision= count=0'
    yield dict(explain=pb.Explain(decision='7-18446744073709551615')), \
        '15 customer= event= decision=7-18446744073709551615 count=-1'
    yield dict(get_models=pb.GetModels(action='family-plan')), '16 action=family-plan by='
    yield dict(reset_model=pb.ResetModel(action='x', by='bea')), '17 action=x by=bea'
    where = [pb.Attribute(name='agent', text='linh')]
    yield dict(get_report=pb.GetReport(name='agents', by='agent,topic', since_ms=NOW, where=where, limit=5)), \
        '18 name=agents by=agent,topic since=%d limit=5 agent:linh' % NOW
    yield dict(get_history=pb.GetHistory(since_ms=NOW, step_ms=60000)), '20 since=%d step=60000' % NOW
    yield dict(find_customers=pb.FindCustomers(text='lan', limit=7)), '19 text=lan limit=7'
    yield dict(erase_customer=pb.EraseCustomer(customer='c', by='dpo')), '21 customer=c by=dpo'
    many = [pb.Event(id=str(i), source='s' * 60, customer='c' * 60, type='t', time_ms=NOW) for i in range(1024)]
    yield dict(publish=pb.Publish(events=many)), \
        '2' + ''.join(' [%s/%d %s    t  %d]' % ('s' * 60, i, 'c' * 60, NOW) for i in range(1024))
    yield dict(), 'refused invalid: '


def c_reads(pb, peer, folder):
    path = os.path.join(folder, 'requests')
    lines, seen = [], set()
    with open(path, 'wb') as out:
        for i, (body, line) in enumerate(requests(pb), 1):
            out.write(nudge_client.frame(pb.Request(request_id=i << 32, **body)))
            lines.append('%d %s' % (i << 32, line))
            seen.update(body)
    expect(sorted(seen), sorted(f.name for f in pb.Request.DESCRIPTOR.oneofs_by_name['body'].fields))
    said = subprocess.run([peer, 'read', path], check=True, stdout=subprocess.PIPE).stdout.decode()
    for got, want in zip(said.splitlines(), lines):
        expect(got, want)
    expect(len(said.splitlines()), len(lines))


def main():
    proto, peer = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        pb = nudge_client.generate(proto, folder)
        path = os.path.join(folder, 'responses')
        subprocess.run([peer, 'write', path], check=True)
        with open(path, 'rb') as f:
            python_reads(pb, nudge_client.split_all(f.read(), pb.Response))
        c_reads(pb, peer, folder)
    print('python %s: all messages agree' % sys.version.split()[0])


if __name__ == '__main__':
    main()
