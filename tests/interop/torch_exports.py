"""Export with our operators by either exporter, and compare with the eager module."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import torch
from support import session

from roiops.export.torch import register_symbolics, translation_table, unregister_symbolics

EXPORTERS = ["dynamo", "torchscript"]


def export(module, inputs, exporter: str, opset: int = 18) -> onnx.ModelProto:
    """Export a module whose forward takes ``*inputs``, in the model in0, in1, ...; those of rank 2 are boxes,
    whose number is dynamic.
    """
    names = [f"in{i}" for i in range(len(inputs))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "dynamo":
            free = [{0: torch.export.Dim.DYNAMIC} if x.ndim == 2 else {} for x in inputs]
            program = torch.onnx.export(
                module.eval(),
                tuple(inputs),
                input_names=names,
                dynamic_shapes=(tuple(free),),
                opset_version=opset,
                dynamo=True,
                optimize=True,
                verbose=False,
                custom_translation_table=translation_table(),
            )
            return program.model_proto
        register_symbolics()
        try:
            buffer = io.BytesIO()
            torch.onnx.export(
                module.eval(),
                tuple(inputs),
                buffer,
                input_names=names,
                dynamic_axes={n: {0: f"count_{n}"} for n, x in zip(names, inputs) if x.ndim == 2},
                opset_version=opset,
                dynamo=False,
            )
        finally:
            unregister_symbolics()
    return onnx.load_from_string(buffer.getvalue())


def assert_like_eager(module, model: onnx.ModelProto, inputs, tolerance: float = 1e-4, **options) -> None:
    """Run model and module on the same inputs; ``options`` are those of `support.session`."""
    with torch.no_grad():
        expected = module(*inputs)
    exported = session(model, **options)
    arrays = {f"in{i}": x.numpy() for i, x in enumerate(inputs)}
    found = exported.run(None, {value.name: arrays[value.name] for value in exported.get_inputs()})
    expected = [expected] if isinstance(expected, torch.Tensor) else expected
    assert len(found) == len(expected)
    for y, eager in zip(found, expected):
        assert y.shape == tuple(eager.shape) and y.dtype == eager.numpy().dtype
        np.testing.assert_allclose(y, eager.numpy(), atol=tolerance, rtol=0)
