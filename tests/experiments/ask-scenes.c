/* gst-vlm: questions about made-up scenes that vlmevents would not ask
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ask-scenes --model DIR --sizes 640x360,3840x2160
 *   boxes of one object of each scene, in pictures of these sizes
 * ask-scenes --model DIR --fps 1,4 [--positions time|index]
 *   when one object is in view, in videos of these rates
 *
 * A line of JSON for each answer, with the truth. */
#include <math.h>

#include <vlm/vlm.h>

#include "analyzer/kinds.h"
#include "engine/session.h"
#include "tests/support/figures.h"
#include "tools/tool.h"

/* Seeds below are for training. */
#define FIRST_SEED (G_GUINT64_CONSTANT (1) << 41)

typedef struct
{
  char *model;
  char *device;
  char *sizes;
  char *fps;
  char *positions;
  int n_scenes;
  gint64 first_seed;
  gint64 max_pixels;
  double duration;
} Options;

typedef struct
{
  const Options *options;
  VlmModel *model;
  VlmSession *session;
  VlmGeometry geometry;
} Asker;

static VlmScene *
make_scene (const Asker *asker, guint64 seed, guint width, guint height,
    double duration)
{
  const VlmSceneParams params = {
    .seed = seed,
    .width = width,
    .height = height,
    .duration = (gint64) (duration * VLM_SECOND),
    .min_objects = 1,
    .max_objects = 3,
    .kind = VLM_SCENE_KIND_NAMED,
  };

  return vlm_scene_new (&params);
}

static VlmFrame *
render (VlmScene *scene, gint64 time, const guint source[2],
    const guint size[2], VlmResample resample, GError **error)
{
  gsize stride = 3 * (gsize) source[0];
  g_autofree guint8 *pixels = g_malloc (stride * source[1]);
  const VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .full_range = TRUE,
    .width = source[0],
    .height = source[1],
    .planes = { pixels },
    .strides = { (gint) stride } };

  vlm_scene_render (scene, time, source[0], source[1], pixels, stride);
  return vlm_frame_new (&view, size[0], size[1], resample, error);
}

/* --- lines ---------------------------------------------------------------- */

static void
put_box (JsonBuilder *json, double x, double y, double width, double height)
{
  json_builder_begin_array (json);
  json_builder_add_double_value (json, x);
  json_builder_add_double_value (json, y);
  json_builder_add_double_value (json, x + width);
  json_builder_add_double_value (json, y + height);
  json_builder_end_array (json);
}

static void
put_span (JsonBuilder *json, double start, double end)
{
  json_builder_begin_array (json);
  json_builder_add_double_value (json, start);
  json_builder_add_double_value (json, end);
  json_builder_end_array (json);
}

static JsonBuilder *
begin_line (guint64 seed, const char *label)
{
  JsonBuilder *json = json_builder_new ();

  json_builder_begin_object (json);
  figures_put (json, "seed", (double) (seed - FIRST_SEED));
  json_builder_set_member_name (json, "label");
  json_builder_add_string_value (json, label);
  return json;
}

static void
end_line (JsonBuilder *json)
{
  json_builder_end_object (json);
  figures_print (json, FALSE);
}

/* An answer without a list is as good as none; other errors end the run. */
static gboolean
is_fatal (GError *problem, GError **error)
{
  if (problem == NULL)
    return FALSE;
  if (g_error_matches (problem, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX)) {
    g_error_free (problem);
    return FALSE;
  }
  g_propagate_error (error, problem);
  return TRUE;
}

/* --- boxes ---------------------------------------------------------------- */

static char *
ask_box (Asker *asker, VlmFrame *frame, const char *label, GError **error)
{
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question =
      vlm_answer_kind_make_question (&vlm_kind_boxes, label, FALSE);
  g_autoptr (VlmAnswer) answer = NULL;

  params.kind = &vlm_kind_boxes;
  params.temperature = 0.0;
  vlm_prompt_add_image (prompt, frame);
  vlm_prompt_add_text (prompt, question);
  answer = vlm_session_generate (asker->session, prompt, &params, NULL, error);
  return answer != NULL ? g_strdup (answer->text) : NULL;
}

/* Boxes of the answer, in pixels of the source. */
static gboolean
put_found_boxes (
    JsonBuilder *json, const char *text, const VlmFrame *frame, GError **error)
{
  GError *problem = NULL;
  guint n_rejected = 0;
  g_autofree char *why = NULL;
  g_autoptr (GPtrArray) boxes = vlm_box_parse (
      text, frame->width, frame->height, &n_rejected, &why, &problem);
  double scale_x = (double) frame->source_width / frame->width;
  double scale_y = (double) frame->source_height / frame->height;

  if (is_fatal (problem, error))
    return FALSE;
  json_builder_set_member_name (json, "found");
  json_builder_begin_array (json);
  for (guint i = 0; boxes != NULL && i < boxes->len; i++) {
    const VlmMark *box = boxes->pdata[i];

    put_box (json, box->rect.x * scale_x, box->rect.y * scale_y,
        box->rect.width * scale_x, box->rect.height * scale_y);
  }
  json_builder_end_array (json);
  return TRUE;
}

static gboolean
ask_size (Asker *asker, guint64 seed, const guint source[2], GError **error)
{
  g_autoptr (VlmScene) scene =
      make_scene (asker, seed, source[0], source[1], 0.0);
  const VlmSceneEvent *event = vlm_scene_get_event (scene, 0);
  g_autoptr (VlmFrame) frame = NULL;
  g_autofree char *text = NULL;
  guint size[2];
  JsonBuilder *json;
  VlmRect box;
  gboolean good;

  if (!vlm_scene_get_box (scene, 0, 0, source[0], source[1], &box))
    return TRUE;
  if (!vlm_image_plan_size (&asker->geometry, source[0], source[1],
          asker->geometry.image_min_pixels,
          asker->options->max_pixels > 0 ? (guint64) asker->options->max_pixels
                                         : asker->geometry.image_max_pixels,
          &size[0], &size[1], error))
    return FALSE;
  frame = render (scene, 0, source, size, VLM_RESAMPLE_IMAGE, error);
  if (frame == NULL)
    return FALSE;
  text = ask_box (asker, frame, event->label, error);
  if (text == NULL)
    return FALSE;
  json = begin_line (seed, event->label);
  figures_put (json, "width", source[0]);
  figures_put (json, "height", source[1]);
  figures_put (json, "seen_width", size[0]);
  figures_put (json, "seen_height", size[1]);
  json_builder_set_member_name (json, "truth");
  put_box (json, box.x, box.y, box.width, box.height);
  good = put_found_boxes (json, text, frame, error);
  if (good)
    end_line (json);
  g_object_unref (json);
  return good;
}

/* "640x360" */
static gboolean
ask_sizes (Asker *asker, guint64 seed, GError **error)
{
  g_auto (GStrv) words = g_strsplit (asker->options->sizes, ",", -1);

  for (guint i = 0; words[i] != NULL; i++) {
    g_auto (GStrv) sides = g_strsplit (words[i], "x", 2);
    guint source[2];

    for (guint k = 0; k < 2; k++) {
      guint64 value;

      if (sides[0] == NULL || sides[1] == NULL ||
          !g_ascii_string_to_unsigned (sides[k], 10, 1, 32768, &value, NULL)) {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
            "\"%s\" is no size such as 640x360", words[i]);
        return FALSE;
      }
      source[k] = (guint) value;
    }
    if (!ask_size (asker, seed, source, error))
      return FALSE;
  }
  return TRUE;
}

/* --- times ---------------------------------------------------------------- */

typedef struct
{
  GPtrArray *frames;
  GArray *times; /* gint64 ns: as the model gets them */
} Clip;

static void
clip_clear (Clip *clip)
{
  g_clear_pointer (&clip->frames, g_ptr_array_unref);
  g_clear_pointer (&clip->times, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Clip, clip_clear)

/* The time of frame @i that the model gets. By index every clip is as if it had
 * two frames a second, which is a slice a second: as in training. */
static gint64
model_time (const Asker *asker, guint i, double fps)
{
  if (g_strcmp0 (asker->options->positions, "index") == 0)
    return (gint64) (i / asker->geometry.temporal_patch_size) * VLM_SECOND;
  return (gint64) (i / fps * VLM_SECOND + 0.5);
}

static gboolean
make_clip (
    const Asker *asker, VlmScene *scene, double fps, Clip *clip, GError **error)
{
  static const guint source[2] = { 640, 360 };
  const VlmVideoLimits limits = { .max_pixels =
                                      (guint64) asker->options->max_pixels };
  double length = asker->options->duration;
  guint n = MAX ((guint) ceil (length * fps - 1e-6), 1);
  guint size[2];

  clip->frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  clip->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (!vlm_video_plan_size (&asker->geometry, &limits, n + n % 2, source[0],
          source[1], &size[0], &size[1], error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    gint64 time = (gint64) (i / fps * VLM_SECOND + 0.5);
    VlmFrame *frame =
        render (scene, time, source, size, VLM_RESAMPLE_VIDEO, error);
    gint64 told = model_time (asker, i, fps);

    if (frame == NULL)
      return FALSE;
    g_ptr_array_add (clip->frames, frame);
    g_array_append_val (clip->times, told);
  }
  return TRUE;
}

/* The grammar allows no time after the end of the video; positions by index give
 * another length. */
static char *
ask_when (Asker *asker, const Clip *clip, const char *label, GError **error)
{
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question =
      vlm_answer_kind_make_question (&vlm_kind_events, label, TRUE);
  const VlmAnswerBounds bounds = {
    .duration_ns = (gint64) (asker->options->duration * VLM_SECOND),
  };
  g_autoptr (VlmAnswer) answer = NULL;

  params.kind = &vlm_kind_events;
  params.temperature = 0.0;
  vlm_prompt_add_video (prompt, (VlmFrame *const *) clip->frames->pdata,
      (const gint64 *) (gpointer) clip->times->data, clip->frames->len);
  vlm_prompt_add_text (prompt, question);
  answer = vlm_session_run (
      asker->session, prompt, &params, &bounds, NULL, NULL, error);
  return answer != NULL ? g_strdup (answer->text) : NULL;
}

static gboolean
put_found_spans (
    const Asker *asker, JsonBuilder *json, const char *text, GError **error)
{
  GError *problem = NULL;
  guint n_rejected = 0;
  g_autofree char *why = NULL;
  g_autoptr (GPtrArray) found =
      vlm_event_parse (text, (gint64) (asker->options->duration * VLM_SECOND),
          &n_rejected, &why, &problem);

  if (is_fatal (problem, error))
    return FALSE;
  json_builder_set_member_name (json, "found");
  json_builder_begin_array (json);
  for (guint i = 0; found != NULL && i < found->len; i++) {
    const VlmFinding *finding = found->pdata[i];

    put_span (json, (double) finding->start_ns / VLM_SECOND,
        (double) finding->end_ns / VLM_SECOND);
  }
  json_builder_end_array (json);
  return TRUE;
}

static gboolean
ask_rate (Asker *asker, guint64 seed, double fps, GError **error)
{
  g_autoptr (VlmScene) scene =
      make_scene (asker, seed, 640, 360, asker->options->duration);
  const VlmSceneEvent *event = vlm_scene_get_event (scene, 0);
  g_auto (Clip) clip = { 0 };
  g_autofree char *text = NULL;
  JsonBuilder *json;
  gboolean good;

  if (!make_clip (asker, scene, fps, &clip, error))
    return FALSE;
  text = ask_when (asker, &clip, event->label, error);
  if (text == NULL)
    return FALSE;
  json = begin_line (seed, event->label);
  figures_put (json, "fps", fps);
  json_builder_set_member_name (json, "truth");
  put_span (json, (double) event->start / VLM_SECOND,
      (double) event->end / VLM_SECOND);
  good = put_found_spans (asker, json, text, error);
  if (good)
    end_line (json);
  g_object_unref (json);
  return good;
}

static gboolean
ask_rates (Asker *asker, guint64 seed, GError **error)
{
  g_auto (GStrv) words = g_strsplit (asker->options->fps, ",", -1);

  for (guint i = 0; words[i] != NULL; i++) {
    double fps = g_ascii_strtod (words[i], NULL);

    if (!(fps >= 0.1 && fps <= 240.0)) {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "\"%s\" is no rate from 0.1 to 240", words[i]);
      return FALSE;
    }
    if (!ask_rate (asker, seed, fps, error))
      return FALSE;
  }
  return TRUE;
}

/* --- the whole ------------------------------------------------------------ */

static gboolean
run (Asker *asker, GError **error)
{
  const Options *options = asker->options;
  g_autoptr (VlmDevice) device = vlm_device_open (options->device, error);

  if (device == NULL)
    return FALSE;
  asker->model = vlm_model_load (
      &(const VlmModelParams){ .path = (char *) options->model }, device, NULL,
      error);
  if (asker->model == NULL)
    return FALSE;
  asker->session = vlm_session_new (asker->model);
  vlm_model_get_geometry (asker->model, &asker->geometry);
  for (int i = 0; i < options->n_scenes; i++) {
    guint64 seed = FIRST_SEED + (guint64) options->first_seed + (guint64) i;

    if ((options->sizes != NULL && !ask_sizes (asker, seed, error)) ||
        (options->fps != NULL && !ask_rates (asker, seed, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_options (const Options *options, GError **error)
{
  static const char *const positions[] = { "time", "index", NULL };
  const char *why = NULL;

  if (options->sizes == NULL && options->fps == NULL)
    why = "--sizes or --fps is needed; see --help";
  else if (options->n_scenes < 1 || options->first_seed < 0 ||
      options->max_pixels < 0 ||
      !(options->duration >= 1.0 && options->duration <= 3600.0))
    why = "a number is out of its range";
  else if (options->positions != NULL &&
      !g_strv_contains (positions, options->positions))
    why = "--positions is time or index";
  return tool_check (why, error);
}

int
main (int argc, char **argv)
{
  Options options = { .n_scenes = 40, .duration = 8.0 };
  const GOptionEntry entries[] = {
    TOOL_MODEL (&options.model),
    TOOL_DEVICE (&options.device),
    { "sizes", 0, 0, G_OPTION_ARG_STRING, &options.sizes,
        "query for boxes in pictures of these sizes", "WxH,…" },
    { "max-pixels", 0, 0, G_OPTION_ARG_INT64, &options.max_pixels,
        "largest area that the model sees (from the checkpoint)", "N" },
    { "fps", 0, 0, G_OPTION_ARG_STRING, &options.fps,
        "query for times in videos of these rates", "N,…" },
    { "positions", 0, 0, G_OPTION_ARG_STRING, &options.positions,
        "positions of slices: time or index", "KIND" },
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &options.duration,
        "length of a video, seconds (8)", "S" },
    { "scenes", 'n', 0, G_OPTION_ARG_INT, &options.n_scenes,
        "number of scenes (40)", "N" },
    { "first-seed", 0, 0, G_OPTION_ARG_INT64, &options.first_seed,
        "seed of the first scene, relative to those for experiments (0)", "N" },
    { NULL },
  };
  const Tool tool = { "- ask about made-up scenes", NULL, entries };
  g_autoptr (GError) error = NULL;
  Asker asker = { .options = &options };

  if (tool_parse (&tool, &argc, &argv, &error) &&
      check_options (&options, &error))
    run (&asker, &error);
  g_clear_object (&asker.session);
  g_clear_object (&asker.model);
  g_free (options.model);
  g_free (options.device);
  g_free (options.sizes);
  g_free (options.fps);
  g_free (options.positions);
  return tool_end ("ask-scenes", error);
}
