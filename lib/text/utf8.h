/* gst-vlm: UTF-8 that may be cut or broken
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* U+FFFD */
#define VLM_UTF8_REPLACEMENT "\357\277\275"

/* Looks at the start of @bytes, n > 0. Positive: the length of a whole valid
 * character. Zero: a valid beginning that ends too early. Negative: minus the
 * number of bytes that one U+FFFD stands for (a "maximal subpart", as Unicode
 * recommends it). U+0000 is a character. */
static inline int
vlm_utf8_step (const guint8 *bytes, gsize n)
{
  guint8 low = 0x80, high = 0xbf;
  gsize length;

  if (bytes[0] < 0x80)
    return 1;
  if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
    return -1;
  length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
  /* No overlong forms, no surrogates, nothing beyond U+10FFFF. */
  if (bytes[0] == 0xe0)
    low = 0xa0;
  else if (bytes[0] == 0xed)
    high = 0x9f;
  else if (bytes[0] == 0xf0)
    low = 0x90;
  else if (bytes[0] == 0xf4)
    high = 0x8f;
  for (gsize i = 1; i < length; i++) {
    if (i == n)
      return 0;
    if (bytes[i] < low || bytes[i] > high)
      return -(int) i;
    low = 0x80;
    high = 0xbf;
  }
  return (int) length;
}

/* Appends the whole characters of @bytes to @text, U+FFFD for what is broken.
 * Returns how many bytes at the end are the beginning of a character. */
static inline gsize
vlm_utf8_append_valid (GString *text, const char *bytes, gsize n)
{
  gsize at = 0, copied = 0;

  while (at < n) {
    int step = vlm_utf8_step ((const guint8 *) bytes + at, n - at);

    if (step == 0)
      break;
    if (step < 0) {
      g_string_append_len (text, bytes + copied, (gssize) (at - copied));
      g_string_append (text, VLM_UTF8_REPLACEMENT);
      at += (gsize) -step;
      copied = at;
    } else {
      at += (gsize) step;
    }
  }
  g_string_append_len (text, bytes + copied, (gssize) (at - copied));
  return n - at;
}
