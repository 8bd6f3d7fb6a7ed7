# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages of libraries on a program's standard error, which are not the program's own."""

# Loaders of gdk-pixbuf that run in a sandbox say so where there is none; without a
# newline at the end.
LINES = ("WARNING: Glycin running without sandbox. Bubblewrap (bwrap) doesn't work in the environment.",)


def without(stderr):
    """The text that the program itself wrote."""
    text = stderr.decode()
    for line in LINES:
        text = text.replace(line + "\n", "").replace(line, "")
    return text
