/* gst-vlm: any bytes as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "io/json.h"
#include "tests/fuzz/target.h"

/* Every value by every reader: each gives one or an error. */
static void
read_value (const VlmJson *at, guint depth)
{
  g_autoptr (GError) error = NULL;
  gboolean truth;
  double real;
  gint64 whole;
  const char *text;
  VlmJson list;
  guint n;

  g_assert_true (vlm_json_read_int64 (at, NULL, G_MININT64, G_MAXINT64, &whole,
                     &error) == (error == NULL));
  g_clear_error (&error);
  g_assert_true (vlm_json_read_double (at, NULL, -1e300, 1e300, &real,
                     &error) == (error == NULL));
  g_clear_error (&error);
  (void) vlm_json_read_boolean (at, NULL, &truth, NULL);
  (void) vlm_json_read_string (at, NULL, &text, NULL);
  if (depth < 8 && vlm_json_read_list (at, NULL, &list, &n, NULL))
    for (guint i = 0; i < MIN (n, 16); i++) {
      VlmJson element = vlm_json_element (&list, i);

      read_value (&element, depth + 1);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  const char *text = data != NULL ? (const char *) data : "";
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_new (text, n_bytes, "fuzz", &error);
  VlmJson root;

  (void) vlm_file_check_kind ("fuzz", text, n_bytes, NULL);
  g_assert_true ((document != NULL) == (error == NULL));
  if (document == NULL || !vlm_json_root (document, &root, NULL))
    return 0;

  JsonObject *object = json_node_get_object (root.node);
  JsonObjectIter iter;
  const char *key;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &key, NULL)) {
    VlmJson value = { .above = &root,
      .key = key,
      .node = json_object_get_member (object, key),
      .source = "fuzz" };

    read_value (&value, 0);
  }
  return 0;
}
