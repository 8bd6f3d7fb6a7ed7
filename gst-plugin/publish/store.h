/* gst-vlm: the spool's database
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table of records in the order in which they leave, another one of the open
 * events, and one of the subjects of streams. Bounded: when it is full, the
 * oldest records are dropped, and a gap record takes their place. One thread at
 * a time. */
#pragma once

#include "publish/record.h"

G_BEGIN_DECLS

/* A record, with what a format cannot know when it is sent, perhaps by another
 * process. */
typedef struct
{
  gint64 id;       /* grows */
  gint64 received; /* µs since 1970, UTC */
  gint64 begun;    /* likewise: what gst_vlm_record_guess_begin() says of the
                      first record of the event */
  GstVlmRecord *record;
  GstVlmRecord *previous; /* (nullable): of the same event */
  gboolean active;        /* an event of its subject is open, after this */
  gboolean keep; /* the end of an event that others know of: dropped last */
} GstVlmEntry;

void gst_vlm_entry_free (GstVlmEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmEntry, gst_vlm_entry_free)

typedef struct _GstVlmStore GstVlmStore;

/* @path: (nullable): a file, which is locked while it is open, or memory */
GstVlmStore *
gst_vlm_store_open (const char *path, guint64 max_bytes, GError **error);
void gst_vlm_store_free (GstVlmStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmStore, gst_vlm_store_free)

/* Several changes as one. A transaction that was not committed has no
 * effect. */
gboolean gst_vlm_store_begin (GstVlmStore *self, GError **error);
gboolean gst_vlm_store_commit (GstVlmStore *self, GError **error);
void gst_vlm_store_roll_back (GstVlmStore *self);

/* Makes room first, by dropping records beyond @after; adds their number to
 * @n_dropped. */
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

/* The open events. */
gboolean gst_vlm_store_set_open (GstVlmStore *self, const GstVlmRecord *last,
    gint64 begun, gboolean known, GError **error);
gboolean
gst_vlm_store_set_ended (GstVlmStore *self, const char *uid, GError **error);
typedef void (*GstVlmStoreOpenFunc) (
    GstVlmRecord *last, gint64 begun, gboolean known, gpointer user_data);
/* @func takes ownership of the record. */
gboolean gst_vlm_store_list_open (GstVlmStore *self, GstVlmStoreOpenFunc func,
    gpointer user_data, GError **error);

/* The subjects of streams that others know of; @subject is "" for none. */
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
