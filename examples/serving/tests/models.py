"""Small detectors whose answers are known, one for each kind of input."""

from __future__ import annotations

from onnx import ModelProto, TensorProto, helper, parser

_BODY = """
   <ir_version: 8, opset_import: ["" : 18]>
   find ({input}) => (float[K,4] boxes, int64[K] labels, float[K] scores, float[K,1,H,W] masks)
   <float half = {{{half}}}, int64[1] zero = {{0}}, int64[2] axes = {{0, 1}}, int64[1] one = {{1}},
    float[1] score = {{0.75}}, int64[1] label = {{1}}>
   {{
      {first}
      bright = Greater(first, half)
      plane = Cast<to = 1>(bright)
      batched = Unsqueeze(plane, axes)
      masks = Identity(batched)
      places = NonZero(bright)
      last = ReduceMax<keepdims = 0>(places, one)
      least = ReduceMin<keepdims = 0>(places, one)
      end = Add(last, one)
      corners = Concat<axis = 0>(least, end)
      xyxy = Gather(corners, order)
      floats = Cast<to = 1>(xyxy)
      boxes = Unsqueeze(floats, zero)
      labels = Identity(label)
      scores = Identity(score)
   }}
"""


def brightest_red(layout: str, side: int | None = None) -> ModelProto:
    """Build a model that finds the one region where red is more than half, with its mask.

    Args:
        layout: "HWC" of uint8, "CHW" or "NCHW" of float32.
        side: the height and width of the input; default: any.
    """
    size = [side or "H", side or "W"]
    if layout == "HWC":
        kind, shape, half = TensorProto.UINT8, [*size, 3], "127.5"
        first = "red = Gather<axis = 2>(image, channel) first = Cast<to = 1>(red)"
    else:
        kind, shape, half = TensorProto.FLOAT, [3, *size], "0.5"
        first = "first = Gather<axis = 0>(image, channel)"
        if layout == "NCHW":
            shape = [1, *shape]
            first = "picture = Squeeze(image, zero) first = Gather<axis = 0>(picture, channel)"
    model = parser.parse_model(_BODY.format(input="float[1] image", half=half, first=first))
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("image", kind, shape))
    for name, dims, values in (("channel", [], [0]), ("order", [4], [1, 0, 3, 2])):
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, dims, values))
    helper.set_model_props(model, {"classes": "dark,red"})
    return model
