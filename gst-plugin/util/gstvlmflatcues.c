/* gst-vlm: cues for a track that shows one at a time
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmflatcues.h"

typedef struct
{
  char *text;
  GstClockTime start;
  GstClockTime end;
} Cue;

struct _GstVlmFlatCues
{
  GPtrArray *held; /* Cue, in the order in which they were added */
  GstClockTime taken_until;
};

static void
cue_free (Cue *cue)
{
  g_free (cue->text);
  g_free (cue);
}

GstVlmFlatCues *
gst_vlm_flat_cues_new (void)
{
  GstVlmFlatCues *cues = g_new0 (GstVlmFlatCues, 1);

  cues->held = g_ptr_array_new_with_free_func ((GDestroyNotify) cue_free);
  return cues;
}

void
gst_vlm_flat_cues_free (GstVlmFlatCues *cues)
{
  if (cues == NULL)
    return;
  g_ptr_array_unref (cues->held);
  g_free (cues);
}

void
gst_vlm_flat_cues_clear (GstVlmFlatCues *cues)
{
  g_ptr_array_set_size (cues->held, 0);
  cues->taken_until = 0;
}

/* A cue of the same text that @cue overlaps or touches; (nullable). */
static Cue *
find_same (GstVlmFlatCues *cues, const Cue *cue)
{
  for (guint i = 0; i < cues->held->len; i++) {
    Cue *other = cues->held->pdata[i];

    if (other != cue && other->start <= cue->end && cue->start <= other->end &&
        g_str_equal (other->text, cue->text))
      return other;
  }
  return NULL;
}

gboolean
gst_vlm_flat_cues_add (
    GstVlmFlatCues *cues, char *text, GstClockTime start, GstClockTime end)
{
  Cue *cue;
  Cue *same;

  start = MAX (start, cues->taken_until);
  if (start >= end) {
    g_free (text);
    return FALSE;
  }
  cue = g_new0 (Cue, 1);
  cue->text = text;
  cue->start = start;
  cue->end = end;
  g_ptr_array_add (cues->held, cue);
  while ((same = find_same (cues, cue)) != NULL) {
    same->start = MIN (same->start, cue->start);
    same->end = MAX (same->end, cue->end);
    g_ptr_array_remove (cues->held, cue);
    cue = same;
  }
  return TRUE;
}

/* From the first start to the first change of the texts after it. */
static void
find_span (GstVlmFlatCues *cues, GstClockTime *start, GstClockTime *end)
{
  *start = *end = GST_CLOCK_TIME_NONE;
  for (guint i = 0; i < cues->held->len; i++) {
    const Cue *cue = cues->held->pdata[i];

    *start = MIN (*start, cue->start);
  }
  for (guint i = 0; i < cues->held->len; i++) {
    const Cue *cue = cues->held->pdata[i];

    *end = MIN (*end, cue->start > *start ? cue->start : cue->end);
  }
}

/* The texts at @start; cuts off what their cues have before @end. */
static char *
take_texts (GstVlmFlatCues *cues, GstClockTime start, GstClockTime end)
{
  GString *texts = g_string_new (NULL);
  guint i = 0;

  while (i < cues->held->len) {
    Cue *cue = cues->held->pdata[i];

    if (cue->start > start) {
      i++;
      continue;
    }
    if (texts->len > 0)
      g_string_append_c (texts, '\n');
    g_string_append (texts, cue->text);
    if (cue->end > end) {
      cue->start = end;
      i++;
    } else {
      g_ptr_array_remove_index (cues->held, i);
    }
  }
  return g_string_free (texts, FALSE);
}

char *
gst_vlm_flat_cues_take (GstVlmFlatCues *cues, GstClockTime settled,
    GstClockTime *start, GstClockTime *end)
{
  find_span (cues, start, end);
  if (cues->held->len == 0 ||
      (GST_CLOCK_TIME_IS_VALID (settled) && *end >= settled))
    return NULL;
  cues->taken_until = *end;
  return take_texts (cues, *start, *end);
}
