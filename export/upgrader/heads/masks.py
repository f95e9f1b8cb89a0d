"""torchvision's loop that pastes masks: padded by a pixel, boxes grown, truncated and cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

import roiops
from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import ONE, Shape
from roiops.export.upgrader.facts.dtypes import dtype_of
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.attributes import get_string
from roiops.export.upgrader.graph.nodes import is_op, origin, required
from roiops.export.upgrader.heads.columns import boxes_of
from roiops.export.upgrader.heads.head import Head, Size
from roiops.export.upgrader.heads.loops import RowLoop
from roiops.export.upgrader.heads.region import region_of
from roiops.export.upgrader.heads.trial import Trial
from roiops.operators import PASTE_MASKS

_VIEWS = ("Identity", "Unsqueeze", "Squeeze", "Reshape")
_TOLERANCE = 1e-4
# What older exporters wrote; where a mask is resized to one pixel, PyTorch itself does something else.
_OLD_MODE = "pytorch_half_pixel"


def match_masks(loop: RowLoop, facts: Facts, opsets: Mapping[str, int]) -> Head:
    """Prove that a loop over masks is PasteMasks.

    Raises:
        NotProven: with the reason.
    """
    makers = {value: origin(value).producer() for value in loop.rows}
    pads = [node for node in makers.values() if node is not None and is_op(node, "Pad")]
    if len(pads) != 1:
        raise NotProven("a step should read one padded mask")
    masks = required(pads[0], 0)
    boxes = boxes_of((value for value, maker in makers.items() if maker is not pads[0]), facts)
    check_float(masks=masks, boxes=boxes)
    size = _image_size(loop.initial[0], facts)
    computed = [side for side in size if isinstance(side, ir.Value)]
    region = region_of(loop.node, [masks, boxes, *computed], facts)
    shape = facts.shape(masks)
    region.check(_expected(shape, size))
    modes = {get_string(node, "coordinate_transformation_mode", "") for node in region.operators("Resize")}
    trial = Trial(region, loop.node.outputs, opsets, facts)
    for pixels, image in dict.fromkeys(_cases(shape, size)):
        sides = {v: np.array(n) for v, n in zip(size, image) if isinstance(v, ir.Value)}
        for given in random_masks(shape, pixels, image, tiny=_OLD_MODE not in modes):
            (found,) = trial.run({masks: given[0], boxes: given[1], **sides})
            wanted = roiops.paste_masks(*given, image)
            if found.shape != wanted.shape or np.abs(found - wanted).max(initial=0) > _TOLERANCE:
                raise NotProven("on random inputs its images are not those of PasteMasks")
    note = "boxes of one pixel become PyTorch's, not this older export's" if _OLD_MODE in modes else ""
    return Head(loop.node, PASTE_MASKS, (masks, boxes, size), PASTE_MASKS.check(), note)


def check_float(**values: ir.Value) -> None:
    """Refuse other types than float32, which exporters write such steps in."""
    for what, value in values.items():
        if dtype_of(value) != ir.DataType.FLOAT:
            raise NotProven(f"its {what} are {dtype_of(value)}, wanted FLOAT")


def _image_size(initial: ir.Value, facts: Facts) -> tuple[Size, ...]:
    """Read the image's size off the tensor of no images that the loop begins with."""
    shape = facts.shape(initial)
    if shape is None or len(shape) != 3:
        raise NotProven(f"{initial.name} is not a tensor of images")
    node = origin(initial, ("Identity",)).producer()
    fills = node is not None and is_op(node, "ConstantOfShape")
    join = origin(required(node, 0), ("Identity",)).producer() if node is not None and fills else None
    size: list[Size] = []
    for axis in (1, 2):
        if shape[axis].known:
            size.append(shape[axis].constant)
            continue
        if join is None or not is_op(join, "Concat") or len(join.inputs) != 3:
            raise NotProven(f"the size of the images {initial.name} is not understood")
        side = origin(required(join, axis), _VIEWS)
        if facts.shape(side) not in ((), (ONE,)) or dtype_of(side) != ir.DataType.INT64:
            raise NotProven(f"the size of the images {initial.name} is no integer")
        size.append(side)
    return tuple(size)


def _expected(shape: Shape | None, size: tuple[Size, ...]) -> set[float]:
    """The numbers that constants of such a loop may be."""
    numbers = {float(side) for side in size if isinstance(side, int)}
    if shape is not None and shape[0].known:
        numbers.add(shape[0].constant)
    for dim in (shape or ())[2:]:
        if dim.known and dim.constant:
            growth = float(np.float32(dim.constant + 2) / np.float32(dim.constant))
            numbers |= {dim.constant, dim.constant + 2, growth, growth / 2}
    return numbers


def _cases(shape: Shape | None, size: tuple[Size, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Sizes of masks and of images to try."""
    known = [dim.constant if dim.known else None for dim in shape[2:]] if shape else [None, None]
    for pixels, image in (((28, 28), (61, 47)), ((5, 5), (30, 90)), ((7, 3), (64, 64))):
        yield (
            tuple(own or other for own, other in zip(known, pixels)),
            tuple(side if isinstance(side, int) else other for side, other in zip(size, image)),
        )


def random_masks(
    shape: Shape | None, pixels: tuple[int, ...], image: tuple[int, ...], tiny: bool = True
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks and boxes with their centres in the image, some of whole numbers, reaching over its border.

    Args:
        shape: what is known of the masks.
        pixels: height and width of a mask.
        image: height and width of the image.
        tiny: also boxes of less than a pixel.
    """
    random = np.random.default_rng(0)
    extent = np.array(image[::-1], np.float64)
    most = np.array([1.5, 0.4, 0.01 if tiny else 0.4])
    for count in [shape[0].constant] if shape and shape[0].known else [9, 0]:
        centre = random.uniform(0.01, 0.98, (count, 2)) * extent
        half = random.uniform(0, 0.5, (count, 2)) * extent * most[np.arange(count) % 3, None]
        half += 0 if tiny else 2
        boxes = np.concatenate([centre - half, centre + half], 1)
        boxes[::2] = np.round(boxes[::2])
        yield random.random((count, 1, *pixels), np.float32), boxes.astype(np.float32)
