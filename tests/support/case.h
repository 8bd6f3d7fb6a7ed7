/* gst-vlm: a question in a file: pictures, videos and a prompt of token ids
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * {"images": [file …], "min_pixels", "max_pixels",
 *  "videos": [{"frames": file, "fps", "min_pixels", "max_pixels",
 *              "total_pixels"} …],
 *  "prompt": [item …]}; files are .npy beside the case. An item is a token id,
 * the name of one in special_ids.json of the checkpoint (or of the token of its
 * tokenizer that the name means), "IMG<n>" or "VID<n>", or [n, seed]: n
 * random ordinary tokens. */
#pragma once

#include <vlm/vlm-frame.h>

#include "model/qwen2_5_vl/mrope.h"
#include "text/tokenizer.h"

/* Like pictures and videos alike: frames of one size and their patches. */
typedef struct
{
  GPtrArray *frames; /* VlmFrame */
  VlmGrid grid;
  guint first_row;       /* of its features among all */
  float second_per_grid; /* of a video */
} TestMedium;

typedef struct
{
  GArray *images; /* TestMedium */
  GArray *videos; /* TestMedium */
  GArray *ids;    /* gint32: as a tokenizer would give them */
  GArray *inputs; /* gint32: as vlm_context_append() wants them */
  VlmPositions positions;
  guint n_image_rows; /* features of images come first, then of videos */
  guint n_rows;
} TestCase;

/* Reads the case and prepares its pictures for the checkpoint in @directory, or,
 * when that is NULL, for one with @tokenizer. */
TestCase *test_case_load (const char *path, const char *directory,
    const VlmTokenizer *tokenizer, const VlmConfig *config, GError **error);
void test_case_free (TestCase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestCase, test_case_free)

/* Normalised patches of all images or of all videos, [P, 1176]; free with
 * g_free(). The grids are those of the media. */
float *test_case_patches (const TestCase *self, const VlmConfig *config,
    gboolean videos, GArray **grids, GError **error);
