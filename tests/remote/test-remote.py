#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vlmevents with a model on another machine, which is simulated here, without a Vulkan driver."""
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time

# Nothing here opens a device.
os.environ['VK_ICD_FILENAMES'] = os.environ['VK_DRIVER_FILES'] = '/dev/null'
os.environ.pop('VLM_API_KEY', None)

try:
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

from simulated import Server, first

SOURCE = ('vlmtestsrc seed=7 num-scenes=1 duration=%g add-meta=false'
          ' ! video/x-raw,width=320,height=240,framerate=10/1')
PATIENCE = 120 * Gst.SECOND


class Player:
    """A pipeline, the messages on its bus, and its end."""

    def __init__(self, address, settings='window=2 fps=2', duration=4.0, source=SOURCE, live=False):
        line = (source % duration).replace('vlmtestsrc', f'vlmtestsrc is-live={live}', 1)
        self.pipeline = Gst.parse_launch(f'{line} ! vlmevents name=w {settings} ! fakesink sync={live}')
        self.element = self.pipeline.get_by_name('w')
        self.element.set_property('model', address)
        self.records, self.warnings, self.errors = [], [], []
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.pipeline.set_state(Gst.State.NULL)

    def take(self, message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ERROR:
            self.errors.append(message.parse_error()[0].message)
        elif message.type == Gst.MessageType.WARNING:
            self.warnings.append(message.parse_warning()[0].message)
        elif structure and structure.get_name() in ('vlm-event', 'vlm-gap', 'vlm-answer'):
            self.records.append(json.loads(structure.get_string('json')))
        self.ended |= message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS)

    def play(self, until=lambda: False):
        bus = self.pipeline.get_bus()
        self.pipeline.set_state(Gst.State.PLAYING)
        deadline = time.monotonic() + PATIENCE / Gst.SECOND
        while not self.ended and not until():
            assert time.monotonic() < deadline, 'it does not end'
            message = bus.timed_pop(Gst.SECOND // 20)
            if message is not None:
                self.take(message)
        return self

    @property
    def events(self):
        return [record for record in self.records if record['type'] == 'event']

    def stat(self, name):
        return self.element.get_property('stats').get_value(name)


class Watch:
    """GStreamer's log during the block, at its highest level."""

    def __init__(self):
        self.lines = []

    def __enter__(self):
        Gst.debug_remove_log_function(None)
        Gst.debug_set_threshold_from_string('*:0,vlm*:9', True)
        Gst.debug_add_log_function(self.on_line, None)
        return self

    def __exit__(self, *args):
        Gst.debug_remove_log_function(self.on_line)
        Gst.debug_set_threshold_from_string('*:0', True)

    def on_line(self, _category, _level, _file, _function, _line, _object, message, _data):
        self.lines.append(message.get() or '')

    def count(self, words):
        return sum(words in line for line in self.lines)


def play(server, settings='window=2 fps=2', **more):
    """Plays to the end, without errors and warnings."""
    with Player(server.address, settings, **more) as player:
        player.play()
        assert not player.errors and not player.warnings, (player.errors, player.warnings)
        assert player.events, player.records
        return player


def questions_with(server, word):
    return [question for question in server.questions if word in question.text]


def check_times(server, records, start):
    """The second picture is half a second later, and that is when the event begins."""
    for question in questions_with(server, 'Localize'):
        assert question.times == [i / 2 for i in range(4)], question.times
    assert records[0]['start']['stream_time'] == start, records[0]


def test_vllm():
    with Server() as server:
        records = play(server, 'window=2 fps=2 ground=true').events
        check_times(server, records, 0.5)
        for record in records:
            assert record['model'] == 'Qwen2.5-VL-7B' and record['time_basis'] == 'mrope', record
            # Each token has a probability of a half.
            assert record['confidence'] == 0.5, record
        video, = {question.is_video for question in questions_with(server, 'Localize')}
        assert video
        # The right half of the source.
        assert records[0]['bbox'] == [160, 0, 320, 240] and records[0]['box_space'] == 'pixels', records[0]
        for question in server.questions:
            kwargs = question.body.get('mm_processor_kwargs', {})
            for width, height in question.sizes:
                assert width % 28 == 0 and height % 28 == 0
                assert kwargs['min_pixels'] == kwargs['max_pixels'] == width * height, kwargs
            assert question.body['temperature'] == 0 and question.body['stream'] is False
        schema = questions_with(server, 'Localize')[0].body['response_format']['json_schema']['schema']
        assert schema['items']['required'] == ['start_time', 'end_time', 'description'], schema


def test_old_vllm():
    """It would lose the times, so they are sent in words."""
    with Server(version='0.26.1') as server:
        records = play(server).events
        check_times(server, records, 0.5)
        assert not any(question.is_video for question in server.questions)
        assert records[0]['time_basis'] == 'text', records[0]


def test_qwen3():
    """Times of frames, and boxes in thousandths, whatever becomes of the size."""
    with Server(model='Qwen3-VL-8B') as server:
        server.shrink = 0.5
        player = play(server, 'window=2 fps=2 ground=true answers=true')
        records = player.events
        check_times(server, records, 0.5)
        assert records[0]['time_basis'] == 'frame-metadata', records[0]
        answers = [record for record in player.records if record['type'] == 'answer']
        assert {(answer['task'], answer.get('time_basis')) for answer in answers} == {
            ('events', 'frame-metadata'), ('boxes', None)}, answers
        assert records[0]['bbox'] == [160, 0, 320, 240], records[0]
        assert records[0]['box_space'] == 'thousandths', records[0]
        sizes = [size for question in server.questions for size in question.sizes]
        assert all(width % 32 == 0 and height % 32 == 0 for width, height in sizes), sizes


def test_other_servers():
    for kind in ('sglang', 'llama', 'ollama', 'lmstudio', 'openai'):
        with Server(kind) as server:
            records = play(server).events
            check_times(server, records, 0.5)
            assert records[0]['time_basis'] == 'text', (kind, records[0])
            for question in server.questions:
                assert not question.is_video and 'mm_processor_kwargs' not in question.body
                assert ('response_format' in question.body) == (kind != 'openai'), kind
                assert len(question.pictures) == 4


def test_set_server():
    """The kind of server is not queried if it is set."""
    with Server() as server:
        records = play(server, 'window=2 fps=2 server=llama').events
        assert records[0]['time_basis'] == 'text', records[0]


def test_tasks():
    """Lists have a schema if the server supports one, and are read in the spellings that models use; pages
    have no schema."""
    point = '[{"point_2d": [10, 20], "label": "a circle"}]'
    line = '[{"bbox_2d": [10, 20, 50, 60], "text_content": "EXIT"}]'
    page = '<html><body><p data-bbox="10 20 50 60">EXIT</p></body></html>'
    for kind in ('vllm', 'openai'):
        for task, text, required in (('points', point, ['point_2d', 'label']),
                                     ('ocr', line, ['bbox_2d', 'text_content']),
                                     ('ocr', line.replace('_content', ''), ['bbox_2d', 'text_content']),
                                     ('document', page, None)):
            check_task(kind, task, text, required if kind == 'vllm' else None)


def check_task(kind, task, text, required):
    settings = f'window=2 fps=2 task={task} server={kind}'
    with Server(kind) as server, Player(server.address, settings) as player:
        server.say = lambda question: text
        player.play()
        assert not player.errors and not player.warnings, (task, player.errors, player.warnings)
        assert [len(record['value']) for record in player.records] == [1, 1], player.records
        # the first one may be about the size of pictures
        for question in server.questions[-2:]:
            form = question.body.get('response_format')
            said = form['json_schema']['schema']['items']['required'] if form is not None else None
            assert said == required, (kind, task, form)


def test_settings():
    """Settings that shape an answer reach the server; words to choose from stay as they are."""
    with Server() as server:
        play(server, 'window=2 fps=2 temperature=0.5 seed=7 language=German '
             'system-prompt="You guard a gate."')
        question = questions_with(server, 'Localize')[0]
        system, = [message['content'] for message in question.body['messages'] if message['role'] == 'system']
        assert 'You guard a gate. Answer in German.' in str(system), system
        body = question.body
        assert (body["temperature"], body["seed"]) == (0.5, 7), body


def test_the_only_model():
    with Server() as server:
        server.address = server.base
        assert play(server).events[0]['model'] == 'Qwen2.5-VL-7B'


# --- boxes that cannot be known ---

def boxes_of(server, settings=''):
    """The first box, if there is one, and how often the log said that there is none."""
    watch = Watch()
    with watch:
        records = play(server, 'window=2 fps=2 ground=true ' + settings).events
    assert len(questions_with(server, 'Localize')) == 2
    return records[0].get('bbox'), watch.count('events get no boxes')


def test_server_resizes():
    """The server does not say so, but the number of tokens shows it."""
    with Server() as server:
        server.shrink = 0.5
        assert boxes_of(server) == (None, 1)
        assert not questions_with(server, 'Locate')
        # The user's setting takes precedence.
        server.questions.clear()
        box, n_said = boxes_of(server, 'box-space=pixels')
        assert box == [80, 0, 160, 120] and n_said == 0, box


def test_server_does_not_count():
    with Server('llama') as server:
        server.says_usage = False
        assert boxes_of(server) == (None, 1)


def test_unknown_model():
    with Server(model='gemma4') as server:
        assert boxes_of(server) == (None, 1)
        server.questions.clear()
        assert boxes_of(server, 'box-space=none') == (None, 0)
        server.questions.clear()
        box, n_said = boxes_of(server, 'box-space=thousandths')
        assert box is not None and n_said == 0


def test_bad_boxes():
    """Boxes outside the picture are left out, not clipped, and so are answers without a box. Events stay."""
    for text in ('[{"bbox_2d": [0, 0, 5, 281], "label": "red circle"}]',
                 '[{"bbox_2d": [0, 0, 5, 5000], "label": "a"}]', 'There is none.', '[]'):
        with Server() as server:
            check_bad_box(server, text)


def check_bad_box(server, text):
    server.say = lambda question: text if 'Locate' in question.text else server.answer(question)
    assert boxes_of(server) == (None, 0)
    assert questions_with(server, 'Locate')


# --- servers that misbehave ---

def fails(server, said, settings='window=2 fps=2', n_windows=2):
    """Each window fails with a warning, and the video plays to its end."""
    with Player(server.address, settings) as player:
        player.play()
        assert not player.errors and not player.events, (player.errors, player.events)
        assert len(player.warnings) == n_windows, player.warnings
        assert all(said in text for text in player.warnings), player.warnings
        assert player.stat('windows-failed') == n_windows
        gaps = [record for record in player.records if record['type'] == 'gap']
        assert [gap['reason'] for gap in gaps] == ['failed'] * n_windows, gaps


def test_wrong_answers():
    """Each answer is of another form than was requested: none is repaired."""
    event = '{"start_time": "00:00.50", "end_time": "00:01.00", "description": "a"}'
    for text in ('Nothing happens.', '{"events": [%s]}' % event, '[%s' % event, 'I see: [%s]' % event, '',
                 '[[]]', '[{"start_time": 0.5, "end_time": 1, "description": "a"}]'):
        with Server() as server:
            server.say = lambda question, text=text: text
            fails(server, 'not of the requested form')


def test_times_beyond():
    """An event outside of its window is left out; the others stay."""
    with Server() as server:
        server.say = lambda question: json.dumps([
            {'start_time': start, 'end_time': end, 'description': name}
            for start, end, name in (('00:00.50', '09:00.00', 'late'), ('00:01.00', '00:00.50', 'backwards'),
                                     ('00:00.50', '00:01.00', 'right'))])
        assert {record['description'] for record in play(server).events} == {'right'}


def test_cut_off():
    """The complete part of it counts."""
    with Server() as server:
        plain = server.reply

        def reply(question, text):
            whole = plain(question, text[:-1] + ', {"start_time": "00:')
            whole['choices'][0]['finish_reason'] = 'length'
            return whole
        server.reply = reply
        assert play(server).events


def test_no_http():
    """Bytes that are not an answer fail at once, without a retry."""
    head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n'
    html = b'<html><body>gateway</body></html>'
    for data, said in ((head % len(html) + html, 'the answer'),
                       (head % 2 + b'{}', 'no choice'),
                       (head % 16 + b'{"choices": "\xff"}', 'the answer'),
                       (b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n' + b'x' * (5 << 20), 'longer than'),
                       (b'HTTP/1.1 302 Found\r\nLocation: http://localhost:1/v1\r\nContent-Length: 0\r\n\r\n',
                        'somewhere else'),
                       (b'HTTP/1.1 400 Bad\r\nContent-Length: 12\r\n\r\ntoo much\x1b[1m', 'too much [1m'),
                       (b'HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n', 'max-pixels')):
        with Server() as server:
            server.refuse = lambda handler, question, data=data: server.raw(handler, data)
            fails(server, said)


def test_tries_again():
    """After an error that may pass; then all continues as before."""
    def status(code, *headers):
        return lambda handler, question: server.send(handler, code, b'later', headers) or True
    for act in (status(500), status(503), status(429, ('Retry-After', '1')),
                lambda handler, question: server.raw(handler, b''),
                lambda handler, question: server.raw(
                    handler, b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"choices": [')):
        with Server() as server:
            server.refuse = first(2, act)
            check_times(server, play(server).events, 0.5)


def test_retry_after():
    with Server() as server:
        server.refuse = first(1, lambda handler, question: server.send(
            handler, 429, b'', [('Retry-After', '2')]) or True)
        begin = time.monotonic()
        play(server)
        assert time.monotonic() - begin >= 2.0
    with Server() as server:
        server.refuse = lambda handler, question: server.send(
            handler, 429, b'', [('Retry-After', '3600')]) or True
        fails(server, 'status 429', 'window=2 fps=2 request-timeout=30')


def test_gives_up():
    with Server() as server:
        server.refuse = lambda handler, question: server.send(handler, 500, b'out of memory') or True
        begin = time.monotonic()
        port = server.listener.server_port
        fails(server, f'attempts: localhost:{port} replied with status 500: out of memory',
              'window=2 fps=2 request-timeout=1.2')
        assert time.monotonic() - begin < 60


def test_timeout():
    with Server() as server:
        server.refuse = server.stall
        fails(server, 'localhost', 'window=2 fps=2 request-timeout=0.3')


# --- at the start ---

def start_error(address, settings='request-timeout=0.5'):
    with Player(address, settings) as player:
        player.play()
        assert len(player.errors) == 1 and not player.records, (player.errors, player.records)
        return player.errors[0]


def test_start():
    assert 'localhost:1' in start_error('http://localhost:1/v1#m')
    assert 'no-such-host.invalid' in start_error('http://no-such-host.invalid/v1#m')
    with Server() as server:
        assert 'no model other, but: Qwen2.5-VL-7B' in start_error(server.base + '#other')
        server.models = ['one', 'two']
        assert 'one, two: add #' in start_error(server.base)
    with Server('openai') as server:
        server.get = lambda handler: server.send(handler, 404, b'nothing')
        assert 'set `server`' in start_error(server.address)
        assert play(server, 'window=2 fps=2 server=openai').events
        server.get = lambda handler: server.send(handler, 200, b'<html>hello</html>')
        assert 'localhost' in start_error(server.address)
    assert 'like http' in start_error('http://')
    assert '`ca-file`' in start_error('https://localhost/v1', 'ca-file=/nowhere')
    assert '/nowhere' in start_error('http://localhost/v1', 'api-key-file=/nowhere')


# --- secrets ---

KEY = 'sk-7f3e-very-secret'


def test_key():
    with tempfile.NamedTemporaryFile('w') as file, Server(key=KEY) as server:
        error = start_error(server.address)
        assert 'status 401' in error and 'api-key-file' in error, error
        file.write(KEY + '\n')
        file.flush()
        with Watch() as watch:
            player = play(server, f'window=2 fps=2 api-key-file={file.name}')
        said = {head.get('Authorization') for head in server.heads}
        assert said == {None, 'Bearer ' + KEY}, said
        said = json.dumps(player.records) + player.element.get_property('stats').to_string()
        for spec in player.element.list_properties():
            if spec.value_type.name == 'gchararray':
                said += str(player.element.get_property(spec.name))
        assert KEY not in said and watch.count(KEY) == 0
        # A wrong one, that the server sends back.
        server.key = 'another'
        error = start_error(server.address, f'api-key-file={file.name}')
        assert 'status 401' in error and KEY not in error, error
        os.environ['VLM_API_KEY'] = server.key = KEY + '-2'
        try:
            assert play(server).events
        finally:
            del os.environ['VLM_API_KEY']


def test_password_in_address():
    with Watch() as watch:
        address = f'http://user:{KEY}@localhost:1/v1?k={KEY}#m'
        with Player(address) as player:
            assert player.element.get_property('model') == 'http://...@localhost:1/v1?...#m'
            player.play()
            assert 'api-key-file' in player.errors[0], player.errors
    assert watch.count(KEY) == 0


def test_tls():
    with tempfile.TemporaryDirectory() as folder:
        names = [f'{folder}/{name}' for name in ('key.pem', 'cert.pem', 'other.pem')]
        for key, cert in ((names[0], names[1]), (f'{folder}/k2', names[2])):
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key,
                            '-out', cert, '-days', '2', '-subj', '/CN=localhost',
                            '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
                           check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(names[1], names[0])
        with Server(tls=tls) as server:
            assert play(server, f'window=2 fps=2 ca-file={names[1]}').events
            for settings in (f'ca-file={names[2]}', ''):
                error = start_error(server.address, settings)
                assert 'SSL' in error or 'certificate' in error, error


# --- conditions, masks, zones ---

def test_conditions():
    with Server() as server:
        with Watch() as log:
            records = play(server, 'window=2 fps=2 conditions="gate=the gate is open"').events
        asked = [line for line in log.lines if line.startswith('prompt: ') and 'the gate is open' in line]
        answered = [line for line in log.lines if re.match(
            r"answer to [1-9]\d* tokens of 1 tokens, \d+\.\d{3} s: yes 0\.9000, no 0\.0800$", line)]
        assert len(asked) == 2 and '<4 frames of video>' in asked[0], log.lines
        # One more: whether the server returns probabilities at all.
        assert len(answered) == 3, log.lines
        assert len(server.questions) == 3, len(server.questions)
        for question in server.questions[1:]:
            assert question.body['max_tokens'] == 1 and question.body['top_logprobs'] == 20
            assert 'response_format' not in question.body
        first_record = records[0]
        assert first_record['condition'] == 'gate' and first_record['mass'] == 0.98, first_record
        assert abs(first_record['probability'] - 0.9 / 0.98) < 1e-3, first_record
        assert first_record['time_basis'] == 'mrope', first_record
        server.yes = 0.05
        assert not play_quiet(server, 'window=2 fps=2 conditions="it rains"')
        server.says_likely = False
        assert 'probabilities of tokens' in start_error(server.address, 'conditions="it rains"')


def play_quiet(server, settings):
    with Player(server.address, settings) as player:
        player.play()
        assert not player.errors, player.errors
        return player.records


def test_mask_and_zone():
    """Masks and zones are applied before anything is sent."""
    with Server() as server:
        play(server)
        plain = {picture for question in server.questions for picture in question.pictures}
        assert len(plain) > 2
        server.questions.clear()
        play(server, 'window=2 fps=2 mask="0,0 1,0 1,1 0,1"')
        masked = {picture for question in server.questions for picture in question.pictures}
        assert len(masked) == 1, len(masked)
        server.questions.clear()
        records = play(server, 'window=2 fps=2 ground=true zone="gate: 0.5,0 1,0 1,0.25 0.5,0.25"').events
        for question in server.questions:
            for width, height in question.sizes:
                assert width > 2 * height, (width, height)
        # The right half of the zone, in pixels of the source.
        assert records[0]['zone'] == 'gate' and records[0]['bbox'] == [240, 0, 320, 60], records[0]


# --- time ---

def test_stop_while_it_stalls():
    """A stop ends the request, and the server notices."""
    with Server() as server:
        server.refuse = server.stall
        with Player(server.address) as player:
            player.play(until=server.stalled.is_set)
            begin = time.monotonic()
            player.pipeline.set_state(Gst.State.NULL)
            assert time.monotonic() - begin < 20
            assert server.hung_up.wait(20)


def test_flush_while_it_stalls():
    """A seek ends it, too; then the analysis continues from there."""
    with Server() as server:
        server.refuse = first(1, server.stall)
        with Player(server.address, duration=8.0) as player:
            player.play(until=server.stalled.is_set)
            assert player.pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH, 2 * Gst.SECOND)
            assert server.hung_up.wait(20)
            player.play()
            assert not player.errors and not player.warnings, (player.errors, player.warnings)
            assert min(r['start']['stream_time'] for r in player.events) >= 2.0


def test_live_video_does_not_wait():
    """A server that never answers does not delay the video; what is not analysed is reported."""
    with Server() as server:
        server.refuse = server.stall
        settings = 'window=0.5 fps=4 max-queue=1 eos-drain-timeout=0.1'
        with Player(server.address, settings, 3.0, live=True) as player:
            player.play()
            assert player.stat('buffers') == 30, player.stat('buffers')
            reasons = {record['reason'] for record in player.records}
            assert 'queue-full' in reasons and not player.errors, (reasons, player.errors)


failed = False


def run(tests):
    global failed
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f'ok {number} {test.__name__}', flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed = True
            at = error.__traceback__
            while at.tb_next is not None:
                at = at.tb_next
            print(f'not ok {number} {test.__name__}')
            print(f'# line {at.tb_lineno}: ' + repr(error).replace('\n', '\n# '), flush=True)


Gst.init(None)
run([value for name, value in list(globals().items())
     if name.startswith('test_') and (len(sys.argv) < 2 or sys.argv[1] == name)])
sys.exit(failed)
