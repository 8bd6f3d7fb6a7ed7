#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails on committed SPIR-V that is not what its shader gives.

Its sources must be those that it was made of, everywhere. Where the compiler is
the one that it names, it must be the same byte for byte; where there is
spirv-val that knows what it uses, it must be valid.
"""
import pathlib
import subprocess
import sys
import tempfile


def validate(module):
    """What spirv-val says against it; None for nothing, or without one."""
    with tempfile.NamedTemporaryFile(suffix=".spv") as file:
        file.write(module)
        file.flush()
        try:
            result = subprocess.run(
                ["spirv-val", "--target-env", "vulkan1.2", file.name],
                check=False, capture_output=True, text=True)
        except OSError:
            return None
    if result.returncode == 0 or "Invalid capability operand" in result.stderr:
        return None
    return result.stderr.strip()


def check(path, committed):
    """Complaints about one file."""
    head, module = committed.read(path)
    source = committed.SHADERS / head["source"]
    defines = head["defines"].split()
    if committed.text_path(source) != path:
        yield f"is not beside its source {head['source']}"
    if head["sha256 of the source and what it includes"] != \
            committed.digest(source):
        yield "was made of other sources: make it again with " \
            f"shaders/tools/committed.py make {head['source']} {head['defines']}"
    elif head["compiler"] == f"glslangValidator {committed.compiler_version()}" \
            and committed.compile_module(source, defines) != module:
        yield f"is not what {head['compiler']} makes"
    fault = validate(module)
    if fault is not None:
        yield f"is not valid: {fault}"


def main(root):
    sys.path.insert(0, str(root / "shaders" / "tools"))
    sys.dont_write_bytecode = True
    import committed  # pylint: disable=import-outside-toplevel

    paths = sorted((root / "shaders").rglob("*.spv.txt"))
    complaints = [f"{path.relative_to(root)}: {complaint}" for path in paths
                  for complaint in check(path, committed)]
    print("\n".join(complaints) or f"{len(paths)} modules")
    return 1 if complaints or not paths else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
