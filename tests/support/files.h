/* gst-vlm: folders of tests, and damage to their files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A new folder, with the files of @from (NULL for none) copied into it; its
 * path (transfer full). Remove it with files_remove. */
char *files_new_folder (const char *from);
/* The folder and all that is in it. */
void files_remove (const char *folder);
void files_write (
    const char *folder, const char *name, gconstpointer data, gsize n_bytes);
char *files_read (const char *folder, const char *name, gsize *n_bytes);
/* @text with its only occurrence of @from replaced; it is an error of the test
 * when there is none, or more than one. (transfer full) */
char *files_replace (const char *text, const char *from, const char *to);
/* The same for a file. */
void files_edit (
    const char *folder, const char *name, const char *from, const char *to);
/* Gives the tokenizer of a copy of the tiny checkpoint the words Yes and No, in
 * the place of two others. */
void files_teach_yes_no (const char *folder);

/* A safetensors file apart and together again: the JSON of its header, NUL
 * terminated (transfer full), and where its data begins. */
char *files_safetensors_header (const char *file, gsize *data_offset);
/* With another header; (transfer full). */
char *files_safetensors_join (
    const char *header, const char *data, gsize n_data, gsize *n_bytes);

/* The small checkpoint in a new folder, every 16 bits of the weights whose names
 * begin with @prefix set to @bits. (transfer full) */
char *files_new_spoilt_checkpoint (const char *prefix, guint16 bits);

/* Of bf16. */
#define FILES_NAN 0x7fc0
#define FILES_INFINITY 0x7f80
#define FILES_HUGE 0x714a /* 1e30: its square is infinite */
