/* gst-vlm: where an event is
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A second question, on one frame of the event. */
#pragma once

#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-event.h>

#include "analyzer/answerer.h"
#include "analyzer/stir.h"

/* Fills in bbox and bbox_time of @event, and the label where it has none;
 * leaves them unchanged if the model does not find it. @window: has frames of
 * the event. FALSE if the question failed. */
gboolean vlm_ground_event (VlmAnswerer *answerer, const VlmWindow *window,
    VlmEvent *event, GCancellable *cancellable, GError **error);

/* The sample nearest to the middle of the event: there it is surest to be seen.
 * (transfer none) */
const VlmSample *
vlm_ground_sample (const VlmWindow *window, const VlmEvent *event);
/* The sample of the event in which most moves; the one above where nothing does.
 * (transfer none) */
const VlmSample *
vlm_ground_moving_sample (const VlmWindow *window, const VlmEvent *event);
/* What to look for: label, description or query, the first of them that is
 * set, without the article. (transfer full), NULL if there is none */
char *vlm_ground_thing (const VlmEvent *event);
/* The box whose label has most in common with @thing; the first of several.
 * (transfer none), NULL without boxes */
const VlmMark *vlm_ground_choose (const GPtrArray *boxes, const char *thing);
/* The same; of boxes whose labels have as much in common, the one in which most
 * moves. A box in which nothing moves stays where there is no other. */
const VlmMark *vlm_ground_choose_moving (
    const GPtrArray *boxes, const char *thing, const VlmStir *stir);
