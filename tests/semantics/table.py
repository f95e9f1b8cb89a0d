"""All cases of all operators: everything that computes one of them is held to its cases."""

from __future__ import annotations

from semantics import cases, masks_and_keypoints_cases, roi_pool_cases, rotated_cases

CASES = [*cases.CASES, *roi_pool_cases.CASES, *rotated_cases.CASES, *masks_and_keypoints_cases.CASES]
