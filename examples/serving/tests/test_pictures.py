from __future__ import annotations

import io

import numpy as np
import pytest
from pictures import RefusedError, decode, draw, encode_png
from PIL import Image

ROWS, COLUMNS = np.mgrid[:6, :9]
PIXELS = np.stack([ROWS * 40, COLUMNS * 25, ROWS * 0 + 77], 2).astype(np.uint8)


def png(picture: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


def test_rgb_is_itself():
    np.testing.assert_array_equal(decode(png(Image.fromarray(PIXELS)), 54), PIXELS)


def test_sixteen_bits_are_scaled():
    grey = (ROWS * 9 + COLUMNS).astype(np.uint16) * 1000
    decoded = decode(png(Image.fromarray(grey)), 54)
    np.testing.assert_array_equal(decoded, np.repeat((grey >> 8)[..., None], 3, 2))


def test_transparent_parts_are_white():
    alpha = np.where(ROWS < 3, 255, 0).astype(np.uint8)
    decoded = decode(png(Image.fromarray(np.dstack([PIXELS, alpha]))), 54)
    np.testing.assert_array_equal(decoded[:3], PIXELS[:3])
    assert (decoded[3:] == 255).all()


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, PIXELS),
        (2, PIXELS[:, ::-1]),
        (3, PIXELS[::-1, ::-1]),
        (4, PIXELS[::-1]),
        (5, PIXELS.swapaxes(0, 1)),
        (6, np.rot90(PIXELS, -1)),
        (7, np.rot90(PIXELS, 2).swapaxes(0, 1)),
        (8, np.rot90(PIXELS)),
        (9, PIXELS),
    ],
)
def test_exif_orientation(orientation, turned):
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode(png(Image.fromarray(PIXELS), exif=exif), 54), turned)


def test_first_frame_of_an_animation():
    frames = [Image.fromarray(PIXELS), Image.new("RGB", (9, 6), "red")]
    decoded = decode(png(frames[0], save_all=True, append_images=frames[1:]), 54)
    np.testing.assert_array_equal(decoded, PIXELS)


def test_limit_of_pixels():
    data = png(Image.fromarray(PIXELS))
    with pytest.raises(RefusedError, match="9 × 6 pixels; at most 53") as refused:
        decode(data, 53)
    assert refused.value.status == 413


def test_drawing():
    blank = np.zeros((50, 80, 3), np.uint8)
    boxes = np.array([[10, 20, 60, 45], [70, 40, 5, 5], [-9, -9, 1e9, 1e9]], np.float32)
    drawn = draw(blank, boxes, np.array([0, 1, -1]), ["a", "b", "c"])
    assert drawn[20, 40].any() and drawn[32, 10].any() and not drawn[35, 40].any()
    assert not blank.any()
    np.testing.assert_array_equal(decode(encode_png(drawn), 4000), drawn)
