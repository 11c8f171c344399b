#!/usr/bin/python3
"""The console over HTTP: how it is served, and what a browser's session may: the headers of its files, logging in and out, what
other pages may make a browser ask for, tokens revoked meanwhile. What it looks like: tests/console.

    /usr/bin/python3 console.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import gzip
import re
import select
import time

import http_kit
import kit
from http_kit import ask, get, post, problem, wait_for
from kit import check, same

POLICY = {
    'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
                               "data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
}
HOME = {'Origin': 'http://localhost', 'Sec-Fetch-Site': 'same-origin'} # the kit says Host: localhost
KINDS = {'html': 'text/html; charset=utf-8', 'js': 'text/javascript; charset=utf-8', 'css': 'text/css; charset=utf-8'}


def page(d):
    """The page, and the names of what belongs to it. Skips where the console was left out of this build."""
    answer = get(d, '/console/')
    if answer.status == 404:
        check(b'built without its console' in answer.body and b'nodejs' in answer.body, answer)
        same(answer.headers['content-type'], 'text/plain; charset=utf-8')
        raise kit.Skip('this nudged was built without its console')
    same(answer.status, 200, repr(answer))
    return answer, re.findall(r'(?:src|href)="(console\.[A-Z0-9]+\.(?:js|css))"', answer.body.decode())


def guarded(answer):
    for name, value in POLICY.items():
        same(answer.headers.get(name), value, name)
    check('geolocation=()' in answer.headers['permissions-policy'], answer.headers)


def it_is_served_whole(b):
    d = http_kit.http(b)
    for path in ('/', '/console'):
        answer = get(d, path)
        same((answer.status, answer.headers['location']), (302, '/console/'), path)
    index, names = page(d)
    same(sorted(name.rsplit('.', 1)[1] for name in names), ['css', 'js'])
    guarded(index)
    same(index.headers['cache-control'], 'no-cache')
    text = index.body.decode()
    check(not re.search(r'<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:', text), 'inline script or style', text)
    check(not re.search(r'(?:src|href)="(?:https?:)?//', text), 'something of another host', text)
    for name in ['', *names]:
        path = '/console/' + name
        plain = get(d, path)
        packed = get(d, path, headers={'Accept-Encoding': 'br, gzip'})
        same(packed.headers['content-encoding'], 'gzip', path)
        same(gzip.decompress(packed.body), plain.body, path)
        check('content-encoding' not in plain.headers, plain.headers)
        for no in ('br', 'gzip;q=0', 'identity'):
            check('content-encoding' not in get(d, path, headers={'Accept-Encoding': no}).headers, no)
        for answer in (plain, packed):
            guarded(answer)
            same(answer.headers['content-type'], KINDS[(name or '.html').rsplit('.', 1)[1]])
            same(answer.headers['vary'], 'Accept-Encoding')
        if name:
            same(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
        same(ask(d, 'HEAD', path).headers['content-length'], str(len(plain.body)), path)
        known = get(d, path, headers={'If-None-Match': plain.headers['etag']})
        same((known.status, known.body), (304, b''), path)
        guarded(known)
        same(get(d, path, headers={'If-None-Match': 'W/"another"'}).status, 200, path)


def nothing_else_is_there(b):
    d = http_kit.http(b)
    for path in ('/console/console.js', '/console/../v1/status', '/console/%2e%2e', '/console/index.html/', '/console/.git'):
        problem(get(d, path), 404, 'missing')
    problem(post(d, '/console/', {}), 405, 'method', 'GET')
    paths = get(d, '/v1/openapi.json').json['paths']
    check(not any('console' in path for path in paths), paths.keys())


def other_pages_may_not_ask(b):
    """Where no tokens are wanted: whoever reaches the port may ask, but not through somebody's browser."""
    d = http_kit.http(b)
    same(get(d, '/console/session').json['tokens'], False)
    same(get(d, '/console/session').json['serving'], True)
    same(get(d, '/v1/status', headers=HOME).status, 200)
    for site in ('cross-site', 'same-site'):
        there = {'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image'}
        problem(get(d, '/v1/status', headers=there), 403, 'denied', 'other sites')
        problem(get(d, '/console/', headers=there), 403, 'denied', 'other sites')
        framed = {'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe'}
        problem(get(d, '/console/', headers=framed), 403, 'denied', 'other sites')
        link = dict(framed, **{'Sec-Fetch-Dest': 'document'})
        check(get(d, '/console/', headers=link).status in (200, 404), 'a link leads here')
        problem(post(d, '/v1/outcomes', {}, headers=link), 403, 'denied', 'other sites')
    for origin in ('https://evil.example', 'https://localhost', 'http://localhost:81', 'null'):
        problem(post(d, '/v1/events', {}, headers={'Origin': origin}), 403, 'denied', 'may not ask')
        problem(post(d, '/console/session', {}, headers={'Origin': origin}), 403, 'denied', 'may not ask')
    for host in ('evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80'): # DNS rebinding
        for path in ('/', '/console/', '/console/session', '/v1/status'):
            problem(get(d, path, headers={'Host': host}), 403, 'denied', host)


def token(b, tokens, name, roles):
    return b.ctl('token', 'new', name, '--role', roles, '--tokens', tokens).strip()


def guarded_daemon(b, roles='read,recommend'):
    tokens = b.path('tokens')
    text = token(b, tokens, 'desk', roles)
    token(b, tokens, 'other', 'operate')
    d = http_kit.http(b, args=['--tokens', tokens])
    return d, tokens, text


class Browser:
    """A session as a browser has it: the cookie, and what the page knows."""

    def __init__(self, d, text):
        self.d = d
        answer = post(d, '/console/session', {'token': text}, headers=HOME)
        self.who = http_kit.good(answer, 'login')
        line = answer.headers['set-cookie']
        match = re.fullmatch(r'(nudged-%d=([0-9a-f]{64})); Path=/; HttpOnly; SameSite=Strict' % d.port, line)
        check(match, line)
        self.cookie, self.id, self.csrf = match[1], match[2], self.who['csrf']
        check(self.csrf != self.id and len(self.csrf) == 64, self.who)

    def ask(self, method, path, body=None, **headers):
        headers = {name.replace('_', '-'): value for name, value in headers.items() if value is not None}
        return ask(self.d, method, path, body, headers={'Cookie': 'a=b; %s; c=d' % self.cookie, **headers})

    def change(self, method, path, body=None, **headers):
        return self.ask(method, path, body, **{'X_Nudged_CSRF': self.csrf, 'Origin': 'http://localhost', **headers})


def a_session_is_its_token(b):
    d, tokens, text = guarded_daemon(b)
    first = get(d, '/console/session')
    same((first.status, first.json), (200, {'tokens': True}), 'nobody is told anything')
    problem(get(d, '/v1/status'), 401, 'denied', 'no token')
    one = Browser(d, text)
    same((one.who['name'], one.who['roles'], one.who['serving']), ('desk', ['recommend', 'read'], True))
    check(0 < one.who['ends_in_ms'] <= 12 * kit.HOUR, one.who)
    again = http_kit.good(one.ask('GET', '/console/session'))
    same((again['name'], again['csrf']), ('desk', one.csrf))
    same(one.ask('GET', '/v1/status').status, 200)
    same(one.change('POST', '/v1/recommendations', {'customer': 'c-1'}).status, 200)
    problem(one.change('POST', '/v1/events', {'id': '1', 'source': 't', 'customer': 'c', 'type': 'x'}), 403, 'denied', 'role publish')
    problem(one.ask('GET', '/metrics'), 403, 'denied', 'role operate')
    wrong = get(d, '/v1/status', headers={'Cookie': one.cookie, 'Authorization': 'Bearer nudge_x'})
    problem(wrong, 401, 'denied', 'not known')
    for cookie in (one.cookie[:-1], one.cookie + '0', 'nudged-%d=%s' % (d.port, one.csrf), 'x' + one.cookie):
        same(get(d, '/v1/status', headers={'Cookie': cookie}).status, 401, cookie)
    check(text not in d.said() and one.id not in d.said() and one.csrf not in d.said(), 'a secret is in the log')
    check('session: one began with the token desk' in d.said(), d.said()[-500:])


def what_changes_needs_more_than_the_cookie(b):
    d, tokens, text = guarded_daemon(b)
    one, two = Browser(d, text), Browser(d, text)
    body = {'customer': 'c-1'}
    problem(one.ask('POST', '/v1/recommendations', body), 403, 'denied', 'X-Nudged-CSRF')
    problem(one.ask('POST', '/v1/recommendations', body, Origin='http://localhost'), 403, 'denied', 'X-Nudged-CSRF')
    for csrf in ('', 'x', one.csrf[:-1], one.csrf + '0', two.csrf, one.id):
        problem(one.change('POST', '/v1/recommendations', body, X_Nudged_CSRF=csrf), 403, 'denied', 'X-Nudged-CSRF')
    problem(one.change('POST', '/v1/recommendations', body, Origin=None), 403, 'denied', 'where the page came from')
    for origin in ('http://evil.example', 'https://localhost', 'http://localhost:%d' % d.port):
        problem(one.change('POST', '/v1/recommendations', body, Origin=origin), 403, 'denied', 'may not ask')
    problem(one.change('POST', '/v1/recommendations', body, Sec_Fetch_Site='cross-site'), 403, 'denied', 'other sites')
    problem(one.change('POST', '/v1/recommendations', body, Host='evil.example', Origin='http://evil.example'), 403, 'denied', 'evil')
    same(one.change('POST', '/v1/recommendations', body, Origin=None, Sec_Fetch_Site='same-origin').status, 200)
    problem(one.ask('DELETE', '/console/session'), 403, 'denied', 'X-Nudged-CSRF')
    same(one.ask('GET', '/v1/status').status, 200, 'it is there still')
    status = get(d, '/v1/status', headers={'Authorization': 'Bearer ' + text}).json
    same(next(g['value'] for g in status['gauges'] if g['name'] == 'requests_denied'), 10, 'counted')


def logging_out_is_the_end(b):
    d, tokens, text = guarded_daemon(b)
    one, two = Browser(d, text), Browser(d, text)
    gone = one.change('DELETE', '/console/session')
    same((gone.status, gone.headers['set-cookie']),
         (204, 'nudged-%d=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0' % d.port))
    problem(one.ask('GET', '/v1/status'), 401, 'denied', 'log in again')
    problem(one.ask('GET', '/console/session'), 401, 'denied', 'log in again')
    same(one.change('DELETE', '/console/session').status, 204, 'twice')
    same(two.ask('GET', '/v1/status').status, 200, 'another of the same token')
    again = post(d, '/console/session', {'token': text}, headers={**HOME, 'Cookie': two.cookie})
    check(two.id not in again.headers['set-cookie'], 'a new id for who logs in')
    same(two.ask('GET', '/v1/status').status, 401, 'the one before ended with it')


def sessions_end_with_the_daemon(b):
    d, tokens, text = guarded_daemon(b)
    one = Browser(d, text)
    d.stop()
    d.args[-1] = '127.0.0.1:%d' % d.port
    d.start()
    problem(one.ask('GET', '/v1/status'), 401, 'denied', 'log in again')


def a_revoked_token_takes_its_sessions_along(b):
    d, tokens, text = guarded_daemon(b)
    one, two = Browser(d, text), Browser(d, text)
    stream = http_kit.Connection(d.port)
    stream.send(http_kit.request('GET', '/v1/alerts/stream', headers={'Cookie': one.cookie, **HOME}))
    same(stream.head()[0], 200)
    left = http_kit.Connection(d.port)
    left.send(http_kit.request('GET', '/v1/alerts/stream', headers={'Cookie': two.cookie, **HOME}))
    same(left.head()[0], 200)
    two.change('DELETE', '/console/session')
    while left.chunk():
        pass # logged out: the stream has an end
    b.ctl('token', 'revoke', 'desk', '--tokens', tokens)
    answer = wait_for(lambda: (lambda a: a if a.status == 401 else None)(one.ask('GET', '/v1/status')))
    problem(answer, 401, 'denied', 'the token desk was revoked')
    while stream.chunk():
        pass
    problem(one.ask('GET', '/v1/status'), 401, 'denied', 'log in again')
    same(post(d, '/console/session', {'token': text}, headers=HOME).status, 401)


def guessing_takes_its_time(b):
    d, tokens, text = guarded_daemon(b)
    for body, words in (({}, 'token'), ({'token': ''}, 'token'), ({'token': 7}, 'token'), ('[]', 'token'), ('{', 'JSON')):
        problem(post(d, '/console/session', body, headers=HOME), 400, 'invalid', words)
    form = post(d, '/console/session', 'token=' + text, type='application/x-www-form-urlencoded', headers=HOME)
    problem(form, 400, 'invalid', 'application/json')
    began = time.monotonic()
    problem(post(d, '/console/session', {'token': 'nudge_guess'}, headers=HOME), 401, 'denied', 'not known')
    check(time.monotonic() - began >= 0.99, 'it is answered at once')
    waiting = [http_kit.Connection(d.port) for _ in range(24)]
    for c in waiting:
        c.send(http_kit.request('POST', '/console/session', {'token': 'nudge_guess'}, headers=HOME))
    first = select.select([c.socket for c in waiting], [], [], 20)[0][0]
    same(next(c for c in waiting if c.socket is first).answer().status, 503, 'all wait')
    Browser(d, text) # who has a right one gets in, however many guess
    for c in waiting:
        check(c.socket is first or c.answer().status in (401, 503), 'a guess was right')
    Browser(d, text)
    check('denied: the token in token is not known' in d.said(), d.said()[-500:])
    for c in waiting:
        c.send(http_kit.request('POST', '/console/session', {'token': 'nudge_guess'}, headers=HOME))
    d.stop() # with refusals on their way


if __name__ == '__main__':
    kit.Bench().run([it_is_served_whole, nothing_else_is_there, other_pages_may_not_ask, a_session_is_its_token,
                     what_changes_needs_more_than_the_cookie, logging_out_is_the_end, sessions_end_with_the_daemon,
                     a_revoked_token_takes_its_sessions_along, guessing_takes_its_time])
