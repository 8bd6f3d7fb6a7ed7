/* gst-vlm: the library's messages in GStreamer's log
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The library knows GLib only, and passes its messages to a function as well. */
#include "gstvlmlog.h"

#include <gst/gst.h>
#include <vlm/vlm-log.h>

#include "util/gstvlmtext.h"

GST_DEBUG_CATEGORY_STATIC (engine_debug);
GST_DEBUG_CATEGORY_STATIC (answer_debug);

static GstDebugLevel
level_of (GLogLevelFlags level, GstDebugCategory *category)
{
  switch (level & G_LOG_LEVEL_MASK) {
  case G_LOG_LEVEL_ERROR:
  case G_LOG_LEVEL_CRITICAL:
    return GST_LEVEL_ERROR;
  case G_LOG_LEVEL_WARNING:
    return GST_LEVEL_WARNING;
  case G_LOG_LEVEL_MESSAGE:
  case G_LOG_LEVEL_INFO:
    return GST_LEVEL_INFO;
  default:
    /* Long, and only shown on request. */
    return category == answer_debug ? GST_LEVEL_LOG : GST_LEVEL_DEBUG;
  }
}

static void
take_message (const char *domain, GLogLevelFlags level, const char *message,
    gpointer user_data)
{
#ifndef GST_DISABLE_GST_DEBUG
  GstDebugCategory *category =
      g_str_equal (domain, "vlm-answer") ? answer_debug : engine_debug;
  GstDebugLevel gst_level = level_of (level, category);
  g_autofree char *harmless = NULL;

  if (gst_level > gst_debug_category_get_threshold (category))
    return;
  /* A model may write anything, also what controls a terminal. */
  harmless = gst_vlm_text_for_terminal (message);
  GST_CAT_LEVEL_LOG (category, gst_level, NULL, "%s", harmless);
#endif
}

void
gst_vlm_log_init (void)
{
  static gsize done;

  if (!g_once_init_enter (&done))
    return;
  GST_DEBUG_CATEGORY_INIT (
      engine_debug, "vlm", 0, "the engine: devices, kernels, caches, models");
  GST_DEBUG_CATEGORY_INIT (
      answer_debug, "vlm-answer", 0, "prompts and raw answers of the model");
  vlm_log_set_func (take_message, NULL);
  g_once_init_leave (&done, 1);
}
