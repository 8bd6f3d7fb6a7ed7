/* gst-vlm: the tables of properties in the manual
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table of properties begins with "| property | default | |". Each of its
 * rows has one property or several, and one default or one for each property.
 * Properties below a row "**at any time**" may change while the pipeline plays.
 * The names, the defaults and this are compared with the elements. */
#include <gst/gst.h>
#include <string.h>

#define TABLE "\n| property | default | |\n|---|---|---|\n"
#define AT_ANY_TIME "**at any time**"
#define READ_ONLY "read only"

static const struct
{
  const char *factory;
  const char *page;
  const char *section; /* of the page, NULL for all of it */
} tables[] = {
  { "vlmevents", "elements.md", "\n## vlmevents\n" },
  { "vlmoverlay", "elements.md", "\n## vlmoverlay\n" },
  { "vlmtestsrc", "elements.md", "\n## vlmtestsrc\n" },
  { "vlmpublish", "publishing.md", NULL },
};

static char *
read_section (guint table)
{
  g_autofree char *path = g_test_build_filename (
      G_TEST_DIST, "..", "docs", tables[table].page, NULL);
  g_autofree char *text = NULL;
  const char *start;
  char *end;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  if (tables[table].section == NULL)
    return g_steal_pointer (&text);
  start = strstr (text, tables[table].section);
  g_assert_nonnull (start);
  start += strlen (tables[table].section);
  end = strstr (start, "\n## ");
  return end != NULL ? g_strndup (start, (gsize) (end - start))
                     : g_strdup (start);
}

static char *
format_flags (GFlagsClass *class, guint value)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < class->n_values; i++) {
    if ((value & class->values[i].value) != 0)
      g_string_append_printf (
          text, "%s%s", text->len > 0 ? "+" : "", class->values[i].value_nick);
  }
  return text->len > 0 ? g_strdup_printf ("`%s`", text->str)
                       : g_strdup ("none");
}

/* As a page writes it; NULL where words say what an unset property means. */
static char *
format_default (GParamSpec *spec)
{
  const GValue *value = g_param_spec_get_default_value (spec);

  if (G_IS_PARAM_SPEC_BOXED (spec) || G_IS_PARAM_SPEC_OBJECT (spec))
    return NULL;
  if (G_IS_PARAM_SPEC_STRING (spec))
    return g_value_get_string (value) != NULL
        ? g_strdup_printf ("`%s`", g_value_get_string (value))
        : NULL;
  if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    return g_strdup (g_value_get_boolean (value) ? "true" : "false");
  if (G_IS_PARAM_SPEC_DOUBLE (spec))
    return g_strdup_printf ("%g", g_value_get_double (value));
  if (G_IS_PARAM_SPEC_ENUM (spec))
    return g_strdup_printf ("`%s`",
        g_enum_get_value (
            G_PARAM_SPEC_ENUM (spec)->enum_class, g_value_get_enum (value))
            ->value_nick);
  if (G_IS_PARAM_SPEC_FLAGS (spec))
    return format_flags (
        G_PARAM_SPEC_FLAGS (spec)->flags_class, g_value_get_flags (value));
  return gst_value_serialize (value);
}

static void
check_default (const char *factory, GParamSpec *spec, const char *cell,
    gboolean is_mutable)
{
  g_autofree char *wanted = format_default (spec);
  g_autofree char *words = g_strdup (cell);
  gboolean is_read_only = (spec->flags & G_PARAM_WRITABLE) == 0;

  g_test_message ("%s %s: %s", factory, spec->name, cell);
  g_assert_cmpint (g_str_has_suffix (cell, READ_ONLY), ==, is_read_only);
  if (is_read_only) {
    words[strlen (words) - strlen (READ_ONLY)] = '\0';
    g_strchomp (words);
    if (g_str_has_suffix (words, ","))
      words[strlen (words) - 1] = '\0';
  } else {
    g_assert_cmpint (
        (spec->flags & GST_PARAM_MUTABLE_PLAYING) != 0, ==, is_mutable);
  }
  if (wanted != NULL)
    g_assert_cmpstr (words, ==, wanted);
  else
    g_assert_false (g_str_has_prefix (words, "`") &&
        strchr (words + 1, '`') == words + strlen (words) - 1);
}

/* Adds the properties of a row to @seen. */
static void
check_row (GstElement *element, const char *factory, const char *row,
    gboolean is_mutable, GHashTable *seen)
{
  g_auto (GStrv) cells = g_strsplit (row, "|", 5);
  g_auto (GStrv) names = NULL;
  g_auto (GStrv) defaults = NULL;
  guint n;

  g_assert_cmpuint (g_strv_length (cells), ==, 5);
  names = g_strsplit (g_strstrip (cells[1]), ", ", -1);
  n = g_strv_length (names);
  defaults = g_strsplit (g_strstrip (cells[2]), n > 1 ? ", " : "\n", -1);
  g_assert_true (
      g_strv_length (defaults) == n || g_strv_length (defaults) <= 1);
  for (guint i = 0; i < n; i++) {
    g_autofree char *name = NULL;
    GParamSpec *spec;

    g_assert_true (
        g_str_has_prefix (names[i], "`") && g_str_has_suffix (names[i], "`"));
    name = g_strndup (names[i] + 1, strlen (names[i]) - 2);
    spec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), name);
    if (spec == NULL)
      g_error ("%s has no property %s", factory, name);
    if (!g_hash_table_add (seen, g_strdup (name)))
      g_error ("%s of %s has two rows", name, factory);
    check_default (factory, spec,
        defaults[0] == NULL       ? ""
            : defaults[1] != NULL ? defaults[i]
                                  : defaults[0],
        is_mutable);
  }
}

static void
check_missing (GstElement *element, const char *factory, GHashTable *seen)
{
  guint n;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++) {
    if (specs[i]->owner_type == G_OBJECT_TYPE (element) &&
        !g_hash_table_contains (seen, specs[i]->name))
      g_error ("the table of %s has no row for %s", factory, specs[i]->name);
  }
}

/* Each field of the structure `stats` is on the page. */
static void
check_stats (GstElement *element, const char *factory, const char *text)
{
  g_autoptr (GstStructure) stats = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "stats") ==
      NULL)
    return;
  g_object_get (element, "stats", &stats, NULL);
  g_assert_cmpint (gst_structure_n_fields (stats), >, 0);
  for (int i = 0; i < gst_structure_n_fields (stats); i++) {
    g_autofree char *quoted = g_strdup_printf (
        "`%s`", gst_structure_nth_field_name (stats, (guint) i));

    if (strstr (text, quoted) == NULL)
      g_error (
          "the page has no %s, which is in the stats of %s", quoted, factory);
  }
}

static void
test_table (gconstpointer data)
{
  guint table = GPOINTER_TO_UINT (data);
  const char *factory = tables[table].factory;
  g_autofree char *text = read_section (table);
  g_autoptr (GstElement) element = gst_element_factory_make (factory, NULL);
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) rows = NULL;
  gboolean is_mutable = FALSE;
  const char *start;

  if (element == NULL) {
    g_test_skip ("the element is not built");
    return;
  }
  gst_object_ref_sink (element);
  start = strstr (text, TABLE);
  g_assert_nonnull (start);
  rows = g_strsplit (start + strlen (TABLE), "\n", -1);
  for (guint i = 0; g_str_has_prefix (rows[i], "|"); i++) {
    if (strstr (rows[i], AT_ANY_TIME) != NULL)
      is_mutable = TRUE;
    else
      check_row (element, factory, rows[i], is_mutable, seen);
  }
  check_missing (element, factory, seen);
  check_stats (element, factory, text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++) {
    g_autofree char *path =
        g_strdup_printf ("/manual/properties/%s", tables[i].factory);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_table);
  }
  return g_test_run ();
}
