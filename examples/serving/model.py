"""A detector in a session: what its inputs and outputs may be, how pictures go in and objects come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

import roiops

_BILINEAR = Image.Resampling.BILINEAR
_DECODED = "decoded_pixels"


@dataclass(frozen=True)
class Found:
    """The objects of one picture."""

    boxes: np.ndarray  # (K, 4) float32, x1 y1 x2 y2 in pixels of the picture
    labels: np.ndarray  # (K,) int64
    scores: np.ndarray  # (K,) float32
    masks: np.ndarray | None = None  # (K, H, W) bool

    def above(self, score: float) -> Found:
        """Return those with at least this score."""
        keep = self.scores >= score
        masks = None if self.masks is None else self.masks[keep]
        return Found(self.boxes[keep], self.labels[keep], self.scores[keep], masks)


@dataclass(frozen=True)
class Prepared:
    """The input of one picture."""

    tensor: np.ndarray
    scale: float  # the input's pixels per pixel of the picture
    size: tuple[int, int]  # height and width of the picture


class Detector:
    """A model of one image input and outputs named like boxes, labels, scores and, if it has any, masks.

    Inputs (all of red, green and blue, but for the first):
        the bytes of a file for a ``DecodeImage`` node of onnxruntime-extensions. The node is cut off, since
            that decoder ends the process at damaged files, and pixels go in where its own came out.
        (H, W, 3) uint8.
        (3, H, W) float32 in [0, 1].
        (N, 3, H, W) float32 in [0, 1]; where H and W are numbers, pictures are shrunk or enlarged to fit and
            padded at the right and bottom. Where N is not a number as well, several pictures go in at once.

    Outputs, for N pictures with a leading N, padded with scores of 0:
        boxes (K, 4) float32 in pixels of the input, labels (K,) integers, scores (K,) float32, and
        masks (K, H, W) or (K, 1, H, W) of the size of the input, of which more than 0.5 is the object.

    Args:
        path: the ONNX file. Its metadata may name the labels, as "classes", with commas.
        threads: of the session.

    Raises:
        ValueError: the model's inputs or outputs are others.
    """

    def __init__(self, path: Path, threads: int = 1):
        model = _without_decoder(onnx.load(path))
        self._bgr = any(value.name == _DECODED for value in model.graph.input)
        options = roiops.register(onnxruntime.SessionOptions())
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Replicas share cores with each other and with Ray: threads that wait must not burn them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        names = self._session.get_modelmeta().custom_metadata_map.get("classes", "")
        self.classes = names.split(",") if names else []
        (self._input,) = self._session.get_inputs()
        self._layout = _layout(self._input)
        outputs = [output.name for output in self._session.get_outputs()]
        wanted = ("boxes", "labels", "scores", "masks")
        self._outputs = {
            kind: next((name for name in outputs if kind in name.lower()), None) for kind in wanted
        }
        if missing := [kind for kind in wanted[:3] if self._outputs[kind] is None]:
            raise ValueError(f"the model has the outputs {outputs}; none is named like {missing[0]}")

    @property
    def takes_batches(self) -> bool:
        """Whether several pictures may go in at once."""
        return self._layout == "NCHW" and self._fixed and not isinstance(self._input.shape[0], int)

    @property
    def _fixed(self) -> bool:
        return all(isinstance(side, int) for side in self._input.shape[-2:])

    def name(self, label: int) -> str:
        """Return the name of a label, or its number where the model has no name for it."""
        return self.classes[label] if 0 <= label < len(self.classes) else str(label)

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Found]:
        """Find objects in pictures (H, W, 3) uint8; more than one only if the model takes batches."""
        return self.run([self.prepare(picture) for picture in pictures])

    def prepare(self, picture: np.ndarray) -> Prepared:
        """Turn a picture (H, W, 3) uint8 into an input."""
        size = picture.shape[:2]
        if self._layout == "HWC":
            return Prepared(np.ascontiguousarray(picture[..., ::-1] if self._bgr else picture), 1, size)
        scale = 1.0
        if self._fixed:
            height, width = self._input.shape[-2:]
            scale = min(width / size[1], height / size[0])
            fitted = _fit(size, scale)
            canvas = np.zeros((height, width, 3), np.uint8)
            canvas[: fitted[0], : fitted[1]] = Image.fromarray(picture).resize(fitted[::-1], _BILINEAR)
            picture = canvas
        return Prepared(
            np.ascontiguousarray(picture.transpose(2, 0, 1)).astype(np.float32) / 255, scale, size
        )

    def run(self, batch: Sequence[Prepared]) -> list[Found]:
        """Find objects in pictures; more than one only if the model takes batches."""
        tensors = [item.tensor for item in batch]
        tensor = np.stack(tensors) if self._layout == "NCHW" else tensors[0]
        kinds = [kind for kind, name in self._outputs.items() if name]
        values = self._session.run([self._outputs[kind] for kind in kinds], {self._input.name: tensor})
        if values[0].ndim == 2:
            values = [value[None] for value in values]
        return [
            _found({kind: value[i] for kind, value in zip(kinds, values)}, item)
            for i, item in enumerate(batch)
        ]


def _without_decoder(model: onnx.ModelProto) -> onnx.ModelProto:
    """Cut off a DecodeImage node that reads the model's input; its pixels become the input."""
    inputs = {value.name for value in model.graph.input}
    for node in model.graph.node:
        if (
            node.op_type == "DecodeImage"
            and node.domain == "com.microsoft.extensions"
            and node.input[0] in inputs
        ):
            pixels = onnx.helper.make_tensor_value_info(_DECODED, onnx.TensorProto.UINT8, ["H", "W", 3])
            node.CopyFrom(onnx.helper.make_node("Identity", [_DECODED], [node.output[0]]))
            del model.graph.input[:]
            model.graph.input.append(pixels)
            break
    return model


def _layout(value: onnxruntime.NodeArg) -> str:
    rank, last = len(value.shape), value.shape[-1] if value.shape else None
    if value.type == "tensor(uint8)" and rank == 3 and last == 3:
        return "HWC"
    if value.type == "tensor(float)" and rank in (3, 4):
        return "CHW" if rank == 3 else "NCHW"
    raise ValueError(
        f"the model's input {value.name!r} is a {value.type} of {value.shape}; it must be the bytes of a "
        "file for DecodeImage, uint8 (H, W, 3), float (3, H, W) or float (N, 3, H, W)"
    )


def _fit(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _found(outputs: dict[str, np.ndarray], item: Prepared) -> Found:
    """Bring one picture's outputs to the pixels of the picture, in descending order of score."""
    scores = outputs["scores"]
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    height, width = item.size
    boxes = np.clip(outputs["boxes"][order] / np.float32(item.scale), 0, np.float32([width, height] * 2))
    masks = None
    if "masks" in outputs:
        masks = np.zeros((len(order), height, width), bool)
        rows, columns = _fit(item.size, item.scale)
        planes = outputs["masks"].reshape(len(scores), *outputs["masks"].shape[-2:])
        for mask, i in zip(masks, order):
            inside = Image.fromarray(planes[i, :rows, :columns].astype(np.float32))
            mask[:] = np.asarray(inside.resize((width, height), _BILINEAR)) > 0.5
    return Found(boxes, outputs["labels"][order].astype(np.int64), scores[order], masks)
