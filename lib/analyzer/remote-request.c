/* gst-vlm: requests to a server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-request.h"

#include <vlm/vlm-error.h>
#include <vlm/vlm-jpeg.h>

#include "events/record-json.h"

/* Good enough that the edges of its blocks are weaker than those of a camera. */
#define JPEG_QUALITY 90
#define MAX_BYTES (64u * 1024 * 1024)
#define CENTISECOND (VLM_SECOND / 100)

typedef struct
{
  const VlmRemoteRequest *request;
  GString *json;
  /* Areas of the pictures that are sent; max is 0 if there are none. */
  guint64 min_pixels;
  guint64 max_pixels;
  GString *media; /* what is said about the video; empty: there is none */
} Writer;

/* Values that people set have fewer digits than a double can hold. */
static void
put_number (GString *json, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  vlm_json_put_key (json, name);
  g_string_append (json, g_ascii_formatd (text, sizeof text, "%.15g", value));
}

/* Begins the next part of the list. */
static void
begin_part (Writer *writer, const char *type)
{
  GString *json = writer->json;

  g_string_append (json, json->str[json->len - 1] == '[' ? "{" : ", {");
  vlm_json_put_string (json, "type", type);
}

static void
put_text (Writer *writer, const char *text)
{
  begin_part (writer, "text");
  vlm_json_put_string (writer->json, "text", text);
  g_string_append_c (writer->json, '}');
}

static gboolean
append_jpeg (Writer *writer, const VlmFrame *frame, GError **error)
{
  g_autoptr (GBytes) jpeg = vlm_frame_to_jpeg (frame, JPEG_QUALITY, error);
  guint64 area = (guint64) frame->width * frame->height;
  g_autofree char *text = NULL;
  gconstpointer data;
  gsize size;

  if (jpeg == NULL)
    return FALSE;
  data = g_bytes_get_data (jpeg, &size);
  if (writer->json->len + size / 3 * 4 > MAX_BYTES) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the pictures of one question exceed %u MiB: use a "
        "lower `max-pixels` or `fps`, or a shorter `window`",
        MAX_BYTES >> 20);
    return FALSE;
  }
  text = g_base64_encode (data, size);
  g_string_append (writer->json, text);
  writer->min_pixels =
      writer->max_pixels == 0 ? area : MIN (writer->min_pixels, area);
  writer->max_pixels = MAX (writer->max_pixels, area);
  return TRUE;
}

static gboolean
put_image (Writer *writer, const VlmFrame *frame, GError **error)
{
  begin_part (writer, "image_url");
  g_string_append (
      writer->json, ", \"image_url\": {\"url\": \"data:image/jpeg;base64,");
  if (!append_jpeg (writer, frame, error))
    return FALSE;
  g_string_append (writer->json, "\"}}");
  return TRUE;
}

/* Times have the form that the question wants in the answer. A picture that is
 * shown for longer is sent once. */
static gboolean
put_frames (Writer *writer, const VlmPart *part, GError **error)
{
  const gint64 *times = (const gint64 *) (gpointer) part->times->data;

  for (guint i = 0; i < part->frames->len; i++) {
    gint64 at = (times[i] - times[0]) / CENTISECOND;
    g_autofree char *text =
        g_strdup_printf ("Frame at %02d:%02d.%02d:", (int) (at / 6000),
            (int) (at / 100 % 60), (int) (at % 100));

    if (i > 0 && part->frames->pdata[i] == part->frames->pdata[i - 1])
      continue;
    put_text (writer, text);
    if (!put_image (writer, part->frames->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
put_video (Writer *writer, const VlmPart *part, const VlmRemoteTiming *timing,
    GError **error)
{
  guint n = part->frames->len;
  GString *media = writer->media;

  if (media->len > 0) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "only one video can be sent with a question");
    return FALSE;
  }
  begin_part (writer, "video_url");
  g_string_append (
      writer->json, ", \"video_url\": {\"url\": \"data:video/jpeg;base64,");
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (writer->json, ',');
    if (!append_jpeg (writer, part->frames->pdata[i], error))
      return FALSE;
  }
  g_string_append (writer->json, "\"}}");
  g_string_append (media, "{\"video\": {\"num_frames\": -1");
  put_number (media, "fps", timing->fps);
  vlm_json_put_uint64 (media, "total_num_frames", timing->indices[n - 1] + 1);
  vlm_json_put_key (media, "frames_indices");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (
        media, "%s%u", i > 0 ? ", " : "[", timing->indices[i]);
  g_string_append (media, "]}}");
  return TRUE;
}

VlmRemoteTiming
vlm_remote_request_plan_times (const VlmRemoteServerInfo *server,
    const VlmRemoteFamily *family, const gint64 *times, guint n)
{
  return vlm_remote_timing_plan (
      server->klass->takes_video, family->times, times, n);
}

static gboolean
put_part (Writer *writer, const VlmPart *part, GError **error)
{
  const VlmRemoteRequest *request = writer->request;
  g_auto (VlmRemoteTiming) timing = { 0 };

  switch (part->kind) {
  case VLM_PART_TEXT:
    put_text (writer, part->text);
    return TRUE;
  case VLM_PART_IMAGE:
    return put_image (writer, part->frames->pdata[0], error);
  case VLM_PART_VIDEO:
    timing = vlm_remote_request_plan_times (request->server, request->family,
        (const gint64 *) (gpointer) part->times->data, part->times->len);
    return timing.indices != NULL ? put_video (writer, part, &timing, error)
                                  : put_frames (writer, part, error);
  default:
    g_assert_not_reached ();
  }
}

static gboolean
put_messages (Writer *writer, GError **error)
{
  const VlmPrompt *prompt = writer->request->prompt;
  GString *json = writer->json;

  vlm_json_put_key (json, "messages");
  g_string_append (json, "[{");
  vlm_json_put_string (json, "role", "system");
  vlm_json_put_string (json, "content", prompt->system);
  g_string_append (json, "}, {");
  vlm_json_put_string (json, "role", "user");
  vlm_json_put_key (json, "content");
  g_string_append_c (json, '[');
  for (guint i = 0; i < prompt->parts->len; i++)
    if (!put_part (writer, prompt->parts->pdata[i], error))
      return FALSE;
  g_string_append (json, "]}]");
  return TRUE;
}

static gboolean
refuse (const VlmRemoteRequest *request, const char *what, GError **error)
{
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "%s does not support %s", request->server->klass->name, what);
  return FALSE;
}

/* Unset values are left to the checkpoint's settings if there are any; but
 * servers without these choose their own temperature. */
static gboolean
put_sampling (Writer *writer, GError **error)
{
  const VlmRemoteRequest *request = writer->request;
  const VlmGenerateParams *params = request->params;
  const VlmRemoteServerClass *klass = request->server->klass;
  GString *json = writer->json;

  vlm_json_put_uint64 (json, "max_tokens", request->max_tokens);
  put_number (json, "temperature", MAX (params->temperature, 0.0));
  vlm_json_put_uint64 (json, "seed", params->seed);
  if (params->top_p >= 0.0)
    put_number (json, "top_p", params->top_p);
  if (params->top_k > 0) {
    if (!klass->takes_top_k)
      return refuse (request, "top-k", error);
    vlm_json_put_uint64 (json, "top_k", (guint) params->top_k);
  }
  if (params->repetition_penalty > 0.0) {
    if (klass->penalty == NULL)
      return refuse (request, "repetition penalty", error);
    put_number (json, klass->penalty, params->repetition_penalty);
  }
  return TRUE;
}

static void
put_form (Writer *writer)
{
  const VlmRemoteRequest *request = writer->request;
  GString *json = writer->json;

  if (request->family->thinks && request->server->klass->takes_template) {
    vlm_json_put_key (json, "chat_template_kwargs");
    g_string_append (json, "{\"enable_thinking\": false}");
  }
  vlm_json_put_boolean (json, "logprobs", TRUE);
  vlm_json_put_uint64 (json, "top_logprobs", request->n_likely);
  if (request->schema == NULL || !request->server->klass->takes_schema)
    return;
  vlm_json_put_key (json, "response_format");
  g_string_append_c (json, '{');
  vlm_json_put_string (json, "type", "json_schema");
  vlm_json_put_key (json, "json_schema");
  g_string_append_c (json, '{');
  vlm_json_put_string (json, "name", "answer");
  vlm_json_put_boolean (json, "strict", TRUE);
  vlm_json_put_key (json, "schema");
  g_string_append_printf (json, "%s}}", request->schema);
}

/* Boxes in pixels are those of what the model sees: nothing may be resized. */
static void
put_media (Writer *writer)
{
  const VlmRemoteRequest *request = writer->request;
  gboolean pins = request->server->klass->pins_pixels &&
      writer->max_pixels > 0 &&
      request->family->box_space == VLM_BOX_SPACE_PIXELS;
  GString *json = writer->json;

  if (writer->media->len > 0) {
    vlm_json_put_key (json, "media_io_kwargs");
    g_string_append (json, writer->media->str);
  }
  if (!pins && writer->media->len == 0)
    return;
  vlm_json_put_key (json, "mm_processor_kwargs");
  g_string_append_c (json, '{');
  if (writer->media->len > 0)
    vlm_json_put_boolean (json, "do_sample_frames", FALSE);
  if (pins) {
    vlm_json_put_uint64 (json, "min_pixels", writer->min_pixels);
    vlm_json_put_uint64 (json, "max_pixels", writer->max_pixels);
  }
  g_string_append_c (json, '}');
}

GBytes *
vlm_remote_request_write (const VlmRemoteRequest *request, GError **error)
{
  Writer writer = {
    .request = request,
    .json = g_string_new ("{"),
    .media = g_string_new (NULL),
  };
  gboolean good;

  vlm_json_put_string (writer.json, "model", request->server->model);
  vlm_json_put_boolean (writer.json, "stream", FALSE);
  good = put_sampling (&writer, error);
  if (good) {
    put_form (&writer);
    good = put_messages (&writer, error);
  }
  if (good) {
    put_media (&writer);
    g_string_append_c (writer.json, '}');
  }
  g_string_free (writer.media, TRUE);
  if (good)
    return g_string_free_to_bytes (writer.json);
  g_string_free (writer.json, TRUE);
  return NULL;
}
