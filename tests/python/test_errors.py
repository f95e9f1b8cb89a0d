"""Every refused argument of the NumPy functions, the reference and the class, by the argument's name."""

from __future__ import annotations

import numpy as np
import pytest

import roiops
from roiops import reference

X = np.ones((2, 3, 8, 8), np.float32)
BOXES = np.array([[0, 0, 4, 4], [1, 1, 5, 6], [2, 0, 7, 7]], np.float32)
NAN, INF = float("nan"), float("inf")
SINGLE = {"x": X, "boxes": BOXES, "boxes_num": [1, 2], "output_size": 2}
MULTI = {
    "xs": [X, X],
    "boxes": BOXES,
    "boxes_num": [1, 2],
    "levels": [0, 1, 1],
    "output_size": 2,
    "spatial_scales": [1.0, 0.5],
}

COMMON = [
    ("boxes", BOXES[:, :3], ValueError, r"expected shape \(K, 4\), got \(3, 3\)"),
    ("boxes", BOXES[0], ValueError, r"got \(4,\)"),
    ("boxes", [], ValueError, r"got \(0,\)"),
    ("boxes", [[0, 0, 1], [1, 2]], ValueError, "not an array"),
    ("boxes", BOXES.astype(complex), TypeError, "complex"),
    ("boxes", BOXES > 1, TypeError, "bool"),
    ("boxes", [["a", "b", "c", "d"]], TypeError, "<U1"),
    ("boxes", BOXES * NAN, ValueError, "finite.*row 0"),
    ("boxes", [[0, 0, 1, 1], [0, 0, 1, INF], [0, 0, 1, 1]], ValueError, "row 1"),
    ("boxes", [[0, 0, 1, 1e300]] * 3, ValueError, "finite values in float32"),
    ("boxes_num", [3], ValueError, r"expected shape \(2,\), one count per image, got \(1,\)"),
    ("boxes_num", [[1, 2]], ValueError, r"got \(1, 2\)"),
    ("boxes_num", 3, ValueError, r"got \(\)"),
    ("boxes_num", [1, 1], ValueError, r"sum of 3 \(boxes\), got 2"),
    ("boxes_num", [2, 2], ValueError, "got 4"),
    ("boxes_num", [-1, 4], ValueError, r"boxes_num\[0\] is -1"),
    ("boxes_num", [2**62, 2**62], ValueError, r"boxes_num\[0\] is 4611686018427387904"),
    ("boxes_num", [1.0, 2.0], TypeError, "float64"),
    ("boxes_num", np.array([1, 2], np.uint8), TypeError, "uint8"),
    ("output_size", 0, ValueError, "got 0"),
    ("output_size", (2, -1), ValueError, "got -1"),
    ("output_size", (2, 2, 2), ValueError, "got 3 values"),
    ("output_size", (), ValueError, "got 0 values"),
    ("output_size", 2.0, TypeError, "float"),
    ("output_size", True, TypeError, "bool"),
    ("output_size", (2, True), TypeError, "bool"),
    ("output_size", "22", TypeError, "str"),
    ("output_size", None, TypeError, "NoneType"),
    ("output_size", 2**31, ValueError, "2147483648"),
    ("output_size", 2**31 - 1, ValueError, "bytes"),
    ("sampling_ratio", 2.0, TypeError, "float"),
    ("sampling_ratio", True, TypeError, "bool"),
    ("sampling_ratio", 2**63, ValueError, "9223372036854775808"),
    ("aligned", 1, TypeError, "int"),
    ("aligned", "false", TypeError, "str"),
    ("aligned", None, TypeError, "NoneType"),
]
SINGLE_ONLY = [
    ("x", X[0], ValueError, r"expected shape \(N, C, H, W\), got \(3, 8, 8\)"),
    ("x", X.astype(np.int64), TypeError, "int64"),
    ("x", X.astype(complex), TypeError, "complex128"),
    ("x", None, TypeError, "object"),
    ("x", [[1.0], [1.0, 2.0]], ValueError, "not an array"),
    ("spatial_scale", 0, ValueError, "got 0"),
    ("spatial_scale", -0.5, ValueError, "-0.5"),
    ("spatial_scale", NAN, ValueError, "nan"),
    ("spatial_scale", INF, ValueError, "inf"),
    ("spatial_scale", 1e-60, ValueError, "float32"),
    ("spatial_scale", 1e60, ValueError, "float32"),
    ("spatial_scale", "1", TypeError, "str"),
    ("spatial_scale", True, TypeError, "bool"),
    ("spatial_scale", [1.0], TypeError, "list"),
]
MULTI_ONLY = [
    ("xs", X, TypeError, "ndarray"),
    ("xs", [X], ValueError, r"one feature map per spatial scale \(2\), got 1"),
    ("xs", [X, X[0]], ValueError, r"xs\[1\]: expected shape"),
    ("xs", [X, X.astype(float)], TypeError, r"xs\[1\]: expected dtype float32"),
    ("xs", [X, X[:1]], ValueError, r"xs\[1\]: expected N, C = \(2, 3\)"),
    ("xs", [X, X[:, :2]], ValueError, r"xs\[1\]: expected N, C = \(2, 3\)"),
    ("levels", [0, 1], ValueError, r"expected shape \(3,\), one level per box"),
    ("levels", [0, 2, 0], ValueError, r"levels\[1\] is 2"),
    ("levels", [0, 1, -1], ValueError, r"levels\[2\] is -1"),
    ("levels", [0.0, 1.0, 1.0], TypeError, "float64"),
    ("spatial_scales", [], ValueError, "got none"),
    ("spatial_scales", 1.0, TypeError, "float"),
    ("spatial_scales", [1.0, 0.0], ValueError, r"spatial_scales\[1\]: "),
    ("spatial_scales", [1.0, None], TypeError, r"spatial_scales\[1\]: "),
]


def check(function, arguments, name, value, kind, message):
    with pytest.raises(kind, match=message) as caught:
        function(**{**arguments, name: value})
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"), COMMON + SINGLE_ONLY + [("name", 3, TypeError, "int")]
)
def test_roi_align(name, value, kind, message):
    check(roiops.roi_align, SINGLE, name, value, kind, message)


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"), COMMON + MULTI_ONLY + [("name", 3, TypeError, "int")]
)
def test_multiscale_roi_align(name, value, kind, message):
    check(roiops.multiscale_roi_align, MULTI, name, value, kind, message)


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"),
    [case for case in COMMON + SINGLE_ONLY if "bytes" not in case[3]]
    + [("mode", "median", ValueError, "'avg', 'max'"), ("mode", 1, TypeError, "int")]
    + [("batch_format", "counts", ValueError, "'boxes_num'"), ("batch_format", None, TypeError, "NoneType")],
)
def test_reference(name, value, kind, message):
    def reference_roi_align(boxes_num, **arguments):
        return reference.roi_align(batch=boxes_num, **arguments)

    check(reference_roi_align, SINGLE, name, value, kind, message)


@pytest.mark.parametrize("index", [-1, 2])
def test_reference_batch_indices(index):
    with pytest.raises(
        ValueError, match=rf"^batch_indices: expected values between 0 and 1, .*\[1\] is {index}"
    ):
        reference.roi_align(X, BOXES, [0, index, 1], 2, batch_format="batch_indices")


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"),
    [
        case
        for case in COMMON + SINGLE_ONLY
        if case[0] in ("output_size", "spatial_scale") and "bytes" not in case[3]
    ],
)
def test_class(name, value, kind, message):
    check(roiops.RoIAlign, {"output_size": 2}, name, value, kind, message)
