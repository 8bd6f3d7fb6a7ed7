/* gst-vlm: vlmevents, pictures of events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "util/gstvlmerror.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

char *
gst_vlm_events_find_snapshot_error (const GstVlmEventsSettings *s)
{
  if (!s->snapshots || s->snapshot_location == NULL)
    return NULL;
  if (g_mkdir_with_parents (s->snapshot_location, 0777) == 0 &&
      access (s->snapshot_location, W_OK | X_OK) == 0)
    return NULL;
  return g_strdup_printf (
      "snapshot-location=%s: %s", s->snapshot_location, g_strerror (errno));
}

void
gst_vlm_events_add_snapshot (
    GstVlmEvents *self, const VlmWindow *window, VlmEvent *event)
{
  g_autofree char *folder = NULL;
  g_autoptr (GError) error = NULL;
  gboolean wanted;
  gboolean draw_box;

  GST_OBJECT_LOCK (self);
  wanted = self->settings.snapshots;
  draw_box = self->settings.snapshot_boxes;
  folder = g_strdup (self->settings.snapshot_location);
  GST_OBJECT_UNLOCK (self);
  if (wanted &&
      !gst_vlm_snapshots_add (
          self->snapshots, folder, draw_box, window, event, &error))
    gst_vlm_error_post (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "An event has no picture", error);
}
