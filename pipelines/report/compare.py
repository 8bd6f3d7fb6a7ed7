# SPDX-License-Identifier: LGPL-2.1-or-later
"""Puts what was found beside what is true."""
import collections
import re

# A pair overlaps by at least so much; a hit by so much, under the right name.
PAIR, HIT = 0.1, 0.5

# `true` or `found` may be None; `overlap` is then 0.
Row = collections.namedtuple("Row", "true found overlap same_name")
Summary = collections.namedtuple("Summary", "true hits untrue mean_overlap")

STATUS = {
    "hit": "found",
    "misnamed": "other name",
    "mistimed": "other times",
    "missed": "not found",
    "untrue": "not true",
}


def overlap(a, b):
    """Intersection over union of two spans."""
    inner = min(a.end, b.end) - max(a.start, b.start)
    outer = max(a.end, b.end) - min(a.start, b.start)
    return inner / outer if inner > 0 else 0.0


def words(text):
    return set(re.findall(r"\w+", text.casefold()))


def same_name(true, found):
    """All words of the true label are in what was said."""
    return words(true.label or true.text) <= words(f"{found.label} {found.text}")


def candidates(truth, found):
    for i, true in enumerate(truth):
        for j, event in enumerate(found):
            share = overlap(true, event)
            if share >= PAIR:
                same = same_name(true, event)
                yield share + same, -i, -j, Row(true, event, share, same)


def rows(truth, found):
    """Pairs by name, then by overlap, the best first; then what is left alone. In order of time."""
    taken_true, taken_found, table = set(), set(), []
    for _, i, j, row in sorted(candidates(truth, found), key=lambda c: c[:3], reverse=True):
        if i not in taken_true and j not in taken_found:
            taken_true.add(i)
            taken_found.add(j)
            table.append(row)
    table += [Row(true, None, 0.0, False) for i, true in enumerate(truth) if -i not in taken_true]
    table += [Row(None, event, 0.0, False) for j, event in enumerate(found) if -j not in taken_found]
    return sorted(table, key=lambda row: ((row.true or row.found).start, (row.true or row.found).end))


def status(row):
    if row.true is None:
        return "untrue"
    if row.found is None:
        return "missed"
    if not row.same_name:
        return "misnamed"
    return "hit" if row.overlap >= HIT else "mistimed"


def summary(table):
    true = [row for row in table if row.true]
    states = [status(row) for row in table]
    mean = sum(row.overlap for row in true) / len(true) if true else 0.0
    return Summary(len(true), states.count("hit"), states.count("untrue"), mean)
