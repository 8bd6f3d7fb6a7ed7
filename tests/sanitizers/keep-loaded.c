/* gst-vlm: libraries stay where they are
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be loaded first: at the end of a program, libraries with leaks and races
 * have been closed, so that their names are not known, and suppressions by name
 * do not match. */
int dlclose (void *library);

__attribute__ ((visibility ("default"))) int
dlclose (void *library)
{
  (void) library;
  return 0;
}
