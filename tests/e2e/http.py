#!/usr/bin/python3
"""The HTTP gateway: every route and every refusal as its own document says; events in all their forms; health and metrics."""
import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse

import http_kit
import kit
from http_kit import ask, get, good, post, problem

PACK = '''
pack { name = "http", topics = { "bill" }, currency = "VND", fallback = { "listen" } }
local calls = series { on = "call.ended", name = "calls" }
local moods = series { on = "call.ended", per = "agent", value = "mood", name = "moods" }
fact.calls = calls:count "7d"
rule "raised" { on = "raise", why = "somebody must know", alert = { to = "care", say = "raised {n}" } }
rule "reach" { on = "reach", nudge = { channel = "sms" } }
action "sorry" { goal = "serve", channels = { "sms", "call" }, value = { customer = 0.5, business = 0.1 }, say = "Sorry.",
  next = { accepted = { say = "Thank you." } } }
action "listen" { goal = "serve", channels = { "call" }, value = { customer = 0.1, business = 0.1 }, say = "Listen." }
answers "bill" { ["why?"] = "Because of {calls} calls." }
event "call.ended" { attributes = { mood = "number", vip = "boolean", topic = "string", n = "number" } }
event "raise" { attributes = { n = { "number", money = true }, due = "time" } }
event "reach" {}
rule "owes" { on = "raise", set = { owed = event.n, owed_by = event.due } }
relationship { parts = { calls = { weight = 1, value = 1 / (1 + fact.calls) } }, sample = { "call.ended" } }
spell "attribute" { { is = "vip", say = "Important" }, { is = "owed", say = "Owes" } }
spell "mood" { { at_most = -0.2, say = "angry" }, { say = "calm" } }
'''
LINES = 'application/x-ndjson'


def event(id, customer='kim', type='call.ended', **more):
    return {'id': str(id), 'source': 'http', 'customer': customer, 'type': type, **more}


def accepted(answer):
    ack = good(answer)
    kit.same(ack['result'], 'ACCEPTED', ack)
    return ack


def pack_files(text):
    import base64
    return [{'path': 'pack.lua', 'content': base64.b64encode(text.encode()).decode()}]


def known_and_past(d, call):
    """Who has the state asks cheaply whether it still is so; the scores that are kept come with it, oldest first."""
    path = '/v1/customers/kim?known_seq=%d'
    kim = get(d, '/v1/customers/kim').json
    kit.same(len(kim['timeline']) > 0, True)
    same = call('GET', '/v1/customers/{customer}', path % kim['seq']).json
    kit.same((same['id'], same['seq'], same['timeline'], same['relationship']), ('kim', kim['seq'], [], None))
    accepted(post(d, '/v1/events', event(6)))
    later = call('GET', '/v1/customers/{customer}', path % kim['seq']).json
    kit.check(later['seq'] > kim['seq'] and len(later['timeline']) == len(kim['timeline']) + 1, later)
    scores = [round(s['score'], 1) for s in later['relationship']['past']]
    kit.same(scores[-2:], [33.3, 25.0], 'the scores of two and three calls')
    kit.same(scores[-1], round(later['relationship']['score'], 1))


def words_of(words):
    kit.same((words['zone'], words['currency'], words['languages'], words['topics']), ('UTC', 'VND', ['en'], ['bill']))
    said = [(s['name'], s['value'], s['wordings'][0]['text']) for s in words['spellings']]
    kit.same(said, [('attribute', 'vip', 'Important'), ('attribute', 'owed', 'Owes'), ('mood', '', 'angry'), ('mood', '', 'calm')])
    kit.same([(s['at_least'], s['at_most']) for s in words['spellings']][2:], [(None, {'at': -0.2}), (None, None)])
    kinds = {a['name']: a['kind'] for a in words['attributes']}
    kit.same({name: kinds[name] for name in ('n', 'due', 'owed', 'owed_by', 'vip')},
             {'n': 'number', 'due': 'time', 'owed': 'money', 'owed_by': 'time', 'vip': 'boolean'})


def every_route_as_documented(bench):
    """Each operation of the document is called, and answers what the document says."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=3)
    doc = http_kit.Document(get(d, '/v1/openapi.json').body)
    kit.same(doc.all['openapi'], '3.1.0')
    tried = set()

    def call(method, template, path=None, body=None):
        op = doc.operations()[(method, template)]
        if body is not None and template != '/v1/events':
            doc.check(body, op['requestBody']['content']['application/json']['schema'], 'request')
        for name in re.findall(r'[?&](\w+)=', path or ''):
            kit.check(name in [p['name'] for p in op['parameters']], 'parameter', name, 'of', template, 'is not documented')
        answer = ask(d, method, path or template, body)
        kit.same(answer.status, 200, '%s %s %r' % (method, path or template, answer))
        content = op['responses']['200']['content']
        kit.check(answer.type in content, template, answer.type, 'is not documented')
        if answer.type == 'application/json':
            doc.check(answer.json, content[answer.type]['schema'])
        tried.add((method, template))
        return answer

    raised = call('POST', '/v1/events', body=event(1, type='raise', attributes={'n': 7})).json['alerts'][0]
    call('POST', '/v1/events', body=[event(2, agent='anna', attributes={'mood': -0.5, 'vip': True, 'topic': 'bill'}), event(3)])
    call('POST', '/v1/events', body={'events': [event(4, type='alias.added', attributes={'alias': '+84901234567'}), event(5, type='reach')]})
    d.settled()
    r = call('POST', '/v1/recommendations', body={'customer': 'kim', 'topic': 'bill', 'explain': True}).json
    kit.same([c['action'] for c in r['choices']], ['sorry', 'listen'])
    kit.same(r['answers'], [{'question': 'why?', 'text': 'Because of 2 calls.'}])
    call('GET', '/v1/customers/{customer}/recommendation', '/v1/customers/kim/recommendation?channel=call&limit=1&explain=true')
    o = call('POST', '/v1/outcomes', body={'id': 'o1', 'source': 'http', 'decision': r['decision'], 'customer': 'kim', 'action': 'sorry',
                                           'channel': 'call', 'kind': 'accepted', 'money': {'revenue': 5, 'currency': 'VND'}}).json
    kit.same((o['ack']['result'], o['next']['say']), ('ACCEPTED', 'Thank you.'))
    kim = call('GET', '/v1/customers/{customer}', '/v1/customers/kim').json
    kit.same((kim['id'], kim['aliases'][0]['alias'], kim['outcomes'][0]['kind']), ('kim', '+84901234567', 'accepted'))
    kit.same(call('GET', '/v1/customers', '/v1/customers?alias=%2B84901234567').json['id'], 'kim')
    kit.same(call('GET', '/v1/agents/{agent}', '/v1/agents/anna').json['kind'], 'agent')
    kit.same(call('GET', '/v1/aliases/{alias}', '/v1/aliases/+84901234567').json['customer'], 'kim')
    kit.same(len(call('GET', '/v1/alerts', '/v1/alerts?to=care').json['alerts']), 1)
    call('POST', '/v1/alerts/{seq}-{index}/acknowledge', '/v1/alerts/%d-%d/acknowledge' % (raised['seq'], raised['index']), {'by': 'me'})
    stream = http_kit.Stream(d)
    doc.check(stream.alerts(1)[0], {'$ref': '#/components/schemas/Alert'})
    tried.add(('GET', '/v1/alerts/stream'))
    rules = call('GET', '/v1/rules').json['rules']
    kit.same([(r['name'], r['fired']) for r in rules], [('raised', 1), ('reach', 1), ('owes', 1)])
    kit.same(call('GET', '/v1/rules/history', '/v1/rules/history?limit=5').json['activations'][0]['active'], True)
    call('GET', '/v1/rules/series')
    known_and_past(d, call)
    words_of(call('GET', '/v1/rules/words').json['words'])
    changed = call('POST', '/v1/rules/activate', body={'files': pack_files(PACK + '-- changed\n'), 'by': 'test'}).json
    back = call('POST', '/v1/rules/rollback', body={}).json
    kit.same(back['back_to'] > 0 and changed['seq'] > 0, True)
    past = get(d, '/v1/rules/history').json['activations']
    kit.same([(a['by'], a['uid_plus_one'], a['origin']) for a in past][1], ('test', 0, 'client'), 'who activated is not known')
    kit.same(call('GET', '/v1/decisions/{decision}', '/v1/decisions/' + r['decision']).json['decision']['identical'], True)
    kit.same(call('GET', '/v1/entries/{entry}', '/v1/entries/%d' % raised['seq']).json['rules'][0]['came'], 'fired')
    kit.same(call('POST', '/v1/explanations', body={'ask': {'customer': 'kim'}}).json['about'], 'moment')
    kit.same(len(call('GET', '/v1/models').json['models']), 2)
    call('GET', '/v1/models/{action}', '/v1/models/sorry')
    call('POST', '/v1/models/{action}/reset', '/v1/models/sorry/reset', {'by': 'me'})
    kit.same(call('GET', '/v1/customers/search', '/v1/customers/search?text=kim').json['customers'][0]['customer'], 'kim')
    call('POST', '/v1/events', body={'id': 'e-gone', 'source': 'crm', 'customer': 'gone', 'type': 'call.ended'})
    kit.same(call('POST', '/v1/customers/{customer}/erase', '/v1/customers/gone/erase', {'by': 'dpo'}).json['customers'], 1)
    kit.same(call('GET', '/v1/status').json['pack'], 'http')
    kit.same(call('GET', '/v1/history', '/v1/history?since_ms=0&step_ms=60000').json['step_ms'], 60000)
    kit.same(call('GET', '/v1/digest').json['digest'], d.settled())
    for path in ('/v1/openapi.json', '/livez', '/readyz', '/metrics'):
        call('GET', path)
    report = call('GET', '/v1/reports/{name}', '/v1/reports/actions?by=action&limit=5').json
    kit.check(report['columns'][0] == dict(report['columns'][0], name='action', key=True), report['columns'][0])
    kit.same([row['action'] for row in report['rows']], ['sorry'])
    kit.same(get(d, '/v1/reports/actions?where[action]=none').json['rows'], [])
    kit.same(set(doc.operations()) - tried, set(), 'documented and not tried')
    # the document is one that others can read: every reference leads somewhere, no operation has another's name
    text = json.dumps(doc.all)
    for name in re.findall(r'#/components/schemas/(\w+)', text):
        kit.check(name in doc.schemas, name, 'is referred to, and not there')
    ids = [op['operationId'] for op in doc.operations().values()]
    kit.same(len(ids), len(set(ids)), 'operation ids')


def every_refusal(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    doc = http_kit.Document(get(d, '/v1/openapi.json').body)
    seen = {}

    def refused(answer, status, code, words='', template=None, method='POST'):
        p = problem(answer, status, code, words)
        if template:
            kit.check(str(status) in doc.operations()[(method, template)]['responses'], status, 'of', template, 'is not documented')
        seen[code] = p
        return p
    accepted(post(d, '/v1/events', event('a')))
    p = refused(post(d, '/v1/events', event('b', tpye='x')), 400, 'invalid', 'did you mean type', '/v1/events')
    kit.same(p['field'], 'tpye')
    kit.same(refused(post(d, '/v1/events', event('b', mood=1)), 400, 'invalid', 'put it into attributes')['field'], 'mood')
    refused(post(d, '/v1/events', {'id': 'x'}), 400, 'invalid')
    refused(post(d, '/v1/events', '{"id": '), 400, 'invalid', 'line 1')
    refused(post(d, '/v1/events', '{"id": 1, "id": 2}'), 400, 'invalid')
    refused(post(d, '/v1/events', '"text"'), 400, 'invalid')
    refused(post(d, '/v1/events', event('x' * 65)), 422, 'limit', 'limit_id_bytes', '/v1/events')
    refused(post(d, '/v1/events', [event(n) for n in range(1025)]), 422, 'limit', 'limit_batch_events')
    refused(post(d, '/v1/events', event('a', type='other')), 409, 'conflict', '', '/v1/events')
    refused(post(d, '/v1/events', event('c', time_ms=kit.NOW() + kit.DAY)), 422, 'limit', 'limit_skew_ms')
    refused(post(d, '/v1/events', '<event/>', type='application/xml'), 415, 'media', 'x-ndjson', '/v1/events')
    refused(post(d, '/v1/outcomes', 'id=1', type='application/x-www-form-urlencoded'), 415, 'media', '', '/v1/outcomes')
    refused(post(d, '/v1/outcomes', {'id': 'o', 'source': 's', 'customer': 'kim', 'action': 'sorry', 'channel': 'call', 'kind': 'bought'}),
            400, 'invalid')
    refused(post(d, '/v1/recommendations', {}), 400, 'invalid', '', '/v1/recommendations')
    refused(post(d, '/v1/recommendations', [1]), 400, 'invalid', 'object')
    refused(get(d, '/v1/customers/nobody'), 404, 'missing', '', '/v1/customers/{customer}', 'GET')
    refused(get(d, '/v1/customers/%ff'), 400, 'invalid', 'UTF-8')
    refused(get(d, '/v1/customers/kim/recommendation?chanel=sms'), 400, 'invalid', 'did you mean channel',
            '/v1/customers/{customer}/recommendation', 'GET')
    refused(get(d, '/v1/customers/kim/recommendation?limit=many'), 400, 'invalid', 'whole number')
    refused(get(d, '/v1/customers/kim/recommendation?limit=1&limit=2'), 400, 'invalid', 'twice')
    for mood in (1.5, -7): # who says one need not say that they do
        refused(post(d, '/v1/recommendations', {'customer': 'kim', 'mood': mood}), 400, 'invalid', 'from -1 (worst) to 1')
        refused(get(d, '/v1/customers/kim/recommendation?mood=%g' % mood), 400, 'invalid', 'from -1 (worst) to 1')
    refused(post(d, '/v1/events', event('packed'), headers={'Content-Encoding': 'gzip'}), 415, 'media', 'as they are', '/v1/events')
    refused(get(d, '/v1/status?verbose=1'), 400, 'invalid', 'no parameter verbose here, nor any other')
    refused(get(d, '/v1/customers/kim/recommendation?explain=maybe'), 400, 'invalid', 'true or false')
    refused(get(d, '/v1/customers/kim/recommendation?limit'), 400, 'invalid', 'NAME=VALUE')
    refused(get(d, '/v1/alerts?limit=-1'), 400, 'invalid')
    refused(post(d, '/v1/alerts/99-0/acknowledge'), 404, 'missing', '', '/v1/alerts/{seq}-{index}/acknowledge')
    refused(post(d, '/v1/alerts/99-0/acknowledge', {'seq': 5}), 400, 'invalid', 'path')
    refused(get(d, '/v1/models/none'), 404, 'missing', '', '/v1/models/{action}', 'GET')
    refused(get(d, '/v1/decisions/1-1'), 404, 'missing', '', '/v1/decisions/{decision}', 'GET')
    refused(post(d, '/v1/rules/activate', {'files': pack_files('pack {')}), 422, 'rule', '', '/v1/rules/activate')
    for kim in ('kim', 'max'):
        accepted(post(d, '/v1/events', event('alias', kim, 'alias.added', attributes={'alias': '+84901234567'}, source=kim)))
    d.settled()
    refused(get(d, '/v1/customers?alias=%2B84901234567'), 409, 'ambiguous', '', '/v1/customers', 'GET')
    p = refused(get(d, '/v1/reports/nothing'), 404, 'missing', 'actions', '/v1/reports/{name}', 'GET')
    refused(get(d, '/v1/reports/actions?when[action]=x'), 400, 'invalid', 'there are: since_ms')
    # what there is not, and not in this way
    refused(get(d, '/v1/nothing'), 404, 'missing', '/v1/openapi.json')
    refused(get(d, '/v2/'), 404, 'missing')
    refused(get(d, '/v1/customers/a/b'), 404, 'missing')
    for method, path, allow in (('GET', '/v1/events', 'POST'), ('DELETE', '/v1/customers/kim', 'GET'), ('PUT', '/metrics', 'GET')):
        answer = ask(d, method, path)
        refused(answer, 405, 'method')
        kit.same(answer.headers['allow'], allow)
    # pages of others, also where their name leads here
    refused(get(d, '/v1/status', headers={'Host': 'evil.example'}), 403, 'denied', '', '/v1/status', 'GET')
    refused(get(d, '/v1/status', headers={'Origin': 'https://evil.example'}), 403, 'denied')
    refused(get(d, '/v1/status', headers={'Origin': 'null'}), 403, 'denied')
    own = 'localhost:%d' % d.port
    good(get(d, '/v1/status', headers={'Host': own, 'Origin': 'http://' + own}))
    kit.check(len(seen) >= 9, seen.keys())
    kit.check(ask(d, 'HEAD', '/v1/status').status == 200)


IDS = ['a/b', '/', 'a//b', 'a%b', 'x%2Fy', '100%', 'a?b=c&d', 'a#b', 'a b', 'a+b', 'a;b', 'a"b', "a'b", 'a\\b', '-', '..', '.', 'search',
       'Trần Thị Bé', '\u00e9', 'e\u0301', '\U0001d4b3', '<script>']


def ids_of_any_kind(bench):
    """Whatever an id is made of, it comes back as it was sent, in a path where it is percent-encoded, and in the query; two that
    merely look alike are two."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    quoted = lambda text: urllib.parse.quote(text, safe='')
    for n, id in enumerate(IDS):
        accepted(post(d, '/v1/events', event('id%d' % n, id, agent=id, attributes={'mood': -0.5})))
        accepted(post(d, '/v1/events', event('al%d' % n, id, 'alias.added', attributes={'alias': 'alias of ' + id})))
    d.settled()
    for id in IDS:
        path, alias = quoted(id), quoted('alias of ' + id)
        if id != 'search': # a route of its own
            kit.same(get(d, '/v1/customers/' + path).json['id'], id)
        for query, kind in (('customer=' + path, 'customer'), ('agent=' + path, 'agent'), ('alias=' + alias, 'customer')):
            found = get(d, '/v1/customers?' + query).json
            kit.same((found['id'], found['kind']), (id, kind), query)
        kit.same(get(d, '/v1/agents/' + path).json['id'], id)
        kit.same(get(d, '/v1/aliases/' + alias).json['customer'], id)
        made = get(d, '/v1/customers/%s/recommendation?agent=%s&channel=call' % (path, path)).json['decision']
        kit.same(get(d, '/v1/decisions/' + made).json['subject'], id)
        rows = get(d, '/v1/reports/agents?by=topic&where[agent]=' + path).json['rows']
        kit.same([r['contacts'] for r in rows], rows and [1], id)
    kit.same(len({get(d, '/v1/customers?customer=' + quoted(id)).json['seq'] for id in IDS}), len(IDS), 'some are one')
    accepted(post(d, '/v1/events', event('k', 'k')))
    for address in ('/v1/customers/k%00', '/v1/customers?customer=k%00', '/v1/customers/%00'):
        problem(get(d, address), 400, 'invalid', '%00')
    for address in ('/v1/customers/100%', '/v1/customers/a%zz', '/v1/customers?customer=a%2', '/v1/status?%'):
        problem(get(d, address), 400, 'invalid', 'write %25')
    problem(get(d, '/v1/customers?customer=k&agent=k'), 400, 'invalid', 'exactly one')
    problem(get(d, '/v1/agents/nobody'), 404, 'missing', 'counts of agents')


def publishing(bench):
    """One, many, lines, CloudEvents: each event has its own answer, in order; again is a duplicate."""
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    accepted(post(d, '/v1/events', event(1), type='application/json; charset=utf-8'))
    kit.same(good(post(d, '/v1/events', event(1, time_ms=0)))['result'], 'DUPLICATE')
    accepted(post(d, '/v1/events', event('t', time='2026-01-31T10:00:00+07:00')))
    acks = good(post(d, '/v1/events', [event(2), event(3, kind='x'), {'id': 4}, event(5, type=''), event(6)]))['acks']
    kit.same([a['result'] for a in acks], ['ACCEPTED', 'REFUSED', 'REFUSED', 'REFUSED', 'ACCEPTED'])
    kit.same([a['error']['field'] for a in acks[1:4]], ['events[1].kind', 'events[2].id', 'events[3].type'])
    lines = [json.dumps(event('l%d' % n, 'c%d' % (n % 5))) for n in range(2500)]
    lines[7], lines[1500], lines[2400] = '', '{"id": ', json.dumps(event('bad', oops=1))
    answer = post(d, '/v1/events', '\n'.join(lines), type=LINES)
    kit.same((answer.status, answer.type), (200, LINES))
    acks = [json.loads(line) for line in answer.body.decode().splitlines()]
    kit.same([a['line'] for a in acks], [n + 1 for n in range(2500) if n != 7])
    wrong = {a['line']: a['error']['field'] for a in acks if a['result'] != 'ACCEPTED'}
    kit.same(wrong, {1501: '', 2401: 'oops'})
    again = post(d, '/v1/events', '\n'.join(lines[-5:]) + '\n', type=LINES)
    kit.same({json.loads(line)['result'] for line in again.body.decode().splitlines()}, {'DUPLICATE'})
    kit.same(post(d, '/v1/events', '', type=LINES).body, b'')
    # chunked, as a client sends that does not know the length
    with http_kit.Connection(d.port) as c:
        body = json.dumps(event('chunked')).encode()
        c.send(b'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
        for at in range(0, len(body), 10):
            c.send(b'%x\r\n%s\r\n' % (len(body[at:at + 10]), body[at:at + 10]))
            time.sleep(0.002)
        c.send(b'0\r\n\r\n')
        accepted(c.answer())
    # as large as may be
    acks = good(post(d, '/v1/events', [event('big%d' % n, 'b%d' % n, attributes={'t': 'x' * 900}) for n in range(1000)]))['acks']
    kit.same({a['result'] for a in acks}, {'ACCEPTED'})
    expected = 1 + 1 + 2 + 2497 + 1 + 1000
    kit.same(d.status().events_accepted, expected)
    digest = d.settled()
    d.stop()
    kit.same(bench.replay(d.data)['digest'], digest)


def cloudevents(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK))
    one = {'specversion': '1.0', 'id': 'c1', 'source': '/crm/cases', 'type': 'raise', 'subject': 'kim', 'time': '2026-06-01T10:00:00Z',
           'datacontenttype': 'application/json', 'traceparent': '00-1', 'agent': 'anna', 'data': {'n': 3, 'late': True, 'topic': 'bill'}}
    ack = accepted(post(d, '/v1/events', one, type='application/cloudevents+json; charset=UTF-8'))
    kit.same(ack['alerts'][0]['text'], 'raised 3')
    moment = get(d, '/v1/customers/kim').json['timeline'][0]
    kit.same((moment['type'], moment['agent'], moment['time_ms']), ('raise', 'anna', 1780308000000))
    batch = [dict(one, id='c2'), dict(one, id='c3', specversion='0.3'), dict(one, id='c4', data='text'), {'id': 'c5'},
             dict(one, id='c6', alias='+84901234567')]
    acks = good(post(d, '/v1/events', batch, type='application/cloudevents-batch+json'))['acks']
    kit.same([a['result'] for a in acks], ['ACCEPTED', 'REFUSED', 'REFUSED', 'REFUSED', 'ACCEPTED'])
    kit.same([a['error']['field'] for a in acks[1:4]], ['events[1].specversion', 'events[2].data', 'events[3].specversion'])
    ce = 'application/cloudevents+json'
    problem(post(d, '/v1/events', dict(one, specversion='2.0'), type=ce), 400, 'version', '1.0')
    problem(post(d, '/v1/events', dict(one, data_base64='eA=='), type=ce), 400, 'invalid')
    problem(post(d, '/v1/events', {k: one[k] for k in one if k != 'subject'}, type=ce), 400, 'invalid', 'subject')
    problem(post(d, '/v1/events', dict(one, datacontenttype='text/xml'), type=ce), 400, 'invalid', 'JSON')
    problem(post(d, '/v1/events', dict(one, data={'deep': {'er': 1}}), type=ce), 400, 'invalid')
    problem(post(d, '/v1/events', [one], type=ce), 400, 'invalid', 'batch')
    # binary mode: the attributes are headers
    head = {'ce-specversion': '1.0', 'ce-id': 'c7', 'ce-source': '/crm', 'CE-Type': 'raise', 'ce-subject': 'l%C3%AA', 'ce-agent': 'anna'}
    ack = accepted(post(d, '/v1/events', {'n': 9}, headers=head))
    kit.same((ack['alerts'][0]['text'], ack['alerts'][0]['customer']), ('raised 9', 'lê'))
    problem(post(d, '/v1/events', {'n': 9}, headers={'ce-specversion': '1.0', 'ce-id': 'c8'}), 400, 'invalid', 'source')
    problem(post(d, '/v1/events', '[', headers=head), 400, 'invalid', 'JSON')
    problem(post(d, '/v1/events', one, type='application/cloudevents-batch+json'), 400, 'invalid', 'array')


SDK = """
import { createRequire } from 'node:module';
const { HTTP, CloudEvent } = createRequire(process.argv[3] + '/')('cloudevents');
const make = n => new CloudEvent({ id: 'sdk-' + n, source: '/crm/cases', type: 'raise', subject: 'kim', agent: 'anna', data: { n } });
const send = async (headers, body) => {
  const r = await fetch(process.argv[2] + '/v1/events', { method: 'POST', headers, body });
  console.log(JSON.stringify({ status: r.status, body: await r.json() }));
};
for (const m of [HTTP.structured(make(1)), HTTP.binary(make(2))]) await send(m.headers, m.body);
await send({ 'content-type': 'application/cloudevents-batch+json' }, '[' + [3, 4].map(n => HTTP.structured(make(n)).body) + ']');
"""


def cloudevents_of_the_official_sdk(bench):
    """What CNCF's JavaScript SDK sends is taken, in both modes and as a batch."""
    folder = os.environ.get('NUDGED_TEST_CLOUDEVENTS') # where `npm install cloudevents` was done
    if not shutil.which('node') or not (folder or (kit.LONG and shutil.which('npm'))):
        raise kit.Skip('needs node, and NUDGED_TEST_LONG (to fetch it with npm) or NUDGED_TEST_CLOUDEVENTS')
    if not folder:
        folder = bench.path('sdk')
        os.mkdir(folder)
        if subprocess.run(['npm', 'install', '--no-audit', '--no-fund', 'cloudevents'], cwd=folder, stdout=subprocess.DEVNULL).returncode:
            raise kit.Skip('npm could not fetch cloudevents')
    d = http_kit.http(bench, rules=bench.pack(PACK))
    script = os.path.join(folder, 'sdk-test.mjs')
    with open(script, 'w', encoding='utf-8') as f:
        f.write(SDK)
    said = subprocess.run(['node', script, 'http://127.0.0.1:%d' % d.port, folder], stdout=subprocess.PIPE, check=True).stdout.decode()
    one, two, batch = [json.loads(line) for line in said.splitlines()]
    acks = [one['body'], two['body'], *batch['body']['acks']]
    kit.same([(a['result'], a['alerts'][0]['text']) for a in acks], [('ACCEPTED', 'raised %d' % n) for n in (1, 2, 3, 4)])
    kit.same({one['status'], two['status'], batch['status']}, {200})


def scraped_by_prometheus(bench):
    """A real Prometheus takes what /metrics says."""
    if not shutil.which('prometheus'):
        raise kit.Skip("prometheus is not here: Debian's package of that name has it")
    d = http_kit.http(bench, rules=bench.pack(PACK))
    accepted(post(d, '/v1/events', event(1)))
    folder = bench.path('prometheus')
    os.mkdir(folder)
    with open(os.path.join(folder, 'p.yml'), 'w', encoding='utf-8') as f:
        f.write('global: {scrape_interval: 1s}\nscrape_configs: [{job_name: nudged, static_configs: [{targets: ["127.0.0.1:%d"]}]}]\n' % d.port)
    with http_kit.socket.socket() as s: # a port that is free now
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    with open(os.path.join(folder, 'log'), 'w', encoding='utf-8') as log:
        p = subprocess.Popen(['prometheus', '--config.file', os.path.join(folder, 'p.yml'), '--storage.tsdb.path', folder,
                              '--web.listen-address', '127.0.0.1:%d' % port], stdout=log, stderr=log)
    try:
        def scraped():
            try:
                with http_kit.Connection(port) as c:
                    found = c.ask('GET', '/api/v1/query?query=nudged_events_total%7Bresult%3D%22accepted%22%7D').json['data']['result']
                    return found and found[0]['value'][1] == '1'
            except (OSError, ValueError): # it is starting
                return False
        http_kit.wait_for(scraped, 60)
    finally:
        p.kill()
        p.wait()


def brief(value):
    """Without what is absent, empty or 0, as the tool prints it."""
    if isinstance(value, dict):
        return {k: brief(v) for k, v in value.items() if v or k == 'value'}
    return [brief(v) for v in value] if isinstance(value, list) else value


def same_as_the_socket(bench):
    """What is asked over HTTP is what the protobuf socket says."""
    d, pb = http_kit.http(bench, rules=bench.pack(PACK), shards=2), bench.pb
    accepted(post(d, '/v1/events', event(1, attributes={'topic': 'bill', 'mood': 0.25, 'big': 1e15})))
    with d.client() as c:
        c.call(publish=pb.Publish(events=[kit.event(pb, '2', 'kim', attrs={'flag': True})]))
        theirs = c.call(read_customer=pb.ReadCustomer(customer='kim')).customer
    ours = get(d, '/v1/customers/kim').json
    kit.same([(s['name'], s['count']) for s in ours['series']], [(s.name, s.count) for s in theirs.series])
    kit.same([m['time_ms'] for m in ours['timeline']], [m.time_ms for m in theirs.timeline])
    kit.same(brief(ours), json.loads(d.ctl('--json', 'customer', 'show', 'kim')), 'the tool')
    kit.same(d.status().connections, 1, 'the gateway is no client')


def health(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    kit.same((get(d, '/livez').body, get(d, '/readyz').body), (b'ok\n', b'ok\n'))
    with http_kit.Connection(d.port) as c: # answers what is under way before it goes
        d.process.send_signal(kit.signal.SIGTERM)
        kit.same(d.wait(), 0)
    kit.check('[warn]' not in d.said(), d.said()) # libevent, where its loop is asked to run within itself
    # short of space: queries are answered
    d = http_kit.http(bench, rules=bench.pack(PACK))
    d.stop()
    d.start(args=['--http', '127.0.0.1:0', '--reserve-mb', '1048576'], rules=None)
    d.port = http_kit.port_of(d)
    problem(post(d, '/v1/events', event(1)), 507, 'storage')
    problem(post(d, '/v1/events', [event(1), event(2)]), 507, 'storage')
    problem(get(d, '/readyz'), 507, 'storage', 'disk space')
    kit.same(get(d, '/livez').status, 200)
    good(post(d, '/v1/recommendations', {'customer': 'kim'}))
    problem(post(d, '/v1/outcomes', {'id': 'o', 'source': 's', 'customer': 'kim', 'action': 'sorry', 'channel': 'call', 'kind': 'shown'}),
            507, 'storage')


def while_recovering(bench):
    """It answers before the journal is read, and says so."""
    d = http_kit.http(bench, rules=bench.pack(PACK), args=['--sweep-ms', '3600000'])
    for n in range(40):
        post(d, '/v1/events', [event('%d-%d' % (n, i), 'c%d' % (i % 400)) for i in range(1000)])
    d.kill()
    port = d.port
    d.args = ['--http', '127.0.0.1:%d' % port, '--sweep-ms', '3600000']
    d.spawn()
    not_ready = live = 0
    for _ in range(20000):
        try:
            answer = get(d, '/readyz')
            if answer.status == 200:
                break
            not_ready += 1
            kit.check('recovering' in problem(answer, 503, 'closed')['detail'] or 'starting' in answer.json['detail'], answer)
            kit.same(answer.headers['retry-after'], '1')
            live += get(d, '/livez').status == 200
            problem(post(d, '/v1/events', event(1)), 503, 'closed', 'recovering')
            problem(get(d, '/v1/status'), 503, 'closed', 'recovering')
        except OSError: # not listening yet, or it became ready in between
            time.sleep(0.001)
        except kit.Failed:
            if get(d, '/readyz').status != 200:
                raise
    kit.check(not_ready and live, 'it was never seen recovering')
    good(get(d, '/v1/status'))


def parse_metrics(text):
    """{name: {labels: value}} and {name: type}; each line as the format has it."""
    values, types = {}, {}
    for line in text.splitlines():
        if line.startswith('# TYPE '):
            name, kind = line.split(' ')[2:]
            kit.check(name not in types, name, 'twice')
            types[name] = kind
        elif line.startswith('# HELP '):
            kit.check(len(line.split(' ', 3)) == 4, line)
        else:
            found = re.fullmatch(r'([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)', line)
            kit.check(found, 'not a sample:', line)
            labels = tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ''))
            family = values.setdefault(found.group(1), {})
            kit.check(labels not in family, line, 'twice')
            family[labels] = float(found.group(3))
    return values, types


def metrics(bench):
    d = http_kit.http(bench, rules=bench.pack(PACK), shards=2)
    for n in range(20):
        accepted(post(d, '/v1/events', event(n, type='raise' if n % 4 == 0 else 'call.ended', attributes={'n': n})))
        good(post(d, '/v1/recommendations', {'customer': 'kim'}))
    get(d, '/v1/nothing')
    answer = get(d, '/metrics')
    kit.same(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    values, types = parse_metrics(answer.body.decode())
    one = lambda name, **labels: values[name][tuple(labels.items())]
    kit.same(one('nudged_events_total', result='accepted'), 20)
    kit.same(one('nudged_recommendations_total'), 20)
    kit.same(one('nudged_rule_fired_total', rule='raised', about='customer'), 5)
    kit.same(one('nudged_alerts_raised_total'), 5)
    kit.same(one('nudged_http_requests_total', method='POST', route='/v1/events', code='200'), 20)
    kit.same(one('nudged_http_requests_total', method='', route='', code='404'), 1)
    kit.same(one('nudged_publish_duration_seconds_count'), 20)
    kit.check(0 < one('nudged_publish_duration_seconds_sum') < 20)
    kit.check(one('process_resident_memory_bytes') > 1e6 and one('process_open_fds') > 5)
    kit.check(abs(one('process_start_time_seconds') - time.time()) < 300)
    for name, kind in types.items():
        if kind == 'histogram':
            buckets = [(float(dict(labels)['le']), count) for labels, count in values[name + '_bucket'].items()]
            kit.same(buckets, sorted(buckets), name)
            kit.same([c for _, c in buckets], sorted(c for _, c in buckets), name)
            kit.same((buckets[-1][0], buckets[-1][1]), (float('inf'), one(name + '_count')), name)
            continue
        kit.check(name in values or 'rule' in name, name, 'has no value')
        kit.same(kind == 'counter', name.endswith('_total'), name)
        kit.check(not re.search(r'_(ms|us|ns|percent|mb)(_|$)', name), name, 'is not in base units')
    for name in values:
        kit.check(any(name == t or (types[t] == 'histogram' and name.startswith(t + '_')) for t in types), name, 'has no type')
    # nothing that is measured is left out
    status = good(get(d, '/v1/status'))
    text = answer.body.decode()
    for gauge in status['gauges']:
        kit.check(gauge['name'] in text or gauge['name'].split('_p')[0] in ('publish', 'recommend', 'model_lag') or
                  'limited_total{reason="%s"}' % gauge['name'].replace('limited_', '', 1) in text, gauge)
    numbers = {name for name, value in status.items() if isinstance(value, (int, float))} - {'boot_id', 'now_ms'}
    shown = {'uptime_ms': 'uptime_seconds', 'journal_last': 'journal_last_entry', 'journal_durable': 'journal_durable_entry',
             'journal_first': 'journal_first_entry', 'store_mark': 'store_mark_entry', 'free_bytes': 'disk_free_bytes',
             'rules_aside': 'rules_set_aside_total', 'timers': 'timers_pending'}
    shown.update({'open_' + s: 'alerts_open_by_severity{severity="%s"}' % s.rstrip('s') for s in ('low', 'medium', 'high', 'critical', 'nudges')})
    for field in numbers:
        kit.check('nudged_' + shown.get(field, field) in text or field.startswith('events_'), 'status', field, 'is not in /metrics')
    before = one('nudged_events_total', result='accepted')
    accepted(post(d, '/v1/events', event('more')))
    values, _ = parse_metrics(get(d, '/metrics').body.decode())
    kit.same(one('nudged_events_total', result='accepted'), before + 1)
    if shutil.which('promtool'):
        done = subprocess.run(['promtool', 'check', 'metrics'], input=answer.body, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        kit.same((done.returncode, done.stdout), (0, b''), 'promtool')
    else:
        print('        (promtool is not here: Debian\'s package prometheus has it)')


def unix_socket_and_bad_addresses(bench):
    path = bench.path('http')
    d = bench.daemon(rules=bench.pack(PACK), args=['--http', 'unix:' + path])
    kit.same(os.stat(path).st_mode & 0o777, 0o660)
    with http_kit.socket.socket(http_kit.socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'GET /livez HTTP/1.0\r\nHost: anything\r\n\r\n')
        data = b''
        while more := s.recv(4096):
            data += more
    kit.check(data.startswith(b'HTTP/1.') and data.endswith(b'ok\n'), data)
    d.stop()
    kit.check(not os.path.exists(path), 'its socket is left behind')
    for address, words in (('0.0.0.0:80', 'loopback'), ('192.168.1.1:8080', 'loopback'), ('8080', 'HOST:PORT'), ('localhost:x', 'port')):
        done = subprocess.run([bench.nudged, '--check-config', '--data', bench.path('none'), '--http', address], stderr=subprocess.PIPE)
        kit.check(done.returncode == 2 and words in done.stderr.decode(), address, done.stderr)
    d = http_kit.http(bench)
    done = subprocess.run([bench.nudged, '--data', bench.path('data'), '--listen', 'unix:' + bench.path('s'), '--http',
                           '127.0.0.1:%d' % d.port], stderr=subprocess.PIPE)
    kit.check(done.returncode == 1 and b'in use' in done.stderr, done.stderr)


kit.Bench().run([every_route_as_documented, every_refusal, ids_of_any_kind, publishing, cloudevents, cloudevents_of_the_official_sdk, same_as_the_socket,
                 health, while_recovering, metrics, scraped_by_prometheus, unix_socket_and_bad_addresses])
