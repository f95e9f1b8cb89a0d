"""The operators written for reading: float64 NumPy, the oracle of the test suite; one file for each."""

from __future__ import annotations

from roiops.reference._multi_scale_roi_align import multiscale_roi_align
from roiops.reference._roi_align import roi_align
from roiops.reference._roi_pool import roi_pool

__all__ = ["multiscale_roi_align", "roi_align", "roi_pool"]
