#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""All records of the elements fit docs/records.schema.json and are numbered."""
import collections
import json
import os
import pathlib
import sys
import tempfile

try:
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
    import jsonschema
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

import yes_no_model

MODEL = os.environ.get('VLM_TEST_MODEL', f"{os.environ['G_TEST_SRCDIR']}/data/tiny/checkpoint")
# The model of the tests gives random answers, and long ones.
SMALL = f'model={MODEL} min-pixels=784 max-pixels=3136 max-tokens=48 stream-label=gate'


NAMES = ('vlm-event', 'vlm-truth', 'vlm-gap', 'vlm-camera', 'vlm-answer')


def closed(schema):
    """The schema for writers: readers accept members that they do not know, but writers add none."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(part) for key, part in schema.items()}
    if schema.get('type') == 'object' and '$defs' not in schema:
        schema['additionalProperties'] = False
    return schema


def play(pipeline):
    """The records on the bus in one run."""
    bus = pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    said = []
    while message := bus.timed_pop(120 * Gst.SECOND):
        if message.type == Gst.MessageType.ERROR:
            sys.exit(message.parse_error()[0].message)
        structure = message.get_structure()
        if structure and structure.get_name() in NAMES:
            said.append((structure.get_name(), structure.get_string('json'),
                         structure.get_string('event-uid'), structure.get_value('seq')))
        if message.type == Gst.MessageType.EOS:
            break
    else:
        sys.exit('the pipeline did not end')
    pipeline.set_state(Gst.State.NULL)
    return said


def run_twice(line, folder):
    """The records of two runs of one pipeline, from the files and the bus."""
    pipeline = Gst.parse_launch(line)
    for name in ('truth', 'found'):
        element = pipeline.get_by_name(name)
        if element:
            key = 'truth-location' if name == 'truth' else 'location'
            element.set_property(key, str(folder / name))
    runs = []
    for _ in range(2):
        said = play(pipeline)
        written = {name: (folder / name).read_text().splitlines()
                   for name in ('truth', 'found') if (folder / name).exists()}
        runs.append((said, written))
    return runs


def check_numbers(records):
    """`seq` grows, the pair is unique, an event keeps its uid and no other has it."""
    numbers = [record['seq'] for record in records]
    assert numbers == sorted(set(numbers)), numbers
    pairs = [(record['event_uid'], record['seq']) for record in records]
    assert len(set(pairs)) == len(pairs)
    states = collections.defaultdict(list)
    for record in records:
        states[record['event_uid']].append((record['state'], record.get('id')))
    for uid, life in states.items():
        assert sum(state in ('end', 'gap', 'answer') for state, _ in life) <= 1, (uid, life)
        assert len({number for _, number in life}) == 1, (uid, life)


def check_runs(runs, validator):
    """Checks both runs of one pipeline; returns the types that occurred."""
    met = collections.Counter()
    uids = []
    for said, written in runs:
        texts = [text for _, text, _, _ in said]
        records = [json.loads(text) for text in texts]
        for record, (name, _, uid, seq) in zip(records, said):
            validator.validate(record)
            assert name == f"vlm-{record['type']}", (name, record)
            assert (uid, seq) == (record['event_uid'], record['seq'])
            met[record['type']] += 1
        for name, lines in written.items():
            assert lines, f'nothing was written to {name}'
            for line in lines:
                validator.validate(json.loads(line))
                assert line in texts, line
            if name == 'found':
                ours = [text for kind, text, _, _ in said if kind != 'vlm-truth']
                assert lines == ours, 'the pad and the bus differ'
        uids.append({record['event_uid'] for record in records})
    assert not uids[0] & uids[1], 'an event_uid came again after a restart'
    for truth in (True, False):
        both = [json.loads(text) for said, _ in runs for name, text, _, _ in said
                if (name == 'vlm-truth') == truth]
        check_numbers(both)
    return met


def test_events(validator, folder):
    line = ('vlmtestsrc name=truth seed=7 num-scenes=2 duration=4 add-meta=false'
            ' ! video/x-raw,width=160,height=120,framerate=10/1'
            f' ! vlmevents name=w {SMALL} fps=2 window=2 hop=1 ground=true queries="a circle;a square"'
            ' ! fakesink  w.events ! application/x-json ! filesink name=found')
    met = check_runs(run_twice(line, folder), validator)
    assert met['event'] > 0 and met['truth'] > 0, met


def test_answers(validator, folder):
    (folder / 'schema.json').write_text('{"type": "object", "properties": {"n": {"type": "integer"}}}')
    for settings in (f'schema-file={folder}/schema.json', 'answers=true ground=true'):
        line = ('vlmtestsrc seed=7 num-scenes=1 duration=4 add-meta=false'
                ' ! video/x-raw,width=160,height=120,framerate=10/1'
                f' ! vlmevents name=w {SMALL} fps=2 window=2 hop=1 {settings}'
                ' ! fakesink  w.events ! application/x-json ! filesink name=found')
        met = check_runs(run_twice(line, folder), validator)
        assert met['answer'] > 0, met


def test_gaps(validator, folder):
    line = ('videotestsrc pattern=black num-buffers=40 ! video/x-raw,width=160,height=120,framerate=10/1'
            f' ! vlmevents name=w {SMALL} window=2 skip-still=true'
            ' ! fakesink  w.events ! application/x-json ! filesink name=found')
    met = check_runs(run_twice(line, folder), validator)
    assert met['gap'] > 0, met


def test_camera(validator, folder):
    line = ('videotestsrc pattern=black num-buffers=40 ! video/x-raw,width=160,height=120,framerate=10/1'
            f' ! vlmevents name=w {SMALL} window=2 skip-still=true camera-events=black'
            ' ! fakesink  w.events ! application/x-json ! filesink name=found')
    met = check_runs(run_twice(line, folder), validator)
    assert met['camera'] == 4, met


def test_conditions(validator, folder):
    model = yes_no_model.make(f"{os.environ['G_TEST_SRCDIR']}/data/tiny/checkpoint", folder / 'model')
    line = ('vlmtestsrc seed=7 num-scenes=1 duration=6 add-meta=false'
            ' ! video/x-raw,width=160,height=120,framerate=10/1'
            f' ! vlmevents name=w model={model} min-pixels=784 max-pixels=3136 fps=2 window=2 hop=1'
            ' conditions="gate=the gate is open; it rains"'
            ' ! fakesink  w.events ! application/x-json ! filesink name=found')
    met = check_runs(run_twice(line, folder), validator)
    assert met['event'] > 0, met


def test_refused(validator, folder):
    """The schema refuses wrong records."""
    gap = {'type': 'gap', 'schema_version': 1, 'event_uid': 'a', 'seq': 1, 'state': 'gap',
           'reason': 'still', 'start': {'stream_time': 1.0}, 'end': {'stream_time': 2.0}}
    assert validator.is_valid(gap)
    for change in ({'seq': 0}, {'event_uid': ''}, {'type': 'event'}, {'schema_version': 2},
                   {'reason': 'because'}, {'start': {'stream_time': '1'}}, {'more': 1}):
        assert not validator.is_valid({**gap, **change}), change


Gst.init(None)
schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
jsonschema.Draft202012Validator.check_schema(schema)
strict = closed(schema)
tests = (test_events, test_answers, test_gaps, test_camera, test_conditions, test_refused)
print(f'1..{len(tests)}')
failed = False
for number, test in enumerate(tests, 1):
    with tempfile.TemporaryDirectory() as name:
        try:
            test(jsonschema.Draft202012Validator(strict), pathlib.Path(name))
            print(f'ok {number} {test.__name__}')
        except (AssertionError, jsonschema.ValidationError) as error:
            failed = True
            print('#', str(error).replace('\n', '\n# '))
            print(f'not ok {number} {test.__name__}')
sys.exit(failed)
