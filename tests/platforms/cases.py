"""Writes what session_test.cc runs: ``python tests/platforms/cases.py FOLDER``.

For each case a model of one node, inputs, and the float64 oracle's outputs or a part of the error message.
There are cases for all combinations of element types of every operator: session_test.cc fails where a library
registers one that no case has. A new operator joins with a function in `GENERATORS`.

The list of cases, cases.txt, has lines of words::

    case NAME LIBRARY OPERATOR MODEL
    input NAME TYPE FILE RANK EXTENT ...
    output NAME TOLERANCE FILE RANK EXTENT ...      (the file holds float64)
    error OUTPUT PART OF THE MESSAGE
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
from onnx import helper

from roiops import reference
from roiops.export._models import one_node_model
from roiops.operators import OPERATORS
from roiops.operators._operator import FEATURE_TYPES, INDEX_TYPES, box_types

LIBRARY, OVERRIDE = "roiops", "roiops_override"
TOLERANCE = {"float64": 1e-12, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}  # of values in [-1, 1]


@dataclass
class Case:
    """A model and its inputs, in the order of the node, and either the outputs of the oracle or an error."""

    name: str
    model: onnx.ModelProto
    inputs: dict[str, np.ndarray]
    outputs: dict[str, tuple[np.ndarray, float]] = field(default_factory=dict)  # values and tolerance
    error: str = ""
    library: str = LIBRARY


def dtype(name: str) -> np.dtype:
    return np.dtype(getattr(ml_dtypes, name) if name == "bfloat16" else name)


def model(
    operator: str, inputs: dict[str, np.ndarray], types: dict[str, str], **arguments
) -> onnx.ModelProto:
    """A model of one node of our domain, whose type variables have the given types."""
    found = OPERATORS[operator]
    return one_node_model(found, found.check(**arguments), types, list(inputs))


def features(rng: np.random.Generator, shape: tuple[int, ...], element_type: str) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype(dtype(element_type))


def boxes(rng: np.random.Generator, count: int, extent: float, element_type: str) -> np.ndarray:
    """Boxes inside, partly outside and outside of an image, some of them empty or turned round."""
    corners = rng.uniform(-0.2 * extent, 1.2 * extent, (count, 2))
    sides = rng.uniform(0.5, 0.6 * extent, (count, 2))
    sides[::7] = 0
    sides[3::11] *= -1
    return np.hstack([corners, corners + sides]).astype(dtype(element_type))


def batches(rng: np.random.Generator, images: int, count: int) -> dict[str, np.ndarray]:
    """The same assignment of boxes to images in both formats."""
    indices = np.sort(rng.integers(0, images, count))
    return {"boxes_num": np.bincount(indices, minlength=images), "batch_indices": indices}


def roi_align() -> Iterator[Case]:
    rng = np.random.default_rng(1)
    choices = itertools.cycle(
        itertools.product([True, False], ["avg", "max"], [-1, 2, 0], ["boxes_num", "batch_indices"])
    )
    shapes = itertools.cycle([((2, 19, 13, 17), (3, 5)), ((1, 64, 25, 34), (7, 7)), ((3, 4, 1, 30), (2, 1))])
    combinations = [(t, b, i) for t in FEATURE_TYPES for b in box_types(t) for i in INDEX_TYPES]
    for number, (t, b, i) in enumerate(combinations * 3):
        shape, size = next(shapes)
        aligned, mode, ratio, batch_format = next(choices)
        x, rois = features(rng, shape, t), boxes(rng, 40, shape[3] / 0.25, b)
        batch = batches(rng, shape[0], len(rois))[batch_format].astype(i)
        rule = {"sampling_ratio": ratio, "aligned": aligned, "mode": mode, "batch_format": batch_format}
        inputs = {"X": x, "boxes": rois, "batch": batch}
        built = model(
            "RoiAlign", inputs, {"T": t, "B": b, "I": i}, output_size=size, spatial_scale=0.25, **rule
        )
        expected = reference.roi_align(x, rois, batch, size, 0.25, **rule)
        yield Case(f"RoiAlign_{t}_{b}_{i}_{number}", built, inputs, {"Y": (expected, TOLERANCE[t])})

    inputs = {
        "X": features(rng, (2, 3, 8, 8), "float32"),
        "boxes": boxes(rng, 4, 8, "float32"),
        "batch": np.array([1, 3]),
    }
    built = model("RoiAlign", inputs, {"T": "float32", "B": "float32", "I": "int64"}, output_size=2)
    none = {**inputs, "boxes": inputs["boxes"][:0], "batch": np.array([0, 0])}
    yield Case("RoiAlign_no_boxes", built, none, {"Y": (np.zeros((0, 3, 2, 2)), 0.0)})
    infinite = inputs["boxes"].copy()
    infinite[2, 1] = np.inf
    yield Case("RoiAlign_infinite", built, {**inputs, "boxes": infinite}, error="'boxes'")
    yield Case("RoiAlign_counts", built, {**inputs, "batch": np.array([1, 2])}, error="'batch'")
    yield Case("RoiAlign_rank", built, {**inputs, "batch": np.array(4)}, error="batch")
    wrong = onnx.ModelProto()
    wrong.CopyFrom(built)
    next(a for a in wrong.graph.node[0].attribute if a.name == "mode").s = b"median"
    yield Case("RoiAlign_mode", wrong, inputs, error="median")


def multi_scale_roi_align() -> Iterator[Case]:
    rng = np.random.default_rng(2)
    scales = [0.25, 0.125, 0.0625]
    for number, (t, i) in enumerate(itertools.product(FEATURE_TYPES, INDEX_TYPES)):
        for b in box_types(t):
            maps = [features(rng, (2, 20, 32 >> level, 40 >> level), t) for level in range(3)]
            rois = boxes(rng, 50, 150, b)
            batch = batches(rng, 2, len(rois))["boxes_num"].astype(i)
            levels = rng.integers(0, 3, len(rois))
            inputs = {
                "boxes": rois,
                "batch": batch,
                "levels": levels,
                **{f"X_{level}": x for level, x in enumerate(maps)},
            }
            rule = {
                "output_size": (7, 6),
                "spatial_scales": scales,
                "sampling_ratio": number % 3,
                "aligned": number % 2 == 0,
            }
            built = model("MultiScaleRoiAlign", inputs, {"T": t, "B": b, "I": i}, **rule)
            expected = reference.multiscale_roi_align(maps, rois, batch, levels, **rule)
            yield Case(f"MultiScaleRoiAlign_{t}_{b}_{i}", built, inputs, {"Y": (expected, TOLERANCE[t])})
    yield Case("MultiScaleRoiAlign_level", built, {**inputs, "levels": levels + 3}, error="'levels'")


def standard_roi_align() -> Iterator[Case]:
    rng = np.random.default_rng(3)
    modes = ["half_pixel", "output_half_pixel"]
    for opset, t, aligned in itertools.product((16, 22), FEATURE_TYPES, (True, False)):
        if (opset, t) == (16, "bfloat16"):
            continue
        x, rois = features(rng, (2, 19, 13, 17), t), boxes(rng, 40, 17 / 0.5, t)
        indices = batches(rng, 2, len(rois))["batch_indices"]
        node = helper.make_node(
            "RoiAlign",
            ["X", "rois", "batch_indices"],
            ["Y"],
            output_height=3,
            output_width=4,
            spatial_scale=0.5,
            sampling_ratio=2,
            coordinate_transformation_mode=modes[not aligned],
        )
        inputs = {"X": x, "rois": rois, "batch_indices": indices}
        expected = reference.roi_align(
            x, rois, indices, (3, 4), 0.5, 2, aligned, batch_format="batch_indices"
        )
        built = _standard_model(node, inputs, opset)
        name = f"standard_RoiAlign_{opset}_{t}_{modes[not aligned]}"
        yield Case(name, built, inputs, {"Y": (expected, TOLERANCE[t])}, library=OVERRIDE)
    # The built-in operator takes it: this shows whose kernel ran.
    not_finite = {**inputs, "rois": np.full_like(rois, np.nan)}
    yield Case("standard_RoiAlign_not_finite", built, not_finite, error="finite", library=OVERRIDE)


def max_roi_pool() -> Iterator[Case]:
    rng = np.random.default_rng(7)
    node = helper.make_node("MaxRoiPool", ["X", "rois"], ["Y"], pooled_shape=[3, 4], spatial_scale=0.5)
    for opset, t in itertools.product((16, 22), ("float16", "float32", "float64")):
        x, rois = features(rng, (2, 19, 13, 17), t), boxes(rng, 40, 17 / 0.5, t)
        indices = batches(rng, 2, len(rois))["batch_indices"]
        inputs = {"X": x, "rois": np.hstack([indices[:, None].astype(t), rois])}
        expected = reference.roi_pool(x, rois, indices, (3, 4), 0.5, batch_format="batch_indices")
        outputs = {"Y": (expected, TOLERANCE[t])}
        built = _standard_model(node, inputs, opset)
        yield Case(f"MaxRoiPool_{opset}_{t}", built, inputs, outputs, library=OVERRIDE)


def _standard_model(node: onnx.NodeProto, inputs: dict[str, np.ndarray], opset: int) -> onnx.ModelProto:
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in inputs.items()}
    values = [helper.make_tensor_value_info(n, kinds[n], [None] * value.ndim) for n, value in inputs.items()]
    output = helper.make_tensor_value_info("Y", kinds["X"], [None] * 4)
    graph = helper.make_graph([node], "standard", values, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def roi_pool() -> Iterator[Case]:
    rng = np.random.default_rng(4)
    for t, i in itertools.product(FEATURE_TYPES, INDEX_TYPES):
        for b in box_types(t):
            x, rois = features(rng, (2, 19, 13, 17), t), boxes(rng, 40, 17 / 0.5, b)
            batch = batches(rng, 2, len(rois))["boxes_num"].astype(i)
            inputs = {"X": x, "boxes": rois, "batch": batch}
            built = model("RoiPool", inputs, {"T": t, "B": b, "I": i}, output_size=(3, 4), spatial_scale=0.5)
            expected = reference.roi_pool(x, rois, batch, (3, 4), 0.5)
            yield Case(f"RoiPool_{t}_{b}_{i}", built, inputs, {"Y": (expected, TOLERANCE[t])})
    yield Case("RoiPool_counts", built, {**inputs, "batch": batch + 1}, error="'batch'")


def paste_masks() -> Iterator[Case]:
    rng = np.random.default_rng(5)
    size = np.array([40, 50])
    for t, convention in itertools.product(FEATURE_TYPES, ("torchvision", "detectron2", "mmdetection")):
        for b in box_types(t):
            masks, rois = features(rng, (9, 14, 14), t), boxes(rng, 9, 50, b)
            rois[:, 2:] = np.maximum(rois[:, 2:], rois[:, :2] + np.asarray(2, rois.dtype))
            inputs = {"masks": masks, "boxes": rois, "image_size": size}
            built = model("PasteMasks", inputs, {"T": t, "B": b}, convention=convention)
            expected = reference.paste_masks(masks, rois, size, convention)
            # Steps of a 16-bit coordinate are seen by both, but mask pixels are a fraction of a box.
            tolerance = 20 * TOLERANCE[t]
            yield Case(f"PasteMasks_{t}_{b}_{convention}", built, inputs, {"pasted": (expected, tolerance)})
    yield Case("PasteMasks_size", built, {**inputs, "image_size": -size}, error="'image_size'")


def heatmaps_to_keypoints() -> Iterator[Case]:
    rng = np.random.default_rng(6)
    for t in FEATURE_TYPES:
        for b in box_types(t):
            maps, rois = features(rng, (6, 5, 14, 14), t), boxes(rng, 6, 40, b)
            maps[:] = 0
            peaks = rng.integers(2, 12, (6, 5, 2))  # one pixel each, so that no rounding moves them
            for k, p in np.ndindex(6, 5):
                maps[k, p, peaks[k, p, 0], peaks[k, p, 1]] = 1
            rois[:, 2:] = rois[:, :2] + np.asarray(21, rois.dtype)
            inputs = {"maps": maps, "rois": rois}
            built = model("HeatmapsToKeypoints", inputs, {"T": t, "B": b})
            keypoints, scores = reference.heatmaps_to_keypoints(maps, rois)
            outputs = {"keypoints": (keypoints, 60 * TOLERANCE[b]), "scores": (scores, 5 * TOLERANCE[b])}
            yield Case(f"HeatmapsToKeypoints_{t}_{b}", built, inputs, outputs)
    yield Case("HeatmapsToKeypoints_rank", built, {**inputs, "rois": rois[0]}, error="rois")


def rotated_boxes(rng: np.random.Generator, count: int, extent: float, element_type: str) -> np.ndarray:
    """Boxes (count, 5) as cx, cy, w, h and an angle in radians, inside and partly outside of an image."""
    centres = rng.uniform(0, extent, (count, 2))
    sides = rng.uniform(0.1 * extent, 0.6 * extent, (count, 2))
    angles = rng.uniform(-3, 3, (count, 1))
    angles[::5] = 0
    return np.hstack([centres, sides, angles]).astype(dtype(element_type))


def roi_align_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(8)
    choices = itertools.cycle(itertools.product(["avg", "max"], [-1, 2], [True, False]))
    for t, i in itertools.product(FEATURE_TYPES, INDEX_TYPES):
        for b in box_types(t):
            x, rois = features(rng, (2, 19, 13, 17), t), rotated_boxes(rng, 40, 17 / 0.5, b)
            batch = batches(rng, 2, len(rois))["boxes_num"].astype(i)
            mode, ratio, clockwise = next(choices)
            rule = {"sampling_ratio": ratio, "mode": mode, "clockwise": clockwise}
            inputs = {"X": x, "boxes": rois, "batch": batch}
            types = {"T": t, "B": b, "I": i}
            built = model("RoiAlignRotated", inputs, types, output_size=(3, 4), spatial_scale=0.5, **rule)
            expected = reference.roi_align_rotated(x, rois, batch, (3, 4), 0.5, **rule)
            yield Case(f"RoiAlignRotated_{t}_{b}_{i}", built, inputs, {"Y": (expected, 5 * TOLERANCE[t])})
    yield Case("RoiAlignRotated_counts", built, {**inputs, "batch": batch + 1}, error="'batch'")


def multi_scale_roi_align_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(9)
    rule = {"output_size": (7, 6), "spatial_scales": [0.25, 0.125], "sampling_ratio": 2}
    for t, i in itertools.product(FEATURE_TYPES, INDEX_TYPES):
        for b in box_types(t):
            maps = [features(rng, (2, 20, 32 >> level, 40 >> level), t) for level in range(2)]
            rois = rotated_boxes(rng, 30, 120, b)
            batch, levels = batches(rng, 2, len(rois))["boxes_num"].astype(i), rng.integers(0, 2, len(rois))
            inputs = {"boxes": rois, "batch": batch, "levels": levels, "X_0": maps[0], "X_1": maps[1]}
            built = model("MultiScaleRoiAlignRotated", inputs, {"T": t, "B": b, "I": i}, **rule)
            expected = reference.multiscale_roi_align_rotated(maps, rois, batch, levels, **rule)
            outputs = {"Y": (expected, 5 * TOLERANCE[t])}
            yield Case(f"MultiScaleRoiAlignRotated_{t}_{b}_{i}", built, inputs, outputs)
    yield Case("MultiScaleRoiAlignRotated_level", built, {**inputs, "levels": levels + 2}, error="'levels'")


def box_iou_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(10)
    for t in FEATURE_TYPES:
        inputs = {"a": rotated_boxes(rng, 23, 50, t), "b": rotated_boxes(rng, 31, 50, t)}
        built = model("BoxIouRotated", inputs, {"T": t}, mode="iof")
        expected = reference.box_iou_rotated(inputs["a"], inputs["b"], mode="iof")
        yield Case(f"BoxIouRotated_{t}", built, inputs, {"overlap": (expected, TOLERANCE[t])})
    yield Case("BoxIouRotated_rank", built, {**inputs, "a": inputs["a"][0]}, error="a")


def nms_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(11)
    rule = {"iou_threshold": 0.3, "max_output_boxes_per_class": 20}
    for t in FEATURE_TYPES:
        rois = rotated_boxes(rng, 80, 90, t).reshape(2, 40, 5)
        scores = np.stack([rng.permutation(40) for _ in range(6)]).reshape(2, 3, 40) / 64
        inputs = {"boxes": rois, "scores": scores.astype(dtype(t))}
        built = model("NmsRotated", inputs, {"T": t}, **rule)
        expected = reference.nms_rotated(*inputs.values(), **rule)
        yield Case(f"NmsRotated_{t}", built, inputs, {"selected": (expected, 0.0)})
    yield Case("NmsRotated_boxes", built, {**inputs, "boxes": rois[:, :3]}, error="boxes")


GENERATORS = {
    "RoiAlign": roi_align,
    "MultiScaleRoiAlign": multi_scale_roi_align,
    "RoiPool": roi_pool,
    "PasteMasks": paste_masks,
    "HeatmapsToKeypoints": heatmaps_to_keypoints,
    "RoiAlignRotated": roi_align_rotated,
    "MultiScaleRoiAlignRotated": multi_scale_roi_align_rotated,
    "BoxIouRotated": box_iou_rotated,
    "NmsRotated": nms_rotated,
    "standard RoiAlign": standard_roi_align,
    "standard MaxRoiPool": max_roi_pool,
}


def write(folder: Path) -> int:
    """Write all cases; returns their number."""
    lines = []
    count = 0
    for generate in GENERATORS.values():
        for case in generate():
            lines.append(
                f"case {case.name} {case.library} {case.model.graph.node[0].op_type} {case.name}.onnx"
            )
            onnx.save(case.model, folder / f"{case.name}.onnx")
            for name, value in case.inputs.items():
                file = f"{case.name}.{name}"
                (folder / file).write_bytes(np.ascontiguousarray(value).tobytes())
                lines.append(" ".join(map(str, ["input", name, value.dtype, file, value.ndim, *value.shape])))
            for name, (value, tolerance) in case.outputs.items():
                file = f"{case.name}.{name}.expected"
                (folder / file).write_bytes(np.ascontiguousarray(value, np.float64).tobytes())
                lines.append(" ".join(map(str, ["output", name, tolerance, file, value.ndim, *value.shape])))
            if case.error:
                lines.append(f"error {case.model.graph.output[0].name} {case.error}")
            count += 1
    (folder / "cases.txt").write_text("\n".join(lines) + "\n")
    return count


if __name__ == "__main__":
    destination = Path(sys.argv[1])
    destination.mkdir(parents=True, exist_ok=True)
    print(write(destination), "cases in", destination)
