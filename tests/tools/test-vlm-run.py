#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vlm-run as a user meets it, with the small checkpoint: test-vlm-run.py VLM-RUN CHECKPOINT

Media are made by gst-launch-1.0; what it cannot make here is skipped."""
import ast
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import noise

PROGRAM, CHECKPOINT = sys.argv[1:3]
# The validation layers are for the engine's own tests; here they cost minutes.
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "VLM_VALIDATE": "0"}
PICTURE = "videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width={},height={} ! pngenc"
SMALL = "video/x-raw,width=64,height=48,framerate={} ! jpegenc ! avimux"
MEDIA = {
    "picture.png": PICTURE.format(60, 40),
    "dot.png": PICTURE.format(1, 1),
    "line.png": PICTURE.format(3000, 10),
    "video.avi": "videotestsrc num-buffers=20 ! " + SMALL.format("5/1"),
    "hour.avi": "videotestsrc num-buffers=1200 ! " + SMALL.format("1/3"),
    "sound.wav": "audiotestsrc num-buffers=20 ! wavenc",
    "sound.avi": "audiotestsrc num-buffers=20 ! avimux",
}
number = 0


def report(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)


def make(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        subprocess.run(["gst-launch-1.0", "-q", *MEDIA[name].split(), "!", "filesink", f"location={path}"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return path if os.path.exists(path) and os.path.getsize(path) else None


def run(*args):
    return subprocess.run([PROGRAM, "--model", CHECKPOINT, "--max-tokens", "4", *args], capture_output=True,
                          env=ENVIRONMENT, timeout=600, check=False)


def fails(name, *args, because, status=1):
    result = run(*args)
    said = result.stderr.decode()
    good = result.returncode == status and result.stdout == b"" and because in said and "CRITICAL" not in said
    if not good:
        print(f"# {result.returncode}: {said}")
    report(good, name)


def answers(name, *args, shape=lambda answer: answer):
    result = run("--quiet", *args)
    good = result.returncode == 0 and not noise.without(result.stderr) and shape(result.stdout.decode())
    if not good:
        print(f"# {result.returncode}: {result.stdout} {result.stderr.decode()}")
    report(good, name)
    return result.stdout


def with_media(folder, name, test):
    path = make(folder, name)
    if path is None:
        print(f"ok {number + 1} {name} # SKIP gst-launch-1.0 cannot make it")
        globals()["number"] += 1
    else:
        test(path)


def test_words():
    answers("/words/utf-8-in-any-locale", "où est le café? 日本")
    answers("/words/system", "--system", "Tu es là.", "hi")
    fails("/words/not-utf-8", b"caf\xe9", because="must be UTF-8", status=2)
    fails("/words/none", because="a question", status=2)
    fails("/words/blank", "", because="is empty", status=2)
    fails("/words/unknown", "--wrong", "hi", because="--wrong", status=2)


def test_unnamed_model():
    """The default model is the one that the environment names."""
    nowhere = "/nonexistent/model"
    for name, path, code, said in (("environment", CHECKPOINT, 0, ""), ("nowhere", nowhere, 1, nowhere)):
        result = subprocess.run([PROGRAM, "--quiet", "--max-tokens", "4", "hi"], capture_output=True,
                                env={**ENVIRONMENT, "VLM_MODEL_PATH": path}, timeout=600, check=False)
        good = result.returncode == code and said in result.stderr.decode()
        good = good and bool(result.stdout) == (code == 0)
        if not good:
            print(f"# {result.returncode}: {result.stderr.decode()}")
        report(good, f"/model/{name}")


def test_mmproj():
    """For GGUF models, and named in errors."""
    config = os.path.join(CHECKPOINT, "config.json")
    absent = "/nonexistent/mmproj.gguf"
    fails("/mmproj/absent", "--mmproj", absent, "hi", because=f"{absent}: no such")
    fails("/mmproj/other-model", "--mmproj", config, "hi", because="is for GGUF models")


def test_fit():
    """--fit reports what fits where without loading anything."""
    def has(*words):
        return lambda answer: all(word in answer for word in words)
    answers("/fit/sizes", "--fit", "--model", "", shape=has("3B ", "72B ", "int4", "Q8_0", "Q4_K_M", "32768"))
    answers("/fit/model", "--fit", "--kv-cache", "f16", "--model", CHECKPOINT,
            shape=has("cache of F16", "native"))

    def is_aligned(answer):
        head, *rows = [line for line in answer.splitlines() if line.startswith("  ")]
        return rows and {len(row) for row in rows} == {head.index("tokens of context")}

    with tempfile.TemporaryDirectory() as folder:
        long = os.path.join(folder, "a-name-that-is-longer-than-those-of-sizes")
        os.symlink(CHECKPOINT, long)
        answers("/fit/long-name", "--fit", "--model", long, shape=is_aligned)
    fails("/fit/nowhere", "--fit", "--model", "/nonexistent", because="/nonexistent")
    fails("/fit/cache", "--fit", "--kv-cache", "f8", because="auto, f32 or f16", status=2)


def test_numbers():
    for args, because in ((["--fps", "0.0000001"], "--fps must be"), (["--fps", "nan"], "--fps must be"),
                          (["--fps", "1/0"], "--fps must be"), (["--fps", "2x"], "--fps must be"),
                          (["--temperature", "-1"], "--temperature"),
                          (["--temperature", "nan"], "--temperature"),
                          (["--top-p", "1.5"], "--top-p"), (["--top-k", "-1"], "--top-k"),
                          (["--top-k", "1.5"], "--top-k"), (["--start", "1:70"], "--start"),
                          (["--end", "-1"], "--end"), (["--start", "1"], "for --video"),
                          (["--task", "poem"], "--task must be"),
                          (["--task", "boxes", "--format", "boxes"], "exclude"),
                          (["--repetition-penalty", "nan"], "--repetition-penalty"),
                          (["--max-tokens", "-1"], "--max-tokens"),
                          (["--format", "poem"], "--format must be")):
        fails(f"/numbers/{'='.join(args)[2:]}", *args, "hi", because=because, status=2)
    for args, because in ((["--max-tokens", "200000"], "of the model"), (["--device", "abacus"], "abacus")):
        fails(f"/numbers/{'='.join(args)[2:]}", *args, "hi", because=because)


def test_sampling():
    args = ["--temperature", "3", "--top-k", "0", "--top-p", "1", "--max-tokens", "20", "hi"]
    first, again, other = (answers(f"/sampling/{name}", "--seed", seed, *args)
                           for name, seed in (("seed", "7"), ("same-seed", "7"), ("other-seed", "8")))
    report(first == again and first != other, "/sampling/follows-the-seed")


def test_media(folder):
    with_media(folder, "picture.png", lambda path: answers("/media/picture", "--image", path, "hi"))
    with_media(folder, "dot.png", lambda path: answers("/media/dot", "--image", path, "--image", path, "hi"))
    with_media(folder, "line.png", lambda path: fails("/media/line", "--image", path, "hi",
                                                      because="line.png"))
    with_media(folder, "video.avi", lambda path: answers("/media/video", "--video", path, "--fps", "1", "hi"))
    for sound in ("sound.wav", "sound.avi"):
        for kind in ("--image", "--video"):
            said = f"{sound}: it contains no picture" if kind == "--video" else f"{sound}: "
            with_media(folder, sound, lambda path: fails(f"/media/{sound}-as{kind[1:]}", kind, path, "hi",
                                                         because=said))
    empty = os.path.join(folder, "empty.png")
    with open(empty, "wb"):
        pass
    fails("/media/empty", "--image", empty, "hi", because="empty.png")
    fails("/media/missing", "--video", "nowhere.mp4", "hi", because="nowhere.mp4")
    fails("/media/folder", "--image", folder, "hi", because=folder)


def is_list(answer):
    return isinstance(json.loads(answer.strip().removeprefix("```json").removesuffix("```")), list)


def test_formats(folder):
    """Answers keep to the grammar however few tokens there are."""
    fails("/formats/events-of-nothing", "--format", "events", "hi", because="need a --video", status=2)
    fails("/formats/boxes-of-nothing", "--format", "boxes", "hi", because="give an --image", status=2)
    for n in ("30", "64", "200"):
        with_media(folder, "video.avi", lambda path: answers(
            f"/formats/events-{n}", "--format", "events", "--max-tokens", n, "--video", path, "hi",
            shape=is_list))
        with_media(folder, "picture.png", lambda path: answers(
            f"/formats/boxes-{n}", "--format", "boxes", "--max-tokens", n, "--image", path, "hi",
            shape=is_list))


SCHEMA = {"type": "object", "required": ["count", "kind", "note"], "properties": {
    "count": {"type": "integer", "minimum": 0, "maximum": 99}, "kind": {"enum": ["ball", "car"]},
    "note": {"type": "string", "maxLength": 40}}}


def fits_schema(answer):
    value = json.loads(answer)
    return (list(value) == ["count", "kind", "note"] and 0 <= value["count"] <= 99
            and value["kind"] in ("ball", "car") and len(value["note"]) <= 40)


def test_schemas(folder):
    """The answer fits, however few tokens there are; an error in a schema is reported with its place."""
    def write(name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path
    good = write("schema.json", json.dumps(SCHEMA))
    for n in ("60", "200"):
        answers(f"/schemas/answer-{n}", "--schema", good, "--max-tokens", n, "hi", shape=fits_schema)
    bad = write("bad.json", '{"properties": {"age": {"foo": 1}}}')
    fails("/schemas/keyword", "--schema", bad, "hi",
          because=f"{bad}: /properties/age/foo: this keyword is not supported")
    fails("/schemas/no-json", "--schema", write("no.json", "{"), "hi", because="no.json")
    fails("/schemas/missing", "--schema", "nowhere.json", "hi", because="nowhere.json")
    fails("/schemas/few-tokens", "--schema", good, "--max-tokens", "3", "hi", because="the limit is 3")
    fails("/schemas/format-too", "--schema", good, "--format", "events", "hi",
          because="exclude each other", status=2)
    fails("/schemas/format-alone", "--format", "json", "hi", because="use --schema FILE", status=2)


def test_tasks(folder):
    """Every task uses the question of its training, and the answer has its form."""
    def ask(path):
        for task in ("points", "ocr", "boxes"):
            answers(f"/tasks/{task}", "--task", task, "--image", path, "--max-tokens", "80", shape=is_list)
        answers("/tasks/count", "--task", "count", "--image", path,
                shape=lambda answer: answer.strip().isdigit())
        answers("/tasks/format", "--format", "points", "--image", path, "--max-tokens", "80", shape=is_list)
        fails("/tasks/format-free", "--format", "free", "--image", path, because="a question is needed",
              status=2)
        answers("/tasks/describe", "--task", "describe", "--image", path, "--max-tokens", "8")
        fails("/tasks/document", "--task", "document", "--image", path, because="not the HTML")
        drawn = os.path.join(folder, "drawn.png")
        answers("/tasks/html", "--task", "boxes", "--image", path, "--max-tokens", "80", "--html",
                "--draw", drawn,
                shape=lambda answer: answer.startswith("<html>") and answer.rstrip().endswith("</html>"))
        with open(drawn, "rb") as file:
            head = file.read(24)
        is_png = head[:8] == b"\x89PNG\r\n\x1a\n"
        report(is_png and head[16:24] == bytes([0, 0, 0, 60, 0, 0, 0, 40]), "/tasks/draw")
        fails("/tasks/draw-words", "--draw", drawn, "--image", path, "hi", because="are for places", status=2)
        fails("/tasks/html-json", "--html", "--json", "--task", "boxes", "--image", path,
              because="exclude", status=2)
        # before the model, whatever that is
        fails("/tasks/draw-nowhere", "--task", "boxes", "--image", path, "--draw", "/proc/nowhere.png",
              "--model", os.path.join(folder, "nowhere"), because="/proc/nowhere.png: ")
        before = open(drawn, "rb").read()
        fails("/tasks/draw-failed", "--task", "document", "--image", path, "--draw", drawn,
              because="not the HTML")
        report(open(drawn, "rb").read() == before and glob.glob(drawn + "?*") == [], "/tasks/draw-as-it-was")
    with_media(folder, "picture.png", ask)
    with_media(folder, "video.avi", lambda path: answers(
        "/tasks/points-of-video", "--task", "points", "--video", path, "--max-tokens", "80", shape=is_list))


def numpy_shape(path):
    """Of an array of floats that is all there."""
    with open(path, "rb") as file:
        data = file.read()
    length = int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:10 + length].decode())
    n = 1
    for size in header["shape"]:
        n *= size
    whole = len(data) == 10 + length + 4 * n and data[:8] == b"\x93NUMPY\x01\0" and (10 + length) % 64 == 0
    return list(header["shape"]) if whole and header["descr"][1:] == "f4" else None


def test_attention(folder):
    """Three layers, one block of one head; a token of 28 x 28 pixels."""
    def dump(path):
        maps = os.path.join(folder, "maps", "of", "it")
        answers("/attention/answer", "--image", path, "--dump-attention", maps, "hi")
        with open(os.path.join(maps, "attention.json"), encoding="utf-8") as file:
            index = json.load(file)
        piece = index["slices"][0]
        rows, columns = (side // 28 for side in reversed(piece["size"]))
        shapes = {"layers": [3, rows, columns], "tokens": [len(index["tokens"]), rows, columns],
                  "received": [1, 1, 2 * rows, 2 * columns]}
        report(len(index["slices"]) == 1 and index["blocks"] == [1] and piece["kind"] == "image"
               and piece["source_size"] == [60, 40] and 0 < piece["share"] < 1
               and index["answer"].startswith("".join(index["tokens"])), "/attention/index")
        found = {key: numpy_shape(os.path.join(maps, piece[key])) for key in shapes}
        report(found == shapes, "/attention/arrays")
        pictures = [piece["picture"], piece["answer_picture"], *piece["block_pictures"]]
        heads = []
        for name in pictures:
            with open(os.path.join(maps, name), "rb") as file:
                heads.append(file.read(8))
        report(heads == 3 * [b"\x89PNG\r\n\x1a\n"], "/attention/pictures")
    with_media(folder, "picture.png", dump)
    fails("/attention/no-folder", "--dump-attention", "/proc/nowhere/maps", "hi", because="/proc/nowhere")


def spoil(folder, prefix, bits):
    """The checkpoint, with all values of the weights whose names begin with `prefix` set to the same bits."""
    path = shutil.copytree(CHECKPOINT, os.path.join(folder, "spoilt-" + prefix))
    weights = os.path.join(path, "model.safetensors")
    with open(weights, "rb") as file:
        data = bytearray(file.read())
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if name.startswith(prefix):
            first, end = (start + offset for offset in entry["data_offsets"])
            data[first:end] = bits.to_bytes(2, "little") * ((end - first) // 2)
    os.chmod(weights, 0o644)
    with open(weights, "wb") as file:
        file.write(data)
    return path


def test_not_finite(folder):
    """Numbers that are not finite give no answer, but an error that says where."""
    for prefix, bits, place in (("model.layers.1.", 0x7FC0, "layer 1 of the language model"),
                                ("model.norm", 0x7F80, "the output head")):
        path = spoil(folder, prefix, bits)
        for options in ((), ("--temperature", "1"), ("--quiet",)):
            fails(f"/not-finite/{prefix}/{''.join(options)}", "--model", path, *options, "hi", because=place)


def test_interrupt(folder):
    """At any stage."""
    def interrupt(path):
        process = subprocess.Popen([PROGRAM, "--model", CHECKPOINT, "--fps", "1", "--video", path, "hi"],
                                   env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=600)
        report(process.returncode == 130 and b"cancelled" in said and out == b"", "/interrupt")
    with_media(folder, "hour.avi", interrupt)


with tempfile.TemporaryDirectory() as media:
    test_words()
    test_unnamed_model()
    test_mmproj()
    test_fit()
    test_numbers()
    test_sampling()
    test_media(media)
    test_formats(media)
    test_schemas(media)
    test_tasks(media)
    test_attention(media)
    test_not_finite(media)
    test_interrupt(media)
print(f"1..{number}")
