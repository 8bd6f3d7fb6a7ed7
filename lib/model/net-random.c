/* gst-vlm: a net of random weights, for benchmarks
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "base/blocks.h"
#include "base/half.h"
#include "base/quantise.h"
#include "model/net-upload.h"

/* Random numbers made once; every row takes a run of them from another place. A
 * prime, so that rows of the usual lengths do not take the same runs. */
#define POOL_SIZE 1048573u

typedef struct
{
  VlmNet *net;
  VlmNn *nn;
  float *pool; /* [POOL_SIZE], even in (-1, 1) */
  guint64 state;
} Random;

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014). */
static guint64
split_mix (guint64 *state)
{
  guint64 z = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ z >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ z >> 31;
}

static void
fill_pool (Random *random)
{
  random->pool = g_new (float, POOL_SIZE);
  for (guint i = 0; i < POOL_SIZE; i++)
    random->pool[i] =
        (float) ((double) (split_mix (&random->state) >> 11) * 0x1p-52 - 1.0);
}

/* The pool as elements, or blocks, of the matrix's type: uniform within
 * +-sqrt (3 / n_in), so that outputs are as large as inputs. */
static guint8 *
make_blocks (const Random *random, const VlmWeightItem *item, guint n_blocks)
{
  const guint length = vlm_dtype_block_length (item->dtype);
  const gsize block_bytes = vlm_dtype_block_bytes (item->dtype);
  const float scale = sqrtf (3.0f / (float) item->n_in);
  guint8 *blocks = g_malloc (n_blocks * block_bytes);
  float values[VLM_MAX_BLOCK];

  for (guint i = 0; i < n_blocks; i++) {
    for (guint j = 0; j < length; j++)
      values[j] = scale * random->pool[i * length + j];
    if (item->dtype == VLM_DTYPE_BF16)
      ((guint16 *) blocks)[i] = vlm_bf16_from_f32 (values[0]);
    else
      vlm_quantise (item->dtype, values, length, blocks + i * block_bytes);
  }
  return blocks;
}

static gboolean
put_matrix (Random *random, const VlmWeightItem *item, GError **error)
{
  const gsize block_bytes = vlm_dtype_block_bytes (item->dtype);
  const guint n_blocks = POOL_SIZE / vlm_dtype_block_length (item->dtype);
  const gsize row_bytes = vlm_dtype_row_bytes (item->dtype, item->n_in);
  guint limit = vlm_net_piece_rows (item);
  g_autofree guint8 *blocks = make_blocks (random, item, n_blocks);
  g_autofree guint8 *piece = g_malloc (limit * row_bytes);
  guint at = split_mix (&random->state) % n_blocks;

  for (guint first = 0; first < item->n_out; first += limit) {
    guint n = MIN (item->n_out - first, limit);

    for (gsize i = 0; i < n * row_bytes; i += block_bytes) {
      memcpy (piece + i, blocks + at * block_bytes, block_bytes);
      at = at + 1 == n_blocks ? 0 : at + 1;
    }
    if (!vlm_net_put_rows (random->net, item, first, n, piece, error))
      return FALSE;
  }
  return TRUE;
}

/* Norms near one, biases near zero. */
static gboolean
put_vector (
    Random *random, const VlmWeightItem *item, float mean, GError **error)
{
  g_autofree float *values = g_new (float, item->n_out);
  guint at = split_mix (&random->state) % POOL_SIZE;

  for (guint i = 0; i < item->n_out; i++)
    values[i] = mean + 0.1f * random->pool[(at + i) % POOL_SIZE];
  return vlm_net_put_vector (random->net, random->nn, item, values, error);
}

VlmNet *
vlm_net_new_random (VlmNnDevice *device, const VlmConfig *config,
    guint n_layers, guint64 seed, VlmModelWeights weights, GError **error)
{
  VlmConfig limited = *config;
  g_autoptr (VlmWeightList) list = NULL;
  g_autoptr (VlmNet) net = NULL;
  g_autoptr (VlmNn) nn = vlm_nn_new (device, error);
  g_autofree float *pool = NULL;
  Random random = { .nn = nn, .state = seed };

  if (nn == NULL)
    return NULL;
  if (n_layers > 0) {
    limited.vision.depth = MIN (limited.vision.depth, n_layers);
    limited.text.n_layers = MIN (limited.text.n_layers, n_layers);
  }
  list = vlm_weight_list_new (&limited, VLM_TENSOR_NAMES_HUGGING_FACE);
  net = vlm_net_new (device, &limited, list);
  random.net = net;
  fill_pool (&random);
  pool = random.pool;
  vlm_weight_list_set_type (list, VLM_DTYPE_BF16);
  vlm_weight_list_quantise (list, weights);
  for (guint i = 0; i < list->n_items; i++) {
    const VlmWeightItem *item = &list->items[i];
    gboolean ok = vlm_weight_is_matrix (item->kind)
        ? (!vlm_weight_list_is_first (list, i) ||
              vlm_net_add_matrix (net, nn, list, i, error)) &&
            put_matrix (&random, item, error)
        : put_vector (&random, item,
              item->kind == VLM_WEIGHT_NORM ? 1.0f : 0.0f, error);

    if (!ok)
      return NULL;
  }
  return g_steal_pointer (&net);
}
