# SPDX-License-Identifier: LGPL-2.1-or-later
"""The report as one HTML file. Everything that is not ours goes through `esc`."""
import base64
import collections
import html
import pathlib

import compare
import cues
from clock import clock, short_clock

HERE = pathlib.Path(__file__).parent

# What there is to show. `video` is the name of a file beside the page, `took`
# the seconds it took, `links` names of files; each may be empty.
Report = collections.namedtuple(
    "Report", "title note rows gaps beside duration took video thumbs links command")

TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# Widths in rem: of a second and of the whole timeline, and of the time at a tick.
SECOND, NARROWEST, WIDEST, TICK = 0.15, 34.0, 500.0, 4.2
VOID = ("img", "track")


def esc(text):
    return html.escape(str(text), quote=True)


def tag(name, *inside, **attributes):
    """`inside` is HTML, attributes are text; `class_` is class, `data_t` is data-t."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"'
                      for key, value in attributes.items() if value is not None)
    return f"<{name}{written}>" + ("" if name in VOID else f"{''.join(inside)}</{name}>")


def data_url(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def words_of(event):
    return tag("bdi", esc(event.text or "(no words)"))


# The timeline

def place(start, end, duration):
    """Where a span stands on a line of the whole duration."""
    left = min(max(start / duration, 0.0), 1.0)
    right = min(max(end / duration, left), 1.0)
    return f"left:{left:.3%};width:{right - left:.3%}"


def lanes(items, shortest):
    """Packs (event, …) into as few lanes as hold them without overlap, when each is at least so long."""
    packed = []
    for item in items:
        for lane in packed:
            last = lane[-1][0]
            if max(last.end, last.start + shortest) <= item[0].start:
                lane.append(item)
                break
        else:
            packed.append([item])
    return packed


def bar(event, count, state, duration):
    return tag("a", tag("b", str(count)), " ", words_of(event), class_=f"bar {state}",
               style=place(event.start, event.end, duration), href=f"#e{count}",
               data_t=f"{event.start:.3f}", title=f"{event.text}, {clock(event.start)} to {clock(event.end)}")


def side(name, items, duration, extra=""):
    """`items`: (event, number of its row, state) of each bar."""
    packed = lanes(sorted(items, key=lambda item: item[0].start), duration / timeline_width(duration))
    drawn = [tag("div", *(bar(*item, duration) for item in lane), class_="lane") for lane in packed]
    if not drawn:
        drawn = [tag("div", tag("span", "nothing", class_="none"), class_="lane")]
    return tag("div", tag("h3", name), tag("div", *drawn, extra, class_="lanes"), class_=f"side {name}")


def timeline_width(duration):
    return min(max(duration * SECOND, NARROWEST), WIDEST)


def axis(duration):
    most = timeline_width(duration) / TICK
    step = next((step for step in TICKS if duration / step <= most), duration / most)
    # the last one must have room for its words
    count = int((duration - step / 3) / step) + 1
    ticks = [tag("i", short_clock(k * step), style=place(k * step, k * step, duration))
             for k in range(count)]
    return tag("div", *ticks, class_="axis")


def gap_marks(report):
    return "".join(tag("u", class_="gap", style=place(gap.start, gap.end, report.duration),
                       title=f"not analysed: {gap.reason}") for gap in report.gaps)


def timeline(report):
    # without a truth nothing is right or wrong
    numbered = [(row, count, compare.status(row) if report.beside else "hit")
                for count, row in enumerate(report.rows, 1)]
    sides = [side("found", [(row.found, *rest) for row, *rest in numbered if row.found], report.duration,
                  gap_marks(report))]
    if report.beside:
        sides.insert(0, side("true", [(row.true, *rest) for row, *rest in numbered if row.true],
                             report.duration))
    return tag("div", tag("div", *sides, axis(report.duration), tag("s", class_="head"), class_="time",
                          style=f"min-width:{timeline_width(report.duration):.1f}rem",
                          data_duration=f"{report.duration:.3f}"), class_="scroll")


# The list

def picture(event, thumbs):
    data = thumbs.near_start(event)
    if data is None:
        return ""
    image = tag("img", src=data_url("image/jpeg", data), alt=f"the video at {clock(event.start)}",
                loading="lazy")
    return tag("a", image, href="#video", data_t=f"{event.start:.3f}", class_="picture")


def half(event, kind, thumbs, absent):
    if event is None:
        return tag("div", tag("p", absent, class_="absent"), class_=f"half {kind} empty")
    sure = "" if event.confidence is None or kind == "true" else tag(
        "span", f" sure {event.confidence:.0%}", class_="sure")
    return tag("div", picture(event, thumbs), tag("p", words_of(event), class_="words"),
               tag("p", tag("time", clock(event.start)), " – ", tag("time", clock(event.end)), sure,
                   class_="times"), class_=f"half {kind}")


def verdict(row):
    state = compare.status(row)
    text = tag("span", compare.STATUS[state], class_=f"chip {state}")
    return text + (tag("span", f"overlap {row.overlap:.2f}", class_="overlap") if row.overlap else "")


def card(count, row, report):
    head = tag("header", tag("b", str(count)), verdict(row) if report.beside else "")
    halves = [half(row.found, "found", report.thumbs, "not found")]
    if report.beside:
        halves.insert(0, half(row.true, "true", report.thumbs, "nothing was there"))
    return tag("li", head, tag("div", *halves, class_="halves"), id=f"e{count}")


# The whole

def facts(report):
    told = []
    if report.beside:
        sums = compare.summary(report.rows)
        told.append((f"{sums.found} of {sums.true}", "events found"))
        if sums.found and compare.has_names(report.rows):
            told.append((f"{sums.names[compare.SAME]} of {sums.found}", "of these named right"))
        told.append((f"{sums.mean_overlap:.2f}", "mean overlap"))
        told.append((str(sums.untrue), "not true"))
    else:
        told.append((str(len(report.rows)), "events found"))
    if report.took:
        told.append((f"{report.duration / report.took:.1f}×", "as fast as real time"))
    told.append((short_clock(report.duration), "of video"))
    return tag("dl", *(tag("div", tag("dt", esc(name)), tag("dd", esc(value))) for value, name in told))


def player(report):
    if not report.video:
        return ""
    found = [row.found for row in report.rows if row.found]
    # at the top: along the bottom is what the overlay drew
    track = data_url("text/vtt", cues.webvtt(found, "line:0").encode("utf-8", "replace"))
    return tag("video", tag("track", src=track, kind="captions", srclang="en", label="events found",
                            default=""),
               id="video", src=report.video, controls="", preload="metadata", playsinline="", muted="")


def legend(report):
    told = [("hit", f"found: overlap ≥ {compare.RIGHT}"),
            ("misnamed", "found at other times or under another name"), ("missed", "missed"),
            ("untrue", "not true")] if report.beside else []
    keys = [tag("span", tag("i", class_=f"key {state}"), text) for state, text in told]
    if report.video:
        keys.append(tag("span", "In the video, along the bottom: what was known at that moment. "
                                "Captions: events when they happened."))
    return tag("p", *keys, class_="legend") if keys else ""


def how(report):
    links = " · ".join(tag("a", esc(name), href=name) for name in report.links)
    command = tag("pre", esc(report.command)) if report.command else ""
    return tag("section", tag("h2", "How it was made"), command, tag("p", links)) if links or command else ""


def body(report):
    cards = "".join(card(count, row, report) for count, row in enumerate(report.rows, 1))
    listing = tag("ol", cards, class_="cards" if report.beside else "cards alone")
    note = tag("p", esc(report.note), class_="note") if report.note else ""
    return tag("main", tag("header", tag("h1", esc(report.title)), note, facts(report), class_="top"),
               tag("section", player(report), timeline(report), legend(report), class_="watch"),
               tag("section", tag("h2", "Events"), listing if cards else tag("p", "There are none.")),
               how(report))


def page(report):
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{esc(report.title)}</title><style>\n{style}</style></head>\n"
            f"<body>{body(report)}<script>\n{script}</script></body></html>\n")
