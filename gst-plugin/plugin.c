/* gst-vlm: the plugin
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gst/gst.h>

#include "elements/gstvlmevents.h"
#include "elements/gstvlmoverlay.h"
#include "elements/gstvlmtestsrc.h"
#ifdef HAVE_PUBLISH
#include "publish/gstvlmpublish.h"
#endif
#include "util/gstvlmlog.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gst_vlm_log_init ();
#ifdef HAVE_PUBLISH
  if (!GST_ELEMENT_REGISTER (vlmpublish, plugin))
    return FALSE;
#endif
  return GST_ELEMENT_REGISTER (vlmevents, plugin) &&
      GST_ELEMENT_REGISTER (vlmoverlay, plugin) &&
      GST_ELEMENT_REGISTER (vlmtestsrc, plugin);
}

#define PACKAGE "gst-vlm"
GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vlm,
    "Detects and describes events in video with Qwen2.5-VL", plugin_init,
    PACKAGE_VERSION, "LGPL", "gst-vlm", PACKAGE_ORIGIN)
