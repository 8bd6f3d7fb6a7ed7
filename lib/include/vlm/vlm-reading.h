/* gst-vlm: what an answer says
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-kind.h>
#include <vlm/vlm-mark.h>
#include <vlm/vlm-window.h>

G_BEGIN_DECLS

/**
 * VlmReading:
 * @value: what the answer says, as JSON: a text, a list, a number, or what the
 *   schema says; places in pixels of the source, times in those of the video
 * @words: (nullable): what a person reads, where the answer is in words
 * @marks: (nullable) (element-type VlmMark): the places in it, in pixels of the
 *   source; %NULL for kinds that tell of none
 * @n_rejected: how many parts were left out
 * @why: (nullable): what was wrong with the first of them
 *
 * What an answer says, read by the rules of its kind.
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
