"""Builders of whole models around one operator node, loadable by every supported ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from roiops import _checks
from roiops.export._names import DOMAIN, VERSION
from roiops.export._nodes import make_multiscale_roi_align_node, make_roi_align_node

IR_VERSION = 8  # onnx's newest is beyond what ONNX Runtime loads
OPSET = 17
_FEATURE_TYPES = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16)
_INDEX_TYPES = (TensorProto.INT32, TensorProto.INT64)


def make_roi_align_model(
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs X (N, C, H, W), boxes (K, 4), batch (N,) or (K,) and output Y.

    Args:
        output_size: as in `make_roi_align_node`, like every argument up to ``batch_format``.
        spatial_scale: see above.
        sampling_ratio: see above.
        aligned: see above.
        mode: see above.
        batch_format: see above.
        x_type: `onnx.TensorProto` element type of X and Y: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
        boxes_type: element type of the boxes; by default that of X, and FLOAT with 16-bit X.
        batch_type: element type of the batch input, INT32 or INT64.
        opset: version of the standard operators that the model imports.
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    node = make_roi_align_node(
        "X",
        "boxes",
        "batch",
        "Y",
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
        name=name,
    )
    boxes_type = _boxes_type(x_type, boxes_type)
    inputs = [
        helper.make_tensor_value_info("X", x_type, ["N", "C", "H", "W"]),
        helper.make_tensor_value_info("boxes", boxes_type, ["K", 4]),
        _batch_info(batch_format, batch_type),
    ]
    return _model(node, inputs, x_type, output_size, opset)


def make_multiscale_roi_align_model(
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs boxes (K, 4), batch, levels (K,), X_0, X_1, ... (N, C, H_l, W_l), output Y.

    Args:
        output_size: as in `make_multiscale_roi_align_node`, like every argument up to ``batch_format``.
        spatial_scales: see above; one feature map per scale.
        sampling_ratio: see above.
        aligned: see above.
        mode: see above.
        batch_format: see above.
        x_type: as in `make_roi_align_model`, like every argument that follows.
        boxes_type: see above.
        batch_type: see above.
        opset: see above.
        name: see above.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    maps = [f"X_{i}" for i in range(len(_checks.spatial_scales(spatial_scales)))]
    node = make_multiscale_roi_align_node(
        "boxes",
        "batch",
        "levels",
        maps,
        "Y",
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
        name=name,
    )
    inputs = [
        helper.make_tensor_value_info("boxes", _boxes_type(x_type, boxes_type), ["K", 4]),
        _batch_info(batch_format, batch_type),
        helper.make_tensor_value_info("levels", TensorProto.INT64, ["K"]),
        *(
            helper.make_tensor_value_info(x, x_type, ["N", "C", f"H_{i}", f"W_{i}"])
            for i, x in enumerate(maps)
        ),
    ]
    return _model(node, inputs, x_type, output_size, opset)


def _boxes_type(x_type: int, boxes_type: int | None) -> int:
    if x_type not in _FEATURE_TYPES:
        raise ValueError(f"x_type: expected FLOAT, DOUBLE, FLOAT16 or BFLOAT16, got {_type_name(x_type)}")
    half = x_type in (TensorProto.FLOAT16, TensorProto.BFLOAT16)
    if boxes_type is None:
        return TensorProto.FLOAT if half else x_type
    if boxes_type != x_type and not (half and boxes_type == TensorProto.FLOAT):
        raise ValueError(
            "boxes_type: expected the type of X, or FLOAT with 16-bit X; "
            f"got {_type_name(boxes_type)} with X {_type_name(x_type)}"
        )
    return boxes_type


def _batch_info(batch_format: str, batch_type: int) -> onnx.ValueInfoProto:
    if batch_type not in _INDEX_TYPES:
        raise ValueError(f"batch_type: expected INT32 or INT64, got {_type_name(batch_type)}")
    return helper.make_tensor_value_info("batch", batch_type, ["N" if batch_format == "boxes_num" else "K"])


def _type_name(element_type: int) -> str:
    known = isinstance(element_type, int) and element_type in TensorProto.DataType.values()
    return TensorProto.DataType.Name(element_type) if known else repr(element_type)


def _model(
    node: onnx.NodeProto,
    inputs: list[onnx.ValueInfoProto],
    element_type: int,
    output_size: int | Sequence[int],
    opset: int,
) -> onnx.ModelProto:
    output = helper.make_tensor_value_info("Y", element_type, ["K", "C", *_checks.output_size(output_size)])
    graph = helper.make_graph([node], node.op_type, inputs, [output])
    opset = _checks.integer(opset, "opset", 1, _checks.INT32_MAX)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(DOMAIN, VERSION)]
    return helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, producer_name="roiops")
