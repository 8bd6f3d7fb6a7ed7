/* gst-vlm: reports about a labelled video, compared with its labels
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Only by times and places, because the names are the labeller's choice. */
#pragma once

#include "tools/eval/labels.h"

/* Edges of spans that are no further apart are equal, s. */
#define EVAL_COLLAR 0.5

/* A reported event, as of its last record. */
typedef struct
{
  EvalSpan span;
  char *description;
  double confidence;
  VlmRect box; /* in pixels of the video; its width is 0 if there is none */
  double box_time;
} EvalSighting;

/* Array of EvalSighting, which owns its texts. */
GArray *eval_sightings_new (void);

/* One contender, on one reading of one video or on several videos. */
typedef struct
{
  guint n_videos;
  double duration; /* s */
  guint n_true;
  guint n_found;
  guint n_right;  /* pairs at EVAL_MIN_IOU, within the collar */
  double sum_iou; /* of videos: of the reported and the labelled spans */
  double false_s; /* something is reported, nothing is labelled */
  double missed_s;
  guint n_boxes;      /* sightings with a box */
  guint n_on;         /* boxes on something that is labelled then */
  double sum_box_iou; /* of all boxes, with the best of what is labelled then */
  guint n_right_boxes; /* sightings that are right and have a box */
} EvalFootageScore;

/* Adds a video of @duration s. @judged (nullable): takes an EvalJudged for each
 * sighting. */
void eval_footage_add (const EvalReading *reading, const GArray *sightings,
    double duration, EvalFootageScore *sum, GArray *judged);
