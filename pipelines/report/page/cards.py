# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card for each event: its picture with its box, and in words how it compares with the truth."""
import compare
from clock import tenths_clock
from page.markup import data_url, esc, moments, tag, words_of


def span(event):
    return tag("span", f"{tenths_clock(event.start)}–{tenths_clock(event.end)}", class_="span")


def box(event, size):
    """In percent, so that it keeps its place at any size of the picture."""
    if event.box is None or size is None:
        return ""
    width, height = size
    left, right = (min(max(x / width, 0.0), 1.0) for x in event.box[0::2])
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in event.box[1::2])
    if left >= right or top >= bottom:
        return ""
    return tag("span", class_="box", style=f"left:{left:.3%};top:{top:.3%};width:{right - left:.3%};"
                                           f"height:{bottom - top:.3%}")


def picture(event, report):
    """The frame in which its box was found."""
    data, when = report.thumbs.of(event)
    if data is None:
        return ""
    width, height = report.size or (None, None)
    image = tag("img", src=data_url("image/jpeg", data), alt=f"the video at {tenths_clock(when)}",
                width=width, height=height, loading="lazy")
    return tag("a", image, box(event, report.size), href="#video", class_="picture")


def about_found(event):
    sure = "" if event.confidence is None else tag("span", f"sure {event.confidence:.0%}", class_="sure")
    return tag("p", span(event), sure, class_="times")


def about_true(row):
    if row.true is None:
        return tag("p", "nothing was there", class_="truth")
    overlap = tag("span", f"overlap {row.overlap:.2f}", class_="overlap") if row.found else ""
    return tag("p", "true: ", words_of(row.true), " ", span(row.true), overlap, class_="truth")


def card(count, row, report):
    event = row.found or row.true
    state = compare.status(row) if report.beside else ""
    chip = tag("span", esc(compare.STATUS[state]), class_=f"chip {state}") if state else ""
    lines = [tag("p", words_of(row.found), class_="words"), about_found(row.found)] if row.found else []
    if report.beside:
        lines.append(about_true(row))
    return tag("li", picture(event, report), tag("header", tag("b", str(count)), chip), *lines,
               id=f"e{count}", class_=state, **moments(event))


def cards(report):
    if not report.rows:
        return tag("p", "There are none.")
    return tag("ol", *(card(count, row, report) for count, row in enumerate(report.rows, 1)), class_="cards")
