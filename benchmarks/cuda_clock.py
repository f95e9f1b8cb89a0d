"""Time on a GPU between two points of a stream, through the driver alone."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

_COPY_BYTES = 1 << 30


class CudaClock:
    """A stream of device 0 and the time that work on it takes.

    Raises:
        OSError: there is no CUDA driver.
        RuntimeError: the driver reports an error.
    """

    def __init__(self) -> None:
        self._driver = ctypes.CDLL("libcuda.so.1")
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuInit", 0)
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self._stream, self._start, self._stop = (ctypes.c_void_p() for _ in range(3))
        self._call("cuStreamCreate", ctypes.byref(self._stream), 0)
        for event in (self._start, self._stop):
            self._call("cuEventCreate", ctypes.byref(event), 0)

    @property
    def stream(self) -> int:
        """The stream's handle, which ONNX Runtime takes as its ``user_compute_stream``."""
        return int(self._stream.value or 0)

    def seconds(self, enqueue: Callable[[], object]) -> float:
        """Return how long the device takes for what ``enqueue`` puts on the stream."""
        self._call("cuEventRecord", self._start, self._stream)
        enqueue()
        self._call("cuEventRecord", self._stop, self._stream)
        self._call("cuEventSynchronize", self._stop)
        milliseconds = ctypes.c_float()
        self._call("cuEventElapsedTime", ctypes.byref(milliseconds), self._start, self._stop)
        return milliseconds.value * 1e-3

    def copy_speed(self, rounds: int = 10) -> float:
        """Return the bytes per second that a copy on the device reads and writes, at its best."""
        size = ctypes.c_size_t(_COPY_BYTES)
        source, target = ctypes.c_uint64(), ctypes.c_uint64()
        for buffer in (source, target):
            self._call("cuMemAlloc_v2", ctypes.byref(buffer), size)

        def copy() -> None:
            self._call("cuMemcpyDtoDAsync_v2", target, source, size, self._stream)

        best = min(self.seconds(copy) for _ in range(rounds))
        for buffer in (source, target):
            self._call("cuMemFree_v2", buffer)
        return 2 * _COPY_BYTES / best

    def _call(self, name: str, *arguments: object) -> None:
        status = getattr(self._driver, name)(*arguments)
        if status:
            text = ctypes.c_char_p()
            self._driver.cuGetErrorString(status, ctypes.byref(text))
            raise RuntimeError(f"{name}: {(text.value or b'unknown error').decode()}")
