/* gst-vlm: the self-test of kernels of less than f32
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Some drivers list matrix units that give wrong results. So each kernel is first
 * tried on products whose numbers, and all of whose sums, are exact in 16 and in
 * 32 bits: a difference of one bit is an error. A verdict holds until the driver
 * or the kernel changes (nn/verdicts.h). */
#include "base/checked.h"
#include "base/half.h"
#include "base/log.h"
#include "nn/context.h"
#include "nn/format.h"
#include "nn/select.h"
#include "nn/verdicts.h"

#include <vlm/vlm-error.h>

#include <math.h>

/* Off every tile. */
#define N_IN 72
#define MORE_ROWS 3
#define MORE_BLOCKS 3

typedef struct
{
  guint m, n;
  float *x; /* [m, N_IN] */
  float *w; /* [n, N_IN] */
  float *y; /* [m, n] */
  VlmNnTensor x_tensor, y_tensor;
  VlmNnMatrix *matrix;
} Trial;

/* Rows are of sizes that 16 bits do not hold, up to 2^24. */
static float
row_size (guint row)
{
  return ldexpf (1.0f, (int) (row % 5) * 12 - 24);
}

static void
trial_fill (Trial *trial)
{
  guint state = 1;

  for (guint i = 0; i < trial->m * N_IN; i++) {
    state = state * 1664525u + 1013904223u;
    trial->x[i] = ((float) (state >> 27) - 16.0f) / 8.0f * row_size (i / N_IN);
  }
  for (guint i = 0; i < trial->n * N_IN; i++) {
    state = state * 1664525u + 1013904223u;
    trial->w[i] = ((float) (state >> 25) - 64.0f) / 64.0f;
  }
}

static gboolean
trial_upload (Trial *trial, VlmNn *nn, GError **error)
{
  g_autofree guint16 *raw = g_new (guint16, trial->n * N_IN);

  for (guint i = 0; i < trial->n * N_IN; i++)
    raw[i] = vlm_bf16_from_f32 (trial->w[i]);
  trial->matrix = vlm_nn_matrix_new (nn, trial->n, N_IN, VLM_DTYPE_BF16, error);
  return trial->matrix != NULL &&
      vlm_nn_matrix_write (trial->matrix, VLM_NN_ROWS_PLAIN, 0, trial->n,
          (const guint8 *) raw, error) &&
      vlm_nn_tensor_init (&trial->x_tensor, nn, trial->m, N_IN, error) &&
      vlm_nn_tensor_init (&trial->y_tensor, nn, trial->m, trial->n, error) &&
      vlm_nn_tensor_write (&trial->x_tensor, nn, 0, trial->m, trial->x, error);
}

static gboolean
trial_run (Trial *trial, VlmNn *nn, GError **error)
{
  vlm_nn_begin (nn);
  vlm_nn_matmul (nn, &trial->x_tensor, trial->matrix, NULL, VLM_NN_STORE,
      &trial->y_tensor);
  return vlm_nn_submit (nn, error) && vlm_nn_wait (nn, NULL, error) &&
      vlm_nn_tensor_read (&trial->y_tensor, nn, 0, trial->m, trial->y, error);
}

static gboolean
trial_is_right (const Trial *trial)
{
  for (guint i = 0; i < trial->m; i++)
    for (guint j = 0; j < trial->n; j++) {
      double sum = 0.0;

      for (guint k = 0; k < N_IN; k++)
        sum += (double) trial->x[i * N_IN + k] * trial->w[j * N_IN + k];
      if (trial->y[i * trial->n + j] != (float) sum)
        return FALSE;
    }
  return TRUE;
}

static void
trial_clear (Trial *trial)
{
  vlm_nn_tensor_clear (&trial->x_tensor);
  vlm_nn_tensor_clear (&trial->y_tensor);
  vlm_nn_matrix_free (trial->matrix);
  g_free (trial->x);
  g_free (trial->w);
  g_free (trial->y);
}

VlmNnVerdict
vlm_nn_kernel_try (
    VlmNnDevice *device, const VlmNnKernel *kernel, GError **error)
{
  g_autoptr (VlmNn) nn = vlm_nn_new (device, error);
  Trial trial = {
    .m = kernel->tile_rows + MORE_ROWS,
    .n = (kernel->tile_cols + MORE_BLOCKS) * VLM_NN_BLOCK,
  };
  VlmNnVerdict verdict = VLM_NN_VERDICT_NONE;

  if (nn == NULL)
    return verdict;
  if (kernel->max_rows != 0)
    trial.m = (guint) MIN (trial.m, kernel->max_rows);
  trial.x = g_new (float, trial.m *N_IN);
  trial.w = g_new (float, trial.n *N_IN);
  trial.y = g_new (float, trial.m *trial.n);
  trial_fill (&trial);
  nn->forced = kernel;
  if (trial_upload (&trial, nn, error) && trial_run (&trial, nn, error))
    verdict =
        trial_is_right (&trial) ? VLM_NN_VERDICT_RIGHT : VLM_NN_VERDICT_WRONG;
  if (verdict == VLM_NN_VERDICT_WRONG)
    g_set_error_literal (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_VK,
        "its products are wrong, a fault of the driver");
  trial_clear (&trial);
  return verdict;
}

/* The verdict of an earlier process, or of a trial now. If the trial could not
 * run, there is no verdict to keep: it may run next time. */
static gboolean
find_out (VlmNn *nn, const VlmNnKernel *kernel)
{
  g_autoptr (GError) error = NULL;
  VlmNnVerdict verdict = vlm_nn_verdict_find (nn->device, kernel);

  if (verdict == VLM_NN_VERDICT_WRONG) {
    vlm_warning ("%s: kernel %s is not used: its products were wrong when it "
                 "was tried with this driver",
        nn->caps->name, kernel->name);
  } else if (verdict == VLM_NN_VERDICT_NONE) {
    verdict = vlm_nn_kernel_try (nn->device, kernel, &error);
    if (error != NULL)
      vlm_warning ("%s: kernel %s is not used: %s", nn->caps->name,
          kernel->name, error->message);
    if (verdict != VLM_NN_VERDICT_NONE)
      vlm_nn_verdict_keep (nn->device, kernel, verdict);
  }
  return verdict == VLM_NN_VERDICT_RIGHT;
}

/* Once in a process for each device and kernel. */
static gboolean
is_right (VlmNn *nn, const VlmNnKernel *kernel)
{
  static GMutex lock;
  static GHashTable *verdicts;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  g_autofree char *name = vlm_nn_verdict_key (kernel);
  g_autoptr (GString) key = g_string_new (name);
  gpointer verdict;

  for (guint i = 0; i < sizeof nn->caps->uuid; i++)
    g_string_append_printf (key, "%02x", nn->caps->uuid[i]);
  if (verdicts == NULL)
    verdicts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!g_hash_table_lookup_extended (verdicts, key->str, NULL, &verdict)) {
    verdict = GINT_TO_POINTER (find_out (nn, kernel));
    g_hash_table_insert (verdicts, g_strdup (key->str), verdict);
  }
  return GPOINTER_TO_INT (verdict);
}

void
vlm_nn_set_fast (VlmNn *nn, gboolean fast)
{
  guint n_kernels, n_fast = 0;
  const VlmNnKernel *kernels = vlm_nn_kernels_of (nn, &n_kernels);

  g_assert (n_kernels <= sizeof nn->wrong * 8);
  nn->is_fast = fast;
  for (guint i = 0; fast && i < n_kernels; i++) {
    if (!vlm_nn_kernel_is_fast_here (nn, &kernels[i]))
      continue;
    if (is_right (nn, &kernels[i]))
      n_fast++;
    else
      nn->wrong |= (guint64) 1 << i;
  }
  if (fast && n_fast == 0)
    vlm_debug ("%s has no kernels of less than f32: precision=fast is exact",
        nn->caps->name);
}
