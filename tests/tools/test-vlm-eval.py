#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vlm-eval as a user meets it, and the model that ships against a margin.

    test-vlm-eval.py tool VLM-EVAL CHECKPOINT   options, files and forms, with a model of random weights
    test-vlm-eval.py model VLM-EVAL MODEL LABELS    is as good as it must be; skipped without weights
"""
import json
import os
import subprocess
import sys
import tempfile

# Scores out of reach for a broken model or engine; one that always answers the same gets 0.37 and 0.
MARGINS = {("query", "miou"): 0.7, ("absent", "empty"): 0.9, ("events", "f1"): 0.7,
           ("events", "label_accuracy"): 0.85, ("boxes", "miou"): 0.55, ("absent_boxes", "empty"): 0.8}
SCENES = 16
# Of a film of cars on a road, by its temporal IoU; "always" has 0.35.
MARGIN_OF_FOOTAGE = 0.6

KIND, PROGRAM, MODEL = sys.argv[1:4]
LABELS = sys.argv[4] if len(sys.argv) > 4 else None
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
    if any(ord(c) < 32 and c != "\n" for c in result.stdout.decode()):
        report(False, f"{name}/steers-the-terminal")
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


def make_clip(folder):
    """Black for 4 s, snow for 2 s, and black again."""
    path = os.path.join(folder, "clip.avi")
    caps = "! video/x-raw,width=64,height=48,framerate=5/1 ! c."
    subprocess.run(["gst-launch-1.0", "-q", *"concat name=c ! jpegenc ! avimux ! filesink".split(),
                    f"location={path}",
                    *f"videotestsrc pattern=black num-buffers=20 {caps} "
                    f"videotestsrc pattern=snow num-buffers=10 {caps} "
                    f"videotestsrc pattern=black num-buffers=20 {caps}".split()], check=True)
    return path


def write_labels(folder, name, labels):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(labels, file)
    return path


# A model of random weights finds no end of its answers.
BRIEF = ["--max-pixels", "3136", "--set", "max-tokens=24", "--set", "ground=false"]
ALL = "all of it \x1b]0;title\x07"
SNOW = {"events": [{"label": "snow", "start_s": 4, "end_s": 6}],
        "readings": {ALL: [{"start_s": 0, "end_s": 10}]}}


def test_video(folder):
    path = make_clip(folder)
    labels = write_labels(folder, "labels.json", SNOW)
    nothing = write_labels(folder, "nothing.json", {"events": []})
    scores = measure(folder, "/video", "--video", path, "--events", labels, "--video", path, "--events",
                     nothing, "--window", "4", "--hop", "2", "--fps", "2", *BRIEF)
    if scores is not None:
        first, second = scores["videos"]
        # from 0, 2, 4, 6 s on, and what is left; the last slot may be a little after the end
        report(4 <= first["n_windows"] <= 5 and 10.0 <= first["duration_s"] <= 11.0
               and 20 <= first["n_frames"] <= 22 and first["n_windows_failed"] == 0, "/video/windows")
        named = {reading["name"]: reading for reading in first["readings"]}
        moves = named[None]["motion"]
        report(first["moves"] == [{"start_s": 4.0, "end_s": 6.0}] and moves["f1"] == 1 and moves["iou"] == 1
               and moves["false_s"] == moves["missed_s"] == 0, "/video/motion")
        report(named[ALL]["motion"]["n_right"] == 0 and named[ALL]["motion"]["missed_s"] == 8,
               "/video/readings")
        model, total = named[None]["model"], scores["total"]
        report(model["n_found"] == len(named[None]["found"]) and 0 <= model["iou"] <= 1
               and total["motion"]["n_true"] == 1 and total["motion"]["n_found"] == 2
               and total["motion"]["iou"] == 0.5 and total["motion"]["false_s"] == 2
               and second["readings"][0]["motion"]["false_s"] == 2
               and abs(total["motion"]["false_per_10_min"]
                       - 600 / (first["duration_s"] + second["duration_s"])) < 1e-5
               and scores["reliability"]["n"] == total["model"]["n_found"], "/video/total")
    refined = measure(folder, "/video/refine", "--video", path, "--events", labels, "--window", "4", "--hop",
                      "4", "--fps", "2", "--set", "refine=true", *BRIEF)
    if refined is not None:
        video = refined["videos"][0]
        # before the snow and after it nothing moves; skipped time counts as duration, too
        report(1 <= video["n_glances"] <= 2 and 10.0 <= video["duration_s"] <= 11.0
               and video["n_windows"] + video["n_windows_skipped"] == 3 and video["n_windows_failed"] == 0,
               "/video/refine")
    test_video_failures(folder, path, labels)
    test_records(folder)


def test_video_failures(folder, path, labels):
    fails("/video/no-events", "--video", path, because="needs its --events")
    fails("/video/bad-events", "--video", path, "--events", path, because="clip.avi, line 1: ", status=1)
    backwards = write_labels(folder, "backwards.json", {"events": [{"start_s": 2, "end_s": 1}]})
    fails("/video/backwards", "--video", path, "--events", backwards, because="event 1 of \"events\"",
          status=1)
    fails("/video/set-alone", "--set", "hop=1", because="--video")
    fails("/video/set-model", "--video", path, "--events", labels, "--set", "model=x", because="--model")
    for setting, because in (("hop", "PROPERTY=VALUE"), ("legs=4", "no property \"legs\""),
                             ("hop=-1", "\"-1\" is no value"), ("stats=1", "no property \"stats\"")):
        fails(f"/video/set-{setting}", "--video", path, "--events", labels, "--set", setting,
              because=because)
    hidden = {"GST_PLUGIN_PATH": "", "GST_PLUGIN_PATH_1_0": "", "GST_PLUGIN_SYSTEM_PATH_1_0": folder,
              "GST_PLUGIN_SYSTEM_PATH": folder, "GST_REGISTRY": os.path.join(folder, "registry.bin")}
    result = subprocess.run([PROGRAM, "--model", MODEL, "--video", path, "--events", labels],
                            capture_output=True, env={**ENVIRONMENT, **hidden}, timeout=600, check=False)
    report(result.returncode == 1 and b"does not find the element vlmevents" in result.stderr,
           "/video/no-plugin")


def test_records(folder):
    """The records of vlmtestsrc are a truth: all of them, or those of one label."""
    path, truth = os.path.join(folder, "scene.avi"), os.path.join(folder, "truth.jsonl")
    subprocess.run(["gst-launch-1.0", "-q", *"vlmtestsrc seed=3 num-scenes=1 duration=4".split(),
                    f"truth-location={truth}", *"! video/x-raw,width=64,height=48,framerate=5/1 ! jpegenc "
                    "! avimux ! filesink".split(), f"location={path}"], check=True)
    with open(truth, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    label = events[0]["label"]
    of_label = [event for event in events if event["label"] == label]
    for query, wanted in (("object", events), (label, of_label)):
        scores = measure(folder, f"/records/{query}", "--video", path, "--events", truth, "--query", query,
                         "--window", "4", "--hop", "4", *BRIEF)
        report(scores is not None and scores["total"]["model"]["n_true"] == len(wanted), f"/records/{query}")
    with open(truth, "a", encoding="utf-8") as file:
        file.write('{"type": "gap"}\n')
    fails("/records/no-event", "--video", path, "--events", truth, because=f"line {len(events) + 1}: ",
          status=1)


def test_reliability(folder):
    """Of scenes: printed on request, in JSON always."""
    few = ["--scenes", "2", "--fps", "0.5", "--max-pixels", "7056"]
    path = os.path.join(folder, "scores.json")
    with_table = run(*few, "--reliability", "--json", path)
    without = run(*few)
    report(b"best F1, " in with_table.stdout and b"best F1, " not in without.stdout, "/reliability/printed")
    with open(path, encoding="utf-8") as file:
        scores = json.load(file)
    found = scores["reliability"]
    report(found["n"] == scores["events"]["n_found"] == sum(b["n"] for b in found["bins"])
           and len(found["bins"]) == 10, "/reliability/json")


def test_output(folder):
    """An output that cannot be written is reported before hours of work; a file stays until all is done."""
    nowhere = os.path.join(folder, "nowhere", "x.json")
    for name, path in (("no-folder", nowhere), ("folder", folder)):
        # a model that is missing is reported later
        fails(f"/output/{name}", "--json", path, "--model", folder, because=f"{path}: ", status=1)
    path = os.path.join(folder, "mine.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    fails("/output/kept", "--json", path, "--model", folder, because="no config.json", status=1)
    with open(path, encoding="utf-8") as file:
        report(file.read() == "precious" and not [name for name in os.listdir(folder) if name != "mine.json"],
               "/output/as-it-was")
    labels = os.path.join(folder, "labels.json")
    with open(labels, "w", encoding="utf-8") as file:
        json.dump({"events": []}, file)
    for name in (labels, path):
        fails("/output/input", "--video", path, "--events", labels, "--json", name, because="is the input",
              status=1)
    with open(labels, encoding="utf-8") as file:
        report(json.load(file) == {"events": []}, "/output/input-kept")
    fails("/output/full", "--json", "/dev/full", "--scenes", "1", "--fps", "0.5", "--max-pixels", "3136",
          because="/dev/full: ", status=1)


def test_options(folder):
    for args, because in ((["--scenes", "0"], "--scenes"), (["--first-seed", "-1"], "--first-seed"),
                          (["--fps", "nan"], "--fps"), (["--bystanders", "5"], "--bystanders"),
                          (["--perspective", "0.9"], "--perspective"), (["--duration", "0.5"], "--duration"),
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
    clip = os.path.join(os.environ.get("VLM_SHARED", ""), "clips", "car-detection.mp4")
    if not os.path.exists(clip):
        skip("/model/footage", "no film of cars")
        return
    scores = measure(folder, "/model/footage", "--video", clip, "--events", LABELS)
    if scores is not None:
        total = scores["total"]["model"]
        print(f"# footage {total['iou']:.3f}, at least {MARGIN_OF_FOOTAGE}; {total['n_boxes_on']} of "
              f"{total['n_boxes']} boxes, at least half")
        report(total["iou"] >= MARGIN_OF_FOOTAGE, "/model/footage")
        report(total["n_boxes_on"] * 2 >= total["n_boxes"] > 0, "/model/footage/boxes")


with tempfile.TemporaryDirectory() as scratch:
    if KIND == "tool":
        test_options(scratch)
        test_output(scratch)
        test_scenes(scratch)
        test_hard(scratch)
        test_rates(scratch)
        test_video(scratch)
        test_reliability(scratch)
    elif os.path.exists(os.path.join(MODEL, "model.safetensors")):
        test_model(scratch)
        test_footage(scratch)
    else:
        print("1..0 # SKIP no weights in", MODEL)
        sys.exit(0)
print(f"1..{number}")
