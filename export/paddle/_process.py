"""The process that converts one saved model: python -m roiops.export.paddle._process MODEL FOLDER OPSET.

It is its own process because paddle2onnx calls abort() on operators that it does not know. It leaves
FOLDER/cut.json, the operators of the program and those that were cut out, or the reason why not; then
FOLDER/model.onnx.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import paddle
import paddle2onnx

from roiops.export.paddle import _program
from roiops.export.paddle._repair import repair


def main(model: Path, folder: Path, opset: int) -> None:
    """Convert ``model``, a .json or .pdmodel file beside its .pdiparams."""
    paddle.enable_static()
    try:
        program, parameters = _read(model, folder)
        outcome = {"operators": _program.operators(program), "cut": _program.cut(program)}
    except _program.ProgramError as error:
        outcome = {"error": str(error)}
    else:
        outcome["passed"] = _program.passed(program)
        repair(program)
    (folder / "cut.json").write_text(json.dumps(outcome))
    if "error" in outcome:
        return
    _program.save(program, str(folder / "cut_program.json"))
    converted = paddle2onnx.export(
        str(folder / "cut_program.json"), str(parameters or ""), opset_version=opset
    )
    (folder / "model.onnx").write_bytes(converted)


def _read(model: Path, folder: Path) -> tuple[paddle.static.Program, Path | None]:
    """Read a program and find the file of its parameters, if it has any."""
    path = model
    try:
        if model.suffix == ".pdmodel":
            path = _translate(model, folder / "translated.json")
        program = _program.load(str(path))
    except Exception as error:  # Paddle raises many kinds on files that are no program
        raise _program.ProgramError(f"not a readable Paddle program: {_said(error)}") from error
    wanted = _program.parameter_bytes(program)
    if not wanted:
        return program, None
    parameters = path.with_suffix(".pdiparams")
    # Neither Paddle nor paddle2onnx notices that the last ones are cut off.
    found = parameters.stat().st_size if parameters.is_file() else 0
    if found < wanted:
        raise _program.ProgramError(
            f"its parameters are incomplete: {model.stem}.pdiparams has {found} bytes, wanted {wanted}"
        )
    return program, parameters


def _said(error: Exception) -> str:
    """What Paddle said, without the stack that it puts before."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next(
        (line for line in lines if re.match(r"\(\w+\) |\w+Error: ", line)), lines[-1] if lines else ""
    )


def _translate(model: Path, translated: Path) -> Path:
    """Write a program of Paddle 2 as one of Paddle 3."""
    if not model.with_suffix(".pdiparams").is_file():
        with paddle.pir_utils.OldIrGuard():
            old = paddle.load(str(model))
        _program.save(paddle.pir.translate_to_pir(old.desc), str(translated))
        return translated
    with paddle.pir_utils.OldIrGuard():
        executor = paddle.static.Executor(paddle.CPUPlace())
        old, _, _ = paddle.static.load_inference_model(str(model.with_suffix("")), executor)
    program = paddle.pir.translate_to_pir(old.desc)
    paddle2onnx.load_parameter(program)
    paddle2onnx.save_program(program, str(translated.with_suffix("")))
    return translated


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
