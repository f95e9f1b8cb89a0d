"""Pictures from strangers: decoding within limits, and drawing what was found."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG")
_JPEG_SCAN = b"\xff\xda"
_MOST_JPEG_SCANS = 64  # encoders write about ten; each costs a pass over all pixels, however small its data
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#f032e6")


class RefusedError(Exception):
    """A picture, or a request, that is not served.

    Args:
        status: the HTTP status that says so.
        detail: what was found and what was wanted.
    """

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status = status
        self.detail = detail


def decode(data: bytes, most_pixels: int) -> np.ndarray:
    """Decode a JPEG or PNG file to (H, W, 3) uint8, red green blue, upright as its EXIF data say.

    Of an animation that is its first frame. Transparent parts lie on white, 16 bits are scaled to 8.

    Raises:
        RefusedError: 415 for other files, 413 for more pixels than ``most_pixels``, 400 for damaged files.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > most_pixels:
                raise RefusedError(413, f"{width} × {height} pixels; at most {most_pixels} are taken")
            if picture.format == "JPEG" and data.count(_JPEG_SCAN) > _MOST_JPEG_SCANS:
                raise RefusedError(400, f"a JPEG file of more than {_MOST_JPEG_SCANS} scans")
            picture.load()
            return np.asarray(_to_rgb(ImageOps.exif_transpose(picture)))
    except UnidentifiedImageError as error:
        raise RefusedError(415, f"expected a {' or '.join(FORMATS)} file, got something else") from error
    except Image.DecompressionBombError as error:
        raise RefusedError(413, f"too many pixels; at most {most_pixels} are taken") from error
    except RefusedError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly every type there is at damaged files
        raise RefusedError(400, f"the picture cannot be decoded: {error}") from error


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # convert() would clip 16 bits to 255
        eight_bits = np.asarray(picture).astype(np.int64).clip(0, 65535) >> 8
        picture = Image.fromarray(eight_bits.astype(np.uint8))
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return picture.convert("RGB")


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode (H, W) bool or (H, W, 3) uint8."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def draw(pixels: np.ndarray, boxes: np.ndarray, labels: np.ndarray, captions: Sequence[str]) -> np.ndarray:
    """Return a copy with boxes (K, 4), in a colour for each label (K,), and their captions drawn on it."""
    picture = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(picture)
    width = max(2, min(picture.size) // 200)
    for box, label, caption in zip(boxes, labels, captions):
        colour = _COLOURS[int(label) % len(_COLOURS)]
        x1, y1, x2, y2 = box.tolist()
        if x1 <= x2 and y1 <= y2:
            canvas.rectangle((x1, y1, x2, y2), outline=colour, width=width)
            text = canvas.textbbox((x1 + width, y1 + width), caption)
            canvas.rectangle(text, fill=colour)
            canvas.text(text[:2], caption, fill="white")
    return np.asarray(picture)
