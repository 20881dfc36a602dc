"""Gateways (any HTTP servers) that are of no use, each in its own way. Context managers that give the URL; all on loopback."""

import contextlib
import socket
import threading

from .process import free_port
from .recorder import Recorder


@contextlib.contextmanager
def absent():
    """Nobody listens: connections are refused."""
    yield f"http://127.0.0.1:{free_port()}"


@contextlib.contextmanager
def unreachable():
    """Connections are neither taken nor refused, as behind a firewall that drops packets: the backlog is full."""
    with contextlib.ExitStack() as open_sockets:
        server = open_sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = open_sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield _url(server)


@contextlib.contextmanager
def deaf():
    """The kernel takes connections; nobody ever reads from them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield _url(server)


@contextlib.contextmanager
def stalled():
    """Takes requests, reads them, and never answers."""
    with _serving(lambda link, over: over.wait()) as url:
        yield url


@contextlib.contextmanager
def trickling():
    """Answers 200 at once, and the rest of it a byte each 100 ms, without end."""

    def answer(link, over):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not over.wait(0.1):
            link.sendall(b"x")

    with _serving(answer) as url:
        yield url


@contextlib.contextmanager
def answering_anybody():
    """Answers HTTP to whatever it hears first, an SSL request of PostgreSQL's protocol too."""
    with _serving(lambda link, _over: link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        yield url


@contextlib.contextmanager
def resetting():
    """Reads a request, then resets the connection."""

    def answer(link, _over):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with _serving(answer) as url:
        yield url


@contextlib.contextmanager
def answering_400():
    """As a Pushgateway that finds what it is sent inconsistent."""
    with contextlib.closing(Recorder(lambda push: (400, "pushed metrics are invalid"))) as recorder:
        yield recorder.url


def _pouring(head, piece, most=400 << 20):
    """Answers with `head` and then with `piece` again and again, until nobody reads it or `most` bytes are out."""

    def answer(link, _over):
        link.sendall(head)
        for _ in range(most // len(piece)):
            link.sendall(piece)

    return _serving(answer)


@contextlib.contextmanager
def bomb_of_headers():
    """180 MiB of headers."""
    with _pouring(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"f" * 8180 + b"\r\n", 180 << 20) as url:
        yield url


@contextlib.contextmanager
def bomb_of_interim_answers():
    """103 without end."""
    with _pouring(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 200) as url:
        yield url


@contextlib.contextmanager
def bomb_of_one_chunk():
    """A chunk of 400 MiB."""
    with _pouring(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n19000000\r\n",
                  b'["' + b"c" * 65532 + b'"]') as url:
        yield url


@contextlib.contextmanager
def bomb_without_end():
    """A body that ends with the connection, which never ends."""
    with _pouring(b"HTTP/1.1 200 OK\r\n\r\n", b"b" * 65536) as url:
        yield url


BOMBS = (bomb_of_headers, bomb_of_interim_answers, bomb_of_one_chunk, bomb_without_end)
ALL = (absent, unreachable, deaf, stalled, trickling, resetting, answering_400)


def _url(server):
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def _serving(answer):
    """A server of a thread a connection: reads the beginning of a request, then answer(link, over); `over` is set at the end."""
    over = threading.Event()
    threads = []

    def serve(link):
        with link, contextlib.suppress(OSError):
            link.recv(1 << 16)
            answer(link, over)

    def accept(server):
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(link,), daemon=True))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        acceptor = threading.Thread(target=accept, args=(server,), daemon=True)
        acceptor.start()
        try:
            yield _url(server)
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            acceptor.join(10)
            for thread in threads:
                thread.join(10)
