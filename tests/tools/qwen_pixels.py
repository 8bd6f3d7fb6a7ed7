# SPDX-License-Identifier: LGPL-2.1-or-later
"""From uint8 pictures to the patches that the vision tower reads, in numpy."""
import math

import numpy as np

UNIT = 28                       # pixels a side of a merged cell
VIDEO_MIN, VIDEO_MAX = 128 * 784, 768 * 784
VIDEO_TOTAL = 128000 * 784 * 0.9
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def target_size(height, width, min_pixels, max_pixels):
    """Multiples of 28 near the size given, within the area limits."""
    if max(height, width) > 200 * min(height, width):
        raise ValueError("aspect ratio above 200")
    sides = [round(side / UNIT) * UNIT for side in (height, width)]
    if sides[0] * sides[1] > max_pixels:
        shrink = math.sqrt(height * width / max_pixels)
        sides = [max(UNIT, math.floor(side / shrink / UNIT) * UNIT) for side in (height, width)]
    elif sides[0] * sides[1] < min_pixels:
        grow = math.sqrt(min_pixels / (height * width))
        sides = [math.ceil(side * grow / UNIT) * UNIT for side in (height, width)]
    return tuple(sides)


def video_limits(n_frames, video):
    """(min, max) pixels of a frame: the budget of the whole clip, shared."""
    low = video.get("min_pixels", VIDEO_MIN)
    high = max(min(VIDEO_MAX, video.get("total_pixels", VIDEO_TOTAL) / n_frames * 2), int(low * 1.05))
    return low, min(video.get("max_pixels", high), high)


def cubic(x):
    """Keys' kernel with a = -1/2."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def filter_matrix(n_in, n_out):
    """[n_out, n_in], rows sum to one; widened when shrinking (antialias)."""
    matrix = np.zeros((n_out, n_in))
    scale = n_in / n_out
    stretch = max(scale, 1.0)
    for row in range(n_out):
        center = (row + 0.5) * scale
        first = max(int(center - 2.0 * stretch + 0.5), 0)
        last = min(int(center + 2.0 * stretch + 0.5), n_in)
        taps = cubic((np.arange(first, last) + 0.5 - center) / stretch)
        matrix[row, first:last] = taps / taps.sum()
    return matrix


def _fixed_point_pass(picture, n_out):
    """Along axis 1, as Pillow does for 8-bit images: 22 fractional bits, and
    the result rounded and clipped."""
    if picture.shape[1] == n_out:
        return picture
    scaled = filter_matrix(picture.shape[1], n_out) * (1 << 22)
    taps = np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int64)
    total = np.einsum("ywc,ow->yoc", picture.astype(np.int64), taps) + (1 << 21)
    return np.clip(total >> 22, 0, 255).astype(np.uint8)


def resize_image(picture, height, width):
    """[H, W, 3] uint8, horizontal pass first."""
    across = _fixed_point_pass(picture, width)
    return _fixed_point_pass(across.swapaxes(0, 1), height).swapaxes(0, 1)


def fused(a, b, c):
    """a * b + c of f32 with one rounding. The product is exact in f64; the sum
    is rounded to odd there, so that rounding it again does no harm."""
    product = np.multiply(a, b, dtype=np.float64)
    total = product + c
    part = total - product
    lost = (product - (total - part)) + (c - part)
    even = (total.view(np.int64) & 1) == 0
    odd = np.nextafter(total, np.copysign(np.inf, lost))
    return np.where((lost != 0) & even, odd, total).astype(np.float32)


def float_taps(n_in, n_out):
    """(first, weights) of each output, rounded as in the reference: f32, but
    halves are added in f64."""
    f32 = np.float32
    scale = f32(n_in) / f32(n_out)
    stretch = max(scale, f32(1))
    for o in range(n_out):
        center = f32(float(scale) * (o + 0.5))
        first = max(int(float(center - f32(2) * stretch) + 0.5), 0)
        last = min(int(float(center + f32(2) * stretch) + 0.5), n_in)
        offset = (np.arange(first, last).astype(f32) - center).astype(np.float64)
        x = np.abs(((offset + 0.5) * float(f32(1) / stretch)).astype(f32))
        near = fused(fused(f32(1.5), x, f32(-2.5)) * x, x, f32(1))
        far = fused(fused(fused(f32(-0.5), x, f32(2.5)), x, f32(-4)), x, f32(2))
        weights = np.select([x < 1, x < 2], [near, far], f32(0))
        yield first, weights / np.add.accumulate(weights)[-1]


def _float_pass(values, n_out):
    """Along axis 1. Taps after the first go in fours, each product rounded and
    added in order; the one to three that are left are fused with the sum."""
    if values.shape[1] == n_out:
        return values
    out = np.empty((values.shape[0], n_out, values.shape[2]), np.float32)
    for o, (first, weights) in enumerate(float_taps(values.shape[1], n_out)):
        total = values[:, first] * weights[0]
        n_rounded = 1 + (len(weights) - 1) // 4 * 4
        for k in range(1, len(weights)):
            sample = values[:, first + k]
            total = total + sample * weights[k] if k < n_rounded else fused(sample, weights[k], total)
        out[:, o] = total
    return out


def resize_frame(frame, height, width):
    """As torchvision resizes frames of a clip on x86, to the last bit: f32
    between the passes, one rounding at the end."""
    across = _float_pass(frame.astype(np.float32), width)
    values = _float_pass(across.swapaxes(0, 1), height).swapaxes(0, 1)
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def patches(frames):
    """[T, H, W, 3] uint8 -> rows [t * h * w, 3 * 2 * 14 * 14] in merge order and
    the grid (t, h, w). An odd last frame is doubled."""
    if len(frames) % 2:
        frames = np.concatenate([frames, frames[-1:]])
    values = (frames * (1 / 255)).astype(np.float32)
    values = (values - MEAN) / STD
    t, h, w = len(frames) // 2, frames.shape[1] // 14, frames.shape[2] // 14
    #                       t  pair  cy     y in cell, y     cx      x in cell, x   channel
    values = values.reshape(t, 2, h // 2, 2, 14, w // 2, 2, 14, 3)
    values = np.moveaxis(values, (0, 2, 5, 3, 6, 8, 1, 4, 7), range(9))
    return np.ascontiguousarray(values).reshape(t * h * w, -1), (t, h, w)
