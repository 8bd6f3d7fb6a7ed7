#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What vlm-run draws, with a server whose answers are known: test-vlm-run-draw.py VLM-RUN REMOTE TAP"""
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import picture_files

PROGRAM = sys.argv[1]
sys.path[:0] = sys.argv[2:4]
import simulated  # noqa: E402 pylint: disable=wrong-import-position
import tap  # noqa: E402 pylint: disable=wrong-import-position

ENVIRONMENT = {**os.environ, "LC_ALL": "C"}
# A multiple of the model's cells: it sees the pixels of the file. Every line is two pixels wide.
WIDTH, HEIGHT = 700, 560
PIXELS = [[(90 + x % 7, 100 + y % 5, 110) for x in range(WIDTH)] for y in range(HEIGHT)]
# Of the first mark, and of the second one.
RED, GREEN = (217, 0, 0), (0, 217, 63)
TAG = 80   # labels are shorter


@functools.lru_cache(None)
def folder():
    path = tempfile.TemporaryDirectory()
    (pathlib.Path(path.name) / "in.png").write_bytes(picture_files.png(PIXELS))
    return path


def draw(task, answer):
    """The pixels that are drawn, and the answer that is printed."""
    out = pathlib.Path(folder().name) / "out.png"
    with simulated.Server() as server:
        server.say = lambda question: json.dumps(answer)
        command = [PROGRAM, "--model", server.address, "--image", f"{folder().name}/in.png", "--task", task,
                   "--draw", out, "--json", "-q"]
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done
    pixels = picture_files.read_png(out.read_bytes())
    assert (len(pixels[0]), len(pixels)) == (WIDTH, HEIGHT)
    return pixels, json.loads(done.stdout)["answer"]


def is_near(pixel, colour):
    return all(abs(a - b) <= 2 for a, b in zip(pixel, colour))


def changed(pixels, left, top, right, bottom):
    """How many pixels of a part are not those of the file."""
    return sum(pixels[y][x] != PIXELS[y][x] for y in range(top, bottom) for x in range(left, right))


def count(pixels, colour, left, top, right, bottom):
    return sum(is_near(pixels[y][x], colour) for y in range(top, bottom) for x in range(left, right))


def check_edges(pixels, left, top, right, bottom, colour):
    """Both pixels on either side of each edge are of the colour, and those inside are untouched. The label
    is on the beginning of the upper one."""
    for x in range(left + 2, right - 2):
        for y in (bottom - 1, bottom) if x < left + TAG else (top - 1, top, bottom - 1, bottom):
            assert is_near(pixels[y][x], colour), (x, y, pixels[y][x])
    for y in range(top + 2, bottom - 2):
        for x in (left - 1, left, right - 1, right):
            assert is_near(pixels[y][x], colour), (x, y, pixels[y][x])
    assert not changed(pixels, left + 3, top + 3, right - 3, bottom - 3)


def test_boxes():
    """Each box is where it belongs, in a colour of its own, with its label above it; all else is the
    picture."""
    boxes = [{"bbox_2d": [100, 120, 260, 300], "label": "dog"},
             {"bbox_2d": [350, 260, 640, 500], "label": "cat"}]
    pixels, answer = draw("boxes", boxes)
    assert answer == boxes, answer
    for box, colour in zip(boxes, (RED, GREEN)):
        left, top, right, bottom = box["bbox_2d"]
        check_edges(pixels, left, top, right, bottom, colour)
        tag = left, top - 14, left + 30, top - 2
        assert count(pixels, colour, *tag) > 30 and count(pixels, (255, 255, 255), *tag) > 5, tag
        # beside the box, and beyond its label
        assert not changed(pixels, left - 60, top, left - 4, bottom)
        assert not changed(pixels, right + 4, top - 30, min(right + 60, WIDTH), bottom)
        assert not changed(pixels, left, top - 60, right, top - 30)
    assert not changed(pixels, 0, 520, WIDTH, HEIGHT)


def test_points():
    points = [{"point_2d": [200, 150], "label": "lamp"}, {"point_2d": [500, 400], "label": "sign"}]
    pixels, answer = draw("points", points)
    assert answer == points, answer
    for point, colour in zip(points, (RED, GREEN)):
        x, y = point["point_2d"]
        assert count(pixels, colour, x - 3, y - 3, x + 4, y + 4) == 49
        assert not changed(pixels, x - 60, y - 60, x - 7, y + 60)
        assert not changed(pixels, x - 7, y + 8, x + 60, y + 60)
    # between the label of the first one and the second one
    assert not changed(pixels, 300, 160, 480, 390)


def test_text():
    """A box of text has the text itself above it; a quadrilateral has its four corners."""
    lines = [{"bbox_2d": [100, 100, 300, 140], "text_content": "EXIT"},
             {"quad_2d": [400, 200, 600, 260, 600, 300, 400, 240], "text_content": "ONE WAY"}]
    pixels, answer = draw("ocr", lines)
    assert [line["text_content"] for line in answer] == ["EXIT", "ONE WAY"], answer
    check_edges(pixels, 100, 100, 300, 140, RED)
    assert count(pixels, (255, 255, 255), 100, 86, 140, 98) > 5
    # half way along each side
    for x, y in ((500, 230), (600, 280), (500, 270), (400, 220)):
        assert count(pixels, GREEN, x - 1, y - 1, x + 1, y + 1) >= 1, (x, y)
    assert not changed(pixels, 470, 242, 520, 258) and not changed(pixels, 410, 296, 560, 400)
    # from the label of the first one to the second one
    assert not changed(pixels, 250, 145, 390, 400)


def test_nothing():
    """The picture as it is."""
    pixels, answer = draw("boxes", [])
    assert answer == [] and not changed(pixels, 0, 0, WIDTH, HEIGHT)


tap.run_module(__name__)
