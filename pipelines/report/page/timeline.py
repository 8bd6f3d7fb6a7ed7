# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is true and what was found, as bars along the time."""
import compare
from clock import short_clock, tenths_clock
from page.markup import moments, tag, words_of

TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
# Widths in rem: of a second and of the whole timeline, and of the time at a tick.
SECOND, NARROWEST, WIDEST, TICK = 0.15, 34.0, 500.0, 4.2


def place(start, end, duration):
    """The place of a span on a line of the whole duration."""
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
               style=place(event.start, event.end, duration), href=f"#e{count}", **moments(event),
               title=f"{event.text}, {tenths_clock(event.start)} to {tenths_clock(event.end)}")


def side(name, items, duration, extra=""):
    """`items`: (event, number of its row, state) of each bar."""
    packed = lanes(sorted(items, key=lambda item: item[0].start), duration / width(duration))
    drawn = [tag("div", *(bar(*item, duration) for item in lane), class_="lane") for lane in packed]
    if not drawn:
        drawn = [tag("div", tag("span", "nothing", class_="none"), class_="lane")]
    return tag("div", tag("h3", name), tag("div", *drawn, extra, class_="lanes"), class_=f"side {name}")


def width(duration):
    return min(max(duration * SECOND, NARROWEST), WIDEST)


def axis(duration):
    most = width(duration) / TICK
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
                          style=f"min-width:{width(report.duration):.1f}rem",
                          data_duration=f"{report.duration:.3f}"), class_="scroll")
