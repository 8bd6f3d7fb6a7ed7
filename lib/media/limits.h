/* gst-vlm: how large a picture may be
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pixels of a side and in all, for sources and copies: more is hostile input.
 * Sizes in bytes stay below 2^32, indices below 2^31. */
#define VLM_MAX_SIDE 65536u
#define VLM_MAX_AREA (1u << 28)
