"""Runs the compiled kernels over a table of cases and compares with the float64 oracle.

    python -m tests.cuda.emulated.check [--only WORD] [--random N] [--architecture 90] [--build FOLDER]

Exits with 1 on a wrong output or any finding: accesses out of bounds or misaligned, races, uninitialised
reads, divergent barriers, outputs written twice or not at all.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import itertools
import sys
import time
import types
import zlib
from pathlib import Path

import numpy as np

from tests.cuda.emulated.emulator import BUILD, HERE, ROOT, Emulator
from tests.cuda_host_pool import DEVICE_SOURCES, plain_request
from tests.semantics import cases as rules

DTYPES = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "bfloat16": np.uint16}
# Largest error over the largest feature, as the project's tests have it.
TOLERANCES = {"float32": 2e-6, "float64": 1e-12, "float16": 6e-4, "bfloat16": 4.5e-3}
MODES = ["avg", "max", "max_corners"]


def to_stored(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "bfloat16":
        return np.ascontiguousarray(values.astype(DTYPES[dtype]))
    bits = np.ascontiguousarray(values.astype(np.float32)).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(values), np.uint64(0x7FC0), rounded).astype(np.uint16)


def from_stored(values: np.ndarray) -> np.ndarray:
    """Widen exactly: bfloat16 (uint16) to float32, others stay."""
    return (values.astype(np.uint32) << 16).view(np.float32) if values.dtype == np.uint16 else values


def shifted(array: np.ndarray, elements: int) -> np.ndarray:
    """Copy to memory aligned to 256 bytes, and then some elements on."""
    size = array.dtype.itemsize
    room = np.zeros(array.nbytes + 512 + elements * size, np.uint8)
    begin = -room.ctypes.data % 256 + elements * size
    there = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    there[...] = array
    return there


class Roiops:
    """An operator of the project on the emulator: a folder of ops/ with cuda/kernels.cu."""

    def __init__(
        self, build: Path, architecture: int = 90, checks: bool = True, operator="roi_align", **options
    ):
        ops = ROOT / "ops"
        sources = [HERE / f"{operator}_request.cc", *(ops / name for name in DEVICE_SOURCES)]
        cu = ops / operator / "cuda/kernels.cu"
        build = build / operator
        self.emulator = Emulator(cu, build, architecture, sources, [ops, HERE.parent], checks, **options)
        self.emulator.library.Pool.restype = ctypes.c_char_p

    def __call__(
        self, dtype, xs, boxes, batch, output_size, scales, ratio, aligned, mode, batch_format, levels=None
    ):
        y = shifted(np.zeros((len(boxes), xs[0].shape[1], *output_size), xs[0].dtype), 0)
        y.view(np.uint8)[...] = 0xFF
        inputs = [(f"map {i}", x) for i, x in enumerate(xs)]
        inputs += [("boxes", boxes), ("batch", batch), ("levels", levels)]
        self.emulator.memory(*inputs, output=y)
        items = ctypes.c_int64()
        request = plain_request(xs, boxes, batch, levels, y, scales, ratio, aligned, mode, batch_format)
        problem = self.emulator.library.Pool(ctypes.byref(request), ctypes.byref(items))
        if problem:
            raise SystemExit(f"launch: {problem.decode()}")
        self.work_items = items.value
        return y


class RuleCase:
    """A case of the table of rules, whose values come from the definition."""

    def __init__(self, case: rules.Case):
        self._case = case
        self.dtype = case.x.dtype.name
        self.error = 0.0

    def check(self, op: Roiops, reference) -> list[str]:
        case = self._case
        op.emulator.reset()
        op.emulator.configure(quantum=1 << 30)
        how = (case.output_size, [case.spatial_scale], case.sampling_ratio, case.aligned, case.mode)
        y = op(self.dtype, [shifted(case.x, 0)], case.boxes, case.batch, *how, case.batch_format)
        problems = op.emulator.findings()
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
        self.levels_type = np.int64
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

    def check(self, op: Roiops, reference) -> list[str]:
        op.emulator.reset()
        op.emulator.configure(quantum=1 << 30, most_blocks=self.most_blocks)
        how = (self.output_size, self.scales, self.ratio, self.aligned)
        y = op(self.dtype, self.xs, self.boxes, self.batch, *how, self.mode, self.batch_format, self.levels)
        problems = op.emulator.findings()
        xs = [from_stored(x) for x in self.xs]
        boxes = from_stored(self.boxes).astype(np.float64 if self.dtype == "float64" else np.float32)
        boxes = np.where(self.zeros[:, None], 0, boxes)
        images = self.batch
        if self.batch_format == "boxes_num":
            images = np.repeat(np.arange(len(xs[0])), self.batch)
        images = np.where(self.zeros, 0, images).astype(np.int64)
        levels = (
            np.zeros(len(boxes), np.int64) if self.levels is None else np.where(self.zeros, 0, self.levels)
        )
        with np.errstate(all="ignore"):
            expected = reference.multiscale_roi_align(
                xs, boxes, images, levels, *how, mode=self.mode, batch_format="batch_indices"
            )
        expected[self.zeros] = 0
        got = from_stored(y).astype(np.float64)
        largest = max([np.nanmax(np.abs(x.astype(np.float64)), initial=0) for x in xs]) or 1
        if not np.array_equal(np.isnan(got), np.isnan(expected)):
            problems.append(f"{np.sum(np.isnan(got) != np.isnan(expected))} outputs differ in being NaN")
        error = np.nanmax(np.abs(got - expected), initial=0) / largest
        self.error = error
        if error > TOLERANCES[self.dtype]:
            at = np.unravel_index(np.nanargmax(np.abs(got - expected)), got.shape)
            problems.append(f"error {error:.3g} at {tuple(map(int, at))}: {got[at]} for {expected[at]}")
        return problems

    def __str__(self):
        shapes = " ".join(str(x.shape) for x in self.xs)
        levels = None if self.levels is None else self.levels[:8].tolist()
        return (
            f"{self.dtype} {self.mode} {self.batch_format} aligned={self.aligned} ratio={self.ratio}"
            f" maps {shapes}"
            f" scales {self.scales} output {self.output_size} boxes {from_stored(self.boxes)[:8].tolist()}"
            f" batch {self.batch[:8].tolist()} levels {levels}"
        )


def load_reference():
    """The oracle alone: the package around it would need ONNX Runtime."""
    package = types.ModuleType("roiops")
    package.__path__ = [str(ROOT / "python/roiops")]
    sys.modules["roiops"] = package
    return importlib.import_module("roiops.reference")


def cases(random: int):
    """Yield (name, case)."""
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--random", type=int, default=300)
    parser.add_argument("--architecture", type=int, default=90)
    parser.add_argument("--build", type=Path, default=BUILD)
    options = parser.parse_args()
    reference = load_reference()

    begin = time.time()
    op = Roiops(options.build.resolve(), options.architecture)
    print(f"built in {time.time() - begin:.0f} s", flush=True)
    begin, ran, bad = time.time(), 0, 0
    worst = dict.fromkeys(DTYPES, 0.0)
    covered = np.zeros(op.emulator.module.block_count, bool)
    for name, case in cases(options.random):
        if options.only not in name:
            continue
        if getattr(case, "wrong_counts", False):
            case.zeros[:] = True
            problems = check_wrong_counts(case, op)
        else:
            problems = case.check(op, reference)
            worst[case.dtype] = max(worst[case.dtype], case.error)
        ran += 1
        covered |= op.emulator.runs() > 0
        if problems:
            bad += 1
            if bad <= 20:
                print(f"{name}: {case}")
                for problem in problems[:12]:
                    print(f"    {problem}")
    errors = ", ".join(f"{d} {e:.2g} of {TOLERANCES[d]:.2g}" for d, e in worst.items())
    print(f"{ran} cases, {bad} with findings, in {time.time() - begin:.0f} s; largest errors: {errors}")
    print(f"of {len(covered)} basic blocks {covered.mean():.1%} ran; no part ran of {never_ran(op, covered)}")
    return 1 if bad else 0


def never_ran(op: Roiops, covered: np.ndarray) -> str:
    ran, all_lines = set(), set()
    for function in op.emulator.module.functions.values():
        for block in function.blocks:
            lines = {i.source for i in block.code if i.source and not i.source.endswith(":0")}
            all_lines |= lines
            if covered[block.id]:
                ran |= lines
    return ", ".join(sorted(all_lines - ran)) or "none"


def check_wrong_counts(case: Case, op: Roiops) -> list[str]:
    """All boxes get zeros."""
    op.emulator.reset()
    op.emulator.configure(quantum=1 << 30)
    y = op(
        case.dtype,
        case.xs,
        case.boxes,
        case.batch,
        case.output_size,
        case.scales,
        case.ratio,
        case.aligned,
        case.mode,
        case.batch_format,
        case.levels,
    )
    return op.emulator.findings() + (["not zero"] if y.view(np.uint8).any() else [])


if __name__ == "__main__":
    sys.exit(main())
