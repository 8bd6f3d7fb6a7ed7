/* gst-vlm: metadata of picture files that decoders ignore
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The orientation in the Exif data of a PNG or WebP file, 1 to 8; 0 if there
 * is none. Decoders ignore it; in other formats they apply it. */
guint picture_file_find_orientation (const guint8 *data, gsize n);

/* Whether a PNG or WebP file is an animation. Decoders of the former do not
 * report it; those of the latter may support still pictures only. */
gboolean picture_file_is_animated (const guint8 *data, gsize n);

/* FALSE for a truncated PNG, JPEG or BMP file. Decoders fill in the rest, as
 * in a viewer; for other formats they report it. */
gboolean picture_file_is_whole (const guint8 *data, gsize n);
