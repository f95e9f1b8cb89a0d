"""Write the small exported graphs of the fast suite: python tests/interop/make_graphs.py poolers|steps."""

from __future__ import annotations

import sys
from pathlib import Path

import onnx
import onnx_ir as ir
import torch_detectron2
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from torch_last_steps import export_step, optimised, simplified
from torch_poolers import Detectron2Pooler, TorchvisionPooler, export_dynamo, export_torchscript

# Heads, images, opset.
DETECTORS = {
    "detectron2": (1, 1, 16),
    "detectron2_opset11": (1, 1, 11),
    "detectron2_images3": (1, 3, 16),
    "detectron2_cascade": (3, 1, 16),
}
GRAPHS = Path(__file__).parents[1] / "export" / "upgrader" / "graphs"


def poolers():
    """Yield (file name, model) of every committed graph of poolers that PyTorch exports."""
    for opset in (11, 16, 18):
        for images in (1, 2):
            model = export_torchscript(TorchvisionPooler(images), images, opset)
            yield f"torchvision_ts{opset}_images{images}", model
    yield "torchvision_ts16_unfolded", export_torchscript(TorchvisionPooler(1), 1, 16, fold=False)
    for images in (1, 2):
        yield f"torchvision_dynamo18_images{images}", export_dynamo(TorchvisionPooler(images), images, 18)
    yield "torchvision_dynamo18_static", export_dynamo(TorchvisionPooler(1), 1, 18, dynamic=False)
    yield "torchvision_dynamo22", export_dynamo(TorchvisionPooler(1), 1, 22)
    for opset in (11, 16):
        yield f"detectron2_ts{opset}", export_torchscript(Detectron2Pooler(), 1, opset)
    yield "detectron2_ts16_images2", export_torchscript(Detectron2Pooler(2), 2, 16)
    for kind, (stages, images, opset) in DETECTORS.items():
        yield f"whole_{kind}", torch_detectron2.export(torch_detectron2.Detector(stages), images, opset)


def steps():
    """Yield the same of the last steps of detectors."""
    for kind in ("masks", "keypoints"):
        for opset in (11, 16, 20):
            yield f"{kind}_ts{opset}", export_step(kind, opset)
        yield f"{kind}_ts16_onnxsim", simplified(export_step(kind, 16))
        # From opset 13 on what ONNX Runtime saves of the masks defines a name twice, and does not load.
        yield f"{kind}_ts11_ort", optimised(export_step(kind, 11))
    yield "grid_ts16", export_step("grid", 16)
    yield "grid_ts20_onnxsim", simplified(export_step("grid", 20))
    yield "grid_ts16_static", export_step("grid", 16, dynamic=False)
    yield "grid_dynamo18", export_step("grid", 18, dynamo=True)
    yield "masks_ts16_static", export_step("masks", 16, dynamic=False)


if __name__ == "__main__":
    for name, model in {"poolers": poolers, "steps": steps}[sys.argv[1]]():
        # Stack traces of the exporter: large, and different on every machine.
        model = ir.to_proto(ClearMetadataAndDocStringPass()(ir.from_proto(model)).model)
        onnx.save(model, GRAPHS / f"{name}.onnx")
        print(name, len(model.graph.node), "nodes", model.ByteSize(), "bytes", flush=True)
