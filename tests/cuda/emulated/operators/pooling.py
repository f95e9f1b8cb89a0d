"""Operators that pool on the emulator: their launch, which is the same for all."""

from __future__ import annotations

import ctypes

import numpy as np

from tests.cuda.emulated.operator import EmulatedOperator
from tests.cuda.emulated.stored import shifted
from tests.cuda_host_pool import DEVICE_SOURCES as SOURCES
from tests.cuda_host_pool import plain_request

__all__ = ["SOURCES", "pool"]


def pool(
    operator: EmulatedOperator, xs, boxes, batch, levels, output_size, *how, most_blocks: int = 0
) -> tuple[np.ndarray, list[str]]:
    """Return Y and findings; ``how`` are scales, sampling ratio, aligned, mode and batch format."""
    call, y = prepare(xs, boxes, batch, levels, output_size, *how)
    return y, operator.run(*call, **memory(xs, boxes, batch, levels, y), most_blocks=most_blocks)


def prepare(xs, boxes, batch, levels, output_size, *how):
    """Return what ``EmulatedOperator.run`` calls, and the output."""
    y = shifted(np.zeros((len(boxes), xs[0].shape[1], *output_size), xs[0].dtype))
    request = plain_request(xs, boxes, batch, levels, y, *how)
    return ("Pool", ctypes.byref(request)), y


def memory(xs, boxes, batch, levels, y) -> dict:
    """Return the arrays that kernels may touch."""
    inputs = {f"map {i}": x for i, x in enumerate(xs)}
    return {"inputs": {**inputs, "boxes": boxes, "batch": batch, "levels": levels}, "outputs": {"Y": y}}
