# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seconds as people read them."""


def parts(seconds, decimals):
    """Rounded before it is split, so that no 60 seconds come out."""
    unit = 10 ** decimals
    ticks = max(0, round(seconds * unit))
    return ticks // (60 * unit), ticks // unit % 60, ticks % unit


def clock(seconds):
    """mm:ss.ff"""
    return "{:02d}:{:02d}.{:02d}".format(*parts(seconds, 2))


def tenths_clock(seconds):
    """m:ss.f"""
    return "{:d}:{:02d}.{:d}".format(*parts(seconds, 1))


def short_clock(seconds):
    """m:ss"""
    return "{:d}:{:02d}".format(*parts(seconds, 0)[:2])


def cue_clock(seconds):
    """hh:mm:ss.ttt, as WebVTT wants it"""
    minutes, whole, thousandths = parts(seconds, 3)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{whole:02d}.{thousandths:03d}"
