"""The proof that the levels of one merge are a multi-level pooler."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import Dim, all_known
from roiops.export.upgrader.facts.dtypes import dtype_of
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.facts.rows import Selection
from roiops.export.upgrader.graph.attributes import read_attributes, scalar
from roiops.export.upgrader.graph.liveness import would_die
from roiops.export.upgrader.graph.nodes import is_op, name_of, origin, required
from roiops.export.upgrader.poolers.merge import Merge
from roiops.operators import (
    MULTI_SCALE_ROI_ALIGN,
    MULTI_SCALE_ROI_ALIGN_ROTATED,
    ROI_ALIGN,
    ROI_ALIGN_ROTATED,
    Operator,
)

# By the operator of one level.
_MULTI_LEVEL = {
    ROI_ALIGN.name: MULTI_SCALE_ROI_ALIGN,
    ROI_ALIGN_ROTATED.name: MULTI_SCALE_ROI_ALIGN_ROTATED,
}

# Levels that no RoiAlign pools are told apart by a table of all between the first and the last.
_MOST_LEVELS = 64


class Pooler:
    """The levels of one merge, proven to be a pooled pyramid.

    Attributes:
        merge: how the levels come together; its parts, sorted by level, are ``parts``.
        levels: the level of every box.
        boxes: where the boxes of each level come from.
        batch: where their images come from; None where all of them are zero by construction.
        box_type: the element type of the boxes.
        numbers: the number of each part's level.
        operator: the multi-level operator.
        arguments: what it is to be told.
        one_level_each: whether every box provably has one of the levels in every run that succeeds.

    Raises:
        NotProven: with the reason.
    """

    def __init__(self, merge: Merge, facts: Facts):
        self.merge = merge
        self._facts = facts
        self.parts = sorted(merge.parts, key=lambda part: part.rows.level)
        self.levels = self.parts[0].rows.levels
        self.numbers = [part.rows.level for part in self.parts]
        self._check_levels()
        self.operator = self._common_operator()
        self.arguments = self._common_arguments()
        self.boxes = self._common_rows(1, "boxes")
        self.batch = self._batch_rows()
        count = self._check_counts()
        self._check_exclusive()
        self.box_type = self._find_box_type()
        self.one_level_each = merge.count is not None and merge.count == count

    def _check_levels(self) -> None:
        if len(self.numbers) == 1:
            raise NotProven("it has one level only")
        if len({part.rows.key for part in self.parts}) > 1:
            raise NotProven("the rows of its parts are chosen by different level tensors")
        if len({part.node for part in self.parts}) < len(self.numbers):
            raise NotProven("one RoiAlign is merged twice")
        if len(set(self.numbers)) < len(self.numbers):
            raise NotProven(f"its level numbers are {self.numbers}, wanted each once")
        if self.numbers[-1] - self.numbers[0] >= _MOST_LEVELS:
            raise NotProven(f"its level numbers are {self.numbers}, wanted fewer than {_MOST_LEVELS} levels")

    def _common_operator(self) -> Operator:
        single = {part.operator.name for part in self.parts}
        if len(single) > 1:
            raise NotProven(f"its parts are of several operators, {' and '.join(sorted(single))}")
        return _MULTI_LEVEL[single.pop()]

    def _common_arguments(self) -> dict[str, Any]:
        first = self.parts[0]
        shared_names = [p.name for p in self.operator.parameters if p.name != "spatial_scales"]
        all_arguments = [read_attributes(part.node, part.operator) for part in self.parts]
        for part, arguments in zip(self.parts, all_arguments):
            for name in shared_names:
                if arguments[name] != all_arguments[0][name]:
                    raise NotProven(
                        f"{name} differs: {all_arguments[0][name]} at {name_of(first.node)}, "
                        f"{arguments[name]} at {name_of(part.node)}"
                    )
            if part.cast != first.cast:
                raise NotProven("its parts are cast to different types")
            if part.node.graph is not self.merge.end.graph:
                raise NotProven(f"{name_of(part.node)} is in another graph than {name_of(self.merge.end)}")
        if all_arguments[0]["batch_format"] != "batch_indices":
            raise NotProven("its parts count boxes per image instead of naming the image of each box")
        scales = [arguments["spatial_scale"] for arguments in all_arguments]
        shared = {name: all_arguments[0][name] for name in shared_names}
        return self.operator.check(**shared, spatial_scales=scales)

    def _selection(self, slot: int, what: str) -> list[Selection]:
        found = []
        for part in self.parts:
            selection = self._facts.selections.get(part.node.inputs[slot])
            if selection is None:
                raise NotProven(f"{name_of(part.node)}: its {what} are not the rows of one level")
            if selection.rows != part.rows:
                raise NotProven(
                    f"{name_of(part.node)}: its {what} are other rows than those it is written to"
                )
            found.append(selection)
        return found

    def _common_rows(self, slot: int, what: str) -> Selection:
        found = self._selection(slot, what)
        same = {
            (self._facts.key(selection.source), tuple(step.signature for step in selection.steps))
            for selection in found
        }
        if len(same) > 1:
            raise NotProven(f"its parts take their {what} from different tensors")
        return found[0]

    def _batch_rows(self) -> Selection | None:
        if all(self._is_first_image(part.node) for part in self.parts):
            return None
        return self._common_rows(2, "batch indices")

    def _is_first_image(self, node: ir.Node) -> bool:
        fill = origin(required(node, 2)).producer()
        if not is_op(fill, "Expand") or scalar(fill.inputs[0]) != 0:
            return False
        boxes = self._facts.shape(node.inputs[1])
        return boxes is not None and self._facts.shape(fill.outputs[0]) == boxes[:1]

    def _rows_of(self, value: ir.Value | None) -> Dim | None:
        shape = self._facts.shape(value)
        return shape[0] if shape else None

    def _check_counts(self) -> Dim | None:
        count = self._rows_of(self.levels)
        sources = {"boxes": self.boxes.source}
        if self.batch is not None:
            sources["batch indices"] = self.batch.source
        for what, source in sources.items():
            if self._rows_of(source) != count:
                raise NotProven(
                    f"there may be more {what} than levels: {self._differ(self._rows_of(source))}"
                )
        if self.merge.shape is not None and self.merge.shape[0] != count:
            raise NotProven(f"it is merged into zeros of another length: {self._differ(self.merge.shape[0])}")
        pooled = all_known(self._rows_of(part.node.inputs[1]) for part in self.parts)
        joined = sum(pooled[1:], pooled[0]) if pooled else None
        if self.merge.count is not None and self.merge.count not in (count, joined):
            raise NotProven(f"{name_of(self.merge.end)} keeps {self._differ(self.merge.count)} boxes")
        return count

    def _differ(self, dim: Dim | None) -> str:
        found, wanted = (
            "unknown" if each is None else self._facts.describe(each)
            for each in (dim, self._rows_of(self.levels))
        )
        return f"{found} against {wanted}"

    def _check_exclusive(self) -> None:
        gone = would_die(self.merge.end)
        for part in self.parts:
            if part.node not in gone:
                raise NotProven(f"the output of {name_of(part.node)} has another use")

    def _find_box_type(self) -> ir.DataType:
        box_type = dtype_of(required(self.parts[0].node, 1))
        if box_type is None:
            raise NotProven("the type of its boxes is unknown")
        return box_type
