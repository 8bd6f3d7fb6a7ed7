/* gst-vlm: problems of cameras
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include <vlm/vlm-camera.h>

/* Brightness is taken at this many points each way, which is cheap compared with
 * the copy itself. Detail is the difference between cells of these points, whose
 * means hide the noise of a sensor. */
#define CELL 4
#define COLUMNS 96
#define ROWS 52
#define N_POINTS (COLUMNS * ROWS)
#define CELL_COLUMNS (COLUMNS / CELL)
#define CELL_ROWS (ROWS / CELL)

#define N_STATES 5
#define DARK_LEVEL 32 /* limited-range black, and the noise of a sensor */
#define WHITE_LEVEL 250
#define DARK_SHARE 0.98
#define WHITE_SHARE 0.7
/* Mean difference of neighbouring cells, levels. Noise of 4 levels leaves 0.25,
 * a cover in uneven light some 0.5; rooms and streets have 3 to 8. A picture that
 * usually has less than the first cannot be judged. A covered one has less than
 * the second, a share of the usual detail. */
#define LEAST_DETAIL 2.0
#define COVERED_SHARE 0.25
/* The time over which the usual detail adapts: it follows the light of a day. */
#define DETAIL_MEMORY (30.0 * VLM_SECOND)
/* Levels that a decoder may add to a picture that is repeated. */
#define FROZEN_LEVELS 1
/* If a mask leaves less than this part of the picture, nothing is reported. */
#define LEAST_SHOWN 0.02

#define SHORT_NS (2 * VLM_SECOND)
#define LONG_NS (10 * VLM_SECOND)

static const struct
{
  const char *name;
  gint64 begins_after;
} table[N_STATES] = {
  { "black", SHORT_NS },
  { "overexposed", SHORT_NS },
  { "covered", SHORT_NS },
  { "frozen", LONG_NS },
  { "no-signal", LONG_NS },
};

/* One state: what was last reported, and since when frames differ from that. */
typedef struct
{
  gboolean is_on;
  gboolean differs;
  VlmInstant began; /* while it is on */
  VlmInstant since;
  VlmTimeSource source;
} Track;

struct _VlmCamera
{
  VlmCameraStates states;
  Track tracks[N_STATES];
  guint8 points[N_POINTS];
  guint8 hidden[N_POINTS]; /* by a mask, in the last frame */
  guint width;             /* of the last frame; 0 before the first one */
  guint height;
  VlmInstant last; /* its time */
  VlmTimeSource last_source;
  double usual_detail; /* 0 until there was any */
};

/* What one frame is like. */
typedef struct
{
  double dark_share;
  double white_share;
  double detail;
  gboolean is_same;
  gboolean is_hidden; /* so much of it that nothing can be said */
} Picture;

/**
 * vlm_camera_new: (skip)
 * @states: what to look for
 *
 * Makes a judge of the pictures of one camera.
 *
 * Returns: (transfer full): a camera of which nothing is known yet
 *
 * Since: 0.1
 */
VlmCamera *
vlm_camera_new (VlmCameraStates states)
{
  VlmCamera *camera = g_new0 (VlmCamera, 1);

  camera->states = states;
  return camera;
}

/**
 * vlm_camera_free:
 * @camera: (nullable) (transfer full): a camera
 *
 * Frees a camera.
 *
 * Since: 0.1
 */
void
vlm_camera_free (VlmCamera *camera)
{
  g_free (camera);
}

/* Rounded Rec. 601 luma. */
static guint8
luma_at (const VlmFrame *frame, guint column, guint row)
{
  gsize x = (2 * (gsize) column + 1) * frame->width / (2 * COLUMNS);
  gsize y = (2 * (gsize) row + 1) * frame->height / (2 * ROWS);
  const guint8 *p = frame->pixels + 3 * (y * frame->width + x);

  return (guint8) ((77 * p[0] + 150 * p[1] + 29 * p[2] + 128) >> 8);
}

/* Mean difference of neighbouring cells, in levels. Cells with a hidden part have
 * no neighbours. */
static double
find_detail (const VlmCamera *camera)
{
  guint16 cells[CELL_ROWS][CELL_COLUMNS] = { 0 };
  gboolean is_hidden[CELL_ROWS][CELL_COLUMNS] = { 0 };
  guint n = 0;
  guint sum = 0;

  for (guint i = 0; i < N_POINTS; i++) {
    cells[i / COLUMNS / CELL][i % COLUMNS / CELL] += camera->points[i];
    is_hidden[i / COLUMNS / CELL][i % COLUMNS / CELL] |= camera->hidden[i];
  }
  for (guint row = 0; row < CELL_ROWS; row++)
    for (guint column = 1; column < CELL_COLUMNS; column++)
      if (!is_hidden[row][column] && !is_hidden[row][column - 1]) {
        sum += (guint) abs (cells[row][column] - cells[row][column - 1]);
        n++;
      }
  return n > 0 ? (double) sum / (CELL * CELL * n) : camera->usual_detail;
}

static Picture
measure (VlmCamera *camera, const VlmFrame *frame, const VlmBlackout *mask)
{
  gboolean is_same =
      camera->width == frame->width && camera->height == frame->height;
  guint n_dark = 0, n_white = 0, n_shown = 0;

  memset (camera->hidden, 0, sizeof camera->hidden);
  if (mask != NULL)
    vlm_blackout_mark (mask, COLUMNS, ROWS, camera->hidden);
  for (guint row = 0; row < ROWS; row++) {
    for (guint column = 0; column < COLUMNS; column++) {
      guint8 *kept = &camera->points[row * COLUMNS + column];
      guint8 luma = luma_at (frame, column, row);

      if (camera->hidden[row * COLUMNS + column])
        continue;
      n_shown++;
      is_same = is_same && abs (luma - *kept) <= FROZEN_LEVELS;
      n_dark += luma <= DARK_LEVEL;
      n_white += luma >= WHITE_LEVEL;
      *kept = luma;
    }
  }
  camera->width = frame->width;
  camera->height = frame->height;
  return (Picture){
    .dark_share = (double) n_dark / MAX (1, n_shown),
    .white_share = (double) n_white / MAX (1, n_shown),
    .detail = find_detail (camera),
    .is_same = is_same,
    .is_hidden = n_shown < LEAST_SHOWN * N_POINTS,
  };
}

static VlmCameraStates
judge (const VlmCamera *camera, const Picture *picture)
{
  guint shown = 0;

  if (picture->is_hidden)
    return (VlmCameraStates) 0;
  if (picture->dark_share >= DARK_SHARE)
    shown |= VLM_CAMERA_BLACK;
  else if (picture->white_share >= WHITE_SHARE)
    shown |= VLM_CAMERA_OVEREXPOSED;
  else if (camera->usual_detail >= LEAST_DETAIL &&
      picture->detail < COVERED_SHARE * camera->usual_detail)
    shown |= VLM_CAMERA_COVERED;
  if (picture->is_same)
    shown |= VLM_CAMERA_FROZEN;
  return (VlmCameraStates) shown;
}

/* Unusable pictures do not change the usual detail. */
static void
remember_detail (
    VlmCamera *camera, const Picture *picture, guint shown, gint64 elapsed)
{
  double part = CLAMP ((double) elapsed / DETAIL_MEMORY, 0.0, 1.0);

  if (shown & ~(guint) VLM_CAMERA_FROZEN)
    return;
  if (camera->usual_detail == 0.0)
    camera->usual_detail = picture->detail;
  else
    camera->usual_detail += (picture->detail - camera->usual_detail) * part;
}

static void
change (VlmCamera *camera, guint index, GArray *changes)
{
  Track *track = &camera->tracks[index];
  const VlmInstant never = VLM_INSTANT_NONE;
  VlmCameraChange made = {
    .state = (VlmCameraStates) (1u << index),
    .begins = !track->is_on,
    .time_source = track->source,
  };

  if (!track->is_on)
    track->began = track->since;
  made.start = track->began;
  made.end = track->is_on ? track->since : never;
  track->is_on = !track->is_on;
  track->differs = FALSE;
  g_array_append_val (changes, made);
}

/* @from: the first moment of which @shown is true, where this one begins it. */
static void
follow (VlmCamera *camera, guint index, gboolean shown, const VlmInstant *from,
    VlmTimeSource source, gint64 now, GArray *changes)
{
  Track *track = &camera->tracks[index];
  gint64 enough = track->is_on ? SHORT_NS : table[index].begins_after;

  if ((camera->states & (1u << index)) == 0)
    return;
  if (shown == track->is_on) {
    track->differs = FALSE;
    return;
  }
  if (!track->differs) {
    track->differs = TRUE;
    track->since = *from;
    track->source = source;
  }
  if (now - track->since.stream_time >= enough)
    change (camera, index, changes);
}

/**
 * vlm_camera_look: (skip)
 * @camera: a camera
 * @frame: the next copy; frames come in the order of their stream times
 * @mask: (nullable): what was applied to it, and nothing else since
 * @changes: (element-type VlmCameraChange): what began or ended is appended
 *
 * Judges the next picture. Its stream time must be known.
 *
 * Since: 0.1
 */
void
vlm_camera_look (VlmCamera *camera, const VlmFrame *frame,
    const VlmBlackout *mask, GArray *changes)
{
  gboolean is_first;
  VlmInstant before;
  VlmTimeSource source_before;
  Picture picture;
  guint shown;

  g_return_if_fail (camera != NULL && frame != NULL && changes != NULL);
  g_return_if_fail (VLM_TIME_IS_VALID (frame->time.stream_time));

  is_first = camera->width == 0;
  before = is_first ? frame->time : camera->last;
  source_before = is_first ? frame->time_source : camera->last_source;
  picture = measure (camera, frame, mask);
  shown = judge (camera, &picture);
  remember_detail (
      camera, &picture, shown, frame->time.stream_time - before.stream_time);
  camera->last = frame->time;
  camera->last_source = frame->time_source;
  for (guint i = 0; i < N_STATES; i++) {
    gboolean is_shown = (shown & (1u << i)) != 0;
    /* The picture stood still from the frame on that this one repeats. */
    gboolean earlier = is_shown && (1u << i) == VLM_CAMERA_FROZEN;

    follow (camera, i, is_shown, earlier ? &before : &frame->time,
        earlier ? source_before : frame->time_source, frame->time.stream_time,
        changes);
  }
}

/**
 * vlm_camera_wait: (skip)
 * @camera: a camera
 * @now: the present time
 * @source: where its UTC comes from
 * @changes: (element-type VlmCameraChange): states that began are appended
 *
 * Call this from time to time while no frame comes, because a missing frame
 * triggers nothing. %VLM_CAMERA_NO_SIGNAL begins with the last frame, or with
 * the first call if there was none.
 *
 * Since: 0.1
 */
void
vlm_camera_wait (VlmCamera *camera, const VlmInstant *now, VlmTimeSource source,
    GArray *changes)
{
  g_return_if_fail (camera != NULL && now != NULL && changes != NULL);
  g_return_if_fail (VLM_TIME_IS_VALID (now->stream_time));

  if (camera->width == 0)
    follow (camera, N_STATES - 1, TRUE, now, source, now->stream_time, changes);
  else
    follow (camera, N_STATES - 1, TRUE, &camera->last, camera->last_source,
        now->stream_time, changes);
}

/**
 * vlm_camera_finish: (skip)
 * @camera: a camera
 * @changes: (element-type VlmCameraChange): what ended is appended
 *
 * The stream has ended: what has begun ends with the last frame, and everything
 * is forgotten.
 *
 * Since: 0.1
 */
void
vlm_camera_finish (VlmCamera *camera, GArray *changes)
{
  g_return_if_fail (camera != NULL && changes != NULL);

  for (guint i = 0; i < N_STATES; i++) {
    Track *track = &camera->tracks[i];

    if (!track->is_on)
      continue;
    if (!track->differs) {
      track->since = camera->width > 0 ? camera->last : track->began;
      track->source = camera->last_source;
    }
    change (camera, i, changes);
  }
  vlm_camera_reset (camera);
}

/**
 * vlm_camera_reset:
 * @camera: a camera
 *
 * Forgets everything, also which states had begun: another stream follows.
 *
 * Since: 0.1
 */
void
vlm_camera_reset (VlmCamera *camera)
{
  VlmCameraStates states;

  g_return_if_fail (camera != NULL);

  states = camera->states;
  *camera = (VlmCamera){ .states = states };
}

/**
 * vlm_camera_get_states:
 * @camera: a camera
 *
 * Says what is wrong now.
 *
 * Returns: the states that have begun and not ended
 *
 * Since: 0.1
 */
VlmCameraStates
vlm_camera_get_states (const VlmCamera *camera)
{
  guint on = 0;

  g_return_val_if_fail (camera != NULL, 0);

  for (guint i = 0; i < N_STATES; i++)
    if (camera->tracks[i].is_on)
      on |= 1u << i;
  return (VlmCameraStates) on;
}

/**
 * vlm_camera_state_to_string:
 * @state: one state
 *
 * Names one state, as records have it in `condition`.
 *
 * Returns: (transfer none): its name, as in "no-signal"
 *
 * Since: 0.1
 */
const char *
vlm_camera_state_to_string (VlmCameraStates state)
{
  for (guint i = 0; i < N_STATES; i++)
    if ((guint) state == 1u << i)
      return table[i].name;
  g_return_val_if_reached (NULL);
}
