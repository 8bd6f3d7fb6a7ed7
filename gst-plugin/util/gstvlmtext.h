/* gst-vlm: escaping text that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* For terminals: what would steer one (control characters except line feed and
 * tab, and those that change the direction of writing) is written as \uXXXX.
 * (transfer full) */
char *gst_vlm_text_for_terminal (const char *text);

/* For cues: one line without markup, whatever format it is written to. Controls
 * become blanks, < > { } look like them without being them. (transfer full) */
char *gst_vlm_text_for_cue (const char *text);

G_END_DECLS
