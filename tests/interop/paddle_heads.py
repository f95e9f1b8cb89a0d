"""Paddle layers that pool boxes, as users write them, and inputs for them."""

from __future__ import annotations

import numpy as np
import onnx
import paddle
from paddle.static import InputSpec
from paddle.vision.ops import distribute_fpn_proposals, roi_align, roi_pool
from pyramids import operators

MAP = InputSpec([-1, 3, -1, -1], "float32", "x")
BOXES = InputSpec([-1, 4], "float32", "boxes")
COUNTS = InputSpec([-1], "int32", "boxes_num")
PLAIN = [MAP, BOXES, COUNTS]
PYRAMID = [InputSpec([-1, 3, -1, -1], "float32", f"p{level}") for level in (2, 3, 4)] + [BOXES, COUNTS]
SCALES = (0.25, 0.125, 0.0625)
SIZE = 128, 192  # of the images


class Pool(paddle.nn.Layer):
    """One roi_align of the inputs, without any parameter."""

    def __init__(self, aligned: bool):
        super().__init__()
        self.aligned = aligned

    def forward(self, x, boxes, boxes_num):
        return roi_align(x, boxes, boxes_num, 5, 0.25, aligned=self.aligned)


class Variants(paddle.nn.Layer):
    """Every combination of aligned and sampling ratio at once, on computed features and boxes."""

    def __init__(self):
        super().__init__()
        self.convolution = paddle.nn.Conv2D(3, 4, 3, padding=1)

    def forward(self, x, boxes, boxes_num):
        features = paddle.nn.functional.relu(self.convolution(x))
        larger = boxes * 1.5
        return [
            roi_align(x, boxes, boxes_num, 3, 0.25, sampling_ratio=-1, aligned=True),
            roi_align(x, boxes, boxes_num, (2, 5), 0.25, sampling_ratio=-1, aligned=False),
            roi_align(features, boxes, boxes_num, (5, 2), 0.25, sampling_ratio=0, aligned=True) * 2,
            roi_align(features, larger, boxes_num, 1, 0.2, sampling_ratio=0, aligned=False),
            roi_align(features, larger, boxes_num, 4, 0.25, sampling_ratio=2, aligned=True),
            roi_align(x, larger, boxes_num, (4, 4), 0.5, sampling_ratio=2, aligned=False).reshape([0, -1]),
        ]


class TwoSets(paddle.nn.Layer):
    """Two sets of boxes with their own counts, one of them int64, pooled from one map."""

    def forward(self, x, boxes, boxes_num, others, others_num):
        first = roi_align(x, boxes, boxes_num, 3, 0.25, aligned=False)
        second = roi_align(x, others, others_num, 3, 0.25, aligned=True)
        return first, second


class Pooler(paddle.nn.Layer):
    """A box head and a mask head on a pyramid, with PaddleDetection's order of operators."""

    def __init__(self, pixel_offset: bool = False):
        super().__init__()
        self.pixel_offset = pixel_offset
        self.scores = paddle.nn.Linear(3 * 7 * 7, 5)

    def pool(self, maps, boxes, boxes_num, size, ratio, aligned):
        chosen, restore, counts = distribute_fpn_proposals(
            boxes, 2, 4, 3, 48, pixel_offset=self.pixel_offset, rois_num=boxes_num
        )
        pooled = [
            roi_align(x, some, count, size, scale, sampling_ratio=ratio, aligned=aligned)
            for x, some, count, scale in zip(maps, chosen, counts, SCALES)
        ]
        return paddle.gather(paddle.concat(pooled), restore)

    def forward(self, p2, p3, p4, boxes, boxes_num):
        maps = [p2, p3, p4]
        scores = self.scores(self.pool(maps, boxes, boxes_num, 7, 0, True).flatten(1))
        masks = self.pool(maps, boxes, boxes_num, (14, 10), 2, False)
        return scores, masks


class Distribute(paddle.nn.Layer):
    """All results of distribute_fpn_proposals, and a pooling of boxes that are changed after it."""

    def forward(self, x, boxes, boxes_num):
        chosen, restore, counts = distribute_fpn_proposals(boxes, 2, 4, 3, 48, rois_num=boxes_num)
        pooled = roi_align(x, chosen[1] * 0.5, counts[1], 3, 0.25)
        return [pooled, *chosen, *counts, restore]


class Reused(paddle.nn.Layer):
    """A pooled box is a map for other boxes, which the layer holds; an input and a map are outputs too."""

    def __init__(self):
        super().__init__()
        self.register_buffer("inner", paddle.to_tensor(np.array([[1, 1, 6, 5], [0, 2, 7, 8]], np.float32)))

    def forward(self, x, boxes, boxes_num):
        pooled = roi_align(x, boxes, boxes_num, 8, 0.25)
        inner = roi_align(pooled, self.inner, paddle.ones_like(boxes_num), 2, aligned=False)
        return pooled, inner, boxes_num


class Branch(paddle.nn.Layer):
    """Pools only where there are boxes."""

    def forward(self, x, boxes, boxes_num):
        if boxes.shape[0] > 0:
            pooled = roi_align(x, boxes, boxes_num, 3)
        else:
            pooled = paddle.zeros([0, 3, 3, 3])
        return pooled


class Older(paddle.nn.Layer):
    """A pooling that paddle2onnx does not know."""

    def forward(self, x, boxes, boxes_num):
        return paddle.nn.functional.relu(roi_pool(x, boxes, boxes_num, 3, 0.25))


class Trained(paddle.nn.Layer):
    """A layer that computes something else while it is trained."""

    def __init__(self):
        super().__init__()
        self.norm = paddle.nn.BatchNorm2D(3)
        self.dropout = paddle.nn.Dropout(0.5)

    def forward(self, x, boxes, boxes_num):
        if self.training:
            x = x + 1
        return roi_align(self.dropout(self.norm(x)), boxes, boxes_num, 3, 0.25)


def boxes_of(count: int, seed: int = 0) -> np.ndarray:
    """Boxes of 4 to 128 pixels, the smallest and the largest outside of a level each."""
    random = np.random.default_rng(seed)
    sides = 2.0 ** random.uniform(2, 7, (count, 2))
    corner = random.uniform(-8, 1, (count, 2)) + random.uniform(0, 1, (count, 2)) * SIZE[::-1]
    return np.hstack([corner, corner + sides]).astype(np.float32)


def inputs_of(spec: list[InputSpec], boxes_num: list[int], seed: int = 0) -> dict[str, np.ndarray]:
    """Values for PLAIN or PYRAMID."""
    random = np.random.default_rng(seed)
    values = {}
    for entry, scale in zip([s for s in spec if len(s.shape) == 4], SCALES):
        height, width = (int(side * scale) for side in SIZE)
        values[entry.name] = random.uniform(size=(len(boxes_num), 3, height, width)).astype(np.float32)
    return {**values, "boxes": boxes_of(sum(boxes_num), seed), "boxes_num": np.array(boxes_num, np.int32)}


def roi_operators(model: onnx.ModelProto) -> dict[str, int]:
    """The number of RoI operators of each kind, ours and the standard one."""
    return {name: count for name, count in operators(model).items() if "RoiAlign" in name}
