/* gst-vlm: vlmtestsrc, scenes with known events
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vlmtestsrc
 * @title: vlmtestsrc
 * @short_description: video in which everything that happens is known
 *
 * vlmtestsrc makes video for testing whatever analyses video (detectors,
 * trackers, counters, recorders that wait for something to happen) without a
 * camera, without files, and with the truth beside it. Objects appear, enter,
 * move, cross, stay, leave and disappear before varied backgrounds; when and
 * where they do is known to the nanosecond and to the pixel.
 *
 * The video is a row of scenes of #GstVlmTestSrc:duration each. A scene follows
 * from its seed alone: #GstVlmTestSrc:seed for the first one, one more for each
 * after it. It is the same at all sizes of one aspect ratio and at all frame
 * rates, on every machine; two runs give the same bytes.
 *
 * With #GstVlmTestSrc:kind `named` there are 48 objects with distinct names
 * ("red circle"); `any` are objects of any look and outline, all called
 * "object".
 *
 * The truth comes in the form in which vlmevents reports what it found, but its
 * records have the type `truth`, so that nobody takes them for findings:
 *
 *  - #GstVlmEventMeta on the first frame in which an object is in view
 *    (`begin`) and on the last one (`end`). The times in it are exact, not those
 *    of the frames; `model` is "vlmtestsrc".
 *  - #GstVideoRegionOfInterestMeta of type `vlm-truth` for each object in view,
 *    on every frame; its parameters name the object.
 *  - the same events as element messages `vlm-truth` on the bus.
 *  - with #GstVlmTestSrc:truth-location a file with one JSON object for each
 *    event, written when it ends.
 *
 * An object of which less than an eighth is inside the picture is not in view.
 * One that is in view only between two frames is not reported.
 *
 * A source that is not live supports seeks, accurate to the frame. After a seek
 * the objects that are in view begin again, with the ids they had. With a
 * framerate of 0/1 each scene is one still picture.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 vlmtestsrc seed=7 ! videoconvert ! autovideosink
 * ]|
 * Shows scenes without end.
 * |[
 * gst-launch-1.0 vlmtestsrc num-scenes=3 truth-location=truth.jsonl \
 *     ! video/x-raw,width=640,height=360,framerate=25/1 \
 *     ! vlmevents name=w model=/models/Qwen2.5-VL-3B-Instruct window=10 \
 *     ! fakesink  w.events ! filesink location=found.jsonl \
 *       buffer-mode=unbuffered
 * ]|
 * Writes down what is found, and beside it what there was to find.
 * |[
 * gst-launch-1.0 -m vlmtestsrc is-live=true num-scenes=1 kind=named \
 *     background=flat effects=0 ! fakesink
 * ]|
 * Plays an easy scene in real time and shows its events as messages.
 */
#include "elements/gstvlmtestsrc-private.h"

#include <vlm/vlm-scene-render.h>

#include "util/gstvlmfill.h"
#include "util/gstvlmtime.h"

GST_DEBUG_CATEGORY (gst_vlm_test_src_debug);
#define GST_CAT_DEFAULT gst_vlm_test_src_debug

#define DEFAULT_WIDTH 320
#define DEFAULT_HEIGHT 240
#define DEFAULT_FPS 30

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("video/x-raw, format = (string) " GST_VLM_FILL_FORMATS
                         ", width = (int) [ 1, 32768 ]"
                         ", height = (int) [ 1, 32768 ]"
                         ", framerate = (fraction) [ 0/1, 1000/1 ]"
                         ", pixel-aspect-ratio = (fraction) 1/1"));

G_DEFINE_FINAL_TYPE_WITH_CODE (GstVlmTestSrc, gst_vlm_test_src,
    GST_TYPE_PUSH_SRC,
    GST_DEBUG_CATEGORY_INIT (
        gst_vlm_test_src_debug, "vlmtestsrc", 0, "scenes with known events"))
GST_ELEMENT_REGISTER_DEFINE (
    vlmtestsrc, "vlmtestsrc", GST_RANK_NONE, GST_TYPE_VLM_TEST_SRC)

static gboolean
is_still (const GstVlmTestSrc *self)
{
  return GST_VIDEO_INFO_FPS_N (&self->info) == 0;
}

static GstClockTime
time_of (const GstVlmTestSrc *self, guint64 frame)
{
  if (is_still (self))
    return frame * self->scene_duration;
  return gst_util_uint64_scale (frame,
      (guint64) GST_VIDEO_INFO_FPS_D (&self->info) * GST_SECOND,
      (guint64) GST_VIDEO_INFO_FPS_N (&self->info));
}

/* The frame that is shown at @time. */
static guint64
frame_at (const GstVlmTestSrc *self, GstClockTime time)
{
  guint64 frame;

  if (is_still (self))
    return time / self->scene_duration;
  frame =
      gst_util_uint64_scale (time, (guint64) GST_VIDEO_INFO_FPS_N (&self->info),
          (guint64) GST_VIDEO_INFO_FPS_D (&self->info) * GST_SECOND);
  /* Timestamps are rounded down. */
  return time_of (self, frame + 1) <= time ? frame + 1 : frame;
}

/* GST_CLOCK_TIME_NONE if it never ends. */
static GstClockTime
total_duration (const GstVlmTestSrcSettings *settings, GstClockTime duration)
{
  return settings->num_scenes < 0 ? GST_CLOCK_TIME_NONE
                                  : duration * (guint64) settings->num_scenes;
}

static GstClockTime
duration_of_scene (const GstVlmTestSrcSettings *settings)
{
  return (GstClockTime) gst_vlm_time_from_seconds (settings->duration);
}

static GstVlmTestSrcFrame
describe_frame (const GstVlmTestSrc *self)
{
  GstClockTime length = self->scene_duration;
  GstVlmTestSrcFrame f = { .index = self->next_frame };
  GstClockTime scene_start;
  GstClockTime total = total_duration (&self->used, length);

  f.pts = time_of (self, f.index);
  f.end = MIN (time_of (self, f.index + 1), total);
  f.scene_index = f.pts / length;
  scene_start = f.scene_index * length;
  f.begins = self->restart || f.index == 0 ||
      time_of (self, f.index - 1) < scene_start;
  f.ends = f.end >= scene_start + length;
  f.now = (gint64) (f.pts - scene_start);
  f.next = (gint64) (f.end - scene_start);
  f.previous =
      f.begins ? -1 : (gint64) (time_of (self, f.index - 1) - scene_start);
  return f;
}

static void
drop_scene (GstVlmTestSrc *self)
{
  g_clear_pointer (&self->scene, vlm_scene_free);
}

static void
prepare_scene (GstVlmTestSrc *self, guint64 index)
{
  const GstVlmTestSrcSettings *s = &self->used;
  VlmSceneParams params = {
    .seed = s->seed + index,
    .width = (guint) GST_VIDEO_INFO_WIDTH (&self->info),
    .height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info),
    .duration = is_still (self) ? 0 : (gint64) self->scene_duration,
    .min_objects = MIN (s->min_objects, s->max_objects),
    .max_objects = s->max_objects,
    .kind = s->kind,
    .backgrounds = (VlmSceneBackgrounds) s->background,
    .effects = (VlmSceneEffects) s->effects,
    .max_bystanders = s->max_bystanders,
    .perspective = s->perspective,
    .troubles = (VlmSceneTroubles) s->troubles,
  };

  if (self->scene != NULL && self->scene_index == index)
    return;
  drop_scene (self);
  self->scene = vlm_scene_new (&params);
  self->scene_index = index;
  GST_DEBUG_OBJECT (self,
      "scene %" G_GUINT64_FORMAT ", seed %" G_GUINT64_FORMAT ", %u events",
      index, params.seed, vlm_scene_get_n_events (self->scene));
}

static gboolean
paint (GstVlmTestSrc *self, const GstVlmTestSrcFrame *frame, GstBuffer *buffer)
{
  guint width = (guint) GST_VIDEO_INFO_WIDTH (&self->info);
  guint height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info);
  GstVideoFrame mapped;

  if (!gst_video_frame_map (&mapped, &self->info, buffer,
          GST_MAP_WRITE | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    GST_ELEMENT_ERROR (
        self, RESOURCE, WRITE, ("a buffer cannot be written to"), (NULL));
    return FALSE;
  }
  if (self->rgb == NULL)
    self->rgb = g_malloc_n ((gsize) width * height, 3);
  vlm_scene_render (
      self->scene, frame->now, width, height, self->rgb, 3 * (gsize) width);
  gst_vlm_fill_frame (&mapped, self->rgb);
  gst_video_frame_unmap (&mapped);
  return TRUE;
}

static GstFlowReturn
gst_vlm_test_src_fill (GstPushSrc *push, GstBuffer *buffer)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (push);
  GstClockTime total = total_duration (&self->used, self->scene_duration);
  GstVlmTestSrcFrame frame;

  if (!self->has_info)
    return GST_FLOW_NOT_NEGOTIATED;
  if (time_of (self, self->next_frame) >= total)
    return GST_FLOW_EOS;
  frame = describe_frame (self);
  prepare_scene (self, frame.scene_index);
  if (!paint (self, &frame, buffer))
    return GST_FLOW_ERROR;
  GST_BUFFER_PTS (buffer) = frame.pts;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = frame.end - frame.pts;
  GST_BUFFER_OFFSET (buffer) = frame.index;
  GST_BUFFER_OFFSET_END (buffer) = frame.index + 1;
  if (!gst_vlm_test_src_report (self, &frame, buffer))
    return GST_FLOW_ERROR;
  self->restart = FALSE;
  self->next_frame++;
  return GST_FLOW_OK;
}

/* A live source hands a frame out when its time has come. */
static void
gst_vlm_test_src_get_times (
    GstBaseSrc *base, GstBuffer *buffer, GstClockTime *start, GstClockTime *end)
{
  *start = *end = GST_CLOCK_TIME_NONE;
  if (!gst_base_src_is_live (base) || !GST_BUFFER_PTS_IS_VALID (buffer))
    return;
  *start = GST_BUFFER_PTS (buffer);
  *end = *start + GST_BUFFER_DURATION (buffer);
}

static gboolean
gst_vlm_test_src_is_seekable (GstBaseSrc *base)
{
  return !gst_base_src_is_live (base);
}

static gboolean
gst_vlm_test_src_do_seek (GstBaseSrc *base, GstSegment *segment)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (base);

  if (segment->rate < 0.0) {
    GST_INFO_OBJECT (self, "reverse playback is not supported");
    return FALSE;
  }
  segment->time = segment->start;
  /* Before the caps are known, change_rate() finds the frame. */
  self->next_frame = self->has_info ? frame_at (self, segment->position) : 0;
  self->restart = TRUE;
  return TRUE;
}

static gboolean
gst_vlm_test_src_query (GstBaseSrc *base, GstQuery *query)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (base);
  GstClockTime total;
  GstFormat format;

  if (GST_QUERY_TYPE (query) != GST_QUERY_DURATION)
    return GST_BASE_SRC_CLASS (gst_vlm_test_src_parent_class)
        ->query (base, query);
  gst_query_parse_duration (query, &format, NULL);
  if (format != GST_FORMAT_TIME)
    return FALSE;
  GST_OBJECT_LOCK (self);
  total = total_duration (&self->settings, duration_of_scene (&self->settings));
  GST_OBJECT_UNLOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (total))
    return FALSE;
  gst_query_set_duration (query, GST_FORMAT_TIME, (gint64) total);
  return TRUE;
}

static GstCaps *
gst_vlm_test_src_fixate (GstBaseSrc *base, GstCaps *caps)
{
  GstStructure *structure;

  caps = gst_caps_make_writable (caps);
  structure = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_nearest_int (structure, "width", DEFAULT_WIDTH);
  gst_structure_fixate_field_nearest_int (structure, "height", DEFAULT_HEIGHT);
  gst_structure_fixate_field_nearest_fraction (
      structure, "framerate", DEFAULT_FPS, 1);
  return GST_BASE_SRC_CLASS (gst_vlm_test_src_parent_class)
      ->fixate (base, caps);
}

/* Continues at the new rate from the time of the frame that is next. */
static void
change_rate (GstVlmTestSrc *self, const GstVideoInfo *info)
{
  GstClockTime next = self->has_info ? time_of (self, self->next_frame)
                                     : GST_BASE_SRC (self)->segment.position;

  self->info = *info;
  if (!GST_CLOCK_TIME_IS_VALID (next))
    next = 0;
  if (self->has_info) {
    self->next_frame = frame_at (self, next);
    if (time_of (self, self->next_frame) < next)
      self->next_frame++;
  } else {
    self->next_frame = frame_at (self, next);
  }
}

static gboolean
gst_vlm_test_src_set_caps (GstBaseSrc *base, GstCaps *caps)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (base);
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, caps))
    return FALSE;
  change_rate (self, &info);
  self->has_info = TRUE;
  gst_base_src_set_blocksize (base, (guint) info.size);
  /* The scene was laid out for another shape or length. */
  drop_scene (self);
  g_clear_pointer (&self->rgb, g_free);
  return TRUE;
}

static gboolean
gst_vlm_test_src_decide_allocation (GstBaseSrc *base, GstQuery *query)
{
  g_autoptr (GstBufferPool) pool = NULL;
  gboolean offered = gst_query_get_n_allocation_pools (query) > 0;
  guint size = 0, min = 0, max = 0;
  GstStructure *config;
  GstCaps *caps;

  gst_query_parse_allocation (query, &caps, NULL);
  if (offered)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, &min, &max);
  size = MAX (size, (guint) GST_VLM_TEST_SRC (base)->info.size);
  if (pool == NULL)
    pool = gst_video_buffer_pool_new ();
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, size, min, max);
  if (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL))
    gst_buffer_pool_config_add_option (
        config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_set_config (pool, config);
  if (offered)
    gst_query_set_nth_allocation_pool (query, 0, pool, size, min, max);
  else
    gst_query_add_allocation_pool (query, pool, size, min, max);
  return GST_BASE_SRC_CLASS (gst_vlm_test_src_parent_class)
      ->decide_allocation (base, query);
}

static gboolean
gst_vlm_test_src_start (GstBaseSrc *base)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (base);

  gst_vlm_test_src_clear_settings (&self->used);
  GST_OBJECT_LOCK (self);
  self->used = self->settings;
  self->used.truth_location = g_strdup (self->settings.truth_location);
  GST_OBJECT_UNLOCK (self);
  if (self->used.min_objects > self->used.max_objects)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("min-objects=%u is more than max-objects=%u: each scene has %u.",
            self->used.min_objects, self->used.max_objects,
            self->used.max_objects),
        (NULL));
  self->scene_duration = duration_of_scene (&self->used);
  self->has_info = FALSE;
  self->next_frame = 0;
  self->restart = TRUE;
  g_free (self->run);
  self->run = g_uuid_string_random ();
  return gst_vlm_test_src_open_truth (self);
}

static gboolean
gst_vlm_test_src_stop (GstBaseSrc *base)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (base);

  drop_scene (self);
  g_clear_pointer (&self->rgb, g_free);
  self->has_info = FALSE;
  return gst_vlm_test_src_close_truth (self);
}

static void
gst_vlm_test_src_finalize (GObject *object)
{
  GstVlmTestSrc *self = GST_VLM_TEST_SRC (object);

  gst_vlm_test_src_clear_settings (&self->settings);
  gst_vlm_test_src_clear_settings (&self->used);
  g_free (self->run);
  G_OBJECT_CLASS (gst_vlm_test_src_parent_class)->finalize (object);
}

static void
gst_vlm_test_src_class_init (GstVlmTestSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  object_class->finalize = gst_vlm_test_src_finalize;
  gst_vlm_test_src_install_properties (object_class);
  base_class->start = gst_vlm_test_src_start;
  base_class->stop = gst_vlm_test_src_stop;
  base_class->fixate = gst_vlm_test_src_fixate;
  base_class->set_caps = gst_vlm_test_src_set_caps;
  base_class->decide_allocation = gst_vlm_test_src_decide_allocation;
  base_class->get_times = gst_vlm_test_src_get_times;
  base_class->is_seekable = gst_vlm_test_src_is_seekable;
  base_class->do_seek = gst_vlm_test_src_do_seek;
  base_class->query = gst_vlm_test_src_query;
  GST_PUSH_SRC_CLASS (klass)->fill = gst_vlm_test_src_fill;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Video test source with known events", "Source/Video",
      "Generates scenes in which objects appear, move and leave at known times "
      "and places, for testing video analysis",
      "The gst-vlm developers");
}

static void
gst_vlm_test_src_init (GstVlmTestSrc *self)
{
  gst_vlm_test_src_init_settings (self);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}
