/* gst-vlm: tests of listing, choosing and opening devices
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/vk-test.h"

#include "vk/physical.h"

/* FALSE after a skip. */
static gboolean
have_device (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  return device != NULL;
}

static void
test_list (void)
{
  if (!have_device ())
    return;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = vlm_vk_device_list (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (lines), >=, 1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree char *prefix = g_strdup_printf ("%u: ", i);
    g_assert_true (g_str_has_prefix (lines[i], prefix));
  }
}

/* Every device of the list opens by index, by UUID in both spellings and by
 * any part of its name. */
static void
test_selectors (void)
{
  if (!have_device ())
    return;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = vlm_vk_device_list (&error);
  g_assert_no_error (error);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (strstr (lines[i], "not usable") != NULL)
      continue;
    g_autofree char *index = g_strdup_printf ("%u", i);
    g_autoptr (VlmVkDevice) device = vlm_vk_device_open (index, &error);
    g_assert_no_error (error);
    const VlmVkCaps *caps = vlm_vk_device_get_caps (device);
    g_assert_nonnull (strstr (lines[i], caps->name));

    GString *uuid = g_string_new (NULL);
    for (guint k = 0; k < VK_UUID_SIZE; k++)
      g_string_append_printf (uuid, "%02X", caps->uuid[k]);
    g_autofree char *bare = g_string_free (uuid, FALSE);
    g_autofree char *dashed = g_strndup (strrchr (lines[i], ',') + 2, 36);
    g_autofree char *part = g_ascii_strup (caps->name + 1, 4);
    const char *selectors[] = { bare, dashed, part, caps->name };
    for (guint k = 0; k < G_N_ELEMENTS (selectors); k++) {
      g_autoptr (VlmVkDevice) same = vlm_vk_device_open (selectors[k], &error);
      g_assert_no_error (error);
      if (k < 2)
        g_assert_cmpmem (vlm_vk_device_get_caps (same)->uuid, VK_UUID_SIZE,
            caps->uuid, VK_UUID_SIZE);
    }
  }
}

static void
test_wrong_selector (void)
{
  if (!have_device ())
    return;
  const char *selectors[] = { "99", "no such card", "-1", "\xff\xfe" };
  for (guint i = 0; i < G_N_ELEMENTS (selectors); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (vlm_vk_device_open (selectors[i], &error));
    g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE);
    g_assert_nonnull (strstr (error->message, "\n  0: ")); /* the list */
  }
}

static void
test_caps (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  const VlmVkCaps *caps = vlm_vk_device_get_caps (device);
  g_assert_cmpuint (strlen (caps->name), >, 0);
  /* What Vulkan guarantees. */
  g_assert_cmpuint (caps->max_shared_bytes, >=, 16384);
  g_assert_cmpuint (caps->max_workgroup_invocations, >=, 128);
  g_assert_cmpuint (caps->max_workgroup_count[0], >=, 65535);
  g_assert_cmpuint (caps->max_storage_range, >=, 1 << 27);
  g_assert_cmpuint (caps->max_texel_elements, >=, 65536);
  g_assert_cmpuint (caps->max_allocation_bytes, >=, 1 << 30);
  g_assert_cmpuint (caps->subgroup_size, >=, 1);
  g_assert_cmpuint (caps->min_subgroup_size, <=, caps->subgroup_size);
  g_assert_cmpuint (caps->max_subgroup_size, >=, caps->subgroup_size);
}

/* Opens that overlap and opens that follow each other. */
static void
test_open_again (void)
{
  for (guint i = 0; i < 3; i++) {
    g_autoptr (VlmVkDevice) a = vk_test_open ();
    if (a == NULL)
      return;
    g_autoptr (VlmVkDevice) b = vk_test_open ();
    g_assert_true (
        vlm_vk_device_get_handle (a) != vlm_vk_device_get_handle (b));
  }
  g_assert_cmpuint (vlm_vk_validation_count (), ==, 0);
}

static VlmVkPhysical
make_physical (guint index, const char *name, VkPhysicalDeviceType type,
    guint64 heap_bytes, const char *unusable)
{
  VlmVkPhysical physical = {
    .index = index, .type = type, .unusable = unusable
  };
  g_strlcpy (physical.caps.name, name, sizeof physical.caps.name);
  physical.caps.heap_bytes = heap_bytes;
  physical.caps.uuid[15] = (guint8) (0x10 + index);
  return physical;
}

/* The choice among several, of which this machine may have only one. */
static void
test_choose (void)
{
  VlmVkPhysical all[] = {
    make_physical (0, "Soft", VK_PHYSICAL_DEVICE_TYPE_CPU, 1u << 31, NULL),
    make_physical (
        1, "Card small", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 1, NULL),
    make_physical (
        2, "Card large", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 2, NULL),
    make_physical (3, "Chip", VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU, 9, NULL),
    make_physical (
        4, "Old card", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 9, "too old"),
  };
  const struct
  {
    const char *selector;
    int index;
    int code;
  } cases[] = {
    { NULL, 2, 0 },
    { "", 2, 0 },
    { "0", 0, 0 },
    { "3", 3, 0 },
    { "card", 2, 0 },
    { "SMALL", 1, 0 },
    { "00000000-0000-0000-0000-000000000013", 3, 0 },
    { "00000000000000000000000000000010", 0, 0 },
    { "4", -1, VLM_DEVICE_ERROR_MISSING_FEATURE },
    { "old", -1, VLM_DEVICE_ERROR_MISSING_FEATURE },
    { "5", -1, VLM_DEVICE_ERROR_NO_DEVICE },
    { "000000000000000000000000000000", -1, VLM_DEVICE_ERROR_NO_DEVICE },
  };
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof all[0]);
  g_array_append_vals (list, all, G_N_ELEMENTS (all));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    const VlmVkPhysical *chosen =
        vlm_vk_physical_choose (list, cases[i].selector, &error);
    if (cases[i].index >= 0) {
      g_assert_no_error (error);
      g_assert_cmpint ((int) chosen->index, ==, cases[i].index);
    } else {
      g_assert_null (chosen);
      g_assert_error (error, VLM_DEVICE_ERROR, cases[i].code);
    }
  }
}

/* If no driver is installed, the error says so, and what to do. */
static void
test_no_driver (void)
{
  static const char *const variables[] = { "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES" };
  char *saved[G_N_ELEMENTS (variables)];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (variables); i++) {
    saved[i] = g_strdup (g_getenv (variables[i]));
    g_setenv (variables[i], "/nonexistent.json", TRUE);
  }
  g_assert_null (vlm_vk_device_open (NULL, &error));
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++) {
    if (saved[i] != NULL)
      g_setenv (variables[i], saved[i], TRUE);
    else
      g_unsetenv (variables[i]);
    g_free (saved[i]);
  }
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, "mesa-vulkan-drivers"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vk/device/list", test_list);
  g_test_add_func ("/vk/device/selectors", test_selectors);
  g_test_add_func ("/vk/device/wrong-selector", test_wrong_selector);
  g_test_add_func ("/vk/device/caps", test_caps);
  g_test_add_func ("/vk/device/open-again", test_open_again);
  g_test_add_func ("/vk/device/choose", test_choose);
  g_test_add_func ("/vk/device/no-driver", test_no_driver);
  return g_test_run ();
}
