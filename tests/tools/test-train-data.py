#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The training data of the demo model is right: questions, answers and
statements are compared with the scenes that they are about.

  test-train-data.py TRAIN LIBRARY
"""
import json
import os
import sys

TRAIN, LIBRARY = sys.argv[1:]
os.environ["VLM_LIBRARY"] = LIBRARY
sys.dont_write_bytecode = True
sys.path.insert(0, TRAIN)

import numpy as np  # noqa: E402

import data  # noqa: E402
import statements  # noqa: E402
import text  # noqa: E402
from scenes import LABELS  # noqa: E402

CLIPS = 150
number = 0


def report(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)


def read(ids):
    return text.TOKENIZER.decode(ids)


def items(answer):
    """Of an answer in a fence."""
    return json.loads(answer.removeprefix("```json").removesuffix("```"))


def test_tokens():
    one = [text.TOKENIZER.encode(word) for word in (text.YES, text.NO, "7", " circle", " red")]
    report(all(len(ids) == 1 for ids in one), "/train/tokens/one")
    question = text.yes_no_question("a red circle is in view", True)
    report(read(text.TOKENIZER.encode(question)) == question, "/train/tokens/back")


def test_clips(rng):
    sound = {"list": True, "seconds": True, "yes": True}
    truths = []
    for _ in range(CLIPS):
        sample = data.video(rng, 4, 3, 4, render=False)
        duration = 4 * 60 * 31
        (_, listed, owners), = sample.branches[0]
        found = items(read(listed[:-1]))
        sound["list"] &= [e["description"] for e in found] == [e.description for e in sample.events]
        sound["list"] &= owners == [e.owner for e in sample.events]
        sound["seconds"] &= all(0 <= e.start <= e.end <= duration for e in sample.events)
        for question, answer, _ in sample.branches[2]:
            asked, told = read(question), read(answer[:-1])
            sound["yes"] &= told in (text.YES, text.NO)
            truths.append(told == text.YES)
            statement = asked.split(": '")[1].split("'?")[0]
            for label in LABELS:
                if statement in (f"{a} {label} is in view" for a in ("a", "an", "the")):
                    sound["yes"] &= (told == text.YES) == any(LABELS[e.label] == label for e in sample.events)
    for name, good in sound.items():
        report(good, f"/train/clips/{name}")
    report(0.3 < np.mean(truths) < 0.7, "/train/clips/balance")


def is_inside(point, box):
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def check_places(answer, owners, boxes):
    """Every box and point of an answer is where its object is."""
    for item, owner in zip(items(answer), owners):
        box = boxes[owner]
        if "point_2d" in item:
            # points are rounded to tens
            if not is_inside(item["point_2d"], box + np.array([-5, -5, 5, 5])):
                return False
        elif np.abs(np.array(item["bbox_2d"]) - box).max() >= 5:
            return False
    return True


def test_pictures(rng):
    sound = {"places": True, "numbers": True}
    n_points = 0
    for _ in range(CLIPS):
        sample = data.image(rng, 6, 8, render=False)
        boxes = sample.boxes[0]
        n = int((~np.isnan(boxes[:, 0])).sum())
        for question, answer, owners in sample.branches[0] + sample.branches[1]:
            told = read(answer[:-1])
            if told.startswith("```"):
                sound["places"] &= check_places(told, owners, boxes)
                n_points += "point_2d" in told
        sound["numbers"] &= read(sample.branches[2][0][1][:-1]) == str(n)
    for name, good in sound.items():
        report(good, f"/train/pictures/{name}")
    report(n_points > CLIPS // 4, "/train/pictures/points")


def test_statements():
    """Of one object that comes from the left and disappears."""
    comes = (text.SIDE, 0, text.NOWHERE, None)
    expected = {"is in view": True, "moves": True, "stays": False, "enters": True, "leaves": False,
                "appears": False, "disappears": True, "enters from the left": True,
                "enters from the right": False, "leaves to the left": False}
    forms = {form: key for key, form in text.STATEMENTS}
    said = {words: statements._holds(forms["{} " + words], comes, 2.0) for words in expected}
    report(said == expected, "/train/statements/truth")
    stays = (text.BEFORE, None, text.BEFORE, None)
    report(statements._holds(text.MOVES_AT_ALL, stays, np.nan) is None
           and statements._holds(text.MOVES_AT_ALL, stays, 0.0) is False, "/train/statements/fidgets")


test_tokens()
test_clips(np.random.default_rng(1))
test_pictures(np.random.default_rng(2))
test_statements()
print(f"1..{number}")
