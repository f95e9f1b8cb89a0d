"""The last steps of torchvision's detectors alone, as PyTorch exports them and as other tools leave them."""

from __future__ import annotations

import io
import tempfile
import warnings
from pathlib import Path

import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn.functional import grid_sample
from torchvision.models.detection import roi_heads


class Masks(nn.Module):
    def forward(self, masks, boxes, image):
        return roi_heads.paste_masks_in_image(masks, boxes, (image.shape[0], image.shape[1]))


class Keypoints(nn.Module):
    def forward(self, maps, boxes):
        return roi_heads.heatmaps_to_keypoints(maps, boxes)


class Grid(nn.Module):
    """Masks sampled at the centres of the image's pixels, as Detectron2 and mmdetection paste them."""

    threshold: float | None = None

    def forward(self, masks, boxes, image):
        left, top, right, bottom = torch.split(boxes, 1, dim=1)
        y = torch.arange(0, image.shape[0], device=boxes.device).to(torch.float32) + 0.5
        x = torch.arange(0, image.shape[1], device=boxes.device).to(torch.float32) + 0.5
        y = (y - top) / (bottom - top) * 2 - 1
        x = (x - left) / (right - left) * 2 - 1
        size = (masks.shape[0], y.shape[1], x.shape[1])
        grid = torch.stack([x[:, None, :].expand(size), y[:, :, None].expand(size)], dim=3)
        pasted = grid_sample(masks.to(torch.float32), grid, align_corners=False)[:, 0]
        return pasted if self.threshold is None else pasted >= self.threshold


STEPS = {
    "masks": (Masks, ("masks", "boxes", "image"), ((3, 1, 28, 28), (3, 4), (60, 80))),
    "grid": (Grid, ("masks", "boxes", "image"), ((3, 1, 28, 28), (3, 4), (60, 80))),
    "keypoints": (Keypoints, ("maps", "boxes"), ((3, 5, 14, 14), (3, 4))),
}


def export_step(kind: str, opset: int, dynamic: bool = True, dynamo: bool = False) -> onnx.ModelProto:
    """Export for any number of boxes, where ``dynamic`` also for any size of the image."""
    step, names, shapes = STEPS[kind]
    arrays = [
        torch.rand(shape, generator=torch.manual_seed(0)) * (40 if shape == (3, 4) else 1) for shape in shapes
    ]
    arrays[1][:, 2:] += arrays[1][:, :2] + 1
    free = {name: {0: "boxes"} for name in names if name != "image"}
    if dynamic and "image" in names:
        free["image"] = {0: "height", 1: "width"}
    if dynamo:
        return _export_dynamo(step().eval(), arrays, free, opset)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            step().eval(),
            tuple(arrays),
            buffer,
            input_names=list(names),
            dynamic_axes=free,
            opset_version=opset,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def _export_dynamo(step: nn.Module, arrays, free, opset: int) -> onnx.ModelProto:
    sizes = tuple(dict.fromkeys(axes, torch.export.Dim.DYNAMIC) for axes in free.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.onnx.export(
            step,
            tuple(arrays),
            input_names=list(free),
            dynamic_shapes=sizes + ({},) * (len(arrays) - len(sizes)),
            opset_version=opset,
            dynamo=True,
            verbose=False,
        ).model_proto


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """What onnxsim leaves."""
    import onnxsim

    return onnxsim.simplify(model)[0]


def optimised(model: onnx.ModelProto) -> onnx.ModelProto:
    """What ONNX Runtime leaves."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(Path(folder) / "model.onnx")
        options.log_severity_level = 4
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)
