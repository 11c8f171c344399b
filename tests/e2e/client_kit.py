"""What the tests of clients share: trouble on the way to the daemon, and alerts in the middle of it."""
import random
import socket
import threading
import time

import kit
from kit import check, event, same


class Between:
    """Connections to the daemon go through here, so that they can be cut."""

    def __init__(self, b, d):
        self.path, self.d, self.pairs = b.path('between'), d, []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            here, _ = self.server.accept()
            there = socket.socket(socket.AF_UNIX)
            try:
                there.connect(self.d.address[5:])
            except OSError:
                here.close()
                continue
            self.pairs.append((here, there))
            for a, z in ((here, there), (there, here)):
                threading.Thread(target=self.carry, args=(a, z), daemon=True).start()

    def carry(self, a, z):
        try:
            while data := a.recv(4096):
                z.sendall(data)
        except OSError:
            pass
        for s in (a, z):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs = []


TURNS, EACH = 40, 25


def revive(d):
    """A kill that was on its way may meet it in its start."""
    while not d.alive():
        try:
            d.start()
        except kit.Failed:
            if d.process.poll() != -9:
                raise


def alerts_through_trouble(b, d, between, going):
    """Raises alerts while the connection is cut and the daemon killed; returns the lines that the client said, which ends with
    the alert "last"."""
    rnd, pb, seen = random.Random(7), b.pb, []
    reader = threading.Thread(target=lambda: seen.extend(going.stdout), daemon=True)
    reader.start()
    until = time.time() + 30
    while not seen and going.poll() is None and time.time() < until:
        time.sleep(0.01)  # it is connected: what it does about trouble before that is to say so and end

    def publish(events):
        """What was not answered is sent again: its ids tell."""
        until = time.time() + 60
        while True:
            try:
                with d.client(timeout=10) as c:
                    acks = c.call(publish=pb.Publish(events=events)).published.acks
                    check(all(a.result in (1, 2) for a in acks), acks)
                    return
            except (OSError, kit.nudge_client.Closed):
                check(time.time() < until, 'the daemon does not come back')
                revive(d)

    for turn in range(TURNS):
        doing = rnd.random()
        if doing < 0.3:
            threading.Timer(rnd.random() * 0.01, between.cut).start()
        elif doing < 0.45:
            threading.Timer(rnd.random() * 0.01, d.kill).start()
        publish([event(pb, 'r%d-%d' % (turn, i), 'c-%d' % i, 'raise', {'n': '%d-%d' % (turn, i)}) for i in range(EACH)])
        time.sleep(rnd.random() * 0.03)
    revive(d)
    publish([event(pb, 'end', 'c-0', 'raise', {'n': 'last'})])
    same(going.wait(60), 0, 'exit code of the client')
    reader.join(10)
    return seen


def once_each(b, alerts):
    """(seq, index, text) of what came: all that was raised, none twice, in order."""
    ids = [(seq, index) for seq, index, _ in alerts]
    same(len(ids), len(set(ids)), 'ids that came twice')
    same(ids, sorted(ids), 'order')
    raised = ['%d-%d' % (turn, i) for turn in range(TURNS) for i in range(EACH)]
    same(sorted(text for _, _, text in alerts), sorted(raised + ['last']), 'alerts')
