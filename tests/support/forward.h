/* gst-vlm: a checkpoint answering a case, with everything in between
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/context.h"
#include "model/qwen2_5_vl/vision-plan.h"
#include "model/vision.h"
#include "tests/support/case.h"
#include "vk/device.h"

#define TEST_N_GREEDY 16

/* A checkpoint on a device. */
typedef struct
{
  VlmVkDevice *device;
  VlmNet *net;
  VlmNn *nn;
  VlmVision *vision;
  char *directory;         /* with special_ids.json, … */
  VlmTokenizer *tokenizer; /* … or this */
} TestModel;

/* On the device that VLM_DEVICE names. @mmproj: of a GGUF model, or NULL. */
TestModel *
test_model_load (const char *path, const char *mmproj, GError **error);
/* Its matrices quantised. */
TestModel *test_model_load_quantised (
    const char *path, VlmModelWeights weights, GError **error);
void test_model_free (TestModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestModel, test_model_free)

/* What came out. Rows are those of the goldens. */
typedef struct
{
  TestCase *question;
  VlmVisionPlan *plans[2]; /* of images, of videos; NULL where there are none */
  guint n_hidden;
  guint n_vocab;
  float *features; /* [n_rows, hidden]: images, then videos */
  float *logits;   /* [n_ids, vocab] */
  gint32 greedy_tokens[TEST_N_GREEDY];
  float *greedy_logits; /* [TEST_N_GREEDY, vocab] */
  gint32 rope_delta;
  float *attention; /* [n_layers, n_ids]: of the last prompt token, mean over
                       heads; NULL without taps */
} TestAnswer;

/* Reads a case for this model. */
TestCase *
test_model_load_case (const TestModel *self, const char *path, GError **error);

/* The whole case (taken): features, logits of all prompt tokens, greedy decoding
 * without a repetition penalty or an end. @taps may be NULL; it then has
 * "image.vision." and "video.vision." before the names of the tower's taps.
 * @chunk as for vlm_context_set_chunk(). */
TestAnswer *test_model_answer (TestModel *self, TestCase *question, guint chunk,
    VlmModelTaps *taps, GError **error);
void test_answer_free (TestAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestAnswer, test_answer_free)

/* The pieces, for tests that need other orders. Features of all media; NULL
 * buffer when there are none. */
gboolean test_model_encode (TestModel *self, const TestCase *question,
    VlmModelTaps *taps, VlmNnTensor *features, GError **error);
