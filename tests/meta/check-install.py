#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an application meets after `meson install`: a program in C and in C++
builds with pkg-config alone and runs; in a shell that has sourced the env.sh
that was installed, Python imports both modules, GStreamer finds the element, and
the programs are on PATH; they find the model that ships. The programs of
docs/examples, which embed the library, run.

    check-install.py BUILD PREFIX LIBDIR DATA STANDIN EXAMPLES

DATA is where our data is installed, from the prefix on; where the model that
ships was not, a copy of STANDIN takes its place.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM = r"""
#include <gst/gst.h>
#include <gst/vlm/gstvlm.h>
#include <vlm/vlm.h>

int
main (int argc, char **argv)
{
  GError *error = NULL;

  gst_init (&argc, &argv);
  g_assert_true (gst_vlm_event_meta_api_get_type () != G_TYPE_INVALID);
  g_assert_null (vlm_device_open ("no such device", &error));
  g_assert_nonnull (error);
  return 0;
}
"""
SCRIPT = """
import gi
gi.require_version("GstVlm", "1.0")
from gi.repository import GstVlm, Vlm
assert Vlm.Device.open and GstVlm.buffer_add_event_meta
"""


def call(*command, **keywords):
    return subprocess.run(command, check=True, text=True, **keywords)


def relocate(folder, target, destdir):
    """Copies of the .pc files for which destdir/prefix is the prefix."""
    for source in folder.glob("*.pc"):
        text = source.read_text().replace("prefix=/", f"prefix={destdir}/", 1)
        (target / source.name).write_text(text)


def sourced(env_file, prefix, root):
    """The environment of a shell that was started without ours and sources the file, twice. Each kind of
    shell that is there must take it, and keep its options."""
    text = env_file.read_text().replace(f"'{prefix}", f"'{root}")
    (root / "env.sh").write_text(text)
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("GST_", "VLM_", "GI_", "LD_"))}
    found = set()
    for options in ("", "set -eu; "):
        for shell in filter(shutil.which, ("bash", "dash", "zsh")):
            script = (f'{options}set +o >"$0.before"; . "$0"; . "$0"; set +o | cmp - "$0.before"; '
                      'command -v _vlm_add && exit 1; env -0')
            said = call(shell, "-c", script, str(root / "env.sh"), env=clean,
                        stdout=subprocess.PIPE).stdout
            found.add(tuple(sorted(line for line in said.split("\0") if line.startswith(
                ("PATH=", "LD_", "GI_", "GST_", "PKG_", "VLM_")))))
    assert len(found) == 1, found
    return {**clean, **dict(line.split("=", 1) for line in found.pop())}


def check_model(folder, env):
    """Found where it was moved to; missed by name where it is not."""
    command = ["vlm-run", "--max-tokens=1", "-q", "Hello"]
    call(*command, env=env, stdout=subprocess.DEVNULL)
    folder.rename(folder.with_name("gone"))
    result = subprocess.run(command, env=env, text=True, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 1 and "models/demo" in result.stderr, result.stderr
    print("the model that ships is found")


def build_program(source, packages, folder, env):
    flags = call("pkg-config", "--cflags", "--libs", *packages, env=env,
                 stdout=subprocess.PIPE).stdout.split()
    compiler = "c++" if source.suffix == ".cc" else "cc"
    call(compiler, "-Wall", "-Werror", str(source), "-o", source.stem, *flags, cwd=folder)
    return str(folder / source.stem)


def check_examples(examples, folder, env, has_python, finds_events):
    """Each prints what it found."""
    program = build_program(examples / "embed.c", ["vlm-1.0"], folder, env)
    lines = call(program, env=env, stdout=subprocess.PIPE).stdout.splitlines()
    assert all(json.loads(line)["type"] == "event" for line in lines), lines
    assert lines or not finds_events
    print(f"embed.c: {len(lines)} records")
    if has_python:
        said = call("/usr/bin/python3", str(examples / "embed.py"), env=env,
                    stdout=subprocess.PIPE).stdout
        assert said.endswith("2 windows analysed\n"), said
        print("embed.py runs")


def check(build, prefix, libdir, data, standin, examples, destdir):
    call("meson", "install", "-C", build, "--no-rebuild", "--destdir", str(destdir),
         stdout=subprocess.DEVNULL)
    root = pathlib.Path(f"{destdir}{prefix}")
    libraries = root / libdir
    relocate(libraries / "pkgconfig", destdir, destdir)
    env = sourced(root / data / "env.sh", prefix, root)
    assert env["PKG_CONFIG_PATH"].split(":")[0] == str(libraries / "pkgconfig"), env["PKG_CONFIG_PATH"]
    env["PKG_CONFIG_PATH"] = f"{destdir}:{env['PKG_CONFIG_PATH']}"
    env["GST_REGISTRY"] = str(destdir / "registry.bin")
    env["VLM_VALIDATE"] = os.environ.get("VLM_VALIDATE", "0")
    for name in ("program.c", "program.cc"):
        (destdir / name).write_text(PROGRAM)
        call(build_program(destdir / name, ["gstvlm-1.0", "vlm-1.0"], destdir, env), env=env)
        print(f"{name} builds and runs")
    has_python = (libraries / "girepository-1.0").exists()
    if has_python:
        call("/usr/bin/python3", "-c", SCRIPT, env=env)
        print("Python imports Vlm and GstVlm")
    call("gst-inspect-1.0", "vlmevents", env=env, stdout=subprocess.DEVNULL)
    for program in ("vlm-run", "vlm-eval"):
        assert shutil.which(program, path=env["PATH"]) == str(root / "bin" / program), env["PATH"]
        call(program, "--help", env=env, stdout=subprocess.DEVNULL)
    model = root / data / "models" / "demo"
    ships = model.exists()
    if not ships:
        shutil.copytree(standin, model)
    check_examples(pathlib.Path(examples), destdir, env, has_python, finds_events=ships)
    check_model(model, env)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="vlm-install-") as folder:
        check(*sys.argv[1:7], pathlib.Path(folder))
