"""Ways to a database server that fail on demand."""

import asyncio
import threading


class Wire:
    """A way to the database server that can be cut, stalled, slowed down, and mended."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.loop = asyncio.new_event_loop()
        self.writers, self.is_cut = set(), False
        self.delay = 0
        self.flows = asyncio.Event()
        self.flows.set()
        self.losing = None
        self.has_lost = threading.Event()
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(10)

    def run(self, ready):
        async def begin():
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]
            ready.set()

        self.loop.create_task(begin())
        self.loop.run_forever()

    async def serve(self, reader, writer):
        if self.is_cut:
            writer.close()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        self.writers |= {writer, far_writer}
        session = Session()
        await asyncio.gather(self.ask(session, reader, far_writer), self.answer(session, far_reader, writer))
        self.writers -= {writer, far_writer}

    async def ask(self, session, reader, writer):
        async def observed(data):
            session.hear(data)
            if self.losing and session.has_said(self.losing) and b"COMMIT" in data:
                self.losing, session.loses = None, True

        await self.pump(reader, writer, observed)

    async def answer(self, session, reader, writer):
        async def lost_or_late(_):
            if session.loses:
                # What it says now says that it has committed.
                writer.transport.abort()
                self.has_lost.set()
            elif self.delay:
                await asyncio.sleep(self.delay)

        await self.pump(reader, writer, lost_or_late)

    async def pump(self, reader, writer, before):
        try:
            while data := await reader.read(65536):
                await before(data)
                await self.flows.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def cut(self):
        def close():
            self.is_cut = True
            for writer in self.writers:
                writer.transport.abort()

        self.loop.call_soon_threadsafe(close)

    def stall(self):
        """Nothing comes through any more, and nobody hears that it does not."""
        self.loop.call_soon_threadsafe(self.flows.clear)

    def lose_commit_of(self, statement):
        """The next answer to a commit, in a session that has ever made this statement, does not arrive."""
        self.has_lost.clear()
        self.losing = statement

    def mend(self):
        self.is_cut, self.delay = False, 0
        self.loop.call_soon_threadsafe(self.flows.set)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


class Session:
    """What a client has said of its statements, which it prepares once."""

    def __init__(self):
        self.said = b""
        self.loses = False

    def hear(self, data):
        if len(self.said) < 1 << 20:
            self.said += data

    def has_said(self, statement):
        return statement in self.said
