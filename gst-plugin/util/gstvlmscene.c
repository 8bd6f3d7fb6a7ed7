/* gst-vlm: what is to be drawn on a frame
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmscene.h"

#include <string.h>

/* More than fits on any screen, and quickly shaped. */
#define MAX_TEXT_BYTES 2048
#define MAX_TEXT_CHARS 256
/* Accents on one letter, as many as any script needs. */
#define MAX_MARKS 4

static void
clear_box (gpointer data)
{
  GstVlmSceneBox *box = data;

  g_free (box->text);
  g_free (box->note);
}

static void
clear_row (gpointer data)
{
  GstVlmSceneRow *row = data;

  g_clear_pointer (&row->picture, gst_vlm_picture_unref);
  g_free (row->text);
  g_free (row->note);
}

GstVlmScene *
gst_vlm_scene_new (void)
{
  GstVlmScene *scene = g_new0 (GstVlmScene, 1);

  scene->boxes = g_array_new (FALSE, TRUE, sizeof (GstVlmSceneBox));
  g_array_set_clear_func (scene->boxes, clear_box);
  scene->rows = g_array_new (FALSE, TRUE, sizeof (GstVlmSceneRow));
  g_array_set_clear_func (scene->rows, clear_row);
  return scene;
}

void
gst_vlm_scene_free (GstVlmScene *scene)
{
  g_array_unref (scene->boxes);
  g_array_unref (scene->rows);
  g_free (scene);
}

void
gst_vlm_scene_clear (GstVlmScene *scene)
{
  g_array_set_size (scene->boxes, 0);
  g_array_set_size (scene->rows, 0);
}

static gboolean
is_space (gunichar c, GUnicodeType type)
{
  return g_unichar_isspace (c) || type == G_UNICODE_CONTROL ||
      type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Invisible, or changes the direction. Joiners shape letters and stay. */
static gboolean
is_hidden (gunichar c, GUnicodeType type)
{
  const gunichar zwnj = 0x200c;
  const gunichar zwj = 0x200d;

  return type == G_UNICODE_FORMAT && c != zwnj && c != zwj;
}

char *
gst_vlm_scene_clean_text (const char *bytes)
{
  g_autofree char *valid = NULL;
  GString *text = g_string_new (NULL);
  guint n_chars = 0;
  guint n_marks = 0;
  gboolean space = FALSE;

  if (bytes != NULL)
    valid = g_utf8_make_valid (bytes, (gssize) strnlen (bytes, MAX_TEXT_BYTES));
  for (const char *p = valid;
       p != NULL && *p != '\0' && n_chars < MAX_TEXT_CHARS;
       p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    GUnicodeType type = g_unichar_type (c);

    if (is_space (c, type)) {
      space = text->len > 0;
      continue;
    }
    n_marks = g_unichar_ismark (c) ? n_marks + 1 : 0;
    if (is_hidden (c, type) || n_marks > MAX_MARKS)
      continue;
    if (space)
      g_string_append_c (text, ' ');
    space = FALSE;
    g_string_append_unichar (text, c);
    n_chars++;
  }
  return g_string_free (text, FALSE);
}
