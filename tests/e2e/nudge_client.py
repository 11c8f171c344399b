"""A small client of nudged in Python with the real protobuf package: for end-to-end tests, and as an example.

The code for nudge.proto is generated when it is needed (generate), so that nothing generated lies in the tree. Framing
is done the way Python's protobuf users do it: with protobuf's own varints, a length before each message.
"""
import importlib
import os
import socket
import ssl
import subprocess
import sys

from google.protobuf.internal.decoder import _DecodeVarint32
from google.protobuf.internal.encoder import _VarintBytes


def generate(proto, folder):
    """Generates nudge_pb2 from the .proto file into the folder, and returns the module."""
    proto = os.path.realpath(proto)
    subprocess.run(['protoc', '--proto_path=' + os.path.dirname(proto), '--python_out=' + folder, proto], check=True)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    return importlib.import_module('nudge_pb2')


def frame(message):
    """A message as bytes with its length before it."""
    body = message.SerializeToString()
    return _VarintBytes(len(body)) + body


def split(data, message_class, start=0):
    """The next message in data and where it ends; (None, start) where it is not whole yet."""
    try:
        length, body = _DecodeVarint32(data, start)
    except IndexError:
        return None, start
    if len(data) - body < length:
        return None, start
    return message_class.FromString(bytes(data[body:body + length])), body + length


def split_all(data, message_class):
    """All messages in data, which must end with the last one."""
    messages, at = [], 0
    while at < len(data):
        message, at = split(data, message_class, at)
        if message is None:
            raise ValueError('cut short')
        messages.append(message)
    return messages


class Closed(Exception):
    """The daemon closed the connection."""


class Client:
    """One connection. send() pipelines and returns the request's id; receive() returns the next Response, call() the
    one that answers; what else comes meanwhile waits for receive()."""

    def __init__(self, pb, address, timeout=10.0, tls=None, source=None):
        """tls: an ssl.SSLContext for addresses that begin with "tls:", such as ssl.create_default_context(cafile='ca.pem'): it
        verifies the daemon's certificate and that it is the host's. source: the address to come from."""
        self.pb = pb
        self.last_id = 0
        self.data = bytearray()
        self.kept = []
        if address.startswith(('tcp:', 'tls:')):
            host, _, port = address[4:].rpartition(':')
            host = host.strip('[]')
            self.socket = socket.create_connection((host, int(port)), timeout, (source, 0) if source else None)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.startswith('tls:'):
                tls = tls or ssl.create_default_context()
                self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address[5:] if address.startswith('unix:') else address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, **body):
        """send(publish=pb.Publish(...))"""
        self.last_id += 1
        self.send_raw(frame(self.pb.Request(request_id=self.last_id, **body)))
        return self.last_id

    def _next(self):
        while True:
            message, end = split(self.data, self.pb.Response)
            if message is not None:
                del self.data[:end]
                return message
            more = self.socket.recv(65536)
            if not more:
                raise Closed()
            self.data += more

    def receive(self):
        return self.kept.pop(0) if self.kept else self._next()

    def call(self, **body):
        request_id = self.send(**body)
        while True:
            response = self._next()
            if response.request_id == request_id and response.WhichOneof('body') not in ('alert', 'missed'):
                return response
            self.kept.append(response)

    def hello(self, client='nudge_client.py', version=1, token=''):
        return self.call(hello=self.pb.Hello(version=version, client=client, token=token))
