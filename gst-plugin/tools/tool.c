/* gst-vlm: how programs take their options and say what went wrong
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tool.h"

#include <locale.h>

gboolean
tool_parse (const Tool *tool, int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (tool->usage);

  setlocale (LC_CTYPE, "");
  g_option_context_set_description (context, tool->description);
  g_option_context_add_main_entries (context, tool->entries, NULL);
  if (tool->group != NULL)
    g_option_context_add_group (context, tool->group);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
        "\"%s\" is no option; see --help", (*argv)[1]);
  return *argc <= 1;
}

gboolean
tool_check (const char *why, GError **error)
{
  if (why != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
  return why == NULL;
}

gboolean
tool_parse_weights (const char *name, VlmModelWeights *weights, GError **error)
{
  g_autoptr (GEnumClass) types = g_type_class_ref (VLM_TYPE_MODEL_WEIGHTS);
  const GEnumValue *value =
      g_enum_get_value_by_nick (types, name != NULL ? name : "auto");

  if (value == NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--weights is auto, native, int8 or int4, not \"%s\"", name);
    return FALSE;
  }
  *weights = (VlmModelWeights) value->value;
  return TRUE;
}

int
tool_end (const char *name, const GError *error)
{
  if (error == NULL)
    return 0;
  g_printerr ("%s: %s\n", name, error->message);
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? 130 : 1;
}
