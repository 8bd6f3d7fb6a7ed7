#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every test has the patience that tests/meson.build speaks of.

    check-limits.py BUILD PATIENCE
"""
import json
import subprocess
import sys


def main(build, patience):
    listed = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True)
    tests = json.loads(listed.stdout)
    short = [f"{test['name']}: {test['timeout']} s; `timeout: patience` is missing"
             for test in tests if 0 < test["timeout"] < patience]
    print("\n".join(short))
    print(f"{len(tests)} tests")
    return 1 if short or not tests else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
