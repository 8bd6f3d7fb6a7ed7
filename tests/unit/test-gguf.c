/* gst-vlm: reading GGUF files, whole and damaged
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "io/gguf.h"
#include "tests/support/files.h"
#include "tests/support/gguf-writer.h"
#include "tests/support/golden.h"

#define F32 0
#define Q8_0 8
#define IQ3_S 21

static VlmGguf *
open_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (VlmDataFile) file = vlm_data_file_new_from_bytes (bytes, "memory");

  return vlm_gguf_new (file, error);
}

static VlmGguf *
open_written (const GgufWriter *writer, GError **error)
{
  g_autoptr (GBytes) bytes = gguf_writer_finish (writer);

  return open_bytes (bytes, error);
}

static void
assert_refused (GBytes *bytes, VlmLoadError code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGguf) gguf = open_bytes (bytes, &error);

  g_assert_null (gguf);
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
  g_assert_true (g_str_has_prefix (error->message, "memory: "));
}

/* A file with a key of each kind and two tensors. */
static GgufWriter *
small_file (void)
{
  static const char *const words[] = { "a", "", "déjà" };
  static const gint32 numbers[] = { -1, 0, 7 };
  static const float floats[] = { 0.5f, -2.0f };
  static const float vector[] = { 1.0f, 2.0f, 3.0f };
  static const guint64 three[] = { 3 }, blocks[] = { 64, 2 };
  GgufWriter *writer = gguf_writer_new ();

  gguf_add_string (writer, "general.architecture", "test");
  gguf_add_uint (writer, "uint", 4000000000u);
  gguf_add_int (writer, "short", GGUF_UINT16, 2, 65535);
  gguf_add_int (writer, "negative", GGUF_INT32, 4, (guint32) -5);
  gguf_add_float (writer, "float", 0.25f);
  gguf_add_bool (writer, "bool", TRUE);
  gguf_add_strings (writer, "words", words, G_N_ELEMENTS (words));
  gguf_add_ints (writer, "numbers", numbers, G_N_ELEMENTS (numbers));
  gguf_add_floats (writer, "floats", floats, G_N_ELEMENTS (floats));
  gguf_add_tensor (writer, "vector", F32, three, 1, vector, sizeof vector);
  gguf_add_tensor (writer, "matrix", Q8_0, blocks, 2, NULL, 4 * 34);
  return writer;
}

static void
check_keys (const VlmGguf *gguf)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree gint64 *numbers = NULL;
  double floats[2], value;
  gboolean flag = FALSE;
  guint n;

  g_assert_true (
      vlm_gguf_read_string (gguf, "general.architecture", &text, &error));
  g_assert_cmpstr (text, ==, "test");
  g_assert_true (vlm_gguf_read_uint (gguf, "uint", 0, G_MAXUINT, &n, &error));
  g_assert_cmpuint (n, ==, 4000000000u);
  g_assert_true (vlm_gguf_read_uint (gguf, "short", 0, G_MAXUINT, &n, &error));
  g_assert_cmpuint (n, ==, 65535);
  g_assert_true (
      vlm_gguf_read_double (gguf, "negative", -9, 9, &value, &error));
  g_assert_cmpfloat (value, ==, -5.0);
  g_assert_true (vlm_gguf_read_double (gguf, "float", 0, 1, &value, &error));
  g_assert_cmpfloat (value, ==, 0.25);
  g_assert_true (vlm_gguf_read_boolean (gguf, "bool", &flag, &error));
  g_assert_true (flag);
  g_assert_true (
      vlm_gguf_read_string_list (gguf, "words", 3, &words, &n, &error));
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpstr (words[1], ==, "");
  g_assert_cmpstr (words[2], ==, "déjà");
  g_assert_true (
      vlm_gguf_read_int_list (gguf, "numbers", 3, &numbers, &n, &error));
  g_assert_cmpint (numbers[0], ==, -1);
  g_assert_true (
      vlm_gguf_read_doubles (gguf, "floats", 2, -9, 9, floats, &error));
  g_assert_cmpfloat (floats[1], ==, -2.0);
  g_assert_no_error (error);
}

static void
test_read (void)
{
  g_autoptr (GgufWriter) writer = small_file ();

  for (writer->version = 2; writer->version <= 3; writer->version++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmGguf) gguf = open_written (writer, &error);
    g_auto (VlmTensorView) vector = { 0 }, matrix = { 0 };
    float values[3];

    g_assert_no_error (error);
    check_keys (gguf);
    g_assert_cmpuint (vlm_gguf_get_n_tensors (gguf), ==, 2);
    g_assert_cmpstr (vlm_gguf_get_name (gguf, 1), ==, "matrix");
    g_assert_false (vlm_gguf_find (gguf, "absent", NULL));
    g_assert_true (vlm_gguf_find (gguf, "vector", &vector));
    g_assert_true (vlm_gguf_find (gguf, "matrix", &matrix));
    g_clear_pointer (&gguf, vlm_gguf_free);
    /* Views outlive the table of contents. */
    g_assert_true (vlm_tensor_view_read_floats (&vector, 0, 3, values, &error));
    g_assert_cmpfloat (values[2], ==, 3.0f);
    g_autofree char *shape =
        vlm_tensor_shape_to_string (matrix.shape, matrix.n_dims);
    g_assert_cmpstr (shape, ==, "[2, 64]");
    g_assert_cmpint (matrix.dtype, ==, VLM_DTYPE_Q8_0);
    g_assert_cmpuint (matrix.n_bytes, ==, 4 * 34);
    g_assert_cmpuint (matrix.offset % 32, ==, 0);
  }
}

static void
test_alignment (void)
{
  static const guint64 one[] = { 1 };
  static const float values[] = { 1.0f, 2.0f };
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GError) error = NULL;
  g_auto (VlmTensorView) view = { 0 };
  float value;

  writer->alignment = 128;
  gguf_add_uint (writer, "general.alignment", 128);
  gguf_add_tensor (writer, "a", F32, one, 1, &values[0], sizeof (float));
  gguf_add_tensor (writer, "b", F32, one, 1, &values[1], sizeof (float));

  g_autoptr (VlmGguf) gguf = open_written (writer, &error);
  g_assert_no_error (error);
  g_assert_true (vlm_gguf_find (gguf, "b", &view));
  g_assert_cmpuint (view.offset % 128, ==, 0);
  g_assert_true (vlm_tensor_view_read_floats (&view, 0, 1, &value, &error));
  g_assert_cmpfloat (value, ==, 2.0f);
}

/* A key of another kind, or out of range, is named. */
static void
test_wrong_keys (void)
{
  g_autoptr (GgufWriter) writer = small_file ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGguf) gguf = open_written (writer, &error);
  g_auto (GStrv) words = NULL;
  g_autofree char *text = NULL;
  double value;
  guint n;

#define REFUSED(call, code, words_)                                            \
  g_assert_false (call);                                                       \
  g_assert_error (error, VLM_LOAD_ERROR, code);                                \
  g_assert_nonnull (strstr (error->message, words_));                          \
  g_clear_error (&error)

  g_assert_no_error (error);
  REFUSED (vlm_gguf_read_uint (gguf, "absent", 0, 9, &n, &error),
      VLM_LOAD_ERROR_CORRUPT, "memory: key absent: missing");
  REFUSED (vlm_gguf_read_uint (gguf, "words", 0, 9, &n, &error),
      VLM_LOAD_ERROR_CORRUPT, "key words: expected an integer");
  REFUSED (vlm_gguf_read_uint (gguf, "float", 0, 9, &n, &error),
      VLM_LOAD_ERROR_CORRUPT, "key float: expected an integer");
  REFUSED (vlm_gguf_read_uint (gguf, "negative", 0, 9, &n, &error),
      VLM_LOAD_ERROR_CORRUPT, "key negative: -5 is not within 0 … 9");
  REFUSED (vlm_gguf_read_double (gguf, "bool", 0, 9, &value, &error),
      VLM_LOAD_ERROR_CORRUPT, "key bool: expected a number");
  REFUSED (vlm_gguf_read_double (gguf, "float", 1, 9, &value, &error),
      VLM_LOAD_ERROR_CORRUPT, "key float: 0.25 is not within 1 … 9");
  REFUSED (vlm_gguf_read_doubles (gguf, "floats", 1, 0, 1, &value, &error),
      VLM_LOAD_ERROR_CORRUPT, "key floats: expected 1 numbers, not 2");
  REFUSED (vlm_gguf_read_string (gguf, "uint", &text, &error),
      VLM_LOAD_ERROR_CORRUPT, "key uint: expected a string");
  REFUSED (vlm_gguf_read_string_list (gguf, "numbers", 9, &words, &n, &error),
      VLM_LOAD_ERROR_CORRUPT,
      "key numbers: expected a list with each a string");
  REFUSED (vlm_gguf_read_string_list (gguf, "words", 2, &words, &n, &error),
      VLM_LOAD_ERROR_TOO_LARGE, "key words: 3 elements, the limit is 2");
#undef REFUSED
}

/* One defect each. */
static void
bad_version (GgufWriter *w)
{
  w->version = 99;
}

static void
old_version (GgufWriter *w)
{
  w->version = 1;
}

static void
big_endian (GgufWriter *w)
{
  w->version = GUINT32_SWAP_LE_BE (3);
}

static void
many_keys (GgufWriter *w)
{
  w->n_keys = G_GUINT64_CONSTANT (1) << 62;
}

static void
many_tensors (GgufWriter *w)
{
  w->n_tensors = G_MAXUINT64;
}

/* The next ones are then read from padding and data. */
static void
more_tensors (GgufWriter *w)
{
  w->n_tensors += 5;
}

static void
double_key (GgufWriter *w)
{
  gguf_add_uint (w, "uint", 1);
}

static void
empty_key (GgufWriter *w)
{
  gguf_add_uint (w, "", 1);
}

static void
binary_key (GgufWriter *w)
{
  gguf_add_uint (w, "\xff\xfe", 1);
}

static void
long_key (GgufWriter *w)
{
  w->n_keys++;
  gguf_put (w->keys, G_GUINT64_CONSTANT (1) << 63, 8);
}

static void
unknown_kind (GgufWriter *w)
{
  gguf_add_int (w, "strange", 13, 4, 0);
}

static void
unknown_elements (GgufWriter *w)
{
  gguf_add_key (w, "strange", GGUF_ARRAY);
  gguf_put (w->keys, 77, 4);
  gguf_put (w->keys, 0, 8);
}

static void
nested_list (GgufWriter *w)
{
  gguf_add_key (w, "nested", GGUF_ARRAY);
  gguf_put (w->keys, GGUF_ARRAY, 4);
  gguf_put (w->keys, 1, 8);
}

static void
long_string (GgufWriter *w)
{
  gguf_add_key (w, "text", GGUF_STRING);
  gguf_put (w->keys, G_GUINT64_CONSTANT (1) << 63, 8);
}

static void
long_list (GgufWriter *w)
{
  gguf_add_key (w, "list", GGUF_ARRAY);
  gguf_put (w->keys, GGUF_STRING, 4);
  gguf_put (w->keys, G_GUINT64_CONSTANT (1) << 61, 8);
}

static void
odd_alignment (GgufWriter *w)
{
  gguf_add_uint (w, "general.alignment", 24);
}

static void
zero_alignment (GgufWriter *w)
{
  gguf_add_uint (w, "general.alignment", 0);
}

static void
text_alignment (GgufWriter *w)
{
  gguf_add_string (w, "general.alignment", "32");
}

static void
add_dims (GgufWriter *w, guint32 type, guint64 first, guint64 second)
{
  const guint64 dims[] = { first, second };

  gguf_add_tensor (w, "extra", type, dims, 2, NULL, 64);
}

static void
zero_dim (GgufWriter *w)
{
  add_dims (w, F32, 32, 0);
}

static void
elements_overflow (GgufWriter *w)
{
  add_dims (
      w, Q8_0, G_GUINT64_CONSTANT (1) << 33, G_GUINT64_CONSTANT (1) << 33);
}

static void
bytes_overflow (GgufWriter *w)
{
  add_dims (w, F32, G_GUINT64_CONSTANT (1) << 31, G_GUINT64_CONSTANT (1) << 32);
}

static void
part_of_block (GgufWriter *w)
{
  add_dims (w, Q8_0, 16, 4);
}

static void
unknown_type (GgufWriter *w)
{
  add_dims (w, 200, 32, 1);
}

static void
removed_type (GgufWriter *w)
{
  add_dims (w, 4, 32, 1);
}

static void
unsupported_type (GgufWriter *w)
{
  add_dims (w, IQ3_S, 256, 1);
}

static void
many_dims (GgufWriter *w)
{
  w->n_tensors++;
  gguf_put_string (w->infos, "extra");
  gguf_put (w->infos, 4000000000u, 4);
}

static void
no_dims (GgufWriter *w)
{
  gguf_add_tensor (w, "extra", F32, NULL, 0, NULL, 4);
}

static void
double_tensor (GgufWriter *w)
{
  static const guint64 one[] = { 1 };

  gguf_add_tensor (w, "vector", F32, one, 1, NULL, 4);
}

static void
add_at (GgufWriter *w, guint64 offset)
{
  static const guint64 one[] = { 1 };

  gguf_add_tensor_at (w, "extra", F32, one, 1, offset);
}

static void
overlap (GgufWriter *w)
{
  add_at (w, 32);
}

static void
hole (GgufWriter *w)
{
  add_at (w, w->data->len + 32);
}

static void
wrap (GgufWriter *w)
{
  add_at (w, G_MAXUINT64 - 31);
}

static void
beyond_end (GgufWriter *w)
{
  add_at (w, w->data->len);
}

static const struct
{
  void (*damage) (GgufWriter *writer);
  VlmLoadError code;
  const char *message;
} defects[] = {
  { bad_version, VLM_LOAD_ERROR_UNSUPPORTED, "version 99" },
  { old_version, VLM_LOAD_ERROR_UNSUPPORTED, "version 1" },
  { big_endian, VLM_LOAD_ERROR_UNSUPPORTED, "big-endian" },
  { many_keys, VLM_LOAD_ERROR_TOO_LARGE, "4611686018427387904 keys" },
  { many_tensors, VLM_LOAD_ERROR_TOO_LARGE, "18446744073709551615 tensors" },
  { more_tensors, VLM_LOAD_ERROR_CORRUPT, "the name of tensor 2 is empty" },
  { double_key, VLM_LOAD_ERROR_CORRUPT, "key uint: occurs twice" },
  { empty_key, VLM_LOAD_ERROR_CORRUPT, "the name of key 9 is empty" },
  { binary_key, VLM_LOAD_ERROR_CORRUPT, "the name of key 9 is empty or not" },
  { long_key, VLM_LOAD_ERROR_CORRUPT,
      "the name of key 9 is 9223372036854775808 bytes" },
  { unknown_kind, VLM_LOAD_ERROR_CORRUPT, "key strange: unknown type 13" },
  { unknown_elements, VLM_LOAD_ERROR_CORRUPT, "key strange: unknown type 77" },
  { nested_list, VLM_LOAD_ERROR_UNSUPPORTED, "key nested: lists of lists" },
  { long_string, VLM_LOAD_ERROR_TRUNCATED, "key text: " },
  { long_list, VLM_LOAD_ERROR_TRUNCATED,
      "key list: a list of 2305843009213693952 elements" },
  { odd_alignment, VLM_LOAD_ERROR_CORRUPT,
      "key general.alignment: 24 is not a power of two" },
  { zero_alignment, VLM_LOAD_ERROR_CORRUPT,
      "key general.alignment: 0 is not within" },
  { text_alignment, VLM_LOAD_ERROR_CORRUPT,
      "key general.alignment: expected an integer" },
  { zero_dim, VLM_LOAD_ERROR_CORRUPT, "tensor extra: dimension 1 is 0" },
  { elements_overflow, VLM_LOAD_ERROR_CORRUPT,
      "tensor extra: the number of elements overflows" },
  { bytes_overflow, VLM_LOAD_ERROR_CORRUPT,
      "tensor extra: the number of bytes overflows" },
  { part_of_block, VLM_LOAD_ERROR_CORRUPT,
      "tensor extra: rows of 16 are not whole blocks of 32 of type Q8_0" },
  { unknown_type, VLM_LOAD_ERROR_UNSUPPORTED,
      "tensor extra: unknown type 200" },
  { removed_type, VLM_LOAD_ERROR_UNSUPPORTED, "tensor extra: unknown type 4" },
  { unsupported_type, VLM_LOAD_ERROR_UNSUPPORTED,
      "tensor extra: type IQ3_S is not supported; use" },
  { many_dims, VLM_LOAD_ERROR_CORRUPT, "tensor extra: 4000000000 dimensions" },
  { no_dims, VLM_LOAD_ERROR_CORRUPT, "tensor extra: 0 dimensions" },
  { double_tensor, VLM_LOAD_ERROR_CORRUPT, "tensor vector: occurs twice" },
  { overlap, VLM_LOAD_ERROR_CORRUPT, "tensor extra: begins at byte 32 of" },
  { hole, VLM_LOAD_ERROR_CORRUPT, "but the one before ends at" },
  { wrap, VLM_LOAD_ERROR_CORRUPT,
      "tensor extra: begins at byte 18446744073709551584" },
  { beyond_end, VLM_LOAD_ERROR_TRUNCATED, "tensor extra: 4 bytes at byte" },
};

static void
test_defects (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autoptr (GgufWriter) writer = small_file ();
    g_autoptr (GBytes) bytes = NULL;

    defects[i].damage (writer);
    bytes = gguf_writer_finish (writer);
    assert_refused (bytes, defects[i].code, defects[i].message);
  }
}

/* Wherever the file ends, it is refused: never read past its end. */
static void
test_truncated (void)
{
  g_autoptr (GgufWriter) writer = small_file ();
  g_autoptr (GBytes) whole = gguf_writer_finish (writer);
  /* after the last tensor there is padding only */
  gsize n_needed = g_bytes_get_size (whole) - writer->data->len + 32 + 4 * 34;

  for (gsize n = 0; n < n_needed; n++) {
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (whole, 0, n);
    g_autoptr (GError) error = NULL;
    int code = VLM_LOAD_ERROR_TRUNCATED;

    if (n > 0 && n < strlen ("GGUF"))
      code = VLM_LOAD_ERROR_CORRUPT;
    g_assert_null (open_bytes (part, &error));
    g_assert_error (error, VLM_LOAD_ERROR, code);
  }

  g_autoptr (GBytes) needed = g_bytes_new_from_bytes (whole, 0, n_needed);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGguf) gguf = open_bytes (needed, &error);
  g_assert_no_error (error);
}

static void
test_not_gguf (void)
{
  g_autoptr (GBytes) pointer =
      g_bytes_new_static ("version https://git-lfs.github.com/spec/v1\n", 43);
  g_autoptr (GBytes) other =
      g_bytes_new_static ("GGML and so on, for long", 24);

  assert_refused (pointer, VLM_LOAD_ERROR_NOT_FOUND, "git lfs pull");
  assert_refused (other, VLM_LOAD_ERROR_CORRUPT, "not a GGUF file");
}

/* Files with one fault each, made from those that llama.cpp writes: what is
 * wrong with the container itself. */
static void
test_shared (void)
{
  static const struct
  {
    const char *name;
    const char *message; /* NULL: the container is sound */
  } files[] = {
    { "valid-text", NULL },
    { "valid-mmproj", NULL },
    { "01-truncated-header", "key tokenizer.ggml.tokens: " },
    { "02-truncated-data", "tensor " },
    { "03-tensor-count", "tensor 14" },
    { "04-kv-count", "4611686018427387904 keys" },
    { "05-offset-beyond-end", "tensor blk.0.ffn_up.weight: begins" },
    { "06-offset-wraps", "tensor blk.0.ffn_up.weight: begins" },
    { "07-overlap", "tensor blk.0.ffn_up.weight: begins" },
    { "08-unknown-type", "tensor blk.0.attn_q.weight: unknown type 200" },
    { "11-string-length", "key " },
    { "12-array-length", "key tokenizer.ggml.tokens: " },
    { "13-zero-dim", "tensor blk.0.attn_k.weight: dimension 1 is 0" },
    { "14-dims-overflow",
        "tensor blk.0.attn_k.weight: the number of elements" },
    { "15-alignment", "key general.alignment: 24" },
    { "16-alignment-zero", "key general.alignment: 0" },
    { "17-shape", "tensor blk.0.attn_q.weight: rows of 16" },
    { "19-version", "version 99" },
    { "21-n-dims", "4000000000 dimensions" },
    { "24-duplicate-tensor", "tensor blk.0.ffn_gate.weight: occurs twice" },
  };
  g_autofree char *folder = golden_shared_path ("quantised/broken/gguf");

  if (folder == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *name = g_strconcat (files[i].name, ".gguf", NULL);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmGguf) gguf = vlm_gguf_open (path, &error);

    if (files[i].message == NULL) {
      g_assert_no_error (error);
      continue;
    }
    g_assert_null (gguf);
    if (strstr (error->message, files[i].message) == NULL ||
        !g_str_has_prefix (error->message, path))
      g_error ("\"%s\" does not say \"%s\"", error->message, files[i].message);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gguf/read", test_read);
  g_test_add_func ("/gguf/alignment", test_alignment);
  g_test_add_func ("/gguf/wrong-keys", test_wrong_keys);
  g_test_add_func ("/gguf/defects", test_defects);
  g_test_add_func ("/gguf/truncated", test_truncated);
  g_test_add_func ("/gguf/not-gguf", test_not_gguf);
  g_test_add_func ("/gguf/shared", test_shared);
  return g_test_run ();
}
