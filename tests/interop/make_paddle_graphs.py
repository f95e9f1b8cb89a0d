"""Write the small Paddle exports that the fast suite reads, with what eager Paddle computes.

Run with paddlepaddle and paddle2onnx installed: python tests/interop/make_paddle_graphs.py. Each graph comes
with an .npz of inputs and of the output of eager Paddle, because the exports themselves are wrong.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import paddle
import paddle2onnx

GRAPHS = Path(__file__).parents[1] / "export" / "upgrader" / "graphs"
SCALE = 0.25


class Pool(paddle.nn.Layer):
    """paddle.vision.ops.roi_align on one map."""

    def __init__(self, aligned: bool, sampling_ratio: int):
        super().__init__()
        self.aligned, self.sampling_ratio = aligned, sampling_ratio

    def forward(self, x, boxes, boxes_num):
        return paddle.vision.ops.roi_align(
            x, boxes, boxes_num, 5, SCALE, sampling_ratio=self.sampling_ratio, aligned=self.aligned
        )


def export(layer: paddle.nn.Layer, opset: int) -> onnx.ModelProto:
    """Export through paddle.jit.save and paddle2onnx."""
    spec = [
        paddle.static.InputSpec([-1, 3, -1, -1], "float32", "x"),
        paddle.static.InputSpec([-1, 4], "float32", "boxes"),
        paddle.static.InputSpec([-1], "int32", "boxes_num"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "model")
        paddle.jit.save(layer, base, input_spec=spec)
        model_file = base + (".json" if Path(base + ".json").exists() else ".pdmodel")
        parameters = base + ".pdiparams"
        paddle2onnx.export(
            model_file,
            parameters if Path(parameters).exists() else "",
            str(Path(folder) / "out.onnx"),
            opset_version=opset,
        )
        return onnx.load(Path(folder) / "out.onnx")


def example() -> dict[str, np.ndarray]:
    """Two images with three and two boxes."""
    generator = np.random.default_rng(0)
    corner = generator.uniform(0, 60, (5, 2))
    boxes = np.concatenate([corner, corner + generator.uniform(2, 60, (5, 2))], axis=1)
    return {
        "x": generator.uniform(size=(2, 3, 24, 32)).astype(np.float32),
        "boxes": boxes.astype(np.float32),
        "boxes_num": np.array([3, 2], np.int32),
    }


if __name__ == "__main__":
    for aligned in (False, True):
        for opset in (11, 16):
            layer = Pool(aligned, 2 if opset == 16 else -1)
            layer.eval()
            name = f"paddle_{'aligned' if aligned else 'plain'}_opset{opset}"
            model = export(layer, opset)
            onnx.save(model, GRAPHS / f"{name}.onnx")
            inputs = example()
            eager = layer(*(paddle.to_tensor(value) for value in inputs.values())).numpy()
            np.savez_compressed(GRAPHS / f"{name}.npz", expected=eager, **inputs)
            print(name, len(model.graph.node), "nodes", model.ByteSize(), "bytes", flush=True)
