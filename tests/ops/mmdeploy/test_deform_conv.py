"""MMCVDeformConv2d and MMCVModulatedDeformConv2d: the definition, and bad inputs."""

from __future__ import annotations

import mmdeploy_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import DOMAINS, NODE, model, one_node, run, session
from onnx import helper

PLAIN, MODULATED = "MMCVDeformConv2d", "MMCVModulatedDeformConv2d"
ATTRIBUTES = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1, "deform_groups": 1}


def case(
    rng, groups=1, deform_groups=1, channels=4, outputs=6, kernel=(3, 3), size=(5, 6), images=1, **pairs
):
    """Inputs of a modulated convolution in the node's order, and its attributes."""
    pairs = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), **pairs}
    out = [
        (e + 2 * p - d * (k - 1) - 1) // s + 1
        for e, p, d, k, s in zip(size, pairs["padding"], pairs["dilation"], kernel, pairs["stride"])
    ]
    taps = deform_groups * kernel[0] * kernel[1]
    shapes = {
        "x": (images, channels, *size),
        "offset": (images, 2 * taps, *out),
        "mask": (images, taps, *out),
        "weight": (outputs, channels // groups, *kernel),
        "bias": (outputs,),
    }
    feeds = {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    feeds["offset"] *= 3
    attributes = {**{k: list(v) for k, v in pairs.items()}, "groups": groups, "deform_groups": deform_groups}
    return feeds, attributes


def wanted_of(feeds, attributes):
    inputs = [feeds.get(name) for name in ("x", "offset", "mask", "weight", "bias")]
    return oracle.deform_conv(*inputs, **attributes)


def small(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    operator=st.sampled_from([PLAIN, MODULATED]),
    groups=st.sampled_from([1, 2, 3]),
    deform_groups=st.sampled_from([1, 2, 3]),
    factors=small(1, 3),
    kernel=small(1, 3),
    stride=small(1, 2),
    padding=small(0, 2),
    dilation=small(1, 2),
    size=small(5, 7),
    images=st.integers(0, 2),
    with_bias=st.booleans(),
    data=st.data(),
)
def test_convolution_agrees_with_the_definition(
    seed,
    operator,
    groups,
    deform_groups,
    factors,
    kernel,
    stride,
    padding,
    dilation,
    size,
    images,
    with_bias,
    data,
):
    rng = np.random.default_rng(seed)
    channels = groups * deform_groups * factors[0]
    feeds, attributes = case(
        rng,
        groups,
        deform_groups,
        channels,
        groups * factors[1],
        kernel,
        size,
        images,
        stride=stride,
        padding=padding,
        dilation=dilation,
    )
    if operator == PLAIN:
        del feeds["mask"]
    if operator == PLAIN or not with_bias:
        del feeds["bias"]
    feeds["offset"].flat[:: rng.integers(5, 50)] = rng.choice([np.nan, np.inf, -1e30, 0])
    domain = data.draw(st.sampled_from(DOMAINS[operator]))
    wanted = wanted_of(feeds, attributes)
    if operator == PLAIN and domain == "mmdeploy":  # which writes each padding twice
        attributes = {**attributes, "padding": [p for p in padding for _ in range(2)]}
    found = run(operator, feeds, domain=domain, **attributes)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("channels", [16, 24, 72, 40, 3])
def test_many_channels_are_summed_to_the_last(channels):
    # The kernels that came with mmdeploy drop or repeat the rest of an unrolled loop.
    feeds, attributes = case(np.random.default_rng(0), channels=channels, kernel=(1, 1), padding=(0, 0))
    np.testing.assert_allclose(run(MODULATED, feeds, **attributes), wanted_of(feeds, attributes), atol=2e-5)


def test_without_offsets_it_is_a_convolution():
    feeds, attributes = case(np.random.default_rng(0), groups=2, stride=(2, 1), dilation=(1, 2))
    feeds["offset"][:], feeds["mask"][:] = 0, 1
    node = helper.make_node("Conv", ["x", "weight", "bias"], ["y"], group=2, strides=[2, 1], pads=[1] * 4)
    node.attribute.append(helper.make_attribute("dilations", [1, 2]))
    inputs = {name: feeds[name] for name in ("x", "weight", "bias")}
    conv = session(model([node], inputs, ["y"])).run(None, inputs)[0]
    np.testing.assert_allclose(run(MODULATED, feeds, **attributes), conv, atol=2e-5)


def test_blocks_and_threads_change_nothing_that_matters():
    # More output pixels than are multiplied at once.
    feeds, attributes = case(np.random.default_rng(0), channels=64, outputs=5, size=(60, 70), images=2)
    made = one_node(MODULATED, feeds, **attributes)
    one, many = (session(made, intra_op_num_threads=n).run(None, feeds)[0] for n in (1, 4))
    np.testing.assert_allclose(one, many, atol=1e-5)
    part = {**feeds, "offset": feeds["offset"].copy()}
    part["offset"][:, :, 30:] = 1e9
    np.testing.assert_allclose(run(MODULATED, part, **attributes)[:, :, :30], one[:, :, :30], atol=1e-5)
    assert np.abs(one).max() > 1


@pytest.mark.parametrize("operator", [PLAIN, MODULATED])
@pytest.mark.parametrize("missing", ATTRIBUTES)
def test_a_missing_attribute_is_named(operator, missing):
    feeds, attributes = case(np.random.default_rng(0))
    feeds = {k: v for k, v in feeds.items() if operator == MODULATED or k not in ("mask", "bias")}
    attributes.pop(missing)
    with pytest.raises(Exception, match=f"{NODE}': attribute '{missing}' is missing"):
        session(one_node(operator, feeds, **attributes))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"stride": [0, 1]}, r"attribute 'stride' is \[0, 1\]; it must be 2 integers between 1 and"),
        ({"stride": [1]}, r"attribute 'stride' is \[1\]; it must be 2 integers"),
        ({"dilation": [1, -1]}, r"attribute 'dilation' is \[1, -1\]; it must be 2 integers"),
        (
            {"padding": [1, 2, 1, 2]},
            r"attribute 'padding' is \[1, 2, 1, 2\]; four integers must be the height's",
        ),
        ({"padding": [-1, 0]}, r"attribute 'padding' is \[-1, 0\]; it must be 2 integers between 0"),
        ({"groups": 0}, "attribute 'groups' is 0; it must be between 1 and"),
        ({"deform_groups": -2}, "attribute 'deform_groups' is -2; it must be between 1 and"),
    ],
)
def test_a_wrong_attribute_is_named(attributes, message):
    feeds, good = case(np.random.default_rng(0))
    with pytest.raises(Exception, match=f"{NODE}': {message}"):
        session(one_node(MODULATED, feeds, **{**good, **attributes}))


def zeros(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": zeros(4, 5, 6)}, r"'x' has shape \(4, 5, 6\); it must be \(images, channels, height, width\)"),
        ({"x": zeros(1, 4, 0, 6)}, r"'x' has shape \(1, 4, 0, 6\); it must have at least one pixel"),
        ({"x": zeros(1, 0, 5, 6)}, r"'x' has shape \(1, 0, 5, 6\); it must have a channel"),
        ({"x": zeros(2, 4, 5, 6)}, r"'offset' has shape \(1, 18, 5, 6\); it must be \(2, 18, 5, 6\) with"),
        ({"offset": zeros(1, 17, 5, 6)}, r"'offset' has shape \(1, 17, 5, 6\); it must be \(1, 18, 5, 6\)"),
        ({"mask": zeros(1, 9, 5, 5)}, r"'mask' has shape \(1, 9, 5, 5\); it must be \(1, 9, 5, 6\)"),
        (
            {"weight": zeros(6, 3, 3, 3)},
            r"'weight' has shape \(6, 3, 3, 3\); it must be \(output channels, 4,",
        ),
        (
            {"weight": zeros(6, 4, 0, 3)},
            r"'weight' has shape \(6, 4, 0, 3\); kernel height and width must be",
        ),
        (
            {"weight": zeros(6, 4, 9, 3)},
            r"'x' has shape \(1, 4, 5, 6\); the kernel of 'weight', 9 x 3 .*must fit",
        ),
        ({"bias": zeros(5)}, r"'bias' has shape \(5\); it must be \(6\), one for each output channel"),
        ({"groups": 3}, "attribute 'groups' is 3; it must divide the 4 channels of 'x'"),
        ({"deform_groups": 3}, "attribute 'deform_groups' is 3; it must divide the 4 channels of 'x'"),
        (
            {"groups": 4, "weight": zeros(6, 1, 3, 3)},
            "'groups' is 4; it must divide the 6 channels of 'weight'",
        ),
    ],
)
def test_a_wrong_input_is_named(changes, message):
    feeds, attributes = case(np.random.default_rng(0))
    arrays = {k: v for k, v in changes.items() if k in feeds}
    attributes.update({k: v for k, v in changes.items() if k not in feeds})
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run(MODULATED, {**feeds, **arrays}, **attributes)


def test_no_output_channels_give_an_empty_result():
    feeds, attributes = case(np.random.default_rng(0), outputs=0)
    assert run(MODULATED, feeds, **attributes).shape == (1, 0, 5, 6)


def test_a_bias_that_the_plain_operator_cannot_have_is_refused():
    feeds, attributes = case(np.random.default_rng(0))
    feeds = {name: feeds[name] for name in ("x", "offset", "weight")}
    run(PLAIN, feeds, domain="mmcv", bias=0, im2col_step=32, **attributes)
    with pytest.raises(Exception, match=f"{NODE}': attribute 'bias' is 1; it must be 0"):
        session(one_node(PLAIN, feeds, domain="mmcv", bias=1, **attributes))
