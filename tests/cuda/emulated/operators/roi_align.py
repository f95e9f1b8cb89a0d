"""RoiAlign and its multi-scale and standard forms, which launch the same kernels."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator

import numpy as np

from tests.cuda.emulated.operator import EmulatedOperator, load_reference
from tests.cuda.emulated.operators.pooling import SOURCES, pool  # noqa: F401
from tests.cuda.emulated.stored import DTYPES, TOLERANCES, differences, from_stored, shifted, to_stored
from tests.semantics import cases as rules

MODES = ["avg", "max", "max_corners"]


class RuleCase:
    """A case of the table of rules, whose values come from the definition."""

    def __init__(self, case: rules.Case):
        self._case = case

    def check(self, operator: EmulatedOperator) -> list[str]:
        case = self._case
        how = (case.output_size, [case.spatial_scale], case.sampling_ratio, case.aligned, case.mode)
        y, problems = pool(operator, [shifted(case.x)], case.boxes, case.batch, None, *how, case.batch_format)
        try:
            case.check(y)
        except AssertionError as error:
            problems.append(str(error))
        return problems

    def __str__(self):
        return f"{self._case}"


class Case:
    """Random inputs from a seed; what is given by name is not random."""

    def __init__(self, seed, **given):
        rng = np.random.default_rng(seed)
        pick = lambda name, choices: given.get(name, choices[int(rng.integers(len(choices)))])  # noqa: E731
        self.dtype = pick("dtype", list(DTYPES))
        self.mode = pick("mode", MODES)
        self.batch_format = pick("batch_format", ["boxes_num", "batch_indices"])
        self.aligned = bool(pick("aligned", [False, True]))
        self.ratio = int(pick("ratio", [-1, 0, 1, 2, 2, 3, 7]))
        images = int(pick("images", [1, 2, 3]))
        channels = int(pick("channels", [1, 2, 5, 8, 17, 40]))
        count = int(pick("count", [1, 2, 4, 7]))
        maps = int(pick("maps", [1, 1, 2, 3]))
        self.output_size = tuple(
            int(v) for v in given.get("output_size", rng.integers(1, rng.choice([4, 9, 20], 2)))
        )
        self.most_blocks = int(pick("most_blocks", [0, 0, 0, 1, 3]))
        shift = int(pick("shift", [0, 0, 1, 2, 4]))
        self.scales = given.get("scales") or [float(rng.choice([1, 0.3, 0.25, 1 / 16])) for _ in range(maps)]
        self.xs = []
        for _ in range(maps):
            height, width = (int(v) for v in given.get("extent", rng.integers(1, 50, 2)))
            if "extent" not in given:
                width += -width % int(rng.choice([1, 1, 2, 4, 8]))
            values = rng.standard_normal((images, channels, height, width))
            if "nan" in given:
                values[rng.random(values.shape) < given["nan"]] = np.nan
            self.xs.append(shifted(to_stored(values, self.dtype), shift))
        self.levels = rng.integers(0, maps, count) if maps > 1 else None
        batch = rng.multinomial(count, np.full(images, 1 / images))
        if self.batch_format == "batch_indices":
            batch = rng.integers(0, images, count)
        self.batch = batch.astype(pick("batch_type", [np.int32, np.int64]))
        boxes = np.array(given["boxes"]) if "boxes" in given else self._boxes(rng, count)
        as_features = self.dtype in ("float32", "float64") or bool(pick("stored_boxes", [False, True]))
        self.boxes = to_stored(boxes, self.dtype if as_features else "float32")
        self.zeros = np.zeros(count, bool)
        self.wrong_counts = False

    def _boxes(self, rng, count):
        height, width = np.array(self.xs[0].shape[2:]) / self.scales[0]
        sides = np.exp(rng.uniform(np.log(0.3), np.log(1.2 * max(height, width) + 1), (count, 2)))
        corner = rng.uniform(-0.2, 1, (count, 2)) * np.array([width, height])
        boxes = np.concatenate([corner, corner + sides], 1)
        kinds = rng.integers(0, 12, count)
        boxes[kinds == 0] = boxes[kinds == 0][:, [2, 3, 0, 1]]
        boxes[kinds == 1, 2:] = boxes[kinds == 1, :2]
        boxes[kinds == 2] *= 50
        boxes[kinds == 3] = np.round(boxes[kinds == 3])
        return boxes

    def spoil(self, rng):
        """Boxes that have no place: not finite, and images or levels that do not exist."""
        count = len(self.boxes)
        self.zeros = rng.random(count) < 0.5
        for k in np.flatnonzero(self.zeros):
            how = int(rng.integers(3))
            if (
                how == 0
                or (how == 1 and self.batch_format == "boxes_num")
                or (how == 2 and self.levels is None)
            ):
                value = to_stored(
                    np.array([rng.choice([np.nan, np.inf, -np.inf])]),
                    "bfloat16" if self.boxes.dtype == np.uint16 else str(self.boxes.dtype),
                )
                self.boxes[k, rng.integers(4)] = value[0]
            elif how == 1:
                self.batch[k] = rng.choice([-1, len(self.xs[0]), 2**31 - 1, -(2**31)])
            else:
                self.levels[k] = rng.choice([-1, len(self.xs), 2**32, 2**40, -(2**63)])
        return self

    def check(self, operator: EmulatedOperator) -> list[str]:
        how = (self.output_size, self.scales, self.ratio, self.aligned, self.mode)
        y, problems = pool(
            operator,
            self.xs,
            self.boxes,
            self.batch,
            self.levels,
            *how,
            self.batch_format,
            most_blocks=self.most_blocks,
        )
        if self.wrong_counts:
            return problems + ["not zero"] * bool(y.view(np.uint8).any())
        xs = [from_stored(x) for x in self.xs]
        largest = max(np.nanmax(np.abs(x.astype(np.float64)), initial=0) for x in xs)
        return problems + differences(y, self._expected(xs), largest, TOLERANCES[self.dtype])

    def _expected(self, xs) -> np.ndarray:
        boxes = from_stored(self.boxes).astype(np.float64 if self.dtype == "float64" else np.float32)
        boxes = np.where(self.zeros[:, None], 0, boxes)
        images = self.batch
        if self.batch_format == "boxes_num":
            images = np.repeat(np.arange(len(xs[0])), self.batch)
        images = np.where(self.zeros, 0, images).astype(np.int64)
        levels = np.zeros(len(boxes), np.int64)
        if self.levels is not None:
            levels = np.where(self.zeros, 0, self.levels)
        how = (self.output_size, self.scales, self.ratio, self.aligned)
        with np.errstate(all="ignore"):
            expected = load_reference().multiscale_roi_align(
                xs, boxes, images, levels, *how, mode=self.mode, batch_format="batch_indices"
            )
        expected[self.zeros] = 0
        return expected

    def __str__(self):
        shapes = " ".join(str(x.shape) for x in self.xs)
        levels = None if self.levels is None else self.levels[:8].tolist()
        return (
            f"{self.dtype} {self.mode} {self.batch_format} aligned={self.aligned} ratio={self.ratio}"
            f" maps {shapes}"
            f" scales {self.scales} output {self.output_size} boxes {from_stored(self.boxes)[:8].tolist()}"
            f" batch {self.batch[:8].tolist()} levels {levels}"
        )


def cases(random: int) -> Iterator[tuple[str, RuleCase | Case]]:
    for case in rules.CASES:
        if case.expected.size:  # otherwise nothing is launched
            yield f"rule {case.rule}", RuleCase(case)
    seed = lambda *words: zlib.crc32(repr(words).encode())  # noqa: E731
    for words in itertools.product(
        DTYPES, MODES, ["boxes_num", "batch_indices"], [False, True], [-1, 0, 1, 2, 3]
    ):
        names = ("dtype", "mode", "batch_format", "aligned", "ratio")
        yield "product " + " ".join(map(str, words)), Case(seed(words), **dict(zip(names, words)))
    for dtype, mode in itertools.product(DTYPES, MODES):
        how = {"dtype": dtype, "mode": mode}
        for shift in (1, 2, 3, 4):
            yield (
                f"map shifted by {shift}",
                Case(seed(how, shift), shift=shift, extent=(9, 16), maps=1, **how),
            )
        for n in range(4):
            case = Case(seed(how, "no place", n), count=9, most_blocks=0, **how)
            yield "boxes without a place", case.spoil(np.random.default_rng(seed(how, n)))
        for extent in [(5, 3000), (3000, 5), (300, 301)]:
            height, width = extent
            boxes = [[0, 0, width, height], [1.5, 0.5, width - 0.7, height - 0.8], [3, 1, 5, height]]
            given = {"extent": extent, "boxes": boxes, "scales": [1.0], "maps": 1, "count": 3, "images": 1}
            given |= {"channels": 2, "output_size": (2, 1), "ratio": -1, "stored_boxes": False}
            yield f"bins larger than a plan {extent}", Case(seed(how, extent), **given, **how)
        boxes = [[2.5, 3, 790.1, 17], [790, 3, 4, 17]]
        given = {"extent": (20, 800), "boxes": boxes, "scales": [1.0], "maps": 1, "count": 2, "images": 1}
        given |= {"channels": 3, "output_size": (7, 7), "ratio": 2, "stored_boxes": False}
        yield "sparse columns", Case(seed(how, "sparse"), **given, **how)
        given = {"channels": 130, "count": 260, "output_size": (2, 3), "extent": (11, 12), "images": 2}
        yield "more channels than a tile", Case(seed(how, "tiles"), **given, **how)
        for size in [(17, 20), (9, 33), (40, 1), (1, 40)]:
            yield f"output {size}", Case(seed(how, size), output_size=size, channels=9, **how)
        boxes = [[-1e30, -1e30, 1e30, 1e30], [0, 0, 1e9, 1e9], [-3e4, 0, 3e4, 8], [4, 4, -1e9, -1e9]]
        for ratio in (2, 3, 7):
            given = {"boxes": boxes, "count": 4, "images": 1, "ratio": ratio, "stored_boxes": False}
            yield "huge boxes", Case(seed(how, "huge", ratio), **given, **how)
        yield "NaN in the map", Case(seed(how, "nan"), nan=0.05, **how)
        for images in (255, 256, 257, 600):
            given = {"images": images, "channels": 1, "count": 40, "extent": (3, 4), "output_size": (2, 2)}
            yield (
                f"{images} images",
                Case(seed(how, images), batch_format="boxes_num", maps=1, **given, **how),
            )
        yield (
            "map without pixels",
            Case(seed(how, "empty"), extent=(0, 5), maps=1, boxes=[[0, 0, 4, 4]], count=1, **how),
        )
        for images, counts in [(2, [2, 1]), (2, [2, 3]), (2, [5, -1]), (3, [2**31 - 1, 2, 2])]:
            case = Case(seed(how, counts), images=images, count=4, batch_format="boxes_num", maps=1, **how)
            case.batch = np.array(counts, case.batch.dtype)
            case.wrong_counts = True
            yield f"wrong counts {counts}", case
    for n in range(random):
        yield f"random {n}", Case(1_000_000 + n)
