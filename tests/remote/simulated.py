# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server with the chat API of OpenAI that has no model: its answers follow from the requests, so that a
test knows them. It counts tokens, reads times and sees pictures as the real ones do, and misbehaves on
demand."""
import base64
import http.server
import json
import math
import re
import socket
import struct
import sys
import threading
import time

OWNERS = {'vllm': 'vllm', 'sglang': 'sglang', 'llama': 'llamacpp', 'ollama': 'library',
          'lmstudio': 'organization_owner', 'openai': 'somebody'}
CELL = 28


def size_of_jpeg(data):
    """Width and height of a picture whose beginning and end are checked."""
    assert data[:2] == b'\xff\xd8' and data[-2:] == b'\xff\xd9', 'no JPEG'
    at = 2
    while True:
        marker, length = struct.unpack('>HH', data[at:at + 4])
        if 0xffc0 <= marker <= 0xffc2:
            height, width = struct.unpack('>HH', data[at + 5:at + 9])
            return width, height
        at += 2 + length


class Question:
    """One request as the server understands it."""

    def __init__(self, body):
        self.body = json.loads(body)
        self.size = len(body)
        self.pictures = []   # bytes
        self.times = []      # seconds, one a picture
        self.text = ''
        for message in self.body['messages']:
            if message['role'] == 'user':
                self.read(message['content'])

    def read(self, parts):
        said = None
        for part in parts:
            if part['type'] == 'text':
                found = re.fullmatch(r'Frame at (\d\d):(\d\d[.]\d\d):', part['text'])
                said = int(found[1]) * 60 + float(found[2]) if found else None
                self.text += '' if found else part['text']
            elif part['type'] == 'image_url':
                head, data = part['image_url']['url'].split(',')
                assert head == 'data:image/jpeg;base64', head
                self.pictures.append(base64.b64decode(data, validate=True))
                self.times.append(said)
            else:
                self.read_video(part)

    def read_video(self, part):
        assert part['type'] == 'video_url', part['type']
        head, *frames = part['video_url']['url'].split(',')
        assert head == 'data:video/jpeg;base64', head
        said = self.body['media_io_kwargs']['video']
        assert len(said['frames_indices']) == len(frames) and said['num_frames'] == -1, said
        assert said['total_num_frames'] > said['frames_indices'][-1], said
        assert self.body['mm_processor_kwargs']['do_sample_frames'] is False
        self.pictures += [base64.b64decode(frame, validate=True) for frame in frames]
        self.times += [index / said['fps'] for index in said['frames_indices']]

    @property
    def sizes(self):
        return [size_of_jpeg(picture) for picture in self.pictures]

    @property
    def is_video(self):
        return any(part['type'] == 'video_url' for part in self.body['messages'][-1]['content'])


def spell(seconds):
    return f'{int(seconds) // 60:02}:{seconds % 60:05.2f}'


class Server:
    """`with Server() as server`: on the loopback, at `server.address`."""

    def __init__(self, kind='vllm', model='Qwen2.5-VL-7B', version='0.28.0', key=None, tls=None):
        self.kind, self.model, self.version, self.key = kind, model, version, key
        self.models = [model]
        self.lock = threading.Lock()
        self.questions = []      # of all requests that were answered
        self.heads = []          # of all requests
        self.n_open = self.most_open = 0
        self.cell = 32 if '3' in model.split('-')[0] else CELL
        self.shrink = 1.0        # the factor for the sides of pictures
        self.says_usage = True
        self.says_likely = True
        self.yes = 0.9           # how probable yes is
        self.delay = 0.0
        self.refuse = None       # (handler, question): True if it replied itself
        self.say = self.answer   # (question): the text
        self.stalled = threading.Event()   # a request is stalled
        self.hung_up = threading.Event()   # and its client is gone
        self.going = True
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def do_GET(self):
                server.get(self)

            def do_POST(self):
                server.post(self)

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args):
                pass

        self.listener = Listener(('127.0.0.1', 0), Handler)
        if tls is not None:
            # A client that hangs, or hangs up, in the middle of its handshake must not hold up the others:
            # only the thread that reads from it waits.
            self.listener.socket = tls.wrap_socket(self.listener.socket, server_side=True,
                                                   do_handshake_on_connect=False)
        # `localhost` may be ::1 first, where this port may be another program's: over TLS that fails for
        # another reason than the test looks for.
        name = 'https://127.0.0.1' if tls is not None else 'http://localhost'
        self.base = f'{name}:{self.listener.server_port}/v1'
        self.address = f'{self.base}#{model}'

    def __enter__(self):
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *args):
        self.going = False
        self.listener.shutdown()
        self.listener.server_close()

    # --- answers ---

    def tokens_of(self, question):
        """As the processor of Qwen2.5-VL counts: cells, and two around each picture."""
        n = 20 + len(question.text.split())
        for width, height in question.sizes:
            columns, rows = (max(1, round(side * self.shrink / self.cell)) for side in (width, height))
            n += columns * rows + 2
        return n

    def answer(self, question):
        if 'Localize' in question.text:
            # From the second picture to the last one.
            return json.dumps([{'start_time': spell(question.times[1]), 'end_time': spell(question.times[-1]),
                                'description': 'a red circle enters'}])
        if 'Locate' in question.text:
            # The right half of the picture, in the units of its family.
            width, height = question.sizes[0]
            if self.cell == 32:
                width, height = 1000, 1000
            else:
                width, height = int(width * self.shrink), int(height * self.shrink)
            return json.dumps([{'bbox_2d': [width // 2, 0, width, height], 'label': 'red circle'}])
        return 'Nothing much.'

    def reply(self, question, text):
        likely = [{'token': 'Yes', 'bytes': list(b'Yes'), 'logprob': math.log(self.yes)},
                  {'token': ' no', 'bytes': list(b' no'), 'logprob': math.log(0.98 - self.yes)},
                  {'token': 'Maybe', 'bytes': list(b'Maybe'), 'logprob': math.log(0.01)}]
        data = text.encode()
        tokens = [{'token': data[i:i + 4].decode(errors='replace'), 'bytes': list(data[i:i + 4]),
                   'logprob': math.log(0.5), 'top_logprobs': likely} for i in range(0, len(data), 4)]
        if question.body['max_tokens'] == 1:
            text, tokens = 'Yes', [{**likely[0], 'top_logprobs': likely}]
        whole = {'object': 'chat.completion', 'model': self.model,
                 'choices': [{'index': 0, 'finish_reason': 'stop',
                              'message': {'role': 'assistant', 'content': text},
                              'logprobs': {'content': tokens} if self.says_likely else None}]}
        if self.says_usage:
            whole['usage'] = {'prompt_tokens': self.tokens_of(question), 'completion_tokens': len(tokens)}
        return whole

    # --- requests ---

    def send(self, handler, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header('Content-Length', str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def is_let_in(self, handler):
        self.heads.append(dict(handler.headers))
        said = handler.headers.get('Authorization')
        if self.key is None or said == f'Bearer {self.key}':
            return True
        # Some servers repeat the key in the message.
        self.send(handler, 401, {'error': {'message': f'not with {said}'}})
        return False

    def get(self, handler):
        if not self.is_let_in(handler):
            return
        if handler.path == '/v1/models':
            self.send(handler, 200, {'object': 'list', 'data': [
                {'id': model, 'object': 'model', 'owned_by': OWNERS[self.kind]} for model in self.models]})
        elif handler.path == '/version' and self.kind == 'vllm' or \
                handler.path == '/api/version' and self.kind == 'ollama':
            self.send(handler, 200, {'version': self.version})
        else:
            self.send(handler, 404, {'error': 'no such path'})

    def post(self, handler):
        body = handler.rfile.read(int(handler.headers['Content-Length']))
        if not self.is_let_in(handler):
            return
        assert handler.path == '/v1/chat/completions', handler.path
        question = Question(body)
        with self.lock:
            self.n_open += 1
            self.most_open = max(self.most_open, self.n_open)
        try:
            if self.refuse is not None and self.refuse(handler, question):
                return
            time.sleep(self.delay)
            reply = self.reply(question, self.say(question))
            with self.lock:
                self.questions.append(question)
        finally:
            # Not after it is sent: the next request may be there before this thread continues.
            with self.lock:
                self.n_open -= 1
        self.send(handler, 200, reply)

    # --- misbehaviour, for `refuse` ---

    def stall(self, handler, _question):
        """Says nothing until the client hangs up."""
        self.stalled.set()
        handler.connection.settimeout(0.05)
        while self.going:
            try:
                if not handler.connection.recv(1, socket.MSG_PEEK):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.hung_up.set()
        handler.close_connection = True
        return True

    def raw(self, handler, data):
        """Bytes, and the end of the connection."""
        handler.wfile.write(data)
        handler.wfile.flush()
        handler.close_connection = True
        return True


def first(n, act):
    """`act` on the first n requests, then nothing more."""
    lock = threading.Lock()
    left = [n]

    def refuse(handler, question):
        with lock:
            left[0] -= 1
            if left[0] < 0:
                return False
        return act(handler, question)
    return refuse


def main():
    """A process of its own: prints its address, then each question that it answered. After it reads `hold`,
    it does not answer until it reads `go`; it ends with its input."""
    allowed = threading.Event()
    said = threading.Lock()

    def wait(_handler, question):
        allowed.wait()
        with said:
            print(json.dumps({'text': question.text, 'size': question.size, 'most_open': server.most_open}),
                  flush=True)
        return False

    with Server() as server:
        server.refuse = wait
        print(server.address, flush=True)
        allowed.set()
        for line in sys.stdin:
            if line == 'hold\n':
                allowed.clear()
            else:
                allowed.set()


if __name__ == '__main__':
    main()
