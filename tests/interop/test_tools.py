"""What users do next with an upgraded model: each tool runs on it and keeps what it computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from doc_snippets import DOCS, walk
from pyramids import operators
from support import run, session

import roiops
from roiops.export import make_roi_align_model, register_schemas, upgrade

GRAPHS = Path(__file__).parents[1] / "export" / "upgrader" / "graphs"
FUSED = "roiops::MultiScaleRoiAlign"


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    """An upgraded detector with two poolers."""
    return upgrade(onnx.load(GRAPHS / "whole_detectron2.onnx"))[0]


def images() -> dict[str, np.ndarray]:
    return {"images": 2 * np.random.default_rng(1).standard_normal((1, 3, 128, 160)).astype(np.float32)}


def check(model: onnx.ModelProto, changed: onnx.ModelProto, tolerance: float = 1e-4) -> None:
    assert operators(changed)[FUSED] == 2
    expected, found = session(model).run(None, images()), session(changed).run(None, images())
    assert len(expected[0]) > 0
    for a, b in zip(expected, found):
        np.testing.assert_allclose(b, a, atol=tolerance * np.abs(a).max(), rtol=0)


def test_onnxsim(model):
    onnxsim = pytest.importorskip("onnxsim")
    library = [roiops.get_library_path()]
    simplified, checked = onnxsim.simplify(model, custom_lib=library[0])
    assert checked
    check(model, simplified)


def test_onnxslim(model):
    check(model, pytest.importorskip("onnxslim").slim(model))


def test_onnxoptimizer(model):
    check(model, pytest.importorskip("onnxoptimizer").optimize(model))


def test_polygraphy(model, tmp_path):
    pytest.importorskip("polygraphy")
    onnx.save(model, tmp_path / "model.onnx")
    command = [sys.executable, "-c", "from polygraphy.tools import main; main()", "inspect", "model"]
    shown = subprocess.run(
        [*command, str(tmp_path / "model.onnx"), "--show", "layers"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.count("[Op: MultiScaleRoiAlign]") == 2


def test_extract_at_the_poolers(model):
    inferred = onnx.shape_inference.infer_shapes(model)  # the exporter left out shapes of the backbone
    pooler = next(node for node in model.graph.node if node.op_type == "MultiScaleRoiAlign")
    head = onnx.utils.Extractor(inferred).extract_model(list(pooler.input), list(pooler.output))
    boxes, batch, levels, *maps = pooler.input
    fed = {
        levels: np.array([0, 1]),
        batch: np.array([0, 0]),
        boxes: np.array([[0, 0, 40, 40], [8, 8, 90, 90]], np.float32),
        **{name: np.ones((1, 4, 32 >> i, 40 >> i), np.float32) for i, name in enumerate(maps)},
    }
    np.testing.assert_allclose(session(head).run(None, fed)[0], 1, atol=1e-6)


def test_extract_from_the_inputs(model):
    """onnx's extractor leaves out what a branch of an If reads from outside, in the original model too."""
    original = onnx.load(GRAPHS / "whole_detectron2.onnx")
    assert any(node.op_type == "If" for node in original.graph.node)
    for whole in map(onnx.shape_inference.infer_shapes, (original, model)):
        (name,) = (node.output[0] for node in whole.graph.node if node.name == "/Softmax")
        part = onnx.utils.Extractor(whole).extract_model(["images"], [name])
        with pytest.raises(Exception, match="topologically sorted"):
            session(part)


def test_merge(model):
    first, second = (onnx.compose.add_prefix(model, prefix) for prefix in ("a/", "b/"))
    merged = onnx.compose.merge_models(first, second, io_map=[])
    assert operators(merged)[FUSED] == 4
    expected = session(model).run(None, images())
    found = session(merged).run(None, {f"{side}/images": images()["images"] for side in "ab"})
    for a, b in zip(expected * 2, found):
        np.testing.assert_array_equal(a, b)


def test_symbolic_shape_inference(model):
    pytest.importorskip("sympy")
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    register_schemas()  # otherwise "Incomplete symbolic shape inference"
    inferred = SymbolicShapeInference.infer_shapes(model, auto_merge=True)
    shapes = {value.name: value.type.tensor_type.shape.dim for value in inferred.graph.value_info}
    pooled = [node.output[0] for node in model.graph.node if node.op_type == "MultiScaleRoiAlign"]
    assert [[dim.dim_value for dim in shapes[name][1:]] for name in pooled] == [[4, 5, 5], [4, 7, 7]]


def test_shape_inference_and_checker(model):
    register_schemas()
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(model, strict_mode=True), full_check=True)


def test_offline_optimisation(model, tmp_path):
    options = roiops.register(ort.SessionOptions())
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    check(model, onnx.load(tmp_path / "optimized.onnx"))


def test_ort_format(model, tmp_path):
    onnx.save(model, tmp_path / "model.onnx")
    command = [sys.executable, "-m", "onnxruntime.tools.convert_onnx_models_to_ort", str(tmp_path)]
    subprocess.run(
        [*command, "--custom_op_library", str(roiops.get_library_path())], check=True, capture_output=True
    )
    options = roiops.register(ort.SessionOptions())
    converted = ort.InferenceSession(str(tmp_path / "model.ort"), options)
    for a, b in zip(session(model).run(None, images()), converted.run(None, images())):
        np.testing.assert_allclose(b, a, atol=1e-4 * np.abs(a).max(), rtol=0)


def test_onnxconverter_common(model):
    """It converts our nodes, boxes too; whole detectors it cannot, as they were exported neither."""
    float16 = pytest.importorskip("onnxconverter_common").float16
    fed = {
        "X": np.random.default_rng(0).random((1, 4, 32, 32), np.float32),
        "boxes": np.array([[4, 4, 100, 90]], np.float32),
        "batch": np.array([1]),
    }
    pooler = make_roi_align_model(output_size=7, spatial_scale=0.25)
    converted = float16.convert_float_to_float16(pooler, keep_io_types=True)
    np.testing.assert_allclose(session(converted).run(None, fed)[0], run(pooler, fed), atol=2e-3)
    for detector in (model, onnx.load(GRAPHS / "whole_detectron2.onnx")):
        copy = onnx.ModelProto()
        copy.CopyFrom(detector)
        with pytest.raises(Exception, match="Type Error"):
            session(float16.convert_float_to_float16(copy, keep_io_types=True))


def test_dynamic_quantisation(model, tmp_path):
    from onnxruntime.quantization import quantize_dynamic

    onnx.save(model, tmp_path / "model.onnx")
    quantize_dynamic(
        tmp_path / "model.onnx", tmp_path / "small.onnx", op_types_to_quantize=["MatMul", "Gemm"]
    )
    assert operators(onnx.load(tmp_path / "small.onnx"))[FUSED] == 2
    boxes = session(onnx.load(tmp_path / "small.onnx")).run(None, images())[0]
    assert boxes.shape[1] == 4 and np.isfinite(boxes).all()


def test_external_data(model, tmp_path):
    copy = onnx.ModelProto()  # saving moves the weights of what is saved
    copy.CopyFrom(model)
    onnx.save(copy, tmp_path / "m.onnx", save_as_external_data=True, location="w", size_threshold=0)
    check(model, onnx.load(tmp_path / "m.onnx"))


def test_a_reader_gets_through_the_page(tmp_path, monkeypatch):
    for tool in ("onnxsim", "onnxslim", "onnxoptimizer", "sympy"):
        pytest.importorskip(tool)
    monkeypatch.chdir(tmp_path)
    walk(DOCS / "after-upgrading.md", tmp_path)
