#!/usr/bin/python3
"""TLS on both protocols: what is spoken and what is not, certificates of either side, handshakes that never end, plain bytes, what is
refused at a start, and certificates changed under traffic.

    /usr/bin/python3 tls.py NUDGED NUDGECTL SOURCE_ROOT [CASE...]
"""
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time

import http_kit
import kit
import nudge_client
import tls_kit
from http_kit import good, wait_for
from kit import check, same
from tls_kit import Authority, Https, Traffic, all_acknowledged, client, put, serial_seen


def tool(b, d, *args, address=None, **env):
    whole = {k: v for k, v in os.environ.items() if not k.startswith('NUDGE_')}
    return subprocess.run([b.nudgectl, '--socket', address or d.tls, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(whole, **env), timeout=60)


def gauge(d, name):
    return next(g.value for g in d.status().gauges if g.name == name)


def both_protocols(b):
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign(), rules=os.path.join(b.root, 'rules', 'welcome'), shards=2)
    with client(d, ca.cert) as c:
        same(c.welcome.WhichOneof('body'), 'welcome')
        same(c.socket.version(), 'TLSv1.3')
        for n in range(3):
            kit.accepted(c.call(publish=b.pb.Publish(events=[kit.event(b.pb, 'e%d' % n, 'c-1', type='contact.started', channel='call')])))
        check(c.call(recommend=b.pb.Recommend(customer='c-1', topic='help')).recommendation.choices)
        # much at once in both directions: more than sockets and records hold
        many = [b.pb.Publish(events=[kit.event(b.pb, 'm%d-%d' % (i, k), 'c-%d' % k, attrs={'note': 'x' * 900}) for k in range(500)])
                for i in range(8)]
        ids = [c.send(publish=p) for p in many]
        for request_id in ids:
            response = c.receive()
            same(response.request_id, request_id)
            kit.accepted(response)
    with Https(d, ca.cert) as c:
        same(c.socket.selected_alpn_protocol(), 'http/1.1')
        for _ in range(3):
            check('c-1' in json.dumps(good(c.ask('GET', '/v1/customers/c-1'))))
        events = [{'id': 'h%d' % i, 'source': 'test', 'customer': 'c-%d' % i, 'type': 'call.ended', 'attributes': {'note': 'y' * 900}}
                  for i in range(900)]
        same(len(good(c.ask('POST', '/v1/events', events))['acks']), 900)
        c.send(http_kit.request('GET', '/livez') * 20)
        for _ in range(20):
            same(c.answer().status, 200, 'pipelined')
        c.send(http_kit.request('GET', '/v1/alerts/stream'))
        same(c.head()[0], 200)
        check(b'data:' in c.chunk() + c.chunk(), 'no alert in the stream')
    with Https(d, ca.cert, host='127.0.0.1') as c:
        same(c.ask('GET', '/livez').status, 200)
    page = {'Origin': 'https://elsewhere.example', 'Host': 'desk.example'}
    with Https(d, ca.cert) as c:
        http_kit.problem(c.ask('GET', '/v1/status', headers=page), 403, 'denied')
        same(c.ask('GET', '/v1/status', headers=dict(page, Origin='https://desk.example')).status, 200)
        http_kit.problem(c.ask('GET', '/v1/status', headers=dict(page, Origin='http://desk.example')), 403, 'denied')
    for args in ([d.tls], [d.tls.replace('127.0.0.1', 'localhost')]):
        same(tool(b, d, '--tls-ca', ca.cert, 'status', address=args[0]).returncode, 0)
    done = tool(b, d, 'send', '-', NUDGE_TLS_CA=ca.cert)
    same(done.returncode, 0, done.stderr)
    same(gauge(d, 'tls_handshakes_failed'), 0)
    d.stop()


def what_is_not_spoken(b):
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign())
    port = int(d.tls.rsplit(':', 1)[1])
    for at in (port, d.port):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            old = tls_kit.context(ca.cert)
            old.set_ciphers('DEFAULT@SECLEVEL=0')
            old.minimum_version = old.maximum_version = version
            try:
                old.wrap_socket(socket.create_connection(('127.0.0.1', at)), server_hostname='localhost')
                raise kit.Failed('%s was spoken' % version)
            except (ssl.SSLError, ConnectionError) as why:
                check('PROTOCOL' in str(why).upper() or 'VERSION' in str(why).upper(), why)
        for protocol in ('TLSv1_2', 'TLSv1_3'):
            c = tls_kit.context(ca.cert)
            c.minimum_version = c.maximum_version = getattr(ssl.TLSVersion, protocol)
            with c.wrap_socket(socket.create_connection(('127.0.0.1', at)), server_hostname='localhost') as s:
                same(s.version(), protocol.replace('_', '.'))
                same(s.compression(), None)
                check(any(kind in s.cipher()[0] for kind in ('GCM', 'CHACHA20')), s.cipher())
                if at == d.port:
                    s.sendall(http_kit.request('GET', '/livez'))
                    check(b'200' in s.recv(4096))
                check(not s.session or not s.session.has_ticket, 'a ticket was given')
        h2 = tls_kit.context(ca.cert)
        h2.set_alpn_protocols(['h2', 'spdy/3'])
        try:
            h2.wrap_socket(socket.create_connection(('127.0.0.1', at)), server_hostname='localhost')
            raise kit.Failed('a protocol that is not ours was agreed to')
        except (ssl.SSLError, ConnectionError) as why:
            check('PROTOCOL' in str(why).upper(), why)
    done = subprocess.run(['openssl', 's_client', '-connect', 'localhost:%d' % d.port, '-CAfile', ca.cert, '-tls1_2', '-verify_return_error'],
                          input=b'R\n', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    check(b'no renegotiation' in done.stdout and b'Verify return code: 0' in done.stdout, done.stdout[-800:])
    with client(d, ca.cert) as c:
        same(c.welcome.WhichOneof('body'), 'welcome')


def plain_bytes(b):
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign())
    port = int(d.tls.rsplit(':', 1)[1])
    hello = nudge_client.frame(b.pb.Request(request_id=1, hello=b.pb.Hello(version=1)))
    for at, data in ((port, hello), (port, b'\x00' * 300), (port, b'GET / HTTP/1.1\r\n\r\n'), (d.port, http_kit.request('GET', '/v1/status')),
                     (d.port, b'\xff' * 5000), (port, b'')):
        with socket.create_connection(('127.0.0.1', at), 30) as s:
            s.sendall(data)
            if not data:
                continue # it leaves without a word
            try:
                answer = s.recv(4096)
                check(b'HTTP/1.1 2' not in answer and (b'HTTP/1.1 400' in answer) == data.startswith(b'GET'), answer)
                while answer:
                    answer = s.recv(4096)
            except ConnectionError:
                pass
    wait_for(lambda: gauge(d, 'tls_handshakes_failed') >= 4)
    check('tls: a handshake failed' in d.said())
    with client(d, ca.cert) as c:
        same(c.welcome.WhichOneof('body'), 'welcome')
    d2 = http_kit.http(b, args=['--listen', 'tcp:127.0.0.1:0'])
    plain = wait_for(lambda: [line.split('ready on ')[1] for line in d2.said().splitlines() if 'ready on tcp' in line])[0]
    done = tool(b, d2, 'status', address=plain.replace('tcp:', 'tls:'))
    check(done.returncode == 1 and b'TLS' in done.stderr, done.stderr)
    done = tool(b, d, '--tls-ca', ca.cert, 'status', address='tls:localhost:%d' % d.port)
    check(done.returncode == 1 and b'application protocol' in done.stderr, done.stderr)


def certificates_that_are_not_believed(b):
    ca, stranger = Authority(b), Authority(b, 'somebody else')
    cases = (
        (ca.sign(), 'localhost', stranger.cert, b'--tls-ca'),
        (ca.sign(), 'localhost', None, b'--tls-ca'),
        (ca.sign('elsewhere', 'subjectAltName=DNS:desk.example'), 'localhost', ca.cert, b'another host'),
        (ca.sign('localhost', 'subjectAltName=DNS:localhost'), '127.0.0.1', ca.cert, b'another host'),
        (ca.sign(begins=-20, days=10), 'localhost', ca.cert, b'its time is over'),
        (ca.sign(begins=5, days=10), 'localhost', ca.cert, b'has not begun'),
        (stranger.make('self', ['-x509', '-days', '30', '-subj', '/CN=localhost', '-addext', tls_kit.SAN]), 'localhost', None, b'--tls-ca'),
    )
    for (cert, key), host, trusted, words in cases:
        d = tls_kit.daemon(b, cert, key)
        done = tool(b, d, *(['--tls-ca', trusted] if trusted else []), 'status', address=d.tls.replace('127.0.0.1', host))
        check(done.returncode == 1 and words in done.stderr and b'not believed' in done.stderr, words, done.stderr)
        try:
            Https(d, trusted, host=host)
            raise kit.Failed('Python believed it: %s' % words)
        except ssl.SSLCertVerificationError:
            pass
        if b'over' in words:
            check('expired on' in d.said() and 'SIGHUP' in d.said(), d.said())
            check('EXPIRED' in d.ctl('status'))
        if b'begun' in words:
            check('not valid yet' in d.said(), d.said())
        d.stop()
    d = tls_kit.daemon(b, *ca.sign())
    for args, words in ((['--tls-ca', b.path('none')], b'No such file'), (['--tls-ca', os.path.join(b.root, 'README.md')], b'cannot use'),
                        (['--tls-ca', ca.cert, '--tls-cert', b.path('none')], b'No such file'),
                        (['--tls-ca', ca.cert, '--tls-cert', ca.cert], b'the key of this client'),
                        (['--tls-ca', ca.cert, '--tls-key', ca.key], b'no certificate')):
        done = tool(b, d, *args, 'status')
        check(done.returncode == 1 and words in done.stderr, args, done.stderr)
    check(tool(b, d, '--tls-insecure', 'status').returncode == 2, 'verification is not turned off')


def certificates_of_clients(b):
    ca, clients, stranger = Authority(b), Authority(b, 'clients'), Authority(b, 'somebody else')
    d = tls_kit.daemon(b, *ca.sign(), address='127.0.0.1', args=['--tls-client-ca', clients.cert])
    own = clients.sign('desk', 'subjectAltName=DNS:desk')
    with client(d, ca.cert, *own) as c:
        same(c.welcome.WhichOneof('body'), 'welcome')
    with Https(d, ca.cert, *own) as c:
        same(c.ask('GET', '/v1/status').status, 200)
    same(tool(b, d, 'status', NUDGE_TLS_CA=ca.cert, NUDGE_TLS_CERT=own[0], NUDGE_TLS_KEY=own[1]).returncode, 0)
    both = b.path('both.pem')
    with open(both, 'w') as out:
        out.write(open(own[0]).read() + open(own[1]).read())
    same(tool(b, d, '--tls-ca', ca.cert, '--tls-cert', both, 'status').returncode, 0)
    for pair in ((None, None), stranger.sign('desk'), clients.sign('old', begins=-9, days=3)):
        for attempt in (lambda: client(d, ca.cert, *pair), lambda: Https(d, ca.cert, *pair).ask('GET', '/livez')):
            try:
                attempt()
                raise kit.Failed('was let in with %s' % (pair,))
            except (ssl.SSLError, OSError, EOFError, nudge_client.Closed):
                pass
        done = tool(b, d, '--tls-ca', ca.cert, *(['--tls-cert', pair[0], '--tls-key', pair[1]] if pair[0] else []), 'status')
        check(done.returncode == 1 and (b'wants a certificate' in done.stderr or b'does not accept' in done.stderr), done.stderr)
    with client(d, ca.cert, *own) as c:
        same(c.welcome.WhichOneof('body'), 'welcome')


def is_let_in(b, d, ca, pair):
    """By both protocols, or by neither."""
    def tried(attempt):
        try:
            attempt()
            return True
        except (ssl.SSLError, OSError, EOFError, nudge_client.Closed):
            return False
    both = {tried(lambda: client(d, ca.cert, *pair)), tried(lambda: Https(d, ca.cert, *pair).ask('GET', '/livez'))}
    same(len(both), 1, 'the protocols differ')
    return both.pop()


def certificates_that_are_revoked(b):
    ca, clients = Authority(b), Authority(b, 'clients')
    desk, gone = (clients.sign(name, 'subjectAltName=DNS:' + name) for name in ('desk', 'gone'))
    crl = b.path('revoked.pem')

    def put_list(*lists):
        with open(crl, 'w') as out:
            out.write(''.join(open(path).read() for path in lists))

    def hang_up(words):
        before = d.said().count(words)
        d.hang_up()
        http_kit.wait_for(lambda: d.said().count(words) > before)

    put_list(clients.revoked())
    d = tls_kit.daemon(b, *ca.sign(), args=['--tls-client-ca', clients.cert, '--tls-client-crl', crl])
    same((is_let_in(b, d, ca, desk), is_let_in(b, d, ca, gone)), (True, True))
    open_one = client(d, ca.cert, *gone)
    put_list(clients.revoked(gone[0]))
    hang_up('read again')
    same((is_let_in(b, d, ca, desk), is_let_in(b, d, ca, gone)), (True, False))
    same(open_one.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status') # it goes on with what it began with
    http_kit.wait_for(lambda: 'revoked' in d.said()) # the client hears of it first
    with Https(d, ca.cert, *desk) as c:
        ends = re.search(rb'\nnudged_tls_client_crl_expires_timestamp_seconds (\S+)', c.ask('GET', '/metrics').body)
    check(abs(float(ends.group(1)) - time.time() - 6 * 86400) < 7200, ends)
    put_list(Authority(b, 'somebody else').revoked()) # it says nothing of these clients: refused, the old one stays
    hang_up('the old one stays')
    check('it has no list of' in d.said(), d.said())
    same((is_let_in(b, d, ca, desk), is_let_in(b, d, ca, gone)), (True, False))
    put_list(clients.revoked(gone[0], begins=-9, days=8)) # out of date: who was revoked since is not known
    hang_up('read again')
    check('is out of date since' in d.said(), d.said())
    same((is_let_in(b, d, ca, desk), is_let_in(b, d, ca, gone)), (False, False))
    put_list(clients.revoked(gone[0]))
    hang_up('read again')
    same((is_let_in(b, d, ca, desk), is_let_in(b, d, ca, gone)), (True, False))


def what_is_refused_at_the_start(b):
    ca = Authority(b)
    no_list = Authority(b, 'without a list')
    cert, key = ca.sign()
    loose = b.path('loose.key')
    shutil.copy(key, loose)
    os.chmod(loose, 0o644)
    locked = b.path('locked.key')
    tls_kit.openssl('pkey', '-in', key, '-aes256', '-passout', 'pass:secret', '-out', locked)
    os.chmod(locked, 0o600)
    rubbish = b.path('rubbish')
    with open(rubbish, 'w') as f:
        f.write('rubbish\n')
    os.chmod(rubbish, 0o600)
    tokens = b.path('tokens')
    b.ctl('token', 'new', 'x', '--role', 'read', '--tokens', tokens)
    files = ['--tls-cert', cert, '--tls-key', key]
    for args, words in (
            (['--listen', 'tls:127.0.0.1:0'], 'tls_cert'),
            (['--http', 'https://127.0.0.1:0'], 'tls_cert'),
            (['--tls-cert', cert], 'tls_key'),
            (['--tls-key', key], 'tls_cert'),
            (['--tls-client-ca', ca.cert], 'of no use'),
            (['--tls-cert', b.path('none'), '--tls-key', key], 'No such file'),
            (['--tls-cert', cert, '--tls-key', b.path('none')], 'No such file'),
            (['--tls-cert', rubbish, '--tls-key', key], 'BEGIN CERTIFICATE'),
            (['--tls-cert', cert, '--tls-key', rubbish], 'BEGIN PRIVATE KEY'),
            (['--tls-cert', cert, '--tls-key', ca.sign()[1]], 'does not belong to the certificate'),
            (['--tls-cert', cert, '--tls-key', loose], 'chmod 600'),
            (['--tls-cert', cert, '--tls-key', locked], 'openssl pkey'),
            ([*files, '--tls-client-ca', rubbish], 'tls_client_ca'),
            ([*files, '--tls-client-crl', rubbish], 'of no use'),
            ([*files, '--tls-client-ca', ca.cert, '--tls-client-crl', rubbish], 'BEGIN X509 CRL'),
            ([*files, '--tls-client-ca', ca.cert, '--tls-client-crl', no_list.revoked()], 'openssl ca -gencrl'),
            ([*files, '--listen', 'tls:0.0.0.0:0'], 'nudgectl token new'),
            ([*files, '--listen', 'tls:[::]:0'], 'nudgectl token new'),
            ([*files, '--http', 'https://0.0.0.0:0'], 'nudgectl token new'),
            ([*files, '--http', 'https://192.0.2.7:443'], 'nudgectl token new'),
            ([*files, '--tokens', tokens, '--listen', 'tcp:0.0.0.0:0'], 'not on loopback'),
            ([*files, '--tokens', tokens, '--http', 'http://0.0.0.0:0'], 'not on loopback'),
            ([*files, '--tokens', tokens, '--http', '0.0.0.0:0'], 'not on loopback'),
            ([*files, '--tokens', tokens, '--listen', 'tls:no-name:0'], 'HOST is an address'),
            ([*files, '--listen', 'tls:127.0.0.1'], 'tls:HOST:PORT')):
        base = [b.nudged, '--data', b.path('data'), '--listen', 'unix:' + b.path('sock')]
        for command, code in ((base, 1), (base + ['--check-config'], 2)):
            done = subprocess.run(command + args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            check(done.returncode == code and words.encode() in done.stderr, args, done.returncode, done.stderr)
    for args in ([*files, '--tokens', tokens, '--listen', 'tls:0.0.0.0:0', '--http', 'https://[::]:0'],
                 [*files, '--tls-client-ca', ca.cert, '--listen', 'tls:0.0.0.0:0']):
        done = subprocess.run([b.nudged, '--check-config', '--data', b.path('data'), *args], stdout=subprocess.PIPE)
        check(done.returncode == 0 and b'tls_cert = ' + cert.encode() in done.stdout, done.stdout)
    token = b.path('token')
    b.ctl('token', 'new', 'y', '--role', 'read', '--tokens', tokens, '--out', token)
    d = tls_kit.daemon(b, cert, key, address='0.0.0.0', args=['--tokens', tokens])
    address = d.tls.replace('0.0.0.0', '127.0.0.1')
    same(tool(b, d, '--tls-ca', ca.cert, '--token-file', token, 'status', address=address).returncode, 0)
    check(b'no token' in tool(b, d, '--tls-ca', ca.cert, 'status', address=address).stderr)
    with Https(d, ca.cert) as c:
        same(c.ask('GET', '/v1/status').status, 401)
        bearer = {'Authorization': 'Bearer ' + open(token).read().strip(), 'Host': 'desk.example'}
        same(c.ask('GET', '/v1/status', headers=bearer).status, 200)


def half_a_hello(ca):
    """The first bytes of a handshake, without the rest."""
    outgoing = ssl.MemoryBIO()
    tls = tls_kit.context(ca.cert).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname='localhost')
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()[:-40]


def handshakes_that_never_end(b):
    if not kit.files_limit(4096):
        raise kit.Skip('not as many files are allowed here')
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign(), args=['--client-connections', '2000'])
    port = int(d.tls.rsplit(':', 1)[1])
    before = d.rss_kb()
    half = half_a_hello(ca)
    stalled = {port: [], d.port: []}
    try:
        with client(d, ca.cert) as staying, Https(d, ca.cert) as http:
            for at, sockets in stalled.items():
                for i in range(500):
                    s = socket.create_connection(('127.0.0.1', at), 30)
                    s.sendall(half if i % 2 else b'')
                    sockets.append(s)
                    if i % 100 == 0: # between them, others are served
                        same(staying.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status')
                        same(http.ask('GET', '/livez').status, 200)
            with client(d, ca.cert) as c:
                same(c.welcome.WhichOneof('body'), 'welcome', 'while they stall')
            with Https(d, ca.cert) as c:
                same(c.ask('GET', '/v1/status').status, 200, 'while they stall')
            # 256 of the one kind are borne; all end when their time is over, and then the first clients still are there
            wait_for(lambda: gauge(d, 'tls_handshakes_failed') >= 500 - 256)
            check(d.rss_kb() - before < 200 * 1024, 'memory', before, d.rss_kb())
            wait_for(lambda: gauge(d, 'tls_handshakes_failed') >= 500, 40)
            for sockets in stalled.values():
                for s in sockets:
                    s.settimeout(40)
                    try:
                        same(s.recv(1), b'')
                    except ConnectionError:
                        pass
            same(staying.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status')
            same(http.ask('GET', '/livez').status, 200)
    finally:
        for s in (s for sockets in stalled.values() for s in sockets):
            s.close()
    d.stop()


def a_crowd_that_stalls_is_in_its_own_way(b):
    """Who is slow at the handshake, and comes from elsewhere, keeps the place that others would take."""
    if not kit.files_limit(4096):
        raise kit.Skip('not as many files are allowed here')
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign(), http=False, args=['--client-connections', '2000'])
    port = int(d.tls.rsplit(':', 1)[1])
    slow = socket.create_connection(('127.0.0.1', port), 30, ('127.0.0.77', 0))
    crowd = [socket.create_connection(('127.0.0.1', port), 30, ('127.0.0.%d' % (2 + i % 3), 0)) for i in range(900)]
    wait_for(lambda: gauge(d, 'tls_handshakes_failed') >= len(crowd) + 1 - 256)
    with tls_kit.context(ca.cert).wrap_socket(slow, server_hostname='localhost') as s:
        s.sendall(nudge_client.frame(b.pb.Request(request_id=1, hello=b.pb.Hello(version=1, client='slow'))))
        check(s.recv(4096), 'it was let go of')
    for s in crowd:
        s.close()
    d.stop()


def a_hello_byte_by_byte(b):
    """Is no progress: over TLS as over any other socket it must have come within the same time."""
    ca = Authority(b)
    d = tls_kit.daemon(b, *ca.sign(), http=False)
    slow = [nudge_client.Client(b.pb, d.address, 30), client(d, ca.cert, hello=False)]
    began = time.time()
    with d.client() as quiet: # one who has said it may be quiet for as long
        for c in slow:
            c.send_raw(b'\x64')
        while slow:
            check(time.time() - began < 60, 'they are there still')
            time.sleep(1)
            for c in list(slow):
                try:
                    c.send_raw(b'\x0a')
                except OSError:
                    slow.remove(c)
                    check(time.time() - began > 5, 'it had no time at all')
        same(quiet.call(get_status=b.pb.GetStatus()).WhichOneof('body'), 'status')


def changed_under_traffic(b):
    ca = Authority(b)
    cert, key = b.path('cert.pem'), b.path('key.pem')
    put(ca.sign(), cert, key)
    d = tls_kit.daemon(b, cert, key, shards=2)
    port = int(d.tls.rsplit(':', 1)[1])
    traffic = [Traffic(d, ca.cert, 't%d' % i) for i in range(4)]
    http = Https(d, ca.cert)
    for t in traffic:
        t.start()
    seen = [serial_seen(d, ca.cert, port)]
    for round in range(4):
        put(ca.sign(key=('-newkey', 'rsa:2048')) if round == 2 else ca.sign(), cert, key)
        d.hang_up()
        wait_for(lambda: serial_seen(d, ca.cert, port) not in seen)
        seen.append(serial_seen(d, ca.cert, port))
        same(serial_seen(d, ca.cert, d.port), seen[-1], 'both protocols have the new one')
        reached = [t.acked for t in traffic]
        wait_for(lambda: all(t.acked > r or t.error for t, r in zip(traffic, reached)))
        same(http.ask('GET', '/livez').status, 200, 'the old connection goes on')
    for spoil, words in ((lambda: open(cert, 'w').close(), 'BEGIN CERTIFICATE'), (lambda: put((ca.sign()[0], key), cert, b.path('x')), 'belong'),
                         (lambda: os.unlink(key), 'No such file')):
        spoil()
        d.hang_up()
        wait_for(lambda: words in d.said())
        same(serial_seen(d, ca.cert, port), seen[-1], 'the old one stays')
        same(gauge(d, 'tls_certificate_refused'), 1)
    check('the old one stays' in d.said() and 'are refused' in d.ctl('status'))
    put(ca.sign(), cert, key)
    d.hang_up()
    wait_for(lambda: serial_seen(d, ca.cert, port) not in seen)
    same(gauge(d, 'tls_certificate_refused'), 0)
    sent = all_acknowledged(traffic)
    http.socket.close()
    same(d.status().events_accepted, sent, 'what was acknowledged was applied')
    d.stop()


def its_end_is_told(b):
    ca = Authority(b)
    cert, key = ca.sign(days=12)
    d = tls_kit.daemon(b, cert, key)
    ends = ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(cert)['notAfter'])
    check('expires on' in d.said() and 'days' in d.said() and cert in d.said(), d.said())
    with Https(d, ca.cert) as c:
        text = c.ask('GET', '/metrics').body.decode()
    check('nudged_tls_certificate_expires_timestamp_seconds %d\n' % ends in text, text[-2000:])
    check('nudged_tls_handshakes_failed_total 0' in text and 'nudged_limited_total{reason="rate"} 0' in text)
    check('certificate until' in d.ctl('status'))
    status = json.loads(d.ctl('--json', 'status'))
    check(any(g['name'] == 'tls_certificate_expires' and g['value'] == ends for g in status['gauges']), status['gauges'])
    with client(d, ca.cert) as c:
        left = c.socket.unwrap() # it says goodbye, and so does the daemon
        left.close()
    wait_for(lambda: d.status().connections <= 1)
    d.stop()


kit.Bench().run([both_protocols, what_is_not_spoken, plain_bytes, certificates_that_are_not_believed, certificates_of_clients,
                 certificates_that_are_revoked, what_is_refused_at_the_start, handshakes_that_never_end,
                 a_crowd_that_stalls_is_in_its_own_way, a_hello_byte_by_byte, changed_under_traffic, its_end_is_told])
