/* gst-vlm: a record to be published
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line from the pad `events`, which docs/events.md describes. This has the
 * fields that the spool and the formats need. */
#pragma once

#include "publish/json.h"

G_BEGIN_DECLS

/* The type of records that only vlmpublish writes: a stream has a subject, though
 * there is no event of it yet, or no longer has it. For formats that have a rule
 * for it. */
#define GST_VLM_RECORD_SUBJECT "vlmpublish-subject"

/* Longer ones are refused: text of a model is a few kB. */
#define GST_VLM_RECORD_MAX_BYTES (8 * 1024 * 1024)

typedef enum
{
  GST_VLM_RECORD_NOTE, /* stands alone */
  GST_VLM_RECORD_BEGIN,
  GST_VLM_RECORD_UPDATE,
  GST_VLM_RECORD_END,
} GstVlmRecordState;

/* Reference counted, immutable. */
typedef struct
{
  char *body; /* the line, as it came */
  JsonNode *node;
  JsonObject *json; /* of node */

  /* Of json; type and stream are never NULL. */
  const char *type; /* event, gap, … */
  GstVlmRecordState state;
  const char *stream; /* "": it has no name */
  const char *uid;    /* event_uid; NULL: no event */
  /* What it is about: the name of a condition, or else the query. */
  const char *subject;
  const char *reason;
  gint64 seq; /* -1: none */
} GstVlmRecord;

/* @line: without its newline */
GstVlmRecord *
gst_vlm_record_parse (const char *line, gsize size, GError **error);
GstVlmRecord *gst_vlm_record_ref (GstVlmRecord *record);
void gst_vlm_record_unref (GstVlmRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmRecord, gst_vlm_record_unref)

/* @stream, @subject: (nullable); @state: (nullable): `removed`, for one that the
 * stream no longer has */
GstVlmRecord *gst_vlm_record_new_subject (
    const char *stream, const char *subject, const char *state);
gboolean gst_vlm_record_is_removed_subject (const GstVlmRecord *record);

/* The UTC of its member @name, an instant: ns since 1970, -1 when it is not
 * known; or as text, NULL when there is none. */
gint64 gst_vlm_record_get_utc (const GstVlmRecord *record, const char *name);
const char *
gst_vlm_record_get_time_text (const GstVlmRecord *record, const char *name);
/* Its time: of a begin the start, of all others the end. */
const char *gst_vlm_record_get_utc_text (const GstVlmRecord *record);

/* When its event began by this machine's clock, µs since 1970, for formats that
 * need a time and find no UTC: as long before @received as the record of a live
 * stream says; else @received. */
gint64 gst_vlm_record_guess_begin (const GstVlmRecord *record, gint64 received);
/* How long it has lasted, µs, by the clocks of the stream; 0 when not known. */
gint64 gst_vlm_record_get_duration (const GstVlmRecord *record);

/* The begin of an event whose only record is @end: it was over when it was first
 * seen. */
GstVlmRecord *gst_vlm_record_new_begin (const GstVlmRecord *end);

/* The end of an event that is open in @last, for an element that was stopped
 * meanwhile. */
GstVlmRecord *
gst_vlm_record_new_interrupted (const GstVlmRecord *last, gint64 seq);

/* In the place of dropped records of one stream, from @first (nullable) to
 * @last; a gap record counts as the records that it replaced. @reason:
 * `spool-full`, … */
GstVlmRecord *gst_vlm_record_new_gap (
    const GstVlmRecord *first, const GstVlmRecord *last, const char *reason);
/* How many records it counts as. */
guint gst_vlm_record_count (const GstVlmRecord *record);

G_END_DECLS
