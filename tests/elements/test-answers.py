#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions and answers leave vlmevents on every output."""
import json
import os
import pathlib
import sys
import tempfile

try:
    import gi
    gi.require_version('Gst', '1.0')
    gi.require_version('GstVideo', '1.0')
    gi.require_version('GstVlm', '1.0')
    from gi.repository import Gst, GstVideo, GstVlm
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

TINY = f"{os.environ['G_TEST_SRCDIR']}/data/tiny/checkpoint"
SOURCE = ('vlmtestsrc seed=7 num-scenes=1 duration=6 add-meta=false'
          ' ! video/x-raw,width=160,height=120,framerate=10/1')
SMALL = 'min-pixels=784 max-pixels=3136 fps=2 window=2 max-tokens=120'
SCHEMA = {'type': 'object', 'required': ['count', 'kind'], 'properties': {
    'count': {'type': 'integer', 'minimum': 0, 'maximum': 99}, 'kind': {'enum': ['ball', 'car']}}}


class Run:
    """One run of a pipeline: what the bus said, and what was on the buffers."""

    def __init__(self, settings, branch='application/x-json', folder=None):
        self.path = folder / 'found' if folder else None
        line = f'{SOURCE} ! vlmevents name=w model={TINY} {SMALL} {settings} ! fakesink name=out'
        if self.path:
            line += f' w.events ! {branch} ! filesink location={self.path}'
        pipeline = Gst.parse_launch(line)
        self.told, self.signals, self.metas, self.error = [], [], [], None
        self.regions = []
        self.element = pipeline.get_by_name('w')
        self.element.connect('answer', lambda _, number, answer: self.signals.append((number, answer.copy())))
        pipeline.get_by_name('out').get_static_pad('sink').add_probe(Gst.PadProbeType.BUFFER, self.see)
        bus = pipeline.get_bus()
        pipeline.set_state(Gst.State.PLAYING)
        while message := bus.timed_pop(120 * Gst.SECOND):
            if message.type == Gst.MessageType.ERROR:
                self.error = message.parse_error()[0].message
            record = GstVlm.message_get_answer(message)
            if record:
                self.told.append((message.get_structure().copy(), record))
            if message.type in (Gst.MessageType.EOS, Gst.MessageType.ERROR):
                break
        else:
            sys.exit('the pipeline did not end')
        self.stats = self.element.get_property('stats')
        pipeline.set_state(Gst.State.NULL)

    def see(self, _, info):
        meta = GstVlm.buffer_get_answer_meta(info.get_buffer())
        if meta:
            self.metas += [meta.get_answer(i) for i in range(meta.get_n_answers())]
            number = 0
            while region := GstVideo.buffer_get_video_region_of_interest_meta_id(info.get_buffer(), number):
                self.regions.append((region.x, region.y, region.w, region.h))
                number += 1
        return Gst.PadProbeReturn.OK

    def records(self):
        return [json.loads(structure.get_string('json')) for structure, _ in self.told]


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def test_schema(folder):
    """A record for each window, with its times, the same on all outputs."""
    schema = write(folder, 'schema.json', json.dumps(SCHEMA))
    run = Run(f'schema-file={schema} prompt="How many, and what?" delay-video=true', folder=folder)
    assert run.error is None, run.error
    records = run.records()
    spans = [(record['start']['stream_time'], record['end']['stream_time']) for record in records]
    assert spans == [(0, 2), (2, 4), (4, 6)], records
    for record in records:
        assert record['type'] == 'answer' and record['task'] == 'json', record
        assert record['question'] == 'How many, and what?', record
        assert record['value'] == json.loads(record['answer']), record
        assert list(record['value']) == ['count', 'kind'], record
        assert record['value']['kind'] in ('ball', 'car'), record
        assert 0 <= record['value']['count'] <= 99, record
        assert record['usage']['forced_tokens'] > 0 and record['window']['frames'] == 4, record
    lines = [json.loads(line) for line in run.path.read_text().splitlines()]
    assert lines == records, lines
    assert [number for number, _ in run.signals] == [0, 0, 0]
    assert [answer.get_string('value') for _, answer in run.signals] == [
        structure.get_string('value') for structure, _ in run.told]
    assert [answer.value for answer in run.metas] == [record.value for _, record in run.told], run.metas
    total = sum(record['usage']['answer_tokens'] for record in records)
    assert run.stats.get_value('answer-tokens') == total, run.stats.to_string()
    assert run.stats.get_value('questions') == 3
    assert run.stats.get_value('forced-tokens') == sum(r['usage']['forced_tokens'] for r in records)


def test_all(folder):
    """With `answers`, the answers that give events are reported as well; without it, none is."""
    run = Run('answers=true ground=true queries="a circle;a square"')
    records = run.records()
    asked = [record for record in records if record['task'] == 'events']
    assert len(asked) == 6 and {record['query'] for record in asked} == {'a circle', 'a square'}, records
    assert all('a circle' in r['question'] or 'a square' in r['question'] for r in asked), asked
    for record in records:
        assert record.get('time_basis') == (None if 'frame' in record else 'mrope'), record
    assert all(isinstance(record['value'], list) for record in asked), asked
    assert any(record['value'] for record in asked), asked
    boxes = [record for record in records if record['task'] == 'boxes']
    assert boxes and all('frame' in record for record in boxes), boxes
    assert any(record['value'] for record in boxes), boxes
    assert not Run('').told


def test_refused(folder):
    """An error in a schema is reported at the start, with the file, the place and the keyword."""
    bad = write(folder, 'bad.json', '{"properties": {"age": {"foo": 1}}}')
    run = Run(f'schema-file={bad}')
    assert run.error and f'{bad}: /properties/age/foo: this keyword is not supported' in run.error, run.error
    run = Run(f'schema-file={folder}/missing.json')
    assert run.error and 'missing.json' in run.error, run.error


def test_text(folder):
    """The JSON of each window is a cue."""
    schema = write(folder, 'schema.json', json.dumps(SCHEMA))
    run = Run(f'schema-file={schema}', 'text/x-raw,format=utf8', folder)
    values = [json.dumps(record['value']) for record in run.records()]
    assert len(values) == 3, values
    assert plain(run.path.read_text()) == plain(''.join(values)), (run.path.read_text(), values)


def plain(text):
    return ''.join(c for c in text if c.isascii() and c.isalnum())


def test_describe(folder):
    """The answer about a window is a caption of the same length; where windows overlap, none is repeated."""
    run = Run('task=describe hop=1 language=German temperature=0 seed=3', 'text/x-raw,format=utf8', folder)
    assert run.error is None, run.error
    records = run.records()
    assert {record['task'] for record in records} == {'describe'}, records
    assert {record['question'] for record in records} == {'Describe this video.'}, records
    assert all(record['value'] == record['answer'].strip(' \t\n\r\f') for record in records), records
    assert len(records) >= 5 and all(record['value'] for record in records), records
    # The random weights say what no text of a cue may hold; letters and digits stay.
    cues = plain(run.path.read_text())
    first = plain(records[0]['value'])
    assert first and cues.startswith(first), (cues, first)


def test_tasks(folder):
    """Places are in pixels of the video, and are regions on the buffers."""
    for task, key, n_numbers in (('boxes', 'bbox_2d', 4), ('points', 'point_2d', 2), ('ocr', 'bbox_2d', 4)):
        run = Run(f'task={task} delay-video=true')
        assert run.error is None, run.error
        records = run.records()
        assert len(records) == 3 and all(r['task'] == task for r in records), records
        assert [r['frame']['stream_time'] for r in records] == [1.5, 3.5, 5.5], records
        places = [place[key] for record in records for place in record['value']]
        assert places, records
        for place in places:
            assert len(place) == n_numbers, place
            assert all(0 <= x <= (160, 120)[i % 2] for i, x in enumerate(place)), place
        assert len(run.metas) == 3, run.metas
        assert len(run.regions) == len(places), (run.regions, places)
        corners = [place[:2] for place in places]
        assert [list(region[:2]) for region in run.regions] == corners, (run.regions, places)
    # Random weights write no page: the answer is there, and why it was not parsed.
    records = Run('task=document').records()
    assert len(records) == 3, records
    assert all(r['answer'] and 'value' not in r and 'HTML' in r['error'] for r in records), records
    run = Run('task=count queries="a circle;a square"')
    assert [r['query'] for r in run.records()] == 3 * ['a circle', 'a square'], run.records()
    assert all(isinstance(r['value'], int) for r in run.records()), run.records()


def test_task_refused(folder):
    schema = write(folder, 'schema.json', '{}')
    for settings, said in (('task=json', 'needs a schema-file'), ('task=yes-no', 'needs a query'),
                           (f'task=ocr schema-file={schema}', 'task of its own')):
        run = Run(settings)
        assert run.error and said in run.error, run.error


Gst.init(None)
tests = (test_schema, test_all, test_refused, test_text, test_describe, test_tasks, test_task_refused)
print(f'1..{len(tests)}')
failed = False
for number, test in enumerate(tests, 1):
    with tempfile.TemporaryDirectory() as name:
        try:
            test(pathlib.Path(name))
            print(f'ok {number} {test.__name__}')
        except AssertionError as error:
            failed = True
            print('#', str(error).replace('\n', '\n# '))
            print(f'not ok {number} {test.__name__}')
sys.exit(failed)
