/* gst-vlm: when in a window a condition holds
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/locate.h"

#include <vlm/vlm-event-parse.h>

#include "analyzer/kinds.h"
#include "base/log.h"
#include "events/event-time.h"

static void
take_findings (
    const VlmWindow *window, const GPtrArray *findings, VlmConditionSpan *span)
{
  gint64 start = G_MAXINT64;
  gint64 end = 0;

  for (guint i = 0; i < findings->len; i++) {
    const VlmFinding *finding = findings->pdata[i];

    start = MIN (start, finding->start_ns);
    end = MAX (end, finding->end_ns);
  }
  if (findings->len == 0)
    return;
  span->has_start = span->has_end = TRUE;
  span->start = vlm_event_time (window, start);
  span->end = vlm_event_time (window, end);
  span->time_source = vlm_event_time_source (window, start);
}

gboolean
vlm_locate (VlmAnswerer *answerer, const VlmWindow *window, const char *text,
    guint max_tokens, gboolean is_apart, VlmConditionSpan *span,
    GCancellable *cancellable, GError **error)
{
  g_autofree char *question =
      vlm_answer_kind_make_question (&vlm_kind_events, text, TRUE);
  const VlmRequest request = {
    .window = window,
    .question = question,
    .kind = &vlm_kind_events,
    .max_tokens = max_tokens,
    .is_apart = is_apart,
    .query = text,
  };
  g_autoptr (VlmReply) reply = NULL;
  const VlmReading *reading;

  *span = (VlmConditionSpan){ 0 };
  reply = vlm_answerer_answer (answerer, &request, cancellable, error);
  if (reply == NULL)
    return FALSE;
  reading = reply->reading;
  if (reading != NULL)
    take_findings (window, reading->parts, span);
  if (!span->has_start)
    vlm_info ("window %" G_GUINT64_FORMAT ": no time found for \"%s\": %s",
        window->serial, text,
        reading == NULL            ? reply->problem->message
            : reading->why != NULL ? reading->why
                                   : "the list is empty");
  return TRUE;
}
