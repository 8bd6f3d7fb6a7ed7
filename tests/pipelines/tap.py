# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions as test cases, reported as TAP."""
import sys
import traceback


class Skip(Exception):
    """Why a case cannot be run here."""


def run(cases):
    """`cases`: names and functions. A case fails if its function raises."""
    for count, (name, case) in enumerate(cases, 1):
        try:
            case()
            print(f"ok {count} {name}", flush=True)
        except Skip as reason:
            print(f"ok {count} {name} # SKIP {reason}", flush=True)
        except Exception:  # pylint: disable=broad-except
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {count} {name}", flush=True)
    print(f"1..{len(cases)}")


def run_module(name):
    """All functions of a module whose names begin with test_"""
    members = vars(sys.modules[name])
    run([("/" + key[5:].replace("_", "-"), value) for key, value in members.items()
         if key.startswith("test_")])
