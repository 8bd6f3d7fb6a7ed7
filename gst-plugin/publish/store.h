/* gst-vlm: the spool's database
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table of records in the order in which they leave, another one of the
 * events that go on, and one of what streams are asked for. Bounded: when it is
 * full, the oldest records make place, and a gap record takes theirs. One thread
 * at a time. */
#pragma once

#include "publish/record.h"

G_BEGIN_DECLS

/* What is kept with a record: that which a format cannot know when it is sent,
 * perhaps by another process. */
typedef struct
{
  gint64 id;       /* grows */
  gint64 received; /* µs since 1970, UTC */
  gint64 begun;    /* likewise: what gst_vlm_record_guess_begin() says of the
                      first record of the event */
  GstVlmRecord *record;
  GstVlmRecord *previous; /* (nullable): of the same event */
  gboolean active;        /* what it is about goes on, after this */
  gboolean keep; /* the end of an event that others know of: goes last */
} GstVlmEntry;

void gst_vlm_entry_free (GstVlmEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmEntry, gst_vlm_entry_free)

typedef struct _GstVlmStore GstVlmStore;

/* @path: (nullable): a file, which is locked meanwhile, or memory */
GstVlmStore *
gst_vlm_store_open (const char *path, guint64 max_bytes, GError **error);
void gst_vlm_store_free (GstVlmStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmStore, gst_vlm_store_free)

/* Several changes as one. A transaction that was not committed did not
 * happen. */
gboolean gst_vlm_store_begin (GstVlmStore *self, GError **error);
gboolean gst_vlm_store_commit (GstVlmStore *self, GError **error);
void gst_vlm_store_roll_back (GstVlmStore *self);

/* Makes place first, of records beyond @after; @n_dropped is raised by how many
 * that took. */
gboolean gst_vlm_store_add (GstVlmStore *self, const GstVlmEntry *entry,
    gint64 after, guint *n_dropped, GError **error);
/* The first @max ones beyond @after, as GstVlmEntry, appended to @entries. */
gboolean gst_vlm_store_list (GstVlmStore *self, gint64 after, guint max,
    GPtrArray *entries, GError **error);
/* All up to @id. */
gboolean gst_vlm_store_remove (GstVlmStore *self, gint64 id, GError **error);
/* Others know of the event: keep its end. */
gboolean
gst_vlm_store_keep (GstVlmStore *self, const char *uid, GError **error);

/* The events that go on. */
gboolean gst_vlm_store_set_open (GstVlmStore *self, const GstVlmRecord *last,
    gint64 begun, gboolean known, GError **error);
gboolean
gst_vlm_store_set_ended (GstVlmStore *self, const char *uid, GError **error);
typedef void (*GstVlmStoreOpenFunc) (
    GstVlmRecord *last, gint64 begun, gboolean known, gpointer user_data);
/* @func takes the record over. */
gboolean gst_vlm_store_list_open (GstVlmStore *self, GstVlmStoreOpenFunc func,
    gpointer user_data, GError **error);

/* What others know that streams are asked for; @subject is "" for none. */
gboolean gst_vlm_store_add_subject (
    GstVlmStore *self, const char *stream, const char *subject, GError **error);
gboolean gst_vlm_store_remove_subject (
    GstVlmStore *self, const char *stream, const char *subject, GError **error);
typedef void (*GstVlmStoreSubjectFunc) (
    const char *stream, const char *subject, gpointer user_data);
gboolean gst_vlm_store_list_subjects (GstVlmStore *self,
    GstVlmStoreSubjectFunc func, gpointer user_data, GError **error);

guint64 gst_vlm_store_count_up_to (GstVlmStore *self, gint64 id);
gint64 gst_vlm_store_get_last_id (GstVlmStore *self); /* 0: empty */
guint64 gst_vlm_store_get_n_records (GstVlmStore *self);
guint64 gst_vlm_store_get_n_bytes (GstVlmStore *self);

G_END_DECLS
