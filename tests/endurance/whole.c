/* gst-vlm: a long video as one window
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   whole MINUTES [MAX-FRAMES]
 *
 * Plays a scene of so many minutes through vlmevents window=0 with the model that
 * ships. Prints a line, and fails if more frames are analysed than allowed, if
 * they are not of the whole video, if memory grows by more than they take, or if
 * the analysis takes too much. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gst/gst.h>
#include <vlm/vlm-frame.h>

#include "gstvlm.h"
#include "support/resident.h"

#define FPS 2
#define MAX_FRAMES 768u
/* While frames are gathered, beyond what they take themselves, whatever the
 * length of the video. */
#define MAX_GATHERING_KB (8 * 1024)
#define WARM_UP_FRAMES 16u
/* Frames between two looks at the memory. */
#define LOOK 8u
/* A video that is long has so many times the frames that are analysed. */
#define MIN_RATIO 4u
/* For 768 frames and their 20 000 tokens. */
#define MAX_ANALYSIS_KB (384 * 1024)
/* What waits to be taken in, and the pair that is being looked at. */
#define MAX_EXTRA 4u

typedef struct
{
  guint n_frames; /* of the video */
  guint max_frames;
  guint n_seen;
  guint n_kept;  /* copies of frames that warm_up () left */
  guint n_alive; /* copies of frames, at most */
  gint64 start_kb;
  gint64 most_kb; /* before the analysis */
  gint64 end_kb;  /* just before it */
  VlmAnswerRecord *answer;
} Run;

/* On the streaming thread, which is also the one that gathers frames. */
static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Run *run = user_data;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
      run->end_kb = resident_kb ();
    return GST_PAD_PROBE_OK;
  }
  if (run->n_seen++ == 0) {
    run->start_kb = resident_kb ();
    run->n_kept = vlm_frame_count_alive ();
  }
  if (run->n_seen % LOOK == 0)
    run->most_kb = MAX (run->most_kb, resident_kb ());
  run->n_alive = MAX (run->n_alive, vlm_frame_count_alive () - run->n_kept);
  return GST_PAD_PROBE_OK;
}

static void
take_message (Run *run, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  VlmAnswerRecord *answer;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
  answer = gst_vlm_message_get_answer (message);
  if (answer == NULL)
    return;
  if (run->answer != NULL)
    g_error ("more than one question about the video");
  run->answer = answer;
}

/* (transfer full): at its end, and not stopped. */
static GstElement *
play (Run *run, double seconds)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *line = g_strdup_printf (
      "vlmtestsrc num-scenes=1 seed=7 add-meta=false duration=%s ! "
      "video/x-raw, width=320, height=240, framerate=%d/1 ! "
      "vlmevents name=w window=0 answers=true max-frames=%u ! fakesink",
      g_ascii_dtostr (number, sizeof number, seconds), FPS, run->max_frames);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) element = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = NULL;
  gboolean is_over = FALSE;

  g_assert_no_error (error);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "w");
  pad = gst_element_get_static_pad (element, "sink");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data,
      run, NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!is_over) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop (bus, GST_CLOCK_TIME_NONE);

    take_message (run, message);
    is_over = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  }
  return pipeline;
}

static void
stop (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* (transfer full): a pipeline that keeps the model, which is loaded once and has
 * its kernels compiled, so that memory for this does not come while frames are
 * gathered. */
static GstElement *
warm_up (void)
{
  Run run = { .max_frames = WARM_UP_FRAMES };
  GstElement *pipeline = play (&run, (double) WARM_UP_FRAMES / FPS);

  g_clear_pointer (&run.answer, vlm_answer_record_unref);
  return pipeline;
}

static gboolean
judge (const Run *run, double seconds)
{
  const VlmAnswerRecord *answer = run->answer;
  /* Beyond the end of the stream; nothing where the most is not known. */
  gint64 analysis_kb = MAX (0, peak_kb () - run->end_kb);
  gint64 gathering_kb = run->most_kb - run->start_kb;
  gint64 frames_kb;
  gboolean passed;

  if (answer == NULL || answer->answer == NULL)
    g_error ("no answer: %s",
        answer != NULL && answer->error != NULL ? answer->error
                                                : "no question");
  frames_kb = (gint64) 3 * answer->window.width * answer->window.height *
      run->max_frames / 1024;
  passed = answer->window.n_frames <= run->max_frames &&
      answer->start.stream_time == 0 &&
      answer->end.stream_time == (gint64) (seconds * VLM_SECOND) &&
      run->n_alive <= run->max_frames + MAX_EXTRA &&
      gathering_kb <= frames_kb + MAX_GATHERING_KB &&
      analysis_kb <= MAX_ANALYSIS_KB;
  printf ("whole: %u of %u frames at %ux%u, %u tokens, at most %u frames kept, "
          "memory %+" G_GINT64_FORMAT
          " KiB while they are gathered (their pixels %" G_GINT64_FORMAT
          " KiB), %+" G_GINT64_FORMAT " KiB in the analysis of %.0f s: %s\n",
      answer->window.n_frames, run->n_seen, answer->window.width,
      answer->window.height, answer->usage.n_prompt_tokens, run->n_alive,
      gathering_kb, frames_kb, analysis_kb,
      answer->usage.vision_s + answer->usage.prefill_s + answer->usage.decode_s,
      passed ? "passed" : "failed");
  return passed;
}

int
main (int argc, char **argv)
{
  Run run = { .max_frames = MAX_FRAMES };
  GstElement *first;
  double seconds;
  gboolean passed;

  gst_init (&argc, &argv);
  seconds = argc > 1 ? 60.0 * g_ascii_strtod (argv[1], NULL) : 0.0;
  if (argc > 2)
    run.max_frames = (guint) g_ascii_strtoull (argv[2], NULL, 10);
  run.n_frames = (guint) (seconds * FPS);
  if (argc > 3 || run.max_frames == 0 || run.max_frames > MAX_FRAMES ||
      run.n_frames < MIN_RATIO * run.max_frames) {
    fprintf (stderr,
        "whole MINUTES [MAX-FRAMES], with %u times as many frames in the "
        "video\n",
        MIN_RATIO);
    return 2;
  }
  first = warm_up ();
  stop (play (&run, seconds));
  stop (first);
  passed = judge (&run, seconds);
  vlm_answer_record_unref (run.answer);
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
