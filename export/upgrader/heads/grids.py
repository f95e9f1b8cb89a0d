"""Masks sampled at the centres of the image's pixels, as Detectron2 and mmdetection paste them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx_ir as ir

import roiops
from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import Shape
from roiops.export.upgrader.facts.dtypes import dtype_of
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.attributes import get_int, get_string, scalar
from roiops.export.upgrader.graph.nodes import origin, required
from roiops.export.upgrader.heads.columns import boxes_of
from roiops.export.upgrader.heads.head import Head, Size
from roiops.export.upgrader.heads.masks import check_float
from roiops.export.upgrader.heads.region import region_of
from roiops.export.upgrader.heads.trial import Trial
from roiops.operators import PASTE_MASKS

_TOLERANCE = 1e-4


def match_grid(node: ir.Node, facts: Facts, opsets: Mapping[str, int]) -> Head:
    """Prove that a GridSample of masks is PasteMasks; its images get a dimension of 1 behind the first.

    Raises:
        NotProven: with the reason.
    """
    if get_string(node, "mode", "linear") not in ("linear", "bilinear"):
        raise NotProven("it does not interpolate linearly")
    if get_string(node, "padding_mode", "zeros") != "zeros" or get_int(node, "align_corners", 0) != 0:
        raise NotProven("its masks are not 0 beyond the corners of their pixels")
    masks, grid = required(node, 0), required(node, 1)
    if dtype_of(origin(masks)) == ir.DataType.FLOAT:
        masks = origin(masks)
    boxes = boxes_of([grid], facts)
    check_float(masks=masks, boxes=boxes)
    ends = _ends_of_ranges(grid, facts)
    region = region_of(node, [masks, boxes, *ends], facts)
    known = facts.shape(masks)
    if known is None or len(known) != 4:
        raise NotProven(f"the shape of the masks {masks.name} is unknown")
    trial = _Images(Trial(region, node.outputs, opsets, facts), masks, boxes, ends, known)
    size = trial.size()
    longest = max([side for side in size if isinstance(side, int)], default=0)
    region.check({n + 0.5 for n in range(longest)} | {float(s) for s in size if isinstance(s, int)})
    trial.compare(size)
    convention = "mmdetection" if trial.no_size_is_nan(size) else "detectron2"
    return Head(node, PASTE_MASKS, (masks, boxes, size), PASTE_MASKS.check(convention=convention))


def _ends_of_ranges(grid: ir.Value, facts: Facts) -> list[ir.Value]:
    """Where the rows and columns of pixels end, unless that is constant."""
    ends: dict[int, ir.Value] = {}
    waiting, seen = [grid], set()
    while waiting:
        value = waiting.pop()
        node = value.producer()
        if node is None or value in seen:
            continue
        seen.add(value)
        if node.op_type != "Range":
            waiting.extend(read for read in node.inputs if read is not None)
        elif scalar(required(node, 1)) is None:
            end = required(node, 1)
            if dtype_of(end) != ir.DataType.INT64:
                raise NotProven(f"the number of pixels {end.name} is no integer")
            ends[facts.key(end)] = end
    return list(ends.values())


class _Images:
    """The pasted images for given boxes."""

    def __init__(
        self, trial: Trial, masks: ir.Value, boxes: ir.Value, ends: Sequence[ir.Value], known: Shape
    ):
        self._trial, self._masks, self._boxes, self._ends = trial, masks, boxes, ends
        self._known = [dim.constant if dim.known else None for dim in known]
        self._random = np.random.default_rng(0)

    def run(self, masks: np.ndarray, boxes: np.ndarray, ends: Sequence[int]) -> np.ndarray:
        given = {end: np.array(number) for end, number in zip(self._ends, ends)}
        return self._trial.run({self._masks: masks, self._boxes: boxes, **given})[0]

    def random_masks(self, count: int, side: int) -> np.ndarray:
        shape = [own or other for own, other in zip(self._known, (count, 1, side, side))]
        return self._random.random(shape, np.float32)

    def size(self) -> tuple[Size, ...]:
        """Which end is the image's height and which its width, seen from what becomes of them."""
        if len(self._ends) > 2:
            raise NotProven("its grid has more than two ranges of pixels")
        found: list[tuple[Size, ...]] = []
        for ends in ((11, 13), (29, 23)):
            masks = self.random_masks(1, 4)
            boxes = np.tile(np.array([[1, 2, 8, 9]], np.float32), (len(masks), 1))
            shape = self.run(masks, boxes, ends).shape
            sides: dict[int, Size] = dict(zip(ends, self._ends))
            found.append(tuple(sides.get(side, side) for side in map(int, shape[2:])))
        if found[0] != found[1] or len(found[0]) != 2:
            raise NotProven("the size of its images does not follow from its grid")
        return found[0]

    def _cases(
        self, size: tuple[Size, ...]
    ) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[int, ...], list[int]]]:
        for count, side, ends in ((7, 28, (61, 47)), (0, 14, (20, 30)), (5, 5, (33, 90)), (4, 1, (17, 9))):
            sides = dict(zip(self._ends, ends))
            image = tuple(s if isinstance(s, int) else sides[s] for s in size)
            masks = self.random_masks(count, side)
            extent = np.array(image[::-1], np.float64)
            corner = self._random.uniform(-0.5, 1.2, (len(masks), 2)) * extent
            boxes = np.concatenate(
                [corner, corner + self._random.uniform(0.1, 1.2, (len(masks), 2)) * extent], 1
            )
            boxes[1::3] = boxes[1::3][:, [2, 3, 0, 1]]
            yield masks, boxes.astype(np.float32), image, list(ends)

    def compare(self, size: tuple[Size, ...]) -> None:
        for masks, boxes, image, ends in self._cases(size):
            found = self.run(masks, boxes, ends)
            wanted = roiops.paste_masks(masks, boxes, image, "detectron2")[:, None]
            if found.shape != wanted.shape or not np.abs(found - wanted).max(initial=0) <= _TOLERANCE:
                raise NotProven("on random inputs its images are not those of PasteMasks")

    def no_size_is_nan(self, size: tuple[Size, ...]) -> bool:
        """What boxes of no size become: NaN, as mmdetection exports them, or 0, as in Detectron2."""
        masks, boxes, _, ends = next(self._cases(size))
        boxes[:, 2:] = boxes[:, :2]
        return bool(np.isnan(self.run(masks, boxes, ends)).any())
