/* gst-vlm: which version this is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-version.h>

/**
 * vlm_check_version:
 * @major: first number
 * @minor: second number
 * @micro: third number
 *
 * Compares the version of the library that runs, which may be another one than
 * that of the headers it was compiled with. Thread-safe.
 *
 * Returns: %TRUE if it is the given version or a later one
 *
 * Since: 0.1
 */
gboolean
vlm_check_version (guint major, guint minor, guint micro)
{
  const guint own[] = { VLM_MAJOR_VERSION, VLM_MINOR_VERSION,
    VLM_MICRO_VERSION };
  const guint wanted[] = { major, minor, micro };

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    if (own[i] != wanted[i])
      return own[i] > wanted[i];
  return TRUE;
}

/**
 * vlm_version_string:
 *
 * Says the version of the library that runs, for logs and reports. Thread-safe.
 *
 * Returns: (transfer none): `MAJOR.MINOR.MICRO`
 *
 * Since: 0.1
 */
const char *
vlm_version_string (void)
{
  return VLM_VERSION;
}
