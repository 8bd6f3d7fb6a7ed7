/* gst-vlm: a picture of each event
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmsnapshots.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <vlm/vlm-jpeg.h>

#define QUALITY 80
/* For pictures that are too large for a record. */
static const guint lower_qualities[] = { 60, 40, 20 };
#define LINE_WIDTH 2

struct _GstVlmSnapshots
{
  GMutex lock;
  GHashTable *paths; /* event_uid -> path; under the lock */
};

GstVlmSnapshots *
gst_vlm_snapshots_new (void)
{
  GstVlmSnapshots *self = g_new0 (GstVlmSnapshots, 1);

  g_mutex_init (&self->lock);
  self->paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
gst_vlm_snapshots_free (GstVlmSnapshots *self)
{
  g_hash_table_unref (self->paths);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gst_vlm_snapshots_clear (GstVlmSnapshots *self)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove_all (self->paths);
  g_mutex_unlock (&self->lock);
}

static VlmFrame *
find_nearest (const VlmWindow *window, const VlmInstant *instant)
{
  VlmFrame *nearest = NULL;
  gint64 distance = G_MAXINT64;

  for (guint i = 0; window != NULL && i < window->n_samples; i++) {
    VlmFrame *frame = window->samples[i].frame;
    gint64 d = llabs (frame->time.stream_time - instant->stream_time);

    if (d < distance) {
      nearest = frame;
      distance = d;
    }
  }
  return nearest;
}

static void
paint (VlmFrame *frame, int x1, int y1, int x2, int y2)
{
  static const guint8 colour[] = { 255, 210, 0 };

  for (int y = MAX (y1, 0); y < MIN (y2, (int) frame->height); y++)
    for (int x = MAX (x1, 0); x < MIN (x2, (int) frame->width); x++)
      memcpy (frame->pixels + 3 * ((gsize) y * frame->width + (gsize) x),
          colour, sizeof colour);
}

static int
scale (int position, guint offset, guint from, guint to)
{
  return (int) (((gint64) position - offset) * to / MAX (from, 1));
}

/* @box is in pixels of the picture that @frame was made from, or of a part. */
static void
draw (VlmFrame *frame, const VlmRect *box)
{
  int x1 = scale (box->x, frame->source_x, frame->source_width, frame->width);
  int y1 = scale (box->y, frame->source_y, frame->source_height, frame->height);
  int x2 = scale (
      box->x + box->width, frame->source_x, frame->source_width, frame->width);
  int y2 = scale (box->y + box->height, frame->source_y, frame->source_height,
      frame->height);

  paint (frame, x1, y1, x2, y1 + LINE_WIDTH);
  paint (frame, x1, y2 - LINE_WIDTH, x2, y2);
  paint (frame, x1, y1, x1 + LINE_WIDTH, y2);
  paint (frame, x2 - LINE_WIDTH, y1, x2, y2);
}

static VlmFrame *
copy_frame (const VlmFrame *frame, GError **error)
{
  VlmImageView view = {
    .format = VLM_PIXEL_FORMAT_RGB,
    .width = frame->width,
    .height = frame->height,
    .planes = { frame->pixels },
    .strides = { (gint) (3 * frame->width) },
  };
  VlmFrame *copy = vlm_frame_new (
      &view, frame->width, frame->height, VLM_RESAMPLE_VIDEO, error);

  if (copy == NULL)
    return NULL;
  copy->source_x = frame->source_x;
  copy->source_y = frame->source_y;
  copy->source_width = frame->source_width;
  copy->source_height = frame->source_height;
  return copy;
}

static GBytes *
encode (
    const VlmFrame *frame, const VlmRect *box, guint quality, GError **error)
{
  g_autoptr (VlmFrame) drawn = NULL;

  if (box == NULL)
    return vlm_frame_to_jpeg (frame, quality, error);
  drawn = copy_frame (frame, error);
  if (drawn == NULL)
    return NULL;
  draw (drawn, box);
  return vlm_frame_to_jpeg (drawn, quality, error);
}

static char *
write_file (
    const char *folder, const VlmEvent *event, GBytes *jpeg, GError **error)
{
  g_autofree char *name = g_strconcat (event->event_uid, ".jpg", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  gsize size;
  const char *data = g_bytes_get_data (jpeg, &size);

  if (!g_file_set_contents_full (path, data, (gssize) size,
          G_FILE_SET_CONTENTS_CONSISTENT, 0666, error))
    return NULL;
  return g_steal_pointer (&path);
}

static char *
make_uri (
    const VlmFrame *frame, const VlmRect *box, GBytes *jpeg, GError **error)
{
  g_autoptr (GBytes) smaller = g_bytes_ref (jpeg);
  g_autofree char *text = NULL;
  gsize size;
  const guchar *data;

  for (guint i = 0; i < G_N_ELEMENTS (lower_qualities) &&
       g_bytes_get_size (smaller) > GST_VLM_SNAPSHOTS_MAX_BYTES;
       i++) {
    g_bytes_unref (smaller);
    smaller = encode (frame, box, lower_qualities[i], error);
    if (smaller == NULL)
      return NULL;
  }
  data = g_bytes_get_data (smaller, &size);
  if (size > GST_VLM_SNAPSHOTS_MAX_BYTES) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
        "a picture of %ux%u is too large for a record; set "
        "`snapshot-location` to a folder",
        frame->width, frame->height);
    return NULL;
  }
  text = g_base64_encode (data, size);
  return g_strconcat ("data:image/jpeg;base64,", text, NULL);
}

/* With the first record of an event. */
static gboolean
make (GstVlmSnapshots *self, const char *folder, gboolean draw_box,
    const VlmWindow *window, VlmEvent *event, GError **error)
{
  gboolean has_box = draw_box && event->bbox.width > 0;
  const VlmRect *box = has_box ? &event->bbox : NULL;
  const VlmFrame *frame =
      find_nearest (window, has_box ? &event->bbox_time : &event->start);
  g_autoptr (GBytes) jpeg = NULL;

  /* The event ended without a window, as at the end of the stream. */
  if (frame == NULL)
    return TRUE;
  jpeg = encode (frame, box, QUALITY, error);
  if (jpeg == NULL)
    return FALSE;
  g_free (event->snapshot);
  event->snapshot = folder != NULL ? write_file (folder, event, jpeg, error)
                                   : make_uri (frame, box, jpeg, error);
  return event->snapshot != NULL;
}

gboolean
gst_vlm_snapshots_add (GstVlmSnapshots *self, const char *folder,
    gboolean draw_box, const VlmWindow *window, VlmEvent *event, GError **error)
{
  const char *path = NULL;
  gboolean is_known;
  gboolean good = TRUE;

  g_mutex_lock (&self->lock);
  is_known = g_hash_table_lookup_extended (
      self->paths, event->event_uid, NULL, (gpointer *) &path);
  if (is_known && path != NULL) {
    g_free (event->snapshot);
    event->snapshot = g_strdup (path);
  }
  g_mutex_unlock (&self->lock);
  if (!is_known)
    good = make (self, folder, draw_box, window, event, error);
  g_mutex_lock (&self->lock);
  if (event->state == VLM_EVENT_STATE_END)
    g_hash_table_remove (self->paths, event->event_uid);
  else if (!is_known)
    g_hash_table_insert (self->paths, g_strdup (event->event_uid),
        folder != NULL ? g_strdup (event->snapshot) : NULL);
  g_mutex_unlock (&self->lock);
  return good;
}
