/* gst-vlm: options and error messages of programs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <vlm/vlm-model-params.h>

/* Options that programs share; @where is a char **. */
#define TOOL_MODEL(where)                                                      \
  {                                                                            \
    "model", 'm', 0, G_OPTION_ARG_FILENAME, (where),                           \
        "a Qwen2.5-VL checkpoint: a directory or a GGUF file (the small one "  \
        "that ships)",                                                         \
        "PATH"                                                                 \
  }
#define TOOL_MMPROJ(where)                                                     \
  {                                                                            \
    "mmproj", 0, 0, G_OPTION_ARG_FILENAME, (where),                            \
        "the GGUF file of the vision tower (the only one beside the model)",   \
        "FILE"                                                                 \
  }
#define TOOL_DEVICE(where)                                                     \
  {                                                                            \
    "device", 'd', 0, G_OPTION_ARG_STRING, (where),                            \
        "index, UUID or part of the name of the Vulkan device", "DEVICE"       \
  }

#define TOOL_WEIGHTS(where)                                                    \
  {                                                                            \
    "weights", 0, 0, G_OPTION_ARG_STRING, (where),                             \
        "precision of the weights on the device: auto, native, int8 or int4 "  \
        "(auto)",                                                              \
        "TYPE"                                                                 \
  }

#define TOOL_KV_CACHE(where)                                                   \
  {                                                                            \
    "kv-cache", 0, 0, G_OPTION_ARG_STRING, (where),                            \
        "precision of the context: auto, f32 or f16 (auto)", "TYPE"            \
  }

#define TOOL_PRECISION(where)                                                  \
  {                                                                            \
    "precision", 0, 0, G_OPTION_ARG_STRING, (where),                           \
        "how matrix products are computed: auto, exact or fast (auto)", "KIND" \
  }

/* A program's command line, to which --version is added. Words that are not
 * options are refused, unless @entries take them; so is a closed standard
 * output. */
typedef struct
{
  const char *usage;       /* the text of --help after the program's name */
  const char *description; /* and after the options (nullable) */
  const GOptionEntry *entries;
  GOptionGroup *group; /* (transfer full) (nullable): of a library */
} Tool;

gboolean tool_parse (const Tool *tool, int *argc, char ***argv, GError **error);

/* @name (nullable) of TOOL_WEIGHTS; FALSE with G_OPTION_ERROR_BAD_VALUE. */
gboolean
tool_parse_weights (const char *name, VlmModelWeights *weights, GError **error);
/* Of TOOL_PRECISION and TOOL_KV_CACHE, likewise. */
gboolean tool_parse_precision (
    const char *name, VlmPrecision *precision, GError **error);
gboolean
tool_parse_kv_cache (const char *name, VlmKvCache *type, GError **error);

/* Likewise of --server and --box-space. */
gboolean
tool_parse_server (const char *name, VlmRemoteServer *server, GError **error);
gboolean
tool_parse_box_space (const char *name, VlmBoxSpace *space, GError **error);

/* FALSE with G_OPTION_ERROR_BAD_VALUE, unless @why is NULL. */
gboolean tool_check (const char *why, GError **error);

/* A number or a fraction within bounds; nothing if @text is NULL. */
gboolean tool_parse_number (const char *option, const char *text, double min,
    double max, double *value, GError **error);
/* Seconds, mm:ss or hh:mm:ss, with decimals; nothing if @text is NULL. */
gboolean tool_parse_time (
    const char *option, const char *text, gint64 *ns, GError **error);

/* Prints the @error (nullable) of program @name. Returns its exit status: 0
 * without one, 2 for wrong usage, 130 when it was interrupted, else 1; also 1 if
 * standard output did not take everything. */
int tool_end (const char *name, const GError *error);
