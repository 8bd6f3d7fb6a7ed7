# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares what was found with what is true. Times and names are judged apart: a model that calls everything
an "object" may still say exactly when it was there."""
import collections
import re

# A pair overlaps by at least so much; its times are right from so much on.
PAIR, RIGHT = 0.1, 0.5
# The label of a model for everything that it has no name for.
ANYTHING = "object"
# How well the names of a pair fit.
SAME, GENERAL, OTHER = 1.0, 0.5, 0.0

# `true` or `found` may be None; `overlap` and `name` are then 0.
Row = collections.namedtuple("Row", "true found overlap name")
# `names`: of those at the right times, the number with each of the three.
Summary = collections.namedtuple("Summary", "true found mistimed missed untrue mean_overlap names")

STATUS = {
    "hit": "found",
    "unnamed": f'found, as "{ANYTHING}"',
    "misnamed": "found under another name",
    "mistimed": "found at other times",
    "missed": "missed",
    "untrue": "not true",
}
BY_NAME = {SAME: "hit", GENERAL: "unnamed", OTHER: "misnamed"}


def overlap(a, b):
    """Intersection over union of two spans."""
    inner = min(a.end, b.end) - max(a.start, b.start)
    outer = max(a.end, b.end) - min(a.start, b.start)
    return inner / outer if inner > 0 else 0.0


def words(text):
    return set(re.findall(r"\w+", text.casefold()))


def fit(true, found):
    """The same if the text found has all words of the true label. Any name fits a truth without one."""
    said = words(f"{found.label} {found.text}")
    if words(true.label or true.text) <= said:
        return SAME
    return GENERAL if ANYTHING in said else OTHER


def candidates(truth, found):
    for i, true in enumerate(truth):
        for j, event in enumerate(found):
            share = overlap(true, event)
            if share >= PAIR:
                name = fit(true, event)
                yield (share >= RIGHT, name, share, -i, -j), i, j, Row(true, event, share, name)


def rows(truth, found):
    """Pairs: those at the right times first, of these the best names, then the best times; then what is left
    alone. In order of time."""
    taken_true, taken_found, table = set(), set(), []
    for _, i, j, row in sorted(candidates(truth, found), key=lambda candidate: candidate[0], reverse=True):
        if i not in taken_true and j not in taken_found:
            taken_true.add(i)
            taken_found.add(j)
            table.append(row)
    table += [Row(true, None, 0.0, OTHER) for i, true in enumerate(truth) if i not in taken_true]
    table += [Row(None, event, 0.0, OTHER) for j, event in enumerate(found) if j not in taken_found]
    return sorted(table, key=lambda row: ((row.true or row.found).start, (row.true or row.found).end))


def status(row):
    if row.true is None:
        return "untrue"
    if row.found is None:
        return "missed"
    return BY_NAME[row.name] if row.overlap >= RIGHT else "mistimed"


def summary(table):
    true = [row for row in table if row.true]
    states = collections.Counter(map(status, table))
    names = {name: states[state] for name, state in BY_NAME.items()}
    mean = sum(row.overlap for row in true) / len(true) if true else 0.0
    return Summary(len(true), sum(names.values()), states["mistimed"], states["missed"], states["untrue"],
                   mean, names)


def has_names(table):
    """Whether the truth has any names."""
    return any(row.true and words(row.true.label or row.true.text) for row in table)


def about_times(sums):
    """A sentence."""
    rest = "".join(f", {count} {what}" for count, what in (
        (sums.mistimed, "at other times"), (sums.missed, "missed")) if count)
    return (f"{sums.found} of {sums.true} events found{rest}; {sums.untrue} reported that "
            f"{'is' if sums.untrue == 1 else 'are'} not true; mean overlap {sums.mean_overlap:.2f}")


def about_names(sums):
    """A sentence about those whose times are right."""
    rest = "".join(f", {sums.names[name]} {what}" for name, what in (
        (GENERAL, f'just called "{ANYTHING}"'), (OTHER, "under another name")) if sums.names[name])
    return f"{sums.names[SAME]} of these {sums.found} named right{rest}"
