# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows events: a table on the terminal, and in a folder a page and WebVTT.

With a truth it compares what was found with it. pipelines/demo calls it; by hand:

    python3 pipelines/report --truth truth.jsonl --out DIR events.jsonl
"""
import argparse
import os
import pathlib
import sys

import compare
import cues
import events
import page
import table
from clock import short_clock
from thumbs import Thumbs


def size(text):
    width, height = map(int, text.split("x"))
    if width < 1 or height < 1:
        raise ValueError
    return width, height


def arguments():
    parser = argparse.ArgumentParser(prog="report", description=__doc__.splitlines()[0])
    parser.add_argument("events", help="the events found, one JSON object per line")
    parser.add_argument("--truth", help="the true events: lines of vlmtestsrc, or an object with `events`")
    parser.add_argument("--out", type=pathlib.Path, help="folder for index.html and events.vtt")
    parser.add_argument("--thumbs", help="folder of pictures of the video, 00000.jpg, …")
    parser.add_argument("--thumb-rate", type=float, default=4.0, help="pictures per second")
    parser.add_argument("--size", type=size, help="WIDTHxHEIGHT of the video, the unit of boxes")
    parser.add_argument("--video", default="", help="name of the video beside the page")
    parser.add_argument("--took", type=float, default=0.0, help="duration of the run, in seconds")
    parser.add_argument("--title", default="What happened")
    parser.add_argument("--command", default="", help="command that found the events")
    return parser.parse_args()


def summary_lines(report, count_of_gaps):
    if report.beside:
        sums = compare.summary(report.rows)
        yield f"times: {compare.about_times(sums)} (found from {compare.RIGHT} on)"
        if sums.found and compare.has_names(report.rows):
            yield f"names: {compare.about_names(sums)}"
    if count_of_gaps:
        yield f"not analysed: {count_of_gaps} span{'s' if count_of_gaps > 1 else ''}"
    if report.took:
        speed = report.duration / report.took
        yield (f"{short_clock(report.duration)} of video in {report.took:.1f} s: {speed:.1f} times "
               "as fast as real time")
    else:
        yield f"{short_clock(report.duration)} of video"


def show(report):
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if report.rows:
        print("\n".join(table.lines(report.rows, report.beside, colours)))
    else:
        print("no events")
    print()
    print("\n".join(summary_lines(report, len(report.gaps))))


def write(report, found, out, links):
    out.mkdir(parents=True, exist_ok=True)
    (out / "events.vtt").write_text(cues.webvtt(found), encoding="utf-8")
    (out / "index.html").write_text(page.page(report._replace(links=links)), encoding="utf-8",
                                    errors="replace")


def main():
    args = arguments()
    sys.stdout.reconfigure(errors="replace")
    found, gaps = events.read_found(args.events)
    truth = events.read_truth(args.truth) if args.truth else []
    thumbs = Thumbs(args.thumbs, args.thumb_rate)
    last = max((event.end for event in [*found, *truth]), default=0.0)
    report = page.Report(
        title=events.printable(args.title), rows=compare.rows(truth, found), gaps=gaps,
        beside=bool(args.truth), duration=thumbs.duration() or last or 1.0, took=args.took,
        video=args.video, size=args.size, thumbs=thumbs, links=[], command=args.command)
    show(report)
    if args.out:
        named = (pathlib.Path(path) for path in (args.events, args.truth) if path)
        beside = [path.name for path in named if path.resolve().parent == args.out.resolve()]
        made = ["events.vtt", args.video, *beside]
        write(report, found, args.out, [name for name in made if name])


if __name__ == "__main__":
    try:
        main()
    except (events.BadFile, OSError) as error:
        sys.exit(f"report: {error}")
