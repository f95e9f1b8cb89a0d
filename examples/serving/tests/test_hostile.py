from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest
import requests
from hostile import Upload, uploads
from service import Settings
from support import expected, replicas


def send(address: str, upload: Upload) -> requests.Response:
    body = iter([upload.body]) if upload.chunked else upload.body
    return requests.post(f"{address}/detect?{upload.query}", data=body, headers=upload.headers, timeout=60)


def surprise(address: str, upload: Upload) -> str | None:
    """Return what is wrong with the answer to an upload."""
    try:
        reply = send(address, upload)
    except requests.ConnectionError as error:
        # A server that has seen enough closes the connection, which a client still sending may notice first.
        return None if upload.status == 413 else f"{upload.name}: {error!r}"
    if reply.status_code != upload.status:
        return f"{upload.name}: {reply.status_code} {reply.text[:100]}; expected {upload.status}"
    return None if reply.ok or reply.json()["detail"] else f"{upload.name}: no detail"


def test_uploads_get_their_status_and_replicas_live_on(address, sample, detector):
    """Twice: what the first round allocates is kept for later ones; a leak would show in the second."""
    collection = uploads(sample, max_bytes=2 << 20, max_pictures=Settings().max_pictures)
    assert len(collection) >= 200
    (replica,) = replicas()
    memory = []
    for _ in range(2):
        surprises = [text for upload in collection if (text := surprise(address, upload))]
        assert not surprises, surprises
        memory.append(replica.memory_info().rss)
    assert [r.pid for r in replicas()] == [replica.pid]
    assert memory[1] < 1.05 * memory[0] + (8 << 20), memory
    reply = requests.post(
        f"{address}/detect", data=sample, headers={"Content-Type": "image/jpeg"}, timeout=10
    )
    assert reply.json() == expected(detector, sample)


def connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), timeout=15)


def assert_serves(address: str, sample: bytes) -> None:
    reply = requests.post(
        f"{address}/detect", data=sample, headers={"Content-Type": "image/jpeg"}, timeout=10
    )
    assert reply.status_code == 200


HEAD = b"POST /detect HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"


def test_a_client_that_stops_sending_is_told_so(address):
    with connect(address) as client:
        client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nhalf")
        start = time.monotonic()
        assert b" 408 " in client.recv(1000).split(b"\r\n")[0]
        assert time.monotonic() - start < 5


def test_a_client_that_sends_slowly_is_told_so(address):
    with connect(address) as client:
        client.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        client.settimeout(0.2)
        for _ in range(50):
            try:
                if reply := client.recv(1000):
                    break
            except TimeoutError:
                client.sendall(b"x")
    assert b" 408 " in reply.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET",
        HEAD,
        HEAD + b"Content-Length: 100000\r\n\r\nhalf",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: x\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\nx",
        HEAD + b"X: " + b"a" * 200_000,
        bytes(range(256)) * 10,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),  # TLS
    ],
)
def test_clients_that_leave(address, sample, data):
    for _ in range(5):
        with connect(address) as client:
            client.sendall(data)
    assert_serves(address, sample)


def test_many_idle_connections(address, sample):
    clients = [connect(address) for _ in range(300)]
    try:
        assert_serves(address, sample)
        for client in clients[:100]:
            client.sendall(HEAD)
        assert_serves(address, sample)
    finally:
        for client in clients:
            client.close()


def test_stalled_bodies_do_not_hold_the_service_for_long(address, sample):
    """More than a replica holds at a time: others wait until the first are told 408."""
    clients = [connect(address) for _ in range(2 * Settings().max_ongoing)]
    try:
        for client in clients:
            client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nhalf")
        assert_serves(address, sample)
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/detect", 405), ("GET", "/none", 404)])
def test_other_requests(address, method, path, status):
    assert requests.request(method, address + path, timeout=10).status_code == status
