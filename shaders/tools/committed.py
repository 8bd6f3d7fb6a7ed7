#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps SPIR-V beside shaders that the compiler of Debian 12 does not know.

usage: committed.py make SHADER.comp [-DNAME]...   writes SHADER.spv.txt
       committed.py decode SHADER.spv.txt OUT.spv

The text says what it was made of and by what, so that check-spirv.py finds one
that is out of date. Make it where glslangValidator is new enough.
"""
import base64
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

SHADERS = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = SHADERS / "include"
OPTIONS = ["--quiet", "-g0", "-V", "--target-env", "vulkan1.2", "-S", "comp"]


def compiler_version():
    """As glslangValidator has it; None where there is no compiler."""
    try:
        text = subprocess.run(["glslangValidator", "--version"], check=True,
                              capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"Glslang Version: (\S+)", text)
    return found[1] if found else None


def digest(source):
    """Of a shader and of what it includes, in the order of the includes."""
    seen, queue = [], [source]
    while queue:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.append(path)
        queue += [INCLUDE / name for name in re.findall(
            r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.M)]
    whole = hashlib.sha256()
    for path in seen:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def compile_module(source, defines):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "module.spv"
        subprocess.run(["glslangValidator", *OPTIONS, f"-I{INCLUDE}", *defines,
                        "-o", out, source], check=True)
        return out.read_bytes()


def text_path(source):
    return source.with_suffix(".spv.txt")


def make(source, defines):
    source = source.resolve()
    body = base64.b64encode(compile_module(source, defines)).decode("ascii")
    text_path(source).write_text("\n".join([
        "# SPDX-License-Identifier: LGPL-2.1-or-later",
        "# Made by shaders/tools/committed.py.",
        f"# source: {source.relative_to(SHADERS).as_posix()}",
        f"# defines: {' '.join(defines)}",
        f"# compiler: glslangValidator {compiler_version()}",
        f"# sha256 of the source and what it includes: {digest(source)}",
        *textwrap.wrap(body, 116)]) + "\n", encoding="ascii")


def read(path):
    """({what its header says}, the module)"""
    head, body = {}, []
    for line in path.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            body.append(line)
        elif ": " in line:
            name, value = line[2:].split(": ", 1)
            head[name] = value
    return head, base64.b64decode("".join(body))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]), sys.argv[3:])
    else:
        pathlib.Path(sys.argv[3]).write_bytes(
            read(pathlib.Path(sys.argv[2]))[1])
