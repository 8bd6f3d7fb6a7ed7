/* gst-vlm: the spool's database
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/store.h"

#include <sqlite3.h>
#include <string.h>

#include "publish/error.h"

/* What a row takes beside its texts. */
#define ROW_BYTES 64

#define SCHEMA_VERSION 2

/* An exclusive lock, held until the file is closed, keeps a second pipeline out;
 * a process that was killed loses it. A commit is on the disk when it returns
 * (synchronous=FULL): some milliseconds a record. */
static const char setup[] = "PRAGMA auto_vacuum = INCREMENTAL;"
                            "PRAGMA locking_mode = EXCLUSIVE;"
                            "PRAGMA journal_mode = WAL;"
                            "PRAGMA synchronous = FULL;"
                            "PRAGMA wal_autocheckpoint = 256;";

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY,"
    " received INTEGER, stream TEXT, uid TEXT, size INTEGER, body TEXT,"
    " previous TEXT, active INTEGER, final INTEGER, keep INTEGER,"
    " gap INTEGER, begun INTEGER);"
    "CREATE INDEX IF NOT EXISTS ends ON records (uid) WHERE final;"
    "CREATE INDEX IF NOT EXISTS gaps ON records (stream) WHERE gap;"
    "CREATE TABLE IF NOT EXISTS open (uid TEXT PRIMARY KEY, body TEXT,"
    " known INTEGER, begun INTEGER);"
    "CREATE TABLE IF NOT EXISTS subjects (stream TEXT, subject TEXT,"
    " PRIMARY KEY (stream, subject));"
    "PRAGMA user_version = 2;";

static const char from_version_1[] =
    "ALTER TABLE records ADD COLUMN begun INTEGER;"
    "ALTER TABLE open ADD COLUMN begun INTEGER;";

typedef enum
{
  SQL_ADD,
  SQL_LIST,
  SQL_REMOVE,
  SQL_REMOVE_ONE,
  SQL_KEEP,
  SQL_OLDEST,
  SQL_OLDEST_KEPT,
  SQL_OLDEST_GAP,
  SQL_GAP,
  SQL_TOTAL,
  SQL_SET_OPEN,
  SQL_SET_ENDED,
  SQL_LIST_OPEN,
  SQL_ADD_SUBJECT,
  SQL_REMOVE_SUBJECT,
  SQL_LIST_SUBJECTS,
  N_SQL,
} Sql;

#define COLUMNS "id, received, body, previous, active, keep, begun"

static const char *const sql[N_SQL] = {
  [SQL_ADD] = "INSERT INTO records (" COLUMNS ", stream, uid, size, final, gap)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?12, ?7, ?8, ?9, ?10, ?11)",
  [SQL_LIST] = "SELECT " COLUMNS " FROM records WHERE id > ?1"
               " ORDER BY id LIMIT ?2",
  [SQL_REMOVE] = "DELETE FROM records WHERE id <= ?1",
  [SQL_REMOVE_ONE] = "DELETE FROM records WHERE id = ?1",
  [SQL_KEEP] = "UPDATE records SET keep = 1 WHERE uid = ?1 AND final",
  [SQL_OLDEST] = "SELECT " COLUMNS " FROM records"
                 " WHERE id > ?1 AND NOT keep AND NOT gap ORDER BY id LIMIT 1",
  [SQL_OLDEST_KEPT] = "SELECT " COLUMNS " FROM records"
                      " WHERE id > ?1 AND NOT gap ORDER BY id LIMIT 1",
  [SQL_OLDEST_GAP] = "SELECT " COLUMNS " FROM records"
                     " WHERE id > ?1 ORDER BY id LIMIT 1",
  [SQL_GAP] = "SELECT " COLUMNS " FROM records WHERE id > ?1 AND stream = ?2"
              " AND gap ORDER BY id LIMIT 1",
  [SQL_TOTAL] = "SELECT count (*), total (size), max (id) FROM records"
                " WHERE id <= ?1",
  [SQL_SET_OPEN] = "INSERT OR REPLACE INTO open (uid, body, known, begun)"
                   " VALUES (?1, ?2, ?3, ?4)",
  [SQL_SET_ENDED] = "DELETE FROM open WHERE uid = ?1",
  [SQL_LIST_OPEN] = "SELECT body, known, begun FROM open ORDER BY rowid",
  [SQL_ADD_SUBJECT] = "INSERT OR IGNORE INTO subjects VALUES (?1, ?2)",
  [SQL_REMOVE_SUBJECT] =
      "DELETE FROM subjects WHERE stream = ?1 AND subject = ?2",
  [SQL_LIST_SUBJECTS] = "SELECT stream, subject FROM subjects",
};

struct _GstVlmStore
{
  sqlite3 *db;
  sqlite3_stmt *statements[N_SQL];
  guint64 max_bytes;
  guint64 n_records;
  guint64 n_bytes;
  gint64 last_id;
};

void
gst_vlm_entry_free (GstVlmEntry *entry)
{
  if (entry == NULL)
    return;
  g_clear_pointer (&entry->record, gst_vlm_record_unref);
  g_clear_pointer (&entry->previous, gst_vlm_record_unref);
  g_free (entry);
}

static gboolean
fail (GstVlmStore *self, GError **error)
{
  int code = sqlite3_errcode (self->db) & 0xff;

  g_set_error (error, GST_VLM_PUBLISH_ERROR,
      code == SQLITE_BUSY ? GST_VLM_PUBLISH_ERROR_BUSY
                          : GST_VLM_PUBLISH_ERROR_SPOOL,
      "%s", sqlite3_errmsg (self->db));
  return FALSE;
}

static gboolean
run (GstVlmStore *self, const char *text, GError **error)
{
  if (sqlite3_exec (self->db, text, NULL, NULL, NULL) != SQLITE_OK)
    return fail (self, error);
  return TRUE;
}

static sqlite3_stmt *
prepare (GstVlmStore *self, Sql which)
{
  sqlite3_stmt **statement = &self->statements[which];

  if (*statement == NULL)
    sqlite3_prepare_v3 (
        self->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
  return *statement;
}

/* For a statement that returns no rows. */
static gboolean
execute (GstVlmStore *self, sqlite3_stmt *statement, GError **error)
{
  gboolean good = sqlite3_step (statement) == SQLITE_DONE || fail (self, error);

  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return good;
}

/* The number and the size of the records up to @id. */
static gboolean
count (GstVlmStore *self, gint64 id, guint64 *n_records, guint64 *n_bytes,
    GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_TOTAL);
  gboolean good;

  sqlite3_bind_int64 (statement, 1, id);
  good = sqlite3_step (statement) == SQLITE_ROW || fail (self, error);
  if (good) {
    *n_records = (guint64) sqlite3_column_int64 (statement, 0);
    *n_bytes = (guint64) sqlite3_column_double (statement, 1);
    self->last_id = MAX (self->last_id, sqlite3_column_int64 (statement, 2));
  }
  sqlite3_reset (statement);
  return good;
}

static gboolean
count_all (GstVlmStore *self, GError **error)
{
  return count (self, G_MAXINT64, &self->n_records, &self->n_bytes, error);
}

/* In a transaction. */
static gboolean
bring_up_to_date (GstVlmStore *self, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int version = -1;

  if (sqlite3_prepare_v2 (
          self->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
    return fail (self, error);
  if (sqlite3_step (statement) == SQLITE_ROW)
    version = sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  if (version < 0)
    return fail (self, error);
  if (version > SCHEMA_VERSION) {
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SPOOL,
        "written by a newer version of this element (%d)", version);
    return FALSE;
  }
  return (version != 1 || run (self, from_version_1, error)) &&
      run (self, schema, error);
}

static gboolean
set_up (GstVlmStore *self, GError **error)
{

  if (!run (self, setup, error) ||
      !run (self, "BEGIN EXCLUSIVE; COMMIT", error) ||
      !run (self, "BEGIN", error) || !bring_up_to_date (self, error) ||
      !run (self, "COMMIT", error))
    return FALSE;
  for (Sql i = 0; i < N_SQL; i++)
    if (prepare (self, i) == NULL)
      return fail (self, error);
  if (!count_all (self, error))
    return FALSE;
  /* Frees the space that an outage took; a failure does not matter. */
  if (self->n_records == 0)
    sqlite3_exec (self->db, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
  return TRUE;
}

GstVlmStore *
gst_vlm_store_open (const char *path, guint64 max_bytes, GError **error)
{
  g_autoptr (GstVlmStore) self = g_new0 (GstVlmStore, 1);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

  self->max_bytes = max_bytes;
  if (sqlite3_open_v2 (path != NULL ? path : ":memory:", &self->db, flags,
          NULL) != SQLITE_OK) {
    fail (self, error);
    return NULL;
  }
  if (!set_up (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
gst_vlm_store_free (GstVlmStore *self)
{
  if (self == NULL)
    return;
  for (Sql i = 0; i < N_SQL; i++)
    sqlite3_finalize (self->statements[i]);
  sqlite3_close (self->db);
  g_free (self);
}

gboolean
gst_vlm_store_begin (GstVlmStore *self, GError **error)
{
  return run (self, "BEGIN", error);
}

gboolean
gst_vlm_store_commit (GstVlmStore *self, GError **error)
{
  if (run (self, "COMMIT", error))
    return TRUE;
  gst_vlm_store_roll_back (self);
  return FALSE;
}

void
gst_vlm_store_roll_back (GstVlmStore *self)
{
  /* Some errors have rolled back already. */
  if (!sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
  count_all (self, NULL);
}

static void
bind_text (sqlite3_stmt *statement, int index, const char *text)
{
  sqlite3_bind_text (statement, index, text, -1, SQLITE_TRANSIENT);
}

static GstVlmRecord *
read_record (sqlite3_stmt *statement, int column, GError **error)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);
  int size = sqlite3_column_bytes (statement, column);

  if (text == NULL) {
    g_set_error_literal (error, GST_VLM_PUBLISH_ERROR,
        GST_VLM_PUBLISH_ERROR_SPOOL, "a row without a record");
    return NULL;
  }
  return gst_vlm_record_parse (text, (gsize) size, error);
}

/* From a row of COLUMNS. */
static GstVlmEntry *
read_entry (sqlite3_stmt *statement, GError **error)
{
  g_autoptr (GstVlmEntry) entry = g_new0 (GstVlmEntry, 1);

  entry->id = sqlite3_column_int64 (statement, 0);
  entry->received = sqlite3_column_int64 (statement, 1);
  entry->record = read_record (statement, 2, error);
  if (entry->record == NULL)
    return NULL;
  if (sqlite3_column_type (statement, 3) != SQLITE_NULL) {
    entry->previous = read_record (statement, 3, error);
    if (entry->previous == NULL)
      return NULL;
  }
  entry->active = sqlite3_column_int (statement, 4) != 0;
  entry->keep = sqlite3_column_int (statement, 5) != 0;
  entry->begun = sqlite3_column_type (statement, 6) != SQLITE_NULL
      ? sqlite3_column_int64 (statement, 6)
      : entry->received;
  return g_steal_pointer (&entry);
}

static guint64
size_of (const GstVlmEntry *entry)
{
  gsize size = ROW_BYTES + strlen (entry->record->body);

  if (entry->previous != NULL)
    size += strlen (entry->previous->body);
  return size;
}

static gboolean
insert (GstVlmStore *self, const GstVlmEntry *entry, gboolean is_gap,
    GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_ADD);
  const GstVlmRecord *record = entry->record;
  guint64 size = size_of (entry);

  sqlite3_bind_int64 (statement, 1, entry->id);
  sqlite3_bind_int64 (statement, 2, entry->received);
  bind_text (statement, 3, record->body);
  if (entry->previous != NULL)
    bind_text (statement, 4, entry->previous->body);
  sqlite3_bind_int (statement, 5, entry->active);
  sqlite3_bind_int (statement, 6, entry->keep);
  bind_text (statement, 7, record->stream);
  if (record->uid != NULL)
    bind_text (statement, 8, record->uid);
  sqlite3_bind_int64 (statement, 9, (gint64) size);
  sqlite3_bind_int (statement, 10, record->state == GST_VLM_RECORD_END);
  sqlite3_bind_int (statement, 11, is_gap);
  sqlite3_bind_int64 (statement, 12, entry->begun);
  if (!execute (self, statement, error))
    return FALSE;
  self->n_records++;
  self->n_bytes += size;
  self->last_id = MAX (self->last_id, entry->id);
  return TRUE;
}

static gboolean
take_out (GstVlmStore *self, const GstVlmEntry *entry, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_REMOVE_ONE);

  sqlite3_bind_int64 (statement, 1, entry->id);
  if (!execute (self, statement, error))
    return FALSE;
  self->n_records--;
  self->n_bytes -= MIN (self->n_bytes, size_of (entry));
  return TRUE;
}

/* FALSE without an error: there is none. */
static gboolean
find_one (GstVlmStore *self, Sql which, gint64 after, const char *stream,
    GstVlmEntry **entry, GError **error)
{
  sqlite3_stmt *statement = prepare (self, which);
  int result;

  sqlite3_bind_int64 (statement, 1, after);
  if (stream != NULL)
    bind_text (statement, 2, stream);
  result = sqlite3_step (statement);
  if (result == SQLITE_ROW)
    *entry = read_entry (statement, error);
  else if (result != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return result == SQLITE_ROW && *entry != NULL;
}

/* Puts a gap record in the place of @lost, which was taken out. */
static gboolean
leave_gap (
    GstVlmStore *self, const GstVlmEntry *lost, gint64 after, GError **error)
{
  g_autoptr (GstVlmEntry) old = NULL;
  g_autoptr (GstVlmEntry) gap = g_new0 (GstVlmEntry, 1);
  const GstVlmRecord *first = NULL;
  const GstVlmRecord *last = lost->record;
  g_autoptr (GError) failure = NULL;

  gap->id = lost->id;
  gap->received = gap->begun = lost->received;
  if (find_one (self, SQL_GAP, after, lost->record->stream, &old, &failure)) {
    first = old->id < lost->id ? old->record : lost->record;
    last = old->id < lost->id ? lost->record : old->record;
    gap->id = MAX (old->id, lost->id);
    if (!take_out (self, old, error))
      return FALSE;
  } else if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  gap->record = gst_vlm_record_new_gap (first, last, "spool-full");
  return insert (self, gap, TRUE, error);
}

/* Gap records are dropped last: there is one for each stream. FALSE without an
 * error: there is nothing that could be dropped. */
static gboolean
find_victim (GstVlmStore *self, gint64 after, GstVlmEntry **victim,
    gboolean *is_gap, GError **error)
{
  static const Sql order[] = { SQL_OLDEST, SQL_OLDEST_KEPT, SQL_OLDEST_GAP };
  g_autoptr (GError) failure = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (order) && failure == NULL; i++) {
    *is_gap = order[i] == SQL_OLDEST_GAP;
    if (find_one (self, order[i], after, NULL, victim, &failure))
      return TRUE;
  }
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Until @size bytes are free, or nothing is left that could be dropped. */
static gboolean
make_place (GstVlmStore *self, guint64 size, gint64 after, guint *n_dropped,
    GError **error)
{
  while (self->n_bytes + size > self->max_bytes) {
    g_autoptr (GstVlmEntry) victim = NULL;
    g_autoptr (GError) failure = NULL;
    gboolean is_gap;

    if (!find_victim (self, after, &victim, &is_gap, &failure)) {
      if (failure == NULL)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
    if (!take_out (self, victim, error) ||
        (!is_gap && !leave_gap (self, victim, after, error)))
      return FALSE;
    *n_dropped += is_gap ? 0 : 1;
  }
  return TRUE;
}

gboolean
gst_vlm_store_add (GstVlmStore *self, const GstVlmEntry *entry, gint64 after,
    guint *n_dropped, GError **error)
{
  guint64 size = size_of (entry);

  if (size > self->max_bytes) {
    (*n_dropped)++;
    return leave_gap (self, entry, after, error);
  }
  return make_place (self, size, after, n_dropped, error) &&
      insert (self, entry, FALSE, error);
}

gboolean
gst_vlm_store_list (GstVlmStore *self, gint64 after, guint max,
    GPtrArray *entries, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_LIST);
  gboolean good = TRUE;
  int result;

  sqlite3_bind_int64 (statement, 1, after);
  sqlite3_bind_int64 (statement, 2, max);
  while (good && (result = sqlite3_step (statement)) != SQLITE_DONE) {
    GstVlmEntry *entry = NULL;

    if (result == SQLITE_ROW)
      entry = read_entry (statement, error);
    else
      fail (self, error);
    good = entry != NULL;
    if (good)
      g_ptr_array_add (entries, entry);
  }
  sqlite3_reset (statement);
  return good;
}

gboolean
gst_vlm_store_remove (GstVlmStore *self, gint64 id, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_REMOVE);
  guint64 n_records;
  guint64 n_bytes;

  if (!count (self, id, &n_records, &n_bytes, error))
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);
  if (!execute (self, statement, error))
    return FALSE;
  self->n_records -= n_records;
  self->n_bytes -= MIN (self->n_bytes, n_bytes);
  return TRUE;
}

gboolean
gst_vlm_store_keep (GstVlmStore *self, const char *uid, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_KEEP);

  bind_text (statement, 1, uid);
  return execute (self, statement, error);
}

gboolean
gst_vlm_store_set_open (GstVlmStore *self, const GstVlmRecord *last,
    gint64 begun, gboolean known, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_SET_OPEN);

  bind_text (statement, 1, last->uid);
  bind_text (statement, 2, last->body);
  sqlite3_bind_int (statement, 3, known);
  sqlite3_bind_int64 (statement, 4, begun);
  return execute (self, statement, error);
}

gboolean
gst_vlm_store_set_ended (GstVlmStore *self, const char *uid, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_SET_ENDED);

  bind_text (statement, 1, uid);
  return execute (self, statement, error);
}

gboolean
gst_vlm_store_list_open (GstVlmStore *self, GstVlmStoreOpenFunc func,
    gpointer user_data, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_LIST_OPEN);
  gboolean good = TRUE;
  int result;

  while (good && (result = sqlite3_step (statement)) != SQLITE_DONE) {
    GstVlmRecord *record = NULL;

    if (result == SQLITE_ROW)
      record = read_record (statement, 0, error);
    else
      fail (self, error);
    good = record != NULL;
    if (good)
      func (record, sqlite3_column_int64 (statement, 2),
          sqlite3_column_int (statement, 1) != 0, user_data);
  }
  sqlite3_reset (statement);
  return good;
}

static gboolean
change_subject (GstVlmStore *self, Sql which, const char *stream,
    const char *subject, GError **error)
{
  sqlite3_stmt *statement = prepare (self, which);

  bind_text (statement, 1, stream);
  bind_text (statement, 2, subject);
  return execute (self, statement, error);
}

gboolean
gst_vlm_store_add_subject (
    GstVlmStore *self, const char *stream, const char *subject, GError **error)
{
  return change_subject (self, SQL_ADD_SUBJECT, stream, subject, error);
}

gboolean
gst_vlm_store_remove_subject (
    GstVlmStore *self, const char *stream, const char *subject, GError **error)
{
  return change_subject (self, SQL_REMOVE_SUBJECT, stream, subject, error);
}

gboolean
gst_vlm_store_list_subjects (GstVlmStore *self, GstVlmStoreSubjectFunc func,
    gpointer user_data, GError **error)
{
  sqlite3_stmt *statement = prepare (self, SQL_LIST_SUBJECTS);
  int result;

  while ((result = sqlite3_step (statement)) == SQLITE_ROW) {
    const char *stream = (const char *) sqlite3_column_text (statement, 0);
    const char *subject = (const char *) sqlite3_column_text (statement, 1);

    if (stream != NULL && subject != NULL)
      func (stream, subject, user_data);
  }
  if (result != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE;
}

guint64
gst_vlm_store_count_up_to (GstVlmStore *self, gint64 id)
{
  guint64 n_records = 0;
  guint64 n_bytes = 0;

  count (self, id, &n_records, &n_bytes, NULL);
  return n_records;
}

gint64
gst_vlm_store_get_last_id (GstVlmStore *self)
{
  return self->last_id;
}

guint64
gst_vlm_store_get_n_records (GstVlmStore *self)
{
  return self->n_records;
}

guint64
gst_vlm_store_get_n_bytes (GstVlmStore *self)
{
  return self->n_bytes;
}
