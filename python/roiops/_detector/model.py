"""The model in a session that knows the operators of roiops and of onnxruntime-extensions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roiops._extras import missing
from roiops._library import import_onnxruntime, register

MODEL = Path(__file__).with_name("detector.onnx")


@dataclass(frozen=True)
class Detections:
    """Objects found in a picture, or known to be there: then every score is 1."""

    boxes: np.ndarray  # (K, 4) float32, x1 y1 x2 y2 in pixels of the picture
    names: list[str]  # the K classes
    scores: np.ndarray  # (K,) float32 in (0, 1], in descending order

    def above(self, score: float) -> Detections:
        """Return those with at least this score."""
        keep = self.scores >= score
        return Detections(
            self.boxes[keep], [n for n, kept in zip(self.names, keep) if kept], self.scores[keep]
        )


class Detector:
    """A detector that takes JPEG files as they are.

    Args:
        model: an ONNX model that ``examples/detector/train.py`` wrote.
        plugin: register roiops too; without, ONNX Runtime runs the model's function of standard operators.

    Raises:
        ImportError: a package is missing; the message names the extra that brings it.
    """

    def __init__(self, model: Path = MODEL, plugin: bool = True):
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.register_custom_ops_library(_extensions_library())
        if plugin:
            register(options)
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.classes = self._session.get_modelmeta().custom_metadata_map["classes"].split(",")

    def __call__(self, jpeg: bytes) -> Detections:
        """Find objects in a picture; ``read_jpeg`` makes sure that its bytes can be decoded."""
        boxes, labels, scores = self._session.run(None, {"jpeg": np.frombuffer(jpeg, np.uint8)})
        return Detections(boxes, [self.classes[label] for label in labels], scores)


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the areas of intersections over those of unions of boxes (N, 4) and (M, 4), as (N, M)."""
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    size = (np.minimum(a[:, None, 2:], b[None, :, 2:]) - corner).clip(0)
    both = size.prod(axis=2)
    return both / (_areas(a)[:, None] + _areas(b) - both)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def _extensions_library() -> str:
    try:
        import onnxruntime_extensions
    except ImportError as error:
        raise missing("onnxruntime-extensions", "the detector", "demo") from error
    return onnxruntime_extensions.get_library_path()
