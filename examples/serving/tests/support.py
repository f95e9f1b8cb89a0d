"""What several test files need: a service that ends with its test, and what it should answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from answers import Answer, Masks, describe
from model import Detector
from pictures import decode
from service import Settings
from start import start, stop

MOST_PIXELS = Settings().max_pixels


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def service(settings: Settings, cores: int | None = None) -> Iterator[str]:
    """Run a service on this machine; gives its address."""
    try:
        yield start(settings, free_port(), cores)
    finally:
        stop()


def replicas(application: str = "default") -> list[psutil.Process]:
    """Return the processes of an application's replicas that this process's Ray runs."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE
        and f"ServeReplica:{application}:" in " ".join(process.cmdline())
    ]


def expected(detector: Detector, *files: bytes, score: float = 0.5, masks: Masks = Masks.none) -> Any:
    """Return the JSON for pictures, worked out in this process."""
    pictures = []
    for file in files:
        pixels = decode(file, MOST_PIXELS)
        (found,) = detector([pixels])
        pictures.append(describe(pixels, found.above(score), detector, masks))
    return Answer(pictures=pictures).model_dump(mode="json", exclude_none=True)
