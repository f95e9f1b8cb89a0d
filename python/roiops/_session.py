"""ONNX Runtime sessions over one operator, built once per set of attributes and shared by all threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from roiops._checks import type_name
from roiops._extras import missing
from roiops._library import import_onnxruntime, register
from roiops.operators import Operator
from roiops.operators._shapes import element_types

_CACHED_SESSIONS = 32  # each holds a thread pool; programs use a handful of attribute sets
_sessions: dict[tuple[Any, ...], Any] = {}  # read without a lock, written under this one
_creating = threading.Lock()


def run(
    operator: Operator,
    inputs: Mapping[str, np.ndarray | Sequence[np.ndarray] | None],
    arguments: Mapping[str, Any],
) -> list[np.ndarray]:
    """Run one operator through a cached session.

    Args:
        operator: the operator.
        inputs: checked arrays by the operator's input names, a sequence for a variadic input, None or no
            entry for an optional one that is left out.
        arguments: the checked arguments of the operator.

    Returns:
        The outputs, in the order of the operator.

    Raises:
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    feeds: dict[str, np.ndarray] = {}
    types: dict[str, str] = {}
    for given in operator.inputs:
        value = inputs.get(given.name)
        if value is None:
            continue
        tensors = [value] if isinstance(value, np.ndarray) else value
        for i, tensor in enumerate(tensors):
            feeds[f"{given.name}_{i}" if given.variadic else given.name] = np.ascontiguousarray(tensor)
        types[given.type] = type_name(tensors[0].dtype)
    key = (operator.name, *feeds, *types.values(), *arguments.values())
    session = _sessions.get(key) or _create(key, operator, types, list(feeds), arguments)
    if "bfloat16" in types.values():
        return _run_in_float32(session, operator, feeds, types, arguments)
    return session.run(None, feeds)


def _run_in_float32(
    session: Any,
    operator: Operator,
    feeds: Mapping[str, np.ndarray],
    types: Mapping[str, str],
    arguments: Mapping[str, Any],
) -> list[np.ndarray]:
    # ONNX Runtime's Python takes no bfloat16: the model casts, which is exact.
    half = next(array.dtype for array in feeds.values() if array.dtype.name == "bfloat16")
    wide = {n: array.astype(np.float32) if array.dtype == half else array for n, array in feeds.items()}
    outputs = session.run(None, wide)
    names = element_types(operator, types, operator.write(arguments))
    return [y.astype(half) if name == "bfloat16" else y for name, y in zip(names, outputs)]


def _create(
    key: tuple[Any, ...],
    operator: Operator,
    types: Mapping[str, str],
    names: Sequence[str],
    arguments: Mapping[str, Any],
) -> Any:
    with _creating:
        if key not in _sessions:
            onnxruntime = import_onnxruntime()
            models = _import_models()
            model = models.one_node_model(operator, arguments, types, names)
            models.take_and_give_float32(model)
            session = onnxruntime.InferenceSession(
                model.SerializeToString(),
                register(onnxruntime.SessionOptions()),
                providers=["CPUExecutionProvider"],
            )
            while len(_sessions) >= _CACHED_SESSIONS:
                del _sessions[next(iter(_sessions))]
            _sessions[key] = session
        return _sessions[key]


def _import_models() -> Any:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise missing("onnx", "roiops", "cpu", "gpu") from error
    from roiops.export import _models

    return _models
