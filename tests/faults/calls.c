/* gst-vlm: calls that fail
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The linker hands the calls of the library, which is linked statically, to
 * __wrap_NAME(); meson.build has the list. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "faults/calls.h"

#include <errno.h>
#include <stdarg.h>

#include <gio/gio.h>
#include <pcre2.h>
#include <vulkan/vulkan.h>

static GMutex lock; /* of all below */
static gboolean is_on;
static CallFamily family;
static guint n_calls;
static guint first = G_MAXUINT;
static gboolean lasts;
static int result;
static const char *name_failed;

static void
start (CallFamily which, guint n, gboolean lasting, int with)
{
  g_mutex_lock (&lock);
  is_on = TRUE;
  family = which;
  n_calls = 0;
  first = n;
  lasts = lasting;
  result = with;
  name_failed = NULL;
  g_mutex_unlock (&lock);
}

void
calls_count (CallFamily which)
{
  start (which, G_MAXUINT, FALSE, 0);
}

void
calls_fail (CallFamily which, guint n, gboolean lasting, int with)
{
  start (which, n, lasting, with);
}

guint
calls_end (const char **failed)
{
  guint n;

  g_mutex_lock (&lock);
  is_on = FALSE;
  n = n_calls;
  *failed = name_failed;
  g_mutex_unlock (&lock);
  return n;
}

static gboolean
fails (CallFamily which, const char *name)
{
  gboolean now = FALSE;

  g_mutex_lock (&lock);
  if (is_on && which == family) {
    now = lasts ? n_calls >= first : n_calls == first;
    n_calls++;
    if (now && name_failed == NULL)
      name_failed = name;
  }
  g_mutex_unlock (&lock);
  return now;
}

/* The linker sees references to the wrappers in shared libraries as well. */
#pragma GCC visibility push(default)

VkResult __wrap_vlm_vk_fault_next (void);

/* Is called before every Vulkan call that can fail. */
VkResult
__wrap_vlm_vk_fault_next (void)
{
  return fails (CALLS_VULKAN, "a Vulkan call") ? (VkResult) result : VK_SUCCESS;
}

/* A call that gives @failure instead of being made. */
#define WRAP(type, name, parameters, arguments, failure)                       \
  type __real_##name parameters;                                               \
  type __wrap_##name parameters;                                               \
  type __wrap_##name parameters                                                \
  {                                                                            \
    if (!fails (CALLS_SYSTEM, #name))                                          \
      return __real_##name arguments;                                          \
    return failure;                                                            \
  }

#define WITH_ERRNO(code, value) (errno = (code), (value))
#define WITH_ERROR(domain, code, value)                                        \
  (g_set_error_literal (error, domain, code, CALLS_REFUSED), (value))

WRAP (int, stat64, (const char *path, void *status), (path, status),
    WITH_ERRNO (EIO, -1))
WRAP (int, fstat64, (int fd, void *status), (fd, status), WITH_ERRNO (EIO, -1))
WRAP (gssize, pread64, (int fd, void *data, gsize n, gint64 offset),
    (fd, data, n, offset), WITH_ERRNO (EIO, -1))
WRAP (int, madvise, (void *start_, gsize n, int advice), (start_, n, advice),
    WITH_ERRNO (ENOMEM, -1))
WRAP (char *, realpath, (const char *path, char *resolved), (path, resolved),
    WITH_ERRNO (ENOMEM, NULL))
WRAP (int, getrlimit64, (int resource, void *limits), (resource, limits),
    WITH_ERRNO (EPERM, -1))

int __real_open64 (const char *path, int flags, ...);
int __wrap_open64 (const char *path, int flags, ...);

int
__wrap_open64 (const char *path, int flags, ...)
{
  va_list args;
  guint mode;

  if (fails (CALLS_SYSTEM, "open64"))
    return WITH_ERRNO (EMFILE, -1);
  va_start (args, flags);
  mode = va_arg (args, guint); /* g_open () always has it */
  va_end (args);
  return __real_open64 (path, flags, mode);
}

WRAP (gpointer, g_try_malloc, (gsize n), (n), NULL)
WRAP (gpointer, g_try_malloc0_n, (gsize n, gsize size), (n, size), NULL)
WRAP (GThread *, g_thread_try_new,
    (const char *name, GThreadFunc func, gpointer data, GError **error),
    (name, func, data, error),
    WITH_ERROR (G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, NULL))

WRAP (gboolean, g_file_get_contents,
    (const char *path, char **contents, gsize *n, GError **error),
    (path, contents, n, error),
    WITH_ERROR (G_FILE_ERROR, G_FILE_ERROR_IO, FALSE))
WRAP (gboolean, g_file_set_contents_full,
    (const char *path, const char *contents, gssize n,
        GFileSetContentsFlags flags, int mode, GError **error),
    (path, contents, n, flags, mode, error),
    WITH_ERROR (G_FILE_ERROR, G_FILE_ERROR_NOSPC, FALSE))
WRAP (char *, g_file_read_link, (const char *path, GError **error),
    (path, error), WITH_ERROR (G_FILE_ERROR, G_FILE_ERROR_IO, NULL))
WRAP (GDir *, g_dir_open, (const char *path, guint flags, GError **error),
    (path, flags, error), WITH_ERROR (G_FILE_ERROR, G_FILE_ERROR_MFILE, NULL))
WRAP (int, g_mkdir_with_parents, (const char *path, int mode), (path, mode),
    WITH_ERRNO (EROFS, -1))
WRAP (GFileInputStream *, g_file_read,
    (GFile * file, GCancellable *cancellable, GError **error),
    (file, cancellable, error),
    WITH_ERROR (G_IO_ERROR, G_IO_ERROR_FAILED, NULL))
WRAP (gboolean, g_input_stream_read_all,
    (GInputStream * stream, void *data, gsize n, gsize *n_read,
        GCancellable *cancellable, GError **error),
    (stream, data, n, n_read, cancellable, error),
    WITH_ERROR (G_IO_ERROR, G_IO_ERROR_FAILED, FALSE))

WRAP (int, pcre2_jit_compile_8, (pcre2_code * code, uint32_t options),
    (code, options), PCRE2_ERROR_NOMEMORY)

#pragma GCC visibility pop
