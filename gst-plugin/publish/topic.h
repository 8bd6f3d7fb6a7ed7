/* gst-vlm: names in topics
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of streams and queries may be any text. In a topic they are one level,
 * and two different texts have different levels. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @text, valid UTF-8, as one level of a topic: separators, wildcards, control
 * characters, the percent sign and an underscore in front are %-escaped; a long
 * one is cut, with a part of its hash at the end. @otherwise for an empty one:
 * names with an underscore in front are never a user's. (transfer full) */
char *gst_vlm_topic_make_level (const char *text, const char *otherwise);

/* @text as a word of letters, digits, dashes and underscores, as Home Assistant
 * wants its ids. One that had to be changed, or that has an underscore in front,
 * has a part of its hash at the end. (transfer full) */
char *gst_vlm_topic_make_id (const char *text, const char *otherwise);

G_END_DECLS
