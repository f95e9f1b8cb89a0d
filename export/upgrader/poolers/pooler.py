"""One cluster: the proof that its levels belong together, and the node that replaces them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.facts.dims import Dim
from roiops.export.upgrader.facts.dtypes import dtype_of
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.facts.rows import Selection
from roiops.export.upgrader.graph.attributes import get_float, scalar
from roiops.export.upgrader.graph.emit import Emitter
from roiops.export.upgrader.graph.names import name_of
from roiops.export.upgrader.poolers.merge import Merge, NotProven
from roiops.export.upgrader.rewrites.dead_code import would_die
from roiops.export.upgrader.rewrites.standard import DOMAIN, parameters

_SHARED = ("output_height", "output_width", "sampling_ratio", "aligned", "mode", "batch_format")
# Zero-size boxes this many pixels of a map left of and above it sample nothing, aligned or not.
_OUTSIDE_PIXELS = -8.0


class Cluster:
    """The levels of one merge, proven to be a pooled pyramid.

    Raises:
        NotProven: with the reason.
    """

    def __init__(self, merge: Merge, facts: Facts):
        self.merge = merge
        self._facts = facts
        self.parts = sorted(merge.parts, key=lambda part: part.rows.level)
        first = self.parts[0]
        self._levels = first.rows.levels
        self._check_levels()
        self._check_attributes()
        self._boxes = self._common_rows(1, "boxes")
        self._batch = self._batch_rows()
        self._check_counts()
        self._check_exclusive()
        self._box_type = self._find_box_type()

    def parameters(self) -> dict[str, object]:
        """The parameters of the fused node, for the report."""
        common = parameters(self.parts[0].node)
        common["scale"] = ", ".join(f"{self._scale(part.node):g}" for part in self.parts)
        return common

    def write(self, emitter: Emitter) -> ir.Value:
        """Write the fused node and what prepares its inputs; return the merged result."""
        boxes = self._replay(emitter, self._boxes)
        if self._box_type in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16):
            boxes = emitter.op("Cast", boxes, to=int(ir.DataType.FLOAT))
        if self._batch is None:
            rows = emitter.op("Slice", emitter.op("Shape", boxes), *map(emitter.vector, ([0], [1])))
            batch = emitter.op("ConstantOfShape", rows, value=ir.tensor(np.zeros(1, np.int64)))
        else:
            batch = self._replay(emitter, self._batch)
        levels = emitter.op("Cast", self._levels, to=int(ir.DataType.INT64))
        lowest = self.parts[0].rows.level
        if lowest:
            levels = emitter.op("Sub", levels, emitter.scalar(lowest))
        boxes, batch, levels = self._spare_other_levels(emitter, boxes, batch, levels)
        maps = [part.node.inputs[0] for part in self.parts]
        attributes = [self.parts[0].node.attributes[name] for name in _SHARED]
        attributes.append(ir.AttrFloat32s("spatial_scales", [self._scale(part.node) for part in self.parts]))
        inputs = [boxes, batch, levels, *maps]
        result = emitter.add(DOMAIN, "MultiScaleRoiAlign", inputs, attributes).outputs[0]
        cast = self.parts[0].cast
        return result if cast is None else emitter.op("Cast", result, to=cast)

    def _check_levels(self) -> None:
        constants = [part.rows.level for part in self.parts]
        if len(constants) == 1:
            raise NotProven("it has one level only")
        if len({part.rows.key for part in self.parts}) > 1:
            raise NotProven("the rows of its parts are chosen by different level tensors")
        if len({part.node for part in self.parts}) < len(constants):
            raise NotProven("one RoiAlign is merged twice")
        if constants != list(range(constants[0], constants[0] + len(constants))):
            raise NotProven(f"its level numbers are {constants}, wanted each once and without gaps")

    def _check_attributes(self) -> None:
        first = self.parts[0]
        for part in self.parts:
            for name in _SHARED:
                attribute = part.node.attributes.get(name)
                if attribute is None or attribute.is_ref():
                    raise NotProven(f"{name_of(part.node)}: {name} is not a constant")
                if attribute.value != first.node.attributes[name].value:
                    raise NotProven(
                        f"{name} differs: {first.node.attributes[name].value} at {name_of(first.node)}, "
                        f"{attribute.value} at {name_of(part.node)}"
                    )
            if part.cast != first.cast:
                raise NotProven("its parts are cast to different types")
            if part.node.graph is not self.merge.end.graph:
                raise NotProven(f"{name_of(part.node)} is in another graph than {name_of(self.merge.end)}")
        if first.node.attributes["batch_format"].as_string() != "batch_indices":
            raise NotProven("its parts count boxes per image instead of naming the image of each box")

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
        """Where the batch indices come from; None where all of them are zero by construction."""
        if all(self._is_first_image(part.node) for part in self.parts):
            return None
        return self._common_rows(2, "batch indices")

    def _is_first_image(self, node: ir.Node) -> bool:
        fill = node.inputs[2].producer()
        while fill is not None and fill.domain == "" and fill.op_type in ("Cast", "Identity"):
            fill = fill.inputs[0].producer()
        zeros = (
            fill is not None
            and fill.domain == ""
            and fill.op_type == "Expand"
            and scalar(fill.inputs[0]) == 0
        )
        return zeros and self._facts.shape(fill.outputs[0]) == self._facts.shape(node.inputs[1])[:1]

    def _rows_of(self, value: ir.Value) -> Dim | None:
        shape = self._facts.shape(value)
        return shape[0] if shape else None

    def _check_counts(self) -> None:
        count = self._rows_of(self._levels)
        sources = {"boxes": self._boxes.source}
        if self._batch is not None:
            sources["batch indices"] = self._batch.source
        for what, source in sources.items():
            if self._rows_of(source) != count:
                raise NotProven(
                    f"there may be more {what} than levels: {self._differ(self._rows_of(source))}"
                )
        if self.merge.shape is not None and self.merge.shape[0] != count:
            raise NotProven(f"it is merged into zeros of another length: {self._differ(self.merge.shape[0])}")
        pooled = [self._rows_of(part.node.inputs[1]) for part in self.parts]
        if self.merge.count is not None and self.merge.count not in (count, sum(pooled[1:], pooled[0])):
            raise NotProven(f"{name_of(self.merge.end)} keeps {self._differ(self.merge.count)} boxes")

    def _differ(self, dim: Dim | None) -> str:
        found = "unknown" if dim is None else self._facts.describe(dim)
        return f"{found} against {self._facts.describe(self._rows_of(self._levels))}"

    def _check_exclusive(self) -> None:
        gone = would_die(self.merge.end)
        for part in self.parts:
            if part.node not in gone:
                raise NotProven(f"the output of {name_of(part.node)} has another use")

    def _find_box_type(self) -> ir.DataType:
        box_type = dtype_of(self.parts[0].node.inputs[1])
        if box_type is None:
            raise NotProven("the type of its boxes is unknown")
        return box_type

    def _scale(self, node: ir.Node) -> float:
        return get_float(node, "spatial_scale", 1.0)

    def _replay(self, emitter: Emitter, selection: Selection) -> ir.Value:
        """Run the steps of a selection on all rows of its source."""
        value = selection.source
        for step in selection.steps:
            inputs = [value, *step.node.inputs[1:]]
            attributes = list(step.node.attributes.values())
            value = emitter.add("", step.node.op_type, inputs, attributes, len(step.node.outputs)).outputs[
                step.output
            ]
        return value

    def _spare_other_levels(self, emitter: Emitter, boxes: ir.Value, batch: ir.Value, levels: ir.Value):
        """Keep what the original does with boxes of no level, NaN boxes among them.

        A Scatter chain leaves their rows zero, so they move outside of the lowest map. A restoring Gather of
        as many rows as there are boxes fails on them, as the fused operator does; one of as many rows as were
        pooled skips them, so they are taken out.
        """
        if self.merge.count is not None and self.merge.count == self._rows_of(self._levels):
            return boxes, batch, levels
        below = emitter.op("Less", levels, emitter.scalar(0))
        above = emitter.op("Greater", levels, emitter.scalar(len(self.parts) - 1))
        other = emitter.op("Or", below, above)
        if self.merge.count is not None:
            kept = emitter.op("NonZero", emitter.op("Not", other))
            kept = emitter.op("Reshape", kept, emitter.vector([-1]))
            return tuple(emitter.op("Gather", value, kept, axis=0) for value in (boxes, batch, levels))
        wide = np.float64 if self._box_type == ir.DataType.DOUBLE else np.float32
        outside = np.full((1, 4), _OUTSIDE_PIXELS / self._scale(self.parts[0].node), wide)
        if not np.isfinite(outside).all():
            raise NotProven("the scale of its lowest level is too small")
        column = emitter.op("Reshape", other, emitter.vector([-1, 1]))
        boxes = emitter.op("Where", column, emitter.constant(outside), boxes)
        batch = emitter.op("Where", other, emitter.scalar(0), batch)
        levels = emitter.op("Where", other, emitter.scalar(0), levels)
        return boxes, batch, levels
