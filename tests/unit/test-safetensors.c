/* gst-vlm: reading and writing safetensors, whole and damaged
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "base/half.h"
#include "io/safetensors-writer.h"
#include "io/safetensors.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"

static char *
tiny_file (gsize *n_bytes)
{
  g_autofree char *folder = golden_data_path ("tiny", "checkpoint", NULL);

  return files_read (folder, "model.safetensors", n_bytes);
}

static VlmSafetensors *
open_memory (const char *data, gsize n_bytes, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, n_bytes);
  g_autoptr (VlmDataFile) file = vlm_data_file_new_from_bytes (bytes, "memory");

  return vlm_safetensors_new (file, error);
}

static void
assert_refused (
    const char *data, gsize n_bytes, VlmLoadError code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSafetensors) tensors = open_memory (data, n_bytes, &error);

  g_assert_null (tensors);
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
  g_assert_nonnull (strstr (error->message, "memory"));
}

static void
assert_data (const VlmTensorView *view, gconstpointer expected, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *data = vlm_tensor_view_read_all (view, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (data, view->n_bytes, expected, n_bytes);
}

static void
test_read (void)
{
  g_autofree char *path =
      golden_data_path ("tiny", "checkpoint", "model.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (path, &error);
  g_auto (VlmTensorView) view = { 0 };
  float values[3];

  g_assert_no_error (error);
  g_assert_cmpstr (vlm_safetensors_get_metadata (tensors, "format"), ==, "pt");
  g_assert_cmpuint (vlm_safetensors_get_n_tensors (tensors), ==, 80);
  g_assert_false (vlm_safetensors_find (tensors, "__metadata__", NULL));
  g_assert_true (
      vlm_safetensors_find (tensors, "visual.patch_embed.proj.weight", &view));
  g_clear_pointer (&tensors, vlm_safetensors_free);
  /* The view outlives the table. */
  g_autofree char *shape = vlm_tensor_shape_to_string (view.shape, view.n_dims);
  g_assert_cmpstr (shape, ==, "[80, 3, 2, 14, 14]");
  g_assert_cmpint (view.dtype, ==, VLM_DTYPE_BF16);
  g_assert_cmpuint (view.n_bytes, ==, 2 * 80 * 1176);
  vlm_tensor_view_read_floats (&view, view.n_elements - 3, 3, values, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    g_assert_true (values[i] != 0.0f && values[i] > -1.0f && values[i] < 1.0f);
}

/* The writer gives the very bytes of a file that another program wrote. */
static void
test_write_same (void)
{
  gsize n_original;
  g_autofree char *original = tiny_file (&n_original);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSafetensors) tensors =
      open_memory (original, n_original, &error);
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();

  g_assert_no_error (error);
  vlm_safetensors_writer_set_metadata (writer, "format", "pt");
  for (guint i = vlm_safetensors_get_n_tensors (tensors); i-- > 0;) {
    g_auto (VlmTensorView) view = { 0 };

    vlm_safetensors_find (
        tensors, vlm_safetensors_get_name (tensors, i), &view);
    g_autofree guint8 *data = vlm_tensor_view_read_all (&view, NULL);
    vlm_safetensors_writer_add (
        writer, view.name, view.dtype, view.shape, view.n_dims, data);
  }

  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "copy", NULL);
  gsize n_copy;
  vlm_safetensors_writer_write (writer, path, &error);
  g_assert_no_error (error);
  g_autofree char *copy = files_read (folder, "copy", &n_copy);
  g_assert_cmpmem (copy, n_copy, original, n_original);
  files_remove (folder);
}

static void
test_write_types (void)
{
  static const float floats[] = { 1.5f, -2.0f };
  static const gint64 wide[] = { -1, G_MAXINT64 };
  static const guint8 bytes[] = { 1, 2, 255 };
  static const guint64 two = 2, three = 3, none[] = { 0, 5 };
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();
  g_autoptr (GError) error = NULL;

  vlm_safetensors_writer_add (writer, "b", VLM_DTYPE_U8, &three, 1, bytes);
  vlm_safetensors_writer_add (writer, "f", VLM_DTYPE_F32, &two, 1, floats);
  vlm_safetensors_writer_add (writer, "w\"\\é", VLM_DTYPE_I64, &two, 1, wide);
  vlm_safetensors_writer_add (writer, "scalar", VLM_DTYPE_F32, NULL, 0, floats);
  vlm_safetensors_writer_add (writer, "empty", VLM_DTYPE_F16, none, 2, NULL);

  g_autoptr (GBytes) file = vlm_safetensors_writer_get_bytes (writer);
  gsize n_bytes;
  const char *data = g_bytes_get_data (file, &n_bytes);
  g_autoptr (VlmSafetensors) tensors = open_memory (data, n_bytes, &error);
  g_auto (VlmTensorView) b = { 0 }, f = { 0 }, w = { 0 }, e = { 0 };
  g_assert_no_error (error);
  g_assert_cmpuint (vlm_safetensors_get_n_tensors (tensors), ==, 5);
  g_assert_true (vlm_safetensors_find (tensors, "b", &b));
  assert_data (&b, bytes, sizeof bytes);
  g_assert_true (vlm_safetensors_find (tensors, "f", &f));
  assert_data (&f, floats, sizeof floats);
  g_assert_true (vlm_safetensors_find (tensors, "w\"\\é", &w));
  assert_data (&w, wide, sizeof wide);
  g_assert_true (vlm_safetensors_find (tensors, "empty", &e));
  g_assert_cmpuint (e.n_elements, ==, 0);
  g_assert_cmpuint (e.shape[1], ==, 5);
}

/* One defect each in the header of a good file. */
static const struct
{
  const char *name;
  const char *from;
  const char *to;
  VlmLoadError code;
  const char *message;
} defects[] = {
  { "negative-offset", "[0,52224]", "[-2,52222]", VLM_LOAD_ERROR_CORRUPT,
      "model.embed_tokens.weight.data_offsets[0]: -2 is not within" },
  { "reversed-offsets", "[0,52224]", "[52224,0]", VLM_LOAD_ERROR_CORRUPT,
      "model.embed_tokens.weight.data_offsets: ends before" },
  { "offset-beyond-64-bits", "[0,52224]", "[0,18446744073709603840]",
      VLM_LOAD_ERROR_CORRUPT, "an integer of 64 bits" },
  { "offset-beyond-file", "[0,52224]",
      "[9223372036854723583,9223372036854775807]", VLM_LOAD_ERROR_TRUNCATED,
      "model.embed_tokens.weight: ends at byte 9223372036854775807" },
  { "overlap", "[0,52224]", "[2,52226]", VLM_LOAD_ERROR_CORRUPT,
      "model.embed_tokens.weight and "
      "model.layers.0.input_layernorm.weight overlap" },
  { "one-offset", "[0,52224]", "[52224]", VLM_LOAD_ERROR_CORRUPT,
      "expected 2 numbers" },
  { "fractional-offset", "[0,52224]", "[0,52224.5]", VLM_LOAD_ERROR_CORRUPT,
      "expected an integer" },
  { "size", "[408,64]", "[408,65]", VLM_LOAD_ERROR_CORRUPT,
      "52224 bytes do not hold 26520 elements of type BF16" },
  { "shape-overflow", "[408,64]", "[4294967296,4294967296,4294967296]",
      VLM_LOAD_ERROR_CORRUPT, "overflows" },
  { "bytes-overflow", "[408,64]", "[4611686018427387904,2]",
      VLM_LOAD_ERROR_CORRUPT, "do not hold" },
  { "negative-shape", "[408,64]", "[-408,-64]", VLM_LOAD_ERROR_CORRUPT,
      "shape[0]: -408" },
  { "dims", "[408,64]", "[408,64,1,1,1,1,1,1,1]", VLM_LOAD_ERROR_TOO_LARGE,
      "9 dimensions" },
  { "unknown-dtype", "\"BF16\",\"shape\":[408", "\"BF17\",\"shape\":[408",
      VLM_LOAD_ERROR_UNSUPPORTED, "embed_tokens.weight.dtype: unknown type" },
  { "dtype-is-number", "\"BF16\",\"shape\":[408", "16,\"shape\":[408",
      VLM_LOAD_ERROR_CORRUPT, "dtype: expected a string" },
  { "no-shape", "\"shape\":[408,64],", "", VLM_LOAD_ERROR_CORRUPT,
      "embed_tokens.weight.shape: missing" },
  { "metadata-number", "\"pt\"", "7", VLM_LOAD_ERROR_CORRUPT,
      "__metadata__.format: expected a string" },
  { "tensor-is-list", "{\"format\":\"pt\"}", "[]", VLM_LOAD_ERROR_CORRUPT,
      "__metadata__: expected an object" },
  { "nan", "\"pt\"", "NaN", VLM_LOAD_ERROR_CORRUPT, "NaN" },
  { "bad-json", "{\"format\"", "{\"format\":{", VLM_LOAD_ERROR_CORRUPT,
      "memory:1:" },
  { "comment", "{\"format\"", "/**/{\"format\"", VLM_LOAD_ERROR_CORRUPT,
      "memory:1:" },
  { "top-is-list", "{\"__metadata__\":", "[{}, {\"__metadata__\":",
      VLM_LOAD_ERROR_CORRUPT, "memory:" },
};

static void
test_defects (void)
{
  gsize n_bytes, data_offset;
  g_autofree char *file = tiny_file (&n_bytes);
  g_autofree char *header = files_safetensors_header (file, &data_offset);

  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autofree char *damaged =
        files_replace (header, defects[i].from, defects[i].to);
    gsize n_damaged;
    g_autofree char *joined = files_safetensors_join (
        damaged, file + data_offset, n_bytes - data_offset, &n_damaged);

    g_test_message ("%s", defects[i].name);
    assert_refused (joined, n_damaged, defects[i].code, defects[i].message);
  }
}

/* Whatever the file ends in, it is refused: never read past its end. */
static void
test_truncated (void)
{
  gsize n_bytes, data_offset;
  g_autofree char *file = tiny_file (&n_bytes);
  g_autofree char *header = files_safetensors_header (file, &data_offset);
  const gsize ends[] = { 0, 1, 7, 8, 9, data_offset / 2, data_offset - 1,
    data_offset, data_offset + 1, n_bytes - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    assert_refused (file, ends[i], VLM_LOAD_ERROR_TRUNCATED, "");
}

static void
test_header_length (void)
{
  const guint64 lengths[] = { VLM_MAX_HEADER_BYTES + 1, G_MAXINT64, G_MAXUINT64,
    G_MAXUINT64 - 7 };
  char file[32] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    guint64 length = GUINT64_TO_LE (lengths[i]);

    memcpy (file, &length, sizeof length);
    assert_refused (
        file, sizeof file, VLM_LOAD_ERROR_TOO_LARGE, "the limit is");
  }
  memset (file, 0, sizeof file);
  assert_refused (file, sizeof file, VLM_LOAD_ERROR_TRUNCATED, "zeros");
  file[8] = 1;
  assert_refused (file, sizeof file, VLM_LOAD_ERROR_CORRUPT, "JSON ends");
}

static void
test_deep (void)
{
  g_autoptr (GString) header = g_string_new ("{\"a\":");
  gsize n_bytes;

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (header, '[');

  g_autofree char *file =
      files_safetensors_join (header->str, NULL, 0, &n_bytes);
  assert_refused (file, n_bytes, VLM_LOAD_ERROR_TOO_LARGE, "nested");
}

static void
test_many_tensors (void)
{
  g_autoptr (GString) header = g_string_new ("{");
  gsize n_bytes;

  for (guint i = 0; i <= VLM_MAX_TENSORS; i++)
    g_string_append_printf (header, "%s\"%u\":{}", i > 0 ? "," : "", i);
  g_string_append_c (header, '}');

  g_autofree char *file =
      files_safetensors_join (header->str, NULL, 0, &n_bytes);
  assert_refused (file, n_bytes, VLM_LOAD_ERROR_TOO_LARGE, "65537 tensors");
}

/* A type this library does not compute with may be in a file all the same. */
static void
test_foreign_type (void)
{
  static const char header[] =
      "{\"x\":{\"dtype\":\"F8_E5M2\",\"shape\":[3],\"data_offsets\":[0,3]}}";
  g_autoptr (GError) error = NULL;
  g_auto (VlmTensorView) view = { 0 };
  gsize n_bytes;
  g_autofree char *file = files_safetensors_join (header, "abc", 3, &n_bytes);
  g_autoptr (VlmSafetensors) tensors = open_memory (file, n_bytes, &error);

  g_assert_no_error (error);
  g_assert_true (vlm_safetensors_find (tensors, "x", &view));
  g_assert_cmpint (view.dtype, ==, VLM_DTYPE_INVALID);
  g_assert_cmpstr (view.dtype_name, ==, "F8_E5M2");
}

static void
test_not_a_file (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *absent = g_build_filename (folder, "absent", NULL);
  g_autofree char *pipe = g_build_filename (folder, "pipe", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_safetensors_open (absent, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, absent));
  g_clear_error (&error);
  g_assert_null (vlm_safetensors_open (folder, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_null (vlm_safetensors_open (pipe, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED);
  files_remove (folder);
}

/* A file that another process shortens under the reader is an error of the
 * part that is gone, and of nothing else. */
static void
test_shrinks (void)
{
  gsize n_file;
  g_autofree char *file = tiny_file (&n_file);
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "shrinks", NULL);
  g_autoptr (GError) error = NULL;
  g_auto (VlmTensorView) first = { 0 };
  g_auto (VlmTensorView) last = { 0 };
  float value;

  files_write (folder, "shrinks", file, n_file);
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (path, &error);
  g_assert_no_error (error);
  vlm_safetensors_find (tensors, vlm_safetensors_get_name (tensors, 0), &first);
  vlm_safetensors_find (tensors,
      vlm_safetensors_get_name (
          tensors, vlm_safetensors_get_n_tensors (tensors) - 1),
      &last);
  g_assert_cmpint (truncate (path, (off_t) (n_file - 1)), ==, 0);
  g_assert_false (vlm_tensor_view_read_floats (&first, 0, 1, &value, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT);
  g_clear_error (&error);
  g_assert_null (vlm_tensor_view_read_all (&last, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED);
  g_assert_nonnull (strstr (error->message, path));
  files_remove (folder);
}

/* Floats come out as they went in, whichever part is read. */
static void
test_read_floats (void)
{
  static const guint16 bf16[] = { 0x3f80, 0xc000, 0x7f80, 0x0001, 0x4049 };
  static const guint16 f16[] = { 0x3c00, 0xc000, 0x7c00, 0x0001, 0x4248 };
  const guint64 shape[] = { G_N_ELEMENTS (bf16) };
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();
  g_autoptr (GError) error = NULL;

  vlm_safetensors_writer_add (writer, "b", VLM_DTYPE_BF16, shape, 1, bf16);
  vlm_safetensors_writer_add (writer, "h", VLM_DTYPE_F16, shape, 1, f16);
  g_autoptr (GBytes) bytes = vlm_safetensors_writer_get_bytes (writer);
  g_autoptr (VlmSafetensors) tensors = open_memory (
      g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  for (guint which = 0; which < 2; which++) {
    g_auto (VlmTensorView) view = { 0 };

    vlm_safetensors_find (tensors, which == 0 ? "b" : "h", &view);
    for (guint first = 0; first < shape[0]; first++)
      for (guint n = 0; n <= shape[0] - first; n++) {
        float values[G_N_ELEMENTS (bf16) + 1] = { 0 };

        g_assert_true (
            vlm_tensor_view_read_floats (&view, first, n, values, NULL));
        for (guint i = 0; i < n; i++)
          g_assert_true (values[i] ==
              (which == 0 ? vlm_f32_from_bf16 (bf16[first + i])
                          : vlm_f32_from_f16 (f16[first + i])));
        g_assert_true (values[n] == 0.0f);
      }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/safetensors/read", test_read);
  g_test_add_func ("/safetensors/write-same", test_write_same);
  g_test_add_func ("/safetensors/write-types", test_write_types);
  g_test_add_func ("/safetensors/defects", test_defects);
  g_test_add_func ("/safetensors/truncated", test_truncated);
  g_test_add_func ("/safetensors/header-length", test_header_length);
  g_test_add_func ("/safetensors/deep", test_deep);
  g_test_add_func ("/safetensors/many-tensors", test_many_tensors);
  g_test_add_func ("/safetensors/foreign-type", test_foreign_type);
  g_test_add_func ("/safetensors/not-a-file", test_not_a_file);
  g_test_add_func ("/safetensors/shrinks", test_shrinks);
  g_test_add_func ("/safetensors/read-floats", test_read_floats);
  return g_test_run ();
}
