"""A TCP proxy that misbehaves when told to: cuts, loses an answer, stalls, goes half-open, ends or delays at a byte.

One thread runs an event loop that owns every socket; what tests call hands over to that loop and waits for it.
"""

import asyncio
import socket
import struct
import threading

# A COMMIT as libpq's simple query protocol sends it: 'Q', length 4 + 7, "COMMIT\0".
COMMIT = b"Q" + struct.pack("!i", 4 + 7) + b"COMMIT\0"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Rule:
    """What happens when `pattern` has gone up for the nth time, over all connections, or over those alone on which `after` had
    gone up before. Fires once."""

    def __init__(self, pattern, nth, action, after=b""):
        self.pattern, self.left, self.action, self.after = pattern, nth, action, after
        self.fired = threading.Event()


class Meter:
    """Counts the bytes that go one way, over all connections; when `count` have passed, the one that brought the last is held
    for `seconds`, or ended where that is None. Fires once."""

    def __init__(self, way, count, seconds=None):
        self.way, self.left, self.seconds = way, count, seconds
        self.fired = threading.Event()


class _Ended(Exception):
    """A meter ends this connection, orderly."""


class _Link:
    """One client's connection and the one to the server that belongs to it. Touched by the loop only."""

    def __init__(self, client, server):
        self.client, self.server = client, server  # (reader, writer)
        self.seen = b""  # the end of what went up: a pattern may be cut by a segment boundary
        self.had = set()  # what rules wait for before they count
        self.on_answer = None  # None: forward; "cut" or "swallow"
        for _, writer in (client, server):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reset(self):
        for _, writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            if raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()


class Proxy:
    """Listens on a free port in front of (host, port) and forwards faithfully until told otherwise."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._links, self._rules, self._meters, self._tasks = set(), [], [], set()
        self._refuse = False
        self.accepted = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._call(self._listen())

    # What tests call.

    def cut(self):
        """Resets every open connection on both sides, now. New ones are accepted."""
        self._call(self._reset_all())

    def refuse(self, on=True):
        """While on: resets what is open and every new connection at once."""
        self._refuse = on
        if on:
            self.cut()

    def stall(self, on=True):
        """While on: no byte passes in either direction; connections stay open and nothing is lost."""
        self._call(self._set_stalled(on))

    def cut_before(self, pattern=COMMIT, nth=1, after=b""):
        """Cuts both sides instead of forwarding what completes the nth `pattern`. Returns the Rule (`fired` is an Event)."""
        return self._add(Rule(pattern, nth, "cut_before", after))

    def lose_answer(self, pattern=COMMIT, nth=1, after=b""):
        """Forwards the nth `pattern`, waits for the server's answer, drops it and cuts both sides. Returns the Rule."""
        return self._add(Rule(pattern, nth, "cut", after))

    def half_open(self, pattern=COMMIT, nth=1):
        """From the nth `pattern` on (it is forwarded) that client hears nothing any more, not even a close. Returns the Rule."""
        return self._add(Rule(pattern, nth, "swallow"))

    def run_at(self, pattern, action, nth=1):
        """Calls action() in a thread before the nth `pattern` is forwarded; that connection waits for it. Returns the Rule."""
        return self._add(Rule(pattern, nth, action))

    def end_at(self, count, way="down"):
        """Closes the connection over which the count-th byte from now passes, right behind it, as an orderly end. way: down, from
        the server, or up. Returns the Meter (`fired` is an Event)."""
        return self._measure(Meter(way, count))

    def hold_at(self, count, seconds, way="down"):
        """Right behind the count-th byte from now its connection pauses that way. Returns the Meter."""
        return self._measure(Meter(way, count, seconds))

    @property
    def open_connections(self):
        return len(self._links)

    def close(self):
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # The loop's side.

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def _add(self, rule):
        self._loop.call_soon_threadsafe(self._rules.append, rule)
        return rule

    def _measure(self, meter):
        self._loop.call_soon_threadsafe(self._meters.append, meter)
        return meter

    async def _listen(self):
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.host, self.port = self._server.sockets[0].getsockname()

    async def _reset_all(self):
        for link in list(self._links):
            link.reset()

    async def _set_stalled(self, on):
        (self._flowing.clear if on else self._flowing.set)()

    async def _shut(self):
        self._server.close()
        await self._reset_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.accepted += 1
        task = asyncio.current_task()
        self._tasks.add(task)
        link = None
        try:
            if self._refuse:
                raise ConnectionRefusedError
            link = _Link((reader, writer), await asyncio.open_connection(*self._target))
            self._links.add(link)
            up, down = (asyncio.ensure_future(pump(link)) for pump in (self._pump_up, self._pump_down))
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            for pump in (up, down):
                pump.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._links.discard(link)
            self._tasks.discard(task)
            if link is None:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                writer.transport.abort()
            else:
                for _, end in (link.client, link.server):
                    end.close()

    async def _pump_up(self, link):
        while data := await link.client[0].read(65536):
            await self._flowing.wait()
            for action in self._fired(link, data):
                if action == "cut_before":
                    return link.reset()
                if callable(action):
                    await self._loop.run_in_executor(None, action)
                else:
                    link.on_answer = action
            await self._pass_on("up", data, link.server[1])

    async def _pump_down(self, link):
        while data := await link.server[0].read(65536):
            await self._flowing.wait()
            if link.on_answer == "cut":
                return link.reset()
            if link.on_answer is None:
                await self._pass_on("down", data, link.client[1])
        if link.on_answer == "swallow":
            await asyncio.Event().wait()  # the server is gone; the client must not learn it

    async def _pass_on(self, way, data, writer):
        """Writes the data, cut where a meter fires in it."""
        while meter := next((m for m in self._meters if m.way == way and not m.fired.is_set() and m.left <= len(data)), None):
            head, data = data[:meter.left], data[meter.left:]
            meter.fired.set()
            self._count(way, head)
            writer.write(head)
            await writer.drain()
            if meter.seconds is None:
                raise _Ended
            await asyncio.sleep(meter.seconds)
        self._count(way, data)
        writer.write(data)
        await writer.drain()

    def _count(self, way, data):
        for meter in self._meters:
            if meter.way == way and not meter.fired.is_set():
                meter.left -= len(data)

    def _fired(self, link, data):
        """The actions of the rules that this segment fires. `seen` keeps what a later segment may complete."""
        fired = []
        for rule in [r for r in self._rules if not r.fired.is_set()]:
            if rule.after not in link.had and rule.after in link.seen + data:
                link.had.add(rule.after)
            if rule.after not in link.had:
                continue
            tail = link.seen[max(0, len(link.seen) - len(rule.pattern) + 1):]
            rule.left -= (tail + data).count(rule.pattern)
            if rule.left <= 0:
                rule.fired.set()
                fired.append(rule.action)
        link.seen = (link.seen + data)[-256:]
        return fired
