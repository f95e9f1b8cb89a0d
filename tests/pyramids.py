"""Small multi-level poolers in ONNX's text form, so that a test changes one line and keeps the rest."""

from __future__ import annotations

import numpy as np
import onnx

SIDE = 32
CHANNELS = 2
IMAGES = 2

_LEVEL = """
  mask{i} = Equal(levels, c{i})
  found{i} = NonZero(mask{i})
  column{i} = Transpose<perm = [1, 0]>(found{i})
  rows{i} = Squeeze(column{i}, one)
  rois{i} = Gather<axis = 0>(boxes, rows{i})
  image{i} = Gather<axis = 0>(batch, rows{i})
  pool{i} = RoiAlign<output_height = 3, output_width = 3, sampling_ratio = 2, spatial_scale = {scale},
    coordinate_transformation_mode = "half_pixel", mode = "avg">(x{i}, rois{i}, image{i})
"""
_ZEROS = """
  count = Shape<start = 0, end = 1>(levels)
  size = Concat<axis = 0>(count, pooled)
  out = ConstantOfShape<value = float[1] {0.0}>(size)
"""
_MERGE = {
    "nd": """
  {to} = ScatterND({into}, column{i}, pool{i})
""",
    "elements": """
  spread{i} = Reshape(rows{i}, spreading)
  shape{i} = Shape(pool{i})
  index{i} = Expand(spread{i}, shape{i})
  {to} = ScatterElements<axis = 0>({into}, index{i}, pool{i})
""",
}
_RESTORE = """
  joined = Concat<axis = 0>({pools})
  order = Concat<axis = 0>({rows})
  count = Shape({counted})
  sorted, restore = TopK<axis = -1, largest = 0>(order, count)
  y = Gather<axis = 0>(joined, restore)
"""


def pyramid(merge: str = "nd", levels: tuple[int, ...] = (0, 1, 2), counted: str = "levels") -> str:
    """Return the text of a pooler; its map i pools the boxes whose level is ``levels[i]``.

    ``merge`` is "nd" (ScatterND), "elements" (ScatterElements) or "restore" (Concat and Gather, with as many
    rows as ``counted`` has: "levels" or "order").
    """
    numbers = range(len(levels))
    maps = ", ".join(f"float[{IMAGES},{CHANNELS},{SIDE >> i},{SIDE >> i}] x{i}" for i in numbers)
    inputs = f"{maps}, float[K,4] boxes, int64[K] batch, int64[K] levels"
    constants = ", ".join(f"int64 c{i} = {{{level}}}" for i, level in enumerate(levels))
    body = "".join(_LEVEL.format(i=i, scale=2.0**-i) for i in numbers)
    if merge == "restore":
        pools, rows = (", ".join(f"{name}{i}" for i in numbers) for name in ("pool", "rows"))
        body += _RESTORE.format(pools=pools, rows=rows, counted=counted)
    else:
        body += _ZEROS
        for i in numbers:
            into = f"out{i - 1}" if i else "out"
            body += _MERGE[merge].format(i=i, into=into, to="y" if i == numbers[-1] else f"out{i}")
    return f"""<ir_version: 8, opset_import: ["" : 16]>
pooler ({inputs}) => (float[M,{CHANNELS},3,3] y)
<int64[1] one = {{1}}, int64[3] pooled = {{{CHANNELS}, 3, 3}},
 int64[4] spreading = {{-1, 1, 1, 1}}, {constants}>
{{{body}}}"""


def parse(text: str) -> onnx.ModelProto:
    """Parse and check."""
    model = onnx.parser.parse_model(text)
    onnx.checker.check_model(model)
    return model


def feeds(model: onnx.ModelProto, levels=(0, 1, 2), count: int = 12, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs for a pooler: ``levels`` in turn, so that each has as many boxes where ``count`` allows."""
    random = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for value in model.graph.input:
        name = value.name
        if name.startswith("x"):
            shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            arrays[name] = random.standard_normal(shape).astype(np.float32)
        elif name.startswith("boxes"):
            corner = random.uniform(0, SIDE / 2, (count, 2))
            sides = random.uniform(1, SIDE / 2, (count, 2))
            arrays[name] = np.hstack([corner, corner + sides]).astype(np.float32)
        elif name.startswith("batch"):
            arrays[name] = random.integers(0, IMAGES, count)
        elif name.startswith("levels"):
            kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            arrays[name] = random.permutation(np.resize(levels, count)).astype(kind)
    return arrays


def operators(model: onnx.ModelProto) -> dict[str, int]:
    """Count the nodes per operator, those of subgraphs and functions too."""
    found: dict[str, int] = {}

    def walk(nodes) -> None:
        for node in nodes:
            name = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
            found[name] = found.get(name, 0) + 1
            for attribute in node.attribute:
                walk(attribute.g.node)

    walk(model.graph.node)
    for function in model.functions:
        walk(function.node)
    return found


def save_with_weights(path) -> onnx.ModelProto:
    """A pooler on scaled maps, its weights in a file of their own."""
    text = (
        pyramid()
        .replace("(x0, rois0", "(scaled, rois0")
        .replace("mask0 =", "scaled = Mul(x0, weights) mask0 =")
    )
    model = onnx.parser.parse_model(text)
    weights = np.random.default_rng(0).standard_normal((2, 2, 32, 32)).astype(np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "weights"))
    onnx.save(model, path, save_as_external_data=True, location="pooler.weights", size_threshold=1024)
    return onnx.load(path)
