"""What the service says, as types that its OpenAPI document shows."""

from __future__ import annotations

import base64
from enum import Enum

import numpy as np
from model import Detector, Found
from pictures import draw, encode_png
from pycocotools import mask as coco
from pydantic import BaseModel, Field


class Masks(str, Enum):
    """How masks are written."""

    none = "none"
    rle = "rle"
    png = "png"


class RunLengths(BaseModel):
    """A mask as COCO's compressed run lengths, as pycocotools reads them."""

    size: tuple[int, int] = Field(description="height and width in pixels")
    counts: str


class Object(BaseModel):
    """One object in a picture."""

    box: tuple[float, float, float, float] = Field(
        description="x1, y1, x2, y2 in pixels of the upright picture"
    )
    label: int
    name: str = Field(description="the label's name, or its number where the model has none")
    score: float
    rle: RunLengths | None = None
    png: str | None = Field(None, description="the mask as a PNG file of one bit per pixel, in base64")


class Picture(BaseModel):
    """A picture and its objects in descending order of score."""

    width: int
    height: int
    objects: list[Object]


class Answer(BaseModel):
    """What was found, for each picture in the order of the request."""

    pictures: list[Picture]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


def describe(pixels: np.ndarray, found: Found, detector: Detector, masks: Masks) -> Picture:
    """Write down the objects of a picture (H, W, 3)."""
    objects = [
        Object(box=box, label=label, name=detector.name(label), score=score)
        for box, label, score in zip(found.boxes.tolist(), found.labels.tolist(), found.scores.tolist())
    ]
    if found.masks is not None and masks is not Masks.none:
        for item, mask in zip(objects, found.masks):
            if masks is Masks.rle:
                encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
                item.rle = RunLengths(size=encoded["size"], counts=encoded["counts"].decode())
            else:
                item.png = base64.b64encode(encode_png(mask)).decode()
    return Picture(width=pixels.shape[1], height=pixels.shape[0], objects=objects)


def picture_of(pixels: np.ndarray, found: Found, detector: Detector) -> bytes:
    """Return a PNG file of the picture with the boxes drawn."""
    captions = [
        f"{detector.name(label)} {score:.2f}"
        for label, score in zip(found.labels.tolist(), found.scores.tolist())
    ]
    return encode_png(draw(pixels, found.boxes, found.labels, captions))
