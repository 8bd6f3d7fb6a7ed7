/* gst-vlm: a real MQTT broker and a subscriber
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/broker.h"

#include <signal.h>
#include <string.h>

#include "publish/records.h"

#define PATIENCE (600 * G_USEC_PER_SEC)
#define READY "a listener is there"

guint
find_port (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any, FALSE, &error));
  bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

char *
path_in (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static gboolean
answers (guint port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", (guint16) port, NULL, NULL);

  return connection != NULL;
}

void
broker_init (Broker *broker, const char *extra)
{
  *broker = (Broker){
    .folder = make_folder (), .extra = g_strdup (extra), .port = find_port ()
  };
}

void
broker_start (Broker *broker)
{
  g_autofree char *path = path_in (broker->folder, "mosquitto.conf");
  g_autofree char *text =
      g_strdup_printf ("listener %u 127.0.0.1\nuser root\npersistence true\n"
                       "persistence_location %s/\nmax_queued_messages 0\n%s",
          broker->port, broker->folder,
          broker->extra != NULL ? broker->extra : "allow_anonymous true\n");
  g_autoptr (GSubprocessLauncher) launcher = make_launcher (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GError) error = NULL;
  gint64 until = g_get_monotonic_time () + PATIENCE;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  broker->process = g_subprocess_launcher_spawn (
      launcher, &error, MOSQUITTO, "-c", path, NULL);
  g_assert_no_error (error);
  while (!answers (broker->port)) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_usleep (10000);
  }
}

void
broker_signal (Broker *broker, int number)
{
  g_subprocess_send_signal (broker->process, number);
}

void
broker_stop (Broker *broker)
{
  if (broker->process == NULL)
    return;
  broker_signal (broker, SIGCONT);
  broker_signal (broker, SIGTERM);
  g_subprocess_wait (broker->process, NULL, NULL);
  g_clear_object (&broker->process);
}

void
broker_clear (Broker *broker)
{
  broker_stop (broker);
  remove_folder (broker->folder);
  g_free (broker->extra);
}

static char *
read_all (Listener *listener)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (listener->path, &text, NULL, NULL));
  return text;
}

/* Publishes until the listener gets a message: then it is subscribed. */
static void
await_subscription (Listener *listener, const char *port)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  for (;;) {
    g_autofree char *text = NULL;
    g_autoptr (GSubprocess) process = g_subprocess_new (
        G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL, "mosquitto_pub", "-h",
        "127.0.0.1", "-p", port, "-t", "ready", "-m", READY, NULL);

    g_subprocess_wait (process, NULL, NULL);
    text = read_all (listener);
    if (strstr (text, READY) != NULL)
      return;
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_usleep (20000);
  }
}

void
listener_init (Listener *listener, const Broker *broker, const char *topic,
    const char *arguments)
{
  g_autoptr (GSubprocessLauncher) launcher =
      make_launcher (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *port = g_strdup_printf ("%u", broker->port);
  g_autofree char *line =
      g_strdup_printf ("mosquitto_sub -h 127.0.0.1 -p %s -q 1 -t %s -t ready "
                       "-F '%%t %%r %%p' %s",
          port, topic, arguments != NULL ? arguments : "");
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;

  listener->path = path_in (broker->folder, "listened");
  g_assert_true (g_file_set_contents (listener->path, "", 0, NULL));
  g_subprocess_launcher_set_stdout_file_path (launcher, listener->path);
  g_assert_true (g_shell_parse_argv (line, NULL, &words, &error));
  listener->process = g_subprocess_launcher_spawnv (
      launcher, (const char *const *) words, &error);
  g_assert_no_error (error);
  await_subscription (listener, port);
}

/* Without the messages that tested whether it is subscribed. */
static GStrv
split (const char *text)
{
  g_auto (GStrv) all = g_strsplit (text, "\n", -1);
  GPtrArray *lines = g_ptr_array_new ();

  for (guint i = 0; all[i] != NULL && all[i + 1] != NULL; i++)
    if (strstr (all[i], READY) == NULL)
      g_ptr_array_add (lines, g_strdup (all[i]));
  g_ptr_array_add (lines, NULL);
  return (GStrv) g_ptr_array_free (lines, FALSE);
}

GStrv
listener_wait (Listener *listener, guint n)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  for (;;) {
    g_autofree char *text = read_all (listener);
    GStrv lines = split (text);

    if (g_strv_length (lines) >= n)
      return lines;
    if (g_get_monotonic_time () > until)
      g_error ("%u messages came, not %u", g_strv_length (lines), n);
    g_strfreev (lines);
    g_usleep (10000);
  }
}

void
listener_clear (Listener *listener)
{
  g_subprocess_force_exit (listener->process);
  g_subprocess_wait (listener->process, NULL, NULL);
  g_clear_object (&listener->process);
  g_free (listener->path);
}

static void
run_shell (const char *script, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      &error, "sh", "-euc", script, "sh", folder, NULL);

  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
}

void
make_certificates (const char *folder)
{
  run_shell (
      "cd \"$1\"\n"
      "ca() { openssl req -x509 -newkey ec -pkeyopt "
      "ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout $1.key -out $1.pem "
      "-subj /CN=$1; }\n"
      "sign() { openssl req -newkey ec -pkeyopt "
      "ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -out $1.csr "
      "-subj /CN=$1; echo subjectAltName=$2 >$1.ext; openssl x509 -req "
      "-in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
      "-extfile $1.ext -out $1.pem; }\n"
      "ca ca; ca other-ca; sign good IP:127.0.0.1; sign wrong DNS:elsewhere\n",
      folder);
}

GSubprocess *
start_tls_server (const char *folder, const char *name, guint *port)
{
  g_autofree char *cert = g_strdup_printf ("%s/%s.pem", folder, name);
  g_autofree char *key = g_strdup_printf ("%s/%s.key", folder, name);
  g_autoptr (GSubprocessLauncher) launcher =
      make_launcher (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  GSubprocess *process = g_subprocess_launcher_spawn (launcher, &error,
      "python3", "-c",
      "import http.server, ssl, sys\n"
      "class Handler(http.server.BaseHTTPRequestHandler):\n"
      "    def do_POST(self):\n"
      "        self.rfile.read(int(self.headers['Content-Length']))\n"
      "        self.send_response(204)\n"
      "        self.end_headers()\n"
      "    def log_message(self, *words):\n"
      "        pass\n"
      "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)\n"
      "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
      "context.load_cert_chain(sys.argv[1], sys.argv[2])\n"
      "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
      "print(server.server_port, flush=True)\n"
      "server.serve_forever()\n",
      cert, key, NULL);
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *line = NULL;

  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  line = g_data_input_stream_read_line (lines, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  *port = (guint) g_ascii_strtoull (line, NULL, 10);
  return process;
}
