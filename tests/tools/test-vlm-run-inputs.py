#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Inputs and outputs of vlm-run, with the small checkpoint: test-vlm-run-inputs.py VLM-RUN CHECKPOINT TAP"""
import contextlib
import functools
import http.server
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

import noise
import picture_files

PROGRAM, CHECKPOINT = sys.argv[1:3]
sys.path.insert(0, sys.argv[3])
import tap  # noqa: E402 pylint: disable=wrong-import-position

ENVIRONMENT = {**os.environ, "LC_ALL": "C", "VLM_VALIDATE": "0"}
# Of a picture: no two turned ones are alike.
PIXELS = [[(255, 0, 0) if x < 20 and y < 10 else (4 * x, 6 * y, 60) for x in range(60)] for y in range(40)]


def run(*args, model=CHECKPOINT, env=None, **keywords):
    command = [PROGRAM, "--model", model, "--temperature", "0", "--max-tokens", "6", *map(str, args)]
    env = ENVIRONMENT | (env or {})
    done = subprocess.run(command, env=env, capture_output=True, check=False, timeout=600, **keywords)
    done.stderr = noise.without(done.stderr)
    return done


def asks(*args, **keywords):
    """The objects of --json."""
    done = run("--json", *args, **keywords)
    assert done.returncode == 0 and "CRITICAL" not in done.stderr, done
    measured = re.findall(r'"(?:confidence|load|prefill|decode)": ([^,}]+)', done.stdout.decode())
    assert measured and not [number for number in measured if len(number.split(".")[-1]) > 6], measured
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def fails(*args, status=1, said, **keywords):
    done = run(*args, **keywords)
    assert done.returncode == status and said in done.stderr and "CRITICAL" not in done.stderr, done
    assert len(done.stderr.splitlines()) == 1 and not done.stdout, done


def in_folder(test):
    @functools.wraps(test)
    def in_one():
        with tempfile.TemporaryDirectory() as name:
            test(pathlib.Path(name))
    return in_one


def write(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def sees(path):
    """All that distinguishes one picture from another: size, answer, and how sure it is."""
    answer = asks("--image", path, "--max-tokens", "12", "hi")[0]
    source = answer["inputs"][0]
    return source["width"], source["height"], answer["answer"], answer["confidence"]


def shown(text):
    """As a terminal gets it."""
    return "".join(f"\\u{ord(c):04x}" if ord(c) < 32 and c not in "\n\t" else c for c in text)


def launch(line):
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True, stdout=subprocess.DEVNULL,
                   timeout=600)


@in_folder
def test_formats(folder):
    """The same pixels are the same picture, in any format of file."""
    expected = sees(write(folder, "8.png", picture_files.png(PIXELS)))
    assert expected[:2] == (60, 40)
    for name, data in (("x.bmp", picture_files.bmp(PIXELS)), ("x.tiff", picture_files.tiff(PIXELS))):
        assert sees(write(folder, name, data)) == expected, name
    # Dark: above the middle, loaders round 16 bits to different neighbours.
    dark = [[tuple(v // 2 for v in pixel) for pixel in row] for row in PIXELS]
    wide = [[tuple(257 * v for v in pixel) for pixel in row] for row in dark]
    assert sees(write(folder, "16.png", picture_files.png(wide, 16))) == sees(
        write(folder, "dark.png", picture_files.png(dark)))
    other = [[(0, 0, 255 - b) for _, _, b in row] for row in PIXELS]
    assert sees(write(folder, "other.png", picture_files.png(other))) != expected
    assert sees(write(folder, "cmyk.jpg", picture_files.CMYK))[:2] == (16, 16)


@in_folder
def test_cmyk(folder):
    """The colours of a press are those of a screen; without Adobe's mark they are read as with it, as
    browsers do."""
    inks = [[(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0)],
            [(0, 255, 255, 0), (60, 120, 180, 51), (0, 0, 0, 255), (255, 255, 0, 102)]]
    shown_as = [[tuple((255 - ink) * (255 - block[3]) // 255 for ink in block[:3])
                 for block in row for _ in range(8)] for row in inks for _ in range(8)]
    stored = [[tuple(255 - ink for ink in block) for block in row] for row in inks]
    expected = sees(write(folder, "x.png", picture_files.png(shown_as)))
    assert sees(write(folder, "adobe.jpg", picture_files.cmyk_jpeg(stored))) == expected
    assert sees(write(folder, "plain.jpg", picture_files.cmyk_jpeg(stored, adobe=False))) == expected
    assert sees(write(folder, "other.jpg", picture_files.cmyk_jpeg(inks))) != expected


@in_folder
def test_transparent(folder):
    """On white, whatever colour is hidden there."""
    white = [[(255, 255, 255) if x > 30 else pixel for x, pixel in enumerate(row)] for row in PIXELS]
    clear = [[(*pixel, 0) if x > 30 else (*pixel, 255) for x, pixel in enumerate(row)] for row in PIXELS]
    assert sees(write(folder, "a.png", picture_files.png(clear))) == sees(
        write(folder, "b.png", picture_files.png(white)))


def jpeg_of(folder, pixels, orientation):
    png = write(folder, "grey.png", picture_files.png(pixels))
    launch(f"filesrc location={png} ! pngdec ! videoconvert ! video/x-raw,format=GRAY8 ! jpegenc quality=100 "
           f"! filesink location={folder}/grey.jpg")
    jpeg = (folder / "grey.jpg").read_bytes()
    return write(folder, "turned.jpg", picture_files.with_exif(jpeg, orientation))


@in_folder
def test_orientation(folder):
    """Upright, as Exif says, in any file that has it."""
    expected = sees(write(folder, "x.png", picture_files.png(PIXELS)))
    for orientation in range(1, 9):
        pixels = picture_files.turned(PIXELS, orientation)
        for order in "<>":
            about = picture_files.exif(orientation, order)
            path = write(folder, "o.png", picture_files.png(pixels, about=about))
            assert sees(path) == expected, (orientation, order)
        assert sees(write(folder, "o.tiff", picture_files.tiff(pixels, orientation))) == expected, orientation
    for wrong in (b"", b"II", picture_files.exif(9), picture_files.exif(0), picture_files.exif(6)[:11],
                  b"MM\0*\xff\xff\xff\xff\0\0"):
        assert sees(write(folder, "w.png", picture_files.png(PIXELS, about=wrong))) == expected, wrong
    # Grey blocks of 16 pixels survive JPEG unharmed, whichever way they are turned.
    grey = [[(16 * (x // 16) + 64 * (y // 16),) * 3 for x in range(64)] for y in range(48)]
    upright = sees(jpeg_of(folder, grey, 1))
    assert upright[:2] == (64, 48), upright
    for orientation in range(2, 9):
        turned = picture_files.turned(grey, orientation)
        assert sees(jpeg_of(folder, turned, orientation)) == upright, orientation
        assert sees(jpeg_of(folder, grey, orientation)) != upright, orientation


@in_folder
def test_animation(folder):
    """As a picture it is its first one; as a video, which GStreamer never ends, it is refused."""
    first, second = [[0, 1, 2, 3]] * 4, [[3, 2, 1, 0]] * 4
    path = write(folder, "x.gif", picture_files.gif([first, second], 0))
    still = write(folder, "y.gif", picture_files.gif([first], 0))
    assert sees(path) == sees(still)
    done = run("--image", path, "hi")
    assert done.returncode == 0 and "x.gif is an animation" in done.stderr, done
    fails("--video", path, "hi", said="x.gif: an animated GIF cannot be read as video")


@in_folder
def test_animation_without_decoder(folder):
    """An animated PNG is its first picture, with a note; an animated WebP says what it is."""
    still = picture_files.png(PIXELS)
    moving = still[:33] + picture_files.chunk(b"acTL", bytes([0, 0, 0, 1, 0, 0, 0, 0])) + still[33:]
    done = run("--image", write(folder, "x.png", moving), "hi")
    assert done.returncode == 0 and "x.png is an animation" in done.stderr, done
    if subprocess.run(["gst-inspect-1.0", "--exists", "webpdec"], check=False).returncode == 0:
        body = b"WEBPVP8X" + struct.pack("<IIII", 10, 2, 59, 39)[:14] + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
        webp = b"RIFF" + struct.pack("<I", len(body)) + body
        for kind in ("--image", "--video"):
            fails(kind, write(folder, "x.webp", webp), "hi", said="x.webp: ")


@in_folder
def test_named_pipe(folder):
    """Read as soon as there is a writer; the wait for one can be interrupted."""
    pipe, data = folder / "pipe", picture_files.png(PIXELS)
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    assert asks("--image", pipe, "hi")[0]["inputs"][0]["width"] == 60
    writer.join()
    for kind in ("--image", "--video"):
        command = [PROGRAM, "--model", CHECKPOINT, kind, pipe, "hi"]
        with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE) as process:
            while not has_thread(process.pid, "signals"):
                assert process.poll() is None, process.returncode
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=600)[1]
        assert process.returncode == 130 and b"cancelled" in said, (process.returncode, said)


def n_threads(user):
    """How many threads of a user are running."""
    count = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == user:
                count += len(list(folder.glob("task/*")))
    return count


@in_folder
def test_few_threads(folder):
    """Whatever the limit is, an error says so, nothing waits for a thread, and no library ends the program.
    The limit counts all threads of a user, and none of root: there nobody runs it."""
    path = write(folder, "x.png", picture_files.png(PIXELS))
    os.chmod(folder, 0o755)
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    # To look for leaks takes a thread, too.
    env = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"}
    running = n_threads(pwd.getpwnam("nobody").pw_uid if user else os.geteuid())
    for more in (1, 2, 3, 5, 8):
        def limit(n=running + more):
            resource.setrlimit(resource.RLIMIT_NPROC, (n, n))

        try:
            done = run("--image", path, "hi", preexec_fn=limit, env=env, **user)
        except BlockingIOError:  # not even a process
            continue
        if user or done.returncode != 0:  # this user's other programs may have ended
            assert done.returncode == 1 and not done.stdout, (more, done)
            assert re.search("^vlm-run: .*(thread|VK_)", done.stderr, re.M), (more, done)


@in_folder
def test_bad_pictures(folder):
    """A sentence with the name of the file, and no answer."""
    good = picture_files.png(PIXELS)
    huge = bytearray(good)
    huge[16:24] = (100000).to_bytes(4, "big") * 2
    launch(f"videotestsrc num-buffers=1 ! jpegenc ! filesink location={folder}/x.jpg")
    jpeg, bmp = (folder / "x.jpg").read_bytes(), picture_files.bmp(PIXELS)
    for name, data in (("empty.png", b""), ("text.png", b"no picture\n"), ("1.png", good[:-1]),
                       ("2.png", good[:len(good) // 2]), ("3.png", good[:20]), ("1.jpg", jpeg[:-1]),
                       ("2.jpg", jpeg[:len(jpeg) // 2]), ("3.jpg", jpeg[:30]),
                       ("4.jpg", picture_files.with_exif(jpeg, 1)[:700]), ("1.bmp", bmp[:-1]),
                       ("1.tiff", picture_files.tiff(PIXELS)[:900]), ("1.gif", picture_files.CMYK[:3]),
                       ("huge.png", bytes(huge)), ("noise.jpg", bytes(range(256)) * 20),
                       ("\x1b]0;title\x07.png", b"")):
        done = run("--image", write(folder, name, data), "hi")
        assert done.returncode == 1 and not done.stdout and "CRITICAL" not in done.stderr, (name, done)
        assert name.replace("\x1b", "\\u001b").replace("\x07", "\\u0007") in done.stderr, (name, done)
        assert not any(ord(c) < 32 for c in done.stderr.replace("\n", "")), (name, done)
    fails("--image", folder / "none.png", "hi", said="none.png: No such file")
    fails("--image", "", "hi", said="the name of a file is empty")
    fails("--image", "-", "hi", input=b"", said="standard input: it is empty")
    fails("--image", "file://other/x.png", "hi", said="names another machine")
    fails("--image", "http://127.0.0.1:9/x.png", "hi", said="does the server answer?")
    for name, data in (("x.txt", b"no video\n"), ("e.mp4", b""), ("n.mp4", bytes(range(256)) * 40)):
        fails("--video", write(folder, name, data), "hi", said=f"{name}: it contains no picture that can")
    fails("--video", folder, "hi", said="is a folder")
    fails("--image", "gopher://a/b", "hi", said="gopher://a/b: ")
    fails("--video", "gopher://a/b", "hi", said="gopher://a/b: ")


@in_folder
def test_folder_of_pictures(folder):
    """Those in it, 2 before 10."""
    for name in ("p10.png", "p2.png", "p1.png", ".hidden"):
        write(folder, name, picture_files.png(PIXELS))
    inputs = asks("--image", folder, "hi")[0]["inputs"]
    assert [os.path.basename(entry["image"]) for entry in inputs] == ["p1.png", "p2.png", "p10.png"], inputs
    write(folder, "p3.txt", b"no picture")
    fails("--image", folder, "hi", said="p3.txt: ")
    (folder / "void").mkdir()
    fails("--image", folder / "void", "hi", said="this folder contains no picture")


@in_folder
def test_addresses(folder):
    """Files with odd names, their addresses, a web server, standard input."""
    data = picture_files.png(PIXELS)
    expected = sees(write(folder, "x.png", data))
    for name in ("a b=c.png", "ü日.png", "back\\slash.png", "%41.png"):
        path = write(folder, name, data)
        assert sees(path) == sees(path.as_uri()) == expected, name
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert sees(f"http://127.0.0.1:{server.server_port}/x.png") == expected
        fails("--image", f"http://127.0.0.1:{server.server_port}/none.png", "hi", said="none.png: ")
        server.shutdown()
    answer = asks("--image", "-", "--max-tokens", "12", "hi", input=data)[0]
    assert (answer["answer"], answer["confidence"]) == expected[2:], answer


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder."""

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@in_folder
def test_questions(folder):
    """Several in one run, from words, options, files and standard input."""
    asked = write(folder, "q.txt", "Wie viele?\n".encode())
    answers = asks("--prompt", "Who?", "--prompt", "Where?", "--prompt-file", asked, "And", "why?")
    assert [answer["question"] for answer in answers] == ["Who?", "Where?", "Wie viele?", "And why?"], answers
    # alone each one is answered likewise
    assert answers[1]["answer"] == asks("Where?")[0]["answer"]
    assert asks("-", input=b"Who?\n")[0]["answer"] == answers[0]["answer"]
    done = run("--quiet", "--prompt", "Who?", "--prompt", "Where?")
    assert done.returncode == 0 and done.stderr == "", done
    assert done.stdout.decode() == shown(f"{answers[0]['answer']}\n\n{answers[1]['answer']}\n"), done
    fails("--prompt-file", write(folder, "b", b"\xff"), status=2, said="must be UTF-8")
    fails("--prompt-file", write(folder, "e", b" \n"), status=2, said="is empty")
    fails("--prompt-file", write(folder, "z", b"a\0b"), status=2, said="is not text")
    fails("--prompt-file", "-", "--image", "-", status=2, said="can be read once")


@in_folder
def test_json(folder):
    """All that is known of an answer; a streamed answer is the same."""
    answer = asks("--image", write(folder, "x.png", picture_files.png(PIXELS)), "hi")[0]
    assert set(answer) == {"question", "task", "inputs", "answer", "confidence", "complete", "usage",
                           "seconds", "model", "device"}, answer
    assert answer["task"] == "free", answer
    assert answer["usage"]["answer_tokens"] <= 6 and answer["usage"]["vision_tokens"], answer
    assert all(value >= 0 for value in answer["seconds"].values())
    streamed, whole = run("-q", "hi"), run("-q", "--no-stream", "hi")
    assert streamed.stdout.decode() == whole.stdout.decode() == shown(asks("hi")[0]["answer"]) + "\n"


@in_folder
def test_boxes_in_source_pixels(folder):
    """The model sees both pictures alike; its boxes are twice as large in the larger one."""
    model = folder / "model"
    shutil.copytree(CHECKPOINT, model)
    (model / "preprocessor_config.json").write_text(json.dumps({"min_pixels": 784, "max_pixels": 12544}))
    small, large = (write(folder, f"{n}.png", picture_files.png([[(90, 90, 90)] * 160 * n] * 120 * n))
                    for n in (1, 2))
    args = ("--task", "boxes", "--max-tokens", "200", "--seed", "3", "--temperature", "1", "a thing")
    answers = [asks("--image", path, *args, model=model)[0] for path in (small, large)]
    ones, twos = (answer["answer"] for answer in answers)
    written = json.loads(answers[0]["raw"].removeprefix("```json").removesuffix("```"))
    names = [f"/{i}/{name}" for i, box in enumerate(written) for name in box]
    assert list(answers[0]["fields"]) == names, answers
    assert all(0 < value <= 1 for value in answers[0]["fields"].values()), answers
    assert ones and len(ones) == len(twos), (ones, twos)
    for one, two in zip(ones, twos):
        assert one["label"] == two["label"]
        assert all(abs(2 * a - b) <= 1 for a, b in zip(one["bbox_2d"], two["bbox_2d"])), (one, two)
        x1, y1, x2, y2 = one["bbox_2d"]
        assert 0 <= x1 <= x2 <= 160 and 0 <= y1 <= y2 <= 120, one
    shown = run("-q", "--image", small, *args, model=model)
    assert json.loads(shown.stdout) == ones, shown
    fails("--image", small, "--image", large, *args, model=model, status=2, said="of one size")


@in_folder
def test_events_of_a_span(folder):
    """--start and --end: in the time of the video."""
    video = folder / "x.mkv"
    launch("videotestsrc num-buffers=100 ! video/x-raw,width=64,height=48,framerate=5/1 ! jpegenc "
           f"! matroskamux ! filesink location={video}")
    args = ("--video", video, "--task", "events", "--max-tokens", "200", "--seed", "1", "--temperature", "1")
    span = ("--start", "0:08", "--end", "12.0", "--fps", "2")
    answer = asks(*args, *span, "a thing")[0]
    assert answer["inputs"][0]["frames"] == 8, answer
    assert answer["question"].startswith("Localize every event in the video that matches the query 'a thing'")
    times = [60 * int(text[:2]) + float(text[3:]) for event in answer["answer"]
             for text in (event["start_time"], event["end_time"])]
    assert times and all(8 <= time <= 12.01 for time in times), answer
    whole = asks("--video", video, "--fps", "1/2", "hi")[0]
    assert whole["inputs"][0]["frames"] == 10, whole
    fails("--video", video, "--start", "30", "hi", said="no picture between")
    fails("--video", video, "--start", "3", "--end", "2", "hi", status=2, said="--end is behind")
    fails("--video", video, "--video", video, "--task", "events", "hi", status=2, said="of one video")


def test_output_that_is_not_taken():
    """No output is lost without an error, and no work is done without a reader."""
    with open("/dev/full", "wb") as full:
        for args in (["hi"], ["--json", "hi"], ["--list-devices"], ["--help"], ["--version"]):
            done = subprocess.run([PROGRAM, "--model", CHECKPOINT, *args], env=ENVIRONMENT, stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=600)
            assert done.returncode == 1 and done.stderr.count(b"standard output: ") == 1, done
    closed = subprocess.run(f'"{PROGRAM}" --model "{CHECKPOINT}" hi >&-', shell=True, env=ENVIRONMENT,
                            stderr=subprocess.PIPE, check=False, timeout=600)
    assert closed.returncode == 1 and b"standard output is closed" in closed.stderr, closed
    for args in (["--version"], ["--help"]):
        done = subprocess.run([PROGRAM, *args], env=ENVIRONMENT, capture_output=True, check=True, timeout=600)
        assert b"vlm-run" in done.stdout and not done.stderr, done


def test_logs_steer_no_terminal():
    """Neither GLib's nor GStreamer's, whatever the question and answer are; none is among the answers."""
    wild = "hi \x1b]0;title\x07 \x85 \u202e \u200f"
    for variable, value in (("G_MESSAGES_DEBUG", "all"), ("GST_DEBUG", "vlm*:6")):
        environment = {**ENVIRONMENT, variable: value, "GST_DEBUG_NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
        done = subprocess.run([PROGRAM, "--model", CHECKPOINT, "-n", "4", wild], env=environment, check=True,
                              capture_output=True, timeout=600)
        said = done.stderr.decode()
        assert "hi \\u001b]0;title\\u0007 \\u0085 \\u202e \\u200f" in said, said
        assert not set(said) & set("\x1b\x07\x85\u202e\u200f"), said
        assert b"prompt" not in done.stdout, done
    assert asks(wild)[0]["question"] == wild


@in_folder
def test_what_a_model_was_trained_for(folder):
    """It is reported once, if something else is asked."""
    model = folder / "model"
    shutil.copytree(CHECKPOINT, model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "trained_for": "counting \x1b sheep"}))
    done = run("--prompt", "a", "--prompt", "b", model=model)
    assert done.returncode == 0 and done.stderr.count("trained for counting \\u001b sheep") == 1, done
    image = write(folder, "x.png", picture_files.png(PIXELS))
    for args in (["-q", "hi"], ["--image", image, "--task", "boxes", "hi"]):
        assert "sheep" not in run(*args, model=model).stderr, args
    assert "trained for" not in run("hi").stderr


def has_thread(process, name):
    names = pathlib.Path(f"/proc/{process}/task").glob("*/comm")
    return any(path.read_text("utf-8").strip() == name for path in names)


def interrupt(folder, *args, delay):
    """Its output before Ctrl+C, `delay` seconds after it can be interrupted, or after its first words."""
    command = [PROGRAM, "--model", CHECKPOINT, "-q", "--max-tokens", "20000", "--temperature", "2", *args,
               "hi"]
    out = folder / "out"
    with open(out, "wb") as file, subprocess.Popen(command, env=ENVIRONMENT, stdout=file,
                                                   stderr=subprocess.PIPE) as process:
        while delay is None and not out.stat().st_size or not has_thread(process.pid, "signals"):
            assert process.poll() is None, process.returncode
            time.sleep(0.01)
        time.sleep(delay or 0)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=600)[1]
    assert process.returncode == 130 and b"cancelled" in said, (process.returncode, said)
    return out.read_text("utf-8")


@in_folder
def test_interrupt(folder):
    """The answer so far is printed."""
    assert interrupt(folder, delay=None).endswith("\n")
    # An answer that takes long, whatever the weights are, and is not shown while it is written.
    digits = {"type": "array", "minItems": 9000, "maxItems": 9000, "items": {"type": "integer"}}
    schema = write(folder, "schema.json", json.dumps(digits).encode())
    for args in (["--json"], []):
        # a slow machine needs longer until the first token
        for delay in (0.1, 1, 5, 20, 60):
            written = interrupt(folder, "--schema", schema, *args, delay=delay)
            if written:
                break
        assert written.endswith("\n"), written
        text = json.loads(written)["answer"] if args else written
        assert text.startswith("[") and (not args or json.loads(written)["interrupted"]), written


@in_folder
def test_drawing_replaces_no_input(folder):
    """By whatever name it goes."""
    data = picture_files.png(PIXELS)
    picture, other = (write(folder, name, data) for name in ("x.png", "y.png"))
    os.symlink("x.png", folder / "symbolic.png")
    os.link(picture, folder / "hard.png")
    for given, drawn in ((picture, picture), (picture, "symbolic.png"), (picture, "hard.png"),
                         (folder / "symbolic.png", picture), (picture.as_uri(), picture)):
        fails("--image", given, "--task", "boxes", "--draw", folder / drawn, "hi", said="is the input")
        assert picture.read_bytes() == data
    done = run("--image", picture, "--task", "boxes", "--draw", other, "hi")
    assert done.returncode == 0 and picture.read_bytes() == data != other.read_bytes(), done


@in_folder
def test_maps_overwrite_nothing(folder):
    write(folder, "mine", b"precious")
    fails("--dump-attention", folder, "hi", said="is not empty")
    assert os.listdir(folder) == ["mine"]


tap.run_module(__name__)
