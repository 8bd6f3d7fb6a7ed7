/* gst-vlm: what ThreadSanitizer cannot see of GLib
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be loaded before GLib, which is not built for TSan: its mutexes and
 * conditions are futexes, its references are atomic numbers, and within GLib the
 * calls are bound. Here TSan learns which thread waited for which. A thread that
 * waits for an object by its references counts as having waited for all threads
 * that dropped one. */
#define _GNU_SOURCE

#include <dlfcn.h>

#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

/* The function of this name that GLib has. */
#define REAL(name)                                                             \
  static __typeof__ (name) *real;                                              \
  if (G_UNLIKELY (real == NULL))                                               \
  real = (__typeof__ (name) *) dlsym (RTLD_NEXT, #name)

#pragma GCC visibility push(default)

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  __tsan_mutex_pre_lock (mutex, __tsan_mutex_linker_init);
  real (mutex);
  __tsan_mutex_post_lock (mutex, __tsan_mutex_linker_init, 0);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  const unsigned flags = __tsan_mutex_linker_init | __tsan_mutex_try_lock;
  gboolean locked;

  REAL (g_mutex_trylock);
  __tsan_mutex_pre_lock (mutex, flags);
  locked = real (mutex);
  __tsan_mutex_post_lock (
      mutex, locked ? flags : flags | __tsan_mutex_try_lock_failed, 0);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  __tsan_mutex_pre_unlock (mutex, 0);
  real (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

void
g_mutex_clear (GMutex *mutex)
{
  REAL (g_mutex_clear);
  __tsan_mutex_destroy (mutex, __tsan_mutex_linker_init);
  real (mutex);
}

/* Waiting unlocks and locks within GLib. */
void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  real (cond, mutex);
  __tsan_mutex_pre_lock (mutex, __tsan_mutex_linker_init);
  __tsan_mutex_post_lock (mutex, __tsan_mutex_linker_init, 0);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  REAL (g_cond_wait_until);
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  signalled = real (cond, mutex, end_time);
  __tsan_mutex_pre_lock (mutex, __tsan_mutex_linker_init);
  __tsan_mutex_post_lock (mutex, __tsan_mutex_linker_init, 0);
  return signalled;
}

/* NAME (object): what this thread did to it so far is before what the last one
 * does when it frees it. */
#define GIVES_BACK(name, type)                                                 \
  void name (type object)                                                      \
  {                                                                            \
    REAL (name);                                                               \
    __tsan_release ((void *) object);                                          \
    __tsan_acquire ((void *) object);                                          \
    real (object);                                                             \
  }

GIVES_BACK (g_object_unref, gpointer)
GIVES_BACK (g_bytes_unref, GBytes *)
GIVES_BACK (g_ptr_array_unref, GPtrArray *)
GIVES_BACK (g_byte_array_unref, GByteArray *)
GIVES_BACK (g_hash_table_unref, GHashTable *)
GIVES_BACK (g_main_context_unref, GMainContext *)
GIVES_BACK (g_main_loop_unref, GMainLoop *)
GIVES_BACK (g_source_unref, GSource *)
GIVES_BACK (g_closure_unref, GClosure *)
GIVES_BACK (g_variant_unref, GVariant *)

void
g_array_unref (GArray *array)
{
  REAL (g_array_unref);
  __tsan_release (array);
  __tsan_acquire (array);
  real (array);
}

void
g_atomic_rc_box_release_full (gpointer block, GDestroyNotify clear)
{
  REAL (g_atomic_rc_box_release_full);
  __tsan_release (block);
  __tsan_acquire (block);
  real (block, clear);
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  gboolean (*real) (gatomicrefcount *) =
      dlsym (RTLD_NEXT, "g_atomic_ref_count_dec");
  gboolean last;

  __tsan_release (count);
  last = real (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

/* What was made once is before what threads do that found it made. */
gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean (*real) (volatile void *) = dlsym (RTLD_NEXT, "g_once_init_enter");
  gboolean mine = real (location);

  if (!mine)
    __tsan_acquire ((void *) location);
  return mine;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  void (*real) (volatile void *, gsize) =
      dlsym (RTLD_NEXT, "g_once_init_leave");

  __tsan_release ((void *) location);
  real (location, result);
}

gpointer
g_weak_ref_get (GWeakRef *weak)
{
  gpointer object;

  REAL (g_weak_ref_get);
  object = real (weak);
  if (object != NULL)
    __tsan_acquire (weak);
  return object;
}

void
g_weak_ref_set (GWeakRef *weak, gpointer object)
{
  REAL (g_weak_ref_set);
  __tsan_release (weak);
  real (weak, object);
}

/* The thread that cancelled is before the one that notices. */
void
g_cancellable_cancel (GCancellable *cancellable)
{
  REAL (g_cancellable_cancel);
  if (cancellable != NULL)
    __tsan_release (cancellable);
  real (cancellable);
}

gboolean
g_cancellable_is_cancelled (GCancellable *cancellable)
{
  gboolean cancelled;

  REAL (g_cancellable_is_cancelled);
  cancelled = real (cancellable);
  if (cancelled)
    __tsan_acquire (cancellable);
  return cancelled;
}

/* Queues: the thread that pushed is before the one that pops. */
void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  REAL (g_async_queue_push);
  __tsan_release (queue);
  real (queue, data);
}

#define POPS(name, parameters, arguments)                                      \
  gpointer name parameters                                                     \
  {                                                                            \
    gpointer data;                                                             \
    REAL (name);                                                               \
    data = real arguments;                                                     \
    __tsan_acquire (queue);                                                    \
    return data;                                                               \
  }

POPS (g_async_queue_pop, (GAsyncQueue * queue), (queue))
POPS (g_async_queue_try_pop, (GAsyncQueue * queue), (queue))
POPS (g_async_queue_timeout_pop, (GAsyncQueue * queue, guint64 us), (queue, us))

#pragma GCC visibility pop
