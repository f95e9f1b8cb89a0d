"""Everything that computes operators, called alike: which cases it takes, and a case's results.

    python -m semantics.implementations FILE

writes the CPU kernels' results, of the instruction set that ROIOPS_ISA names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Union

import numpy as np
import onnx
import onnxruntime as ort
from cuda_host_heads import HostHeads
from cuda_host_pool import HostPool, find_compiler
from onnx import helper
from semantics.call import Call
from semantics.cases import Case
from semantics.table import CASES
from support import ORT_VERSION, TYPES, one_node_model, session

import roiops
from roiops import export, reference
from roiops.export import _models
from roiops.operators import OPERATORS

TESTS = Path(__file__).resolve().parents[1]
AnyCase = Union[Call, Case]
Results = list[np.ndarray]

ORACLES = {
    "RoiAlign": reference.roi_align,
    "RoiPool": reference.roi_pool,
    "RoiAlignRotated": reference.roi_align_rotated,
    "BoxIouRotated": reference.box_iou_rotated,
    "NmsRotated": reference.nms_rotated,
    "PasteMasks": reference.paste_masks,
    "HeatmapsToKeypoints": reference.heatmaps_to_keypoints,
}


def attribute(case: AnyCase, name: str, default: object = None) -> object:
    return case.arguments.get(name, default)


class Oracle:
    """The reference in NumPy, which computes every sample that a ratio asks for."""

    def __init__(self, folder: Path):
        pass

    @staticmethod
    def takes(case: AnyCase) -> bool:
        return attribute(case, "sampling_ratio", -1) <= 1000

    def __call__(self, case: AnyCase) -> Results:
        operator = OPERATORS[case.operator]
        values = {given.argument: case.inputs[given.name] for given in operator.inputs}
        if case.operator == "RoiAlign" and values["x"].dtype != np.float64:
            values["boxes"] = values["boxes"].astype(np.float32)
        results = ORACLES[case.operator](**values, **case.arguments)
        results = results if isinstance(results, tuple) else (results,)
        expected = case.expected if isinstance(case, Call) else (case.x,)
        return [result.astype(like.dtype) for result, like in zip(results, expected)]


def _model(case: AnyCase) -> onnx.ModelProto:
    operator = OPERATORS[case.operator]
    variables = {variable.name for variable in operator.types}
    types = {i.type: case.inputs[i.name].dtype.name for i in operator.inputs if i.type in variables}
    return _models.one_node_model(operator, operator.check(**case.arguments), types, list(case.inputs))


class CpuKernel:
    """The operators on the CPU; in a process of its own, since an instruction set is chosen once."""

    isa = ""

    def __init__(self, folder: Path):
        path = folder / f"{self.isa}.npz"
        environment = {**os.environ, "ROIOPS_ISA": self.isa, "PYTHONPATH": str(TESTS)}
        subprocess.run(
            [sys.executable, "-m", "semantics.implementations", path],
            env=environment,
            check=True,
            timeout=300,
        )
        self._results = np.load(path)

    @staticmethod
    def takes(case: AnyCase) -> bool:
        if attribute(case, "output", "soft") != "soft" and ORT_VERSION < (1, 19):
            return False  # the type of an output may not depend on an attribute
        return attribute(case, "mode") != "max_corners"

    def __call__(self, case: AnyCase) -> Results:
        number = CASES.index(case)
        names = [output.name for output in OPERATORS[case.operator].outputs]
        return [self._results[f"{number} {name}"] for name in names]


class Pyramid:
    """The operators on pyramids, with the boxes on the second of two maps."""

    def __init__(self, folder: Path):
        pass

    @staticmethod
    def takes(case: AnyCase) -> bool:
        return case.operator in ("RoiAlign", "RoiAlignRotated") and CpuKernel.takes(case)

    def __call__(self, case: AnyCase) -> Results:
        operator = OPERATORS[f"MultiScale{case.operator}"]
        x, boxes, batch = (case.inputs[name] for name in ("X", "boxes", "batch"))
        arguments = {name: value for name, value in case.arguments.items() if name != "spatial_scale"}
        arguments["spatial_scales"] = [3.0, attribute(case, "spatial_scale", 1.0)]
        other = np.full((*x.shape[:2], 3, 5), -77, x.dtype)
        feeds = {
            "boxes": boxes,
            "batch": batch,
            "levels": np.ones(len(boxes), np.int64),
            "X_0": other,
            "X_1": x,
        }
        types = {"T": x.dtype.name, "B": boxes.dtype.name, "I": batch.dtype.name}
        model = _models.one_node_model(operator, operator.check(**arguments), types, list(feeds))
        return session(model).run(None, feeds)


class PortableBody:
    """The function bodies of standard operators, in a session without the library.

    They have no maximum, compute every sample that a ratio asks for, need a channel, and masks and heatmaps
    without NaN.
    """

    operators = ("RoiAlign", "PasteMasks", "HeatmapsToKeypoints")

    def __init__(self, folder: Path):
        pass

    @classmethod
    def takes(cls, case: AnyCase) -> bool:
        if case.operator == "RoiAlign":
            return case.mode == "avg" and case.sampling_ratio <= 1000 and case.x.shape[1] > 0
        return case.operator in cls.operators and all(np.isfinite(x).all() for x in case.inputs.values())

    def __call__(self, case: AnyCase) -> Results:
        model = export.add_function_bodies(_model(case))
        return session(model, plugin=False).run(None, dict(case.inputs))


class Override:
    """The standard operators on our kernels.

    RoiAlign has neither negative ratios nor boxes of another type; MaxRoiPool has the image in each box.
    """

    def __init__(self, folder: Path):
        pass

    @staticmethod
    def takes(case: AnyCase) -> bool:
        if case.operator == "RoiAlign":
            return case.mode in ("avg", "max_corners") and case.x.dtype == case.boxes.dtype
        return case.operator == "RoiPool"

    def __call__(self, case: AnyCase) -> Results:
        x, boxes = case.inputs["X"], case.inputs["boxes"]
        if isinstance(case, Case):
            feeds = {"X": x, "rois": boxes, "batch_indices": case.indices}
            node = helper.make_node(
                "RoiAlign",
                list(feeds),
                ["Y"],
                output_height=case.output_size[0],
                output_width=case.output_size[1],
                spatial_scale=case.spatial_scale,
                sampling_ratio=max(case.sampling_ratio, 0),
                coordinate_transformation_mode="half_pixel" if case.aligned else "output_half_pixel",
                mode="avg" if case.mode == "avg" else "max",
            )
        else:
            feeds = {"X": x, "rois": np.insert(boxes, 0, 0, axis=1)}
            size, scale = case.arguments["output_size"], case.arguments["spatial_scale"]
            node = helper.make_node("MaxRoiPool", list(feeds), ["Y"], pooled_shape=size, spatial_scale=scale)
        kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in feeds.items()}
        inputs = [(name, kinds[name], [None] * value.ndim) for name, value in feeds.items()]
        model = one_node_model([node], inputs, [("Y", TYPES[x.dtype.name], [None] * 4)])
        options = roiops.register(ort.SessionOptions(), override_standard=True)
        options.log_severity_level = 3
        made = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return made.run(None, feeds)


class CudaBlock:
    """The block algorithm of the CUDA kernels on the host. For an empty output nothing is launched."""

    def __init__(self, folder: Path):
        self._pool = HostPool(folder)

    @staticmethod
    def takes(case: AnyCase) -> bool:
        x, boxes = case.inputs.get("X"), case.inputs.get("boxes")
        return case.operator in ("RoiAlign", "RoiPool") and len(boxes) * x.shape[1] > 0

    def __call__(self, case: AnyCase) -> Results:
        how = case.arguments
        return [
            self._pool(
                [case.inputs["X"]],
                case.inputs["boxes"],
                case.inputs["batch"],
                how["output_size"],
                [how["spatial_scale"]],
                how.get("sampling_ratio", -1),
                how.get("aligned", True),
                how["mode"] if case.operator == "RoiAlign" else "roi_pool",
                how.get("batch_format", "boxes_num"),
            )
        ]


class CudaHeads:
    """The arithmetic of the CUDA kernels of PasteMasks and HeatmapsToKeypoints on the host."""

    def __init__(self, folder: Path):
        self._heads = HostHeads(folder)

    @staticmethod
    def takes(case: AnyCase) -> bool:
        return case.operator in ("PasteMasks", "HeatmapsToKeypoints")

    def __call__(self, case: AnyCase) -> Results:
        convention = case.arguments["convention"]
        if case.operator == "HeatmapsToKeypoints":
            return list(self._heads.keypoints(case.inputs["maps"], case.inputs["rois"], convention))
        size = tuple(case.inputs["image_size"].tolist())
        how = (convention, case.arguments["output"], case.arguments.get("threshold", 0.5))
        return [self._heads.paste(case.inputs["masks"], case.inputs["boxes"], size, *how)]


IMPLEMENTATIONS = {
    "oracle": Oracle,
    **{isa: type(isa, (CpuKernel,), {"isa": isa}) for isa in roiops.build_info()["instruction_sets"]},
    "pyramid": Pyramid,
    "override": Override,
    "portable body": PortableBody,
    "CUDA block": CudaBlock,
    "CUDA heads": CudaHeads,
}


def make(name: str, folder: Path):
    """An implementation by its name; None where this machine has no compiler for it."""
    if name.startswith("CUDA") and not find_compiler():
        return None
    return IMPLEMENTATIONS[name](folder)


if __name__ == "__main__":
    results = {
        f"{number} {output.name}": result
        for number, case in enumerate(CASES)
        if CpuKernel.takes(case)
        for output, result in zip(
            OPERATORS[case.operator].outputs, session(_model(case)).run(None, dict(case.inputs))
        )
    }
    np.savez(sys.argv[1], **results)
