/* gst-vlm: rules as the compiler of grammars sees them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/rule.h"

typedef enum
{
  VLM_RULE_BYTES,    /* one byte out of a set */
  VLM_RULE_SEQUENCE, /* all parts in order */
  VLM_RULE_CHOICE,   /* one of the parts */
  VLM_RULE_MANY,     /* parts[0] any number of times */
  VLM_RULE_TIMES,    /* parts[0] count times */
  VLM_RULE_ORDERED,  /* see there: separator, more or NULL, then the parts */
  VLM_RULE_UNIT,     /* parts[0], only by way of a call */
  VLM_RULE_CALL,     /* parts[0], a unit, with limits */
  VLM_RULE_SPEND,    /* count of the limit of the unit around it */
  VLM_RULE_CHARS,    /* texts of a set, spelled somehow */
  VLM_RULE_MARK,     /* what count names has come, in the unit around it */
} VlmRuleKind;

struct _VlmRule
{
  VlmRuleKind kind;
  guint count;
  guint min, max;                  /* of a call */
  gboolean counted, more_required; /* of an ordered one */
  GArray *needed;                  /* gboolean: of its parts */
  guint64 marks, required;         /* of a unit */
  guint32 bytes[8];                /* a bit each */
  VlmChars *chars;
  VlmSpelling spelling;
  GPtrArray *parts; /* of VlmRule; NULL for none */
};
