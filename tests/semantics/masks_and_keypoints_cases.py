"""The rules of docs/masks-and-keypoints.md."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from semantics.call import Call

CONVENTIONS = ("torchvision", "detectron2", "mmdetection")
SAMPLED = ("detectron2", "mmdetection")
SIDE = 8  # of the images
EVERYWHERE = [-SIDE, -SIDE, 2 * SIDE, 2 * SIDE]  # a box whose mask fills the image, far from its borders
ONES = np.ones((2, 2))


def pasted(rule, mask, box, expected, convention="torchvision", output="soft", **how) -> Call:
    """A case of PasteMasks with one mask in one image; expected values are broadcast to it."""
    inputs = {
        "masks": np.array([mask], np.float32),
        "boxes": np.array([box], np.float32),
        "image_size": np.array([SIDE, SIDE]),
    }
    dtype = {"soft": np.float32, "bool": bool, "uint8": np.uint8}[output]
    image = np.broadcast_to(np.asarray(expected, dtype), (1, SIDE, SIDE))
    arguments = {"convention": convention, "output": output, **how}
    return Call(rule, "PasteMasks", inputs, arguments, (image,), tolerance=1e-6)


def _shape() -> Iterator[Call]:
    # A mask of one pixel grows threefold: 3 to 5 becomes 1 to 7, and three pixels are resized to those seven.
    profile = np.array([0, 0, 1, 4, 7, 4, 1, 0]) / 7
    rule = "torchvision_pads_by_a_pixel_and_truncates_the_grown_box"
    yield pasted(rule, [[1.0]], [3, 3, 5, 5], np.outer(profile, profile))
    # Corners of -1.9 become -1 and 2.9 becomes 2: four pixels wide, the outer two padding.
    profile = np.array([1.0, 1, 0, 0, 0, 0, 0, 0])
    yield pasted(
        "torchvision_truncates_toward_zero", ONES, [-0.7, -0.7, 1.7, 1.7], np.outer(profile, profile)
    )
    for convention in SAMPLED:
        profile = np.array([0.25, 0.75, 0.75, 0.25, 0, 0, 0, 0])
        rule, mask = "sampled_masks_fill_their_box_from_pixel_centres", [[1.0, 0.0], [0.0, 0.0]]
        yield pasted(rule, mask, [1, 1, 5, 5], np.outer(profile, profile), convention)
        profile = np.array([0, 0.25, 0.75, 1, 1, 0.75, 0.25, 0])
        rule = "sampled_masks_reach_half_a_mask_pixel_beyond_their_box"
        yield pasted(rule, ONES, [2, 2, 6, 6], np.outer(profile, profile), convention)
        # The weights of a mask's two pixels along an axis from 1 to 5, and along one from 6 to 2.
        upright = np.array([[0.25, 0.75, 0.75, 0.25, 0, 0, 0, 0], [0, 0, 0.25, 0.75, 0.75, 0.25, 0, 0]])
        mirrored = np.array([[0, 0, 0, 0.25, 0.75, 0.75, 0.25, 0], [0, 0.25, 0.75, 0.75, 0.25, 0, 0, 0]])
        mask = np.arange(4.0).reshape(2, 2)
        rule = "inverted_boxes_mirror_sampled_masks"
        yield pasted(rule, mask, [6, 1, 2, 5], upright.T @ mask @ mirrored, convention)


def _unusual_boxes() -> Iterator[Call]:
    yield pasted("inverted_boxes_are_zero_in_torchvision", ONES, [6, 6, 2, 2], 0)
    for convention in CONVENTIONS:
        for box in ([-30, -30, -20, -20], [3, -30, 5, -20], [20, 2, 30, 4], [10, 10, 13, 13]):
            yield pasted("boxes_outside_the_image_are_zero", ONES, box, 0, convention)
    pixel = np.zeros((SIDE, SIDE))
    pixel[4, 3] = 1
    yield pasted("boxes_of_no_size_are_pasted_as_a_pixel_in_torchvision", ONES, [3, 4, 3, 4], pixel)
    for box in ([3, 1, 3, 5], [1, 3, 5, 3], [3, 3, 3, 3]):
        yield pasted("boxes_of_no_size_are_zero_in_detectron2", ONES, box, 0, "detectron2")
        rule = "boxes_of_no_size_have_no_values_in_mmdetection"
        yield pasted(rule, ONES, box, np.nan, "mmdetection")
        yield pasted(rule, ONES, box, False, "mmdetection", "bool", threshold=0.0)
        yield pasted(rule, ONES, box, 0, "mmdetection", "uint8")


def _values() -> Iterator[Call]:
    for convention in CONVENTIONS:
        rule, mask = "a_value_of_the_threshold_is_inside", np.full((4, 4), 0.5)
        for threshold in (0.5, 0.6):
            inside = threshold == 0.5
            yield pasted(rule, mask, EVERYWHERE, inside, convention, "bool", threshold=threshold)
        rule, mask = "threshold_zero_holds_everywhere", np.zeros((2, 2))
        yield pasted(rule, mask, [3, 3, 5, 5], True, convention, "bool", threshold=0.0)
        for value, wanted in ((0.999, 254), (1.0, 255), (2.0, 255), (-1.0, 0), (np.nan, 0)):
            mask = np.full((4, 4), value)
            yield pasted("bytes_are_truncated_and_bounded", mask, EVERYWHERE, wanted, convention, "uint8")


def peak(rule, values, roi, point, score, convention="torchvision") -> Call:
    """A case of HeatmapsToKeypoints with one map."""
    inputs = {"maps": np.array([[values]], np.float32), "rois": np.array([roi], np.float32)}
    expected = (np.array([[point]], np.float32), np.array([[score]], np.float32))
    return Call(rule, "HeatmapsToKeypoints", inputs, {"convention": convention}, expected, tolerance=1e-5)


def single(shape, row, column) -> np.ndarray:
    """A map of zeros with a one."""
    values = np.zeros(shape)
    values[row, column] = 1
    return values


def _keypoints() -> Iterator[Call]:
    rule = "a_pixel_is_found_at_its_centre"
    yield peak(rule, single((4, 4), 2, 1), [10, 20, 14, 24], [11.5, 22.5, 1], 1)
    # 3.5 pixels are upsampled to 4, of which each is 3.5 / 4 wide.
    rule, x = "sides_are_rounded_up_and_positions_scaled_back", 10 + 3.5 * 3.5 / 4
    yield peak(rule, single((1, 4), 0, 3), [10, 20, 13.5, 21], [x, 20.5, 1], 1)
    # The only pixel is in the middle of four, where the cubic weights are -3/32, 19/32, 19/32 and -3/32.
    rule = "sides_are_at_least_one_pixel"
    yield peak(rule, single((4, 4), 2, 1), [10, 20, 10, 19], [10.5, 20.5, 1], (19 / 32) ** 2)
    values = np.zeros((4, 4))
    values[1, 2] = values[2, 1] = values[1, 3] = 1
    yield peak("the_first_of_equal_pixels_counts", values, [0, 0, 4, 4], [2.5, 1.5, 1], 1)
    values = 100 * single((4, 4), 0, 0)
    values[2, 1] = values[3, 0] = np.nan
    # Every pixel within the four taps of one is NaN too: the first of row 0, as the map is not upsampled.
    yield peak("nan_is_largest_and_the_first_one_counts", values, [0, 0, 4, 4], [0.5, 0.5, 1], np.nan)
    values = np.random.default_rng(0).standard_normal((6, 6)).astype(np.float32).astype(np.float64)
    row, column = np.unravel_index(np.argmax(values), values.shape)
    score = 1 / np.exp(values - values.max()).sum()
    point = [column + 0.5, row + 0.5, values.max(), score]
    rule = "detectron2_scores_are_a_softmax_over_the_map"
    yield peak(rule, values, [0, 0, 6, 6], point, score, "detectron2")


CASES = [*_shape(), *_unusual_boxes(), *_values(), *_keypoints()]
