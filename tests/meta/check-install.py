#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an application meets after `meson install`: a program in C and in C++
builds with pkg-config alone and runs, Python imports both modules, and
GStreamer finds the element, the program finds the model that ships.

    check-install.py BUILD PREFIX LIBDIR MODELS STANDIN

MODELS is where the model that ships is installed, from the prefix on; where it
was not, a copy of STANDIN takes its place.
"""
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


def check_model(root, models, standin, env):
    """Found where it was moved to; missed by name where it is not."""
    env = {name: value for name, value in env.items() if name != "VLM_MODEL_PATH"}
    command = [root / "bin" / "vlm-run", "--max-tokens=1", "-q", "Hello"]
    folder = root / models / "demo"
    if not folder.exists():
        shutil.copytree(standin, folder)
    call(*command, env=env, stdout=subprocess.DEVNULL)
    folder.rename(root / models / "gone")
    result = subprocess.run(command, env=env, text=True, stderr=subprocess.PIPE)
    assert result.returncode == 1 and "models/demo" in result.stderr, result.stderr
    print("the model that ships is found")


def check(build, prefix, libdir, models, standin, destdir):
    call("meson", "install", "-C", build, "--no-rebuild", "--destdir", str(destdir),
         stdout=subprocess.DEVNULL)
    root = pathlib.Path(f"{destdir}{prefix}")
    libraries = root / libdir
    relocate(libraries / "pkgconfig", destdir, destdir)
    env = dict(os.environ,
               PKG_CONFIG_PATH=f"{destdir}:{os.environ.get('PKG_CONFIG_PATH', '')}",
               LD_LIBRARY_PATH=str(libraries),
               GI_TYPELIB_PATH=str(libraries / "girepository-1.0"),
               GST_PLUGIN_PATH=str(libraries / "gstreamer-1.0"),
               GST_REGISTRY=str(destdir / "registry.bin"))
    for compiler, name in (("cc", "program.c"), ("c++", "program.cc")):
        (destdir / name).write_text(PROGRAM)
        flags = call("pkg-config", "--cflags", "--libs", "gstvlm-1.0", "vlm-1.0",
                     env=env, stdout=subprocess.PIPE).stdout.split()
        call(compiler, "-Wall", "-Werror", name, "-o", "program", *flags, cwd=destdir)
        call("./program", cwd=destdir, env=env)
        print(f"{name} builds and runs")
    if (libraries / "girepository-1.0").exists():
        call("/usr/bin/python3", "-c", SCRIPT, env=env)
        print("Python imports Vlm and GstVlm")
    call("gst-inspect-1.0", "vlmevents", env=env, stdout=subprocess.DEVNULL)
    call(root / "bin" / "vlm-run", "--help", env=env, stdout=subprocess.DEVNULL)
    check_model(root, models, standin, env)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="vlm-install-") as folder:
        check(*sys.argv[1:6], pathlib.Path(folder))
