/* gst-vlm: GGUF models in parts, and which files make a pair
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "io/gguf-pair.h"
#include "io/tensor-source.h"
#include "tests/support/files.h"
#include "tests/support/gguf-writer.h"
#include "tests/support/golden.h"

#define F32 0
#define F16 1

static void
write_file (const char *folder, const char *name, const GgufWriter *writer)
{
  g_autoptr (GBytes) bytes = gguf_writer_finish (writer);
  gsize n_bytes;
  gconstpointer data = g_bytes_get_data (bytes, &n_bytes);

  files_write (folder, name, data, n_bytes);
}

static void
add_float_tensor (GgufWriter *writer, const char *name, float value)
{
  static const guint64 one[] = { 1 };

  gguf_add_tensor (writer, name, F32, one, 1, &value, sizeof value);
}

/* Part @no of @count, from 0; with one tensor, unless @tensor is NULL. */
static void
write_part (const char *folder, const char *name, guint no, guint count,
    guint n_tensors, const char *tensor)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();

  if (no == 0)
    gguf_add_string (writer, "general.architecture", "qwen2vl");
  gguf_add_int (writer, "split.no", GGUF_UINT16, 2, no);
  gguf_add_int (writer, "split.count", GGUF_UINT16, 2, count);
  gguf_add_int (writer, "split.tensors.count", GGUF_INT32, 4, n_tensors);
  if (tensor != NULL)
    add_float_tensor (writer, tensor, (float) no);
  write_file (folder, name, writer);
}

static VlmGgufFiles *
open_in (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return vlm_gguf_files_open (path, error);
}

static void
assert_refused (const char *folder, const char *name, VlmLoadError code,
    const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGgufFiles) files = open_in (folder, name, &error);

  g_assert_null (files);
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
  g_assert_true (g_str_has_prefix (error->message, folder));
}

static void
test_names (void)
{
  guint no, count;

  g_assert_true (vlm_gguf_part_of_name ("a-00002-of-00010.gguf", &no, &count));
  g_assert_cmpuint (no, ==, 2);
  g_assert_cmpuint (count, ==, 10);
  g_assert_false (vlm_gguf_part_of_name ("a.gguf", &no, &count));
  g_assert_false (vlm_gguf_part_of_name ("-00001-of-00002.gguf", &no, &count));
  g_assert_false (vlm_gguf_part_of_name ("a-00003-of-00002.gguf", &no, &count));
  g_assert_false (vlm_gguf_part_of_name ("a-00000-of-00002.gguf", &no, &count));
  g_assert_false (vlm_gguf_part_of_name ("a-+0001-of-00002.gguf", &no, &count));
  g_assert_false (vlm_gguf_part_of_name ("a-00001-of-00002.bin", &no, &count));
}

/* Any part names the whole; the first may hold keys alone. */
static void
test_parts (void)
{
  g_autofree char *folder = files_new_folder (NULL);

  write_part (folder, "m-00001-of-00003.gguf", 0, 3, 2, NULL);
  write_part (folder, "m-00002-of-00003.gguf", 1, 3, 2, "a");
  write_part (folder, "m-00003-of-00003.gguf", 2, 3, 2, "b");
  for (guint no = 1; no <= 3; no++) {
    g_autofree char *name = g_strdup_printf ("m-%05u-of-00003.gguf", no);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmGgufFiles) files = open_in (folder, name, &error);
    g_auto (VlmTensorView) view = { 0 };
    float value;

    g_assert_no_error (error);
    g_assert_cmpuint (vlm_gguf_files_get_n_tensors (files), ==, 2);
    g_assert_true (
        vlm_gguf_has (vlm_gguf_files_get_head (files), "general.architecture"));
    g_assert_false (vlm_gguf_files_find (files, "c", NULL));
    g_assert_true (vlm_gguf_files_find (files, "b", &view));
    g_clear_pointer (&files, vlm_gguf_files_unref);
    g_assert_true (vlm_tensor_view_read_floats (&view, 0, 1, &value, &error));
    g_assert_cmpfloat (value, ==, 2.0f);
  }
  files_remove (folder);
}

static void
test_bad_parts (void)
{
  g_autofree char *folder = files_new_folder (NULL);

  write_part (folder, "m-00001-of-00002.gguf", 0, 2, 2, "a");
  assert_refused (folder, "m-00001-of-00002.gguf", VLM_LOAD_ERROR_NOT_FOUND,
      "m-00002-of-00002.gguf: ");
  write_part (folder, "m-00002-of-00002.gguf", 1, 2, 2, "a");
  assert_refused (folder, "m-00001-of-00002.gguf", VLM_LOAD_ERROR_MISMATCH,
      "m-00002-of-00002.gguf: tensor a is in ");
  write_part (folder, "m-00002-of-00002.gguf", 0, 2, 2, "b");
  assert_refused (folder, "m-00001-of-00002.gguf", VLM_LOAD_ERROR_MISMATCH,
      "key split.no: 0, but the name says part 2, which is 1");
  write_part (folder, "m-00002-of-00002.gguf", 1, 3, 2, "b");
  assert_refused (folder, "m-00001-of-00002.gguf", VLM_LOAD_ERROR_MISMATCH,
      "key split.count: 3, but the name says 2 parts");
  write_part (folder, "m-00002-of-00002.gguf", 1, 2, 2, NULL);
  assert_refused (folder, "m-00001-of-00002.gguf", VLM_LOAD_ERROR_MISMATCH,
      "key split.tensors.count: 2, but the parts have 1");
  write_part (folder, "renamed.gguf", 1, 2, 2, "b");
  assert_refused (folder, "renamed.gguf", VLM_LOAD_ERROR_MISMATCH,
      "this is part 2 of 2, but its name does not end in -00002-of-00002.gguf");
  write_part (folder, "m-00001-of-09999.gguf", 0, 9999, 2, "a");
  assert_refused (folder, "m-00001-of-09999.gguf", VLM_LOAD_ERROR_TOO_LARGE,
      "9999 parts, the limit is");
  files_remove (folder);
}

static void
write_model (const char *folder, const char *name, const char *architecture)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();

  gguf_add_string (writer, "general.architecture", architecture);
  add_float_tensor (writer, name, 1.0f);
  write_file (folder, name, writer);
}

static void
assert_pair (const char *path, const char *mmproj, const char *folder,
    const char *text, const char *tower)
{
  g_autofree char *expected_text = g_build_filename (folder, text, NULL);
  g_autofree char *expected_tower = g_build_filename (folder, tower, NULL);
  g_auto (VlmGgufPair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  vlm_gguf_pair_find (path, mmproj, &pair, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (pair.text, ==, expected_text);
  g_assert_cmpstr (pair.mmproj, ==, expected_tower);
}

static void
assert_no_pair (const char *path, const char *mmproj, VlmLoadError code,
    const char *message)
{
  g_auto (VlmGgufPair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (vlm_gguf_pair_find (path, mmproj, &pair, &error));
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

/* The architecture says what a file is. */
static void
test_pair (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *text = g_build_filename (folder, "b.gguf", NULL);
  g_autofree char *tower = g_build_filename (folder, "a.gguf", NULL);
  g_autofree char *other = g_build_filename (folder, "other.gguf", NULL);

  assert_no_pair (
      folder, NULL, VLM_LOAD_ERROR_NOT_FOUND, "no GGUF file of a language");
  write_model (folder, "b.gguf", "qwen2vl");
  assert_no_pair (folder, NULL, VLM_LOAD_ERROR_NOT_FOUND,
      "b.gguf: no vision tower beside it: set mmproj=");
  assert_no_pair (
      text, "", VLM_LOAD_ERROR_NOT_FOUND, "b.gguf: no vision tower beside it");
  assert_pair (text, other, folder, "b.gguf", "other.gguf");
  write_model (folder, "a.gguf", "clip");
  assert_pair (folder, NULL, folder, "b.gguf", "a.gguf");
  assert_pair (text, NULL, folder, "b.gguf", "a.gguf");
  assert_no_pair (tower, NULL, VLM_LOAD_ERROR_MISMATCH,
      "a.gguf: the vision tower alone (mmproj)");
  files_write (folder, "broken.gguf", "GGUF", 4);
  assert_pair (folder, "", folder, "b.gguf", "a.gguf");
  write_model (folder, "c.gguf", "qwen2vl");
  assert_no_pair (folder, NULL, VLM_LOAD_ERROR_MISMATCH,
      "2 language models (b.gguf, c.gguf): name one");
  assert_pair (text, NULL, folder, "b.gguf", "a.gguf");
  write_model (folder, "other.gguf", "clip");
  assert_no_pair (text, NULL, VLM_LOAD_ERROR_MISMATCH,
      "b.gguf: 2 vision towers beside it (a.gguf, other.gguf): set mmproj=");
  assert_pair (text, other, folder, "b.gguf", "other.gguf");
  files_remove (folder);
}

/* All parts of a model count as one. */
static void
test_pair_of_parts (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *second =
      g_build_filename (folder, "m-00002-of-00002.gguf", NULL);

  write_part (folder, "m-00001-of-00002.gguf", 0, 2, 2, "a");
  write_part (folder, "m-00002-of-00002.gguf", 1, 2, 2, "b");
  write_model (folder, "tower.gguf", "clip");
  assert_pair (folder, NULL, folder, "m-00001-of-00002.gguf", "tower.gguf");
  assert_pair (second, NULL, folder, "m-00002-of-00002.gguf", "tower.gguf");
  files_remove (folder);
}

/* A broken file is the error only if there is no other file. */
static void
test_broken (void)
{
  g_autofree char *folder = files_new_folder (NULL);

  files_write (folder, "broken.gguf", "GGUF", 4);
  assert_no_pair (folder, NULL, VLM_LOAD_ERROR_TRUNCATED, "broken.gguf: ");
  write_model (folder, "text.gguf", "qwen2vl");
  assert_no_pair (folder, NULL, VLM_LOAD_ERROR_NOT_FOUND,
      "text.gguf: no vision tower beside it, and one file cannot be read");
  files_remove (folder);
}

/* A tower of @n outputs with both halves of its patch kernel, of 2 x 2 pixels
 * and counting up, the second frame from @second_start on. */
static void
write_tower (const char *folder, const char *name, guint32 second_type,
    guint64 second_width)
{
  const guint64 first[] = { 2, 2, 3, 2 }, second[] = { second_width, 2, 3, 2 };
  float values[24], more[24];
  g_autoptr (GgufWriter) writer = gguf_writer_new ();

  for (guint i = 0; i < 24; i++) {
    values[i] = (float) i;
    more[i] = (float) (100 + i);
  }
  gguf_add_string (writer, "general.architecture", "clip");
  gguf_add_tensor (
      writer, "v.patch_embd.weight", F32, first, 4, values, sizeof values);
  gguf_add_tensor (writer, "v.patch_embd.weight.1", second_type, second, 4,
      more, second_width * 12 * (second_type == F32 ? sizeof (float) : 2));
  write_file (folder, name, writer);
}

static VlmTensorSource *
open_source (const char *folder, const char *tower, GError **error)
{
  g_autoptr (VlmGgufFiles) text = open_in (folder, "text.gguf", error);
  g_autoptr (VlmGgufFiles) mmproj =
      text != NULL ? open_in (folder, tower, error) : NULL;

  return mmproj != NULL ? vlm_tensor_source_new_gguf (text, mmproj, error)
                        : NULL;
}

/* The two halves of the patch kernel are one tensor to the reader: a row holds
 * both frames of a channel before the next channel. */
static void
test_patch_kernel (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTensorSource) source = NULL;
  g_auto (VlmTensorView) view = { 0 };
  g_autofree char *shape = NULL;
  float values[24];

  write_model (folder, "text.gguf", "qwen2vl");
  write_tower (folder, "tower.gguf", F32, 2);
  source = open_source (folder, "tower.gguf", &error);
  g_assert_no_error (error);
  g_assert_cmpint (
      vlm_tensor_source_get_names (source), ==, VLM_TENSOR_NAMES_GGUF);
  g_assert_cmpuint (vlm_tensor_source_get_n_tensors (source), ==, 2);
  g_assert_true (vlm_tensor_source_find (source, "text.gguf", NULL));
  g_assert_false (
      vlm_tensor_source_find (source, "v.patch_embd.weight.1", NULL));
  g_assert_true (vlm_tensor_source_find (source, "v.patch_embd.weight", &view));
  g_clear_pointer (&source, vlm_tensor_source_free);
  shape = vlm_tensor_shape_to_string (view.shape, view.n_dims);
  g_assert_cmpstr (shape, ==, "[2, 3, 2, 2, 2]");
  vlm_tensor_view_read_rows (&view, 1, 1, values, &error);
  g_assert_no_error (error);
  for (guint channel = 0; channel < 3; channel++)
    for (guint i = 0; i < 4; i++) {
      const float expected = (float) (12 + 4 * channel + i);

      g_assert_cmpfloat (values[8 * channel + i], ==, expected);
      g_assert_cmpfloat (values[8 * channel + 4 + i], ==, 100 + expected);
    }
  files_remove (folder);
}

static void
test_bad_patch_kernel (void)
{
  static const struct
  {
    const char *tower;
    VlmLoadError code;
    const char *message;
  } defects[] = {
    { "no-kernel.gguf", VLM_LOAD_ERROR_NOT_FOUND,
        "no-kernel.gguf: no tensor v.patch_embd.weight" },
    { "half.gguf", VLM_LOAD_ERROR_NOT_FOUND,
        "half.gguf: no tensor v.patch_embd.weight.1, the second frame" },
    { "type.gguf", VLM_LOAD_ERROR_MISMATCH, "are not of one type" },
    { "shape.gguf", VLM_LOAD_ERROR_MISMATCH, "not have the same 4 dimensions" },
  };
  g_autofree char *folder = files_new_folder (NULL);
  g_autoptr (GgufWriter) half = gguf_writer_new ();
  static const guint64 dims[] = { 2, 2, 3, 2 };

  write_model (folder, "text.gguf", "qwen2vl");
  write_model (folder, "no-kernel.gguf", "clip");
  gguf_add_tensor (half, "v.patch_embd.weight", F32, dims, 4, NULL, 96);
  write_file (folder, "half.gguf", half);
  write_tower (folder, "type.gguf", F16, 2);
  write_tower (folder, "shape.gguf", F32, 1);
  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (open_source (folder, defects[i].tower, &error));
    g_assert_error (error, VLM_LOAD_ERROR, (int) defects[i].code);
    if (strstr (error->message, defects[i].message) == NULL)
      g_error (
          "\"%s\" does not say \"%s\"", error->message, defects[i].message);
  }
  files_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gguf-files/names", test_names);
  g_test_add_func ("/gguf-files/parts", test_parts);
  g_test_add_func ("/gguf-files/bad-parts", test_bad_parts);
  g_test_add_func ("/gguf-pair/pair", test_pair);
  g_test_add_func ("/gguf-pair/parts", test_pair_of_parts);
  g_test_add_func ("/gguf-pair/broken", test_broken);
  g_test_add_func ("/gguf-pair/patch-kernel", test_patch_kernel);
  g_test_add_func ("/gguf-pair/bad-patch-kernel", test_bad_patch_kernel);
  return g_test_run ();
}
