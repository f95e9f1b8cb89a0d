"""torchvision's loop that reads keypoints off heatmaps: upsampled to the box, the largest pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

import roiops
from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import Shape
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.heads.columns import boxes_of
from roiops.export.upgrader.heads.head import Head
from roiops.export.upgrader.heads.loops import RowLoop
from roiops.export.upgrader.heads.masks import check_float
from roiops.export.upgrader.heads.region import region_of
from roiops.export.upgrader.heads.trial import Trial
from roiops.operators import HEATMAPS_TO_KEYPOINTS

_TOLERANCE = 1e-4
_TIE = 1e-6  # of the two largest pixels, where either may be taken


def match_keypoints(loop: RowLoop, facts: Facts, opsets: Mapping[str, int]) -> Head:
    """Prove that a loop over heatmaps is HeatmapsToKeypoints.

    Raises:
        NotProven: with the reason.
    """
    maps = [value for value in loop.rows if len(facts.shape(value) or ()) == 4]
    ranks = [len(facts.shape(value) or ()) for value in loop.initial]
    if len(maps) != 1 or ranks != [3, 2]:
        raise NotProven("a step should read the heatmaps of one box and give positions and scores")
    boxes = boxes_of((value for value in loop.rows if value not in maps), facts)
    check_float(maps=maps[0], boxes=boxes)
    region = region_of(loop.node, [maps[0], boxes], facts)
    shape = facts.shape(maps[0])
    region.check(_expected(shape))
    trial = Trial(region, loop.node.outputs, opsets, facts)
    for given in _cases(shape):
        positions, scores = trial.run({maps[0]: given[0], boxes: given[1]})
        keypoints, values = roiops.heatmaps_to_keypoints(*given)
        if positions.shape != (len(given[1]), 3, given[0].shape[1]) or scores.shape != values.shape:
            raise NotProven("on random inputs its results are not of HeatmapsToKeypoints' shapes")
        same = np.isclose(positions.transpose(0, 2, 1), keypoints, rtol=1e-6, atol=_TOLERANCE).all(-1)
        same |= np.isclose(scores, values, rtol=_TIE, atol=0) & (positions[:, 2] == keypoints[..., 2])
        if not same.all() or np.abs(scores - values).max(initial=0) > _TOLERANCE:
            raise NotProven("on random inputs its results are not those of HeatmapsToKeypoints")
    return Head(loop.node, HEATMAPS_TO_KEYPOINTS, (maps[0], boxes), HEATMAPS_TO_KEYPOINTS.check())


def _expected(shape: Shape | None) -> set[float]:
    """The numbers that constants of such a loop may be: where the diagonal of a (P, P, P) tensor lies."""
    keypoints = shape[1].constant if shape and shape[1].known else 0
    base = keypoints * keypoints + keypoints + 1
    sizes = {float(dim.constant) for dim in shape or () if dim.known}
    return sizes | {float(base * i) for i in range(keypoints)}


def _cases(shape: Shape | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(0)
    known = [dim.constant if dim.known else None for dim in shape] if shape else [None] * 4
    for sizes in ((5, 17, 14, 14), (0, 4, 56, 56), (6, 3, 9, 7), (4, 1, 2, 3)):
        count, *rest = (own if own is not None else other for own, other in zip(known, sizes))
        sides = random.uniform(0.2, 60, (count, 2)) ** random.uniform(0, 1.2, (count, 1))
        corner = random.uniform(-20, 200, (count, 2))
        boxes = np.concatenate([corner, corner + sides], 1).astype(np.float32)
        yield random.standard_normal((count, *rest), np.float32), boxes
