/* gst-vlm: videos, decoded by GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/reader.h"

#include <gst/video/video.h>

#include "tools/pipeline.h"
#include "tools/source.h"
#include "util/gstvlmframe.h"

/* qwen-vl-utils: FPS_MAX_FRAMES */
#define MAX_FRAMES 768

/* Slots are at most an hour apart: a video may be a few pictures of years. */
#define MIN_FPS 0.001

/* If time does not advance for so many frames, it is not a video, but an
 * animation that GStreamer repeats forever, or a stream without times. */
#define MAX_STILL 1000

/* A decoding pipeline that ends in an appsink with RGB frames. */
typedef struct
{
  const char *name;
  Pipeline pipeline;
  gint is_webp; /* atomic */
} Reader;

static void
reader_clear (Reader *reader)
{
  pipeline_clear (&reader->pipeline);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

/* GStreamer's error for a file with sound only is about links. */
static void
on_all_streams (GstElement *decoder, gpointer user_data)
{
  Reader *reader = user_data;
  g_autoptr (GstElement) convert =
      gst_bin_get_by_name (GST_BIN (reader->pipeline.element), "convert");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (convert, "sink");

  if (!gst_pad_is_linked (pad))
    pipeline_condemn (&reader->pipeline, "it contains no picture");
}

static void
on_element (
    GstBin *pipeline, GstBin *bin, GstElement *element, gpointer user_data)
{
  Reader *reader = user_data;
  GstElementFactory *factory = gst_element_get_factory (element);
  const char *name = factory != NULL ? GST_OBJECT_NAME (factory) : "";

  /* which GStreamer would never end (1.22) */
  if (g_str_has_suffix (name, "_gif"))
    pipeline_condemn (&reader->pipeline,
        "an animated GIF cannot be read as video: convert it, or use its first "
        "picture with --image");
  if (g_str_equal (name, "webpdec") || g_str_equal (name, "avdec_webp"))
    g_atomic_int_set (&reader->is_webp, TRUE);
}

/* Names the file. Always FALSE. */
static gboolean
fail (const Reader *reader, GError **error)
{
  if (error != NULL && (*error)->domain == GST_STREAM_ERROR &&
      g_atomic_int_get (&reader->is_webp)) {
    g_clear_error (error);
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "an animated WebP cannot be read as video: convert it");
  }
  g_prefix_error (error, "%s: ", reader->name);
  return FALSE;
}

/* @rest: what follows the pictures, in the syntax of gst-launch-1.0. */
static gboolean
reader_open (Reader *reader, const char *word, const char *rest,
    GCancellable *cancellable, GError **error)
{
  g_autofree char *uri = source_to_uri (word, error);
  g_autofree char *line = g_strconcat (
      "uridecodebin name=decoder ! videoconvert name=convert ! ", rest, NULL);
  g_autoptr (GstElement) decoder = NULL;
  GstElement *element;

  reader->name = source_get_name (word);
  if (uri == NULL)
    return FALSE;
  element = gst_parse_launch (line, error);
  if (element == NULL)
    return FALSE;
  pipeline_init (&reader->pipeline, element, uri, cancellable);
  decoder = gst_bin_get_by_name (GST_BIN (element), "decoder");
  g_object_set (decoder, "uri", uri, NULL);
  g_signal_connect (
      decoder, "no-more-pads", G_CALLBACK (on_all_streams), reader);
  g_signal_connect (
      element, "deep-element-added", G_CALLBACK (on_element), reader);
  return TRUE;
}

/* Paused, so that it can be seeked; one RGB picture at a time can be pulled. */
static gboolean
reader_pause (
    Reader *reader, const char *word, GCancellable *cancellable, GError **error)
{
  return reader_open (reader, word,
             "videoflip video-direction=auto ! video/x-raw,format=RGB "
             "! appsink name=sink sync=false max-buffers=2",
             cancellable, error) &&
      (pipeline_set_state (&reader->pipeline, GST_STATE_PAUSED, error) ||
          fail (reader, error));
}

/* From @start on, or from before it if the source cannot seek there. */
static gboolean
reader_start (Reader *reader, gint64 start, GError **error)
{
  if (start > 0) {
    if (!pipeline_wait (&reader->pipeline, error))
      return fail (reader, error);
    gst_element_seek_simple (reader->pipeline.element, GST_FORMAT_TIME,
        GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, start);
  }
  return pipeline_set_state (&reader->pipeline, GST_STATE_PLAYING, error) ||
      fail (reader, error);
}

/* The next picture; NULL after the last one. */
static gboolean
pull (Reader *reader, GstSample **sample, GError **error)
{
  return pipeline_pull (&reader->pipeline, sample, error) ||
      fail (reader, error);
}

static gboolean
fail_empty (const Reader *reader, GError **error)
{
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
      "%s: no picture could be decoded", reader->name);
  return FALSE;
}

/* A small copy of the sample's picture, with its times. */
static VlmFrame *
copy_frame (GstSample *sample, guint width, guint height, GError **error)
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
  frame = gst_vlm_frame_new (
      buffer, &info, width, height, VLM_RESAMPLE_VIDEO, error);
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
  guint n_frames;  /* estimated from the duration, for the pixel budget */
  ReaderSpan span;
  gint64 newest; /* time */
  guint n_still; /* frames since it grew */
  guint n_taken;
  guint width;
  guint height;
} VideoJob;

/* A video that never ends is an error, and so is one without times. */
static gboolean
check_time (VideoJob *job, gint64 time, GError **error)
{
  if (time > job->newest) {
    job->newest = time;
    job->n_still = 0;
  } else if (++job->n_still > MAX_STILL) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "its timestamps do not advance: it cannot be analysed as video");
    return FALSE;
  }
  return TRUE;
}

static gint64
time_of (GstSample *sample)
{
  GstClockTime pts = GST_BUFFER_PTS (gst_sample_get_buffer (sample));

  return GST_CLOCK_TIME_IS_VALID (pts)
      ? (gint64) gst_segment_to_stream_time (
            gst_sample_get_segment (sample), GST_FORMAT_TIME, pts)
      : VLM_TIME_NONE;
}

/* One decoded picture; only those that the grid wants are scaled and kept. */
static gboolean
take_sample (VideoJob *job, GstSample *sample, GError **error)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  gint64 time = time_of (sample);
  gint64 duration = GST_BUFFER_DURATION_IS_VALID (buffer)
      ? (gint64) GST_BUFFER_DURATION (buffer)
      : VLM_TIME_NONE;
  g_autoptr (VlmFrame) frame = NULL;

  if (!check_time (job, time, error))
    return FALSE;
  if (!VLM_TIME_IS_VALID (time) || time < job->span.start ||
      !vlm_sampler_wants (job->sampler, time, duration))
    return TRUE;
  if (job->width == 0) {
    const VlmVideoLimits limits = { 0 };
    guint source[2];

    get_size (sample, &source[0], &source[1]);
    if (!vlm_video_plan_size (job->geometry, &limits, job->n_frames, source[0],
            source[1], &job->width, &job->height, error))
      return FALSE;
  }
  frame = copy_frame (sample, job->width, job->height, error);
  if (frame == NULL)
    return FALSE;
  vlm_sampler_add (job->sampler, frame, duration);
  job->n_taken++;
  return TRUE;
}

/* If the duration is known, the rate was lowered beforehand. */
static gboolean
check_count (const VideoJob *job, GError **error)
{
  if (job->duration > 0 || job->n_taken <= MAX_FRAMES)
    return TRUE;
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "%s: more than %u frames, in a file of unknown duration: use a lower "
      "--fps",
      job->reader->name, MAX_FRAMES);
  return FALSE;
}

static gboolean
is_past_end (const VideoJob *job, GstSample *sample)
{
  gint64 time = time_of (sample);

  return job->span.end > 0 && VLM_TIME_IS_VALID (time) && time >= job->span.end;
}

static void
report_progress (const VideoJob *job, GstSample *sample, const VlmWork *work)
{
  gint64 time = time_of (sample);

  if (work->progress != NULL && job->duration > 0 && VLM_TIME_IS_VALID (time))
    work->progress ("decode",
        CLAMP ((double) (time - job->span.start) / (double) job->duration, 0.0,
            1.0),
        work->user_data);
}

/* From @first (transfer full) to the last one. */
static gboolean
read_all (VideoJob *job, GstSample *first, const VlmWork *work, GError **error)
{
  g_autoptr (GstSample) sample = first;

  while (sample != NULL && !is_past_end (job, sample)) {
    if (!take_sample (job, sample, error)) {
      g_prefix_error (error, "%s: ", job->reader->name);
      return FALSE;
    }
    if (!check_count (job, error))
      return FALSE;
    report_progress (job, sample, work);
    g_clear_pointer (&sample, gst_sample_unref);
    if (!pull (job->reader, &sample, error))
      return FALSE;
  }
  return TRUE;
}

/* The length of the span; 0 when unknown. The pipeline knows its duration once it
 * has a picture. */
static gint64
get_duration (const VideoJob *job)
{
  gint64 end;

  if (!gst_element_query_duration (
          job->reader->pipeline.element, GST_FORMAT_TIME, &end) ||
      end <= 0)
    end = job->span.end;
  else if (job->span.end > 0)
    end = MIN (end, job->span.end);
  return MAX (0, end - job->span.start);
}

static VlmSampler *
start_grid (VideoJob *job, double fps)
{
  VlmSamplerParams grid;

  job->duration = get_duration (job);
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
    const ReaderSpan *span, const VlmWork *work, GError **error)
{
  g_auto (Reader) reader = { 0 };
  g_autoptr (VlmSampler) sampler = NULL;
  VideoJob job = {
    .reader = &reader, .geometry = geometry, .span = *span, .newest = G_MININT64
  };
  GstSample *first;
  VlmWindow *window;

  if (!reader_pause (&reader, path, work->cancellable, error) ||
      !reader_start (&reader, span->start, error) ||
      !pull (&reader, &first, error))
    return NULL;
  sampler = start_grid (&job, fps);
  job.sampler = sampler;
  if (!read_all (&job, first, work, error))
    return NULL;
  window = vlm_sampler_finish (sampler);
  if (window == NULL && (span->start > 0 || span->end > 0))
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "%s: there is no picture between --start and --end", reader.name);
  else if (window == NULL)
    fail_empty (&reader, error);
  return window;
}

/* --- through an element --------------------------------------------------- */

gboolean
reader_pass_video (const char *path, GstElement *filter,
    GCancellable *cancellable, GError **error)
{
  g_auto (Reader) reader = { 0 };
  g_autoptr (GstElement) upright = NULL;
  gboolean is_empty = TRUE;
  gboolean good = TRUE;
  GstBin *bin;

  if (!reader_open (&reader, path,
          "videoflip name=upright video-direction=auto "
          "appsink name=sink sync=false max-buffers=2",
          cancellable, error))
    return FALSE;
  bin = GST_BIN (reader.pipeline.element);
  upright = gst_bin_get_by_name (bin, "upright");
  gst_bin_add (bin, filter);
  if (!gst_element_link_many (
          upright, filter, GST_ELEMENT (reader.pipeline.sink), NULL)) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
        "%s does not take pictures", GST_ELEMENT_NAME (filter));
    return fail (&reader, error);
  }
  /* a model may analyse one window for longer than any file is silent */
  reader.pipeline.is_patient = TRUE;
  if (!reader_start (&reader, 0, error))
    return FALSE;
  for (gboolean more = TRUE; more && good;) {
    GstSample *sample = NULL;

    good = pull (&reader, &sample, error);
    more = sample != NULL;
    is_empty &= !more;
    g_clear_pointer (&sample, gst_sample_unref);
  }
  return good && (!is_empty || fail_empty (&reader, error));
}
