/* gst-vlm: progress and cancellation of long work
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
 * @progress: (nullable) (scope call): receives the progress
 * @text: (nullable) (scope call): receives an answer while it is generated
 * @user_data: closure of both functions
 *
 * Progress and cancellation of long work. All fields may be %NULL, and so may
 * the pointer, wherever it is an argument. It is borrowed for the call.
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
