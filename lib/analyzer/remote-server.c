/* gst-vlm: what servers support
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-server.h"

#include <stdio.h>

#include <vlm/vlm-error.h>

#include "analyzer/remote-json.h"
#include "base/json-member.h"
#include "base/log.h"

/* From this version on, vLLM keeps the times of frames that are sent to it. */
#define VLLM_MAJOR 0
#define VLLM_MINOR 27
/* How many names a message lists. */
#define MAX_NAMES 8

static const VlmRemoteServerClass classes[] = {
  { VLM_REMOTE_SERVER_VLLM, "vLLM", TRUE, TRUE, TRUE, "repetition_penalty",
      TRUE, TRUE },
  { VLM_REMOTE_SERVER_SGLANG, "SGLang", FALSE, FALSE, TRUE,
      "repetition_penalty", TRUE, TRUE },
  { VLM_REMOTE_SERVER_LLAMA, "llama-server", FALSE, FALSE, TRUE,
      "repeat_penalty", TRUE, TRUE },
  { VLM_REMOTE_SERVER_OLLAMA, "Ollama", FALSE, FALSE, TRUE, NULL, FALSE },
  { VLM_REMOTE_SERVER_LMSTUDIO, "LM Studio", FALSE, FALSE, TRUE,
      "repeat_penalty", TRUE },
  /* OpenAI does not take a list at the top of a schema. */
  { VLM_REMOTE_SERVER_OPENAI, "a server with the API of OpenAI", FALSE, FALSE,
      FALSE, NULL, FALSE },
};

/* A vLLM that loses the times of frames. */
static const VlmRemoteServerClass old_vllm = { VLM_REMOTE_SERVER_VLLM,
  "an old vLLM", FALSE, TRUE, TRUE, "repetition_penalty", TRUE, TRUE };

static const struct
{
  const char *owner; /* in the list of models */
  VlmRemoteServer id;
} owners[] = {
  { "vllm", VLM_REMOTE_SERVER_VLLM },
  { "sglang", VLM_REMOTE_SERVER_SGLANG },
  { "llamacpp", VLM_REMOTE_SERVER_LLAMA },
  { "organization_owner", VLM_REMOTE_SERVER_LMSTUDIO },
};

const VlmRemoteServerClass *
vlm_remote_server_get (VlmRemoteServer id)
{
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (classes[i].id == id)
      return &classes[i];
  g_assert_not_reached ();
}

void
vlm_remote_server_info_clear (VlmRemoteServerInfo *info)
{
  g_clear_pointer (&info->model, g_free);
  g_clear_pointer (&info->path, g_free);
}

/* (transfer full) */
static JsonNode *
fetch (VlmRemoteLink *link, const char *base, const char *path, gint64 timeout,
    long *status, GCancellable *cancellable, GError **error)
{
  g_autofree char *url = g_strconcat (base, path, NULL);
  g_autoptr (GString) text = vlm_remote_link_ask (
      link, url, NULL, NULL, timeout, status, cancellable, error);
  JsonNode *node;

  if (text == NULL)
    return NULL;
  node = vlm_remote_json_parse (text->str, text->len, error);
  if (node == NULL)
    g_prefix_error (error, "%s: ", url);
  return node;
}

/* --- which model ---------------------------------------------------------- */

/* (transfer full) */
static char *
list_names (JsonArray *models)
{
  GString *names = g_string_new (NULL);
  guint n = json_array_get_length (models);

  for (guint i = 0; i < MIN (n, MAX_NAMES); i++) {
    const char *id =
        vlm_remote_json_string (vlm_json_get_element (models, i), "id");

    g_string_append_printf (
        names, "%s%.120s", i > 0 ? ", " : "", id != NULL ? id : "?");
  }
  if (n > MAX_NAMES)
    g_string_append_printf (names, " and %u more", n - MAX_NAMES);
  return g_string_free (names, FALSE);
}

/* The entry of @name, or the only one; NULL if there is none. */
static JsonObject *
find_model (JsonArray *models, const char *name)
{
  guint n = json_array_get_length (models);

  if (name == NULL)
    return n == 1 ? vlm_json_get_element (models, 0) : NULL;
  for (guint i = 0; i < n; i++) {
    JsonObject *entry = vlm_json_get_element (models, i);

    if (g_strcmp0 (vlm_remote_json_string (entry, "id"), name) == 0)
      return entry;
  }
  return NULL;
}

static gboolean
choose_model (JsonArray *models, const VlmRemoteAddress *address,
    JsonObject **entry, GError **error)
{
  g_autofree char *names = NULL;

  *entry = find_model (models, address->model);
  if (*entry != NULL && vlm_remote_json_string (*entry, "id") != NULL)
    return TRUE;
  names = list_names (models);
  if (address->model != NULL)
    g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
        "%s has no model %s, but: %s", address->host, address->model, names);
  else
    g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
        "%s has these models: %s: add # and the name of one to the address",
        address->host, names);
  return FALSE;
}

/* --- which server --------------------------------------------------------- */

/* The version that it reports at @path; -1 if it reports none. */
static gboolean
read_version (VlmRemoteLink *link, const VlmRemoteAddress *address,
    const char *path, gint64 timeout, guint version[2],
    GCancellable *cancellable)
{
  g_autoptr (JsonNode) node =
      fetch (link, address->root, path, timeout, NULL, cancellable, NULL);
  const char *text = node != NULL
      ? vlm_remote_json_string (json_node_get_object (node), "version")
      : NULL;

  return text != NULL && sscanf (text, "%u.%u", &version[0], &version[1]) == 2;
}

static VlmRemoteServer
detect (VlmRemoteLink *link, const VlmRemoteAddress *address, const char *owner,
    gint64 timeout, GCancellable *cancellable)
{
  guint version[2];

  for (guint i = 0; owner != NULL && i < G_N_ELEMENTS (owners); i++)
    if (g_ascii_strcasecmp (owner, owners[i].owner) == 0)
      return owners[i].id;
  /* Ollama lists the publishers of the models as owners. */
  return read_version (
             link, address, "/api/version", timeout, version, cancellable)
      ? VLM_REMOTE_SERVER_OLLAMA
      : VLM_REMOTE_SERVER_OPENAI;
}

static const VlmRemoteServerClass *
choose_class (VlmRemoteLink *link, const VlmRemoteAddress *address,
    VlmRemoteServer id, gint64 timeout, GCancellable *cancellable)
{
  guint version[2];

  if (id == VLM_REMOTE_SERVER_VLLM) {
    if (!read_version (
            link, address, "/version", timeout, version, cancellable) ||
        (version[0] == VLLM_MAJOR && version[1] < VLLM_MINOR)) {
      vlm_info (
          "%s is a vLLM older than %u.%u, or does not report its version: "
          "frames are sent as pictures, with their times in words",
          address->host, VLLM_MAJOR, VLLM_MINOR);
      return &old_vllm;
    }
  }
  return vlm_remote_server_get (id);
}

/* Without a list of models both must be named. */
static gboolean
do_without_list (const VlmRemoteAddress *address, VlmRemoteServer wanted,
    VlmRemoteServerInfo *info)
{
  if (wanted == VLM_REMOTE_SERVER_AUTO || address->model == NULL)
    return FALSE;
  info->model = g_strdup (address->model);
  return TRUE;
}

gboolean
vlm_remote_server_look (VlmRemoteLink *link, const VlmRemoteAddress *address,
    VlmRemoteServer wanted, gint64 timeout, VlmRemoteServerInfo *info,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) own_error = NULL;
  long status = 0;
  g_autoptr (JsonNode) node = fetch (link, address->base, "/models", timeout,
      &status, cancellable, &own_error);
  JsonArray *models = node != NULL
      ? vlm_json_get_array (json_node_get_object (node), "data")
      : NULL;
  JsonObject *entry;

  *info = (VlmRemoteServerInfo){ NULL };
  if (models == NULL) {
    if (own_error == NULL || status == 404 || status == 405) {
      if (!do_without_list (address, wanted, info))
        g_set_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
            "%s has no list of models at %s/models: set `server`, and add # "
            "and the name of the model to the address",
            address->host, address->base);
    } else {
      g_propagate_error (error, g_steal_pointer (&own_error));
    }
  } else if (choose_model (models, address, &entry, error)) {
    info->model = g_strdup (vlm_remote_json_string (entry, "id"));
    info->path = g_strdup (vlm_remote_json_string (entry, "root"));
    if (wanted == VLM_REMOTE_SERVER_AUTO)
      wanted = detect (link, address,
          vlm_remote_json_string (entry, "owned_by"), timeout, cancellable);
  }
  if (info->model == NULL ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  info->klass = choose_class (link, address, wanted, timeout, cancellable);
  return TRUE;
}
