#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Conditions through a pipeline: which models can answer them, and what comes out."""
import json
import os
import pathlib
import sys
import tempfile

try:
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

import yes_no_model

TINY = f"{os.environ['G_TEST_SRCDIR']}/data/tiny/checkpoint"
SOURCE = ('vlmtestsrc seed=7 num-scenes=1 duration=6 add-meta=false'
          ' ! video/x-raw,width=160,height=120,framerate=10/1')
SMALL = 'min-pixels=784 max-pixels=3136 max-tokens=48 window=2 hop=1'


def play(line, keep=None):
    """The records of events on the bus, and the error, if there is one; those of answers are kept."""
    pipeline = Gst.parse_launch(line)
    bus = pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    records, answers = [], []
    error = None
    while message := bus.timed_pop(120 * Gst.SECOND):
        if message.type == Gst.MessageType.ERROR:
            error = message.parse_error()[0].message
        structure = message.get_structure()
        if structure and structure.get_name() == 'vlm-event':
            records.append(json.loads(structure.get_string('json')))
        if structure and structure.get_name() == 'vlm-answer':
            answers.append(json.loads(structure.get_string('json')))
        if message.type in (Gst.MessageType.EOS, Gst.MessageType.ERROR):
            break
    else:
        sys.exit('the pipeline did not end')
    pipeline.set_state(Gst.State.NULL)
    if keep is not None:
        keep += answers
    return records, error


def test_no_words(folder):
    """A vocabulary without the words is refused when the model loads, and the error names the words."""
    line = f'{SOURCE} ! vlmevents model={TINY} {SMALL} %s ! fakesink'
    records, error = play(line % 'conditions="the gate is open"')
    assert error and '"yes"' in error, error
    assert not records, records
    _, error = play(line % 'conditions=" ; "')
    assert error is None, error


def test_records(folder):
    model = yes_no_model.make(TINY, folder / 'model')
    lines, cues = folder / 'found.jsonl', folder / 'cues.txt'
    records, error = play(
        f'{SOURCE} ! vlmevents name=w model={model} {SMALL}'
        ' conditions="gate=the gate is open; it rains" ! fakesink'
        f' w.events_0 ! application/x-json ! filesink location={lines}'
        f' w.events_1 ! text/x-raw ! filesink location={cues}')
    assert error is None, error
    assert [json.loads(line) for line in lines.read_text().splitlines()] == records
    lives = {}
    for record in records:
        # With conditions alone, there is no other question.
        assert (record['condition'], record['query']) in (
            ('gate', 'the gate is open'), ('it rains', 'it rains')), record
        assert record['label'] == record['condition'] and record['description'] == record['query']
        newest = record['probabilities'][-1]
        if newest['mass'] >= 0.05:
            assert newest == {'stream_time': record['window']['end'],
                              'probability': record['probability'], 'mass': record['mass']}
        assert record['window']['end'] - record['window']['start'] <= 2.0, record
        lives.setdefault(record['event_uid'], []).append(record['state'])
    assert lives, 'nothing held'
    for states in lives.values():
        assert states[0] == 'begin' and states[-1] == 'end', states
        assert set(states[1:-1]) <= {'update'}, states
    text = cues.read_text()
    for record in records:
        assert record['description'] in text, (record, text)


def test_answers(folder):
    """The question of a condition is recorded like any other, with its tokens and times."""
    model = yes_no_model.make(TINY, folder / 'model')
    answers = []
    _, error = play(f'{SOURCE} ! vlmevents model={model} {SMALL} answers=true'
                    ' conditions="gate=the gate is open" ! fakesink', answers)
    assert error is None and len(answers) >= 3, (error, answers)
    for answer in answers:
        usage = answer['usage']
        assert answer['task'] == 'yes-no' and answer['query'] == 'the gate is open', answer
        assert 'the gate is open' in answer['question'] and 'answer' not in answer, answer
        assert list(answer['value']) == ['yes', 'no'] and sum(answer['value'].values()) <= 1.0, answer
        assert usage['prompt_tokens'] > usage['vision_tokens'] > 0 and usage['answer_tokens'] == 1, usage
        assert usage['prefill_ms'] > 0, usage
    assert sum(answer['usage']['vision_ms'] for answer in answers) > 0, answers


def test_beside_queries(folder):
    """Events and conditions side by side; a threshold that nothing reaches gives no condition."""
    model = yes_no_model.make(TINY, folder / 'model')
    line = (f'{SOURCE} ! vlmevents model={model} {SMALL} queries="a circle"'
            ' conditions="gate=the gate is open; it rains" on-threshold=%s ! fakesink')
    records, error = play(line % 0.6)
    assert error is None, error
    assert any('condition' in record for record in records), records
    assert any(record['query'] == 'a circle' and 'condition' not in record for record in records), records
    ids = [(record['id'], record['event_uid']) for record in records]
    assert len({number for number, _ in ids}) == len({uid for _, uid in ids})
    records, error = play(line % 1.0)
    assert error is None, error
    assert not any('condition' in record for record in records), records


def test_locate(folder):
    """Times within windows come from a question of their own, and the record says so."""
    model = yes_no_model.make(TINY, folder / 'model')
    # The model's answers have no sense, but of many of them some are valid lists.
    line = (f'{SOURCE} ! vlmevents model={model} {SMALL} max-tokens=96 conditions="gate=the gate is open;'
            ' it rains; a dog barks; nothing moves; the light is on; a circle is red" locate=%s ! fakesink')
    records, error = play(line % 'true')
    assert error is None and records, error
    located = {record.get('located') for record in records}
    assert located - {None} and located <= {None, 'start', 'end', 'both'}, located
    for record in records:
        assert record['start']['stream_time'] <= record['end']['stream_time'], record
    records, error = play(line % 'false')
    assert error is None and records and not any('located' in record for record in records), records


Gst.init(None)
tests = (test_no_words, test_records, test_answers, test_beside_queries, test_locate)
print(f'1..{len(tests)}')
failed = False
for number, test in enumerate(tests, 1):
    with tempfile.TemporaryDirectory() as name:
        try:
            test(pathlib.Path(name))
            print(f'ok {number} {test.__name__}')
        except AssertionError as error:
            failed = True
            print(f'not ok {number} {test.__name__}')
            print('# ' + repr(error).replace('\n', '\n# '))
sys.exit(failed)
