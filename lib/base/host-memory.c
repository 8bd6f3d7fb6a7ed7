/* gst-vlm: how much memory this process may still allocate
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/host-memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vlm/vlm-error.h>

#include "base/checked.h"

#define MEGABYTE 1000000u

/* The number after @key in a file of "key number" lines; if @key is NULL, the
 * whole file. FALSE when there is none: "max" is no number. */
static gboolean
read_number (const char *path, const char *key, guint64 *number)
{
  g_autofree char *text = NULL;
  const char *at;
  char *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  at = text;
  if (key != NULL) {
    while (at != NULL && !g_str_has_prefix (at, key)) {
      at = strchr (at, '\n');
      at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL)
      return FALSE;
    at += strlen (key);
  }
  *number = g_ascii_strtoull (at, &end, 10);
  return end != at;
}

static void
limit_to (guint64 n, const char *name, guint64 *left, const char **limit)
{
  if (n >= *left)
    return;
  *left = n;
  *limit = name;
}

/* The memory of this process is in the sixth number of statm, its addresses are
 * in the first, both in pages. */
static guint64
get_taken (guint field)
{
  g_autofree char *text = NULL;
  char *at;
  guint64 n = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  at = text;
  for (guint i = 0; i <= field; i++)
    n = g_ascii_strtoull (at, &at, 10);
  return n * (guint64) sysconf (_SC_PAGESIZE);
}

static void
apply_rlimit (int resource, guint field, const char *name, guint64 *left,
    const char **limit)
{
  struct rlimit bounds;
  guint64 taken;

  if (getrlimit (resource, &bounds) != 0 || bounds.rlim_cur == RLIM_INFINITY)
    return;
  taken = get_taken (field);
  limit_to (
      bounds.rlim_cur > taken ? bounds.rlim_cur - taken : 0, name, left, limit);
}

/* Pages of files count as used, but are freed when memory is needed. */
static void
apply_group (const char *folder, const char *max_name, const char *used_name,
    const char *file_key, guint64 *left, const char **limit)
{
  g_autofree char *max_path = g_build_filename (folder, max_name, NULL);
  g_autofree char *used_path = g_build_filename (folder, used_name, NULL);
  g_autofree char *stat_path = g_build_filename (folder, "memory.stat", NULL);
  guint64 max, used, files = 0;

  if (!read_number (max_path, NULL, &max) ||
      !read_number (used_path, NULL, &used))
    return;
  read_number (stat_path, file_key, &files);
  used -= MIN (used, files);
  limit_to (max > used ? max - used : 0,
      "the memory limit of its control group", left, limit);
}

/* All groups above it limit a process. A container sees its own as the root. */
static void
apply_groups (const char *root, const char *path, gboolean is_v2, guint64 *left,
    const char **limit)
{
  g_autofree char *at = g_strdup (path);

  for (;;) {
    g_autofree char *folder = g_build_filename (root, at, NULL);
    char *slash;

    if (is_v2)
      apply_group (
          folder, "memory.max", "memory.current", "file ", left, limit);
    else
      apply_group (folder, "memory.limit_in_bytes", "memory.usage_in_bytes",
          "total_cache ", left, limit);
    slash = strrchr (at, '/');
    if (slash == NULL || *at == '\0')
      return;
    *slash = '\0';
  }
}

static void
apply_control_groups (guint64 *left, const char **limit)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    const char *memory = strstr (lines[i], ":memory:");

    if (g_str_has_prefix (lines[i], "0::"))
      apply_groups ("/sys/fs/cgroup", lines[i] + 3, TRUE, left, limit);
    else if (memory != NULL)
      apply_groups ("/sys/fs/cgroup/memory", memory + strlen (":memory:"),
          FALSE, left, limit);
  }
}

static void
apply_machine (guint64 *left, const char **limit)
{
  static const char path[] = "/proc/meminfo";
  guint64 available, swap = 0;

  if (!read_number (path, "MemAvailable:", &available))
    return;
  read_number (path, "SwapFree:", &swap);
  limit_to (
      (available + swap) * 1024, "the free memory of the machine", left, limit);
}

guint64
vlm_host_memory_left (VlmHostMemory kind, const char **limit)
{
  guint64 left = G_MAXUINT64;

  *limit = NULL;
  apply_rlimit (RLIMIT_AS, 0, "ulimit -v", &left, limit);
  if (kind == VLM_HOST_ADDRESSES)
    return left;
  apply_rlimit (RLIMIT_DATA, 5, "ulimit -d", &left, limit);
  apply_control_groups (&left, limit);
  apply_machine (&left, limit);
  return left;
}

gboolean
vlm_host_memory_check (
    VlmHostMemory kind, guint64 n_bytes, const char *purpose, GError **error)
{
  const char *limit;
  guint64 left = vlm_host_memory_left (kind, &limit);

  if (n_bytes <= left)
    return TRUE;
  /* Not g_format_size: 1.1 GB are not enough for 1.1 GB. */
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
      "not enough memory: %s needs %" G_GUINT64_FORMAT
      " MB%s, and %s leaves %" G_GUINT64_FORMAT " MB",
      purpose, vlm_div_round_up (n_bytes, MEGABYTE),
      kind == VLM_HOST_ADDRESSES ? " of addresses" : "", limit,
      left / MEGABYTE);
  return FALSE;
}
