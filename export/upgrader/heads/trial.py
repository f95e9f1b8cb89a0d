"""The second proof: running nodes alone on random inputs beside our operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import ONE
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.heads.region import Region

_ONE = ((), (ONE,))
MODEL_VERSION = 8  # of the IR: read by every ONNX Runtime that knows the opset


class Trial:
    """Nodes in a session of their own; the arrays are given for values of the graph.

    Raises:
        NotProven: they do not run alone.
    """

    def __init__(self, region: Region, outputs: Sequence[ir.Value], opsets: Mapping[str, int], facts: Facts):
        self._region, self._facts = region, facts
        self._session = _session(region.model(outputs, opsets, MODEL_VERSION))

    def run(self, given: Mapping[ir.Value, np.ndarray]) -> list[np.ndarray]:
        """Return the outputs; NotProven if the run fails."""
        feeds = {}
        for value, cut in self._region.inputs.items():
            array, shape = given[cut], self._facts.shape(value)
            # Sizes are scalars or vectors of one element.
            feeds[value.name] = (
                array.reshape([1] * len(shape)) if array.size == 1 and shape in _ONE else array
            )
        try:
            return self._session.run(None, feeds)
        except Exception as error:  # the errors of onnxruntime have no common public class
            raise NotProven(f"its nodes fail on random inputs: {_one_line(error)}") from error


def _session(model: onnx.ModelProto) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise NotProven("onnxruntime is not installed to compare it with our operator") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # as above
        raise NotProven(f"its nodes do not run alone: {_one_line(error)}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
