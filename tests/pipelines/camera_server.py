# SPDX-License-Identifier: LGPL-2.1-or-later
"""A camera on the loopback: camera_server.py [PORT] prints its address, and serves until it is killed."""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 pylint: disable=wrong-import-position

PICTURES = ("( videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate=10/1 "
            "! jpegenc ! rtpjpegpay name=pay0 )")

Gst.init(None)
server = GstRtspServer.RTSPServer(service=sys.argv[1] if len(sys.argv) > 1 else "0")
factory = GstRtspServer.RTSPMediaFactory(shared=True, launch=PICTURES)
server.get_mount_points().add_factory("/camera", factory)
server.attach(None)
print(f"rtsp://127.0.0.1:{server.get_bound_port()}/camera", flush=True)
GLib.MainLoop().run()
