"""What the operators of mmdeploy and mmcv compute, in float64, written for reading: one output at a time.

The definitions are those of mmcv's PyTorch operators and of PyTorch. They share no code with the kernels.
Operators that are other names of ours have their oracle in ``roiops.reference``.
"""

from __future__ import annotations

import math

import numpy as np


def grid_sampler(x, grid, interpolation_mode, padding_mode, align_corners):
    """torch.nn.functional.grid_sample: x (N, C, H, W), grid (N, OH, OW, 2) -> (N, C, OH, OW)."""
    images, channels, height, width = x.shape
    out = np.zeros((images, channels, *grid.shape[1:3]))

    def to_pixels(value, size):
        value = -1.0 if math.isnan(value) else float(value)
        return (value + 1) / 2 * (size - 1) if align_corners else ((value + 1) * size - 1) / 2

    def padded(at, size):
        if padding_mode == 2:
            low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
            if low == high:
                at = low
            while low < high and not low <= at <= high:
                at = 2 * low - at if at < low else 2 * high - at
        return min(max(at, 0.0), size - 1.0) if padding_mode else at

    def pixel(n, row, column):
        if 0 <= row < height and 0 <= column < width:
            return x[n, :, int(row), int(column)].astype(np.float64)
        return np.zeros(channels)

    def cubic(d):
        d = abs(d)
        if d <= 1:
            return 1.25 * d**3 - 2.25 * d**2 + 1
        return -0.75 * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0

    for n, i, j in np.ndindex(images, *grid.shape[1:3]):
        column, row = to_pixels(grid[n, i, j, 0], width), to_pixels(grid[n, i, j, 1], height)
        if interpolation_mode == 2:
            value = np.zeros(channels)
            for r in range(math.floor(row) - 1, math.floor(row) + 3):
                for c in range(math.floor(column) - 1, math.floor(column) + 3):
                    weight = cubic(row - r) * cubic(column - c)
                    value += weight * pixel(n, padded(r, height), padded(c, width))
        elif interpolation_mode == 1:
            value = pixel(n, round(padded(row, height)), round(padded(column, width)))
        else:
            value = bilinear(x[n], padded(row, height), padded(column, width))
        out[n, :, i, j] = value
    return out


def bilinear(planes, row, column):
    """The value of every plane (C, H, W) at a point, where all around them is 0."""
    _, height, width = planes.shape
    value = np.zeros(len(planes))
    for r in (math.floor(row), math.floor(row) + 1):
        for c in (math.floor(column), math.floor(column) + 1):
            if 0 <= r < height and 0 <= c < width:
                value += (1 - abs(row - r)) * (1 - abs(column - c)) * planes[:, r, c].astype(np.float64)
    return value


def overlap(a, b, offset=0.0, epsilon=0.0):
    """IoU of two boxes x1 y1 x2 y2 whose sides count ``offset`` more pixels."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    area_a, area_b = (np.prod(box[2:] - box[:2] + offset) for box in (a, b))
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]) + offset
    shared = np.prod(np.maximum(sides, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return shared / (area_a + area_b - shared + epsilon)


def by_score(scores):
    return [int(i) for i in np.argsort(-scores, kind="stable") if not np.isnan(scores[i])]


def nms(boxes, scores, iou_threshold, offset):
    """mmcv.ops.nms: the boxes kept, by descending score."""
    kept = []
    for i in by_score(scores):
        if not any(overlap(boxes[k], boxes[i], offset) > iou_threshold for k in kept):
            kept.append(i)
    return np.array(kept, np.int64)


def nms_match(boxes, scores, iou_threshold, score_threshold):
    """mmcv.ops.nms_match by image and class: rows of image, class, box kept, box that it suppressed."""
    rows = []
    for image, of_class in np.ndindex(scores.shape[:2]):
        score = scores[image, of_class]
        left = by_score(score)
        while left:
            kept, *left = left
            with np.errstate(invalid="ignore"):
                falls = [
                    overlap(boxes[image, kept], boxes[image, i], 0, 1e-10) >= iou_threshold for i in left
                ]
            if score[kept] > score_threshold:
                rows += [(image, of_class, kept, i) for i, fall in zip(left, falls) if fall]
            left = [i for i, fall in zip(left, falls) if not fall]
    return np.array(rows, np.int64).reshape(-1, 4)


def soft_nms(boxes, scores, iou_threshold, sigma, min_score, method, offset):
    """mmcv.ops.soft_nms: the boxes with their decayed scores, and their indices, in the order of picking."""
    left = [(i, float(s)) for i, s in enumerate(scores) if not np.isnan(s)]
    picked = []
    while left:
        best = max(range(len(left)), key=lambda j: (left[j][1], -j))
        left[0], left[best] = left[best], left[0]
        index, score = left.pop(0)
        picked.append((index, score))
        j = 0
        while j < len(left):
            i, s = left[j]
            iou = overlap(boxes[index], boxes[i], offset)
            if method == 2:
                s *= 1.0 if np.isnan(iou) else math.exp(-(iou**2) / sigma)
            elif iou >= iou_threshold:
                s *= 1 - iou if method == 1 else 0
            left[j] = (i, s)
            if s < min_score:
                left[j] = left[-1]
                left.pop()
            else:
                j += 1
    indices = np.array([i for i, _ in picked], np.int64)
    decayed = np.array([s for _, s in picked])
    return np.column_stack([boxes[indices].astype(np.float64).reshape(-1, 4), decayed]), indices


def running_extreme(x, dim, largest):
    """torch.cummax or cummin: values and indices, of equal values the later one; NaN stays."""
    lines = np.moveaxis(np.atleast_1d(x), dim, -1)
    values, indices = np.empty(lines.shape), np.empty(lines.shape, np.int64)
    for at in np.ndindex(lines.shape[:-1]):
        best = 0
        for i, value in enumerate(lines[at]):
            current = lines[at][best]
            if np.isnan(value) or (
                not np.isnan(current) and (value >= current if largest else value <= current)
            ):
                best = i
            values[at][i], indices[at][i] = lines[at][best], best
    return tuple(np.moveaxis(a, -1, dim).reshape(np.shape(x)) for a in (values, indices))


def corner_pool(x, mode):
    """mmcv's CornerPool: 0 top, 1 bottom, 2 left, 3 right: the maximum of what lies beyond each pixel."""
    axis, reverse = (2, mode == 0) if mode < 2 else (3, mode == 2)
    flipped = np.flip(x, axis) if reverse else x
    found = np.maximum.accumulate(flipped.astype(np.float64), axis)
    return np.flip(found, axis) if reverse else found


def deform_conv(x, offset, mask, weight, bias, stride, padding, dilation, groups, deform_groups):
    """mmcv's modulated_deform_conv2d; mask None is 1 everywhere, bias None is 0. Pairs are height, width."""
    images, channels = x.shape[:2]
    outputs, group_channels, kernel_height, kernel_width = weight.shape
    out = np.zeros((images, outputs, *offset.shape[2:]))
    for n, i, j in np.ndindex(images, *offset.shape[2:]):
        for r, c in np.ndindex(kernel_height, kernel_width):
            tap = r * kernel_width + c
            value = np.zeros(channels)
            for d in range(deform_groups):
                moved = range(d * channels // deform_groups, (d + 1) * channels // deform_groups)
                at = d * kernel_height * kernel_width + tap
                row = i * stride[0] - padding[0] + r * dilation[0] + float(offset[n, 2 * at, i, j])
                column = j * stride[1] - padding[1] + c * dilation[1] + float(offset[n, 2 * at + 1, i, j])
                if np.isfinite(row) and np.isfinite(column):
                    value[moved] = bilinear(x[n, moved], row, column)
                    value[moved] *= 1 if mask is None else float(mask[n, at, i, j])
            for o in range(outputs):
                first = o // (outputs // groups) * group_channels
                out[n, o, i, j] += value[first : first + group_channels] @ weight[o, :, r, c].astype(
                    np.float64
                )
    return out if bias is None else out + bias.astype(np.float64)[:, None, None]


def deformable_attention(value, shapes, starts, locations, weights):
    """mmcv's multi_scale_deformable_attn: value (N, S, M, D) -> (N, Q, M * D)."""
    images, _, heads, channels = value.shape
    queries = locations.shape[1]
    out = np.zeros((images, queries, heads, channels))
    for n, q, m, level, p in np.ndindex(*locations.shape[:5]):
        height, width = (int(size) for size in shapes[level])
        pixels = value[n, starts[level] : starts[level] + height * width, m]
        planes = pixels.T.reshape(channels, height, width)
        column, row = locations[n, q, m, level, p].astype(np.float64) * (width, height) - 0.5
        if np.isfinite(row) and np.isfinite(column):
            out[n, q, m] += float(weights[n, q, m, level, p]) * bilinear(planes, row, column)
    return out.reshape(images, queries, heads * channels)


def rotated_feature_align(features, boxes, spatial_scale, points):
    """mmcv's rotated_feature_align: the features plus those at the points of each pixel's box."""
    images, _, height, width = features.shape
    out = features.astype(np.float64)
    for n, i, j in np.ndindex(images, height, width):
        y, x, w, h = boxes[n, i, j, :4].astype(np.float64) * spatial_scale
        along = np.array([math.sin(boxes[n, i, j, 4]), math.cos(boxes[n, i, j, 4])]) * w / 2
        across = np.array([math.cos(boxes[n, i, j, 4]), -math.sin(boxes[n, i, j, 4])]) * h / 2
        corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)] if points == 5 else []
        for u, v in [(0, 0), *corners]:
            row, column = np.array([y, x]) + u * along + v * across
            if -1 <= row <= height and -1 <= column <= width:
                row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
                out[n, :, i, j] += bilinear(features[n], row, column)
    return out
