/* gst-vlm: how fast a checkpoint loads
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-load CHECKPOINT [N]    N times, 3 unless said
 *
 * The files should be in the page cache: the first run is a warm-up and is not
 * counted. Prints elapsed time, processor time, which says more on a busy
 * machine, and the time that reading the same bytes alone takes on one thread. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "model/checkpoint.h"
#include "model/net.h"
#include "vk/device.h"

/* What the process took of a clock and of the processors. */
typedef struct
{
  double wall;
  double cpu;
} Cost;

static Cost
now (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (Cost){
    (double) g_get_monotonic_time () * 1e-6,
    (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
        (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6,
  };
}

static Cost
since (Cost start)
{
  Cost end = now ();

  return (Cost){ end.wall - start.wall, end.cpu - start.cpu };
}

/* All bytes of the weights through one buffer that stays in the cache. */
static Cost
time_reading (const char *path)
{
  g_autofree guint8 *buffer = g_malloc (1 << 20);
  Cost start = now ();
  VlmFileState state;
  int fd = vlm_file_open (path, &state, NULL);

  for (guint64 at = 0; fd >= 0 && at < state.n_bytes; at += 1 << 20)
    if (!vlm_file_read_at (
            fd, path, at, MIN (state.n_bytes - at, 1 << 20), buffer, NULL))
      break;
  if (fd >= 0)
    close (fd);
  return since (start);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkDevice) device = NULL;
  g_autoptr (VlmCheckpoint) checkpoint = NULL;
  guint n_runs = argc > 2 ? (guint) atoi (argv[2]) : 3;
  Cost best = { G_MAXDOUBLE, G_MAXDOUBLE };
  Cost reading;
  guint64 n_bytes = 0;

  if (argc < 2) {
    fprintf (stderr, "usage: %s CHECKPOINT [N]\n", argv[0]);
    return 2;
  }
  device = vlm_vk_device_open (g_getenv ("VLM_DEVICE"), &error);
  if (device != NULL)
    checkpoint = vlm_checkpoint_open (argv[1], NULL, &error);
  for (guint i = 0; checkpoint != NULL && i <= n_runs; i++) {
    Cost start = now ();
    g_autoptr (VlmNet) net = vlm_net_load (device, checkpoint, NULL, &error);
    Cost cost = since (start);

    if (net == NULL)
      break;
    n_bytes = vlm_net_get_n_bytes (net);
    if (i > 0) {
      best.wall = MIN (best.wall, cost.wall);
      best.cpu = MIN (best.cpu, cost.cpu);
    }
  }
  if (error != NULL) {
    fprintf (stderr, "%s\n", error->message);
    return 1;
  }
  reading = time_reading (vlm_tensor_source_get_path (checkpoint->source));
  printf ("%.3f GB: %.3f s, %.2f GB/s, %.3f s of processors; reading alone "
          "%.3f s, %.3f s of one\n",
      n_bytes * 1e-9, best.wall, n_bytes * 1e-9 / best.wall, best.cpu,
      reading.wall, reading.cpu);
  return 0;
}
