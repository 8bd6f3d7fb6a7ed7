/* gst-vlm: the scenes that a model is evaluated on
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mix is fixed: named, any and mixed objects 60, 15 and 25 %; 0 to 3 of
 * them; all backgrounds; 4 to 20 s; 1:1, 4:3, 16:9 or 9:16, 640 pixels at most;
 * all effects but those that EvalCamera adds. Hard scenes have up to 5 objects,
 * up to 3 bystanders, exposure and any trouble. All follows from the seed.
 * Seeds from EVAL_FIRST_SEED on are for evaluation: no training uses them. */
#pragma once

#include <vlm/vlm.h>

#define EVAL_FIRST_SEED (G_GUINT64_CONSTANT (1) << 40)

/* What real cameras see and shapes on a screen do not have. */
typedef struct
{
  guint max_bystanders;
  double perspective;
  gboolean exposure;
  gboolean hard;   /* all of it, and all that makes a scene hard */
  double duration; /* s, of each scene; 0: from the seed */
} EvalCamera;

typedef struct
{
  guint64 seed;
  VlmSceneKind kind;
  guint width;
  guint height;
  gint64 duration;
  VlmScene *scene;
  GArray *events;      /* EvalEvent: the truth */
  const char *present; /* a label in the scene; NULL if it is empty */
  const char *absent;  /* one that is not in it, but often similar to one */
} EvalSample;

/* @longest (s) instead of 20 s; 0 for a still picture. @camera: NULL for none of
 * it. (transfer full) */
EvalSample *
eval_sample_new (guint64 seed, double longest, const EvalCamera *camera);
void eval_sample_free (EvalSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalSample, eval_sample_free)

/* What is seen at @time, resized. (transfer full) */
VlmFrame *eval_sample_frame (const EvalSample *sample, gint64 time, guint width,
    guint height, VlmResample resample, GError **error);

/* The label that begins @description: the longest that does; NULL if none. */
const char *eval_leading_label (const char *description);
