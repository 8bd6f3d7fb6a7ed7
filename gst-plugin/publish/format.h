/* gst-vlm: formats of published records
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One file a format, format-NAME.c, and one line in the table of format.c. A
 * format has a rule for each type of record; its output depends only on the
 * entry, and on what was sent on this connection before. */
#pragma once

#include "publish/message.h"
#include "publish/store.h"

G_BEGIN_DECLS

typedef enum
{
  GST_VLM_FORMAT_NATIVE,
  GST_VLM_FORMAT_CLOUDEVENTS,
  GST_VLM_FORMAT_FRIGATE,
  GST_VLM_FORMAT_HOMEASSISTANT,
  GST_VLM_FORMAT_ONVIF,
  GST_VLM_N_FORMATS,
} GstVlmFormatKind;

typedef enum
{
  GST_VLM_PRESENCE_ONLINE,
  GST_VLM_PRESENCE_STOPPED, /* on purpose */
  GST_VLM_PRESENCE_LOST, /* published by the broker if the connection is lost */
} GstVlmPresence;

typedef struct _GstVlmFormat GstVlmFormat;

/* Appends the messages, of type GstVlmMessage. */
typedef void (*GstVlmFormatFunc) (
    GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages);

typedef struct
{
  const char *type; /* of a record; NULL, in the last line: any other */
  GstVlmFormatFunc write;
} GstVlmFormatRule;

typedef struct
{
  const char *nick;
  const char *description;
  gboolean needs_topics;
  gboolean has_subjects; /* a rule for GST_VLM_RECORD_SUBJECT */
  /* Readers wait for the begin of an event: one whose only record is its end gets
   * both. */
  gboolean needs_begin;
  const char *default_topic;
  const GstVlmFormatRule *rules;
  /* (nullable): a message about whether this publisher is there */
  GstVlmMessage *(*make_presence) (GstVlmFormat *self, GstVlmPresence presence);
} GstVlmFormatClass;

struct _GstVlmFormat
{
  const GstVlmFormatClass *klass;
  char *topic; /* of the location, else the default; no slash at its end */
  char *client_id;
  GHashTable *announced; /* texts, of this connection */
};

const GstVlmFormatClass *gst_vlm_format_get_class (GstVlmFormatKind kind);

/* @topic: (nullable) */
GstVlmFormat *gst_vlm_format_new (
    GstVlmFormatKind kind, const char *topic, const char *client_id);
void gst_vlm_format_free (GstVlmFormat *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmFormat, gst_vlm_format_free)

/* A new connection, on which nothing has been sent yet. */
void gst_vlm_format_restart (GstVlmFormat *self);
void gst_vlm_format_write (
    GstVlmFormat *self, const GstVlmEntry *entry, GPtrArray *messages);
/* (nullable) (transfer full) */
GstVlmMessage *
gst_vlm_format_make_presence (GstVlmFormat *self, GstVlmPresence presence);

/* For the formats. Adds a copy of @message, for the stream of @entry; takes
 * ownership of its payload. */
void gst_vlm_format_add (GstVlmFormat *self, const GstVlmEntry *entry,
    GPtrArray *messages, const GstVlmMessage *message);
/* Whether @text is new on this connection; later calls return FALSE. */
gboolean gst_vlm_format_is_new (GstVlmFormat *self, const char *text);

/* After a message with which the other side forgets it. */
void gst_vlm_format_forget (GstVlmFormat *self, const char *text);

extern const GstVlmFormatClass gst_vlm_format_native;
extern const GstVlmFormatClass gst_vlm_format_cloudevents;
extern const GstVlmFormatClass gst_vlm_format_frigate;
extern const GstVlmFormatClass gst_vlm_format_homeassistant;
extern const GstVlmFormatClass gst_vlm_format_onvif;

G_END_DECLS
