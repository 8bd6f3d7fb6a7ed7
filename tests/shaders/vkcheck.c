/* gst-vlm: checks every kernel of every op against the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vkcheck [--filter=TEXT] [--seed=N] [--bench] [--device=SELECTOR]
 * vkcheck --stats [--filter=TEXT] [--device=SELECTOR]
 * Prints TAP. --bench also times, on the shapes of the models too. */
#include "shaders/vkcheck.h"

#include "base/half.h"
#include "tests/support/figures.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CANARY 0x7fc0cafeu
#define GUARD_BYTES 1024
#define DEFAULT_SEED 20250131
#define N_TIMED 7

static void (*const families[]) (VkCheck *check) = {
  check_matmul,
  check_rows,
  check_norm,
  check_rope,
  check_attention,
  check_choose,
  check_finite,
};

gboolean
vkcheck_begin (VkCheck *check, const char *format, ...)
{
  va_list args;
  g_autofree char *name = NULL;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);
  if (check->filter != NULL && strstr (name, check->filter) == NULL)
    return FALSE;
  g_free (check->name);
  check->name = g_steal_pointer (&name);
  check->rng.state = check->seed + g_str_hash (check->name);
  check->failing = FALSE;
  return TRUE;
}

void
vkcheck_fail (VkCheck *check, const char *format, ...)
{
  va_list args;
  g_autofree char *message = NULL;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  printf ("# %s: %s\n", check->name, message);
  check->failing = TRUE;
}

void
vkcheck_end (VkCheck *check)
{
  check->n_cases++;
  check->n_failed += check->failing;
  printf ("%s %u - %s\n", check->failing ? "not ok" : "ok", check->n_cases,
      check->name);
  fflush (stdout);
}

void
vkcheck_no_error (GError *error, const char *what)
{
  if (error == NULL)
    return;
  printf ("Bail out! %s: %s\n", what, error->message);
  fflush (stdout);
  g_error ("%s: %s", what, error->message);
}

const char *
vkcheck_input_name (VkCheckInput input)
{
  static const char *const names[] = { "random", "zero", "large", "denormal",
    "alternating" };

  return names[input];
}

void
vkcheck_make_floats (VkCheck *check, VkCheckInput input, float *data, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float v = rng_float (&check->rng);

    switch (input) {
    case VKCHECK_ZERO:
      v = 0.0f;
      break;
    case VKCHECK_LARGE:
      v *= 1e15f;
      break;
    case VKCHECK_DENORMAL:
      v *= 1e-39f;
      break;
    case VKCHECK_ALTERNATING:
      v = i % 2 == 0 ? fabsf (v) : -fabsf (v);
      break;
    default:
      break;
    }
    data[i] = v;
  }
}

void
vkcheck_quantise (VlmDType dtype, float *data, gsize n, void *raw)
{
  for (gsize i = 0; i < n; i++) {
    if (dtype == VLM_DTYPE_F32) {
      ((float *) raw)[i] = data[i];
    } else if (dtype == VLM_DTYPE_BF16) {
      guint16 bits = vlm_bf16_from_f32 (data[i]);

      ((guint16 *) raw)[i] = bits;
      data[i] = vlm_f32_from_bf16 (bits);
    } else {
      guint16 bits = vlm_f16_from_f32 (CLAMP (data[i], -65504.0f, 65504.0f));

      ((guint16 *) raw)[i] = bits;
      data[i] = vlm_f32_from_f16 (bits);
    }
  }
}

static void
fill_canaries (
    guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  const guint32 canary = CANARY;

  for (gsize i = 0; i < n_bytes; i += sizeof canary)
    memcpy (target + i, &canary, sizeof canary);
}

VlmNnTensor
vkcheck_tensor (VkCheck *check, guint64 n_rows, guint n_cols, const void *data)
{
  const guint ld = (n_cols + 7) & ~7u;
  const guint64 n_bytes = n_rows * ld * 4 + 2 * GUARD_BYTES;
  GError *error = NULL;
  VlmNnTensor tensor = {
    .buffer = vlm_vk_buffer_new (
        vlm_nn_get_device (check->nn), n_bytes, VLM_VK_BUFFER_DEVICE, &error),
    .offset = GUARD_BYTES,
    .n_rows = n_rows,
    .n_cols = n_cols,
    .ld = ld,
  };

  vkcheck_no_error (error, "buffer");
  vlm_vk_buffer_fill (
      tensor.buffer, 0, n_bytes, 4, fill_canaries, NULL, &error);
  vkcheck_no_error (error, "canaries");
  if (data != NULL)
    vlm_nn_tensor_write (&tensor, check->nn, 0, n_rows, data, &error);
  vkcheck_no_error (error, "write");
  return tensor;
}

void
vkcheck_guards (VkCheck *check, const VlmNnTensor *tensor)
{
  const guint64 n_bytes = vlm_vk_buffer_get_size (tensor->buffer);
  const gsize begin = GUARD_BYTES / 4;
  const gsize end = begin + tensor->n_rows * tensor->ld;
  g_autofree guint32 *words = g_malloc (n_bytes);
  GError *error = NULL;

  vlm_vk_buffer_read (tensor->buffer, 0, words, n_bytes, &error);
  vkcheck_no_error (error, "read");
  for (gsize i = 0; i < end + GUARD_BYTES / 4; i++) {
    const gsize row = i < begin ? 0 : (i - begin) / tensor->ld;
    const gsize col = i < begin ? 0 : (i - begin) % tensor->ld;

    if ((i < begin || i >= end) && words[i] != CANARY) {
      vkcheck_fail (check, "wrote word %" G_GSSIZE_FORMAT " of the tensor",
          (gssize) (i - begin));
      return;
    }
    /* minus zero is zero */
    if (i >= begin && i < end && col >= tensor->n_cols && words[i] << 1 != 0) {
      vkcheck_fail (check,
          "padding of row %" G_GSIZE_FORMAT " column %" G_GSIZE_FORMAT
          " is 0x%08x",
          row, col, words[i]);
      return;
    }
  }
}

void
vkcheck_compare (VkCheck *check, const float *actual, const double *expected,
    gsize n, double nmse, double floor)
{
  double sum_error = 0.0, sum = 0.0, worst = -1.0;
  gsize at = 0;

  for (gsize i = 0; i < n; i++) {
    const double error = fabs (actual[i] - expected[i]);

    if (!isfinite (actual[i])) {
      vkcheck_fail (check, "element %" G_GSIZE_FORMAT " is %g, not %g", i,
          actual[i], expected[i]);
      return;
    }
    if (error > worst) {
      worst = error;
      at = i;
    }
    if (error > floor)
      sum_error += error * error;
    sum += expected[i] * expected[i];
  }
  if (sum_error > nmse * sum)
    vkcheck_fail (check,
        "nmse %.3g is above %.3g; worst: element %" G_GSIZE_FORMAT
        " is %.9g, not %.9g",
        sum_error / sum, nmse, at, actual[at], expected[at]);
}

static void
submit (VkCheck *check)
{
  GError *error = NULL;

  if (vlm_nn_submit (check->nn, &error))
    vlm_nn_wait (check->nn, NULL, &error);
  vkcheck_no_error (error, check->name);
}

void
vkcheck_run (VkCheck *check, VkCheckRecord record, gpointer user_data)
{
  vlm_nn_begin (check->nn);
  record (check->nn, user_data);
  submit (check);
}

static double
seconds (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* Several runs a submission, so that one takes at least some milliseconds. */
void
vkcheck_time (VkCheck *check, VkCheckRecord record, gpointer user_data,
    double flops, double n_bytes)
{
  const guint n_runs = (guint) CLAMP (2e8 / MAX (flops, 1.0), 1.0, 16.0);
  double wall[N_TIMED], cpu[N_TIMED], wall_s, cpu_s;
  g_autoptr (GString) line = g_string_new (NULL);

  if (!check->bench)
    return;
  for (guint i = 0; i < N_TIMED; i++) {
    const double w = seconds (CLOCK_MONOTONIC);
    const double c = seconds (CLOCK_PROCESS_CPUTIME_ID);

    vlm_nn_begin (check->nn);
    for (guint j = 0; j < n_runs; j++)
      record (check->nn, user_data);
    submit (check);
    wall[i] = (seconds (CLOCK_MONOTONIC) - w) / n_runs;
    cpu[i] = (seconds (CLOCK_PROCESS_CPUTIME_ID) - c) / n_runs;
  }
  wall_s = figures_median (wall, N_TIMED);
  cpu_s = figures_median (cpu, N_TIMED);
  g_string_append_printf (line, "# %s: %.3f ms", check->name, wall_s * 1e3);
  if (flops != 0)
    g_string_append_printf (line, ", %.1f GFLOP/s", flops / wall_s / 1e9);
  if (n_bytes != 0)
    g_string_append_printf (line, ", %.2f GB/s", n_bytes / wall_s / 1e9);
  /* Of a software device on a busy machine only this is a measure. */
  if (check->nn->caps->is_cpu)
    g_string_append_printf (line, "; CPU %.3f ms, %.1f GFLOP/s a core",
        cpu_s * 1e3, flops / cpu_s / 1e9);
  printf ("%s\n", line->str);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_autofree char *filter = NULL, *selector = NULL;
  gint64 seed = DEFAULT_SEED;
  gboolean bench = FALSE, stats = FALSE;
  const GOptionEntry entries[] = {
    { "filter", 'f', 0, G_OPTION_ARG_STRING, &filter,
        "run only cases whose name contains TEXT", "TEXT" },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &seed, "seed of the inputs", "N" },
    { "bench", 'b', 0, G_OPTION_ARG_NONE, &bench, "measure the cases", NULL },
    { "stats", 0, 0, G_OPTION_ARG_NONE, &stats,
        "print the statistics of the driver's compiler for each kernel", NULL },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &selector,
        "index, UUID or part of the name of the Vulkan device", "DEVICE" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (VlmVkDevice) device = NULL;
  g_autoptr (VlmNn) nn = NULL;
  GError *error = NULL;
  VkCheck check = { 0 };

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_parse (context, &argc, &argv, &error);
  vkcheck_no_error (error, "options");
  if (stats)
    return vkcheck_stats (selector, filter);
  device = vlm_vk_device_open (selector, &error);
  vkcheck_no_error (error, "device");
  nn = vlm_nn_new (device, &error);
  vkcheck_no_error (error, "recorder");

  check = (VkCheck){
    .nn = nn, .bench = bench, .seed = (guint64) seed, .filter = filter
  };
  printf ("# %s, seed %" G_GINT64_FORMAT "\n",
      vlm_vk_device_get_caps (device)->name, seed);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    families[i](&check);
  printf ("1..%u\n", check.n_cases);
  g_free (check.name);
  return check.n_failed != 0 || vlm_vk_validation_count () != 0;
}
