#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each option that a program lists is in its manual, and bash completes it.

    test-manuals.py TAP COMPLETION FOLDER-OF-MANUALS PROGRAM…
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import tap  # noqa: E402 pylint: disable=wrong-import-position

COMPLETION, MANUALS = (pathlib.Path(name) for name in sys.argv[2:4])
PROGRAMS = [pathlib.Path(name) for name in sys.argv[4:]]
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}
BASH_COMPLETION = pathlib.Path("/usr/share/bash-completion/bash_completion")
# What completion finds for the words $@, the last of which is incomplete.
COMPLETE = r"""
source "$1"; source "$2"; shift 2
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
# neither known outside of a completion
compopt() { :; }
_vlm "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def options(program):
    """Long ones, and short ones."""
    done = subprocess.run([program, "--help"], check=True, capture_output=True, text=True, env=ENVIRONMENT)
    found = re.findall(r"^  (?:(-\w), )?(--[\w-]+)", done.stdout, re.M)
    assert len(found) > 10, done
    return [name for pair in found for name in pair if name]


def completes(*words):
    done = subprocess.run(["bash", "--norc", "-c", COMPLETE, "bash", BASH_COMPLETION, COMPLETION, *words],
                          check=True, capture_output=True, text=True, env=ENVIRONMENT)
    assert not done.stderr, done
    return [word.rstrip("=") for word in done.stdout.split()]


def test_manuals():
    """No option is missing, and none is left that no longer exists."""
    for program in PROGRAMS:
        page = (MANUALS / f"{program.name}.1").read_text("utf-8").replace("\\-", "-")
        section = page[page.index(".SH OPTIONS"):page.index(".SH EXIT STATUS")]
        heads = "\n".join(re.findall(r"^\.TP\n(.*)", section, re.M))
        there = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", heads))
        assert there == set(options(program)), there ^ set(options(program))


def test_form():
    """As man shows it, without a complaint."""
    if shutil.which("mandoc") is None:
        raise tap.Skip("no mandoc")
    for page in MANUALS.glob("*.1"):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True,
                              check=False)
        said = [line for line in done.stdout.splitlines() if "missing date" not in line]
        assert not said, said


def test_completion():
    """Of options, and of what options take."""
    if not BASH_COMPLETION.exists():
        raise tap.Skip("no bash-completion")
    for program in PROGRAMS:
        wanted = {name for name in options(program) if name.startswith("--")}
        assert wanted <= set(completes(program, "--")), wanted - set(completes(program, "--"))
        assert completes(program, "--weights", "int") == ["int8", "int4"]
    program = next(program for program in PROGRAMS if program.name == "vlm-run")
    assert {"free", "events", "boxes", "yes-no"} <= set(completes(program, "--task", ""))
    assert completes(program, "--format", "ev") == ["events"]
    assert completes(program, "--prompt", "x") == []


tap.run_module(__name__)
