"""The public names and signatures: a change here is a change for every user."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.metadata
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import roiops
from roiops import export

FUNCTIONS = {
    "roiops": {
        "roi_align": "x, boxes, boxes_num, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=True, "
        "name=None, *, mode='avg', batch_indices=None",
        "multiscale_roi_align": "xs, boxes, boxes_num, levels, output_size, spatial_scales, "
        "sampling_ratio=-1, aligned=True, name=None, *, mode='avg', batch_indices=None",
        "roi_pool": "x, boxes, boxes_num=None, output_size=None, spatial_scale=1.0, name=None, *, "
        "batch_indices=None",
        "RoIAlign": "output_size, spatial_scale=1.0",
        "paste_masks": "masks, boxes, image_size, convention='torchvision', threshold=None, labels=None",
        "heatmaps_to_keypoints": "maps, rois, convention='torchvision'",
        "roi_align_rotated": "x, boxes, boxes_num=None, output_size=None, *, spatial_scale=1.0, "
        "sampling_ratio=-1, aligned=True, clockwise=False, angle_unit='radians', mode='avg', "
        "batch_indices=None",
        "box_iou_rotated": "a, b, mode='iou', clockwise=True, angle_unit='radians'",
        "nms_rotated": "boxes, scores, iou_threshold, score_threshold=None, labels=None, clockwise=True, "
        "angle_unit='radians', inclusive=False, *, iou='polygon', suppression='greedy'",
        "get_library_path": "override_standard=False, *, mmdeploy=False",
        "register": "session_options, override_standard=False, *, mmdeploy=False",
        "build_info": "",
    },
    "roiops.reference": {
        "roi_align": "x, boxes, batch, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=True, *, "
        "mode='avg', batch_format='boxes_num'",
        "multiscale_roi_align": "xs, boxes, batch, levels, output_size, spatial_scales, sampling_ratio=-1, "
        "aligned=True, *, mode='avg', batch_format='boxes_num'",
        "roi_pool": "x, boxes, batch, output_size, spatial_scale=1.0, *, batch_format='boxes_num'",
        "paste_masks": "masks, boxes, image_size, convention='torchvision', output='soft', threshold=0.5",
        "heatmaps_to_keypoints": "maps, rois, convention='torchvision'",
        "roi_align_rotated": "x, boxes, batch, output_size, spatial_scale=1.0, sampling_ratio=-1, "
        "aligned=True, *, clockwise=False, angle_unit='radians', mode='avg', batch_format='boxes_num'",
        "multiscale_roi_align_rotated": "xs, boxes, batch, levels, output_size, spatial_scales, "
        "sampling_ratio=-1, aligned=True, *, clockwise=False, angle_unit='radians', mode='avg', "
        "batch_format='boxes_num'",
        "box_iou_rotated": "a, b, mode='iou', clockwise=True, angle_unit='radians'",
        "nms_rotated": "boxes, scores, iou_threshold, *, score_threshold=None, "
        "max_output_boxes_per_class=0, inclusive=False, iou='polygon', suppression='greedy', "
        "clockwise=True, angle_unit='radians'",
    },
    "roiops.levels": {
        "torchvision": "boxes, *, min_level=2, max_level=5, canonical_size=224, canonical_level=4",
        "detectron2": "boxes, *, min_level=2, max_level=5, canonical_size=224, canonical_level=4",
        "mmdet": "boxes, *, num_levels=4, finest_scale=56",
        "paddle": "boxes, *, min_level=2, max_level=5, refer_level=4, refer_scale=224, pixel_offset=False",
    },
    "roiops.export": {
        "make_roi_align_node": "x, boxes, batch, output, *, output_size, spatial_scale=1.0, "
        "sampling_ratio=-1, aligned=True, mode='avg', batch_format='boxes_num', name=None",
        "make_multiscale_roi_align_node": "boxes, batch, levels, xs, output, *, output_size, spatial_scales, "
        "sampling_ratio=-1, aligned=True, mode='avg', batch_format='boxes_num', name=None",
        "make_roi_pool_node": "x, boxes, batch, output, *, output_size, spatial_scale=1.0, "
        "batch_format='boxes_num', name=None",
        "make_roi_pool_model": "*, output_size, spatial_scale=1.0, batch_format='boxes_num', x_type=1, "
        "boxes_type=None, batch_type=7, opset=17, name=None",
        "make_roi_align_model": "*, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=True, "
        "mode='avg', batch_format='boxes_num', x_type=1, boxes_type=None, batch_type=7, opset=17, name=None",
        "make_multiscale_roi_align_model": "*, output_size, spatial_scales, sampling_ratio=-1, aligned=True, "
        "mode='avg', batch_format='boxes_num', x_type=1, boxes_type=None, batch_type=7, opset=17, name=None",
        "make_paste_masks_node": "masks, boxes, image_size, pasted, *, convention='torchvision', "
        "output='soft', threshold=0.5, name=None",
        "make_paste_masks_model": "*, convention='torchvision', output='soft', threshold=0.5, masks_type=1, "
        "boxes_type=None, opset=17, name=None",
        "make_heatmaps_to_keypoints_node": "maps, rois, keypoints, scores, *, convention='torchvision', "
        "name=None",
        "make_heatmaps_to_keypoints_model": "*, convention='torchvision', maps_type=1, rois_type=None, "
        "opset=17, name=None",
        "make_torchvision_level_nodes": "boxes, levels, *, min_level=2, max_level=5, canonical_size=224, "
        "canonical_level=4",
        "make_detectron2_level_nodes": "boxes, levels, *, min_level=2, max_level=5, canonical_size=224, "
        "canonical_level=4",
        "make_mmdet_level_nodes": "boxes, levels, *, num_levels=4, finest_scale=56",
        "make_paddle_level_nodes": "boxes, levels, *, min_level=2, max_level=5, refer_level=4, "
        "refer_scale=224, pixel_offset=False",
        "make_roi_align_rotated_node": "x, boxes, batch, output, *, output_size, spatial_scale=1.0, "
        "sampling_ratio=-1, aligned=True, clockwise=False, angle_unit='radians', mode='avg', "
        "batch_format='boxes_num', name=None",
        "make_multiscale_roi_align_rotated_node": "boxes, batch, levels, xs, output, *, output_size, "
        "spatial_scales, sampling_ratio=-1, aligned=True, clockwise=False, angle_unit='radians', "
        "mode='avg', batch_format='boxes_num', name=None",
        "make_box_iou_rotated_node": "a, b, output, *, mode='iou', clockwise=True, angle_unit='radians', "
        "name=None",
        "make_nms_rotated_node": "boxes, scores, output, *, iou_threshold, score_threshold=None, "
        "max_output_boxes_per_class=0, inclusive=False, iou='polygon', suppression='greedy', "
        "clockwise=True, angle_unit='radians', name=None",
        "make_roi_align_rotated_model": "*, output_size, spatial_scale=1.0, sampling_ratio=-1, "
        "aligned=True, clockwise=False, angle_unit='radians', mode='avg', batch_format='boxes_num', "
        "x_type=1, boxes_type=None, batch_type=7, opset=17, name=None",
        "make_multiscale_roi_align_rotated_model": "*, output_size, spatial_scales, sampling_ratio=-1, "
        "aligned=True, clockwise=False, angle_unit='radians', mode='avg', batch_format='boxes_num', "
        "x_type=1, boxes_type=None, batch_type=7, opset=17, name=None",
        "register_schemas": "",
        "add_function_bodies": "model",
        "inspect": "model",
        "upgrade": "model, *, paddle_aligned=None, aligned=None, portable=False, max_interpolated=False, "
        "mmdeploy_standard=False, "
        "float16=False, verify=False",
    },
    "roiops.export.paddle": {
        "export": "model, input_spec=None, *, opset_version=17, portable=False",
    },
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in FUNCTIONS.items() for name in names]
)
def test_signatures(module, name):
    assert bare_signature(getattr(importlib.import_module(module), name)) == f"({FUNCTIONS[module][name]})"


def bare_signature(function) -> str:
    """The signature of a function without types."""
    signature = inspect.signature(function)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


# Of classes, what is called on their objects; of dataclasses, their fields in order.
METHODS = {
    "roiops.RoIAlign": {"__call__": "self, x, boxes, boxes_num, aligned=True"},
    "roiops.export.UpgradeReport": {
        "add": "self, name, what, action, reason='', **parameters",
        "count": "self, action",
        "action": "self, entry",
        "to_dict": "self",
        "to_json": "self",
    },
}
FIELDS = {
    "roiops.export.UpgradeReport": ["entries", "removed", "planned", "library", "verification", "profile"],
    "roiops.export.upgrader.Entry": ["name", "what", "action", "reason", "parameters"],
}


def class_of(path: str) -> type:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("path", METHODS)
def test_signatures_of_methods(path):
    found = {
        name: bare_signature(member)
        for name, member in vars(class_of(path)).items()
        if inspect.isfunction(member) and (name == "__call__" or not name.startswith("_"))
    }
    assert found == {name: f"({signature})" for name, signature in METHODS[path].items()}


@pytest.mark.parametrize("path", FIELDS)
def test_fields(path):
    assert [field.name for field in dataclasses.fields(class_of(path))] == FIELDS[path]


# Imported only where torch is: read from the source.
TORCH_FUNCTIONS = {
    "boxes_num": "boxes",
    "fused_heads": "",
    "fused_poolers": "model",
    "heatmaps_to_keypoints": "maps, rois, convention='torchvision'",
    "multiscale_roi_align": "xs, boxes, batch, levels, output_size, spatial_scales, sampling_ratio=-1, "
    "aligned=True, *, mode='avg', batch_format='boxes_num'",
    "paste_masks": "masks, boxes, image_size, convention='torchvision', output='soft', threshold=0.5",
    "register_symbolics": "",
    "roi_align": "x, boxes, batch, output_size, spatial_scale=1.0, sampling_ratio=-1, "
    "aligned=True, *, mode='avg', batch_format='boxes_num'",
    "translation_table": "",
    "unregister_symbolics": "",
}


def test_signatures_for_torch():
    found = {}
    for path in (Path(export.__file__).parent / "torch").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found[node.name] = ast.unparse(_without_annotations(node.args))
    init = ast.parse((Path(export.__file__).parent / "torch" / "__init__.py").read_text())
    names = next(
        ast.literal_eval(n.value)
        for n in init.body
        if isinstance(n, ast.Assign) and n.targets[0].id == "__all__"
    )
    assert {name: found[name] for name in names} == TORCH_FUNCTIONS


def _without_annotations(arguments: ast.arguments) -> ast.arguments:
    for argument in [*arguments.args, *arguments.kwonlyargs]:
        argument.annotation = None
    return arguments


def test_names():
    assert set(roiops.__all__) == {*FUNCTIONS["roiops"], "reference", "levels", "__version__"}
    assert set(roiops.reference.__all__) == {*FUNCTIONS["roiops.reference"]}
    types = {"DOMAIN", "VERSION", "PortableError", "UpgradeError", "UpgradeReport", "opset1"}
    assert set(export.__all__) == {*FUNCTIONS["roiops.export"], *types}
    assert (export.DOMAIN, export.VERSION) == ("roiops", 1)
    for module in (roiops, export):
        assert all(hasattr(module, name) for name in module.__all__)


def test_version_is_that_of_the_package_and_of_the_library():
    assert roiops.__version__ == importlib.metadata.version("roiops") == roiops.build_info()["version"]


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_importing_roiops_needs_numpy_only():
    code = """
import sys
for name in ("onnx", "onnxruntime", "onnxscript", "onnx_ir", "ml_dtypes", "typer", "rich", "PIL"):
    sys.modules[name] = None
import roiops, numpy as np
print(roiops.reference.roi_align(np.ones((1, 1, 4, 4)), [[0, 0, 4, 4]], [1], 1).item())
"""
    assert float(python(code)) == 1.0


@pytest.mark.parametrize(
    ("missing", "use", "extra"),
    [
        ("onnxruntime", "roiops.roi_align(np.ones((1, 1, 4, 4)), [[0, 0, 4, 4]], [1], 1)", "roiops[cpu]"),
        ("onnxruntime", "roiops.register(None)", "roiops[cpu]"),
        ("onnx", "roiops.roi_align(np.ones((1, 1, 4, 4)), [[0, 0, 4, 4]], [1], 1)", "roiops[cpu]"),
        ("onnx", "import roiops.export", "roiops[export]"),
        ("onnx", "import roiops.reference_ops", "roiops[export]"),
        ("onnxscript", "from roiops.export import opset1", "roiops[export]"),
        ("torch", "import roiops.export.torch", "roiops[torch]"),
        ("torchvision", "import roiops.export.torch", "roiops[torch]"),
    ],
)
def test_a_missing_package_is_an_import_error_that_names_the_extra(missing, use, extra):
    code = f"""
import sys
sys.modules[{missing!r}] = None
import roiops, numpy as np
try:
    {use}
except ImportError as error:
    print(error)
"""
    message = python(code)
    assert extra in message and missing in message
