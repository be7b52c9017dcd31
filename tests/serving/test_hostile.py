"""What those ask who want to do harm: each is refused, with a word that says why, and the next call is served."""

from __future__ import annotations

import base64
import json
import socket
import struct
import time
import zlib
from typing import Any

import pytest
from tests.serving.conftest import CALL, Service
from tests.serving.test_service import form, picture

JSON = {"Content-Type": "application/json"}


def bomb(side: int = 50_000) -> str:
    """A PNG of a few bytes that says it has billions of pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()


DAMAGED = base64.b64encode(picture()[:-30]).decode()
SVG = base64.b64encode(b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>').decode()

VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong type": ({"prompt": "x", "num_inference_steps": "many"}, "bad_value"),
    "a boolean as a number": ({"prompt": "x", "num_inference_steps": True}, "bad_value"),
    "an object as a prompt": ({"prompt": {"a": 1}}, "bad_value"),
    "nothing": ({}, "missing"),
    "a negative size": ({"prompt": "x", "width": -8}, "bad_value"),
    "a size of nought": ({"prompt": "x", "height": 0}, "bad_value"),
    "a huge size": ({"prompt": "x", "width": 100_000, "height": 100_000}, "bad_value"),
    "a huge side": ({"prompt": "x", "width": 10**12}, "bad_value"),
    "a huge number of steps": ({"prompt": "x", "num_inference_steps": 10**9}, "bad_value"),
    "a huge number of pictures": ({"prompt": "x", "num_images_per_prompt": 10**6}, "bad_value"),
    "a huge number of prompts": ({"prompt": ["x"] * 500}, "bad_value"),
    "a prompt without end": ({"prompt": "x" * 500_000}, "bad_value"),
    "a huge integer": ({"prompt": "x", "width": 10**300}, "bad_value"),
    "a negative seed": ({"prompt": "x", "seed": -1}, "bad_value"),
    "a seed that is none": ({"prompt": "x", "seed": [1]}, "bad_value"),
    "an unknown name": ({"prompt": "x", "__class__": "y"}, "unknown_argument"),
    "a function": ({"prompt": "x", "generator": "os.system"}, "unknown_argument"),
    "a surrogate": ({"prompt": "\ud800"}, "bad_value"),
    "a file of the server": ({"prompt": "x", "image": "@/etc/passwd"}, "bad_value"),
    "a path as a picture": ({"prompt": "x", "image": "/etc/passwd"}, "bad_value"),
    "an address as a picture": ({"prompt": "x", "image": "http://169.254.169.254/latest"}, "bad_value"),
    "an address in a data URL": ({"prompt": "x", "image": "data:text/uri-list,file:///etc/passwd"}, "bad_value"),
    "a picture that is a program": ({"prompt": "x", "image": SVG}, "bad_value"),
    "a picture that is damaged": ({"prompt": "x", "image": DAMAGED}, "bad_value"),
    "a bomb of pixels": ({"prompt": "x", "image": bomb()}, "bad_value"),
    "more pictures than one": ({"prompt": "x", "image": [SVG, SVG]}, "bad_value"),
}
BODIES: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "bad_json"),
    "a list": (b"[]", "bad_json"),
    "no number": (b'{"prompt": "x", "pause": NaN}', "bad_value"),
    "infinity": (b'{"prompt": "x", "pause": 1e999}', "bad_value"),
    "a number without end": (b'{"prompt": "x", "seed": ' + b"9" * 10_000 + b"}", "bad_json"),
    "a deep nest": (b'{"prompt": ' + b"[" * 40_000 + b"]" * 40_000 + b"}", "bad_json"),
    "a nest": (b'{"prompt": ' + b"[" * 60 + b"]" * 60 + b"}", "bad_value"),
    "a bomb of values": (b'{"prompt": [' + b"[]," * 150_000 + b"0]}", "bad_value"),
    "a name twice": (b'{"prompt": "x", "prompt": "y"}', "bad_value"),
    "bytes that are no text": (b'{"prompt": "\xff\xfe"}', "bad_json"),
}
HEADERS: dict[str, tuple[dict[str, str], int, str]] = {
    "another site's name": ({"Host": "evil.example"}, 421, "wrong_host"),
    "another site's page": ({"Origin": "https://evil.example"}, 403, "wrong_origin"),
    "a body that is compressed": ({"Content-Encoding": "gzip"}, 415, "bad_encoding"),
    "a type of another kind": ({"Content-Type": "text/plain"}, 415, "bad_type"),
    "a huge length": ({"Content-Length": "99999999999"}, 413, "too_large"),
    "a form without an end": ({"Content-Type": "multipart/form-data"}, 400, "bad_form"),
}
PATHS = [
    "/v1/pipelines/..%2f..%2fetc%2fpasswd",
    "/v1/pipelines/%00",
    "/v1/jobs/..%2f..",
    "/v1/jobs/x%0d%0aSet-Cookie:%20a=b",
    "/v1/jobs/x/outputs/0",
    "/v1/pipelines/nobody",
    "/docs",
]
POST = f"POST {CALL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
RAW: dict[str, tuple[list[bytes], bytes]] = {
    "no HTTP": ([b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"], b"400"),
    "a head without an end": ([GET, b"X: ", b"y" * 100_000], b"400"),
    "two lengths": ([POST, b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"], b"400"),
    "a header in a header": ([GET, b"X: a\rSet-Cookie: b\r\n\r\n"], b"400"),
    "a head that is slow": ([GET, b"X: "], b""),
    "a body that is slow": ([POST, b"Content-Length: 99\r\n\r\n{"], b"408"),
    "a body without an end": (
        [POST, b"Transfer-Encoding: chunked\r\n\r\n", *[b"20000\r\n" + b" " * 0x20000 + b"\r\n"] * 12],
        b"413",
    ),
}


@pytest.fixture(autouse=True)
def still_there(service: Service) -> Any:
    """After each of them the next call is served, and nothing is left of it."""
    yield
    assert service.ask(CALL, {"prompt": "x"}).status == 200
    assert not service.line.waiting


@pytest.mark.parametrize("name", VALUES)
def test_values(service: Service, name: str) -> None:
    """Of a call, as JSON."""
    asked, code = VALUES[name]
    reply = service.ask(CALL, json.dumps(asked).encode(), headers=JSON)
    assert (reply.status, reply.code) == (400, code), reply.body
    assert "/etc/passwd" not in reply.json["error"]["message"]


@pytest.mark.parametrize("name", BODIES)
def test_bodies(service: Service, name: str) -> None:
    """That are no values."""
    body, code = BODIES[name]
    reply = service.ask(CALL, body, headers=JSON)
    assert (reply.status, reply.code) == (400, code), reply.body


@pytest.mark.parametrize("name", HEADERS)
def test_headers(service: Service, name: str) -> None:
    """That claim what is not so, or come from where nobody may ask."""
    headers, status, code = HEADERS[name]
    reply = service.ask(CALL, b'{"prompt": "x"}', headers={**JSON, **headers})
    assert (reply.status, reply.code) == (status, code), reply.body
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", PATHS)
def test_paths(service: Service, path: str) -> None:
    """That lead nowhere."""
    reply = service.ask(path)
    assert reply.status == 404, reply.body
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("name", RAW)
def test_bytes(service: Service, name: str) -> None:
    """That are no HTTP, or come slowly: they are answered or hung up on, and soon."""
    parts, status = RAW[name]
    answer = service.raw(*parts)
    # Who still sends when it is hung up on may never see the answer.
    long = len(b"".join(parts)) > 60_000
    allowed = ([status], []) if long else ([status] if status else [],)
    assert answer.split(b"\r\n")[0].split(b" ")[1:2] in allowed, answer


def test_forms_are_texts(service: Service) -> None:
    """Nothing in them names a file, and a file is nothing but a picture."""
    for fields, files, code in (
        ({"prompt": "x", "trouble": "@/etc/passwd", "pause": "nan"}, {}, "bad_value"),
        ({"prompt": "x", "pause": "1e999"}, {}, "bad_value"),
        ({"prompt": "x"}, {"prompt": picture()}, "bad_value"),
        ({"prompt": "x"}, {"image": b"GIF89a"}, "bad_value"),
        ({"prompt": "x"}, dict.fromkeys("abcd", picture()), "bad_form"),
        ({f"f{n}": "x" for n in range(300)}, {}, "bad_form"),
    ):
        body, headers = form(fields, files)
        reply = service.ask(CALL, body, headers=headers)
        assert (reply.status, reply.code) == (400, code), reply.body
    body, headers = form({"prompt": "@/etc/passwd"}, {})
    assert service.ask(CALL, body, headers=headers).status == 200


def test_a_client_that_does_not_read_is_hung_up_on(service: Service) -> None:
    """Once what it was sent lies unread for too long."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", service.port))
        body = b'{"prompt": "x", "width": 256, "height": 256, "num_images_per_prompt": 4}'
        for _ in range(8):
            head = f"POST {CALL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.5)
        assert service.server.server_state.connections
        for _ in range(100):
            if not service.server.server_state.connections:
                return
            time.sleep(0.1)
        raise AssertionError("it is still waited for")
