#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vlm-eval as a user meets it, and the model that ships against a margin.

    test-vlm-eval.py tool VLM-EVAL CHECKPOINT   options, files and forms, with a model of random weights
    test-vlm-eval.py model VLM-EVAL MODEL       is as good as it must be; skipped without weights
"""
import json
import os
import subprocess
import sys
import tempfile

# What a broken model, or a broken engine, cannot reach; what always answers the same gets 0.37 and 0.
MARGINS = {("query", "miou"): 0.7, ("absent", "empty"): 0.9, ("events", "f1"): 0.7,
           ("events", "label_accuracy"): 0.85, ("boxes", "miou"): 0.55, ("absent_boxes", "empty"): 0.8}
SCENES = 16
# Of a film of cars on a road, by its temporal IoU; "always" has 0.35.
MARGIN_OF_FOOTAGE = 0.6

KIND, PROGRAM, MODEL = sys.argv[1:4]
# The validation layers are for the engine's own tests; here they cost minutes.
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "VLM_VALIDATE": "0"}
number = 0


def report(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)


def skip(name, why):
    global number
    number += 1
    print(f"ok {number} {name} # SKIP {why}", flush=True)


def run(*args):
    return subprocess.run([PROGRAM, "--model", MODEL, *args], capture_output=True, env=ENVIRONMENT,
                          timeout=600, check=False)


def measure(folder, name, *args):
    """The JSON that it writes."""
    path = os.path.join(folder, "scores.json")
    result = run("--json", path, *args)
    if result.returncode != 0:
        print("#", result.stderr.decode().replace("\n", "\n# "))
        report(False, name)
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=millionths)


def millionths(text):
    """Of a number that is written with no more digits than that."""
    assert len(text.split(".")[-1]) <= 6, text
    return float(text)


def fails(name, *args, because, status=2):
    result = run(*args)
    said = result.stderr.decode()
    good = result.returncode == status and because in said and "CRITICAL" not in said
    if not good:
        print(f"# {result.returncode}: {said}")
    report(good, name)


def fractions_are_sound(scores):
    return all(0.0 <= scores[section][key] <= 1.0
               for section in ("query", "absent", "events", "boxes", "absent_boxes", "yes_no", "points",
                               "absent_points", "count")
               for key in scores[section] if not key.startswith(("n", "median")) or key == "named_miou")


def test_scenes(folder):
    scores = measure(folder, "/scenes", "--scenes", "2", "--fps", "0.5", "--max-pixels", "7056")
    if scores is not None:
        report(scores["n_scenes"] == 2 and scores["absent"]["n"] == 2 and scores["query"]["n"] <= 2
               and scores["first_seed"] == 2**40 and fractions_are_sound(scores), "/scenes")
        always = scores["always"]
        report(always["yes_no"]["yes"] == 1 and always["yes_no"]["no"] == 0, "/scenes/always-yes")
        report(always["absent"]["empty"] == 0 and always["events"]["label_accuracy"] in (0, 1) and
               fractions_are_sound(always), "/scenes/always")


def test_hard(folder):
    scores = measure(folder, "/hard", "--scenes", "2", "--fps", "0.5", "--max-pixels", "7056", "--hard")
    if scores is not None:
        report(scores["hard"] is True and scores["absent"]["n"] == 2 and fractions_are_sound(scores), "/hard")


def test_rates(folder):
    scores = measure(folder, "/rates", "--scenes", "1", "--fps-consistency", "--max-pixels", "3136")
    if scores is not None:
        rates = scores["fps_consistency"]
        report([rate["fps"] for rate in rates] == [2, 1, 4, 8, 30]
               and rates[0]["mean_start_difference_s"] == 0, "/rates")


def test_video(folder):
    path, truth = os.path.join(folder, "video.avi"), os.path.join(folder, "truth.json")
    subprocess.run(["gst-launch-1.0", "-q", *"videotestsrc num-buffers=25 ! video/x-raw,width=64,height=48,"
                    "framerate=5/1 ! jpegenc ! avimux ! filesink".split(), f"location={path}"], check=True)
    with open(truth, "w", encoding="utf-8") as file:
        json.dump({"any_object_in_view": [[1, 2.5]]}, file)
    scores = measure(folder, "/video", "--video", path, "--truth", truth, "--window", "2", "--hop", "1",
                     "--max-pixels", "3136")
    if scores is not None:
        video = scores["video"]
        # from 0, 1, 2, 3 s on, and what is left; the last slot may lie a little behind the end
        report(4 <= video["n_windows"] <= 5 and 5.0 <= video["duration_s"] <= 6.0
               and 0 <= video["iou"] <= 1
               and abs(video["whole_iou"] - 1.5 / video["duration_s"]) < 1e-6, "/video")
    fails("/video/no-truth", "--video", path, because="need each other")
    fails("/video/bad-truth", "--video", path, "--truth", path, because="video.avi, line 1: ", status=1)
    with open(truth, "w", encoding="utf-8") as file:
        json.dump({"any_object_in_view": [[2, 1]]}, file)
    fails("/video/backwards", "--video", path, "--truth", truth, because="any_object_in_view", status=1)
    test_records(folder)


def test_records(folder):
    """What vlmtestsrc writes is a truth: all of it, or that of one label."""
    path, truth = os.path.join(folder, "scene.avi"), os.path.join(folder, "truth.jsonl")
    subprocess.run(["gst-launch-1.0", "-q", *"vlmtestsrc seed=3 num-scenes=1 duration=4".split(),
                    f"truth-location={truth}", *"! video/x-raw,width=64,height=48,framerate=5/1 ! jpegenc "
                    "! avimux ! filesink".split(), f"location={path}"], check=True)
    with open(truth, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    label = events[0]["label"]
    of_label = [event for event in events if event["label"] == label]
    for query, wanted in (("object", events), (label, of_label)):
        scores = measure(folder, f"/records/{query}", "--video", path, "--truth", truth, "--query", query,
                         "--window", "4", "--max-pixels", "3136")
        spans = [[event[end]["stream_time"] for end in ("start", "end")] for event in wanted]
        report(scores is not None and scores["video"]["truth"] == spans, f"/records/{query}")
    with open(truth, "a", encoding="utf-8") as file:
        file.write('{"type": "gap"}\n')
    fails("/records/no-event", "--video", path, "--truth", truth, because=f"line {len(events) + 1}: ",
          status=1)


def test_output(folder):
    """Whether it can be written is known before hours of work; what is there stays until all is done."""
    nowhere = os.path.join(folder, "nowhere", "x.json")
    for name, path in (("no-folder", nowhere), ("folder", folder)):
        # a model that is not there is met later
        fails(f"/output/{name}", "--json", path, "--model", folder, because=f"{path}: ", status=1)
    path = os.path.join(folder, "mine.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    fails("/output/kept", "--json", path, "--model", folder, because="no config.json", status=1)
    with open(path, encoding="utf-8") as file:
        report(file.read() == "precious" and not [name for name in os.listdir(folder) if name != "mine.json"],
               "/output/as-it-was")
    fails("/output/full", "--json", "/dev/full", "--scenes", "1", "--fps", "0.5", "--max-pixels", "3136",
          because="/dev/full: ", status=1)


def test_options(folder):
    for args, because in ((["--scenes", "0"], "--scenes"), (["--first-seed", "-1"], "--first-seed"),
                          (["--fps", "nan"], "--fps"), (["--bystanders", "5"], "--bystanders"),
                          (["--perspective", "0.9"], "--perspective"),
                          (["--max-pixels", "-1"], "--max-pixels"),
                          (["--window", "0"], "--window"), (["--hop", "11"], "--hop")):
        fails(f"/options/{'='.join(args[:1])[2:]}", *args, because=because)
    fails("/options/device", "--device", "abacus", because="abacus", status=1)
    fails("/options/model", "--model", folder, because="no config.json", status=1)
    fails("/options/rest", "more", because="unknown option \"more\"")


def test_model(folder):
    scores = measure(folder, "/model", "--scenes", str(SCENES))
    if scores is None:
        return
    report(scores["n_unreadable"] == 0, "/model/readable")
    for (section, key), least in MARGINS.items():
        value = scores[section][key]
        print(f"# {section}.{key} {value:.3f}, at least {least}")
        report(value >= least, f"/model/{section}-{key}")


def test_footage(folder):
    clips = os.path.join(os.environ.get("VLM_SHARED", ""), "clips", "car-detection")
    if not os.path.exists(clips + ".mp4"):
        skip("/model/footage", "no film of cars")
        return
    scores = measure(folder, "/model/footage", "--video", clips + ".mp4", "--truth", clips + ".events.json")
    if scores is not None:
        print(f"# footage {scores['video']['iou']:.3f}, at least {MARGIN_OF_FOOTAGE}")
        report(scores["video"]["iou"] >= MARGIN_OF_FOOTAGE, "/model/footage")


with tempfile.TemporaryDirectory() as scratch:
    if KIND == "tool":
        test_options(scratch)
        test_output(scratch)
        test_scenes(scratch)
        test_hard(scratch)
        test_rates(scratch)
        test_video(scratch)
    elif os.path.exists(os.path.join(MODEL, "model.safetensors")):
        test_model(scratch)
        test_footage(scratch)
    else:
        print("1..0 # SKIP no weights in", MODEL)
        sys.exit(0)
print(f"1..{number}")
