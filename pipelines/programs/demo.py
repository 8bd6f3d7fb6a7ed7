# SPDX-License-Identifier: LGPL-2.1-or-later
"""demo.py SCRIPT OPTION… [VIDEO] PROPERTY=VALUE…: see pipelines/demo"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

import filmed
from running import GLib, complain
from watching import Group
from words import Words, comes_back, to_path, to_uri, without_password

PIPELINES = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("VLM_BUILD_DIR", PIPELINES.parent / "build"))
REPORT = PIPELINES / "report"
sys.path.append(str(REPORT))
import events  # noqa: E402 pylint: disable=wrong-import-position

# Models are measured on scenes from this seed on, and trained on those before it.
FIRST_SEED = 1 << 40


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def count(text):
    if not text.isdigit():
        raise ValueError
    return int(text)


def positive(text):
    if count(text) == 0:
        raise ValueError
    return count(text)


def options_of(argv):
    """The options of the demo, and the remaining words."""
    parser = argparse.ArgumentParser(prog=argv[1], add_help=False, allow_abbrev=False)
    for name in ("model", "mmproj", "device"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--out", type=pathlib.Path, default=BUILD / "demo")
    parser.add_argument("--seconds", type=positive, default=10)
    parser.add_argument("--scenes", type=positive, default=4)
    parser.add_argument("--seed", type=count, default=0)
    return parser.parse_known_args(argv[2:])


def properties_of(options):
    """Of vlmevents. Boxes are on their own frames because the video waits for its analysis."""
    named = {name: getattr(options, name) for name in ("model", "mmproj", "device")}
    return [*((name, value) for name, value in named.items() if value), ("window", str(options.seconds)),
            ("ground", "true"), ("delay-video", "true"), ("delay-margin", str(options.seconds))]


class Job:
    """What is to be analysed: the words of its source, its name, and the truth about it."""

    def __init__(self, options, words):
        self.words, self.out = words, options.out
        self.uri, self.live, self.truth = None, False, None
        if words.inputs:
            self.take_video("v4l2://" + words.inputs[0] if is_device(words.inputs[0]) else words.inputs[0])
        else:
            self.take_scenes(options)

    def take_scenes(self, options):
        """Like those that models are measured on: with all effects, and never used for training."""
        self.name = f"{options.scenes * options.seconds} s of vlmtestsrc"
        self.title = f"What happens in {options.scenes} generated scene{'s' * (options.scenes != 1)}"
        self.truth = self.out / "truth.jsonl"
        self.source = ["vlmtestsrc", f"seed={FIRST_SEED + options.seed}", f"num-scenes={options.scenes}",
                       f"duration={options.seconds}", "effects=shadows+light+shake+noise+blocks",
                       "add-meta=false", f"truth-location={self.truth}", "!",
                       "video/x-raw,format=I420,width=640,height=360,framerate=30/1"]

    def take_video(self, word):
        path = to_path(word)
        if path and not os.access(path, os.R_OK):
            sys.exit(f"{word}: {'it may not be read' if path.exists() else 'no such file or device'}")
        made = [self.out / name for name in filmed.MADE]
        if path and any(other.exists() and other.samefile(path) for other in made):
            sys.exit(f"{word} would be overwritten: name another folder with --out DIR")
        self.live = comes_back(word)
        self.name = without_password(word)
        self.uri = to_uri(word)
        self.source = filmed.decoded_words(self.uri, self.live)
        if self.live:
            self.title = f"What {self.name} saw on {time.strftime('%-d %B %Y from %H:%M')}"
        else:
            self.title = f"What happens in {path.name}"
            self.find_truth(path.with_suffix(".events.json"))

    def find_truth(self, path):
        try:
            if path.exists():
                events.read_truth(path)
                self.truth = path
        except (events.BadFile, OSError) as error:
            complain(f"{error}; the events are shown without a truth beside them")


def is_device(word):
    return pathlib.Path(word).is_char_device()


def clean(out):
    """Removes the results of an earlier run, in case this one fails."""
    (out / filmed.PICTURES).mkdir(parents=True, exist_ok=True)
    for path in [*(out / filmed.PICTURES).glob("[0-9]" * 5 + "*.jpg"), *map(out.joinpath, filmed.MADE)]:
        path.unlink(missing_ok=True)


def report(job, film, command, took):
    words = [sys.executable, "-B", REPORT, job.out / "events.jsonl", "--out", job.out,
             "--thumbs", job.out / filmed.PICTURES, "--thumb-rate", filmed.PICTURE_RATE,
             "--video", filmed.VIDEO, "--size", "{}x{}".format(*film.size), "--title", job.title,
             "--command", command]
    if job.truth:
        words += ["--truth", job.truth]
    if not job.live:
        words += ["--took", f"{took:.3f}"]
    return subprocess.run([str(word) for word in words], check=False).returncode


def main():
    options, rest = options_of(sys.argv)
    words = Words([*sys.argv[:2], *rest], 0, 1, defaults=properties_of(options))
    job = Job(options, words)
    try:
        clean(job.out)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    command = filmed.line(job)
    say(f"analysing {job.name}{', until Ctrl+C' if job.live else ''}")
    print(f"\n{command}\n", file=sys.stderr, flush=True)
    started = time.monotonic()
    group = Group()
    try:
        film = filmed.Film(group, job)
        group.add(film)
    except GLib.Error as error:  # an element is missing
        sys.exit(error.message)
    status = group.run()
    if not film.is_whole or film.size is None:
        return status or 1
    status = report(job, film, command, time.monotonic() - started) or status
    page = (job.out / "index.html").absolute().as_uri()
    say(f"events.jsonl, events.vtt, {filmed.VIDEO} and a page to open: {page}")
    return status


sys.exit(main())
