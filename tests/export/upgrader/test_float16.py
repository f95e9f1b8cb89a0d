"""upgrade(float16=True): features and weights in float16, boxes in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from pyramids import parse
from support import run, session

from roiops.export import UpgradeError, upgrade
from roiops.export.upgrader.verify import verify

GRAPHS = Path(__file__).parent / "graphs"
HALF, FULL = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT

# A box head whose boxes come from a layer, as a detector's: their decoding must not lose digits.
HEAD = """<ir_version: 8, opset_import: ["" : 16, "roiops" : 1]>
g (float[1, 3, H, W] image, float[K, 4] anchors)
=> (float[K, 4, 7, 7] pooled, float[K, 2] scores, float[K, 4] boxes)
{
  convolved = Conv(image, kernel)
  map = Relu(convolved)
  deltas = MatMul(anchors, regression)
  scaled = Mul(deltas, tenth)
  boxes = Add(anchors, scaled)
  count = Constant<value_ints = [COUNT]>()
  pooled = roiops.RoiAlign<output_height = 7, output_width = 7, spatial_scale = 0.25>(map, boxes, count)
  flat = Flatten(pooled)
  scores = MatMul(flat, classes)
}"""
BOXES = 50


def with_weights(text: str, **weights: np.ndarray) -> onnx.ModelProto:
    model = onnx.parser.parse_model(text)
    for name, array in weights.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array, np.float32), name))
    return model


def head(scale: float = 1.0) -> onnx.ModelProto:
    random = np.random.default_rng(0)
    return with_weights(
        HEAD.replace("COUNT", str(BOXES)),
        kernel=scale * random.standard_normal((4, 3, 1, 1)),
        regression=np.zeros((4, 4)),
        tenth=np.full(4, 0.1),
        classes=random.standard_normal((196, 2)),
    )


def feeds() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    corners = random.uniform([2200, 10], [2300, 60], (BOXES, 2))
    boxes = np.hstack([corners, corners + random.uniform(8, 60, (BOXES, 2))])
    image = random.uniform(-1, 1, (1, 3, 40, 620))
    return {"image": image.astype(np.float32), "anchors": boxes.astype(np.float32)}


@pytest.mark.parametrize("graph", sorted(GRAPHS.glob("whole_*.onnx")), ids=lambda path: path.stem)
def test_whole_detectors_stay_what_they_were(graph):
    original = onnx.load(graph)
    converted, report = upgrade(original, float16=True)
    onnx.checker.check_model(converted)
    assert "float16 now" in str(report)
    assert verify(original, converted, tolerance=1e-3).status == 0
    kinds = {tensor.name: tensor.data_type for tensor in converted.graph.initializer}
    layers = [node for node in converted.graph.node if node.op_type in ("Conv", "Gemm")]
    assert layers and {kinds[node.input[1]] for node in layers} == {HALF}
    types = {value.name: value.type.tensor_type.elem_type for value in converted.graph.value_info}
    for node in converted.graph.node:
        if node.op_type == "MultiScaleRoiAlign":
            assert [types[name] for name in (node.input[0], *node.input[3:])] == [FULL] + [HALF] * 4
    assert [value.type for value in converted.graph.output] == [value.type for value in original.graph.output]
    assert converted.ByteSize() < original.ByteSize()


def test_boxes_far_from_the_corner_lose_nothing():
    model, fed = head(), feeds()
    converted = upgrade(model, float16=True)[0]
    exact, found = session(model).run(None, fed), session(converted).run(None, fed)
    np.testing.assert_array_equal(found[2], exact[2])  # the boxes
    error = np.abs(found[0] - exact[0]).max() / np.abs(exact[0]).max()
    # What a converter does that casts boxes too; float16 has steps of 2 pixels there.
    rounded = {**fed, "anchors": fed["anchors"].astype(np.float16).astype(np.float32)}
    rounded_error = np.abs(run(model, rounded) - exact[0]).max() / np.abs(exact[0]).max()
    assert error < 2e-3 and rounded_error > 0.1


def test_an_upsampled_pyramid_is_one_piece_of_float16():
    """Resize to the size of another map, and Add, between layers: casts at the input and the outputs only."""
    model = with_weights(
        """<ir_version: 8, opset_import: ["" : 16]>
        g (float[1, 2, H, W] image) => (float[N, C, A, B] fine, float[N, C, D, E] coarse)
        {
          first = Conv(image, w)
          second = Conv<strides = [2, 2]>(first, w)
          size = Shape(first)
          up = Resize<mode = "nearest">(second, none, none, size)
          sum = Add(first, up)
          fine = Conv(sum, w)
          coarse = Conv(second, w)
        }""",
        w=np.arange(1, 5).reshape(2, 2, 1, 1),
        none=np.zeros(0),
    )
    converted = upgrade(model, float16=True)[0]
    assert [node.op_type for node in converted.graph.node].count("Cast") == 3
    fed = {"image": np.random.default_rng(0).random((1, 2, 8, 10), np.float32)}
    for a, b in zip(session(model).run(None, fed), session(converted).run(None, fed)):
        np.testing.assert_allclose(b, a, rtol=5e-3)


def test_weights_beyond_float16_are_an_error():
    with pytest.raises(UpgradeError, match="float16: weight kernel has values beyond 65504"):
        upgrade(head(1e6), float16=True)


def test_a_model_without_layers_is_unchanged():
    model = parse('<ir_version: 8, opset_import: ["" : 16]> g (float[N] x) => (float[N] y) { y = Neg(x) }')
    converted, report = upgrade(model, float16=True)
    assert [node.op_type for node in converted.graph.node] == ["Neg"] and not report.changed
