"""Random inputs that a detector or a pooler can make sense of."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import get_float, get_string, scalar
from roiops.export.upgrader.graph.nodes import is_roi_align, required

IMAGES = 2
BOXES = 24
CHANNELS = 4
PIXELS = 256


def random_inputs(model: ir.Model, seed: int = 0) -> dict[str, np.ndarray]:
    """Return one array per input: boxes inside the image, levels and images that exist, noise elsewhere.

    Unknown sizes become modest ones, a map of scale 1/4 being a quarter of the image, and equal names become
    equal sizes.
    """
    return _Inputs(model, seed).arrays


class _Inputs:
    def __init__(self, model: ir.Model, seed: int):
        self._random = np.random.default_rng(seed)
        self._roi_aligns = [node for node in model.graph.all_nodes() if is_roi_align(node)]
        self._scales = {required(node, 0): get_float(node, "spatial_scale", 1.0) for node in self._roi_aligns}
        self._sizes: dict[str, int] = {}
        self.arrays: dict[str, np.ndarray] = {}
        for value in sorted(model.graph.inputs, key=lambda value: -len(value.shape or ())):
            if value.name and value.name not in model.graph.initializers:
                self.arrays[value.name] = self._array(value)

    def _array(self, value: ir.Value) -> np.ndarray:
        dims = list(value.shape or ())
        shape = [self._size(value, dim, axis, len(dims)) for axis, dim in enumerate(dims)]
        dtype = (value.dtype or ir.DataType.FLOAT).numpy()
        if dtype == np.bool_:
            return self._random.integers(0, 2, shape).astype(bool)
        if np.issubdtype(dtype, np.integer):
            return self._integers(value, shape).astype(dtype)
        if len(shape) == 2 and shape[1] in (4, 5):
            return self._boxes(*shape).astype(dtype)
        return self._random.random(shape).astype(dtype)

    def _size(self, value: ir.Value, dim: int | ir.SymbolicDim, axis: int, rank: int) -> int:
        if isinstance(dim, int):
            return dim
        if rank >= 3 and axis >= rank - 2:
            size = max(1, round(PIXELS * self._scales.get(value, 1.0)))
        elif rank == 4:
            size = IMAGES if axis == 0 else CHANNELS
        else:
            size = IMAGES if self._counts_boxes(value) else BOXES
        return self._sizes.setdefault(dim.value, size) if dim.value else size

    def _counts_boxes(self, value: ir.Value) -> bool:
        """Whether an input holds the number of boxes of each image; paddle2onnx leaves it unused."""
        integer = value.dtype in (ir.DataType.INT32, ir.DataType.INT64)
        used = any(
            use.idx == 2
            and use.node in self._roi_aligns
            and get_string(use.node, "batch_format", "") == "boxes_num"
            for use in value.uses()
        )
        return integer and (used or not value.uses())

    def _integers(self, value: ir.Value, shape: list[int]) -> np.ndarray:
        if len(shape) == 1 and self._counts_boxes(value):
            return np.bincount(self._random.integers(0, shape[0], BOXES), minlength=shape[0])
        levels = [
            scalar(other) for use in value.uses() if use.node.op_type == "Equal" for other in use.node.inputs
        ]
        known = [int(level) for level in levels if level is not None]
        if known:
            return self._random.choice(known, shape)
        images = next((array.shape[0] for array in self.arrays.values() if array.ndim == 4), 1)
        return self._random.integers(0, images, shape)

    def _boxes(self, count: int, columns: int) -> np.ndarray:
        """Boxes of all sizes within the part of the image that every map covers."""
        extents = [
            [self.arrays[x.name].shape[axis] / scale for axis in (3, 2)]
            for x, scale in self._scales.items()
            if x.name is not None and x.name in self.arrays
        ]
        extent = np.min(extents, axis=0) if extents else np.full(2, PIXELS)
        sides = extent * 2.0 ** self._random.uniform(-5, 0, (count, 2))
        corner = self._random.uniform(0, 1, (count, 2)) * (extent - sides)
        images = next((array.shape[0] for array in self.arrays.values() if array.ndim == 4), 1)
        image = self._random.integers(0, images, (count, columns - 4))
        return np.concatenate([image, corner, corner + sides], axis=1)
