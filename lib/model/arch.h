/* gst-vlm: the interface of a family of models
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A family is a folder beside this file and a line in arch.c. Its folder reads
 * configurations, lists the tensors, records the layers, gives positions and
 * renders the chat template; nothing else includes its headers. The functions
 * that call these are in the header that the comment names. */
#pragma once

#include "io/gguf-files.h"
#include "io/json.h"
#include "io/model-dir.h"
#include "model/decoder.h"
#include "model/layout.h"
#include "model/vision.h"

/* A published size. */
typedef struct
{
  const char *name;
  VlmConfig config; /* what memory depends on */
} VlmArchSize;

struct _VlmArch
{
  const char *title;                     /* for messages */
  const char *const *model_types;        /* of config.json, NULL-terminated */
  const char *const *gguf_architectures; /* likewise */
  const VlmArchSize *sizes;
  guint n_sizes;

  /* model/config.h: all of a configuration but its name and arch. @dir: for what
   * is beside config.json; NULL when it is alone. */
  VlmConfig *(*read_config) (
      const VlmJsonDocument *document, const VlmModelDir *dir, GError **error);
  VlmConfig *(*read_gguf) (
      const VlmGgufFiles *text, const VlmGgufFiles *mmproj, GError **error);

  /* model/weights.h. prepare_source: lets tensors be found under the names of
   * the list, whatever wrote them, and settles what the configuration left to the
   * files; only for Hugging Face's. check_source: after all items were found. */
  gboolean (*prepare_source) (
      VlmConfig *config, VlmTensorSource *source, GError **error);
  VlmWeightList *(*list_weights) (
      const VlmConfig *config, VlmTensorNames names);
  gboolean (*check_source) (
      const VlmConfig *config, const VlmTensorSource *source, GError **error);

  /* model/positions.h */
  void (*make_angles) (const VlmPositions *positions, const VlmConfig *config,
      guint first, guint n, float *angles);

  /* model/layout.h. check_tokenizer: @path is for messages. */
  gboolean (*check_tokenizer) (const VlmTokenizer *tokenizer,
      const VlmConfig *config, const char *path, GError **error);
  gboolean (*lay_out) (VlmLayout *layout, const VlmPrompt *prompt,
      const VlmConfig *config, const VlmTokenizer *tokenizer, GError **error);

  /* model/decoder.h. new: a struct that begins with a VlmDecoder, filled by the
   * caller; free: of all but what that holds. */
  VlmDecoder *(*decoder_new) (void);
  void (*decoder_free) (VlmDecoder *decoder);
  gboolean (*decoder_reserve) (VlmDecoder *decoder, guint n_tokens,
      guint n_sequences, guint n_logits, GError **error);
  void (*decoder_record) (VlmDecoder *decoder, const VlmDecoderPass *pass,
      guint first_layer, guint n_layers);
  guint64 (*decoder_bytes) (const VlmConfig *config, guint n_tokens,
      guint n_sequences, guint n_logits);

  /* model/vision.h; new and free likewise. */
  VlmVision *(*vision_new) (const VlmConfig *config);
  void (*vision_free) (VlmVision *vision);
  gboolean (*vision_encode) (VlmVision *vision, const float *patches,
      const VlmGrid *grids, guint n_grids, VlmNnTensor *features,
      guint64 first_row, const VlmWork *work, GError **error);
  guint64 (*vision_bytes) (const VlmConfig *config, guint slice_patches);
  guint32 *(*vision_order) (
      const VlmConfig *config, const VlmGrid *grid, GError **error);
};

/* The family whose configurations have that model_type; if there is none, the
 * first one, whose reader reports the error, (or @model_type is NULL). */
const VlmArch *vlm_arch_find (const char *model_type);
const VlmArch *vlm_arch_find_gguf (const char *architecture);
