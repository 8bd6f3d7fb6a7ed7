/* gst-vlm: groups of slices: their plans and the scratch they need
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/vision-private.h"

#include <string.h>

/* Patches encoded together, at least one slice: enough to use weights well. */
#define GROUP_PATCHES 4096
/* Rows of the scratch that is not needed for a whole group: half of one saves 80
 * MB of the 3B model, and is enough to use weights well, too. */
#define BAND_ROWS 2048
/* Patches times blocks of the first submission; it adapts from there. */
#define FIRST_SUBMIT_WORK 8192

guint
vlm_vision_patch_floats (const VlmVisionConfig *c)
{
  return c->in_channels * c->temporal_patch_size * c->patch_size *
      c->patch_size;
}

guint64
vlm_vision_qkv_macs (const VlmVisionConfig *c)
{
  return 3 * (guint64) c->hidden_size * c->hidden_size;
}

guint64
vlm_vision_mlp_macs (const VlmVisionConfig *c)
{
  return (guint64) c->hidden_size *
      (c->hidden_size + 3 * (guint64) c->intermediate_size);
}

guint
vlm_vision_next_group (const VlmQwenVision *vision, const VlmGrid *grids,
    guint n_grids, guint *grid, guint *slice, GArray *group)
{
  guint limit = vision->group_patches;
  guint64 n_patches = 0;

  g_array_set_size (group, 0);
  while (*grid < n_grids) {
    VlmGrid part = grids[*grid];
    guint64 area = (guint64) part.h * part.w;
    guint64 room = n_patches < limit ? limit - n_patches : 0;
    guint64 n_slices = room / area;

    if (group->len == 0)
      n_slices = MAX (n_slices, 1);
    part.t = (guint) MIN (n_slices, part.t - *slice);
    if (part.t == 0)
      break;
    g_array_append_val (group, part);
    n_patches += area * part.t;
    *slice += part.t;
    if (*slice < grids[*grid].t)
      break;
    *slice = 0;
    ++*grid;
  }
  return (guint) n_patches;
}

VlmVision *
vlm_qwen_vision_new (const VlmConfig *config)
{
  VlmQwenVision *vision = g_new0 (VlmQwenVision, 1);

  vision->submit_macs = FIRST_SUBMIT_WORK *
      (vlm_vision_qkv_macs (&config->vision) +
          vlm_vision_mlp_macs (&config->vision));
  vision->group_patches = GROUP_PATCHES;
  vision->band_rows = BAND_ROWS;
  vision->grids = g_array_new (FALSE, FALSE, sizeof (VlmGrid));
  return &vision->base;
}

static void
clear_plans (VlmQwenVision *vision)
{
  g_array_set_size (vision->grids, 0);
  g_clear_pointer (&vision->plan, vlm_vision_plan_free);
  g_clear_pointer (&vision->windows, vlm_nn_attention_plan_free);
  g_clear_pointer (&vision->slices, vlm_nn_attention_plan_free);
}

/* A part of the scratch but for the cache, and how large it is. */
typedef struct
{
  gsize offset; /* of its tensor */
  guint n_rows;
  guint n_cols;
} Room;

#define N_ROOMS 10

/* Of @n patches, @b of them in a band. */
static void
list_rooms (const VlmVisionConfig *c, guint n, guint b, Room rooms[N_ROOMS])
{
  const guint v = c->hidden_size;
  const guint cell = c->spatial_merge_size * c->spatial_merge_size;
  const Room list[N_ROOMS] = {
    { G_STRUCT_OFFSET (VlmQwenVision, angles), n, c->head_dim },
    { G_STRUCT_OFFSET (VlmQwenVision, index), n / cell, 1 },
    { G_STRUCT_OFFSET (VlmQwenVision, x), n, v },
    { G_STRUCT_OFFSET (VlmQwenVision, q), n, v },
    { G_STRUCT_OFFSET (VlmQwenVision, attended), n, v },
    { G_STRUCT_OFFSET (VlmQwenVision, patches), b,
        vlm_vision_patch_floats (c) },
    { G_STRUCT_OFFSET (VlmQwenVision, normed), b, v },
    { G_STRUCT_OFFSET (VlmQwenVision, qkv), b, 3 * v },
    { G_STRUCT_OFFSET (VlmQwenVision, mlp), b, c->intermediate_size },
    { G_STRUCT_OFFSET (VlmQwenVision, merged), b / cell, c->out_hidden_size },
  };

  memcpy (rooms, list, sizeof list);
}

static VlmNnTensor *
room_tensor (VlmQwenVision *vision, const Room *room)
{
  return G_STRUCT_MEMBER_P (vision, room->offset);
}

guint64
vlm_qwen_vision_bytes (const VlmConfig *config, guint slice_patches)
{
  const VlmVisionConfig *c = &config->vision;
  const guint n = MAX (slice_patches, GROUP_PATCHES);
  guint64 n_bytes = vlm_nn_kv_bytes (VLM_DTYPE_F32, c->n_heads, c->head_dim, n);
  Room rooms[N_ROOMS];

  list_rooms (c, n, MIN (n, BAND_ROWS), rooms);
  for (guint i = 0; i < N_ROOMS; i++)
    n_bytes += vlm_nn_tensor_bytes (rooms[i].n_rows, rooms[i].n_cols);
  return n_bytes;
}

static void
clear_scratch (VlmQwenVision *vision)
{
  Room rooms[N_ROOMS];

  vision->max_patches = 0;
  list_rooms (&vision->base.net->config.vision, 1, 1, rooms);
  for (guint i = 0; i < N_ROOMS; i++)
    vlm_nn_tensor_clear (room_tensor (vision, &rooms[i]));
  vlm_nn_kv_clear (&vision->kv);
  g_clear_pointer (&vision->band, g_free);
}

void
vlm_qwen_vision_free (VlmVision *base)
{
  VlmQwenVision *vision = (VlmQwenVision *) base;

  clear_plans (vision);
  clear_scratch (vision);
  g_array_unref (vision->grids);
  g_free (vision);
}

void
vlm_qwen_vision_set_limits (
    VlmVision *base, guint group_patches, guint band_rows)
{
  VlmQwenVision *vision = (VlmQwenVision *) base;

  g_assert (band_rows % 32 == 0);
  vision->group_patches = group_patches > 0 ? group_patches : GROUP_PATCHES;
  vision->band_rows = band_rows > 0 ? band_rows : BAND_ROWS;
  clear_plans (vision);
  clear_scratch (vision);
}

static gboolean
init_scratch (VlmQwenVision *vision, guint n, GError **error)
{
  const VlmVisionConfig *c = &vision->base.net->config.vision;
  VlmNn *nn = vision->base.nn;
  guint b = MIN (n, vision->band_rows);
  Room rooms[N_ROOMS];

  vision->band = g_new (float, (gsize) b *vlm_vision_patch_floats (c));
  list_rooms (c, n, b, rooms);
  for (guint i = 0; i < N_ROOMS; i++)
    if (!vlm_nn_tensor_init (room_tensor (vision, &rooms[i]), nn,
            rooms[i].n_rows, rooms[i].n_cols, error))
      return FALSE;
  return vlm_nn_kv_init (
      &vision->kv, nn, VLM_DTYPE_F32, c->n_heads, c->head_dim, n, error);
}

static gboolean
plan_group (VlmQwenVision *vision, const GArray *grids, GError **error)
{
  const VlmVisionConfig *c = &vision->base.net->config.vision;
  g_autofree float *angles = NULL;
  VlmVisionPlan *plan;

  clear_plans (vision);
  plan =
      vlm_vision_plan_new (c, (const VlmGrid *) grids->data, grids->len, error);
  if (plan == NULL)
    return FALSE;
  vision->plan = plan;
  if (plan->n_patches > vision->max_patches) {
    clear_scratch (vision);
    if (!init_scratch (vision, plan->n_patches, error)) {
      g_prefix_error (error, "vision of %u patches: ", plan->n_patches);
      clear_scratch (vision);
      return FALSE;
    }
    vision->max_patches = plan->n_patches;
  }
  vision->windows =
      vlm_nn_attention_plan_new_segments (vision->base.nn, plan->window_bounds,
          plan->n_windows, c->n_heads, c->n_heads, c->head_dim, error);
  if (vision->windows == NULL)
    return FALSE;
  vision->slices =
      vlm_nn_attention_plan_new_segments (vision->base.nn, plan->slice_bounds,
          plan->n_slices, c->n_heads, c->n_heads, c->head_dim, error);
  if (vision->slices == NULL)
    return FALSE;
  angles = g_new (float, (gsize) plan->n_patches * c->head_dim);
  vlm_vision_plan_angles (plan, c, angles);
  if (!vlm_nn_tensor_write (
          &vision->angles, vision->base.nn, 0, plan->n_patches, angles, error))
    return FALSE;
  g_array_append_vals (vision->grids, grids->data, grids->len);
  return TRUE;
}

/* Where the cells of the group go. */
static gboolean
write_index (VlmQwenVision *vision, guint64 first_row, GError **error)
{
  guint n = vision->plan->n_cells;
  g_autofree guint32 *rows = g_new (guint32, n);

  for (guint i = 0; i < n; i++)
    rows[i] = (guint32) (first_row + vision->plan->window_index[i]);
  return vlm_nn_tensor_write (
      &vision->index, vision->base.nn, 0, n, rows, error);
}

gboolean
vlm_vision_prepare_group (VlmQwenVision *vision, const GArray *grids,
    guint64 first_row, GError **error)
{
  gboolean is_same = grids->len == vision->grids->len &&
      memcmp (
          grids->data, vision->grids->data, grids->len * sizeof (VlmGrid)) == 0;

  return (is_same || plan_group (vision, grids, error)) &&
      write_index (vision, first_row, error);
}

guint32 *
vlm_qwen_vision_order (
    const VlmConfig *config, const VlmGrid *grid, GError **error)
{
  g_autoptr (VlmVisionPlan) plan =
      vlm_vision_plan_new (&config->vision, grid, 1, error);
  guint32 *order;

  if (plan == NULL)
    return NULL;
  order = g_new (guint32, plan->n_patches);
  for (guint i = 0; i < plan->n_patches; i++)
    order[i] = plan->rows[i] * grid->w + plan->cols[i];
  return order;
}
