#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shell sessions on a page run, and print what the page says.

    test-transcripts.py ENV PAGE…

ENV is the env.sh to source. Blocks of a page: `sh` is what commands after it need,
`console` has commands after `$ ` and below each the lines that must be among its
output, in order, `…` meaning anything; `python` must end without an error.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(sh|console|python)\n(.*?)^```$", re.M | re.S)


def read_page(text):
    """Pairs of a script for bash or Python and the lines it must print."""
    before = ""
    for kind, block in BLOCK.findall(text):
        if kind == "sh":
            before += block
        elif kind == "python":
            yield ["/usr/bin/python3", "-c", block], block.splitlines()[0], []
        else:
            for command in re.split(r"^\$ ", block, flags=re.M)[1:]:
                line, *expected = command.splitlines()
                yield ["bash", "-c", before + line], line, expected


def first_missing(expected, output):
    lines = iter(output.splitlines())
    for pattern in expected:
        text = ".*".join(map(re.escape, pattern.split("…")))
        if not any(re.fullmatch(text, line.rstrip()) for line in lines):
            return pattern
    return None


def run(command, env_file, folder):
    script = f'. "{env_file}"; export GST_DEBUG_NO_COLOR=1; unset GST_TRACERS; exec "$@"'
    return subprocess.run(["bash", "-c", script, "bash", *command], cwd=folder, text=True, timeout=1500,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def main(env_file, *pages):
    cases = [case for page in pages for case in read_page(pathlib.Path(page).read_text(encoding="utf-8"))]
    print(f"1..{len(cases)}")
    passed = len(cases) > 0
    for number, (command, name, expected) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory(prefix="vlm-transcript-") as folder:
            result = run(command, env_file, folder)
        missing = first_missing(expected, result.stdout)
        # a command that is to fail shows its error
        fails = any(line.startswith(("vlm-run: ", "ERROR: ")) for line in expected)
        good = missing is None and (result.returncode != 0) == fails
        if not good:
            passed = False
            print(f"# {result.returncode}, missing: {missing}", *result.stdout.splitlines()[:40], sep="\n# ")
        print("ok" if good else "not ok", number, name.replace("#", ""))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
