/* gst-vlm: the configuration of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

#include "io/gguf-files.h"

/* model/arch.h */
typedef struct _VlmArch VlmArch;

/* Patches per axis before merging. */
typedef struct
{
  guint t;
  guint h;
  guint w;
} VlmGrid;

#define VLM_MAX_FULL_BLOCKS 64
#define VLM_MAX_EOS 8

typedef struct
{
  guint depth;
  guint hidden_size;
  guint n_heads;
  guint head_dim;
  guint intermediate_size;
  guint out_hidden_size;
  guint in_channels;
  guint patch_size;
  guint temporal_patch_size;
  guint spatial_merge_size;
  guint window_size; /* pixels */
  guint tokens_per_second;
  guint n_full_blocks;
  guint full_blocks[VLM_MAX_FULL_BLOCKS]; /* indices of full-attention blocks */
} VlmVisionConfig;

typedef struct
{
  guint hidden_size;
  guint n_layers;
  guint n_heads;
  guint n_kv_heads;
  guint head_dim;
  guint intermediate_size;
  guint vocab_size;
  guint max_positions;
  gboolean tied;
  gboolean tied_is_disputed; /* the file contains both: see weights.h */
  double rms_norm_eps;
  double rope_theta;
  guint mrope_section[3]; /* temporal, height, width; sum = head_dim / 2 */
} VlmTextConfig;

typedef struct
{
  guint64 min_pixels;
  guint64 max_pixels;
  guint64 video_min_pixels; /* of a frame; 0 if the model does not set it */
  guint64 video_max_pixels;
  float mean[3];
  float std[3];
} VlmPreprocessConfig;

typedef struct
{
  gboolean do_sample;
  double temperature;
  double top_p;
  guint top_k;
  double repetition_penalty;
  guint n_eos;
  gint32 eos[VLM_MAX_EOS];
} VlmGenerationConfig;

/* What all families have in common, and what only some have, zero elsewhere. */
typedef struct
{
  const VlmArch *arch;
  char *name; /* base name of the directory or file */
  VlmVisionConfig vision;
  VlmTextConfig text;
  VlmPreprocessConfig preprocess;
  VlmGenerationConfig generation;
  /* The most that it may see, 0 if it is not set. */
  guint max_video_seconds;      /* longest video it was trained on */
  guint max_context_windows;    /* windows that overlap, as one video */
  gboolean boxes_follow_motion; /* of several boxes the one that moves counts */
  /* The label whose events are cut to what comes and goes; NULL: none. */
  char *times_follow_motion;
  double min_confidence; /* below it an event is not worth reporting */
  char *trained_for;     /* all it can answer, in words; NULL likewise */
  gint32 image_token_id;
  gint32 video_token_id;
  gint32 vision_start_token_id;
  gint32 vision_end_token_id;
} VlmConfig;

/* A confidence that ranks worse is not used. */
#define VLM_MIN_CONFIDENCE_AUC 0.75

/* Reads config.json, whose model_type says the family, and
 * preprocessor_config.json, video_preprocessor_config.json and
 * generation_config.json of a directory. The last three may be absent: the
 * values of the released models hold then. Everything is checked: what comes out
 * can be loaded without overflow. Errors name file and key: UNSUPPORTED for a
 * model this cannot run, CORRUPT for values no model can have, MISMATCH when the
 * files disagree. */
VlmConfig *vlm_config_load (const char *directory, GError **error);
/* config.json alone, from a file of any name; the rest as if it were absent. */
VlmConfig *vlm_config_load_file (const char *path, GError **error);
/* The same from memory; @source takes the place of the path in messages. */
VlmConfig *vlm_config_new_from_data (
    const char *json, gsize n_bytes, const char *source, GError **error);
/* From the keys of a language model and its vision tower; its name is that of
 * the file. Checked as above: MISMATCH when the two are of different models. */
VlmConfig *vlm_config_new_from_gguf (
    const VlmGgufFiles *text, const VlmGgufFiles *mmproj, GError **error);
VlmConfig *vlm_config_copy (const VlmConfig *config);
/* Of one that is a part of something else. */
void vlm_config_init_copy (VlmConfig *copy, const VlmConfig *config);
void vlm_config_clear (VlmConfig *config);
void vlm_config_free (VlmConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmConfig, vlm_config_free)

/* Whether the patches of a slice all see each other in @block. */
gboolean vlm_vision_config_is_full (const VlmVisionConfig *config, guint block);
void vlm_config_get_geometry (const VlmConfig *config, VlmGeometry *geometry);
