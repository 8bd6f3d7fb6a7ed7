#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an application meets after `meson install`: a program in C and in C++
builds with pkg-config alone and runs, Python imports both modules, and
GStreamer finds the element.

    check-install.py BUILD PREFIX LIBDIR
"""
import os
import pathlib
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


def check(build, prefix, libdir, destdir):
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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="vlm-install-") as folder:
        check(*sys.argv[1:4], pathlib.Path(folder))
