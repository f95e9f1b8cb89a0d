"""The cost of a call on one tiny box, where checks and conversions are most of the work."""

from __future__ import annotations

import timeit

import numpy as np

import roiops

_CALLS = 30  # of each function in a round: about a millisecond, so that some rounds run undisturbed


def compare(rounds: int) -> tuple[float, float]:
    """Return the microseconds of a call of roiops.roi_align and of torchvision's, each of its best round."""
    import torch
    from torchvision.ops import roi_align

    torch.set_num_threads(1)
    x = np.random.default_rng(0).standard_normal((1, 16, 32, 32)).astype(np.float32)
    box, counts = np.array([[1, 1, 9, 9]], np.float32), np.array([1])
    tensor, rois = torch.from_numpy(x), torch.tensor([[0.0, 1, 1, 9, 9]])

    def ours() -> np.ndarray:
        return roiops.roi_align(x, box, counts, 7)

    def theirs() -> torch.Tensor:
        return roi_align(tensor, rois, 7, 1.0, -1, True)

    np.testing.assert_allclose(ours(), theirs().numpy(), atol=1e-5)
    # In turns, so that whatever else the machine does slows both.
    times = [[timeit.timeit(call, number=_CALLS) for call in (ours, theirs)] for _ in range(rounds)]
    best = np.min(times, axis=0) / _CALLS * 1e6
    return float(best[0]), float(best[1])
