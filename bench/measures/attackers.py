#!/usr/bin/python3
"""Hostile HTTP clients, for bench/run hostile: as many as one thread can drive, until they are told to stop.

usage: attackers.py [--flood] PORT KIND...
           KIND: see ATTACKS, or all; nobody: is as busy as they, and attacks nothing.
           Ends at SIGTERM and prints what was done, as JSON.

Each attacks once in PAUSE seconds, whatever the server does: whoever comes back as soon as he is let go attacks the
harder the sooner he is refused, and a server would look the worse the better it is. With --flood they do just that.

They run at the lowest of priorities (SCHED_IDLE): attackers have machines of their own, so what they cost here
shall be what the server spends on them, not the CPU that they themselves take. So they have addresses of their own
too, four of each kind (127.0.K.1 to 4).
"""
import collections
import errno
import heapq
import itertools
import json
import os
import random
import selectors
import signal
import socket
import struct
import sys
import time

HEAD = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
MIB = 1 << 20
PAUSE = 1.0
IP_BIND_ADDRESS_NO_PORT = 24  # the port is found when it connects: there are as many for each address
COUNTS = collections.Counter()


def whole(body, path=b"/v1/events", type_=b"application/json"):
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (path, type_, len(body)) + body


def bombs():
    one = b'{"id":"b","source":"x","customer":"bomb","type":"t","attributes":{%s}}'
    bodies = [b"[" * 500000, b'{"a":' * 200000, b"[" + b"1," * 500000 + b"1]", b'{"id":"' + b"\\u0001" * 170000 + b'"}',
              one % b",".join(b'"a%d":1' % i for i in range(70000)), b"[" + b",".join([b'{"id":"x"}'] * 90000) + b"]",
              b'"' + b"\xf0\x9f\x98\x80" * 250000 + b'"', b"[" + b"1e308," * 160000 + b"1]"]
    made = [whole(body, path) for body in bodies for path in (b"/v1/events", b"/v1/recommendations")]
    return made + [whole(b"x\n" * 500000, type_=b"application/x-ndjson")]


BODIES = [HEAD + body for body in (
    b"Content-Length: 1048576\r\n\r\n" + b" " * (MIB - 10),
    b"Content-Length: 100000000\r\n\r\n" + b" " * 100000,
    b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 32)]

# What one connection sends: (what comes first, what is repeated as long as it is taken, pause in s, does it read?)
ATTACKS = {
    "headers": (24, lambda n: ([b"GET /livez HTTP/1.1\r\nX: " + b"a" * 100000, HEAD + b"X: y\r\n" * 20000,
                                b"GET /" + b"a" * 100000,
                                b"GET /livez HTTP/1.1\r\n" + b"X: " + b"b" * 8100 + b"\r\n\r\n"][n % 4],
                               b"", 0, True)),
    "bodies": (24, lambda n: (BODIES[n % len(BODIES)], b"", 0, True)),
    "loris": (200, lambda n: ([b"GET /livez HTTP/1.1\r\nX: ", HEAD + b"Content-Length: 1000\r\n\r\n", b"G"][n % 3],
                             b"a", 0.5, True)),
    "chunks": (24, lambda n: (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + [
        b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n", b"f" * 16 + b"\r\n{}\r\n", b"1" * 20000, b"5\r\n{}",
        b"1\r\n{\r\n" * 2000][n % 6], b"", 0, True)),
    "pipelining": (16, lambda n: (b"", [b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
                                        b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
                                        whole(b'{"customer":"c00000001"}', b"/v1/recommendations") * 200,
                                        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
                                        ][n % 4], 0, n % 2 == 1)),
    "idle": (1000, lambda n: (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", b"", 0, True)),
    "streams": (64, lambda n: (b"GET /v1/alerts/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0-0\r\n\r\n",
                              b"", 0, False)),
    "bombs": (8, lambda n, made=[]: (made or made.extend(bombs()) or made)[n % len(made)] and
              (b"", made[n % len(made)], 0, True)),
}


class Attacker:
    """One connection, again and again."""

    def __init__(self, crowd, kind, number):
        self.crowd, self.kind, self.number = crowd, kind, number
        self.source = f"127.0.{10 + list(ATTACKS).index(kind)}.{1 + number % 4}"
        self.socket = None
        crowd.later(self, time.monotonic() + crowd.pause * random.random(), self.open)

    def open(self):
        first, self.again, self.pause, self.reads = ATTACKS[self.kind][1](self.number)
        self.socket = socket.socket()
        if not self.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.bind((self.source, 0))
        self.socket.connect_ex(self.crowd.to)
        COUNTS[self.kind + " connections"] += 1
        self.data, self.at, self.next = memoryview(first or self.again), 0, 0.0
        self.crowd.watch(self, True)

    def close(self, flood=0.01):
        self.crowd.unwatch(self)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.number += 1 if self.kind == "bombs" else 0
        self.crowd.later(self, time.monotonic() + (self.crowd.pause or flood), self.open)

    def more(self):
        self.at, self.data = 0, memoryview(self.again)
        if not self.again:
            self.crowd.watch(self, False)
        elif self.kind == "bombs":  # the next one when this one is answered
            self.crowd.watch(self, False)
        elif self.pause or self.crowd.pause:
            self.crowd.watch(self, False)
            wait = self.pause or self.crowd.pause
            self.crowd.later(self, time.monotonic() + wait, lambda: self.crowd.watch(self, True))

    def send(self):
        sent = self.socket.send(self.data[self.at:self.at + 16384])
        COUNTS[self.kind + " bytes"] += sent
        self.at += sent
        if self.at == len(self.data):
            COUNTS[self.kind + " sent"] += 1
            self.more()

    def receive(self):
        got = self.socket.recv(16384)
        COUNTS[self.kind + " taken"] += len(got)
        if not got:
            raise ConnectionResetError
        if self.kind == "bombs" and self.at == 0:
            self.close(0.0)
        elif self.kind in ("headers", "bodies", "chunks"):
            self.close()

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_READ and self.reads:
                self.receive()
            elif mask & selectors.EVENT_WRITE:
                self.send()
        except BlockingIOError:
            pass
        except OSError as e:
            if e.errno != errno.EINPROGRESS:
                self.close(0.05 if self.kind in ("idle", "loris") else 0.01)


class Crowd:
    def __init__(self, port, kinds, pause):
        self.to, self.selector, self.pause = ("127.0.0.1", port), selectors.EpollSelector(), pause
        self.waiting, self.dues = [], itertools.count()
        self.members = [Attacker(self, kind, n) for kind in kinds for n in range(ATTACKS[kind][0])]

    def watch(self, one, write):
        mask = (selectors.EVENT_READ if one.reads else 0) | (selectors.EVENT_WRITE if write else 0)
        self.unwatch(one)
        if mask:
            self.selector.register(one.socket, mask, one)

    def unwatch(self, one):
        try:
            self.selector.unregister(one.socket)
        except (KeyError, ValueError):
            pass

    def later(self, one, when, what):
        heapq.heappush(self.waiting, (when, next(self.dues), one, what))
        one.due = when

    def run(self):
        while True:
            for key, mask in self.selector.select(0.02):
                if key.data.socket is key.fileobj:
                    key.data.ready(mask)
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                when, _, one, what = heapq.heappop(self.waiting)
                if one.due == when:  # else it waits for something later
                    what()


def stop(number, frame):
    print(json.dumps(COUNTS), flush=True)
    os._exit(0)


def main():
    args = [a for a in sys.argv[1:] if a != "--flood"]
    kinds = list(ATTACKS) if "all" in args else args[1:]
    signal.signal(signal.SIGTERM, stop)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while kinds == ["nobody"]:
        pass
    Crowd(int(args[0]), kinds, 0.0 if "--flood" in sys.argv else PAUSE).run()


if __name__ == "__main__":
    main()
