/* gst-vlm: a tokenizer under construction
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "text/bpe.h"
#include "text/pretokenizer.h"
#include "text/tokenizer.h"

typedef enum
{
  VLM_TOKEN_PRESENT = 1 << 0,
  VLM_TOKEN_ADDED = 1 << 1,      /* has a name that is split off whole */
  VLM_TOKEN_SPECIAL = 1 << 2,    /* left out of decoded text */
  VLM_TOKEN_NORMALIZED = 1 << 3, /* split off after normalisation, not before */
} VlmTokenFlags;

typedef struct
{
  guint32 offset; /* in bytes */
  guint32 n_bytes;
  guint8 flags;
} VlmToken;

/* Names to split off: ids by first byte, then the longest first. */
typedef struct
{
  GArray *ids;      /* gint32 */
  guint first[257]; /* of those that start with a byte, and where they end */
} VlmAddedTokens;

struct _VlmTokenizer
{
  gatomicrefcount refs;
  GArray *tokens;        /* VlmToken, by id */
  GString *bytes;        /* of all tokens */
  GHashTable *added_ids; /* name -> id */
  VlmAddedTokens raw, normalized;
  VlmBpe bpe;
  VlmPretokenizer *pretokenizer;
};

/* Limits on what a file may require. */
#define VLM_TOKENIZER_MAX_IDS (1u << 20)
#define VLM_TOKENIZER_MAX_FILE_BYTES (64u << 20)
#define VLM_TOKENIZER_MAX_TOKEN_BYTES 4096u
#define VLM_TOKENIZER_MAX_ADDED 8192u

/* Called once all tokens are there. */
void vlm_tokenizer_index_added (VlmTokenizer *tokenizer);
