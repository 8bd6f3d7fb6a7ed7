/* gst-vlm: what a driver's compiler makes of every kernel
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/select.h"
#include "shaders/vkcheck.h"
#include "vk/statistics.h"

#include <stdio.h>
#include <string.h>

/* Shapes of the 3B model: heads of 128, eight queries of a key. */
#define HEAD_D4 32
#define GROUP 8
/* Exit status of a test that cannot run here. */
#define SKIPPED 77

static void
print_pipeline (VlmNn *nn, const VlmNnKernel *kernel, const char *variant,
    const guint32 *own, guint n_own)
{
  guint32 spec[VLM_VK_MAX_SPEC];
  const guint n = vlm_nn_kernel_spec (nn, kernel, own, n_own, spec);
  g_auto (GStrv) statistics = NULL;
  g_autofree char *line = NULL;
  GError *error = NULL;
  VlmVkPipeline *pipeline =
      vlm_vk_pipeline_get (nn->device, kernel->shader, spec, n, &error);

  if (pipeline != NULL)
    statistics = vlm_vk_pipeline_get_statistics (nn->device, pipeline, &error);
  vkcheck_no_error (error, kernel->name);
  line = g_strjoinv ("; ", statistics);
  printf (
      "%s%s%s: %s\n", kernel->name, *variant != '\0' ? " " : "", variant, line);
}

static void
print_product (VlmNn *nn, const VlmNnKernel *kernel)
{
  static const VlmDType dtypes[] = { VLM_DTYPE_BF16, VLM_DTYPE_INT8_32,
    VLM_DTYPE_INT4_32, VLM_DTYPE_Q4_K, VLM_DTYPE_Q6_K };

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    const VlmNnFormat *format = vlm_nn_format (dtypes[i]);
    const guint32 own[] = { format->shader, VLM_NN_STORE, FALSE };

    if (vlm_nn_kernel_reads (kernel, format))
      print_pipeline (
          nn, kernel, vlm_dtype_name (dtypes[i]), own, G_N_ELEMENTS (own));
  }
}

static void
print_kernel (VlmNn *nn, const VlmNnKernel *kernel)
{
  const guint32 attention[] = { HEAD_D4, GROUP, FALSE };
  const guint32 choose[] = { TRUE, FALSE };

  switch (kernel->op) {
  case VLM_NN_OP_MATMUL:
    print_product (nn, kernel);
    break;
  case VLM_NN_OP_ATTENTION:
    print_pipeline (nn, kernel, "", attention, G_N_ELEMENTS (attention));
    break;
  case VLM_NN_OP_CHOOSE:
    print_pipeline (nn, kernel, "", choose, G_N_ELEMENTS (choose));
    break;
  case VLM_NN_OP_NORM:
    print_pipeline (nn, kernel, "", NULL, 0);
    break;
  }
}

/* Of kernels that the device would take only: others may be more than its
 * compiler can do. */
int
vkcheck_stats (const char *selector, const char *filter)
{
  g_autoptr (VlmVkDevice) device = NULL;
  const VlmNnKernel *kernels;
  GError *error = NULL;
  VlmNn nn = { 0 };
  guint n_kernels;

  device = vlm_vk_device_open_to_compile (selector, &error);
  vkcheck_no_error (error, "device");
  nn.device = device;
  nn.caps = vlm_vk_device_get_caps (device);
  printf ("# %s\n", nn.caps->name);
  if (!vlm_vk_statistics_available (device)) {
    printf ("skipped: the driver has no "
            "VK_KHR_pipeline_executable_properties\n");
    return SKIPPED;
  }
  kernels = vlm_nn_kernels (&n_kernels);
  for (guint i = 0; i < n_kernels; i++) {
    const guint here = nn.caps->is_cpu ? VLM_NN_ON_CPU : VLM_NN_ON_GPU;

    if ((kernels[i].on & here) != 0 && vlm_nn_kernel_runs (&nn, &kernels[i]) &&
        (filter == NULL || strstr (kernels[i].name, filter) != NULL))
      print_kernel (&nn, &kernels[i]);
  }
  return 0;
}
