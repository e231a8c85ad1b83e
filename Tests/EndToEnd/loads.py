"""Clients in numbers, and what their answers must have cost."""

import asyncio
import collections
import random
import time

import raw
from oracle import price_of
from servers import until

MODELS = ["fake", "fake-stream-20-5ms", "fake-usage-1000-200-50-10", "fake-stream-7-usage-333-111-77-33"]


class Load:
    """Clients that ask without pause and remember every answer that ended, with what it must have cost."""

    def __init__(self, port, key, clients=18):
        self.port, self.key, self.clients = port, key, clients
        self.random = random.Random(7)
        self.ended, self.stopping, self.good_since = {}, False, 0
        # Answers that were none, by their status; the longest that anybody waited for one.
        self.failed, self.slowest = collections.Counter(), 0

    async def run(self):
        await asyncio.gather(*[self.client() for _ in range(self.clients)])

    async def client(self):
        while not self.stopping:
            stream = self.random.random() < 0.5
            question = raw.chat(self.random.choice(MODELS), stream=stream, usage=stream, max_tokens=200)
            began = time.monotonic()
            try:
                answer = await raw.ask(self.port, self.key, question, timeout=60)
            except (OSError, asyncio.IncompleteReadError):
                answer = None
            self.slowest = max(self.slowest, time.monotonic() - began)
            if answer and answer.status == 200 and answer.ended and (answer.has_done or not stream):
                request_id = answer.header("x-request-id")
                assert request_id not in self.ended, "a request id came twice"
                self.ended[request_id] = price_of(answer.usage())
                self.good_since += 1
            else:
                self.failed[answer.status if answer else 0] += 1
                await asyncio.sleep(0.02)

    def assert_billed(self, gateway):
        """Each answer that ended has its bill, exactly; what was in a spool has it a little later."""
        wrong = {}

        def are_all_right():
            charges = gateway.net_charges()
            wrong.clear()
            for request_id, expected in self.ended.items():
                if charges.get(request_id) != ("captured", expected):
                    wrong[request_id] = (charges.get(request_id), expected)
            return not wrong

        try:
            until(are_all_right, "all are billed", 40, pause=0.2)
        finally:
            assert not wrong, wrong


async def served_on(load):
    load.good_since = 0
    for _ in range(1500):
        if load.good_since >= 30:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the others do not serve on")
