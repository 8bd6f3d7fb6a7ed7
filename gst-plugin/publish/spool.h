/* gst-vlm: the spool of records that wait to be sent
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records go in on one thread and out on another one, in the order in which
 * they came. They are stored on the disk until they are acknowledged. If the
 * disk accepts no more, some are kept in memory, and moved to the disk as soon
 * as it can take them.
 *
 * The spool knows which events are open. A process that stops in the middle of
 * one, or is killed, leaves it open: the next one that opens the spool ends it,
 * with the reason `interrupted`. Thread-safe. */
#pragma once

#include "publish/store.h"

G_BEGIN_DECLS

typedef struct _GstVlmSpool GstVlmSpool;

/* The folder of a location, with a name that every file system accepts.
 * @printable: for people who look for it; @identity: differs between locations.
 * (transfer full) */
char *
gst_vlm_spool_default_directory (const char *printable, const char *identity);

/* GST_VLM_PUBLISH_ERROR_BUSY: another spool has @directory open. */
GstVlmSpool *
gst_vlm_spool_open (const char *directory, guint64 max_bytes, GError **error);
/* Returns how many records were in memory only, and are lost; @error: why they
 * are not on the disk. */
guint64 gst_vlm_spool_close (GstVlmSpool *self, GError **error);

/* FALSE: the record is in memory, @error says why it is not on the disk.
 * @n_dropped: how many older records were dropped for it. */
gboolean gst_vlm_spool_add (
    GstVlmSpool *self, GstVlmRecord *record, guint *n_dropped, GError **error);

/* Sets the subjects that @stream is queried for. Adds a record for each, and one
 * with the state `removed` for each that was announced earlier and is missing
 * now; if an event of it is still open, that record follows the event's end.
 * @subjects: "" for events without one. The rest as above. */
gboolean gst_vlm_spool_set_subjects (GstVlmSpool *self, const char *stream,
    const char *const *subjects, guint *n_dropped, GError **error);

/* The stream was renamed: adds a record with the state `removed` for each of its
 * subjects. The ends of events that are open come under its new name. */
gboolean gst_vlm_spool_remove_stream (
    GstVlmSpool *self, const char *stream, guint *n_dropped, GError **error);

/* The next records, at most @max, as GstVlmEntry: they are under way, and stay
 * until they are acknowledged or handed back. NULL after an error.
 * (transfer full) */
GPtrArray *gst_vlm_spool_take (GstVlmSpool *self, guint max, GError **error);
/* All up to @id were acknowledged. FALSE: the disk still has them, and after a
 * restart they will be sent again. */
gboolean
gst_vlm_spool_acknowledge (GstVlmSpool *self, gint64 id, GError **error);
/* All that is under way will have to be taken again. */
void gst_vlm_spool_hand_back (GstVlmSpool *self);
/* The other side will never accept @entry, the first one that is under way: a gap
 * record takes its place, and the rest is handed back. */
gboolean gst_vlm_spool_refuse (
    GstVlmSpool *self, const GstVlmEntry *entry, GError **error);

typedef struct
{
  guint64 n_waiting;
  guint64 n_bytes;
  guint64 n_in_memory; /* of those that wait */
} GstVlmSpoolLevel;

GstVlmSpoolLevel gst_vlm_spool_get_level (GstVlmSpool *self);

G_END_DECLS
