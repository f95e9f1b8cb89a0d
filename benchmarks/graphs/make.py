"""Write the poolers that ``python -m benchmarks pooler`` runs, as PyTorch exports them.

torchvision's MultiScaleRoIAlign over four maps of 256 channels of an 800 x 1344 image, output 7 x 7, ratio 2.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import onnx
import onnx_ir as ir
import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from torchvision.ops import MultiScaleRoIAlign

IMAGE = (800, 1344)
STRIDES = (4, 8, 16, 32)
NAMES = [f"p{i + 2}" for i in range(len(STRIDES))]


class Pooler(torch.nn.Module):
    """The pooler with its feature maps as separate inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = MultiScaleRoIAlign(NAMES, 7, 2)

    def forward(self, p2, p3, p4, p5, boxes):
        return self.pool(OrderedDict(zip(NAMES, (p2, p3, p4, p5))), [boxes], [IMAGE])


def main() -> None:
    """Export with both exporters."""
    maps = [torch.randn(1, 256, IMAGE[0] // s, IMAGE[1] // s) for s in STRIDES]
    corner = torch.rand(20, 2) * 300
    inputs = (*maps, torch.cat([corner, corner + 10 + torch.rand(20, 2) * 500], dim=1))
    folder = Path(__file__).parent
    names = {"input_names": [*NAMES, "boxes"], "output_names": ["pooled"]}
    torch.onnx.export(
        Pooler(),
        inputs,
        folder / "torchscript.onnx",
        dynamic_axes={"boxes": {0: "K"}},
        opset_version=16,
        dynamo=False,
        **names,
    )
    dynamic = (None, None, None, None, {0: torch.export.Dim.DYNAMIC})
    torch.onnx.export(
        Pooler(),
        inputs,
        folder / "dynamo.onnx",
        dynamic_shapes=dynamic,
        opset_version=18,
        dynamo=True,
        external_data=False,
        **names,
    )
    for path in folder.glob("*.onnx"):
        model = ir.from_proto(onnx.load(path))
        onnx.save(ir.to_proto(ClearMetadataAndDocStringPass()(model).model), path)


if __name__ == "__main__":
    main()
