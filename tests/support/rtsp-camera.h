/* gst-vlm: an RTSP camera whose every frame is known
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>

G_BEGIN_DECLS

/* A server on the loopback with a thread of its own. 224x56 pixels, ten frames
 * a second, as JPEG. Each frame bears its number, and the camera remembers when
 * it was taken. Thread-safe. */
typedef struct _RtspCamera RtspCamera;

#define RTSP_CAMERA_WIDTH 224
#define RTSP_CAMERA_HEIGHT 56
#define RTSP_CAMERA_INTERVAL (VLM_SECOND / 10)

RtspCamera *rtsp_camera_new (void);
void rtsp_camera_free (RtspCamera *camera);

/* Every start gives the frames numbers that were not used before. The port
 * stays the same. */
void rtsp_camera_start (RtspCamera *camera);
/* Hangs up. */
void rtsp_camera_stop (RtspCamera *camera);
/* (transfer full) */
char *rtsp_camera_get_uri (RtspCamera *camera);

/* From now on, the times of sender reports are off by @offset_s. */
void rtsp_camera_set_clock (RtspCamera *camera, gint offset_s);

/* The number that is painted on @frame, a copy in the camera's size; -1 for
 * none. */
gint rtsp_camera_read_number (const VlmFrame *frame);
/* UTC, by the clock of this machine, at which that frame was taken. */
gint64 rtsp_camera_get_time (RtspCamera *camera, gint number);
/* Which start the frame is of, from 0. */
guint rtsp_camera_get_generation (gint number);

G_END_DECLS
