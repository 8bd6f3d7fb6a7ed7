/* gst-vlm: what a file of a picture says that decoders do not
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The orientation that Exif in a PNG or WebP file tells, 1 to 8; 0 where it tells
 * none. Decoders leave it in there; in other formats they read it. */
guint picture_file_find_orientation (const guint8 *data, gsize n);

/* Whether a PNG or WebP file is an animation. Decoders of the former do not say
 * so; those of the latter may know still pictures only. */
gboolean picture_file_is_animated (const guint8 *data, gsize n);

/* FALSE of a PNG, JPEG or BMP file that was cut off. Decoders fill up the rest,
 * as a viewer may; of other formats they say it. */
gboolean picture_file_is_whole (const guint8 *data, gsize n);
