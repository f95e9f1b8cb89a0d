"""ONNX schemas of the operators, so that checker, shape inference and onnxscript know them."""

from __future__ import annotations

from collections.abc import Callable

from onnx import AttributeProto, TensorProto, defs
from onnx.shape_inference import InferenceError

from roiops.export._names import DOMAIN, VERSION

_FEATURES = ["tensor(float16)", "tensor(bfloat16)", "tensor(float)", "tensor(double)"]
_HALF = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
_Attribute = defs.OpSchema.Attribute
_Parameter = defs.OpSchema.FormalParameter
_INT, _FLOAT, _STRING = (
    defs.OpSchema.AttrType.INT,
    defs.OpSchema.AttrType.FLOAT,
    defs.OpSchema.AttrType.STRING,
)


def roi_align_schema() -> defs.OpSchema:
    """Return the schema of ``roiops::RoiAlign``."""
    scale = _optional("spatial_scale", AttributeProto.FLOAT, 1.0, "Feature pixels per image pixel.")
    schema = defs.OpSchema(
        "RoiAlign",
        DOMAIN,
        VERSION,
        "Pools every box of a feature map into a grid of bins by bilinear sampling.",
        inputs=[_Parameter("X", "T", "Features (N, C, H, W)."), *_box_inputs()],
        outputs=[_Parameter("Y", "T", "Pooled boxes (K, C, output_height, output_width).")],
        type_constraints=_type_constraints(),
        attributes=[scale, *_common_attributes()],
    )
    return _with_inference(schema, _inference(boxes=1, first_map=0))


def _with_inference(schema: defs.OpSchema, infer: Callable) -> defs.OpSchema:
    # onnx before 1.19, which paddle2onnx asks for, does not let Python infer shapes.
    if hasattr(schema, "set_type_and_shape_inference_function"):
        schema.set_type_and_shape_inference_function(infer)
    return schema


def multiscale_roi_align_schema() -> defs.OpSchema:
    """Return the schema of ``roiops::MultiScaleRoiAlign``."""
    scales = _Attribute(
        "spatial_scales",
        defs.OpSchema.AttrType.FLOATS,
        "Feature pixels per image pixel, per map.",
        required=True,
    )
    maps = _Parameter(
        "X",
        "T",
        "Feature maps (N, C, H_l, W_l), one per level.",
        param_option=defs.OpSchema.FormalParameterOption.Variadic,
        is_homogeneous=True,
        min_arity=1,
    )
    schema = defs.OpSchema(
        "MultiScaleRoiAlign",
        DOMAIN,
        VERSION,
        "RoiAlign over a pyramid of feature maps: levels names the map of every box.",
        inputs=[*_box_inputs(), _Parameter("levels", "tensor(int64)", "Map of each box (K,)."), maps],
        outputs=[_Parameter("Y", "T", "Pooled boxes (K, C, output_height, output_width), in box order.")],
        type_constraints=_type_constraints(),
        attributes=[scales, *_common_attributes()],
    )
    return _with_inference(schema, _inference(boxes=0, first_map=3))


def register_schemas() -> None:
    """Register the schemas with ``onnx.defs`` for this process; calling it again changes nothing.

    Shape inference of the operators needs onnx 1.19; with older ones they have schemas only.
    """
    for make_schema in (roi_align_schema, multiscale_roi_align_schema):
        schema = make_schema()
        if not defs.has(schema.name, DOMAIN):
            defs.register_schema(schema)


def _box_inputs() -> list[defs.OpSchema.FormalParameter]:
    return [
        _Parameter(
            "boxes", "B", "Boxes (K, 4), x1 y1 x2 y2 in image pixels: type T, or float with 16-bit T."
        ),
        _Parameter("batch", "I", "Boxes per image (N,) or image of each box (K,), see batch_format."),
    ]


def _type_constraints() -> list[tuple[str, list[str], str]]:
    return [
        ("T", _FEATURES, "Features and result."),
        ("B", _FEATURES, "Boxes."),
        ("I", ["tensor(int32)", "tensor(int64)"], "Counts or indices."),
    ]


def _common_attributes() -> list[defs.OpSchema.Attribute]:
    return [
        _Attribute("output_height", _INT, "Bins per column, at least 1.", required=True),
        _Attribute("output_width", _INT, "Bins per row, at least 1.", required=True),
        _optional("sampling_ratio", AttributeProto.INT, -1, "Samples per bin and axis; adaptive when <= 0."),
        _optional(
            "aligned", AttributeProto.INT, 1, "1 shifts by half a pixel; 0 makes boxes at least 1 pixel."
        ),
        _optional("mode", AttributeProto.STRING, "avg", "avg, or max over the interpolated samples."),
        _optional("batch_format", AttributeProto.STRING, "boxes_num", "boxes_num or batch_indices."),
    ]


def _optional(name: str, kind: int, default: float | int | str, text: str) -> defs.OpSchema.Attribute:
    from onnx.helper import make_attribute

    return _Attribute(name, make_attribute(name, default, attr_type=kind), text)


def _inference(boxes: int, first_map: int) -> Callable:
    """Return the inference function of an operator whose boxes and first feature map are at these inputs."""

    def infer(context) -> None:
        features = context.get_input_type(first_map)
        box_type = context.get_input_type(boxes)
        if features is None:
            return
        _check_types(features.tensor_type.elem_type, box_type)
        y = type(features)()
        y.tensor_type.elem_type = features.tensor_type.elem_type
        shape = y.tensor_type.shape
        _copy_dim(shape.dim.add(), box_type, rank=2, axis=0)
        _copy_dim(shape.dim.add(), features, rank=4, axis=1)
        for name in ("output_height", "output_width"):
            attribute = context.get_attribute(name)
            dim = shape.dim.add()
            if attribute is not None and not attribute.ref_attr_name:
                dim.dim_value = attribute.i
        context.set_output_type(0, y)

    return infer


def _check_types(features: int, box_type) -> None:
    boxes = box_type.tensor_type.elem_type if box_type is not None else features
    if boxes != features and not (boxes == TensorProto.FLOAT and features in _HALF):
        name = TensorProto.DataType.Name
        raise InferenceError(
            f"boxes: expected the type of X ({name(features)}), or FLOAT with 16-bit X; got {name(boxes)}"
        )


def _copy_dim(target, source_type, rank: int, axis: int) -> None:
    """Copy one dimension; it stays unknown where the source has no shape."""
    if source_type is None or not source_type.tensor_type.HasField("shape"):
        return
    dims = source_type.tensor_type.shape.dim
    if len(dims) != rank:
        raise InferenceError(f"expected an input of rank {rank}, got rank {len(dims)}")
    target.CopyFrom(dims[axis])
