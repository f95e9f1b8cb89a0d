"""Writes what session_test.cc runs: ``python -m platforms.cases FOLDER``, in tests/.

For each case a model of one node, inputs, and the float64 oracle's outputs or a part of the error message.
There are cases for all combinations of element types of every operator: session_test.cc fails where a library
registers one that no case has. A new operator joins with a function in `GENERATORS`.

The list of cases, cases.txt, has lines of words::

    case NAME LIBRARY OPERATOR MODEL
    input NAME TYPE FILE RANK EXTENT ...
    output NAME TOLERANCE FILE RANK EXTENT ...      (the file holds float64)
    error OUTPUT PART OF THE MESSAGE

FOLDER/wrong has one case with a wrong result, which session_test.cc must notice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from platforms.cases import masks, mmdeploy, roi_align, roi_pool, rotated
from platforms.cases.common import Case

GENERATORS = [
    roi_align.roi_align,
    roi_align.multi_scale_roi_align,
    roi_align.standard_roi_align,
    roi_pool.roi_pool,
    roi_pool.max_roi_pool,
    masks.paste_masks,
    masks.heatmaps_to_keypoints,
    rotated.roi_align_rotated,
    rotated.multi_scale_roi_align_rotated,
    rotated.box_iou_rotated,
    rotated.nms_rotated,
    mmdeploy.pooling,
    mmdeploy.grid_sampler,
    mmdeploy.suppression,
    mmdeploy.cumulative,
    mmdeploy.deformable,
    mmdeploy.attention,
    mmdeploy.alignment,
]


def write(cases: Iterable[Case], folder: Path) -> int:
    """Write cases into a folder that is made; returns their number."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    count = 0
    for case in cases:
        lines.append(f"case {case.name} {case.library} {case.model.graph.node[0].op_type} {case.name}.onnx")
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


def wrong_case() -> Case:
    """A case one of whose many results is beyond its tolerance."""
    case = next(roi_align.roi_align())
    value, tolerance = case.outputs["Y"]
    value.flat[value.size // 2] += 2 * tolerance
    return case


if __name__ == "__main__":
    destination = Path(sys.argv[1])
    written = write((case for generate in GENERATORS for case in generate()), destination)
    write([wrong_case()], destination / "wrong")
    print(written, "cases in", destination)
