"""ONNX schemas of the operators, so that checker, shape inference and onnxscript know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onnx import AttributeProto, TypeProto, defs, helper
from onnx.shape_inference import InferenceError

from roiops.export import _types
from roiops.operators import OPERATORS, Operator
from roiops.operators._operator import Input
from roiops.operators._parameters import Attribute
from roiops.operators._shapes import output_shapes, output_types, sizes_of

_Option = defs.OpSchema.FormalParameterOption


def register_schemas() -> None:
    """Register the schemas with ``onnx.defs`` for this process; calling it again changes nothing.

    Shape inference of the operators needs onnx 1.19; with older ones they have schemas only.
    """
    # It lists all schemas when it is imported, and fails where two domains have an operator of one name.
    import onnx.reference  # noqa: F401

    for operator in OPERATORS.values():
        if not defs.has(operator.name, operator.domain):
            defs.register_schema(make_schema(operator))


def make_schema(operator: Operator) -> defs.OpSchema:
    """Return the schema of an operator of the table."""
    schema = defs.OpSchema(
        operator.name,
        operator.domain,
        operator.version,
        operator.doc,
        inputs=[_formal_input(operator, given) for given in operator.inputs],
        outputs=[
            defs.OpSchema.FormalParameter(o.name, _type_text(operator, o.type), o.doc)
            for o in operator.outputs
        ],
        type_constraints=[(v.name, [_tensor(t) for t in v.allowed], v.doc) for v in operator.types],
        attributes=[_formal_attribute(attribute) for attribute in operator.attributes],
    )
    # onnx before 1.19, which paddle2onnx asks for, does not let Python infer shapes.
    if hasattr(schema, "set_type_and_shape_inference_function"):
        schema.set_type_and_shape_inference_function(_inference(operator))
    return schema


def _tensor(name: str) -> str:
    return f"tensor({_types.onnx_name(name).lower()})"


def _type_text(operator: Operator, name: str) -> str:
    return name if any(variable.name == name for variable in operator.types) else _tensor(name)


def _formal_input(operator: Operator, given: Input) -> defs.OpSchema.FormalParameter:
    option = _Option.Optional if given.optional else _Option.Variadic if given.variadic else _Option.Single
    return defs.OpSchema.FormalParameter(
        given.name,
        _type_text(operator, given.type),
        given.doc,
        param_option=option,
        is_homogeneous=True,
        min_arity=0 if given.optional else 1,
    )


def _formal_attribute(attribute: Attribute) -> defs.OpSchema.Attribute:
    if attribute.default is None:
        kind = getattr(defs.OpSchema.AttrType, attribute.kind)
        return defs.OpSchema.Attribute(attribute.name, kind, attribute.doc, required=attribute.required)
    kind = getattr(AttributeProto, attribute.kind)
    default = helper.make_attribute(attribute.name, attribute.default, attr_type=kind)
    return defs.OpSchema.Attribute(attribute.name, default, attribute.doc)


def _inference(operator: Operator) -> Callable[[Any], None]:
    """Return the inference function of an operator."""

    def infer(context: Any) -> None:
        given = {
            i.name: context.get_input_type(n)
            for n, i in zip(range(context.get_num_inputs()), operator.inputs)
        }
        attributes = _known_attributes(operator, context)
        types = _known_types(operator, given)
        shapes = {name: _sizes(value) for name, value in given.items()}
        try:
            sizes = sizes_of(operator, shapes, attributes)
        except ValueError as error:
            raise InferenceError(str(error)) from error
        found = zip(output_types(operator, types, attributes), output_shapes(operator, sizes, attributes))
        for index, (element_type, shape) in enumerate(found):
            if element_type is not None:
                context.set_output_type(index, _tensor_type(element_type, shape))

    return infer


def _known_attributes(operator: Operator, context: Any) -> dict[str, Any]:
    known = {}
    for wanted in operator.attributes:
        attribute = context.get_attribute(wanted.name)
        if attribute is None:
            known[wanted.name] = wanted.default
        elif not attribute.ref_attr_name:
            value = helper.get_attribute_value(attribute)
            known[wanted.name] = value.decode() if isinstance(value, bytes) else value
    return known


def _known_types(operator: Operator, given: dict[str, TypeProto | None]) -> dict[str, str]:
    types: dict[str, str] = {}
    for wanted in sorted(operator.inputs, key=lambda i: _is_of_another(operator, i.type)):
        value = given.get(wanted.name)
        found = _types.NAMES.get(value.tensor_type.elem_type) if value is not None else None
        if found is None:
            continue
        allowed = operator.allowed_types(wanted.type, types)
        if found not in allowed:
            names = " or ".join(map(_types.onnx_name, allowed))
            raise InferenceError(f"{wanted.name}: expected {names}, got {_types.onnx_name(found)}")
        types[wanted.type] = found
    return types


def _is_of_another(operator: Operator, name: str) -> bool:
    return any(variable.name == name and variable.boxes_of for variable in operator.types)


def _sizes(value: TypeProto | None) -> list[int | str | None] | None:
    if value is None or not value.tensor_type.HasField("shape"):
        return None
    return [
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
        for dim in value.tensor_type.shape.dim
    ]


def _tensor_type(element_type: str, shape: tuple[int | str | None, ...] | None) -> TypeProto:
    return helper.make_tensor_type_proto(_types.ELEMENT_TYPES[element_type], shape)
