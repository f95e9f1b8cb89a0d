"""Whole torchvision detectors and their last steps, as PyTorch exports them and upgraded."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import onnx

from benchmarks import measure, sessions
from roiops.export import upgrade
from roiops.export.upgrader.verify.shares import MATRICES, shares

DETECTORS = ("fasterrcnn", "maskrcnn", "keypointrcnn")
HEADS = ("paste_masks", "heatmaps_to_keypoints")
_IMAGE = (800, 1088)


def compare_detector(name: str, detections: int, threads: int, rounds: int) -> dict[str, object]:
    """Measure a ResNet-50 detector with random weights, before and after."""
    import torch
    from torchvision.models import detection

    torch.manual_seed(0)
    model = getattr(detection, f"{name}_resnet50_fpn")(
        weights=None, weights_backbone=None, box_score_thresh=0.0, box_detections_per_img=detections
    ).eval()
    image = torch.rand(3, *_IMAGE)
    before = _exported(model, ([image],))
    after, feeds = _upgraded(before), {"in0": image.numpy()}
    row = _row(before, after, feeds, threads, rounds)
    slow = shares(after, feeds, threads)
    largest = ", ".join(f"{kind} {share:.1%}" for kind, share in list(slow.items())[:3])
    rest = sum(share for kind, share in slow.items() if kind not in MATRICES)
    return {
        "model": f"{name}_resnet50_fpn, {detections} detections",
        **row,
        "slow now": largest,
        "not Conv, ConvTranspose, Gemm, MatMul": f"{rest:.1%}",
    }


def compare_head(name: str, detections: int, threads: int, rounds: int) -> dict[str, object]:
    """Measure the loop of a last step against one node."""
    import torch
    from torchvision.models.detection import roi_heads

    class Head(torch.nn.Module):
        def forward(self, maps, boxes, image):
            if name == "paste_masks":
                return roi_heads.paste_masks_in_image(maps, boxes, (image.shape[0], image.shape[1]))
            return roi_heads.heatmaps_to_keypoints(maps, boxes)

    rng = np.random.default_rng(0)
    shape = (detections, 1, 28, 28) if name == "paste_masks" else (detections, 17, 56, 56)
    sides = rng.uniform(40, 400, (detections, 2))
    if name != "paste_masks":
        sides = np.full((detections, 2), [200.0, 300.0])
    corner = rng.uniform(size=(detections, 2)) * (np.array(_IMAGE[::-1]) - sides)
    boxes = torch.tensor(np.concatenate([corner, corner + sides], 1), dtype=torch.float32)
    inputs = torch.rand(shape), boxes, torch.zeros(_IMAGE)
    before = _exported(Head(), inputs, ("in0", "in1"))
    feeds = {f"in{i}": tensor.numpy() for i, tensor in enumerate(inputs)}
    row = _row(before, _upgraded(before), feeds, threads, rounds)
    return {
        "model": f"{name}, {detections} boxes",
        **row,
        "slow now": "",
        "not Conv, ConvTranspose, Gemm, MatMul": "",
    }


def _exported(model: Any, inputs: tuple[Any, ...], free: tuple[str, ...] = ()) -> bytes:
    import torch

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = [f"in{i}" for i in range(len(inputs))]
        torch.onnx.export(
            model,
            inputs,
            buffer,
            input_names=names,
            dynamic_axes={name: {0: "boxes"} for name in free},
            opset_version=17,
            dynamo=False,
        )
    return buffer.getvalue()


def _upgraded(model: bytes) -> bytes:
    upgraded, found = upgrade(onnx.load_from_string(model))
    if found.count("left alone"):
        raise RuntimeError(str(found))
    return upgraded.SerializeToString()


def _row(before: bytes, after: bytes, feeds: Any, threads: int, rounds: int) -> dict[str, object]:
    pair = measure.take_turns(
        sessions.model_call(after, feeds, threads), sessions.model_call(before, feeds, threads), rounds
    )
    low, high = pair.spread
    return {
        "before ms": round(float(np.median(pair.peer)) * 1e3, 1),
        "after ms": round(float(np.median(pair.ours)) * 1e3, 1),
        "ratio": round(pair.ratio, 2),
        "quartiles": f"{low:.2f}–{high:.2f}",
    }
