"""What the ``torch.library`` operators compute: values on the CPU by our library, elsewhere shapes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from roiops import _checks, _session
from roiops.operators import Operator
from roiops.operators._operator import Input
from roiops.operators._shapes import check_shape, element_types, output_shapes, sizes_of


def tensor_inputs(operator: Operator) -> list[Input]:
    """Return the inputs in the order of the ``torch.library`` operator: a list of tensors comes first."""
    return sorted(operator.inputs, key=lambda given: not given.variadic)


def kernel(operator: Operator) -> Callable[..., Any]:
    """Return the function that computes an operator on tensors of the CPU."""

    def compute(*values: Any) -> Any:
        tensors, arguments = _split(operator, values)
        types = _checked_types(operator, tensors, arguments)
        arrays = {
            n: [_array(t) for t in v] if isinstance(v, (list, tuple)) else _array(v)
            for n, v in tensors.items()
        }
        of_maps = any(given.role == "batch" for given in operator.inputs)
        inputs = (
            _checks.inputs(operator, arrays, arguments)
            if of_maps
            else {i.name: arrays[i.argument] for i in operator.inputs}
        )
        names = element_types(operator, types, operator.write(arguments))
        results = tuple(
            torch.from_numpy(y).to(getattr(torch, name))
            for y, name in zip(_session.run(operator, inputs, arguments), names)
        )
        return results[0] if len(results) == 1 else results

    return compute


def fake(operator: Operator) -> Callable[..., Any]:
    """Return the function that checks the tensors of an operator and makes its outputs, without values."""

    def make_outputs(*values: Any) -> Any:
        tensors, arguments = _split(operator, values)
        types = _checked_types(operator, tensors, arguments)
        attributes = operator.write(arguments)
        shapes = {i.name: _first(tensors[i.argument]).shape for i in operator.inputs}
        found = output_shapes(operator, sizes_of(operator, shapes, attributes), attributes)
        like = _first(tensors[operator.inputs[0].argument])
        results = tuple(
            like.new_empty(_known(shape or ()), dtype=getattr(torch, element_type))
            for shape, element_type in zip(found, element_types(operator, types, attributes))
        )
        return results[0] if len(results) == 1 else results

    return make_outputs


def _known(shape: Sequence[Any]) -> list[Any]:
    """Return a shape where a size that a value decides is a symbol of the export."""
    return [torch.library.get_ctx().new_dynamic_size() if size is None else size for size in shape]


def boxes_num(boxes: Sequence[Tensor]) -> Tensor:
    return boxes_num_fake(boxes).copy_(torch.tensor([len(tensor) for tensor in boxes]))


def boxes_num_fake(boxes: Sequence[Tensor]) -> Tensor:
    for i, tensor in enumerate(boxes):
        if tensor.ndim != 2:
            raise ValueError(f"boxes[{i}]: expected shape (K, 4), got {tuple(tensor.shape)}")
    return boxes[0].new_empty(len(boxes), dtype=torch.int64)


def refuse_backward(context: Any, *gradients: Tensor) -> None:
    raise NotImplementedError(
        "roiops has no gradients: it serves models; train with torchvision.ops.roi_align"
    )


def _split(operator: Operator, values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return tensors and arguments by their names in Python, from those of the ``torch.library`` operator."""
    inputs = tensor_inputs(operator)
    arguments = {p.name: value for p, value in zip(operator.parameters, values[len(inputs) :])}
    # torch hands over lists.
    frozen = {name: tuple(v) if isinstance(v, list) else v for name, v in arguments.items()}
    return {given.argument: value for given, value in zip(inputs, values)}, frozen


def _checked_types(
    operator: Operator, tensors: Mapping[str, Any], arguments: Mapping[str, Any]
) -> dict[str, str]:
    """Check dtypes and ranks.

    Lengths are left to the kernels: comparing them would tie the dynamic dimensions of an export together.
    """
    types: dict[str, str] = {}
    features_first = sorted(operator.inputs, key=lambda given: given.role != "features")
    for given in features_first:
        value = tensors[given.argument]
        if given.variadic:
            _check_count(operator, given, value, arguments)
        for i, tensor in enumerate(value if given.variadic else [value]):
            name = f"{given.argument}[{i}]" if given.variadic else given.argument
            allowed = [types[given.type]] if i else operator.allowed_types(given.type, types)
            found = str(tensor.dtype).removeprefix("torch.")
            if found not in allowed:
                wanted = " or ".join(f"torch.{each}" for each in allowed)
                raise TypeError(f"{name}: expected {wanted}, got {tensor.dtype}")
            check_shape(given, tensor.shape, name)
            types[given.type] = found
    return types


def _check_count(
    operator: Operator, given: Input, value: Sequence[Any], arguments: Mapping[str, Any]
) -> None:
    scales = len(arguments["spatial_scales"])
    if not value or len(value) != scales:
        raise ValueError(
            f"{given.argument}: expected one feature map per spatial scale ({scales}), got {len(value)}"
        )


def _first(value: Any) -> Tensor:
    return value[0] if isinstance(value, (list, tuple)) else value


def _array(tensor: Tensor) -> np.ndarray:
    # NumPy has no bfloat16; float32 holds it, and the operators calculate with float32.
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).detach().numpy()
