/* gst-vlm: kernels that are selected by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/wishes.h"

VlmNnWish
vlm_nn_wish (const char *text, const char *name)
{
  VlmNnWish wish = VLM_NN_WISH_NONE;

  if (text == NULL)
    return wish;
  g_auto (GStrv) patterns = g_strsplit (text, ",", -1);
  for (char **pattern = patterns; *pattern != NULL; pattern++) {
    const char *mine = g_strstrip (*pattern);
    const gboolean refused = *mine == '-';

    if (g_pattern_match_simple (mine + refused, name))
      wish = refused ? VLM_NN_WISH_REFUSED : VLM_NN_WISH_WANTED;
  }
  return wish;
}

char *
vlm_nn_wishes_unknown (const char *text, const char *const *names)
{
  if (text == NULL)
    return NULL;
  g_auto (GStrv) patterns = g_strsplit (text, ",", -1);
  for (char **pattern = patterns; *pattern != NULL; pattern++) {
    const char *mine = g_strstrip (*pattern);
    gboolean known = *mine == '\0';

    for (const char *const *name = names; *name != NULL && !known; name++)
      known = g_pattern_match_simple (mine + (*mine == '-'), *name);
    if (!known)
      return g_strdup (mine);
  }
  return NULL;
}
