"""Write the small exported graphs that the fast suite reads: python tests/interop/make_graphs.py."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx_ir as ir
import torch_detectron2
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from torch_poolers import Detectron2Pooler, TorchvisionPooler, export_dynamo, export_torchscript

# Heads, images, opset.
DETECTORS = {
    "detectron2": (1, 1, 16),
    "detectron2_opset11": (1, 1, 11),
    "detectron2_images3": (1, 3, 16),
    "detectron2_cascade": (3, 1, 16),
}
GRAPHS = Path(__file__).parents[1] / "export" / "upgrader" / "graphs"


def graphs():
    """Yield (file name, model) of every committed graph that PyTorch exports."""
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


if __name__ == "__main__":
    for name, model in graphs():
        # Stack traces of the exporter: large, and different on every machine.
        model = ir.to_proto(ClearMetadataAndDocStringPass()(ir.from_proto(model)).model)
        onnx.save(model, GRAPHS / f"{name}.onnx")
        print(name, len(model.graph.node), "nodes", model.ByteSize(), "bytes", flush=True)
