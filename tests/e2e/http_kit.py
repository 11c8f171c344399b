"""What the tests of the HTTP gateway share: requests over sockets of our own, so that hostile ones can be made too; a
validator of JSON against the gateway's own OpenAPI document; and a reader of server-sent events."""
import json
import re
import socket
import time

import kit


def http(bench, **options):
    """A daemon with a gateway on a port of its own: d.port."""
    args = [*options.pop('args', ()), '--http', '127.0.0.1:0']
    d = bench.daemon(args=args, **options)
    d.port = port_of(d)
    return d


def port_of(d):
    return int(re.search(r'HTTP on 127\.0\.0\.1:(\d+)', d.said()).group(1))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def type(self):
        return self.headers.get('content-type', '').split(';')[0]

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return '%d %s %r' % (self.status, self.type, self.body[:300])


class Connection:
    def __init__(self, port, timeout=20.0, source=None):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout, (source, 0) if source else None)
        self.data = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise EOFError('the gateway closed the connection')
        self.data += got

    def until(self, mark):
        while mark not in self.data:
            self.more()
        head, self.data = self.data.split(mark, 1)
        return head

    def exactly(self, count):
        while len(self.data) < count:
            self.more()
        head, self.data = self.data[:count], self.data[count:]
        return head

    def head(self):
        lines = self.until(b'\r\n\r\n').decode('latin-1').split('\r\n')
        headers = {name.lower(): value.strip() for name, value in (line.split(':', 1) for line in lines[1:])}
        return int(lines[0].split()[1]), headers

    def chunk(self):
        size = int(self.until(b'\r\n'), 16)
        body = self.exactly(size)
        self.exactly(2)
        return body

    def answer(self, no_body=False):
        status, headers = self.head()
        body = b''
        if no_body:
            pass
        elif headers.get('transfer-encoding') == 'chunked':
            while piece := self.chunk():
                body += piece
        else:
            body = self.exactly(int(headers.get('content-length', 0)))
        return Answer(status, headers, body)

    def ask(self, method, path, body=None, type='application/json', headers=None):
        self.send(request(method, path, body, type, headers))
        return self.answer(no_body=method == 'HEAD')


def request(method, path, body=None, type='application/json', headers=None):
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    lines = {'Host': 'localhost', **(headers or {})}
    if body is not None:
        lines.update({'Content-Length': len(body), 'Content-Type': type})
    head = '%s %s HTTP/1.1\r\n' % (method, path) + ''.join('%s: %s\r\n' % line for line in lines.items())
    return head.encode() + b'\r\n' + (body or b'')


def ask(d, method, path, body=None, source=None, **more):
    with Connection(d.port, source=source) as c:
        return c.ask(method, path, body, **more)


def get(d, path, **more):
    return ask(d, 'GET', path, **more)


def post(d, path, body=None, **more):
    return ask(d, 'POST', path, body, **more)


def good(answer, what=''):
    kit.same((answer.status, answer.type), (200, 'application/json'), '%s %r' % (what, answer))
    return answer.json


def problem(answer, status, code, words=''):
    """A problem document, as RFC 9457 has it."""
    kit.same((answer.status, answer.type), (status, 'application/problem+json'), repr(answer))
    p = answer.json
    kit.same((p['status'], p['code']), (status, code), p)
    kit.check(p['type'] == 'urn:nudged:problem:' + code and p['title'] and p['detail'], p)
    kit.check(words in p['detail'], 'does not say', repr(words), p)
    return p


class Stream:
    """Server-sent events, as a browser reads them."""

    def __init__(self, d, query='', last=None, timeout=20.0):
        self.c = Connection(d.port, timeout)
        headers = {'Accept': 'text/event-stream'}
        if last:
            headers['Last-Event-ID'] = last
        self.c.send(request('GET', '/v1/alerts/stream' + query, headers=headers))
        self.status, self.headers = self.c.head()
        self.text = ''
        self.last = last

    def event(self):
        """The next one: (name, data). Comments are stepped over."""
        while True:
            while '\n\n' not in self.text:
                self.text += self.c.chunk().decode()
            block, self.text = self.text.split('\n\n', 1)
            fields = dict(line.split(': ', 1) for line in block.split('\n') if line and not line.startswith(':'))
            self.last = fields.get('id', self.last)
            if 'data' in fields:
                return fields.get('event', 'message'), json.loads(fields['data'])

    def alerts(self, count):
        got = []
        while len(got) < count:
            name, data = self.event()
            if name in ('alert', 'nudge'):
                got.append(data)
        return got

    def close(self):
        self.c.socket.close()


KINDS = {'string': str, 'boolean': bool, 'object': dict, 'array': list, 'null': type(None)}


class Document:
    """The OpenAPI document, and whether an answer is as it says."""

    def __init__(self, text):
        self.all = json.loads(text)
        self.schemas = self.all['components']['schemas']

    def operations(self):
        return {(method.upper(), path): op for path, item in self.all['paths'].items() for method, op in item.items()}

    def check(self, value, schema, where='$'):
        if '$ref' in schema:
            return self.check(value, self.schemas[schema['$ref'].rsplit('/', 1)[1]], where)
        if 'anyOf' in schema:
            why = []
            for one in schema['anyOf']:
                try:
                    return self.check(value, one, where)
                except kit.Failed as e:
                    why.append(str(e))
            raise kit.Failed('%s: %r fits none: %s' % (where, value, '; '.join(why)))
        if 'enum' in schema:
            kit.check(value in schema['enum'], where, repr(value), 'is not of', schema['enum'])
        types = schema.get('type', [])
        types = types if isinstance(types, list) else [types]
        kit.check(not types or any(self.is_a(value, t) for t in types), where, repr(value)[:80], 'is not', types)
        if isinstance(value, dict):
            self.check_object(value, schema, where)
        if isinstance(value, list) and 'items' in schema:
            for i, item in enumerate(value):
                self.check(item, schema['items'], '%s[%d]' % (where, i))

    def check_object(self, value, schema, where):
        for name in schema.get('required', []):
            kit.check(name in value, where, 'has no', name)
        for name, item in value.items():
            if name in schema.get('properties', {}):
                self.check(item, schema['properties'][name], where + '.' + name)
            elif 'properties' in schema:
                raise kit.Failed('%s.%s is not documented' % (where, name))
            elif 'additionalProperties' in schema:
                self.check(item, schema['additionalProperties'], where + '.' + name)

    @staticmethod
    def is_a(value, type):
        if type == 'integer':
            return isinstance(value, int) and not isinstance(value, bool)
        if type == 'number':
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        return isinstance(value, KINDS[type])


def wait_for(what, seconds=20.0, why=''):
    until = time.time() + seconds
    while time.time() < until:
        got = what()
        if got:
            return got
        time.sleep(0.02)
    raise kit.Failed('not within %d s: %s' % (seconds, why) if why else 'not within %d s' % seconds)
