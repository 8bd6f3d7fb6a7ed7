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
  VLM_RULE_BUDGET,   /* parts[0] with count to spend */
  VLM_RULE_SPEND,    /* count of the budget around it */
} VlmRuleKind;

struct _VlmRule
{
  VlmRuleKind kind;
  guint count;
  guint32 bytes[8]; /* a bit each */
  GPtrArray *parts; /* of VlmRule; NULL for none */
};
