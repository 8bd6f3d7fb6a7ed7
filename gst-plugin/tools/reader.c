/* gst-vlm: pictures and video files, decoded by GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/reader.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "util/gstvlmframe.h"

/* qwen-vl-utils: FPS_MAX_FRAMES */
#define MAX_FRAMES 768

/* Slots are at most an hour apart: a video of years is a few pictures too. */
#define MIN_FPS 0.001

/* How late an error or a cancellation may be noticed. */
#define POLL_NS (20 * GST_MSECOND)

/* A decoding pipeline that ends in an appsink with RGB frames. */
typedef struct
{
  const char *path;
  GCancellable *cancellable;
  GstElement *pipeline;
  GstAppSink *sink;
  gint has_no_picture; /* atomic: all streams are known, none is one */
} Reader;

static void
reader_clear (Reader *reader)
{
  if (reader->pipeline != NULL)
    gst_element_set_state (reader->pipeline, GST_STATE_NULL);
  gst_clear_object (&reader->sink);
  gst_clear_object (&reader->pipeline);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

static void
on_all_streams (GstElement *decoder, gpointer user_data)
{
  Reader *reader = user_data;
  g_autoptr (GstElement) convert =
      gst_bin_get_by_name (GST_BIN (reader->pipeline), "convert");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (convert, "sink");

  if (!gst_pad_is_linked (pad))
    g_atomic_int_set (&reader->has_no_picture, TRUE);
}

/* What has stopped the pipeline, if anything has, as an error that names the
 * file. What a file of sounds alone fails with speaks of links. */
static gboolean
check_bus (Reader *reader, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (reader->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);

  if (g_atomic_int_get (&reader->has_no_picture))
    g_set_error_literal (error, GST_STREAM_ERROR,
        GST_STREAM_ERROR_TYPE_NOT_FOUND, "there is no picture in it");
  else if (message != NULL)
    gst_message_parse_error (message, error, NULL);
  else
    return TRUE;
  g_prefix_error (error, "%s: ", reader->path);
  return FALSE;
}

static gboolean
reader_open (Reader *reader, const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *uri = g_filename_to_uri (absolute, NULL, error);
  g_autoptr (GstElement) decoder = NULL;

  reader->path = path;
  if (uri == NULL)
    return FALSE;
  reader->pipeline = gst_parse_launch (
      "uridecodebin name=decoder ! videoconvert name=convert "
      "! video/x-raw,format=RGB ! appsink name=sink sync=false max-buffers=2",
      error);
  if (reader->pipeline == NULL)
    return FALSE;
  decoder = gst_bin_get_by_name (GST_BIN (reader->pipeline), "decoder");
  g_object_set (decoder, "uri", uri, NULL);
  g_signal_connect (
      decoder, "no-more-pads", G_CALLBACK (on_all_streams), reader);
  reader->sink =
      GST_APP_SINK (gst_bin_get_by_name (GST_BIN (reader->pipeline), "sink"));
  gst_element_set_state (reader->pipeline, GST_STATE_PLAYING);
  return TRUE;
}

/* The next picture; NULL after the last one. */
static gboolean
pull (Reader *reader, GstSample **sample, GError **error)
{
  while ((*sample = gst_app_sink_try_pull_sample (reader->sink, POLL_NS)) ==
      NULL) {
    if (g_cancellable_set_error_if_cancelled (reader->cancellable, error) ||
        !check_bus (reader, error))
      return FALSE;
    if (gst_app_sink_is_eos (reader->sink))
      return TRUE;
  }
  return !g_cancellable_set_error_if_cancelled (reader->cancellable, error);
}

static gboolean
fail_empty (const Reader *reader, GError **error)
{
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
      "%s: no picture could be decoded", reader->path);
  return FALSE;
}

/* A small copy of the sample's picture, with its times. */
static VlmFrame *
copy_frame (GstSample *sample, guint width, guint height, VlmResample resample,
    GError **error)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  const GstSegment *segment = gst_sample_get_segment (sample);
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  GstVideoInfo info;
  VlmFrame *frame;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample))) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "a decoded picture cannot be read");
    return NULL;
  }
  frame = gst_vlm_frame_new (buffer, &info, width, height, resample, error);
  if (frame != NULL && GST_CLOCK_TIME_IS_VALID (pts)) {
    frame->time.pts = (gint64) pts;
    frame->time.stream_time =
        (gint64) gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts);
  }
  return frame;
}

static void
get_size (GstSample *sample, guint *width, guint *height)
{
  GstVideoInfo info;

  gst_video_info_from_caps (&info, gst_sample_get_caps (sample));
  *width = (guint) GST_VIDEO_INFO_WIDTH (&info);
  *height = (guint) GST_VIDEO_INFO_HEIGHT (&info);
}

VlmFrame *
reader_load_image (const char *path, const VlmGeometry *geometry,
    GCancellable *cancellable, GError **error)
{
  g_auto (Reader) reader = { .cancellable = cancellable };
  g_autoptr (GstSample) sample = NULL;
  VlmFrame *frame;
  guint source[2];
  guint size[2];

  if (!reader_open (&reader, path, error))
    return NULL;
  if (!pull (&reader, &sample, error) ||
      (sample == NULL && !fail_empty (&reader, error)))
    return NULL;
  get_size (sample, &source[0], &source[1]);
  if (!vlm_image_plan_size (geometry, source[0], source[1],
          geometry->image_min_pixels, geometry->image_max_pixels, &size[0],
          &size[1], error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  frame = copy_frame (sample, size[0], size[1], VLM_RESAMPLE_IMAGE, error);
  if (frame == NULL)
    g_prefix_error (error, "%s: ", path);
  return frame;
}

/* The grid: at most MAX_FRAMES over the duration, if that is known. */
static VlmSamplerParams
choose_grid (gint64 duration, double fps)
{
  gint fps_n;
  gint fps_d;

  if (duration > 0 && fps * (double) duration / GST_SECOND > MAX_FRAMES)
    fps = MAX_FRAMES * (double) GST_SECOND / (double) duration;
  fps = MAX (fps, MIN_FPS);
  gst_util_double_to_fraction (fps, &fps_n, &fps_d);
  return (VlmSamplerParams){
    .fps_n = (guint) fps_n,
    .fps_d = (guint) fps_d,
    .window = 1000000 * VLM_SECOND,
    .frames_per_slice = 2,
    .max_hold = 3600 * VLM_SECOND,
  };
}

typedef struct
{
  Reader *reader;
  const VlmGeometry *geometry;
  VlmSampler *sampler;
  gint64 duration; /* 0 when unknown */
  guint n_frames;  /* as far as the duration tells, for the pixel budget */
  VlmVideoLimits limits;
  guint n_taken;
  guint width;
  guint height;
} VideoJob;

/* One decoded picture; only those that the grid wants are scaled and kept. */
static gboolean
take_sample (VideoJob *job, GstSample *sample, GError **error)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  gint64 time =
      (gint64) gst_segment_to_stream_time (gst_sample_get_segment (sample),
          GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  gint64 duration = GST_BUFFER_DURATION_IS_VALID (buffer)
      ? (gint64) GST_BUFFER_DURATION (buffer)
      : VLM_TIME_NONE;
  g_autoptr (VlmFrame) frame = NULL;

  if (!GST_BUFFER_PTS_IS_VALID (buffer) ||
      !vlm_sampler_wants (job->sampler, time, duration))
    return TRUE;
  if (job->width == 0) {
    guint source[2];

    get_size (sample, &source[0], &source[1]);
    if (!vlm_video_plan_size (job->geometry, &job->limits, job->n_frames,
            source[0], source[1], &job->width, &job->height, error))
      return FALSE;
  }
  frame =
      copy_frame (sample, job->width, job->height, VLM_RESAMPLE_VIDEO, error);
  if (frame == NULL)
    return FALSE;
  vlm_sampler_add (job->sampler, frame, duration);
  job->n_taken++;
  return TRUE;
}

/* A file that tells its duration has its rate lowered beforehand. */
static gboolean
check_count (const VideoJob *job, GError **error)
{
  if (job->duration > 0 || job->n_taken <= MAX_FRAMES)
    return TRUE;
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "%s: more than %u frames, in a file that does not say how long it is: "
      "give a lower --fps",
      job->reader->path, MAX_FRAMES);
  return FALSE;
}

/* From @sample on, which is taken, to the last one. */
static gboolean
read_all (VideoJob *job, GstSample *first, VlmProgressFunc progress,
    gpointer user_data, GError **error)
{
  g_autoptr (GstSample) sample = first;

  while (sample != NULL) {
    if (!take_sample (job, sample, error)) {
      g_prefix_error (error, "%s: ", job->reader->path);
      return FALSE;
    }
    if (!check_count (job, error))
      return FALSE;
    if (progress != NULL && job->duration > 0)
      progress ("decode",
          MIN (1.0,
              (double) GST_BUFFER_PTS (gst_sample_get_buffer (sample)) /
                  (double) job->duration),
          user_data);
    g_clear_pointer (&sample, gst_sample_unref);
    if (!pull (job->reader, &sample, error))
      return FALSE;
  }
  return TRUE;
}

/* The pipeline knows its duration once it has a picture. */
static VlmSampler *
start_grid (VideoJob *job, double fps)
{
  VlmSamplerParams grid;

  if (!gst_element_query_duration (
          job->reader->pipeline, GST_FORMAT_TIME, &job->duration) ||
      job->duration < 0)
    job->duration = 0;
  grid = choose_grid (job->duration, fps);
  job->n_frames = MAX_FRAMES;
  if (job->duration > 0)
    job->n_frames =
        (guint) CLAMP (gst_util_uint64_scale ((guint64) job->duration,
                           grid.fps_n, grid.fps_d * GST_SECOND),
            2, MAX_FRAMES);
  return vlm_sampler_new (&grid);
}

VlmWindow *
reader_load_video (const char *path, const VlmGeometry *geometry, double fps,
    GCancellable *cancellable, VlmProgressFunc progress, gpointer user_data,
    GError **error)
{
  g_auto (Reader) reader = { .cancellable = cancellable };
  g_autoptr (VlmSampler) sampler = NULL;
  VideoJob job = { .reader = &reader, .geometry = geometry };
  GstSample *first;
  VlmWindow *window;

  if (!reader_open (&reader, path, error) || !pull (&reader, &first, error))
    return NULL;
  sampler = start_grid (&job, fps);
  job.sampler = sampler;
  if (!read_all (&job, first, progress, user_data, error))
    return NULL;
  window = vlm_sampler_finish (sampler);
  if (window == NULL)
    fail_empty (&reader, error);
  return window;
}

/* --- in windows --------------------------------------------------------- */

/* What vlm_sampler_pop() or vlm_sampler_finish() has. */
static gboolean
hand_out (VlmSampler *sampler, VlmWindow *(*next) (VlmSampler *),
    ReaderWindowFunc on_window, gpointer user_data, GError **error)
{
  VlmWindow *window;

  while ((window = next (sampler)) != NULL) {
    gboolean good = on_window (window, user_data, error);

    vlm_window_unref (window);
    if (!good)
      return FALSE;
  }
  return TRUE;
}

/* All of the video from @first on, which is taken. */
static gboolean
watch_all (VideoJob *job, GstSample *first, ReaderWindowFunc on_window,
    gpointer user_data, GError **error)
{
  g_autoptr (GstSample) sample = first;

  while (sample != NULL) {
    if (!take_sample (job, sample, error)) {
      g_prefix_error (error, "%s: ", job->reader->path);
      return FALSE;
    }
    g_clear_pointer (&sample, gst_sample_unref);
    if (!hand_out (
            job->sampler, vlm_sampler_pop, on_window, user_data, error) ||
        !pull (job->reader, &sample, error))
      return FALSE;
  }
  return hand_out (
      job->sampler, vlm_sampler_finish, on_window, user_data, error);
}

gboolean
reader_watch_video (const char *path, const VlmGeometry *geometry,
    const ReaderWindows *windows, GCancellable *cancellable,
    ReaderWindowFunc on_window, gpointer user_data, GError **error)
{
  g_auto (Reader) reader = { .cancellable = cancellable };
  VlmSamplerParams grid = choose_grid (0, windows->fps);
  g_autoptr (VlmSampler) sampler = NULL;
  double n_frames = windows->fps * (double) windows->window / VLM_SECOND;
  VideoJob job = { .reader = &reader,
    .geometry = geometry,
    .limits = windows->limits,
    .n_frames = (guint) CLAMP (n_frames + 0.5, 2.0, 1e6) };
  GstSample *first;

  grid.window = windows->window;
  grid.hop = windows->hop;
  grid.max_hold = 0;
  if (!reader_open (&reader, path, error) || !pull (&reader, &first, error))
    return FALSE;
  if (first == NULL)
    return fail_empty (&reader, error);
  sampler = vlm_sampler_new (&grid);
  job.sampler = sampler;
  return watch_all (&job, first, on_window, user_data, error);
}
