/* gst-vlm: motion in the frames of a window
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/stir.h"

/* Of 255: more than noise and what compression leaves. */
#define MIN_DIFFERENCE 18
/* Less is noise. */
#define MIN_PART 0.001

static int
luma_of (const guint8 *rgb)
{
  return (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2]) >> 8;
}

static gboolean
are_alike (const VlmFrame *a, const VlmFrame *b)
{
  return a->width == b->width && a->height == b->height &&
      a->source_x == b->source_x && a->source_y == b->source_y &&
      a->source_width == b->source_width &&
      a->source_height == b->source_height;
}

/* By how much most of the picture has become lighter. */
static int
find_median (const VlmFrame *a, const VlmFrame *b, gsize n)
{
  guint32 counts[511] = { 0 };
  gsize sum = 0;
  int at = 0;

  for (gsize i = 0; i < n; i++)
    counts[255 + luma_of (a->pixels + 3 * i) - luma_of (b->pixels + 3 * i)]++;
  while (sum + counts[at] <= n / 2)
    sum += counts[at++];
  return at - 255;
}

/* Counts for each pixel from how many frames it differs. */
static void
compare (VlmStir *self, const VlmFrame *other)
{
  const VlmFrame *frame = self->frame;
  gsize n = (gsize) frame->width * frame->height;
  int light = find_median (frame, other, n);

  for (gsize i = 0; i < n; i++) {
    int change = luma_of (frame->pixels + 3 * i) -
        luma_of (other->pixels + 3 * i) - light;

    self->moves[i] =
        (guint8) (self->moves[i] + (ABS (change) >= MIN_DIFFERENCE));
  }
}

/* Leaves those that differ from @n_frames. */
static void
settle (VlmStir *self, gsize n, guint n_frames)
{
  self->n_moves = 0;
  for (gsize i = 0; i < n; i++)
    self->n_moves += self->moves[i] >= n_frames;
  if (self->n_moves < MIN_PART * (double) n)
    self->n_moves = 0;
  for (gsize i = 0; i < n && self->n_moves > 0; i++)
    self->moves[i] = self->moves[i] >= n_frames;
}

/* What differs from the previous frame and from the next one is the place of
 * the object in this frame. If that is nothing, the object has just come or
 * will go: then what differs from one of them counts, though the object may
 * have been there before. */
void
vlm_stir_init (VlmStir *self, const VlmWindow *window, guint index)
{
  const VlmFrame *frame = window->samples[index].frame;
  gsize n = (gsize) frame->width * frame->height;
  guint n_compared = 0;

  *self = (VlmStir){ .frame = frame, .moves = g_malloc0 (n) };
  for (guint i = index > 0 ? index - 1 : 1;
       i < window->n_samples && i <= index + 1; i += 2) {
    const VlmFrame *other = window->samples[i].frame;

    /* a last frame may be repeated to fill its slot */
    if (other == frame || !are_alike (frame, other))
      continue;
    compare (self, other);
    n_compared++;
  }
  for (guint least = n_compared; least > 0 && self->n_moves == 0; least--) {
    settle (self, n, least);
    self->is_sure = least == 2;
  }
  if (self->n_moves > VLM_STIR_MAX_PART * (double) n)
    self->n_moves = 0;
}

void
vlm_stir_clear (VlmStir *self)
{
  g_clear_pointer (&self->moves, g_free);
}

double
vlm_stir_get_part (const VlmStir *self, const VlmRect *rect)
{
  const VlmFrame *f = self->frame;
  double scale_x = (double) f->width / f->source_width;
  double scale_y = (double) f->height / f->source_height;
  gint left = (gint) ((rect->x - (gint) f->source_x) * scale_x);
  gint top = (gint) ((rect->y - (gint) f->source_y) * scale_y);
  gint right = left + MAX ((gint) (rect->width * scale_x), 1);
  gint bottom = top + MAX ((gint) (rect->height * scale_y), 1);
  guint n = 0, n_moves = 0;

  if (self->n_moves == 0)
    return 0.0;
  for (gint y = MAX (top, 0); y < MIN (bottom, (gint) f->height); y++)
    for (gint x = MAX (left, 0); x < MIN (right, (gint) f->width); x++, n++)
      n_moves += self->moves[(gsize) y * f->width + (gsize) x];
  return n > 0 ? (double) n_moves / n : 0.0;
}
