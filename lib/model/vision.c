/* gst-vlm: the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/vision.h"

#include "model/arch.h"

static const VlmArch *
arch_of (const VlmVision *vision)
{
  return vlm_net_get_config (vision->net)->arch;
}

VlmVision *
vlm_vision_new (VlmNet *net, VlmNn *nn)
{
  const VlmConfig *config = vlm_net_get_config (net);
  VlmVision *vision = config->arch->vision_new (config);

  vision->net = vlm_net_ref (net);
  vision->nn = nn;
  return vision;
}

void
vlm_vision_free (VlmVision *vision)
{
  VlmNet *net;

  if (vision == NULL)
    return;
  net = vision->net;
  arch_of (vision)->vision_free (vision);
  vlm_net_unref (net);
}

void
vlm_vision_set_turns (VlmVision *vision, VlmTurns *turns)
{
  vision->turns = turns;
}

void
vlm_vision_set_taps (VlmVision *vision, VlmModelTaps *taps)
{
  vision->taps = taps;
}

gboolean
vlm_vision_encode (VlmVision *vision, const float *patches,
    const VlmGrid *grids, guint n_grids, VlmNnTensor *features,
    guint64 first_row, const VlmWork *work, GError **error)
{
  return arch_of (vision)->vision_encode (
      vision, patches, grids, n_grids, features, first_row, work, error);
}

guint32 *
vlm_vision_order (const VlmConfig *config, const VlmGrid *grid, GError **error)
{
  return config->arch->vision_order (config, grid, error);
}

guint64
vlm_vision_bytes (const VlmConfig *config, guint slice_patches)
{
  return config->arch->vision_bytes (config, slice_patches);
}
