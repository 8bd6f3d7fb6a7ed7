/* gst-vlm: pictures and video files, decoded by GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/reader.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>

/* qwen-vl-utils: FPS_MAX_FRAMES */
#define MAX_FRAMES 768

/* A decoding pipeline that ends in an appsink with RGB frames. */
typedef struct
{
  const char *path;
  GstElement *pipeline;
  GstAppSink *sink;
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

/* What stopped the pipeline, as an error that names the file. */
static void
take_bus_error (Reader *reader, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (reader->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);

  if (message != NULL)
    gst_message_parse_error (message, error, NULL);
  else
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND,
        "no picture could be decoded");
  g_prefix_error (error, "%s: ", reader->path);
}

static gboolean
reader_open (Reader *reader, const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *uri = g_filename_to_uri (absolute, NULL, error);
  GstElement *decoder;

  reader->path = path;
  if (uri == NULL)
    return FALSE;
  reader->pipeline = gst_parse_launch (
      "uridecodebin name=decoder ! videoconvert ! video/x-raw,format=RGB "
      "! appsink name=sink sync=false max-buffers=2",
      error);
  if (reader->pipeline == NULL)
    return FALSE;
  decoder = gst_bin_get_by_name (GST_BIN (reader->pipeline), "decoder");
  g_object_set (decoder, "uri", uri, NULL);
  gst_object_unref (decoder);
  reader->sink =
      GST_APP_SINK (gst_bin_get_by_name (GST_BIN (reader->pipeline), "sink"));
  gst_element_set_state (reader->pipeline, GST_STATE_PLAYING);
  if (gst_element_get_state (reader->pipeline, NULL, NULL,
          GST_CLOCK_TIME_NONE) == GST_STATE_CHANGE_FAILURE) {
    take_bus_error (reader, error);
    return FALSE;
  }
  return TRUE;
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
  GstVideoFrame mapped;
  VlmImageView view = { 0 };
  VlmFrame *frame;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample)) ||
      !gst_video_frame_map (&mapped, &info, buffer, GST_MAP_READ)) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "a decoded picture cannot be read");
    return NULL;
  }
  view.format = VLM_PIXEL_FORMAT_RGB;
  view.width = (guint) GST_VIDEO_INFO_WIDTH (&info);
  view.height = (guint) GST_VIDEO_INFO_HEIGHT (&info);
  view.planes[0] = GST_VIDEO_FRAME_PLANE_DATA (&mapped, 0);
  view.strides[0] = GST_VIDEO_FRAME_PLANE_STRIDE (&mapped, 0);
  frame = vlm_frame_new (&view, width, height, resample, error);
  gst_video_frame_unmap (&mapped);
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
reader_load_image (
    const char *path, const VlmGeometry *geometry, GError **error)
{
  g_auto (Reader) reader = { 0 };
  g_autoptr (GstSample) sample = NULL;
  VlmFrame *frame;
  guint source[2];
  guint size[2];

  if (!reader_open (&reader, path, error))
    return NULL;
  sample = gst_app_sink_pull_sample (reader.sink);
  if (sample == NULL) {
    take_bus_error (&reader, error);
    return NULL;
  }
  get_size (sample, &source[0], &source[1]);
  if (!vlm_image_plan_size (geometry, source[0], source[1],
          geometry->image_min_pixels, geometry->image_max_pixels, &size[0],
          &size[1], error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  frame = copy_frame (sample, size[0], size[1], VLM_RESAMPLE_IMAGE, error);
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
  gint64 duration;
  guint n_frames; /* as far as the duration tells, for the pixel budget */
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
    if (!vlm_video_plan_size (job->geometry, NULL, job->n_frames, source[0],
            source[1], &job->width, &job->height, error))
      return FALSE;
  }
  frame =
      copy_frame (sample, job->width, job->height, VLM_RESAMPLE_VIDEO, error);
  if (frame == NULL)
    return FALSE;
  vlm_sampler_add (job->sampler, frame, duration);
  return TRUE;
}

static gboolean
read_all (
    VideoJob *job, VlmProgressFunc progress, gpointer user_data, GError **error)
{
  while (TRUE) {
    g_autoptr (GstSample) sample = gst_app_sink_pull_sample (job->reader->sink);

    if (sample == NULL)
      return TRUE;
    if (!take_sample (job, sample, error)) {
      g_prefix_error (error, "%s: ", job->reader->path);
      return FALSE;
    }
    if (progress != NULL && job->duration > 0)
      progress ("decode",
          MIN (1.0,
              (double) GST_BUFFER_PTS (gst_sample_get_buffer (sample)) /
                  (double) job->duration),
          user_data);
  }
}

VlmWindow *
reader_load_video (const char *path, const VlmGeometry *geometry, double fps,
    VlmProgressFunc progress, gpointer user_data, GError **error)
{
  g_auto (Reader) reader = { 0 };
  g_autoptr (VlmSampler) sampler = NULL;
  VideoJob job = { .reader = &reader, .geometry = geometry };
  VlmSamplerParams grid;
  VlmWindow *window;

  if (!reader_open (&reader, path, error))
    return NULL;
  gst_element_query_duration (reader.pipeline, GST_FORMAT_TIME, &job.duration);
  grid = choose_grid (job.duration, fps);
  sampler = vlm_sampler_new (&grid);
  job.sampler = sampler;
  job.n_frames = (guint) MAX (2,
      gst_util_uint64_scale ((guint64) MAX (job.duration, 0), grid.fps_n,
          grid.fps_d * GST_SECOND));
  if (!read_all (&job, progress, user_data, error))
    return NULL;
  window = vlm_sampler_finish (sampler);
  if (window == NULL)
    take_bus_error (&reader, error);
  return window;
}
