/* gst-vlm: what every process under a sanitizer does differently
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be loaded first. */
#define EXPORT __attribute__ ((visibility ("default")))

/* Libraries stay where they are. At the end of a program, those with leaks and
 * races have been closed, so that their names are not known, and suppressions by
 * name do not match. */
EXPORT int dlclose (void *library);

int
dlclose (void *library)
{
  (void) library;
  return 0;
}

/* Code that a driver generates has no frames. The first one who looks for them
 * sorts those that are registered, with a lock that is held while memory is taken
 * for it; who takes memory looks for frames, and so waits for itself. */
EXPORT void __register_frame (const void *frames);
EXPORT void __deregister_frame (const void *frames);

void
__register_frame (const void *frames)
{
  (void) frames;
}

void
__deregister_frame (const void *frames)
{
  (void) frames;
}
