/* gst-vlm: replies of a server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-reply.h"

#include <math.h>
#include <string.h>

#include <vlm/vlm-error.h>

#include "analyzer/remote-json.h"
#include "base/json-member.h"

#define MAX_SUM 1.01

static gboolean
fail (GError **error, const char *why)
{
  g_set_error_literal (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER, why);
  return FALSE;
}

/* The first choice, which must be there. */
static JsonObject *
get_choice (JsonNode *node, GError **error)
{
  JsonObject *choice = vlm_json_get_element (
      vlm_json_get_array (json_node_get_object (node), "choices"), 0);

  if (choice == NULL)
    fail (error, "the answer contains no choice");
  return choice;
}

static JsonArray *
get_tokens (JsonObject *choice)
{
  return vlm_json_get_array (
      vlm_json_get_object (choice, "logprobs"), "content");
}

/* The bytes of a token, which need not be whole characters; NULL for none.
 * (transfer full) */
static GBytes *
get_bytes (JsonObject *token)
{
  JsonArray *list = vlm_json_get_array (token, "bytes");
  const char *text = vlm_remote_json_string (token, "token");
  g_autoptr (GByteArray) bytes = NULL;

  if (list == NULL)
    return text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
  bytes = g_byte_array_new ();
  for (guint i = 0; i < json_array_get_length (list); i++) {
    JsonNode *node = json_array_get_element (list, i);
    gint64 value = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : -1;
    guint8 byte = (guint8) value;

    if (value < 0 || value > 255)
      return NULL;
    g_byte_array_append (bytes, &byte, 1);
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static gboolean
get_log_probability (JsonObject *token, double *value)
{
  return vlm_json_get_number (token, "logprob", value) && isfinite (*value) &&
      *value <= 1e-3;
}

/* (transfer full): where each token ends, and how likely it was; NULL if the
 * tokens do not spell @text, because then nothing is known. */
static GArray *
read_trace (JsonArray *tokens, const char *text)
{
  g_autoptr (GArray) trace = g_array_new (FALSE, FALSE, sizeof (VlmTokenTrace));
  gsize length = strlen (text);
  gsize end = 0;

  for (guint i = 0; tokens != NULL && i < json_array_get_length (tokens); i++) {
    JsonObject *token = vlm_json_get_element (tokens, i);
    g_autoptr (GBytes) bytes = token != NULL ? get_bytes (token) : NULL;
    VlmTokenTrace step;
    gconstpointer data;
    gsize n;

    if (bytes == NULL || !get_log_probability (token, &step.log_probability))
      return NULL;
    data = g_bytes_get_data (bytes, &n);
    /* The token that ended it is not in the text. */
    if (end == length)
      break;
    if (n > length - end || (n > 0 && memcmp (text + end, data, n) != 0))
      return NULL;
    end += n;
    step.text_end = end;
    g_array_append_val (trace, step);
  }
  return end == length && length > 0 ? g_steal_pointer (&trace) : NULL;
}

static guint
get_count (JsonObject *usage, const char *name)
{
  gint64 n = 0;

  vlm_json_node_int (vlm_json_get (usage, name), &n);
  return (guint) CLAMP (n, 0, (gint64) G_MAXUINT);
}

/* Without times. */
static VlmUsage
get_usage (JsonNode *body)
{
  JsonObject *usage =
      vlm_json_get_object (json_node_get_object (body), "usage");

  return (VlmUsage){ .n_prompt_tokens = get_count (usage, "prompt_tokens"),
    .n_tokens = get_count (usage, "completion_tokens") };
}

VlmReply *
vlm_remote_reply_read (const GString *body, GError **error)
{
  g_autoptr (JsonNode) node =
      vlm_remote_json_parse (body->str, body->len, error);
  JsonObject *choice = node != NULL ? get_choice (node, error) : NULL;
  const char *text;
  VlmReply *reply;

  if (choice == NULL)
    return NULL;
  text = vlm_remote_json_string (
      vlm_json_get_object (choice, "message"), "content");
  if (text == NULL) {
    fail (error, "the answer contains no text");
    return NULL;
  }
  reply = g_new0 (VlmReply, 1);
  reply->text = g_strdup (text);
  reply->trace = read_trace (get_tokens (choice), text);
  reply->is_cut_off =
      g_strcmp0 (vlm_remote_json_string (choice, "finish_reason"), "length") ==
      0;
  reply->usage = get_usage (node);
  return reply;
}

/* Rounding makes it a little more than 1. */
static gboolean
check_sum (double *probabilities, const VlmAnswerKind *kind, GError **error)
{
  double sum = 0.0;

  for (guint i = 0; kind->choices[i] != NULL; i++)
    sum += probabilities[i];
  if (sum > MAX_SUM)
    return fail (
        error, "the probabilities of the first token add up to more than 1");
  for (guint i = 0; sum > 1.0 && kind->choices[i] != NULL; i++)
    probabilities[i] *= (1.0 - 1e-9) / sum;
  return TRUE;
}

gboolean
vlm_remote_reply_weigh (const GString *body, const VlmAnswerKind *kind,
    double *probabilities, VlmUsage *usage, GError **error)
{
  g_autoptr (JsonNode) node =
      vlm_remote_json_parse (body->str, body->len, error);
  JsonObject *choice = node != NULL ? get_choice (node, error) : NULL;
  JsonArray *likely;

  if (choice == NULL)
    return FALSE;
  likely = vlm_json_get_array (
      vlm_json_get_element (get_tokens (choice), 0), "top_logprobs");
  if (likely == NULL || json_array_get_length (likely) == 0) {
    g_set_error_literal (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SERVER,
        "the server does not return the probabilities of tokens "
        "(top_logprobs), which conditions need");
    return FALSE;
  }
  for (guint i = 0; kind->choices[i] != NULL; i++)
    probabilities[i] = 0.0;
  for (guint i = 0; i < json_array_get_length (likely); i++) {
    JsonObject *token = vlm_json_get_element (likely, i);
    g_autoptr (GBytes) bytes = token != NULL ? get_bytes (token) : NULL;
    double value;
    gsize n;
    const char *data;
    gint index;

    if (bytes == NULL || !get_log_probability (token, &value))
      continue;
    data = g_bytes_get_data (bytes, &n);
    index = kind->stands_for (data, n);
    if (index >= 0)
      probabilities[index] += exp (value);
  }
  *usage = get_usage (node);
  return check_sum (probabilities, kind, error);
}
