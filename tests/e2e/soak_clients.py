"""Who works with the daemon in soak.py's week: those who bring events, in every form there is; desks, who ask what to do, tell what
came of it and take care of alerts; those who follow alerts; and who only looks. Each comes back until it is told to end, and
tells the model of whatever it was answered that it did not ask for."""
import datetime
import json
import random
import threading
import time

import http_kit
import kit
import tls_kit
from kit import HOUR, check
from soak_kit import AGAIN, GONE, PATIENCE, RACING, SEED

PROTOBUF = ('unix', 'tls')
ROLES = {'Publisher': 'publish', 'Desk': 'recommend,read', 'Follower': 'read', 'Reader': 'read,operate'}


class Denied(Exception):
    """Its token is not good any more."""


class Client(threading.Thread):
    """how: 'unix', 'tls' (both protobuf), 'https', 'http'."""

    def __init__(self, week, how):
        super().__init__(daemon=True, name='%s-%s-%d' % (type(self).__name__.lower(), how, len(week.clients)))
        self.bench, self.d, self.model, self.ca, self.pb = week.bench, week.d, week.model, week.ca.cert, week.bench.pb
        self.how, self.failed, self.began, self.connected, self.idle = how, None, 0, False, False
        self.token, self.shown = week.token(self.name, ROLES[type(self).__name__]), None
        self.random = random.Random('%s %d' % (self.name, SEED))
        week.clients.append(self)

    def connection(self, timeout=PATIENCE):
        """Greeted, where that is done."""
        self.shown = self.token
        if self.how == 'https':
            c = tls_kit.Https(self.d, self.ca, timeout=timeout)
        elif self.how == 'http':
            c = http_kit.Connection(self.d.plain, timeout)
        else:
            c = tls_kit.client(self.d, self.ca, hello=False, timeout=timeout) if self.how == 'tls' else self.d.client(timeout, hello=False)
            welcome = c.hello(token=self.shown)
            if welcome.WhichOneof('body') != 'welcome':
                self.told(welcome.error.code, self.began, 'hello: ' + welcome.error.reason)
                raise EOFError('no welcome')
        self.connected = True
        return c

    def ask_http(self, c, method, path, body=None, type='application/json'):
        self.shown = self.token
        return c.ask(method, path, body, type, {'Authorization': 'Bearer ' + self.shown})

    def told(self, code, began, detail=''):
        self.model.told(code, began, '%s: %s' % (self.name, detail))
        if code == 'denied':
            raise Denied()

    def quiet(self, why):
        """It is no error to them."""
        return False

    def rests(self):
        self.idle = self.model.rests
        if self.idle:
            time.sleep(0.01)
        return self.idle

    def run(self):
        while not self.model.ends:
            self.began, self.connected = time.monotonic(), False
            try:
                with self.connection(*self.timeout()) as c:
                    self.live(c)
            except Denied:
                time.sleep(0.02)
            except (OSError, EOFError, kit.nudge_client.Closed) as why:
                if not self.quiet(why):
                    self.model.told('lost', self.began, '%s: %r' % (self.name, why), self.connected)
                    time.sleep(0.05)
            except Exception as why: # said at the end
                self.failed = '%s: %r' % (self.name, why)
                return

    def timeout(self):
        return ()


def cloudevent(e):
    out = {k: v for k, v in e.items() if k not in ('customer', 'time_ms', 'attributes')}
    when = datetime.datetime.fromtimestamp(e['time_ms'] / 1000, datetime.timezone.utc)
    return dict(out, specversion='1.0', subject=e['customer'], time=when.isoformat(timespec='milliseconds'), data=e.get('attributes', {}))


class Publisher(Client):
    """Its customers' events in order, some in a request, again until each is acknowledged. form: of those over HTTP."""

    def __init__(self, week, how, form, number, days):
        super().__init__(week, how)
        self.form, self.number, self.days = form, number, days
        self.day, self.at, self.more = 0, 0, 0
        self.model.places[number] = 0

    def next(self):
        """The next events; None: nothing more today."""
        events, places = self.days[self.day], self.model.places
        if self.at < len(events): # all go with one clock: nobody is far ahead of the others
            places[self.number] = events[self.at]['time_ms']
            until = min(places.values()) + HOUR // 2 # once: the others go on meanwhile
            return [e for e in events[self.at:self.at + 40] if e['time_ms'] <= until]
        places[self.number] = float('inf')
        if self.day < self.model.day:
            self.day, self.at = self.day + 1, 0
            return self.next()
        self.model.ready[self.day] |= 1 << self.number
        if not events or not self.model.busy:
            return None
        self.more += 1 # the day goes on as long as something is being done to the daemon
        return [{'id': 'more-%d-%d' % (self.number, self.more), 'source': 'soak', 'customer': 'walker-%d' % self.number,
                 'type': 'web.visit', 'channel': 'web', 'time_ms': events[-1]['time_ms'] + self.more}]

    def live(self, c):
        while not self.model.ends:
            events = None if self.rests() else self.next()
            if events:
                self.publish(c, events)
            else:
                time.sleep(0.01)

    def publish(self, c, events):
        good, began = 0, time.monotonic()
        answers = self.by_protobuf(c, events) if self.how in PROTOBUF else self.by_http(c, events)
        trouble = None
        for event, (result, code) in zip(events, answers):
            if result not in (1, 2, 'ACCEPTED', 'DUPLICATE') or code: # what follows of it comes again, in order
                trouble = code, '%s: %s' % (event, result)
                break
            with self.model.lock:
                self.model.events.add((event['source'], event['id']))
            good += 1
        if events[0]['source'] != 'soak':
            self.at += good
        elif not good:
            self.more -= 1
        if trouble:
            self.told(trouble[0], began, trouble[1])
        time.sleep(0.002 if good else 0.02)

    def by_protobuf(self, c, events):
        made = []
        for e in events:
            e = dict(e)
            attrs = e.pop('attributes', {})
            made.append(kit.event(self.pb, attrs=attrs, **e))
        r = c.call(publish=self.pb.Publish(events=made))
        if r.WhichOneof('body') != 'published':
            return [(3, r.error.code)]
        return [(a.result, a.error.code or a.error.reason) for a in r.published.acks]

    def by_http(self, c, events):
        if self.form == 'lines':
            r = self.ask_http(c, 'POST', '/v1/events', ''.join(json.dumps(e) + '\n' for e in events), 'application/x-ndjson')
        elif self.form == 'clouds':
            r = self.ask_http(c, 'POST', '/v1/events', [cloudevent(e) for e in events], 'application/cloudevents-batch+json')
        else:
            r = self.ask_http(c, 'POST', '/v1/events', events)
        if r.status != 200:
            return [(3, r.json['code'])]
        acks = [json.loads(line) for line in r.body.splitlines()] if self.form == 'lines' else r.json['acks']
        return [self.ack(a) for a in acks]

    @staticmethod
    def ack(a):
        """Of lines, one that is refused is a problem document."""
        error = a.get('error') or ({} if a.get('result') else a)
        return a.get('result', 'REFUSED'), error.get('code') or error.get('reason', '')


class Desk(Client):
    """Asks what to do for customers, tells what became of it, and acknowledges an alert now and then."""

    def __init__(self, week, how, customers):
        super().__init__(week, how)
        self.customers, self.count, self.open = customers, 0, None

    def live(self, c):
        while not self.model.ends:
            if self.rests():
                continue
            if self.open:
                self.tell(c)
            elif self.random.random() < 0.1:
                self.acknowledge(c)
            else:
                self.ask(c)
            time.sleep(0.01)

    def call(self, c, kind, message, path, body=None):
        """(answer, ''), or (None, why not)."""
        if self.how in PROTOBUF:
            r = c.call(**{kind: message})
            ok = r.WhichOneof('body') != 'error'
            return (getattr(r, r.WhichOneof('body')), '') if ok else (None, r.error.code)
        r = self.ask_http(c, 'POST' if body else 'GET', path, body)
        return (r.json, '') if r.status == 200 else (None, r.json['code'])

    def ask(self, c):
        who, began = self.random.choice(self.customers), time.monotonic()
        asked = dict(customer=who, channel='call', agent='linh')
        r, code = self.call(c, 'recommend', self.pb.Recommend(**asked), '/v1/recommendations', asked)
        if code:
            self.told(code, began, 'recommend')
            return
        choices, decision = (r.choices, r.decision) if self.how in PROTOBUF else (r.get('choices', []), r['decision'])
        if choices:
            self.count += 1
            self.open = dict(id='o%d' % self.count, source=self.name, customer=who, channel='call',
                             kind=self.random.choice(['offered', 'offered', 'accepted', 'rejected']),
                             action=choices[0].action if self.how in PROTOBUF else choices[0]['action'], decision=decision)

    def tell(self, c):
        began = time.monotonic()
        r, code = self.call(c, 'outcome', self.pb.Outcome(**self.open), '/v1/outcomes', self.open)
        if not code:
            result, code = (r.ack.result, r.ack.error.code) if self.how in PROTOBUF else (r['ack']['result'], '')
            check(code or result in (1, 2, 'ACCEPTED', 'DUPLICATE'), r)
        if code:
            self.told(code, began, 'outcome')
            return
        self.model.outcomes[self.name, self.open['id']] = self.open
        self.open = None

    def acknowledge(self, c):
        began = time.monotonic()
        listed, code = self.call(c, 'list_alerts', self.pb.ListAlerts(limit=50), '/v1/alerts?limit=50')
        if self.how in PROTOBUF:
            listed = [(a.seq, a.index, a.customer) for a in listed.alerts] if listed else []
        else:
            listed = [(a['seq'], a['index'], a.get('customer')) for a in listed.get('alerts', [])] if listed else []
        listed = [a for a in listed if a[2] not in GONE + AGAIN + RACING]
        if listed and not code:
            seq, index, _ = self.random.choice(listed)
            _, code = self.call(c, 'acknowledge', self.pb.Acknowledge(seq=seq, index=index, by=self.name),
                                '/v1/alerts/%d-%d/acknowledge' % (seq, index), {'by': self.name})
            if not code:
                self.model.acknowledged[seq, index] = self.name
        if code:
            self.told(code, began, 'acknowledge')


class Stream(http_kit.Stream):
    def __init__(self, c, last, token):
        self.c, self.text, self.last = c, '', last
        c.send(http_kit.request('GET', '/v1/alerts/stream', headers={
            'Accept': 'text/event-stream', 'Last-Event-ID': last, 'Authorization': 'Bearer ' + token}))
        self.status, self.headers = c.head()


class Follower(Client):
    """Alerts by id, from where it was. seen: whom each was about; came: when it came back, and behind which one it asked."""

    def __init__(self, week, how):
        super().__init__(week, how)
        self.seen, self.last, self.came = {}, (0, 0), []

    def quiet(self, why):
        return isinstance(why, TimeoutError) # a quiet stream

    def timeout(self):
        return (2.0,)

    def take(self, id, about):
        check(id > self.last, 'an alert from before', self.last, id)
        self.seen[id], self.last = about, id

    def denied(self, began, code, why):
        check(code == 'denied', 'no stream:', why)
        self.told(code, began, why)

    def live(self, c):
        began = time.monotonic()
        if self.how not in PROTOBUF:
            s = Stream(c, '%d-%d' % self.last, self.shown)
            if s.status != 200:
                self.denied(began, 'denied' if s.status == 401 else '', s.status)
            self.came.append((time.monotonic(), self.last))
            while not self.model.ends:
                name, data = s.event()
                check(name in ('following', 'alert', 'nudge'), name, data)
                if name != 'following':
                    self.take((data['seq'], data['index']), data.get('customer', ''))
            return
        r = c.call(follow=self.pb.Follow(after_seq=self.last[0], after_index=self.last[1]))
        if r.WhichOneof('body') == 'error':
            self.denied(began, r.error.code, r)
        self.came.append((time.monotonic(), self.last))
        check(r.WhichOneof('body') == 'following', r)
        while not self.model.ends:
            r = c.receive()
            if r.WhichOneof('body') == 'error':
                self.denied(began, r.error.code, r)
            check(r.WhichOneof('body') == 'alert', r)
            self.take((r.alert.seq, r.alert.index), r.alert.customer)


class Reader(Client):
    """Looks at everything, as a console does. count: of answers. slow: how often shards had no time to answer that they live, which
    is nothing wrong by itself on a machine that others use."""

    def __init__(self, week, how, customers):
        super().__init__(week, how)
        self.customers, self.count, self.slow = customers, 0, 0

    def paths(self):
        who = self.random.choice(self.customers)
        yield from ('/v1/status', '/v1/customers/search?text=household+00', '/v1/alerts?limit=20', '/v1/rules', '/v1/rules/history',
                    '/v1/reports/agents', '/v1/reports/relationship', '/v1/models', '/v1/history', '/metrics', '/livez', '/readyz', '/v1/openapi.json',
                    '/v1/customers/' + who)
        if self.model.acknowledged:
            yield '/v1/entries/%d' % self.random.choice(list(self.model.acknowledged))[0]

    def live(self, c):
        while not self.model.ends:
            for path in self.paths():
                began = time.monotonic()
                r = self.ask_http(c, 'GET', path)
                self.count += 1
                if r.status == 504 and path == '/livez':
                    self.slow += 1
                elif r.status == 503 and path == '/readyz':
                    self.told('storage', began, repr(r))
                elif r.status != 200 and not (r.status == 404 and path.startswith('/v1/customers/')): # who has not come yet
                    self.told(r.json.get('code', 'none'), began, '%s: %r' % (path, r))
                time.sleep(0.01)
