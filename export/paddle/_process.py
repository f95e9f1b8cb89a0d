"""The process that converts one saved model: python -m roiops.export.paddle._process MODEL FOLDER OPSET.

It is its own process because paddle2onnx calls abort() on operators that it does not know. It leaves
FOLDER/cut.json, the operators of the program and those that were cut out, or the reason why not; then
FOLDER/model.onnx.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import paddle
import paddle2onnx

from roiops.export.paddle import _program


def main(model: Path, folder: Path, opset: int) -> None:
    """Convert ``model``, a .json or .pdmodel file beside its .pdiparams."""
    paddle.enable_static()
    try:
        if model.suffix == ".pdmodel":
            model = _translate(model, folder / "translated.json")
        program = _program.load(str(model))
        parameters = model.with_suffix(".pdiparams")
        if _program.has_parameters(program) and not parameters.is_file():
            raise FileNotFoundError(f"its parameters are missing: there is no {parameters.name}")
        outcome = {"operators": _program.operators(program), "cut": _program.cut(program)}
        outcome["passed"] = _program.passed(program)
    except Exception as error:  # Paddle raises many kinds on files that are no program
        outcome = {"error": str(error).strip()}
    (folder / "cut.json").write_text(json.dumps(outcome))
    if "error" in outcome:
        return
    _program.save(program, str(folder / "cut_program.json"))
    converted = paddle2onnx.export(
        str(folder / "cut_program.json"),
        str(parameters) if _program.has_parameters(program) else "",
        opset_version=opset,
    )
    (folder / "model.onnx").write_bytes(converted)


def _translate(model: Path, translated: Path) -> Path:
    """Write a program of Paddle 2 as one of Paddle 3."""
    executor = paddle.static.Executor(paddle.CPUPlace())
    with paddle.pir_utils.OldIrGuard():
        old, _, _ = paddle.static.load_inference_model(str(model.with_suffix("")), executor)
    program = paddle.pir.translate_to_pir(old.desc)
    paddle2onnx.load_parameter(program)
    paddle2onnx.save_program(program, str(translated.with_suffix("")))
    return translated


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
