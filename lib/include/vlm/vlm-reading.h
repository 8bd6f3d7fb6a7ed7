/* gst-vlm: parsed answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-kind.h>
#include <vlm/vlm-mark.h>
#include <vlm/vlm-window.h>

G_BEGIN_DECLS

/**
 * VlmReading:
 * @value: the answer as JSON: a text, a list, a number, or a value that fits
 *   the schema; positions in pixels of the source, times in those of the video
 * @words: (nullable): the answer as text for people, if it is text
 * @marks: (nullable) (element-type VlmMark): the positions in it, in pixels of
 *   the source; %NULL for kinds without positions
 * @n_rejected: number of parts that were dropped
 * @why: (nullable): what was wrong with the first of them
 *
 * An answer, parsed by the rules of its kind.
 *
 * Since: 0.1
 */
typedef struct
{
  char *value;
  char *words;
  GPtrArray *marks;
  guint n_rejected;
  char *why;

  /*< private >*/
  GPtrArray *parts;
} VlmReading;

VLM_API VlmReading *vlm_reading_new (const VlmAnswerKind *kind,
    const char *text, const char *detail, const VlmWindow *window,
    const VlmFrame *picture, GError **error);
VLM_API void vlm_reading_free (VlmReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmReading, vlm_reading_free)

G_END_DECLS
