# SPDX-License-Identifier: LGPL-2.1-or-later
"""The report as one HTML file, which opens from disk and needs nothing but the video beside it."""
import base64
import collections
import hashlib
import pathlib

import compare
import cues
from clock import short_clock
from page.cards import cards
from page.markup import data_url, esc, tag
from page.timeline import timeline

HERE = pathlib.Path(__file__).parent

# What there is to show. `video` is the name of a file beside the page, `size` its width and height or None,
# `took` the seconds it took, `links` names of files; each may be empty.
Report = collections.namedtuple(
    "Report", "title rows gaps beside duration took video size thumbs links command")


def facts(report):
    pairs = []
    if report.beside:
        sums = compare.summary(report.rows)
        pairs.append((f"{sums.found} of {sums.true}", "events found"))
        if sums.found and compare.has_names(report.rows):
            general = sums.names[compare.GENERAL]
            rest = f', {general} just "{compare.ANYTHING}"' if general else ""
            pairs.append((f"{sums.names[compare.SAME]} of {sums.found}", f"of these named right{rest}"))
        pairs.append((str(sums.untrue), "not true"))
        pairs.append((f"{sums.mean_overlap:.2f}", "mean overlap"))
    else:
        pairs.append((str(len(report.rows)), "events found"))
    pairs.append((short_clock(report.duration), "of video"))
    if report.took:
        pairs.append((f"{report.duration / report.took:.1f}×", "as fast as real time"))
    return tag("dl", *(tag("div", tag("dt", esc(name)), tag("dd", esc(value))) for value, name in pairs))


def player(report):
    if not report.video:
        return ""
    found = [row.found for row in report.rows if row.found]
    track = data_url("text/vtt", cues.webvtt(found).encode("utf-8", "replace"))
    return tag("video", tag("track", src=track, kind="captions", srclang="en", label="events found",
                            default=""),
               id="video", src=report.video, controls="", preload="auto", playsinline="", muted="")


def legend(report):
    states = [("hit", "found"), ("misnamed", "found, but other name or times"), ("missed", "missed"),
              ("untrue", "not true")] if report.beside else []
    keys = [tag("span", tag("i", class_=f"key {state}"), text) for state, text in states]
    if report.gaps:
        keys.append(tag("span", tag("i", class_="key gap"), "not analysed"))
    return tag("p", *keys, class_="legend") if keys else ""


def how(report):
    links = [tag("a", esc(name), href=name) for name in report.links]
    command = tag("pre", esc(report.command)) if report.command else ""
    if not links and not command:
        return ""
    return tag("details", tag("summary", "How it was made"), command, tag("p", " · ".join(links)))


def body(report):
    return tag("main", tag("header", tag("h1", esc(report.title)), facts(report), class_="top"),
               tag("section", player(report), timeline(report), legend(report), class_="watch"),
               tag("section", tag("h2", "Events"), cards(report)), how(report))


def policy(script):
    """Only this script may run, and only what is in the page and the video may be loaded."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
            "media-src 'self' file: data:")


def page(report):
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = "\n" + (HERE / "page.js").read_text(encoding="utf-8")
    head = [tag("meta", charset="utf-8"),
            tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy(script)),
            tag("title", esc(report.title)), tag("style", "\n", style)]
    return ('<!DOCTYPE html>\n<html lang="en">' + tag("head", *head) + "\n"
            + tag("body", body(report), tag("script", script)) + "</html>\n")
