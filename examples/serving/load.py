"""A client that keeps a service busy, bounded in time, and checks every answer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

BUSY = (429, 503)


@dataclass
class Report:
    """What a load met; times are seconds since its start."""

    seconds: float = 0
    latencies: list[float] = field(default_factory=list)  # of pictures that were answered, tries and all
    answered_at: list[float] = field(default_factory=list)
    failed_at: list[float] = field(default_factory=list)  # tries that ended in an error
    statuses: Counter[int | str] = field(default_factory=Counter)  # of tries; errors of connections by name
    wrong: int = 0  # answers that differ from what was expected
    given_up: int = 0  # pictures without an answer in the end

    @property
    def throughput(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


async def load(
    address: str,
    pictures: Sequence[tuple[bytes, Any]],
    workers: int,
    seconds: float,
    patience: float = 0,
) -> Report:
    """Send pictures, in turn and one at a time from each worker, until the time is over.

    Args:
        address: of the service.
        pictures: JPEG files with the JSON that is expected for each, or None if it is not looked at.
        workers: how many requests are under way at a time.
        seconds: how long new pictures are sent.
        patience: how long errors of a connection and statuses of 429 and of 500 and more are answered by
            trying again with the same picture; with 0, workers wait for 50 ms and go on to the next.
    """
    report = Report()
    start = time.monotonic()
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=workers), timeout=aiohttp.ClientTimeout(60)
    )

    async def one_try(picture: tuple[bytes, Any]) -> bool:
        data, expected = picture
        try:
            async with session.post(
                f"{address}/detect", data=data, headers={"Content-Type": "image/jpeg"}
            ) as reply:
                report.statuses[reply.status] += 1
                if reply.status == 200:
                    answer = await reply.json()
                    report.wrong += expected is not None and answer != expected
                    return True
                if reply.status < 500 and reply.status not in BUSY:
                    report.wrong += 1
                    return True
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            report.statuses[type(error).__name__] += 1
        report.failed_at.append(time.monotonic() - start)
        return False

    async def work(first: int) -> None:
        for i in range(first, 10_000_000, workers):
            began = time.monotonic()
            if began - start > seconds:
                return
            while not (done := await one_try(pictures[i % len(pictures)])):
                await asyncio.sleep(0.05)
                if time.monotonic() - began >= patience:
                    report.given_up += 1
                    break
            if done:
                now = time.monotonic()
                report.latencies.append(now - began)
                report.answered_at.append(now - start)

    async with session:
        await asyncio.gather(*(work(first) for first in range(workers)))
    report.seconds = time.monotonic() - start
    return report
