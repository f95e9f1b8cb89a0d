"""Over 200 uploads that nobody should send, each with the statuses that may answer it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from pictures import RefusedError, decode
from PIL import Image
from support import MOST_PIXELS


@dataclass(frozen=True)
class Upload:
    name: str
    body: bytes
    status: int
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "image/jpeg"})
    query: str = ""
    chunked: bool = False  # sent without saying how long it is


def uploads(sample: bytes, max_bytes: int, max_pictures: int) -> list[Upload]:
    png = encode(Image.open(io.BytesIO(sample)), "PNG")
    return [
        *_damaged(sample, png),
        *_unusual(sample),
        *_bombs(sample),
        *_other_types(sample, png),
        *_bodies(sample, max_bytes),
        *_forms(sample, max_pictures),
        *_queries(sample),
    ]


def _damaged(jpeg: bytes, png: bytes) -> Iterator[Upload]:
    """Cut short, with bytes changed or zeroed: what Pillow can still read is answered."""
    rng = np.random.default_rng(0)
    for kind, data in (("JPEG", jpeg), ("PNG", png)):
        for length in np.unique(np.geomspace(1, len(data) - 4, 25).astype(int)):
            yield _by_decoder(f"{kind} of {length} bytes", data[:length])
        for i in range(30):
            changed = bytearray(data)
            # The first bytes are those of the headers, where a change does most.
            for at in rng.integers(2, 700 if i % 2 else len(data), 1 + i % 3):
                changed[at] = int(rng.integers(256))
            yield _by_decoder(f"{kind} with bytes changed, {i}", bytes(changed))
        yield _by_decoder(f"{kind} with zeros", data[:300] + bytes(200) + data[500:])
        yield _by_decoder(f"{kind} and more behind it", data + bytes(100_000))
        yield _by_decoder(f"{kind} twice", data * 2)


def _by_decoder(name: str, data: bytes) -> Upload:
    try:
        decode(data, MOST_PIXELS)
    except RefusedError as error:
        return Upload(name, data, error.status)
    return Upload(name, data, 200)


def _unusual(jpeg: bytes) -> Iterator[Upload]:
    """Pictures that are fine and seldom met."""
    picture = Image.open(io.BytesIO(jpeg))
    for mode in ("L", "CMYK"):
        yield Upload(f"JPEG of mode {mode}", encode(picture.convert(mode), "JPEG"), 200)
    for mode in ("1", "L", "LA", "P", "RGBA"):
        yield Upload(f"PNG of mode {mode}", encode(picture.convert(mode), "PNG"), 200)
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    yield Upload("PNG of 16 bits", encode(Image.fromarray(grey), "PNG"), 200)
    rows = np.zeros((40, 1 + 40 * 6), np.uint8)
    yield Upload("PNG of 48 bits", _png(40, 40, zlib.compress(rows.tobytes()), depth=16), 200)
    yield Upload("JPEG, progressive", encode(picture, "JPEG", progressive=True), 200)
    yield Upload("PNG, animated", encode(picture, "PNG", save_all=True, append_images=[picture] * 3), 200)
    for orientation in range(10):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield Upload(f"EXIF orientation {orientation}", encode(picture, "JPEG", exif=exif), 200)
    yield _by_decoder("EXIF of garbage", encode(picture, "JPEG", exif=b"Exif\0\0" + bytes(range(60))))
    for width, height in ((1, 1), (1, 4000), (4000, 1), (2, 3), (3, 2)):
        for kind in ("PNG", "JPEG"):
            yield Upload(
                f"{kind} of {width} × {height}", encode(Image.new("RGB", (width, height)), kind), 200
            )


def _bombs(jpeg: bytes) -> Iterator[Upload]:
    """Small files of many pixels, passes or inflated bytes."""
    zeros = zlib.compress(bytes(64 << 20), 9)
    for side in (10_000, 14_000, 50_000, 2**31 - 1):
        yield Upload(f"PNG of {side} × {side}", _png(side, side, zeros), 413)
    yield Upload("PNG of 10000 × 10000, whole", encode(Image.new("1", (10_000, 10_000)), "PNG"), 413)
    yield Upload("PNG of a size past 31 bits", _png(2**32 - 1, 2**32 - 1, zeros), 413)
    yield Upload("PNG of no pixels", _png(0, 0, zeros), 415)
    yield Upload("PNG that inflates to more than its pixels", _png(20, 20, zeros), 200)
    for name in (b"zTXt", b"iTXt", b"iCCP"):
        text = b"a\0" + (b"\1\0\0\0" if name == b"iTXt" else b"\0") + zeros
        yield _by_decoder(
            f"PNG with a {name.decode()} of 64 MiB", _png(20, 20, zlib.compress(bytes(1220)), (name, text))
        )
    frame = jpeg.index(b"\xff\xc0")
    for height, width in ((65535, 65535), (10_000, 10_000), (0, 100), (100, 0)):
        sized = jpeg[: frame + 5] + struct.pack(">HH", height, width) + jpeg[frame + 9 :]
        yield _by_decoder(f"JPEG that says {width} × {height}", sized)
    progressive = encode(Image.new("RGB", (2000, 2000)), "JPEG", progressive=True)
    scan = progressive.rindex(b"\xff\xda")
    yield Upload("JPEG of 5000 scans", progressive[:scan] + progressive[scan:-2] * 5000 + b"\xff\xd9", 400)


def _other_types(jpeg: bytes, png: bytes) -> Iterator[Upload]:
    picture = Image.open(io.BytesIO(jpeg))
    for kind in ("GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "PDF", "JPEG2000"):
        yield Upload(f"{kind} said to be JPEG", encode(picture, kind), 415)
    for name, body in {
        "text": b"hello",
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "JSON": b'{"picture": "x"}',
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "zip": b"PK\3\4" + bytes(100),
        "gzip": b"\x1f\x8b\x08" + bytes(100),
        "ELF": b"\x7fELF" + bytes(100),
        "zeros": bytes(10_000),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "PNG's signature alone": b"\x89PNG\r\n\x1a\n",
        "JPEG's signature alone": b"\xff\xd8\xff",
    }.items():
        yield _by_decoder(f"{name} said to be JPEG", body)
    for kind in ("text/plain", "image/gif", "image", "", "image/jpeg image/png", "*/*", "application/json"):
        yield Upload(f"JPEG of type {kind!r}", jpeg, 415, {"Content-Type": kind})
    yield Upload("JPEG of no type", jpeg, 415, {})
    for kind in ("image/png", "IMAGE/JPEG", "image/jpeg; charset=utf-8"):
        yield Upload(f"JPEG of type {kind!r}", jpeg, 200, {"Content-Type": kind})
    yield Upload("PNG said to be JPEG", png, 200)
    yield Upload(
        "JPEG said to be compressed", jpeg, 200, {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}
    )


def _bodies(jpeg: bytes, max_bytes: int) -> Iterator[Upload]:
    yield Upload("no bytes", b"", 400)
    yield Upload("no bytes, in chunks", b"", 400, chunked=True)
    for more in (0, 1, max_bytes):
        status = 413 if more else 200
        padded = jpeg + bytes(max_bytes - len(jpeg) + more)
        yield Upload(f"{len(padded)} bytes", padded, status)
        yield Upload(f"{len(padded)} bytes in chunks", padded, status, chunked=True)


def _forms(jpeg: bytes, max_pictures: int) -> Iterator[Upload]:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    named = b'--b\r\nContent-Disposition: form-data; name="p"'
    part = named + b'; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    whole, end = part + jpeg + b"\r\n", b"--b--\r\n"
    for name, body, status in [
        ("one picture", whole + end, 200),
        ("as many pictures as may be", whole * max_pictures + end, 200),
        ("one picture too many", whole * (max_pictures + 1) + end, 400),
        ("a thousand pictures of no bytes", (part + b"\r\n") * 1000 + end, 400),
        ("no part", end, 400),
        ("no bytes", b"", 400),
        ("a picture of no bytes", part + b"\r\n" + end, 400),
        ("a picture and garbage", whole + part + b"garbage\r\n" + end, 415),
        ("a picture and half of one", whole + part + jpeg[:2000] + b"\r\n" + end, 400),
        ("a field", named + b"\r\n\r\nx\r\n" + end, 400),
        ("a part without a name", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + end, 400),
        ("a part without headers", b"--b\r\n\r\nx\r\n" + end, 400),
        ("headers of a megabyte", b"--b\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\nx\r\n" + end, 400),
        ("another boundary", whole.replace(b"--b", b"--c") + end, 400),
        ("garbage", bytes(range(256)) * 20, 400),
        ("no end", whole, 400),
    ]:
        yield Upload(f"form with {name}", body, status, headers)
    yield Upload("form cut short", whole[:1000], 400, headers)
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 5000,
    ):
        yield Upload(f"form of type {kind[:40]!r}", whole + end, 400, {"Content-Type": kind})
    name = b'filename="../../etc/passwd\xff\xfe"'
    yield Upload(
        "form with a hostile file name", whole.replace(b'filename="a.jpg"', name) + end, 200, headers
    )
    yield Upload("form that asks to draw two", whole * 2 + end, 400, headers, "draw=1")


def _queries(jpeg: bytes) -> Iterator[Upload]:
    for query in ("score=nan", "score=-1", "score=2", "score=inf", "score=a", "masks=x", "draw=7", "score="):
        yield Upload(f"query {query}", jpeg, 422, query=query)
    for query in ("score=0", "score=1", "draw=1", "draw=0&score=0", "masks=rle", "masks=png", "unknown=1"):
        yield Upload(f"query {query}", jpeg, 200, query=query)


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _png(width: int, height: int, data: bytes, *chunks: tuple[bytes, bytes], depth: int = 8) -> bytes:
    """A PNG of red, green and blue with whatever is said to be its pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
