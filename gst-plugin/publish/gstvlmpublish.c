/* gst-vlm: vlmpublish, the sink that publishes records
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vlmpublish
 * @title: vlmpublish
 * @short_description: sends records to a broker, a server or a file
 *
 * vlmpublish takes the records of the pad `events` of vlmevents and sends them
 * to #GstVlmPublish:location, in #GstVlmPublish:format.
 *
 * Nothing is lost on the way: a record goes to a spool on the disk before
 * anything else, and leaves it when the other side has acknowledged it. The
 * order within a stream is kept. A record may arrive more than once;
 * `event_uid` and `seq` identify it.
 *
 * The network has a thread of its own: neither the stream nor the video waits
 * for it.
 *
 * Element messages on the bus say how it goes: `vlm-publish-connected`,
 * `vlm-publish-disconnected` (with `error`), and `vlm-publish-dropped` (with
 * `records` and `reason`).
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents name=w model=/models/Qwen2.5-VL-3B-Instruct ! fakesink \
 *     w.events ! vlmpublish location=events.jsonl
 * ]|
 * Appends the records to a file, each on the disk before it counts as sent.
 */
#include "publish/gstvlmpublish-private.h"

#include <string.h>

#include "publish/error.h"

GST_DEBUG_CATEGORY (gst_vlm_publish_debug);
#define GST_CAT_DEFAULT gst_vlm_publish_debug

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-json"));

G_DEFINE_FINAL_TYPE_WITH_CODE (GstVlmPublish, gst_vlm_publish,
    GST_TYPE_BASE_SINK,
    GST_DEBUG_CATEGORY_INIT (
        gst_vlm_publish_debug, "vlmpublish", 0, "records on their way out"))
GST_ELEMENT_REGISTER_DEFINE (
    vlmpublish, "vlmpublish", GST_RANK_NONE, GST_TYPE_VLM_PUBLISH)

static void
post (GstVlmPublish *self, GstMessageType type, const char *what,
    const GError *error)
{
  int code = GST_RESOURCE_ERROR_WRITE;
  char *text = g_strdup_printf ("%s: %s", what, error->message);

  if (g_error_matches (
          error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS))
    code = GST_RESOURCE_ERROR_SETTINGS;
  else if (g_error_matches (
               error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_BUSY))
    code = GST_RESOURCE_ERROR_BUSY;
  /* Takes ownership of the texts. */
  gst_element_message_full (GST_ELEMENT (self), type, GST_RESOURCE_ERROR, code,
      text, g_strdup (g_quark_to_string (error->domain)), __FILE__,
      GST_FUNCTION, __LINE__);
}

static void
post_news (GstVlmPublish *self, GstStructure *structure)
{
  gst_structure_set (
      structure, "location", G_TYPE_STRING, self->location->printable, NULL);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

static void
on_connected (gpointer user_data)
{
  GstVlmPublish *self = user_data;

  GST_INFO_OBJECT (self, "connected to %s", self->location->printable);
  post_news (self, gst_structure_new_empty ("vlm-publish-connected"));
}

static void
on_disconnected (gpointer user_data, const GError *error)
{
  GstVlmPublish *self = user_data;
  g_autofree char *what =
      g_strdup_printf ("Records wait in %s", self->directory);

  post_news (self,
      gst_structure_new ("vlm-publish-disconnected", "error", G_TYPE_STRING,
          error->message, NULL));
  post (self, GST_MESSAGE_WARNING, what, error);
}

static void
note_dropped (GstVlmPublish *self, guint n, const char *reason)
{
  g_mutex_lock (&self->lock);
  self->n_dropped += n;
  g_mutex_unlock (&self->lock);
  GST_WARNING_OBJECT (self, "%u records dropped: %s", n, reason);
  post_news (self,
      gst_structure_new ("vlm-publish-dropped", "records", G_TYPE_UINT, n,
          "reason", G_TYPE_STRING, reason, NULL));
}

static void
on_refused (gpointer user_data, const GError *error)
{
  GstVlmPublish *self = user_data;

  note_dropped (self, 1, "refused");
  post (self, GST_MESSAGE_WARNING, "A record was dropped", error);
}

static void
on_spool_failed (gpointer user_data, const GError *error)
{
  GstVlmPublish *self = user_data;
  g_autofree char *what =
      g_strdup_printf ("The spool %s fails", self->directory);

  post (self, GST_MESSAGE_WARNING, what, error);
}

static char *
make_client_id (const char *wanted, const char *directory)
{
  g_autofree char *all = NULL;
  g_autofree char *sum = NULL;

  if (wanted != NULL && *wanted != '\0')
    return g_strdup (wanted);
  all = g_strconcat (g_get_host_name (), directory, NULL);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, all, -1);
  return g_strdup_printf ("gst-vlm-%.12s", sum);
}

static gboolean
settings_error (GError **error, const char *text)
{
  g_set_error_literal (
      error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS, text);
  return FALSE;
}

/* The path of the location as a topic of MQTT; NULL: it has none. */
static gboolean
make_topic (const GstVlmLocation *location, char **topic, GError **error)
{
  const char *path = location->path;

  *topic = NULL;
  if (!gst_vlm_transport_has_topics (location->scheme))
    return TRUE;
  if (strpbrk (path, "#+") != NULL)
    return settings_error (
        error, "a topic for publishing must not contain the wildcards # and +");
  for (const char *p = path; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return settings_error (
          error, "a topic must not contain control characters");
  *topic = g_strdup (*path == '/' ? path + 1 : path);
  if (g_str_has_suffix (*topic, "/"))
    (*topic)[strlen (*topic) - 1] = '\0';
  if (**topic == '\0')
    g_clear_pointer (topic, g_free);
  return TRUE;
}

static gboolean
make_format (GstVlmPublish *self, GError **error)
{
  const GstVlmFormatClass *klass = gst_vlm_format_get_class (self->used.format);
  g_autofree char *topic = NULL;

  if (klass->needs_topics &&
      !gst_vlm_transport_has_topics (self->location->scheme)) {
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
        "format=%s needs topics: use mqtt:// or mqtts://, not %s://",
        klass->nick, self->location->scheme);
    return FALSE;
  }
  if (!make_topic (self->location, &topic, error))
    return FALSE;
  self->format = gst_vlm_format_new (self->used.format, topic, self->client_id);
  self->will =
      gst_vlm_format_make_presence (self->format, GST_VLM_PRESENCE_LOST);
  return TRUE;
}

static gboolean
check_files (const GstVlmPublishSettings *s, GError **error)
{
  const char *const files[] = { s->ca_file, s->cert_file, s->key_file };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (files[i] != NULL && !g_file_test (files[i], G_FILE_TEST_IS_REGULAR)) {
      g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
          "there is no file %s", files[i]);
      return FALSE;
    }
  if ((s->cert_file == NULL) != (s->key_file == NULL))
    return settings_error (
        error, "`cert-file` and `key-file` must be set together");
  return TRUE;
}

static gboolean
make_transport (GstVlmPublish *self, GError **error)
{
  const GstVlmPublishSettings *s = &self->used;

  self->secrets = gst_vlm_secrets_new (self->location, &self->credentials);
  self->params = (GstVlmTransportParams){
    .location = self->location,
    .credentials = &self->credentials,
    .secrets = self->secrets,
    .ca_file = s->ca_file,
    .cert_file = s->cert_file,
    .key_file = s->key_file,
    .client_id = self->client_id,
    .qos = (int) s->qos,
    .batch_size = s->batch_size,
    .ack_timeout = (gint64) (s->timeout * G_USEC_PER_SEC),
    .will = self->will,
    .wait = &self->wait,
  };
  self->transport = gst_vlm_transport_new (&self->params, error);
  return self->transport != NULL;
}

static gboolean
open_spool (GstVlmPublish *self, GError **error)
{
  self->spool =
      gst_vlm_spool_open (self->directory, self->used.spool_size, error);
  if (self->spool != NULL)
    return TRUE;
  if (error != NULL &&
      g_error_matches (
          *error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_BUSY)) {
    g_clear_error (error);
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_BUSY,
        "another pipeline uses the spool %s; set `spool` to another folder",
        self->directory);
  } else {
    g_prefix_error (error, "the spool %s: ", self->directory);
  }
  return FALSE;
}

static gboolean
open_all (GstVlmPublish *self, GError **error)
{
  const GstVlmPublishSettings *s = &self->used;

  self->location = gst_vlm_location_parse (s->location, error);
  if (self->location == NULL)
    return FALSE;
  self->directory = s->spool != NULL && *s->spool != '\0'
      ? g_strdup (s->spool)
      : gst_vlm_spool_default_directory (
            self->location->printable, self->location->identity);
  self->client_id = make_client_id (s->client_id, self->directory);
  return check_files (s, error) &&
      gst_vlm_credentials_read (
          &self->credentials, s->credentials, self->location, error) &&
      make_format (self, error) && gst_vlm_wait_init (&self->wait, error) &&
      make_transport (self, error) && open_spool (self, error);
}

static void
close_all (GstVlmPublish *self)
{
  g_autoptr (GError) error = NULL;
  guint64 n_lost = 0;

  if (self->spool != NULL)
    n_lost = gst_vlm_spool_close (g_steal_pointer (&self->spool), &error);
  if (n_lost > 0) {
    note_dropped (self, (guint) MIN (n_lost, G_MAXUINT), "disk");
    post (self, GST_MESSAGE_WARNING, "Records in memory are lost", error);
  }
  g_clear_pointer (&self->transport, gst_vlm_transport_free);
  gst_vlm_wait_clear (&self->wait);
  g_clear_pointer (&self->will, gst_vlm_message_free);
  g_clear_pointer (&self->format, gst_vlm_format_free);
  g_clear_pointer (&self->secrets, gst_vlm_secrets_unref);
  gst_vlm_credentials_clear (&self->credentials);
  g_clear_pointer (&self->client_id, g_free);
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->location, gst_vlm_location_free);
  gst_vlm_publish_clear_settings (&self->used);
}

static void
warn_idle (GstVlmPublish *self)
{
  const char *idle =
      gst_vlm_publish_find_idle (&self->used, self->location->scheme);

  if (idle != NULL)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS, ("%s.", idle), (NULL));
}

static gboolean
gst_vlm_publish_start (GstBaseSink *sink)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (sink);
  const GstVlmPublisherFuncs funcs = { on_connected, on_disconnected,
    on_refused, on_spool_failed, self };
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  gst_vlm_publish_copy_settings (&self->used, &self->settings);
  GST_OBJECT_UNLOCK (self);
  self->disk_failed = FALSE;
  g_hash_table_remove_all (self->sources);
  g_string_truncate (self->rest, 0);
  if (!open_all (self, &error)) {
    post (self, GST_MESSAGE_ERROR, "Records cannot be published", error);
    close_all (self);
    return FALSE;
  }
  warn_idle (self);
  g_mutex_lock (&self->lock);
  self->n_dropped = 0;
  self->publisher = gst_vlm_publisher_start (self->spool, self->transport,
      self->format, (gint64) (self->used.max_backoff * G_USEC_PER_SEC), &funcs);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
gst_vlm_publish_stop (GstBaseSink *sink)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (sink);
  GstVlmPublisher *publisher;

  g_mutex_lock (&self->lock);
  publisher = g_steal_pointer (&self->publisher);
  g_mutex_unlock (&self->lock);
  if (publisher != NULL)
    gst_vlm_publisher_stop (publisher);
  close_all (self);
  return TRUE;
}

/* A disk that is full is reported once, until it is not. */
static void
note_put (
    GstVlmPublish *self, gboolean on_disk, guint n_dropped, const GError *error)
{
  if (!on_disk && !self->disk_failed) {
    g_autofree char *what = g_strdup_printf (
        "The spool %s cannot be written, records are kept in memory",
        self->directory);

    post (self, GST_MESSAGE_WARNING, what, error);
  }
  self->disk_failed = !on_disk;
  if (n_dropped > 0)
    note_dropped (self, n_dropped, "spool-full");
  gst_vlm_publisher_wake (self->publisher);
}

static void
put_into_spool (GstVlmPublish *self, GstVlmRecord *record)
{
  g_autoptr (GError) error = NULL;
  guint n_dropped;
  gboolean on_disk =
      gst_vlm_spool_add (self->spool, record, &n_dropped, &error);

  note_put (self, on_disk, n_dropped, error);
}

static gboolean
is_used (GstVlmPublish *self, const char *stream)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (strcmp (value, stream) == 0)
      return TRUE;
  return FALSE;
}

/* A source that has another stream than before has renamed it, unless another
 * source has that, too. */
static void
note_source (GstVlmPublish *self, const char *source, const char *stream)
{
  g_autofree char *before =
      g_strdup (g_hash_table_lookup (self->sources, source));
  g_autoptr (GError) error = NULL;
  guint n_dropped;
  gboolean on_disk;

  g_hash_table_replace (self->sources, g_strdup (source), g_strdup (stream));
  if (before == NULL || is_used (self, before))
    return;
  on_disk =
      gst_vlm_spool_remove_stream (self->spool, before, &n_dropped, &error);
  note_put (self, on_disk, n_dropped, error);
}

/* Of a stream, before it has any event. */
static void
take_subjects (GstVlmPublish *self, const GstStructure *structure)
{
  const GValue *subjects = gst_structure_get_value (structure, "subjects");
  const char *source = gst_structure_get_string (structure, "source");
  const char *stream = gst_structure_get_string (structure, "stream");
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  guint n_dropped;
  gboolean on_disk;

  if (!self->format->klass->has_subjects || subjects == NULL ||
      !GST_VALUE_HOLDS_ARRAY (subjects))
    return;
  if (source != NULL)
    note_source (self, source, stream != NULL ? stream : "");
  for (guint i = 0; i < gst_value_array_get_size (subjects); i++) {
    const GValue *value = gst_value_array_get_value (subjects, i);
    const char *subject =
        G_VALUE_HOLDS_STRING (value) ? g_value_get_string (value) : NULL;

    g_ptr_array_add (texts, (gpointer) (subject != NULL ? subject : ""));
  }
  g_ptr_array_add (texts, NULL);
  on_disk =
      gst_vlm_spool_set_subjects (self->spool, stream != NULL ? stream : "",
          (const char *const *) texts->pdata, &n_dropped, &error);
  note_put (self, on_disk, n_dropped, error);
}

static void
warn_unread (GstVlmPublish *self, const char *why)
{
  GST_ELEMENT_WARNING (
      self, STREAM, DECODE, ("A record cannot be read: %s", why), (NULL));
}

static void
take_line (GstVlmPublish *self, const char *line, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstVlmRecord) record = NULL;

  while (size > 0 && g_ascii_isspace (line[size - 1]))
    size--;
  if (size == 0)
    return;
  record = gst_vlm_record_parse (line, size, &error);
  if (record != NULL)
    put_into_spool (self, record);
  else
    warn_unread (self, error->message);
}

/* The text after the last newline: a record that came without one, or the first
 * part of a record. */
static void
take_rest (GstVlmPublish *self, gboolean is_last)
{
  const char *text = self->rest->str;
  gsize size = self->rest->len;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstVlmRecord) record = gst_vlm_record_parse (text, size, &error);

  if (record != NULL)
    put_into_spool (self, record);
  else if (is_last && size > 0)
    warn_unread (self, error->message);
  else if (size <= GST_VLM_RECORD_MAX_BYTES)
    return;
  else
    warn_unread (self, error->message);
  g_string_truncate (self->rest, 0);
}

/* The pad sends one record in each buffer, a file comes in blocks. */
static GstFlowReturn
gst_vlm_publish_render (GstBaseSink *sink, GstBuffer *buffer)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (sink);
  GstMapInfo map;
  const char *line;
  const char *end;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (
        self, RESOURCE, READ, ("a buffer cannot be read"), (NULL));
    return GST_FLOW_ERROR;
  }
  line = (const char *) map.data;
  end = line + map.size;
  while (line < end) {
    const char *newline = memchr (line, '\n', (gsize) (end - line));
    const char *stop = newline != NULL ? newline : end;

    g_string_append_len (self->rest, line, stop - line);
    if (newline == NULL)
      break;
    take_line (self, self->rest->str, self->rest->len);
    g_string_truncate (self->rest, 0);
    line = stop + 1;
  }
  gst_buffer_unmap (buffer, &map);
  take_rest (self, FALSE);
  return GST_FLOW_OK;
}

static void
drain (GstVlmPublish *self)
{
  double timeout;
  GstVlmSpoolLevel level;

  GST_OBJECT_LOCK (self);
  timeout = self->settings.eos_drain_timeout;
  GST_OBJECT_UNLOCK (self);
  if (gst_vlm_publisher_drain (
          self->publisher, (gint64) (timeout * G_USEC_PER_SEC)))
    return;
  level = gst_vlm_spool_get_level (self->spool);
  GST_WARNING_OBJECT (self,
      "%" G_GUINT64_FORMAT " records stay in the spool %s, for the next start",
      level.n_waiting, self->directory);
}

static gboolean
gst_vlm_publish_event (GstBaseSink *sink, GstEvent *event)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (sink);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    take_rest (self, TRUE);
    drain (self);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    g_string_truncate (self->rest, 0);
  } else if (gst_event_has_name (event, "vlm-subjects")) {
    take_subjects (self, gst_event_get_structure (event));
  }
  return GST_BASE_SINK_CLASS (gst_vlm_publish_parent_class)
      ->event (sink, event);
}

static void
set_flushing (GstBaseSink *sink, gboolean flushing)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (sink);

  g_mutex_lock (&self->lock);
  if (self->publisher != NULL)
    gst_vlm_publisher_set_flushing (self->publisher, flushing);
  g_mutex_unlock (&self->lock);
}

static gboolean
gst_vlm_publish_unlock (GstBaseSink *sink)
{
  set_flushing (sink, TRUE);
  return TRUE;
}

static gboolean
gst_vlm_publish_unlock_stop (GstBaseSink *sink)
{
  set_flushing (sink, FALSE);
  return TRUE;
}

gboolean
gst_vlm_publish_is_started (GstVlmPublish *self)
{
  gboolean started;

  g_mutex_lock (&self->lock);
  started = self->publisher != NULL;
  g_mutex_unlock (&self->lock);
  return started;
}

GstStructure *
gst_vlm_publish_make_stats (GstVlmPublish *self)
{
  GstVlmPublisherStats stats = { 0 };
  GstVlmSpoolLevel level = { 0 };
  GstStructure *structure;
  guint64 n_dropped;

  g_mutex_lock (&self->lock);
  if (self->publisher != NULL) {
    gst_vlm_publisher_get_stats (self->publisher, &stats);
    level = gst_vlm_spool_get_level (self->spool);
  }
  n_dropped = self->n_dropped;
  g_mutex_unlock (&self->lock);
  structure = gst_structure_new ("vlm-publish-stats", "connected",
      G_TYPE_BOOLEAN, stats.is_connected, "sent", G_TYPE_UINT64, stats.n_sent,
      "waiting", G_TYPE_UINT64, level.n_waiting, "waiting-bytes", G_TYPE_UINT64,
      level.n_bytes, "waiting-in-memory", G_TYPE_UINT64, level.n_in_memory,
      "retried", G_TYPE_UINT64, stats.n_retried, "dropped", G_TYPE_UINT64,
      n_dropped, NULL);
  if (stats.last_error != NULL)
    gst_structure_set (
        structure, "last-error", G_TYPE_STRING, stats.last_error, NULL);
  g_free (stats.last_error);
  return structure;
}

static void
gst_vlm_publish_finalize (GObject *object)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (object);

  gst_vlm_publish_clear_settings (&self->settings);
  g_string_free (self->rest, TRUE);
  g_hash_table_unref (self->sources);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_vlm_publish_parent_class)->finalize (object);
}

static void
gst_vlm_publish_class_init (GstVlmPublishClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_vlm_publish_finalize;
  gst_vlm_publish_install_properties (G_OBJECT_CLASS (klass));
  sink_class->start = gst_vlm_publish_start;
  sink_class->stop = gst_vlm_publish_stop;
  sink_class->render = gst_vlm_publish_render;
  sink_class->event = gst_vlm_publish_event;
  sink_class->unlock = gst_vlm_publish_unlock;
  sink_class->unlock_stop = gst_vlm_publish_unlock_stop;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Publisher of events",
      "Sink/Network",
      "Sends records of events to MQTT, Kafka, HTTP or a file, and loses none",
      "gst-vlm");
}

static void
gst_vlm_publish_init (GstVlmPublish *self)
{
  g_mutex_init (&self->lock);
  self->rest = g_string_new (NULL);
  self->sources =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gst_vlm_publish_init_settings (&self->settings);
  /* Records are rare and late: nothing must wait for the first one, or for its
   * time. */
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}
