"""What the tests of TLS share: certificates made for them (openssl, as the manual says), daemons that have one, and clients that
speak it with Python's ssl."""
import datetime
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading

import http_kit
import kit
import nudge_client

SAN = 'subjectAltName=DNS:localhost,IP:127.0.0.1'


def openssl(*args, data=None):
    done = subprocess.run(['openssl', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=data)
    kit.check(done.returncode == 0, 'openssl', args, done.stdout.decode()[-500:])
    return done.stdout.decode()


class Authority:
    """Whoever signs: ca.pem; sign() makes a certificate with its key beside it."""

    def __init__(self, bench, name='trial authority'):
        self.folder = bench.path('tls')
        os.mkdir(self.folder)
        self.cert, self.key = self.make('ca', ['-x509', '-days', '30', '-subj', '/CN=' + name])
        self.count = 0

    def make(self, name, args, key=('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256')):
        cert, keyfile = (os.path.join(self.folder, name + end) for end in ('.pem', '.key'))
        openssl('req', *key, '-nodes', '-keyout', keyfile, '-out', cert, *args)
        os.chmod(keyfile, 0o600)
        return cert, keyfile

    def sign(self, name='localhost', san=SAN, days=30, begins=0, **more):
        """*begins*: days from now."""
        self.count += 1
        stem = '%s-%d' % (name, self.count)
        request, key = self.make(stem, ['-subj', '/CN=' + name, '-addext', san], **more)
        cert = os.path.join(self.folder, stem + '.crt')
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=begins)
        config = os.path.join(self.folder, stem + '.cnf')
        for file in ('index', 'index.attr'):
            open(os.path.join(self.folder, file), 'w').close()
        with open(config, 'w') as f:
            f.write('[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=%s\ndatabase=%s/index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n'
                    'copy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n' % (self.folder, self.folder))
        stamp = lambda t: t.strftime('%Y%m%d%H%M%SZ')
        openssl('ca', '-batch', '-notext', '-config', config, '-cert', self.cert, '-keyfile', self.key, '-in', request, '-out', cert,
                '-startdate', stamp(now), '-enddate', stamp(now + datetime.timedelta(days=days)))
        return cert, key

    def revoked(self, *certs, begins=-1, days=7):
        """A revocation list with these; *begins*, *days*: of the list, in days from now and from then."""
        self.count += 1
        config, out = (os.path.join(self.folder, 'crl-%d.%s' % (self.count, end)) for end in ('cnf', 'pem'))
        open(os.path.join(self.folder, 'revoked'), 'w').close()
        with open(config, 'w') as f:
            f.write('[ca]\ndefault_ca=c\n[c]\ndatabase=%s/revoked\ndefault_md=sha256\n' % self.folder)
        own = ['ca', '-config', config, '-cert', self.cert, '-keyfile', self.key]
        for cert in certs:
            openssl(*own, '-revoke', cert)
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=begins)
        stamp = lambda t: t.strftime('%Y%m%d%H%M%SZ')
        openssl(*own, '-gencrl', '-crl_lastupdate', stamp(now), '-crl_nextupdate', stamp(now + datetime.timedelta(days=days)), '-out', out)
        return out


def daemon(bench, cert, key, address='127.0.0.1', http=True, args=(), **more):
    """With both protocols over TLS, and a Unix socket: d.tls, d.port, d.address."""
    whole = ['--tls-cert', cert, '--tls-key', key, '--listen', 'tls:%s:0' % address, *args]
    d = bench.daemon(args=whole + (['--http', 'https://%s:0' % address] if http else []), **more)
    find_ports(d)
    return d


def find_ports(d):
    d.tls = http_kit.wait_for(lambda: re.search(r'ready on (tls:\S+)', d.said())).group(1)
    found = re.search(r'HTTP on https://\S+:(\d+)', d.said())
    d.port = int(found.group(1)) if found else None


def context(ca=None, cert=None, key=None):
    c = ssl.create_default_context(cafile=ca) if ca else ssl.create_default_context()
    if cert:
        c.load_cert_chain(cert, key)
    return c


def client(d, ca, cert=None, key=None, token='', hello=True, source=None, timeout=30.0):
    """Over TLS, greeted; c.welcome is the answer."""
    c = nudge_client.Client(d.bench.pb, d.tls, timeout, context(ca, cert, key), source)
    if hello:
        c.welcome = c.call(hello=d.bench.pb.Hello(version=1, client='tls', token=token))
    return c


class Https(http_kit.Connection):
    def __init__(self, d, ca, cert=None, key=None, source=None, timeout=20.0, host='localhost'):
        super().__init__(d.port, timeout, source)
        tls = context(ca, cert, key)
        tls.set_alpn_protocols(['http/1.1'])
        self.socket = tls.wrap_socket(self.socket, server_hostname=host)


def serial_seen(d, ca, port):
    with socket.create_connection(('127.0.0.1', port), 30) as s, context(ca).wrap_socket(s, server_hostname='localhost') as t:
        return t.getpeercert()['serialNumber']


def put(pair, cert, key):
    """As certbot does it: the new ones are moved into the place of the old ones."""
    for new, old in zip(pair, (cert, key)):
        shutil.copy(new, old + '.new')
        os.chmod(old + '.new', 0o600)
        os.rename(old + '.new', old)


class Traffic(threading.Thread):
    """Publishes on one connection, a few requests in flight, and notes what was acknowledged."""

    def __init__(self, d, ca, name, token=''):
        super().__init__()
        self.d, self.name_, self.sent, self.acked, self.error, self.over = d, name, 0, 0, None, threading.Event()
        self.client = client(d, ca, token=token)

    def run(self):
        try:
            pb, waiting = self.d.bench.pb, 0
            while not self.over.is_set() or waiting:
                while waiting < 8 and not self.over.is_set():
                    self.client.send(publish=pb.Publish(events=[kit.event(pb, '%s-%d' % (self.name_, self.sent), 'c-%d' % (self.sent % 50))]))
                    self.sent += 1
                    waiting += 1
                kit.accepted(self.client.receive())
                self.acked += 1
                waiting -= 1
        except Exception as why: # told by the case
            self.error = why


def all_acknowledged(traffic):
    """Ends it. Nobody was let go, and every event that was sent is acknowledged: how many there were."""
    for t in traffic:
        t.over.set()
    for t in traffic:
        t.join(60)
        kit.check(not t.error and not t.is_alive() and t.sent == t.acked > 0, t.error, t.sent, t.acked)
        t.client.close()
    return sum(t.sent for t in traffic)
