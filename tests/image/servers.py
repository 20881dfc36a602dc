"""A name server, an API and a PostgreSQL that gets no further than TLS, on the loopback of a network of their own: servers.py CERTIFICATE KEY

Prints "ready", then the name of each server with which somebody has agreed on TLS.
"""

import json
import socket
import ssl
import sys
import threading

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


def name_server():
    """Every name is 127.0.0.1, and has no IPv6 address."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    listening.release()
    while True:
        query, client = server.recvfrom(512)
        end = query.index(0, 12) + 5
        is_a = query[end - 4:end - 2] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b""
        server.sendto(query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0" + query[12:end] + answer, client)


def tls_server(name, port, before, after):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    with socket.create_server(("127.0.0.1", port)) as server:
        listening.release()
        while True:
            client, _ = server.accept()
            try:
                before(client)
                with context.wrap_socket(client, server_side=True) as secure:
                    print(name, flush=True)
                    after(secure)
            except OSError:
                client.close()


def agree(client):
    if client.recv(8) == SSL_REQUEST:
        client.sendall(b"S")


def answer(secure):
    while b"\r\n\r\n" not in secure.recv(65536):
        pass
    body = json.dumps({"total": 1, "rows": [{"id": 1}]}).encode()
    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


listening = threading.Semaphore(0)
for target, arguments in ((name_server, ()), (tls_server, ("api.image.test", 443, lambda client: None, answer)),
                          (tls_server, ("db.image.test", 5432, agree, lambda secure: None))):
    threading.Thread(target=target, args=arguments, daemon=True).start()
for _ in range(3):
    listening.acquire()
print("ready", flush=True)
sys.stdin.read()
