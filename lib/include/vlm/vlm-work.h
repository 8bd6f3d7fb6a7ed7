/* gst-vlm: what long work owes to those who wait for it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmProgressFunc:
 * @stage: what is being done, e.g. "weights" or "prefill"; untranslated
 * @fraction: 0.0 to 1.0
 * @user_data: closure
 *
 * Progress of long work. Called on the thread that does the work.
 *
 * Since: 0.1
 */
typedef void (*VlmProgressFunc) (
    const char *stage, double fraction, gpointer user_data);

/**
 * VlmTextFunc:
 * @text: more of the answer: whole UTF-8 characters
 * @user_data: closure
 *
 * Streams an answer. Called on the thread that generates.
 *
 * Since: 0.1
 */
typedef void (*VlmTextFunc) (const char *text, gpointer user_data);

/**
 * VlmWork:
 * @cancellable: (nullable): ends the work early
 * @progress: (nullable) (scope call): gets how far it is
 * @text: (nullable) (scope call): gets an answer as it is written
 * @user_data: closure of both functions
 *
 * How long work is followed and ended. All fields may be %NULL; so may the
 * pointer to it, wherever it is an argument. It is borrowed for the call.
 *
 * Since: 0.1
 */
typedef struct
{
  GCancellable *cancellable;
  VlmProgressFunc progress;
  VlmTextFunc text;
  gpointer user_data;
} VlmWork;

G_END_DECLS
