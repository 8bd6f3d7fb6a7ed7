/* gst-vlm: the spool of records that wait to be sent
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/spool.h"

#include <gst/gst.h>
#include <string.h>

#include "publish/error.h"

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_publish_debug);
#define GST_CAT_DEFAULT gst_vlm_publish_debug

#define FILE_NAME "spool.sqlite"
/* How much is kept in memory while the disk is full. */
#define MEMORY_BYTES (8 * 1024 * 1024)
/* How many open events are tracked; more than that are not. */
#define MAX_OPEN 4096
#define MOVE_AT_ONCE 256

typedef struct
{
  GstVlmRecord *last;
  gint64 begun;   /* as in GstVlmEntry */
  gboolean known; /* to the other side, perhaps */
} OpenEvent;

/* Of one stream: sets of subjects, "" for none. */
typedef struct
{
  GHashTable *known;   /* to the other side, perhaps */
  GHashTable *current; /* NULL: not known */
} Subjects;

struct _GstVlmSpool
{
  GMutex lock;
  /* Under the lock. */
  GstVlmStore *disk;
  GstVlmStore *memory; /* what came after all that is on the disk */
  GHashTable *open;    /* uid -> OpenEvent */
  GHashTable *streams; /* name -> Subjects */
  gint64 last_id;
  gint64 taken_id;    /* up to here, records are under way */
  gint64 done_id;     /* up to here, they were acknowledged */
  guint64 n_leftover; /* acknowledged, but still on the disk */
};

static void
open_event_free (OpenEvent *event)
{
  gst_vlm_record_unref (event->last);
  g_free (event);
}

char *
gst_vlm_spool_default_directory (const char *printable, const char *identity)
{
  g_autofree char *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, identity, -1);
  g_autofree char *name = g_strndup (printable, 64);

  g_strcanon (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-", '_');
  sum[12] = '\0';
  return g_strdup_printf (
      "%s/gst-vlm/publish/%s-%s", g_get_user_state_dir (), name, sum);
}

static void
note_open (GstVlmRecord *last, gint64 begun, gboolean known, gpointer user_data)
{
  GHashTable *open = user_data;
  OpenEvent *event = g_new0 (OpenEvent, 1);

  event->last = last;
  event->begun = begun;
  event->known = known;
  g_hash_table_insert (open, g_strdup (last->uid), event);
}

static gboolean
is_about_the_same (const GstVlmRecord *a, const GstVlmRecord *b)
{
  const char *type =
      strcmp (b->type, GST_VLM_RECORD_SUBJECT) == 0 ? "event" : b->type;

  return strcmp (a->type, type) == 0 && strcmp (a->stream, b->stream) == 0 &&
      g_strcmp0 (a->subject, b->subject) == 0;
}

/* Whether there is an open event of the same subject. */
static gboolean
any_is_open (GstVlmSpool *self, const GstVlmRecord *record)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->open);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (is_about_the_same (((OpenEvent *) value)->last, record))
      return TRUE;
  }
  return FALSE;
}

/* Takes ownership of @record. `active` is the state after it. */
static GstVlmEntry *
make_entry (GstVlmSpool *self, GstVlmRecord *record)
{
  GstVlmEntry *entry = g_new0 (GstVlmEntry, 1);
  OpenEvent *event = record->uid != NULL
      ? g_hash_table_lookup (self->open, record->uid)
      : NULL;

  entry->id = ++self->last_id;
  entry->received = g_get_real_time ();
  entry->record = record;
  entry->begun = event != NULL
      ? event->begun
      : gst_vlm_record_guess_begin (record, entry->received);
  if (event != NULL) {
    entry->previous = gst_vlm_record_ref (event->last);
    entry->keep = record->state == GST_VLM_RECORD_END && event->known;
  }
  if (record->state == GST_VLM_RECORD_END) {
    g_hash_table_remove (self->open, record->uid);
  } else if (record->state != GST_VLM_RECORD_NOTE) {
    if (event == NULL && g_hash_table_size (self->open) >= MAX_OPEN)
      GST_WARNING ("more than %d events are in progress: %s will not be ended "
                   "after an interruption",
          MAX_OPEN, record->uid);
    else
      note_open (gst_vlm_record_ref (record), entry->begun,
          event != NULL && event->known, self->open);
  }
  entry->active = any_is_open (self, record);
  return entry;
}

static void
subjects_free (Subjects *subjects)
{
  g_hash_table_unref (subjects->known);
  g_clear_pointer (&subjects->current, g_hash_table_unref);
  g_free (subjects);
}

static Subjects *
get_subjects (GHashTable *streams, const char *stream)
{
  Subjects *subjects = g_hash_table_lookup (streams, stream);

  if (subjects == NULL) {
    subjects = g_new0 (Subjects, 1);
    subjects->known =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert (streams, g_strdup (stream), subjects);
  }
  return subjects;
}

static void
note_known_subject (const char *stream, const char *subject, gpointer user_data)
{
  g_hash_table_add (
      get_subjects (user_data, stream)->known, g_strdup (subject));
}

static const char *
subject_of (const GstVlmRecord *record)
{
  return record->subject != NULL ? record->subject : "";
}

/* Before the record is in the spool: if only one of the two is done, it is better
 * to remove a subject later that was never announced. */
static void
note_subject (GstVlmSpool *self, const GstVlmRecord *record)
{
  const char *subject = subject_of (record);
  g_autoptr (GError) error = NULL;

  if ((strcmp (record->type, "event") != 0 ||
          record->state == GST_VLM_RECORD_NOTE) &&
      strcmp (record->type, GST_VLM_RECORD_SUBJECT) != 0)
    return;
  if (!g_hash_table_add (get_subjects (self->streams, record->stream)->known,
          g_strdup (subject)))
    return;
  if (!gst_vlm_store_add_subject (self->disk, record->stream, subject, &error))
    GST_WARNING ("a subject cannot be written down: %s", error->message);
}

/* In a transaction. */
static gboolean
write_entry (GstVlmSpool *self, const GstVlmEntry *entry, guint *n_dropped,
    GError **error)
{
  const GstVlmRecord *record = entry->record;
  const OpenEvent *event;

  if (!gst_vlm_store_add (self->disk, entry, self->taken_id, n_dropped, error))
    return FALSE;
  if (record->state == GST_VLM_RECORD_NOTE)
    return TRUE;
  if (record->state == GST_VLM_RECORD_END)
    return gst_vlm_store_set_ended (self->disk, record->uid, error);
  event = g_hash_table_lookup (self->open, record->uid);
  return event == NULL ||
      gst_vlm_store_set_open (
          self->disk, record, event->begun, event->known, error);
}

static gboolean
write_entries (
    GstVlmSpool *self, GPtrArray *entries, guint *n_dropped, GError **error)
{
  guint n_new = 0;

  if (!gst_vlm_store_begin (self->disk, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    if (!write_entry (self, entries->pdata[i], &n_new, error)) {
      gst_vlm_store_roll_back (self->disk);
      return FALSE;
    }
  if (!gst_vlm_store_commit (self->disk, error))
    return FALSE;
  *n_dropped += n_new;
  return TRUE;
}

/* Moves what is in memory to the disk. */
static gboolean
move_to_disk (GstVlmSpool *self, guint *n_dropped, GError **error)
{
  while (gst_vlm_store_get_n_records (self->memory) > 0) {
    g_autoptr (GPtrArray) entries =
        g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_entry_free);
    const GstVlmEntry *last;

    if (!gst_vlm_store_list (self->memory, 0, MOVE_AT_ONCE, entries, error) ||
        !write_entries (self, entries, n_dropped, error))
      return FALSE;
    last = g_ptr_array_index (entries, entries->len - 1);
    if (!gst_vlm_store_remove (self->memory, last->id, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_entry (
    GstVlmSpool *self, GstVlmEntry *entry, guint *n_dropped, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  g_autoptr (GError) failure = NULL;

  g_ptr_array_add (entries, entry);
  if (move_to_disk (self, n_dropped, error) &&
      write_entries (self, entries, n_dropped, error))
    return TRUE;
  if (!gst_vlm_store_add (
          self->memory, entry, self->taken_id, n_dropped, &failure)) {
    GST_ERROR ("the record cannot be kept in memory: %s", failure->message);
    (*n_dropped)++;
  }
  return FALSE;
}

/* Takes ownership of @record. */
static gboolean
add_record (
    GstVlmSpool *self, GstVlmRecord *record, guint *n_dropped, GError **error)
{
  g_autoptr (GstVlmEntry) entry = make_entry (self, record);

  note_subject (self, record);
  return add_entry (self, entry, n_dropped, error);
}

static GstVlmRecord *
new_subject (const char *stream, const char *subject, const char *state)
{
  return gst_vlm_record_new_subject (*stream != '\0' ? stream : NULL,
      *subject != '\0' ? subject : NULL, state);
}

/* The other side is to forget it; while an event of it is open, that follows with
 * the event's end, unless it is @at_once. */
static gboolean
add_removal (GstVlmSpool *self, const char *stream, const char *subject,
    gboolean at_once, guint *n_dropped, GError **error)
{
  g_autoptr (GstVlmEntry) entry =
      make_entry (self, new_subject (stream, subject, "removed"));
  Subjects *subjects = get_subjects (self->streams, stream);
  gboolean on_disk;

  if (entry->active && !at_once)
    return TRUE;
  entry->keep = TRUE;
  on_disk = add_entry (self, entry, n_dropped, error);
  gst_vlm_store_remove_subject (self->disk, stream, subject, NULL);
  g_hash_table_remove (subjects->known, subject);
  return on_disk;
}

/* The last event of a subject that is not queried has announced it again. */
static gboolean
remove_ended_subject (GstVlmSpool *self, const GstVlmRecord *record,
    guint *n_dropped, GError **error)
{
  Subjects *subjects = g_hash_table_lookup (self->streams, record->stream);
  const char *subject = subject_of (record);

  if (strcmp (record->type, "event") != 0 ||
      record->state != GST_VLM_RECORD_END || subjects == NULL ||
      subjects->current == NULL ||
      g_hash_table_contains (subjects->current, subject))
    return TRUE;
  return add_removal (self, record->stream, subject, FALSE, n_dropped, error);
}

static int
compare_seq (gconstpointer a, gconstpointer b)
{
  const GstVlmRecord *first = *(GstVlmRecord *const *) a;
  const GstVlmRecord *second = *(GstVlmRecord *const *) b;

  return (first->seq > second->seq) - (first->seq < second->seq);
}

/* The last user of this spool left these open. */
static gboolean
end_what_is_open (GstVlmSpool *self, GError **error)
{
  g_autoptr (GPtrArray) ends =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_record_unref);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->open);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const GstVlmRecord *last = ((OpenEvent *) value)->last;

    g_ptr_array_add (
        ends, gst_vlm_record_new_interrupted (last, last->seq + 1));
  }
  g_ptr_array_sort (ends, compare_seq);
  for (guint i = 0; i < ends->len; i++) {
    guint n_dropped = 0;

    if (!add_record (
            self, gst_vlm_record_ref (ends->pdata[i]), &n_dropped, error))
      return FALSE;
  }
  if (ends->len > 0)
    GST_INFO ("%u events were interrupted", ends->len);
  return TRUE;
}

static gboolean
open_stores (
    GstVlmSpool *self, const char *directory, guint64 max_bytes, GError **error)
{
  g_autofree char *path = g_build_filename (directory, FILE_NAME, NULL);

  if (g_mkdir_with_parents (directory, 0700) != 0) {
    int code = errno;

    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SPOOL,
        "the folder cannot be created: %s", g_strerror (code));
    return FALSE;
  }
  self->disk = gst_vlm_store_open (path, max_bytes, error);
  if (self->disk == NULL)
    return FALSE;
  self->memory =
      gst_vlm_store_open (NULL, MIN (max_bytes, MEMORY_BYTES), error);
  return self->memory != NULL;
}

static void
spool_free (GstVlmSpool *self)
{
  gst_vlm_store_free (self->disk);
  gst_vlm_store_free (self->memory);
  g_hash_table_unref (self->open);
  g_hash_table_unref (self->streams);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GstVlmSpool *
gst_vlm_spool_open (const char *directory, guint64 max_bytes, GError **error)
{
  GstVlmSpool *self = g_new0 (GstVlmSpool, 1);

  g_mutex_init (&self->lock);
  self->open = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) open_event_free);
  self->streams = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) subjects_free);
  if (!open_stores (self, directory, max_bytes, error) ||
      !gst_vlm_store_list_open (self->disk, note_open, self->open, error) ||
      !gst_vlm_store_list_subjects (
          self->disk, note_known_subject, self->streams, error)) {
    spool_free (self);
    return NULL;
  }
  self->last_id = gst_vlm_store_get_last_id (self->disk);
  if (!end_what_is_open (self, error)) {
    spool_free (self);
    return NULL;
  }
  return self;
}

guint64
gst_vlm_spool_close (GstVlmSpool *self, GError **error)
{
  guint64 n_lost = 0;
  guint n_dropped = 0;

  if (!move_to_disk (self, &n_dropped, error))
    n_lost = gst_vlm_store_get_n_records (self->memory);
  spool_free (self);
  return n_lost;
}

gboolean
gst_vlm_spool_add (
    GstVlmSpool *self, GstVlmRecord *record, guint *n_dropped, GError **error)
{
  gboolean on_disk;

  *n_dropped = 0;
  g_mutex_lock (&self->lock);
  on_disk = add_record (self, gst_vlm_record_ref (record), n_dropped, error);
  if (!remove_ended_subject (self, record, n_dropped, on_disk ? error : NULL))
    on_disk = FALSE;
  g_mutex_unlock (&self->lock);
  return on_disk;
}

static void
set_current (Subjects *subjects, const char *const *now)
{
  g_clear_pointer (&subjects->current, g_hash_table_unref);
  subjects->current =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; now[i] != NULL; i++)
    g_hash_table_add (subjects->current, g_strdup (now[i]));
}

static gboolean
add_removals (GstVlmSpool *self, const char *stream, GPtrArray *removed,
    gboolean at_once, guint *n_dropped, GError **error)
{
  gboolean on_disk = TRUE;

  for (guint i = 0; i < removed->len; i++)
    if (!add_removal (self, stream, removed->pdata[i], at_once, n_dropped,
            on_disk ? error : NULL))
      on_disk = FALSE;
  return on_disk;
}

/* (transfer full): what is known and no longer current */
static GPtrArray *
list_removed (const Subjects *subjects)
{
  GPtrArray *removed = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer subject;

  g_hash_table_iter_init (&iter, subjects->known);
  while (g_hash_table_iter_next (&iter, &subject, NULL))
    if (!g_hash_table_contains (subjects->current, subject))
      g_ptr_array_add (removed, g_strdup (subject));
  return removed;
}

gboolean
gst_vlm_spool_set_subjects (GstVlmSpool *self, const char *stream,
    const char *const *subjects, guint *n_dropped, GError **error)
{
  g_autoptr (GPtrArray) removed = NULL;
  gboolean on_disk;

  *n_dropped = 0;
  g_mutex_lock (&self->lock);
  set_current (get_subjects (self->streams, stream), subjects);
  removed = list_removed (get_subjects (self->streams, stream));
  on_disk = add_removals (self, stream, removed, FALSE, n_dropped, error);
  for (guint i = 0; subjects[i] != NULL; i++)
    if (!add_record (self, new_subject (stream, subjects[i], NULL), n_dropped,
            on_disk ? error : NULL))
      on_disk = FALSE;
  g_mutex_unlock (&self->lock);
  return on_disk;
}

gboolean
gst_vlm_spool_remove_stream (
    GstVlmSpool *self, const char *stream, guint *n_dropped, GError **error)
{
  static const char *const none[] = { NULL };
  g_autoptr (GPtrArray) removed = NULL;
  gboolean on_disk;

  *n_dropped = 0;
  g_mutex_lock (&self->lock);
  set_current (get_subjects (self->streams, stream), none);
  removed = list_removed (get_subjects (self->streams, stream));
  on_disk = add_removals (self, stream, removed, TRUE, n_dropped, error);
  g_mutex_unlock (&self->lock);
  return on_disk;
}

/* The other side may know of the event from now on. This is stored without a
 * check, because it matters only when the spool is full. */
static void
note_known (GstVlmSpool *self, const GstVlmRecord *record)
{
  OpenEvent *event;

  if (record->uid == NULL || record->state == GST_VLM_RECORD_END)
    return;
  event = g_hash_table_lookup (self->open, record->uid);
  if (event == NULL) {
    gst_vlm_store_keep (self->disk, record->uid, NULL);
    gst_vlm_store_keep (self->memory, record->uid, NULL);
  } else if (!event->known) {
    event->known = TRUE;
    gst_vlm_store_set_open (self->disk, event->last, event->begun, TRUE, NULL);
  }
}

static gboolean
list_next (GstVlmSpool *self, guint max, GPtrArray *entries, GError **error)
{
  if (!gst_vlm_store_list (self->disk, self->done_id, max, entries, error))
    return FALSE;
  return entries->len == max ||
      gst_vlm_store_list (
          self->memory, self->done_id, max - entries->len, entries, error);
}

/* Acknowledged records that could not be removed from the disk. */
static void
remove_leftover (GstVlmSpool *self)
{
  if (self->n_leftover > 0 &&
      gst_vlm_store_remove (self->disk, self->done_id, NULL))
    self->n_leftover = 0;
}

GPtrArray *
gst_vlm_spool_take (GstVlmSpool *self, guint max, GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_entry_free);
  gboolean good;

  g_mutex_lock (&self->lock);
  remove_leftover (self);
  good = list_next (self, max, entries, error);
  if (good && entries->len > 0) {
    const GstVlmEntry *last = g_ptr_array_index (entries, entries->len - 1);
    gboolean marking = gst_vlm_store_begin (self->disk, NULL);

    self->taken_id = last->id;
    for (guint i = 0; i < entries->len; i++)
      note_known (self, ((GstVlmEntry *) entries->pdata[i])->record);
    if (marking)
      gst_vlm_store_commit (self->disk, NULL);
  }
  g_mutex_unlock (&self->lock);
  return good ? g_steal_pointer (&entries) : NULL;
}

static gboolean
remove_up_to (GstVlmSpool *self, gint64 id, GError **error)
{
  gst_vlm_store_remove (self->memory, id, NULL);
  return gst_vlm_store_remove (self->disk, id, error);
}

gboolean
gst_vlm_spool_acknowledge (GstVlmSpool *self, gint64 id, GError **error)
{
  gboolean removed;

  g_mutex_lock (&self->lock);
  self->done_id = id;
  removed = remove_up_to (self, id, error);
  self->n_leftover = removed ? 0 : gst_vlm_store_count_up_to (self->disk, id);
  g_mutex_unlock (&self->lock);
  return removed;
}

void
gst_vlm_spool_hand_back (GstVlmSpool *self)
{
  g_mutex_lock (&self->lock);
  self->taken_id = self->done_id;
  g_mutex_unlock (&self->lock);
}

gboolean
gst_vlm_spool_refuse (
    GstVlmSpool *self, const GstVlmEntry *entry, GError **error)
{
  g_autoptr (GstVlmEntry) gap = g_new0 (GstVlmEntry, 1);
  guint n_dropped = 0;
  gboolean good;

  gap->id = entry->id;
  gap->received = gap->begun = entry->received;
  gap->record = gst_vlm_record_new_gap (NULL, entry->record, "refused");
  g_mutex_lock (&self->lock);
  good = remove_up_to (self, entry->id, error) &&
      gst_vlm_store_add (self->disk, gap, entry->id, &n_dropped, error);
  self->done_id = good ? entry->id - 1 : entry->id;
  self->taken_id = self->done_id;
  self->n_leftover =
      good ? 0 : gst_vlm_store_count_up_to (self->disk, self->done_id);
  g_mutex_unlock (&self->lock);
  return good;
}

GstVlmSpoolLevel
gst_vlm_spool_get_level (GstVlmSpool *self)
{
  GstVlmSpoolLevel level;

  g_mutex_lock (&self->lock);
  level.n_in_memory = gst_vlm_store_get_n_records (self->memory);
  level.n_waiting = gst_vlm_store_get_n_records (self->disk) +
      level.n_in_memory - self->n_leftover;
  level.n_bytes = gst_vlm_store_get_n_bytes (self->disk) +
      gst_vlm_store_get_n_bytes (self->memory);
  g_mutex_unlock (&self->lock);
  return level;
}
