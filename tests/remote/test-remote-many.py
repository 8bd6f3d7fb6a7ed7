#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many elements in one process, and one server: each gets its turns, and what waits is not yet a request."""
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

os.environ['VK_ICD_FILENAMES'] = os.environ['VK_DRIVER_FILES'] = '/dev/null'
os.environ.pop('VLM_API_KEY', None)

try:
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

N_ELEMENTS = 64
MAX_REQUESTS = 4
PATIENCE = 600
LINE = ('vlmtestsrc seed=%d num-scenes=1 duration=60 add-meta=false'
        ' ! video/x-raw,width=320,height=240,framerate=4/1'
        f' ! vlmevents name=w window=1 fps=2 max-queue=2 max-requests={MAX_REQUESTS} query=number%03d'
        ' ! fakesink sync=false')


def memory():
    """Memory in use, in MiB."""
    text = pathlib.Path('/proc/self/status').read_text('utf-8')
    return int(text.split('VmRSS:')[1].split()[0]) / 1024


class Simulated:
    """A server in a process of its own, which does not answer between `hold` and `go`."""

    def __init__(self):
        program = pathlib.Path(__file__).with_name('simulated.py')
        self.process = subprocess.Popen([sys.executable, '-B', program], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.answered = []  # {'text', 'size', 'most_open'}, in order
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.answered.append(json.loads(line))

    def write(self, word):
        self.process.stdin.write(word + '\n')
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.reader.join()
        self.process.wait()


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, 'this takes too long'
        time.sleep(0.05)


def number_of(answer):
    return int(answer['text'].split('number')[1][:3])


def stat(element, name):
    return element.get_property('stats').get_value(name)


def stands_still(element):
    """One window is with its worker, two wait, and the next one cannot join them."""
    return stat(element, 'frames-sampled') >= 2 * (stat(element, 'windows-analysed') + 4)


def main():
    server = Simulated()
    before = memory()
    pipelines = [Gst.parse_launch(LINE % (i + 1, i)) for i in range(N_ELEMENTS)]
    elements = [pipeline.get_by_name('w') for pipeline in pipelines]
    for pipeline, element in zip(pipelines, elements):
        element.set_property('model', server.address)
        pipeline.set_state(Gst.State.PLAYING)
    wait_until(lambda: all(stat(element, 'windows-analysed') for element in elements))
    server.write('hold')
    wait_until(lambda: all(stands_still(element) for element in elements))
    full = memory()
    n_before = len(server.answered)
    begin = time.monotonic()
    server.write('go')
    wait_until(lambda: len(server.answered) >= n_before + 3 * N_ELEMENTS)
    seconds = time.monotonic() - begin
    most = memory()
    for pipeline in pipelines:
        pipeline.set_state(Gst.State.NULL)
    server.end()
    turns = [number_of(answer) for answer in server.answered[n_before:n_before + 3 * N_ELEMENTS]]
    # An element that had a turn waits for all others; a thread that is late may miss one.
    assert len(set(turns[:N_ELEMENTS])) >= N_ELEMENTS - 2, turns
    counts = [turns.count(i) for i in range(N_ELEMENTS)]
    assert min(counts) >= 2 and max(counts) <= 4, counts
    assert max(answer['most_open'] for answer in server.answered) <= MAX_REQUESTS
    size = max(answer['size'] for answer in server.answered)
    print(f'# {N_ELEMENTS} elements: {before:.0f} MiB before, {full:.0f} MiB with four windows of each'
          f' waiting, {most:.0f} MiB after {3 * N_ELEMENTS} more questions of up to {size / 1024:.0f} KiB'
          f' in {seconds:.1f} s')
    # Four windows of two frames take 2.5 MiB of pixels an element; threads and the pipeline the rest.
    assert max(full, most) - before < N_ELEMENTS * 12, (before, full, most)


Gst.init(None)
print('1..1')
try:
    main()
    print('ok 1 many')
except AssertionError as error:
    print(f'not ok 1 many\n# {error!r}')
    sys.exit(1)
