/* gst-vlm: the limits of what a file may require
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Guards against hostile or damaged files, far above what real ones need: the
 * 72B checkpoint has 1 500 tensors and 200 KB of headers. Beyond a limit the
 * error is VLM_LOAD_ERROR_TOO_LARGE. */
#pragma once

#define VLM_MAX_HEADER_BYTES                                                   \
  100000000u                   /* of a safetensors file; the format's */
#define VLM_MAX_TENSORS 65536u /* in one file, and in all shards */
#define VLM_MAX_SHARDS 1024u
#define VLM_MAX_GGUF_KEYS 65536u
#define VLM_MAX_DIMS 8u
#define VLM_MAX_JSON_BYTES 64000000u /* of a configuration or shard index */
