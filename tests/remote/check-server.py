#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks whether vlmevents can use a real server: check-server.py ADDRESS [PROPERTY=VALUE...]

Asks about four seconds of generated video and prints a line for each kind of question: what came, or what
went wrong. The exit status is 1 if anything did. It says nothing about how good the model is."""
import json
import sys

import gi
gi.require_version('Gst', '1.0')
# pylint: disable=wrong-import-position
from gi.repository import Gst

SOURCE = ('vlmtestsrc seed=7 num-scenes=1 duration=4 add-meta=false'
          ' ! video/x-raw,width=280,height=168,framerate=10/1')
QUESTIONS = {
    'events': {'ground': 'true'},
    'boxes': {'task': 'boxes', 'query': 'circle'},
    'points': {'task': 'points', 'query': 'circle'},
    'text': {'task': 'ocr'},
    'conditions': {'conditions': 'there is a circle'},
    'description': {'task': 'describe'},
}


def play(address, settings):
    """The records of all questions, and the warnings and errors."""
    pipeline = Gst.parse_launch(
        f'{SOURCE} ! vlmevents name=w window=2 fps=2 answers=true max-tokens=256 ! fakesink')
    element = pipeline.get_by_name('w')
    for name, value in settings.items():
        Gst.util_set_object_arg(element, name, value)
    element.set_property('model', address)
    answers, problems = [], []
    pipeline.set_state(Gst.State.PLAYING)
    bus = pipeline.get_bus()
    while True:
        message = bus.timed_pop(Gst.CLOCK_TIME_NONE)
        structure = message.get_structure()
        if message.type == Gst.MessageType.WARNING:
            problems.append(message.parse_warning()[0].message)
        elif message.type == Gst.MessageType.ERROR:
            problems.append(message.parse_error()[0].message)
        elif structure and structure.get_name() == 'vlm-answer':
            answers.append(json.loads(structure.get_string('json')))
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
            break
    pipeline.set_state(Gst.State.NULL)
    return answers, problems


def summary(answers):
    """How many answers, how the model learned the times, and what it wrote first."""
    first = answers[0]
    words = first.get('answer', json.dumps(first.get('value')))
    times = f' times by {first["time_basis"]},' if 'time_basis' in first else ''
    return f'{len(answers)} answers,{times} first: {words[:80]!r}'


def main():
    settings = dict(word.split('=', 1) for word in sys.argv[2:] if '=' in word)
    if len(sys.argv) < 2 or len(settings) != len(sys.argv) - 2:
        sys.exit(__doc__)
    Gst.init(None)
    if Gst.ElementFactory.find('vlmevents') is None:
        sys.exit('vlmevents is not found: source env.sh of the build folder first')
    failed = False
    for name, question in QUESTIONS.items():
        answers, problems = play(sys.argv[1], {**question, **settings})
        failed |= bool(problems) or not answers
        outcome = problems[0] if problems else summary(answers) if answers else 'no answer'
        print(f'{name}: {outcome}', flush=True)
    sys.exit(failed)


if __name__ == '__main__':
    main()
