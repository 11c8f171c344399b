"""People who look for customers, each typing a name by letters, until SIGTERM: searchers.py ADDRESS COUNT PAUSE_S.

Prints {"searches": N, "p50_ms": …, "p99_ms": …}. At the lowest priority: they have machines of their own.
"""
import json
import os
import random
import selectors
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "e2e"))
import nudge_client  # noqa: E402
from beside import FAMILY, GIVEN  # noqa: E402


class Person:
    def __init__(self, pb, address, seed):
        self.random, self.left = random.Random(seed), []
        self.client = nudge_client.Client(pb, address, 60)
        self.client.hello()
        self.asked = 0.0

    def type(self):
        if not self.left:
            name = f"{self.random.choice(FAMILY)} {self.random.choice(GIVEN)}".lower()
            self.left = [name[:n] for n in range(2, len(name) + 1)]
        self.asked = time.monotonic()
        self.client.send(find_customers=self.client.pb.FindCustomers(text=self.left.pop(0), limit=20))


def main(address, count, pause_s):
    took, going, resting = [], True, []

    def stop(number, frame):
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with tempfile.TemporaryDirectory() as folder:
        pb = nudge_client.generate(os.path.join(HERE, "..", "..", "proto", "nudge.proto"), folder)
        ready = selectors.DefaultSelector()
        for n in range(count):
            person = Person(pb, address, n)
            ready.register(person.client.socket, selectors.EVENT_READ, person)
            resting.append((time.monotonic() + pause_s * n / count, person))
        while going:
            now = time.monotonic()
            while resting and resting[0][0] <= now:
                resting.pop(0)[1].type()
            for key, _ in ready.select(min(0.05, max(0, resting[0][0] - now)) if resting else 0.05):
                answer = key.data.client.receive()
                if answer.WhichOneof("body") != "customers_found":
                    sys.exit(f"refused: {answer}")
                took.append(time.monotonic() - key.data.asked)
                resting.append((time.monotonic() + pause_s, key.data))
    took.sort()
    at = lambda part: round(1000 * took[int(part * len(took))], 2) if took else 0
    print(json.dumps({"searches": len(took), "p50_ms": at(0.5), "p99_ms": at(0.99)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
