"""What each operator does to shapes: the rules that the proofs of this package rest on.

A rule takes the facts known so far and a node and returns the shape of its first output, or of all of them as
a list. It holds for every run that the original model survives; nothing is taken from value_info but ranks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Union

import onnx_ir as ir

from roiops.export.upgrader.facts.dims import ONE, Dim, Shape, all_known, broadcast_dim, left_over
from roiops.export.upgrader.graph.attributes import get_int, get_string, tensor_of

if TYPE_CHECKING:
    from roiops.export.upgrader.facts.facts import Facts

Result = Union[Shape, "list[Shape | None]", None]


def positive(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} of a tensor with {rank} dimensions")
    return axis % rank


def _first(facts: Facts, node: ir.Node) -> Result:
    return facts.shape(node.inputs[0])


def _broadcast(facts: Facts, node: ir.Node) -> Result:
    return broadcast(facts, node, [facts.shape(value) for value in node.inputs])


def broadcast(facts: Facts, node: ir.Node, shapes: list[Shape | None]) -> Shape | None:
    """The shape that ``shapes`` broadcast to; sizes that depend on the run are the node's own."""
    known = all_known(shapes)
    if known is None:
        return None
    rank = max(map(len, known))
    padded = [(ONE,) * (rank - len(shape)) + shape for shape in known]
    dims = (broadcast_dim(column) for column in zip(*padded))
    return tuple(dim or facts.own(node.outputs[0], axis) for axis, dim in enumerate(dims))


def _concat(facts: Facts, node: ir.Node) -> Result:
    shapes = all_known(facts.shape(value) for value in node.inputs)
    if shapes is None or any(len(shape) != len(shapes[0]) for shape in shapes):
        return None
    axis = positive(get_int(node, "axis", 0), len(shapes[0]))
    columns = list(zip(*shapes))
    return tuple(
        sum(column[1:], column[0]) if i == axis else facts.equate(node, column)
        for i, column in enumerate(columns)
    )


def _gather(facts: Facts, node: ir.Node) -> Result:
    data, index = facts.shape(node.inputs[0]), facts.shape(node.inputs[1])
    if data is None or index is None:
        return None
    axis = positive(get_int(node, "axis", 0), len(data))
    return data[:axis] + index + data[axis + 1 :]


def _gather_nd(facts: Facts, node: ir.Node) -> Result:
    data, index = facts.shape(node.inputs[0]), facts.shape(node.inputs[1])
    if data is None or not index or not index[-1].known or get_int(node, "batch_dims", 0):
        return None
    return index[:-1] + data[index[-1].constant :]


def _slice(facts: Facts, node: ir.Node) -> Result:
    shape = facts.shape(node.inputs[0])
    if shape is None:
        return None
    try:
        axes, *bounds = slice_arguments(facts, node, len(shape))
    except ValueError:  # computed bounds: the axes they are of are known where their number is
        return _sliced_somewhere(facts, node, shape)
    dims = list(shape)
    for axis, start, end, step in zip(axes, *bounds):
        if dims[axis].known:
            dims[axis] = Dim(len(range(dims[axis].constant)[start:end:step]))
        else:
            dims[axis] = facts.own(node.outputs[0], axis)
    return tuple(dims)


def _sliced_somewhere(facts: Facts, node: ir.Node, shape: Shape) -> Shape:
    axes = facts.ints(node, "", 3)
    gone = range(len(shape)) if axes is None else [positive(axis, len(shape)) for axis in axes]
    return tuple(facts.own(node.outputs[0], i) if i in gone else dim for i, dim in enumerate(shape))


def slice_arguments(facts: Facts, node: ir.Node, rank: int | None) -> tuple[list[int], ...]:
    """Constant (axes, starts, ends, steps) of a Slice of opset 10 and newer."""
    starts, ends, axes, steps = (facts.ints(node, "", index) for index in (1, 2, 3, 4))
    if starts is None or ends is None:
        raise ValueError("starts and ends are missing")
    axes = list(range(len(starts))) if axes is None else axes
    if rank is not None:
        axes = [positive(axis, rank) for axis in axes]
    return axes, starts, ends, steps or [1] * len(starts)


def _squeeze(facts: Facts, node: ir.Node) -> Result:
    shape, axes = facts.shape(node.inputs[0]), facts.ints(node, "axes", 1)
    if shape is None or axes is None:
        return None
    gone = {positive(axis, len(shape)) for axis in axes}
    return tuple(dim for i, dim in enumerate(shape) if i not in gone)


def _unsqueeze(facts: Facts, node: ir.Node) -> Result:
    shape, axes = facts.shape(node.inputs[0]), facts.ints(node, "axes", 1)
    if shape is None or axes is None:
        return None
    rank = len(shape) + len(axes)
    new = {positive(axis, rank) for axis in axes}
    old = iter(shape)
    return tuple(ONE if i in new else next(old) for i in range(rank))


def _transpose(facts: Facts, node: ir.Node) -> Result:
    shape = facts.shape(node.inputs[0])
    if shape is None:
        return None
    order = facts.ints(node, "perm", 1) or list(reversed(range(len(shape))))
    return tuple(shape[i] for i in order)


def _shape(facts: Facts, node: ir.Node) -> Result:
    items = facts.items(node.outputs[0])
    if items is not None:
        return (Dim(len(items)),)
    return (facts.own(node.outputs[0], 0),)


def _from_items(facts: Facts, node: ir.Node) -> Result:
    return facts.items(node.inputs[0])


def _expand(facts: Facts, node: ir.Node) -> Result:
    return broadcast(facts, node, [facts.shape(node.inputs[0]), facts.items(node.inputs[1])])


def _reshape(facts: Facts, node: ir.Node) -> Result:
    shape, target = facts.shape(node.inputs[0]), facts.items(node.inputs[1])
    if target is None:
        return None
    if get_int(node, "allowzero", 0) == 0:
        target = _copy_zeros(facts, node, shape, target)
    if Dim(-1) not in target:
        return target
    free = target.index(Dim(-1))
    others = target[:free] + target[free + 1 :]
    size = None if shape is None else left_over(shape, others)
    return target[:free] + (size or facts.own(node.outputs[0], free),) + target[free + 1 :]


def _copy_zeros(facts: Facts, node: ir.Node, shape: Shape | None, target: Shape) -> Shape:
    """The target where 0 means the input's size: an unknown one may turn out to be 0."""

    def size(axis: int) -> Dim:
        dim, old = target[axis], shape[axis] if shape is not None and axis < len(shape) else None
        if dim.known and dim != Dim(0):
            return dim
        return old if old is not None and dim in (old, Dim(0)) else facts.own(node.outputs[0], axis)

    return tuple(size(axis) for axis in range(len(target)))


def _split(facts: Facts, node: ir.Node) -> Result:
    shape = facts.shape(node.inputs[0])
    if shape is None:
        return None
    axis = positive(get_int(node, "axis", 0), len(shape))
    sizes = facts.ints(node, "split", 1)
    if sizes is None and len(node.outputs) == 1:
        return [shape]

    def size(i: int) -> Dim:
        return facts.own(node.outputs[i], axis) if sizes is None else Dim(sizes[i])

    return [shape[:axis] + (size(i),) + shape[axis + 1 :] for i in range(len(node.outputs))]


def _nonzero(facts: Facts, node: ir.Node) -> Result:
    shape = facts.shape(node.inputs[0])
    rank = facts.own(node.outputs[0], 0) if shape is None else Dim(len(shape))
    return (rank, facts.own(node.outputs[0], 1))


def _spatial(facts: Facts, node: ir.Node) -> Result:
    shape = facts.shape(node.inputs[0])
    if shape is None:
        return None
    channels = shape[1]
    if node.op_type in ("Conv", "ConvTranspose"):
        weights = facts.shape(node.inputs[1])
        channels = facts.own(node.outputs[0], 1) if weights is None else weights[0]
        if weights is not None and node.op_type == "ConvTranspose":
            channels = sum([weights[1]] * get_int(node, "group", 1), Dim(0))
    return shape[:1] + (channels,) + tuple(facts.own(node.outputs[0], i) for i in range(2, len(shape)))


def _reduce(facts: Facts, node: ir.Node) -> Result:
    """Of all axes into a scalar; other reductions are left unknown."""
    whole = len([value for value in node.inputs if value is not None]) == 1 and "axes" not in node.attributes
    scalar = whole and get_int(node, "keepdims", 1) == 0 and get_int(node, "noop_with_empty_axes", 0) == 0
    return () if scalar else None


def _roi_align(facts: Facts, node: ir.Node) -> Result:
    x, rois = facts.shape(node.inputs[0]), facts.shape(node.inputs[1])
    own = [facts.own(node.outputs[0], i) for i in range(2)]
    rows = own[0] if rois is None else rois[0]
    channels = own[1] if x is None else x[1]
    size = (Dim(get_int(node, name, 1)) for name in ("output_height", "output_width"))
    return (rows, channels, *size)


def _multi_scale_roi_align(facts: Facts, node: ir.Node) -> Result:
    boxes, x = facts.shape(node.inputs[0]), facts.shape(node.inputs[3])
    own = [facts.own(node.outputs[0], i) for i in range(2)]
    size = (Dim(get_int(node, name, 1)) for name in ("output_height", "output_width"))
    return (own[0] if boxes is None else boxes[0], own[1] if x is None else x[1], *size)


def _paste_masks(facts: Facts, node: ir.Node) -> Result:
    boxes, size = facts.shape(node.inputs[1]), facts.items(node.inputs[2])
    own = tuple(facts.own(node.outputs[0], i) for i in range(3))
    return (boxes[:1] if boxes else own[:1]) + (size if size is not None and len(size) == 2 else own[1:])


def _heatmaps_to_keypoints(facts: Facts, node: ir.Node) -> Result:
    maps = facts.shape(node.inputs[0])
    rows = (facts.own(node.outputs[1], 0), facts.own(node.outputs[1], 1)) if maps is None else maps[:2]
    columns = 4 if get_string(node, "convention", "torchvision") == "detectron2" else 3
    return [(*rows, Dim(columns)), rows]


def _top_k(facts: Facts, node: ir.Node) -> Result:
    shape, k = facts.shape(node.inputs[0]), facts.items(node.inputs[1])
    if shape is None:
        return None
    axis = positive(get_int(node, "axis", -1), len(shape))
    size = k[0] if k is not None and len(k) == 1 else facts.own(node.outputs[0], axis)
    return [shape[:axis] + (size,) + shape[axis + 1 :]] * len(node.outputs)


def _resize(facts: Facts, node: ir.Node) -> Result:
    """Only what constant scales of 1 keep."""
    shape, new = facts.shape(node.inputs[0]), _new_sizes(facts, node)
    scales = facts.array(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] is not None else None
    if shape is None or new is None or scales is None or len(scales) != len(shape):
        return new
    return tuple(old if scale == 1 else dim for old, scale, dim in zip(shape, scales, new))


def _new_sizes(facts: Facts, node: ir.Node) -> Shape | None:
    shape = facts.shape(node.inputs[0])
    return None if shape is None else tuple(facts.own(node.outputs[0], i) for i in range(len(shape)))


def _second(facts: Facts, node: ir.Node) -> Result:
    return facts.shape(node.inputs[1])


def _fixed(*dims: int | None) -> Callable[..., Result]:
    def rule(facts: Facts, node: ir.Node) -> Result:
        return tuple(facts.own(node.outputs[0], i) if d is None else Dim(d) for i, d in enumerate(dims))

    return rule


def constant_shape(value: ir.Value) -> Shape | None:
    """The shape of a constant."""
    tensor = tensor_of(value)
    return None if tensor is None else tuple(map(Dim, tensor.shape.numpy()))


_SAME = """Identity Cast CastLike Floor Ceil Round Sqrt Log Exp Neg Abs Relu LeakyRelu Sigmoid Tanh Not Clip
Reciprocal IsNaN IsInf Softmax LogSoftmax BatchNormalization ScatterElements ScatterND Scatter""".split()
_BROADCAST = """Add Sub Mul Div Pow Mod Min Max Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor
Where""".split()

RULES: dict[str, Callable[..., Result]] = {
    **dict.fromkeys(_SAME, _first),
    **dict.fromkeys(_BROADCAST, _broadcast),
    **dict.fromkeys(["Conv", "ConvTranspose", "MaxPool", "AveragePool"], _spatial),
    **dict.fromkeys(["Tile", "Pad"], _new_sizes),
    "Concat": _concat,
    "ConstantOfShape": _from_items,
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": _second,
    "GatherND": _gather_nd,
    "HeatmapsToKeypoints": _heatmaps_to_keypoints,
    "NonMaxSuppression": _fixed(None, 3),
    "NonZero": _nonzero,
    "Range": _fixed(None),
    "PasteMasks": _paste_masks,
    "ReduceSum": _reduce,
    "Reshape": _reshape,
    "MultiScaleRoiAlign": _multi_scale_roi_align,
    "MultiScaleRoiAlignRotated": _multi_scale_roi_align,
    "Resize": _resize,
    "RoiAlign": _roi_align,
    "RoiAlignRotated": _roi_align,
    "RoiPool": _roi_align,
    "Shape": _shape,
    "Size": _fixed(),
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "TopK": _top_k,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
