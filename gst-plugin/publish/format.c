/* gst-vlm: formats of published records
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/format.h"

#include <string.h>

static const GstVlmFormatClass *const classes[GST_VLM_N_FORMATS] = {
  [GST_VLM_FORMAT_NATIVE] = &gst_vlm_format_native,
  [GST_VLM_FORMAT_CLOUDEVENTS] = &gst_vlm_format_cloudevents,
  [GST_VLM_FORMAT_FRIGATE] = &gst_vlm_format_frigate,
  [GST_VLM_FORMAT_HOMEASSISTANT] = &gst_vlm_format_homeassistant,
  [GST_VLM_FORMAT_ONVIF] = &gst_vlm_format_onvif,
};

const GstVlmFormatClass *
gst_vlm_format_get_class (GstVlmFormatKind kind)
{
  return classes[kind];
}

GstVlmFormat *
gst_vlm_format_new (
    GstVlmFormatKind kind, const char *topic, const char *client_id)
{
  GstVlmFormat *self = g_new0 (GstVlmFormat, 1);

  self->klass = classes[kind];
  self->topic = g_strdup (topic != NULL ? topic : self->klass->default_topic);
  self->client_id = g_strdup (client_id);
  self->announced =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
gst_vlm_format_free (GstVlmFormat *self)
{
  if (self == NULL)
    return;
  g_free (self->topic);
  g_free (self->client_id);
  g_hash_table_unref (self->announced);
  g_free (self);
}

void
gst_vlm_format_restart (GstVlmFormat *self)
{
  g_hash_table_remove_all (self->announced);
}

/* Of an event that was over when it was first seen. */
static void
write_begin_and_end (GstVlmFormat *self, const GstVlmEntry *entry,
    GstVlmFormatFunc write, GPtrArray *messages)
{
  GstVlmRecord *begin = gst_vlm_record_new_begin (entry->record);
  GstVlmEntry first = *entry;
  GstVlmEntry last = *entry;

  first.record = begin;
  first.active = TRUE;
  last.previous = begin;
  write (self, &first, messages);
  write (self, &last, messages);
  gst_vlm_record_unref (begin);
}

void
gst_vlm_format_write (
    GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages)
{
  const GstVlmFormatRule *rule = self->klass->rules;

  /* Left in the spool by another format. */
  if (!self->klass->has_subjects &&
      strcmp (entry->record->type, GST_VLM_RECORD_SUBJECT) == 0)
    return;
  while (rule->type != NULL && strcmp (rule->type, entry->record->type) != 0)
    rule++;
  if (self->klass->needs_begin && entry->previous == NULL &&
      entry->record->state == GST_VLM_RECORD_END)
    write_begin_and_end (self, entry, rule->write, messages);
  else
    rule->write (self, entry, messages);
}

GstVlmMessage *
gst_vlm_format_make_presence (GstVlmFormat *self, GstVlmPresence presence)
{
  return self->klass->make_presence != NULL
      ? self->klass->make_presence (self, presence)
      : NULL;
}

void
gst_vlm_format_add (GstVlmFormat *self, const GstVlmEntry *entry,
    GPtrArray *messages, const GstVlmMessage *message)
{
  GstVlmMessage *own = g_memdup2 (message, sizeof *message);

  own->topic = g_strdup (message->topic);
  own->key = g_strdup (entry->record->stream);
  if (own->content_type == NULL)
    own->content_type = "application/json";
  g_ptr_array_add (messages, own);
}

gboolean
gst_vlm_format_is_new (GstVlmFormat *self, const char *text)
{
  return g_hash_table_add (self->announced, g_strdup (text));
}

void
gst_vlm_format_forget (GstVlmFormat *self, const char *text)
{
  g_hash_table_remove (self->announced, text);
}
