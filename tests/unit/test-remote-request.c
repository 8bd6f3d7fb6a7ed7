/* gst-vlm: requests to servers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-request.h"

#include <string.h>

#include <json-glib/json-glib.h>
#include <vlm/vlm-error.h>

#define SIDE 28

static VlmFrame *
make_frame (guint width, guint8 grey)
{
  g_autofree guint8 *pixels = g_malloc (3 * width * SIDE);
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, width, SIDE, { pixels }, { 3 * width } };

  memset (pixels, grey, 3 * width * SIDE);
  return vlm_frame_new (&view, width, SIDE, VLM_RESAMPLE_VIDEO, NULL);
}

/* A video of four frames of which the middle ones are the same. */
static VlmPrompt *
make_prompt (const gint64 times[4])
{
  VlmPrompt *prompt = vlm_prompt_new ();
  VlmFrame *a = make_frame (2 * SIDE, 0);
  VlmFrame *b = make_frame (2 * SIDE, 100);
  VlmFrame *c = make_frame (2 * SIDE, 200);
  VlmFrame *const frames[] = { a, b, b, c };

  vlm_prompt_add_video (prompt, frames, times, 4);
  vlm_prompt_add_text (prompt, "Who \"enters\"?\n\001");
  vlm_frame_unref (a);
  vlm_frame_unref (b);
  vlm_frame_unref (c);
  return prompt;
}

static const gint64 uniform[] = { 3 * VLM_SECOND, 3 * VLM_SECOND + 333333333,
  3 * VLM_SECOND + 666666667, 4 * VLM_SECOND };
static const gint64 uneven[] = { 0, VLM_SECOND, 61 * VLM_SECOND + 500000000,
  62 * VLM_SECOND };

static JsonNode *
write_body (VlmRemoteServer id, const char *model, const VlmPrompt *prompt,
    const VlmGenerateParams *params, GError **error)
{
  const VlmRemoteServerInfo server = { vlm_remote_server_get (id),
    (char *) model, NULL };
  const VlmRemoteRequest request = {
    .server = &server,
    .family = vlm_remote_family_find (model, NULL),
    .prompt = prompt,
    .params = params,
    .max_tokens = 9,
    .schema = "{\"type\": \"array\"}",
    .n_likely = 1,
  };
  g_autoptr (GBytes) body = vlm_remote_request_write (&request, error);
  g_autofree char *text = NULL;
  GError *own_error = NULL;
  JsonNode *node;

  if (body == NULL)
    return NULL;
  text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  node = json_from_string (text, &own_error);
  g_assert_no_error (own_error);
  return node;
}

static JsonArray *
get_parts (JsonNode *node)
{
  JsonArray *messages =
      json_object_get_array_member (json_node_get_object (node), "messages");

  return json_object_get_array_member (
      json_array_get_object_element (messages, 1), "content");
}

static const char *
get_string (JsonArray *parts, guint i, const char *name)
{
  return json_object_get_string_member (
      json_array_get_object_element (parts, i), name);
}

/* At a constant rate: a video, whose rate makes its positions. */
static void
test_video (void)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = make_prompt (uniform);
  g_autoptr (JsonNode) node =
      write_body (VLM_REMOTE_SERVER_VLLM, "Qwen2.5-VL", prompt, &params, NULL);
  JsonObject *root = json_node_get_object (node);
  JsonObject *video = json_object_get_object_member (
      json_object_get_object_member (root, "media_io_kwargs"), "video");
  JsonObject *limits =
      json_object_get_object_member (root, "mm_processor_kwargs");
  JsonArray *parts = get_parts (node);
  const char *url = json_object_get_string_member (
      json_object_get_object_member (
          json_array_get_object_element (parts, 0), "video_url"),
      "url");

  g_assert_cmpuint (json_array_get_length (parts), ==, 2);
  g_assert_true (g_str_has_prefix (url, "data:video/jpeg;base64,/9j/"));
  g_assert_nonnull (strstr (url, ",/9j/"));
  g_assert_cmpstr (get_string (parts, 1, "text"), ==, "Who \"enters\"?\n\001");
  g_assert_cmpfloat_with_epsilon (
      json_object_get_double_member (video, "fps"), 3.0, 1e-6);
  g_assert_cmpint (
      json_object_get_int_member (video, "total_num_frames"), ==, 4);
  g_assert_cmpint (
      json_object_get_int_member (limits, "min_pixels"), ==, 2 * SIDE * SIDE);
  g_assert_cmpint (
      json_object_get_int_member (limits, "max_pixels"), ==, 2 * SIDE * SIDE);
  g_assert_true (json_object_has_member (root, "response_format"));
  g_assert_cmpint (json_object_get_int_member (root, "max_tokens"), ==, 9);
}

/* Qwen2.5-VL cannot be given a rate that varies: the time is in words before each
 * picture that differs from the one before. */
static void
test_words (void)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = make_prompt (uneven);
  g_autoptr (JsonNode) node =
      write_body (VLM_REMOTE_SERVER_VLLM, "Qwen2.5-VL", prompt, &params, NULL);
  JsonArray *parts = get_parts (node);

  g_assert_cmpuint (json_array_get_length (parts), ==, 7);
  g_assert_cmpstr (get_string (parts, 0, "text"), ==, "Frame at 00:00.00:");
  g_assert_cmpstr (get_string (parts, 1, "type"), ==, "image_url");
  g_assert_cmpstr (get_string (parts, 2, "text"), ==, "Frame at 00:01.00:");
  g_assert_cmpstr (get_string (parts, 4, "text"), ==, "Frame at 01:02.00:");
}

/* Qwen3-VL can. */
static void
test_metadata (void)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = make_prompt (uneven);
  g_autoptr (JsonNode) node =
      write_body (VLM_REMOTE_SERVER_VLLM, "qwen3-vl:8b", prompt, &params, NULL);
  JsonObject *root = json_node_get_object (node);
  JsonObject *video = json_object_get_object_member (
      json_object_get_object_member (root, "media_io_kwargs"), "video");
  JsonArray *indices = json_object_get_array_member (video, "frames_indices");
  double fps = json_object_get_double_member (video, "fps");

  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat_with_epsilon (
        (double) json_array_get_int_element (indices, i) / fps,
        (double) uneven[i] / VLM_SECOND, 5e-4);
  /* Nothing is said about its size: boxes do not depend on it. */
  g_assert_false (json_object_has_member (
      json_object_get_object_member (root, "mm_processor_kwargs"),
      "max_pixels"));
}

static void
check_timing (gboolean takes_video, VlmRemoteTimes learns, const gint64 *times,
    guint n, VlmTimeBasis basis)
{
  g_auto (VlmRemoteTiming) timing =
      vlm_remote_timing_plan (takes_video, learns, times, n);

  g_assert_cmpint (timing.basis, ==, basis);
  g_assert_cmpint (timing.indices != NULL, ==, basis != VLM_TIME_BASIS_TEXT);
}

static void
test_timing (void)
{
  check_timing (TRUE, VLM_REMOTE_TIMES_RATE, uniform, 4, VLM_TIME_BASIS_MROPE);
  check_timing (TRUE, VLM_REMOTE_TIMES_RATE, uneven, 4, VLM_TIME_BASIS_TEXT);
  check_timing (
      TRUE, VLM_REMOTE_TIMES_FRAME, uneven, 4, VLM_TIME_BASIS_FRAME_METADATA);
  check_timing (
      TRUE, VLM_REMOTE_TIMES_UNKNOWN, uniform, 4, VLM_TIME_BASIS_TEXT);
  check_timing (FALSE, VLM_REMOTE_TIMES_FRAME, uniform, 4, VLM_TIME_BASIS_TEXT);
  check_timing (TRUE, VLM_REMOTE_TIMES_RATE, uniform, 1, VLM_TIME_BASIS_TEXT);
  g_assert_cmpstr (vlm_time_basis_to_string (VLM_TIME_BASIS_TEXT), ==, "text");
}

/* Noise, which no JPEG makes small. */
static VlmFrame *
make_noise (guint side)
{
  gsize n = (gsize) side * side * 3;
  g_autofree guint8 *pixels = g_malloc (n);
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, side, side, { pixels }, { 3 * side } };
  guint32 state = 1;

  for (gsize i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    pixels[i] = (guint8) (state >> 24);
  }
  return vlm_frame_new (&view, side, side, VLM_RESAMPLE_VIDEO, NULL);
}

/* Requests are limited in size; the error says which property to change. */
static void
test_too_much (void)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  static const gint64 times[] = { 0, VLM_SECOND, 2 * VLM_SECOND, 3 * VLM_SECOND,
    4 * VLM_SECOND, 5 * VLM_SECOND, 6 * VLM_SECOND, 7 * VLM_SECOND };
  VlmFrame *frame = make_noise (2800);
  VlmFrame *const frames[] = { frame, frame, frame, frame, frame, frame, frame,
    frame };
  g_autoptr (VlmPrompt) little = vlm_prompt_new ();
  g_autoptr (VlmPrompt) much = vlm_prompt_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  vlm_prompt_add_video (little, frames, times, 2);
  vlm_prompt_add_video (much, frames, times, G_N_ELEMENTS (times));
  node = write_body (
      VLM_REMOTE_SERVER_VLLM, "Qwen2.5-VL", little, &params, &error);
  g_assert_no_error (error);
  g_assert_nonnull (node);
  g_assert_null (
      write_body (VLM_REMOTE_SERVER_VLLM, "Qwen2.5-VL", much, &params, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_nonnull (strstr (error->message, "exceed 64 MiB"));
  g_assert_nonnull (strstr (error->message, "`max-pixels`"));
  vlm_frame_unref (frame);
}

/* Thinking is switched off: a thought as the first token is not an answer. */
static void
test_thinking (void)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = make_prompt (uniform);
  g_autoptr (JsonNode) thinker = write_body (
      VLM_REMOTE_SERVER_SGLANG, "Qwen3.5-9B", prompt, &params, NULL);
  g_autoptr (JsonNode) other = write_body (
      VLM_REMOTE_SERVER_SGLANG, "Qwen3-VL-8B", prompt, &params, NULL);

  g_assert_false (json_object_get_boolean_member (
      json_object_get_object_member (
          json_node_get_object (thinker), "chat_template_kwargs"),
      "enable_thinking"));
  g_assert_false (json_object_has_member (
      json_node_get_object (other), "chat_template_kwargs"));
}

/* A parameter that the server does not support is refused, not left out. */
static void
test_sampling (void)
{
  g_autoptr (VlmPrompt) prompt = make_prompt (uniform);
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;

  params.temperature = 0.5;
  params.top_k = 3;
  params.repetition_penalty = 1.25;
  node = write_body (VLM_REMOTE_SERVER_LLAMA, "m", prompt, &params, NULL);
  g_assert_cmpfloat (json_object_get_double_member (
                         json_node_get_object (node), "repeat_penalty"),
      ==, 1.25);
  g_assert_null (
      write_body (VLM_REMOTE_SERVER_OLLAMA, "m", prompt, &params, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_nonnull (strstr (error->message, "Ollama"));
}

static void
test_families (void)
{
  static const struct
  {
    const char *name;
    const char *path;
    guint patch_size;
    VlmBoxSpace space;
  } models[] = {
    { "Qwen/Qwen2.5-VL-7B-Instruct", NULL, 14, VLM_BOX_SPACE_PIXELS },
    { "qwen2.5vl:7b", NULL, 14, VLM_BOX_SPACE_PIXELS },
    { "cam", "/models/Qwen2_5_VL", 14, VLM_BOX_SPACE_PIXELS },
    { "Qwen2-VL-2B", NULL, 14, VLM_BOX_SPACE_THOUSANDTHS },
    { "qwen3-vl-30b-a3b", NULL, 16, VLM_BOX_SPACE_THOUSANDTHS },
    { "Qwen3.5-35B-A3B", NULL, 16, VLM_BOX_SPACE_THOUSANDTHS },
    { "gemma4", NULL, 14, VLM_BOX_SPACE_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (models); i++) {
    const VlmRemoteFamily *family =
        vlm_remote_family_find (models[i].name, models[i].path);

    g_assert_cmpuint (family->patch_size, ==, models[i].patch_size);
    g_assert_cmpint (family->box_space, ==, models[i].space);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-request/video", test_video);
  g_test_add_func ("/remote-request/words", test_words);
  g_test_add_func ("/remote-request/metadata", test_metadata);
  g_test_add_func ("/remote-request/timing", test_timing);
  g_test_add_func ("/remote-request/sampling", test_sampling);
  g_test_add_func ("/remote-request/too-much", test_too_much);
  g_test_add_func ("/remote-request/thinking", test_thinking);
  g_test_add_func ("/remote-request/families", test_families);
  return g_test_run ();
}
