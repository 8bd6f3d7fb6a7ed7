/* gst-vlm: names of the shared enumerations
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-types.h>

/**
 * vlm_time_source_to_string:
 * @source: a time source
 *
 * Returns: (transfer none): its name as it stands in JSON
 */
const char *
vlm_time_source_to_string (VlmTimeSource source)
{
  static const char *const names[] = { "none", "clock", "ntp", "unix", "ptp" };

  g_return_val_if_fail (source < G_N_ELEMENTS (names), "none");
  return names[source];
}
