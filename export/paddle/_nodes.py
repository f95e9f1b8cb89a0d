"""The operators that were cut out of a Paddle program, as ONNX nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import onnx
from onnx import TensorProto

from roiops.export._levels import make_paddle_level_nodes
from roiops.export._tracer import BOOL, FLOAT, INT64, UNKNOWN, Tracer, Value
from roiops.export.builders.roi_align import make_roi_align_node
from roiops.export.portable._nodes import image_of_each_box


class RoiNodes:
    """The nodes of the records of _program.cut; they read and make values of the recorded names.

    Attributes:
        nodes: the nodes; what nothing reads is left to whoever removes dead nodes.
        counts: for each value that holds the image of each box, the one with the number of boxes per image.
    """

    def __init__(self, records: Iterable[dict[str, Any]]):
        self.nodes: list[onnx.NodeProto] = []
        self.counts: dict[str, str] = {}
        self._images: dict[tuple[str, str], str] = {}  # by the names of the boxes of a level and their counts
        for number, record in enumerate(records):
            name = f"{record['op']}_{number}"
            if record["op"] == "roi_align":
                self._add_roi_align(name, record)
            else:
                self._add_levels(name, record)

    def _add_roi_align(self, name: str, record: dict[str, Any]) -> None:
        x, boxes, counts = record["inputs"]
        attributes = dict(record["attributes"])
        size = attributes.pop("pooled_height"), attributes.pop("pooled_width")
        # The proof that several nodes pool one pyramid reads images of boxes, not counts.
        image = self._images.get((boxes, counts))
        node = make_roi_align_node(
            x,
            boxes,
            image or counts,
            record["outputs"][0],
            output_size=size,
            batch_format="batch_indices" if image else "boxes_num",
            name=name,
            **attributes,
        )
        self.nodes.append(node)

    def _add_levels(self, name: str, record: dict[str, Any]) -> None:
        levels = _Levels(name, record)
        self.nodes += levels.nodes
        self.counts[levels.image] = record["inputs"][1]
        self._images.update(levels.images)


class _Levels:
    """distribute_fpn_proposals in the form that is recognised as the levels of one pyramid.

    Attributes:
        nodes: the nodes.
        image: the value that holds the image of each box.
        images: the same for the boxes of each level, by the names of its boxes and their counts.
    """

    def __init__(self, name: str, record: dict[str, Any]):
        boxes, counts = record["inputs"]
        outputs = record["outputs"]
        depth = len(outputs) // 2
        t = Tracer(prefix=f"{name}/")
        all_boxes, level = t.value(UNKNOWN, boxes), t.value(INT64, f"{name}/levels")
        t.nodes += make_paddle_level_nodes(boxes, level.name, **record["attributes"])
        count = all_boxes.shape().slice(0, 1)
        image = t.value(INT64, image_of_each_box(t, counts, boxes, counts))
        # Without allowzero, a size of 0 would take over the length that wrong counts give.
        image = t.op("Reshape", image, count, allowzero=1)
        image_count = t.value(UNKNOWN, counts).shape().take(0)
        rows, self.image, self.images = [], image.name, {}
        for i in range(depth):
            chosen = t.op("NonZero", level.equals(i), dtype=INT64).reshape(-1)
            rows.append(chosen)
            of_level = image.take(chosen)
            _name(all_boxes.take(chosen), outputs[i])
            _name(_per_image(t, of_level, image_count), outputs[depth + i])
            self.images[outputs[i], outputs[depth + i]] = of_level.name
        order = t.op("TopK", t.concat(*rows, axis=0), count, outputs=2, largest=0)
        _name(order.cast(TensorProto.INT32).reshape(-1, 1), outputs[-1])
        self.nodes = t.nodes


def _name(value: Value, name: str) -> None:
    """Give a value its name in the program, if anything there reads it."""
    if name:
        value.rename(name)


def _per_image(t: Tracer, image: Value, images: Value) -> Value:
    """The number of boxes of each image (N,) int32, from the image of each box."""
    # One more box, of no image: ONNX Runtime 1.18 does not define the product of empty matrices.
    image = t.concat(image, t.constant([-1], INT64), axis=0)
    belongs = t.op("Equal", t.arange(images).reshape(-1, 1), image, dtype=BOOL).cast(FLOAT)
    ones = t.op("Equal", image, image, dtype=BOOL).cast(FLOAT)
    return t.op("MatMul", belongs, ones).cast(TensorProto.INT32)
