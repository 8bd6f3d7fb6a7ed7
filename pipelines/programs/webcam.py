# SPDX-License-Identifier: LGPL-2.1-or-later
"""webcam.py SCRIPT [--test] [--hidden] [DEVICE] PROPERTY=VALUE…: see pipelines/webcam"""
import sys

from camera import Camera
from running import Gst, complain
from watching import UNSEEN, Group
from words import Words

TEST = ("videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 "
        "! videoconvert name=last")
CAMERA = "v4l2src name=camera ! decodebin ! videoconvert name=last"
WINDOW = "queue ! vlmoverlay ! videoconvert ! autovideosink"
# One of autovideosink's candidates: DirectFB 1.7 ends the program where there is no frame buffer.
CRASHES = "dfbvideosink"


def make_source(device):
    """A bin with the video of a device, or None for the test picture."""
    source = Gst.parse_bin_from_description(TEST if device is None else CAMERA, False)
    if device is not None:
        source.get_by_name("camera").set_property("device", device)
    source.add_pad(Gst.GhostPad.new("src", source.get_by_name("last").get_static_pad("src")))
    return source


def opens_window():
    """Whether autovideosink finds a screen. If not, it shows nothing, with a mere warning."""
    feature = Gst.Registry.get().lookup_feature(CRASHES)
    if feature:
        feature.set_rank(Gst.Rank.NONE)
    sink = Gst.ElementFactory.make("autovideosink")
    found = sink.set_state(Gst.State.READY) != Gst.StateChangeReturn.FAILURE and not any(
        "fake" in child.get_factory().get_name() for child in sink.children)
    sink.set_state(Gst.State.NULL)
    return found


def main():
    words = Words(sys.argv, 0, 1, options=("--test", "--hidden"))
    if words.inputs and "--test" in words.options:
        words.refuse("--test is instead of a camera")
    device = None if "--test" in words.options else (words.inputs or ["/dev/video0"])[0]
    if "--hidden" not in words.options and not opens_window():
        complain(f"{words.script}: no window can be opened: is there a screen? --hidden needs none")
        return 1
    group = Group()
    group.add(Camera(group, device or "the test picture", words, make_source=lambda: make_source(device),
                     comes_back=True, shown=UNSEEN if "--hidden" in words.options else WINDOW))
    return group.run()


sys.exit(main())
