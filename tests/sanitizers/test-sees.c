/* gst-vlm: a sanitizer finds the faults it is for, and no others
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs itself with the name of a fault, with what tests/sanitize loads. */
#include <glib-object.h>

/* The exit status of a process in which something was found. */
#define FOUND 66

static GMutex lock;
static GCond changed;
static gboolean is_started; /* under the lock */
static guint n_guarded;     /* under the lock */
static guint n_unguarded;

static gpointer
count (gpointer object)
{
  g_mutex_lock (&lock);
  is_started = TRUE;
  n_guarded++;
  g_cond_signal (&changed);
  g_mutex_unlock (&lock);
  if (object == NULL)
    n_unguarded++;
  else
    g_object_unref (object);
  return NULL;
}

/* A thread with an object counts only what the lock guards. */
static void
count_twice (GObject *object)
{
  GThread *thread = g_thread_new (
      "count", count, object != NULL ? g_object_ref (object) : NULL);

  g_mutex_lock (&lock);
  while (!is_started)
    g_cond_wait (&changed, &lock);
  n_guarded++;
  g_mutex_unlock (&lock);
  if (object == NULL)
    n_unguarded++;
  else
    g_object_unref (object);
  g_thread_join (thread);
}

static void
commit (const char *fault)
{
  volatile guint8 *block = g_malloc (8);
  volatile int most = G_MAXINT;

  if (g_str_equal (fault, "race"))
    count_twice (NULL);
  else if (g_str_equal (fault, "no-race"))
    count_twice (g_object_new (G_TYPE_OBJECT, NULL));
  else if (g_str_equal (fault, "overrun"))
    block[8] = 1;
  else if (g_str_equal (fault, "leak"))
    block = NULL;
  else if (g_str_equal (fault, "overflow"))
    most++;
  g_free ((gpointer) block);
}

static void
check (const char *fault, int status)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  const char *argv[] = { self, fault, NULL };
  g_auto (GStrv) env = g_get_environ ();
  g_autoptr (GError) error = NULL;
  const char *options = "exitcode=66:log_path=/dev/null:halt_on_error=1"
                        ":abort_on_error=0";
  int wait_status;

  env = g_environ_setenv (env, "ASAN_OPTIONS", options, TRUE);
  env = g_environ_setenv (env, "LSAN_OPTIONS", "exitcode=66", TRUE);
  env = g_environ_setenv (env, "UBSAN_OPTIONS", options, TRUE);
  env = g_environ_setenv (env, "TSAN_OPTIONS",
      "exitcode=66:log_path=/dev/null:ignore_noninstrumented_modules=1", TRUE);
  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, env, G_SPAWN_STDERR_TO_DEV_NULL, NULL,
          NULL, NULL, NULL, &wait_status, &error));
  g_assert_no_error (error);
  g_test_message ("%s: %d", fault, wait_status);
  g_assert_cmpint (wait_status, ==, status << 8);
}

#ifdef __SANITIZE_THREAD__

static void
test_thread (void)
{
  check ("race", FOUND);
  check ("no-race", 0);
}

#else

static void
test_address (void)
{
  check ("overrun", FOUND);
  check ("leak", FOUND);
  check ("overflow", FOUND);
  check ("none", 0);
}

#endif

int
main (int argc, char **argv)
{
  if (argc == 2) {
    commit (argv[1]);
    return 0;
  }
  g_test_init (&argc, &argv, NULL);
#ifdef __SANITIZE_THREAD__
  g_test_add_func ("/sanitizers/thread", test_thread);
#else
  g_test_add_func ("/sanitizers/address", test_address);
#endif
  return g_test_run ();
}
