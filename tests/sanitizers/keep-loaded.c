/* gst-vlm: libraries stay where they are
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be loaded first: at the end of a program its leaks and races are in
 * libraries that were closed by then, so that their names are not known, and
 * with these neither what is suppressed. */
int dlclose (void *library);

__attribute__ ((visibility ("default"))) int
dlclose (void *library)
{
  (void) library;
  return 0;
}
