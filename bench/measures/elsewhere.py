#!/usr/bin/python3
"""A server that does nothing but read and refuse, for bench/run hostile: attackers attack it where nudged is not to be
attacked. What they cost the machine by themselves, in the kernel above all, is then in both figures.

usage: elsewhere.py
       Prints its port on 127.0.0.1; ends at SIGTERM. At the lowest of priorities, as they are.
"""
import os
import re
import selectors
import socket

MIB = 1 << 20
HEADER_BYTES = 64 << 10
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
LENGTH = re.compile(rb"content-length: (\d+)", re.I)


class Visitor:
    """One connection: each request is refused when it is here, or when it is too long."""

    def __init__(self, sock):
        self.socket, self.head, self.left = sock, b"", 0

    def takes(self, piece):
        """What came; False: it is let go."""
        if self.left:
            self.left = max(0, self.left - len(piece))
            return bool(self.left) or self.refuse(self.chunked)
        self.head += piece
        while b"\r\n\r\n" in self.head:
            head, self.head = self.head.split(b"\r\n\r\n", 1)
            length = LENGTH.search(head)
            self.chunked = b"chunked" in head
            announced = MIB if self.chunked else int(length[1]) if length else 0
            self.left = max(0, announced - len(self.head))
            if announced > MIB:
                return self.refuse(True)
            self.head = self.head[announced:]
            if not self.left:
                self.refuse(False)
        return len(self.head) < HEADER_BYTES or self.refuse(True)

    def refuse(self, ends):
        try:
            self.socket.send(REFUSAL)
        except OSError:
            return False
        return not ends


def main():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    door, waits = socket.create_server(("127.0.0.1", 0), backlog=1024), selectors.EpollSelector()
    piece = bytearray(16384)
    waits.register(door, selectors.EVENT_READ)
    print(door.getsockname()[1], flush=True)
    while True:
        for key, _ in waits.select():
            if not key.data:
                sock = door.accept()[0]
                sock.setblocking(False)
                waits.register(sock, selectors.EVENT_READ, Visitor(sock))
                continue
            try:
                got = key.fileobj.recv_into(piece)
            except OSError:
                got = 0
            if not got or not key.data.takes(bytes(piece[:got])):
                waits.unregister(key.fileobj)
                key.fileobj.close()


if __name__ == "__main__":
    main()
