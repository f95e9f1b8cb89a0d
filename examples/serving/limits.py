"""A limit on the bytes of a request, and on the time that a client may take to send them."""

from __future__ import annotations

import asyncio

from pictures import RefusedError
from starlette.requests import Request
from starlette.types import Message


def bounded(request: Request, most_bytes: int, seconds: float) -> Request:
    """Return the request with a body that ends, by an error, at so many bytes or seconds from now.

    Raises:
        RefusedError: 413 if the request declares more bytes than that. The same is raised by whatever reads
            the body when more arrive, and 408 when they take too long.
    """
    too_large = RefusedError(413, f"the body is larger than {most_bytes} bytes")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
        raise too_large
    deadline = asyncio.get_running_loop().time() + seconds
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        left = deadline - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(request.receive(), left)
        except asyncio.TimeoutError as error:
            raise RefusedError(408, f"the body took longer than {seconds:g} s to arrive") from error
        taken += len(message.get("body", b""))
        if taken > most_bytes:
            raise too_large
        return message

    return Request(request.scope, receive)
