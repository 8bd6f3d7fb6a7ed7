# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events as a table for a terminal."""
import unicodedata

import compare
from clock import tenths_clock

COLUMNS = 100
GAP = "  "
COLOURS = {"hit": "32", "unnamed": "32", "misnamed": "33", "mistimed": "33", "missed": "31", "untrue": "35",
           "head": "1"}


def width(text):
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def fit(text, columns):
    """Shortened or padded to so many columns."""
    if width(text) > columns:
        while text and width(text) > columns - 1:
            text = text[:-1]
        text += "\N{HORIZONTAL ELLIPSIS}"
    return text + " " * (columns - width(text))


def times(event):
    return f"{tenths_clock(event.start)}–{tenths_clock(event.end)}" if event else ""


def share(value):
    return "" if value is None else f"{value:.2f}"


def cells_beside(row):
    overlap = share(row.overlap) if row.true and row.found else ""
    return (times(row.true), name(row.true) if row.true else "", times(row.found),
            row.found.text if row.found else "", overlap, compare.STATUS[compare.status(row)])


def name(true):
    return true.label or true.text or "(no name)"


def cells_alone(row):
    return times(row.found), row.found.text, share(row.found.confidence)


def widths(cells, flexible):
    """The width of each column; those of `flexible` shrink, the widest first, until the line fits."""
    sizes = [max(map(width, column)) for column in zip(*cells)]
    while sum(sizes) + len(GAP) * (len(sizes) - 1) > COLUMNS:
        sizes[max(flexible, key=lambda column: sizes[column])] -= 1
    return sizes


def paint(line, state, colours):
    return f"\x1b[{COLOURS[state]}m{line}\x1b[0m" if colours else line


def lines(rows, beside, colours):
    """`beside`: there is a truth to show beside what was found."""
    if beside:
        head = ("true", "", "found", "", "overlap", "")
        cells, flexible = [cells_beside(row) for row in rows], (1, 3)
    else:
        head = ("found", "", "sure")
        cells, flexible = [cells_alone(row) for row in rows], (1,)
    sizes = widths([head, *cells], flexible)
    states = ["head", *(compare.status(row) if beside else "hit" for row in rows)]
    for state, row in zip(states, [head, *cells]):
        plain = GAP.join(map(fit, row, sizes)).rstrip()
        # without a truth nothing is right or wrong
        yield paint(plain, state, colours and (beside or state == "head"))
