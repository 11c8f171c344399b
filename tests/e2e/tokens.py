#!/usr/bin/python3
"""Who may do what: every role and every request, over the protobuf socket and over HTTP; tokens revoked while connections and
streams are open; the file changed, spoiled, with a wrong mode; and no token in a log or on a command line.

    /usr/bin/python3 tokens.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import re
import signal
import subprocess
import time

import http_kit
import kit
import nudge_client
from http_kit import ask, get, post, wait_for
from kit import check, same

ROLES = ('publish', 'recommend', 'read', 'author', 'operate')
# What each request takes; every kind of the protocol stands here.
TAKES = {
    'hello': None, 'publish': 'publish', 'recommend': 'recommend', 'outcome': 'recommend', 'read_customer': 'read',
    'resolve_alias': 'read', 'follow': 'read', 'acknowledge': 'recommend', 'get_status': 'read', 'activate_pack': 'author',
    'get_rules': 'read', 'get_digest': 'operate', 'list_alerts': 'read', 'unfollow': 'read', 'explain': 'read',
    'get_models': 'read', 'reset_model': 'author', 'get_report': 'read', 'get_history': 'read',
    'erase_customer': 'operate', 'find_customers': 'read',
}
OPEN = ('/livez', '/readyz', '/v1/openapi.json')


def token(b, tokens, name, roles):
    return b.ctl('token', 'new', name, '--role', roles, '--tokens', tokens).strip()


def each_role(b):
    tokens = b.path('tokens')
    return tokens, {role: token(b, tokens, 'the-' + role, role) for role in ROLES}


def daemon(b, tokens, **more):
    return http_kit.http(b, args=['--tokens', tokens], **more)


def client(d, text):
    """Hello with a token, and its answer."""
    c = nudge_client.Client(d.bench.pb, d.address)
    c.welcome = c.call(hello=d.bench.pb.Hello(version=1, client='tokens.py', token=text))
    return c


def bearer(text):
    return {'Authorization': 'Bearer ' + text}


def denied(response, *words):
    same(response.WhichOneof('body'), 'error', str(response)[:200])
    same(response.error.code, 'denied', response.error.reason)
    for word in words:
        check(word in response.error.reason, 'does not say', word, response.error.reason)


def denials(d, text):
    with client(d, text) as c:
        status = c.call(get_status=d.bench.pb.GetStatus()).status
    return next(g.value for g in status.gauges if g.name == 'requests_denied')


def wait_denied(d, call):
    """Until it is refused: the daemon looks at the file twice a second."""
    return wait_for(lambda: (lambda r: r if r.WhichOneof('body') == 'error' else None)(call()), 10)


def bodies(pb):
    """A request of each kind that is right as far as its form goes."""
    return {
        'publish': pb.Publish(events=[kit.event(pb, 'e%d' % time.time_ns(), 'c-1')]),
        'recommend': pb.Recommend(customer='c-1'),
        'outcome': pb.Outcome(id='o1', source='t', customer='c-1', action='a', channel='call', kind='accepted'),
        'read_customer': pb.ReadCustomer(customer='c-1'), 'resolve_alias': pb.ResolveAlias(alias='x@y.example'),
        'follow': pb.Follow(from_now=True), 'acknowledge': pb.Acknowledge(seq=9), 'get_status': pb.GetStatus(),
        'activate_pack': pb.ActivatePack(files=[pb.File(path='pack.lua', content=b'x = (')]), 'get_rules': pb.GetRules(),
        'get_digest': pb.GetDigest(), 'list_alerts': pb.ListAlerts(), 'unfollow': pb.Unfollow(follow_id=5),
        'explain': pb.Explain(entry=1), 'get_models': pb.GetModels(), 'reset_model': pb.ResetModel(action='a'),
        'get_report': pb.GetReport(name='agents'), 'get_history': pb.GetHistory(),
        'erase_customer': pb.EraseCustomer(customer='nobody'), 'find_customers': pb.FindCustomers(text='a'),
    }


def every_role_on_the_socket(b):
    same(set(TAKES), {f.name for f in b.pb.Request.DESCRIPTOR.oneofs_by_name['body'].fields}, 'requests')
    tokens, of = each_role(b)
    d = daemon(b, tokens, shards=2)
    count = 0
    for role in ROLES:
        with client(d, of[role]) as c:
            same(c.welcome.WhichOneof('body'), 'welcome')
            for kind, body in bodies(b.pb).items():
                answer = c.call(**{kind: body})
                if TAKES[kind] == role:
                    check(answer.WhichOneof('body') != 'error' or answer.error.code != 'denied', role, kind, str(answer)[:200])
                else:
                    denied(answer, kind, 'role ' + TAKES[kind], 'the-' + role)
                    count += 1
    same(denials(d, of['read']), count, 'counted')
    every = token(b, tokens, 'every', ','.join(ROLES))
    wait_for(lambda: any(g.name == 'tokens' and g.value == 6 for g in status_of(d, of['read']).gauges))
    with client(d, every) as c:
        for kind, body in bodies(b.pb).items():
            answer = c.call(**{kind: body})
            check(answer.WhichOneof('body') != 'error' or answer.error.code != 'denied', kind, str(answer)[:200])


def routes(b, d):
    document = get(d, '/v1/openapi.json').json
    for path, item in document['paths'].items():
        for method, op in item.items():
            yield method.upper(), path, op


def every_role_over_http(b):
    tokens, of = each_role(b)
    d = daemon(b, tokens)
    seen, count = set(), 0
    for method, path, op in routes(b, d):
        role = op['x-role']
        at = re.sub(r'\{(\w+)\}', lambda m: '7' if m[1] in ('entry', 'seq', 'index') else 'x', path)
        body = {} if method == 'POST' else None
        seen.add(role)
        if path in OPEN:
            same(role, 'none', path)
            same(get(d, at).status, 200, path)
            continue
        for text, words in (('', 'no token'), ('nudge_' + '0' * 64, 'not known')):
            # each from an address of its own: who shows wrong ones again and again is answered late
            answer = ask(d, method, at, body, headers=bearer(text) if text else None, source='127.0.1.%d' % (count % 250 + 1))
            http_kit.problem(answer, 401, 'denied', words)
            check(answer.headers['www-authenticate'].startswith('Bearer'), answer.headers)
            count += 1
        for held in ROLES:
            if held == role:
                if path != '/v1/alerts/stream':
                    answer = ask(d, method, at, body, headers=bearer(of[held]))
                    check(answer.status not in (401, 403), method, path, held, repr(answer))
            else:
                p = http_kit.problem(ask(d, method, at, body, headers=bearer(of[held])), 403, 'denied', 'the role ' + role)
                check(path in p['detail'] and 'the-' + held in p['detail'], p)
                count += 1
    same(seen, {'none', *ROLES}, 'roles of routes')
    same(denials(d, of['read']), count, 'counted')
    metrics = get(d, '/metrics', headers=bearer(of['operate'])).body.decode()
    check('nudged_requests_denied_total %d' % count in metrics, [m for m in metrics.split('\n') if 'denied' in m])
    same(get(d, '/v1/status', headers={'Authorization': 'bearer  ' + of['read']}).status, 200, 'as RFC 9110 has it')
    for wrong in ('Basic ' + of['read'], of['read'], 'Bearer', 'Bearer ' + of['read'] + ' x', 'Bearer ' + of['read'][:-1]):
        same(get(d, '/v1/status', headers={'Authorization': wrong}).status, 401, wrong)
    same(get(d, '/v1/status', headers=dict(bearer(of['read']), Host='evil.example')).status, 403, 'another host')


def both_sides_have_one_table(b):
    tokens, of = each_role(b)
    d = daemon(b, tokens)
    asks = {'/v1/events': 'publish', '/v1/recommendations': 'recommend', '/v1/outcomes': 'outcome', '/v1/digest': 'get_digest',
            '/v1/alerts': 'list_alerts', '/v1/alerts/stream': 'follow', '/v1/status': 'get_status', '/v1/history': 'get_history', '/v1/rules': 'get_rules',
            '/v1/rules/activate': 'activate_pack', '/v1/models/{action}/reset': 'reset_model', '/v1/models': 'get_models',
            '/v1/reports/{name}': 'get_report', '/v1/customers/{customer}': 'read_customer', '/v1/entries/{entry}': 'explain',
            '/v1/aliases/{alias}': 'resolve_alias', '/v1/alerts/{seq}-{index}/acknowledge': 'acknowledge',
            '/v1/customers/{customer}/erase': 'erase_customer'}
    roles = {path: op['x-role'] for _, path, op in routes(b, d)}
    same({path: roles[path] for path in asks}, {path: TAKES[kind] for path, kind in asks.items()}, 'roles')


def without_a_token_there_is_no_welcome(b):
    tokens, of = each_role(b)
    d = daemon(b, tokens)
    for text, words in (('', 'no token'), ('guess', 'not known'), (of['read'] + 'x', 'not known'), (of['read'][:-1], 'not known')):
        with client(d, text) as c:
            denied(c.welcome, words)
            same(c.welcome.error.field, 'hello.token')
            try:
                c.call(get_status=b.pb.GetStatus())
                raise kit.Failed('it was not hung up')
            except (nudge_client.Closed, OSError):
                pass
    with client(d, 'x' * 200) as c:
        same(c.welcome.error.code, 'limit')
    with client(d, of['read']) as c:
        denied(c.call(hello=b.pb.Hello(version=1, token='another')), 'not known')


def revoked_while_it_is_connected(b):
    tokens, of = each_role(b)
    pack = b.pack('pack { name = "p" }\nrule "loud" { on = "complaint.made", why = "somebody must listen",\n'
                  '\talert = { severity = "high", to = "care", say = "listen" } }\n')
    d = daemon(b, tokens, rules=pack)
    both = token(b, tokens, 'both', 'read,publish')
    with client(d, of['publish']) as publisher:
        reader = client(d, of['read'])
        follower = client(d, of['read'])
        wait_for(lambda: client(d, both).welcome.WhichOneof('body') == 'welcome')
        staying = client(d, both)
        for c in (follower, staying):
            same(c.call(follow=b.pb.Follow(from_now=True)).WhichOneof('body'), 'following')
        follow_id = follower.last_id
        stream = http_kit.Connection(d.port)
        stream.send(http_kit.request('GET', '/v1/alerts/stream?from_now=true', headers=bearer(of['read'])))
        same(stream.head()[0], 200)
        tool = subprocess.Popen([b.nudgectl, '--socket', d.address, 'alerts', '--follow'], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=dict(os.environ, NUDGE_TOKEN=of['read']))
        wait_for(lambda: status_of(d, both).followers == 4)
        kit.accepted(publisher.call(publish=b.pb.Publish(events=[kit.event(b.pb, 'e1', 'c-1', type='complaint.made')])))
        for c in (follower, staying):
            same(c.receive().alert.rule, 'loud', 'before')
        b.ctl('token', 'revoke', 'the-read', '--tokens', tokens)
        denied(wait_denied(d, lambda: reader.call(get_status=b.pb.GetStatus())), 'the-read was revoked')
        try:
            reader.call(get_status=b.pb.GetStatus())
            raise kit.Failed('it was not hung up')
        except (nudge_client.Closed, OSError):
            pass
        same(get(d, '/v1/status', headers=bearer(of['read'])).status, 401)
        said = b''
        while piece := stream.chunk():
            said += piece
        check(b'"rule":"loud"' in said.replace(b' ', b''), said)
        kit.accepted(publisher.call(publish=b.pb.Publish(events=[kit.event(b.pb, 'e2', 'c-2', type='complaint.made')])))
        same(staying.receive().alert.customer, 'c-2', 'who may still')
        out, err = tool.communicate(timeout=20)
        check(tool.returncode == 1 and b'c-1' in out and b'c-2' not in out and b'the-read was revoked' in err, out, err)
        told = follower.receive()
        same(told.request_id, follow_id)
        denied(told, 'the-read was revoked')
        kit.accepted(publisher.call(publish=b.pb.Publish(events=[kit.event(b.pb, 'e3', 'c-3', type='complaint.made')])))
        same(staying.receive().alert.customer, 'c-3', 'who may still')
        follower.socket.settimeout(0.3)
        try:
            raise kit.Failed('it was told more: %s' % follower.receive())
        except (TimeoutError, nudge_client.Closed):
            pass


def a_role_taken_away(b):
    tokens, of = each_role(b)
    d = daemon(b, tokens)
    with client(d, of['read']) as c:
        same(c.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status')
        with open(tokens) as f:
            text = f.read()
        with open(tokens, 'w') as f:
            f.write(text.replace('the-read read ', 'the-read operate '))
        denied(wait_denied(d, lambda: c.call(get_status=b.pb.GetStatus())), 'role read', 'the-read has operate')
        same(c.call(get_digest=b.pb.GetDigest()).WhichOneof('body'), 'digest', 'and one given')


def a_file_that_is_refused(b):
    tokens, of = each_role(b)
    d = daemon(b, tokens)
    for spoil, words in ((lambda: os.chmod(tokens, 0o640), 'chmod 600'), (lambda: open(tokens, 'a').write('rubbish\n'), 'line 7'),
                         (lambda: os.unlink(tokens), 'cannot read')):
        before = open(tokens).read()
        spoil()
        d.hang_up()
        wait_for(lambda: words in d.said())
        check('the old one stays in force' in d.said())
        with client(d, of['read']) as c:
            status = c.call(get_status=b.pb.GetStatus()).status
            same(next(g.value for g in status.gauges if g.name == 'tokens_refused'), 1, words)
        with os.fdopen(os.open(tokens, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(before)
        os.chmod(tokens, 0o600)
        def mended():
            with client(d, of['read']) as c:
                status = c.call(get_status=b.pb.GetStatus()).status
                return next(g.value for g in status.gauges if g.name == 'tokens_refused') == 0
        wait_for(mended)
    said = len(re.findall('tokens: 5 in force', d.said()))
    d.hang_up()
    wait_for(lambda: len(re.findall('tokens: 5 in force', d.said())) > said)
    d.stop()


def no_start_with_a_bad_file(b):
    tokens, _ = each_role(b)
    for mode in (0o644, 0o660, 0o602):
        os.chmod(tokens, mode)
        done = subprocess.run([b.nudged, '--data', b.path('data'), '--listen', 'unix:' + b.path('sock'), '--tokens', tokens],
                              stderr=subprocess.PIPE, timeout=30)
        same(done.returncode, 1, 'exit')
        check(b'%04o' % mode in done.stderr and b'chmod 600' in done.stderr, done.stderr)
        done = subprocess.run([b.nudged, '--check-config', '--data', b.path('data'), '--tokens', tokens], stderr=subprocess.PIPE)
        same(done.returncode, 2, 'exit of --check-config')
        same(b.ctl('token', 'list', '--tokens', tokens, ok=False).returncode, 1, 'the tool says so too')
    done = subprocess.run([b.nudged, '--data', b.path('data'), '--listen', 'unix:' + b.path('sock'), '--tokens', b.path('none')],
                          stderr=subprocess.PIPE, timeout=30)
    check(done.returncode == 1 and b'nudgectl token new' in done.stderr, done.stderr)


def without_tokens_as_ever(b):
    d = http_kit.http(b)
    with client(d, 'whatever') as c:
        same(c.welcome.WhichOneof('body'), 'welcome')
        same(c.call(get_digest=b.pb.GetDigest()).WhichOneof('body'), 'digest')
        check(not any('denied' in g.name for g in c.call(get_status=b.pb.GetStatus()).status.gauges))
    same(get(d, '/v1/digest').status, 200)
    same(get(d, '/v1/digest', headers=bearer('whatever')).status, 200)


def the_tool(b):
    tokens = b.path('tokens')
    made = json.loads(b.ctl('--json', 'token', 'new', 'app', '--role', 'read', '--tokens', tokens))
    same((made['name'], made['roles']), ('app', 'read'))
    same(os.stat(tokens).st_mode & 0o777, 0o600, 'mode')
    out = b.path('out')
    same(b.ctl('token', 'new', 'ops', '--role', 'operate,read', '--tokens', tokens, '--out', out), '', 'what is shown')
    same(os.stat(out).st_mode & 0o777, 0o600, 'mode')
    for args in (['token', 'new', 'x'], ['token', 'new', 'x', '--role', 'king']):
        same(b.ctl(*args, '--tokens', tokens, ok=False).returncode, 2, str(args))
    for args in (['token', 'new', 'app', '--role', 'read'], ['token', 'revoke', 'nobody'],
                 ['token', 'new', 'y', '--role', 'read', '--out', out]):
        same(b.ctl(*args, '--tokens', tokens, ok=False).returncode, 1, str(args))
    listed = json.loads(b.ctl('--json', 'token', 'list', '--tokens', tokens))
    same([(t['name'], t['roles']) for t in listed], [('app', 'read'), ('ops', 'read,operate')])
    with open(tokens) as f:
        text = f.read()
    check(made['token'][6:] not in text and 'sha256:' in text, text)
    d = daemon(b, tokens)

    def tool(*args, **env):
        whole = {k: v for k, v in os.environ.items() if not k.startswith('NUDGE_')}
        return subprocess.run([b.nudgectl, '--socket', d.address, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(whole, **env))
    bare = tool('status')
    check(bare.returncode == 1 and b'NUDGE_TOKEN' in bare.stderr and b'no token' in bare.stderr, bare.stderr)
    for done in (tool('status', NUDGE_TOKEN=made['token']), tool('status', NUDGE_TOKEN_FILE=out),
                 tool('--token-file', out, 'status'), tool('--token-file', out, 'status', NUDGE_TOKEN='wrong')):
        same(done.returncode, 0, done.stderr)
    wrong = tool('digest', NUDGE_TOKEN=made['token'])
    check(wrong.returncode == 1 and b'denied' in wrong.stderr and b'operate' in wrong.stderr, wrong.stderr)
    same(tool('digest', NUDGE_TOKEN_FILE=out).returncode, 0)
    none = tool('status', NUDGE_TOKEN_FILE=b.path('none'))
    check(none.returncode == 1 and b'cannot read the token' in none.stderr, none.stderr)
    same(tool('--token', made['token'], 'status').returncode, 2, 'never on a command line')


def nowhere_to_be_read(b):
    tokens, of = each_role(b)
    d = daemon(b, tokens, env={'NUDGED_NOTHING': '1'})
    d.stop()
    d.args += ['--log-level', 'debug', '--slow-request-ms', '1', '--log', 'json', '--decision-log', b.path('decisions')]
    d.start()
    d.port = http_kit.port_of(d)
    wrong = 'nudge_' + 'ab' * 32
    for text in (*of.values(), wrong, 'nudge_short'):
        with client(d, text) as c:
            if c.welcome.WhichOneof('body') == 'welcome':
                for kind, body in bodies(b.pb).items():
                    c.call(**{kind: body})
        for path in ('/v1/status', '/v1/digest', '/v1/customers/c-1'):
            get(d, path, headers=bearer(text))
    env = dict(os.environ, NUDGE_TOKEN=of['read'])
    follow = subprocess.Popen([b.nudgectl, '--socket', d.address, 'alerts', '--follow'], stdout=subprocess.PIPE, env=env)
    wait_for(lambda: any(c.followers for c in [status_of(d, of['read'])]))
    for pid in (d.process.pid, follow.pid):
        with open('/proc/%d/cmdline' % pid, 'rb') as f:
            line = f.read()
        check(not any(text[6:].encode() in line for text in of.values()), line)
    follow.send_signal(signal.SIGTERM)
    follow.communicate()
    wait_for(lambda: 'denied' in d.said())
    d.stop()
    said = d.said()
    check('the token the-publish has publish' in said, 'names are said', said[-500:])
    for text in (*of.values(), wrong, 'nudge_short'):
        check(text not in said and text[6:30] not in said, 'a token is in the log')
    for folder, _, names in os.walk(d.data):
        for name in names:
            with open(os.path.join(folder, name), 'rb') as f:
                held = f.read()
            check(not any(text[6:].encode() in held for text in of.values()), 'a token is in', name)


def status_of(d, text):
    with client(d, text) as c:
        return c.call(get_status=d.bench.pb.GetStatus()).status


kit.Bench().run([every_role_on_the_socket, every_role_over_http, both_sides_have_one_table, without_a_token_there_is_no_welcome,
                 revoked_while_it_is_connected, a_role_taken_away, a_file_that_is_refused, no_start_with_a_bad_file,
                 without_tokens_as_ever, the_tool, nowhere_to_be_read])
