/* gst-vlm: from a user's turn to tokens and positions
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-prompt.h>

#include "model/positions.h"
#include "text/tokenizer.h"

typedef enum
{
  VLM_PART_TEXT,
  VLM_PART_IMAGE,
  VLM_PART_VIDEO,
} VlmPartKind;

typedef struct
{
  VlmPartKind kind;
  char *text;
  GPtrArray *frames; /* VlmFrame */
  GArray *times;     /* gint64 ns, one a frame; of a video */
} VlmPart;

struct _VlmPrompt
{
  char *system;
  GPtrArray *parts; /* VlmPart */
};

/* One temporal patch of the prompt, in order: the unit of the vision encoder
 * and of its cache. A still image is a slice of twice the same frame. */
typedef struct
{
  VlmFrame *first;  /* (not owned) */
  VlmFrame *second; /* (not owned) */
  gboolean is_video;
  VlmGrid grid; /* t = 1 */
  guint n_cells;
} VlmSliceRef;

/* The turn laid out, ready for the decoder except the rows of the features:
 * ids[i] >= 0 is a token; -1 - s is the next cell of slice s. */
typedef struct
{
  GArray *ids;    /* gint32 */
  GArray *slices; /* VlmSliceRef */
  VlmPositions positions;
  guint n_vision_tokens;
} VlmLayout;

/* Renders the chat template. The prompt must outlive the layout. Errors:
 * VLM_INFER_ERROR_BAD_INPUT (a frame of wrong size, no text and no picture),
 * VLM_LOAD_ERROR_MISMATCH (the tokenizer lacks a special token). */
VlmLayout *vlm_layout_new (const VlmPrompt *prompt, const VlmConfig *config,
    const VlmTokenizer *tokenizer, GError **error);
void vlm_layout_free (VlmLayout *layout);
/* (transfer full) gint32: ids as the decoder wants them, with the cells of slice
 * s in rows @rows[s] … of the features: row r is -1 - r. */
GArray *vlm_layout_resolve (const VlmLayout *layout, const guint64 *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmLayout, vlm_layout_free)

/* Whether the tokenizer has the tokens of the template, under the ids that the
 * network knows; else it belongs to another model (VLM_LOAD_ERROR_MISMATCH).
 * @path is for messages. */
gboolean vlm_layout_check_tokenizer (const VlmTokenizer *tokenizer,
    const VlmConfig *config, const char *path, GError **error);
