"""What a case is, and what cases are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import ml_dtypes
import numpy as np
import onnx
from onnx import helper

from roiops.export._models import one_node_model
from roiops.operators import OPERATORS

LIBRARY, OVERRIDE, MMDEPLOY = "roiops", "roiops_override", "roiops_mmdeploy"
TOLERANCE = {"float64": 1e-12, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}  # of values in [-1, 1]


@dataclass
class Case:
    """A model and its inputs, in the order of the node, and either the outputs of the oracle or an error."""

    name: str
    model: onnx.ModelProto
    inputs: dict[str, np.ndarray]
    outputs: dict[str, tuple[np.ndarray, float]] = field(default_factory=dict)  # values and tolerance
    error: str = ""
    library: str = LIBRARY


def dtype(name: str) -> np.dtype:
    return np.dtype(getattr(ml_dtypes, name) if name == "bfloat16" else name)


def model(
    operator: str, inputs: dict[str, np.ndarray], types: dict[str, str], **arguments
) -> onnx.ModelProto:
    """A model of one node of our domain, whose type variables have the given types."""
    found = OPERATORS[operator]
    return one_node_model(found, found.check(**arguments), types, list(inputs))


def features(rng: np.random.Generator, shape: tuple[int, ...], element_type: str) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype(dtype(element_type))


def boxes(rng: np.random.Generator, count: int, extent: float, element_type: str) -> np.ndarray:
    """Boxes inside, partly outside and outside of an image, some of them empty or turned round."""
    corners = rng.uniform(-0.2 * extent, 1.2 * extent, (count, 2))
    sides = rng.uniform(0.5, 0.6 * extent, (count, 2))
    sides[::7] = 0
    sides[3::11] *= -1
    return np.hstack([corners, corners + sides]).astype(dtype(element_type))


def batches(rng: np.random.Generator, images: int, count: int) -> dict[str, np.ndarray]:
    """The same assignment of boxes to images in both formats."""
    indices = np.sort(rng.integers(0, images, count))
    return {"boxes_num": np.bincount(indices, minlength=images), "batch_indices": indices}


def standard_model(node: onnx.NodeProto, inputs: dict[str, np.ndarray], opset: int) -> onnx.ModelProto:
    """A model of one node of the standard domain."""
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in inputs.items()}
    values = [helper.make_tensor_value_info(n, kinds[n], [None] * value.ndim) for n, value in inputs.items()]
    output = helper.make_tensor_value_info("Y", kinds["X"], [None] * 4)
    graph = helper.make_graph([node], "standard", values, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
