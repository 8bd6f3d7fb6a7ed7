/* gst-vlm: a vlmpublish in a harness
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>

#include "publish/records.h"

G_BEGIN_DECLS

/* A spool in a folder of its own; pauses of 20 ms. */
typedef struct
{
  char *folder;
  GstElement *element;
  GstHarness *harness;
  GstBus *bus;
} PublishFixture;

/* Properties can be set now ... */
void publish_fixture_init (PublishFixture *f);
/* In an existing folder, which is also removed at the end. */
void publish_fixture_init_in (PublishFixture *f, const char *folder);
/* ... and from now on it runs. */
void publish_fixture_start (PublishFixture *f);
/* Stops it, and makes another one on the same spool. */
void publish_fixture_restart (PublishFixture *f);
void publish_fixture_clear (PublishFixture *f);

/* With its newline. */
void publish_fixture_push (PublishFixture *f, const char *line);
void publish_fixture_push_event (
    PublishFixture *f, const char *uid, guint seq, const char *state);
/* EOS, which waits for acknowledgements. */
void publish_fixture_finish (PublishFixture *f);
/* The next element message @name; fails after 30 seconds. */
GstMessage *publish_fixture_wait (PublishFixture *f, const char *name);
/* Waits until so many records were sent, or are waiting. */
void publish_fixture_wait_sent (PublishFixture *f, guint64 n);
guint64 publish_fixture_get_stat (PublishFixture *f, const char *name);
/* After the message of an outage: attempts go on, and none of them is another
 * message, or warning. Records must be waiting. */
void publish_fixture_check_outage (PublishFixture *f);
/* Waits for the message of an outage. (transfer full): the error in the stats */
char *publish_fixture_wait_error (PublishFixture *f);

G_END_DECLS
