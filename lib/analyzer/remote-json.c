/* gst-vlm: JSON from a server, which may be anything
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-json.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/json-check.h"
#include "base/json-member.h"

/* In the place of U+0000, which some tokens are and no string of C can hold: a
 * character that no text has. */
#define NUL_MARK "\xef\xbf\xbf"

/* (transfer full): @data, with the escapes of U+0000 as those of the mark. */
static char *
mark_nul (const char *data, gsize n_bytes)
{
  char *text = g_strndup (data, n_bytes);

  for (char *s = text; (s = strchr (s, '\\')) != NULL && s[1] != '\0'; s += 2)
    if (g_str_has_prefix (s + 1, "u0000"))
      memcpy (s + 2, "ffff", 4);
  return text;
}

JsonNode *
vlm_remote_json_parse (const char *data, gsize n_bytes, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) own_error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *owned = NULL;
  JsonNode *root = NULL;

  /* One that is cut off at a NUL is no JSON, as it should be. */
  text = mark_nul (data, n_bytes);
  data = text;
  if (vlm_json_prepare (&data, &n_bytes, &owned, "the answer", &own_error) &&
      json_parser_load_from_data (parser, data, (gssize) n_bytes, &own_error))
    root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    return json_parser_steal_root (parser);
  g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER, "%s",
      own_error != NULL ? own_error->message
                        : "the answer is not a JSON object");
  return NULL;
}

const char *
vlm_remote_json_string (JsonObject *object, const char *name)
{
  const char *text = vlm_json_get_string (object, name);

  return text != NULL && strstr (text, NUL_MARK) == NULL ? text : NULL;
}
