/* gst-vlm: a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote.h"

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "analyzer/remote-check.h"
#include "analyzer/remote-family.h"
#include "analyzer/remote-link.h"
#include "analyzer/remote-reply.h"
#include "analyzer/remote-request.h"
#include "analyzer/remote-server.h"
#include "base/log.h"
#include "base/work.h"
#include "engine/choices.h"
#include "engine/prompt.h"
#include "engine/session.h"

/* For one question, tries and waiting included. */
#define DEFAULT_TIMEOUT (120 * VLM_SECOND)
/* The most that servers list. */
#define MAX_LIKELY 20
/* <|vision_start|> and <|vision_end|> around the cells of a picture. */
#define TOKENS_AROUND 2

struct _VlmRemote
{
  GObject parent;

  VlmRemoteLink *link;
  VlmRemoteServerInfo server;
  const VlmRemoteFamily *family;
  VlmBoxSpace box_space;
  gboolean is_space_set; /* it is reported */
  char *url;             /* where questions go */
  gint64 timeout;        /* µs */
  gboolean has_warned;
};

G_DEFINE_FINAL_TYPE (VlmRemote, vlm_remote, G_TYPE_OBJECT)

static void
vlm_remote_finalize (GObject *object)
{
  VlmRemote *self = VLM_REMOTE (object);

  g_clear_pointer (&self->link, vlm_remote_link_unref);
  vlm_remote_server_info_clear (&self->server);
  g_free (self->url);
  G_OBJECT_CLASS (vlm_remote_parent_class)->finalize (object);
}

static void
vlm_remote_class_init (VlmRemoteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vlm_remote_finalize;
}

static void
vlm_remote_init (VlmRemote *self)
{
}

/* --- which one ------------------------------------------------------------ */

/* What names the model: its path, or that of VLM_MODEL_PATH. */
static const char *
get_path (const VlmModelParams *params)
{
  return params->path != NULL && *params->path != '\0'
      ? params->path
      : g_getenv ("VLM_MODEL_PATH");
}

/**
 * vlm_remote_is_meant:
 * @params: which model
 *
 * Distinguishes a model on another machine from one that is loaded.
 *
 * Returns: whether it names a model on another machine, by an address that
 *   begins with `http://` or `https://`, itself or in the environment variable
 *   `VLM_MODEL_PATH`, and is no page of Hugging Face
 *
 * Since: 0.1
 */
gboolean
vlm_remote_is_meant (const VlmModelParams *params)
{
  g_return_val_if_fail (params != NULL, FALSE);
  return vlm_remote_address_is_meant (get_path (params));
}

/**
 * vlm_remote_hide_secrets:
 * @path: what names a model
 *
 * The address of a server must not contain a password; one that does is not
 * used, and this is what may be shown of it.
 *
 * Returns: (transfer full): @path, with dots for user, password and query if it
 *   is an address
 *
 * Since: 0.1
 */
char *
vlm_remote_hide_secrets (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);
  return vlm_remote_address_is_meant (path)
      ? vlm_remote_address_hide_secrets (path)
      : g_strdup (path);
}

/**
 * vlm_remote_open:
 * @params: which model: an address `http://HOST:8000/v1#MODEL`; without MODEL
 *   the only one that the server has
 * @work: (nullable): progress and cancellation
 * @error: return location
 *
 * Asks the server which models it has. Nothing is loaded here, and no device is
 * needed.
 *
 * Returns: (transfer full): the model, or %NULL with a #VlmRemoteError or
 *   %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
VlmRemote *
vlm_remote_open (
    const VlmModelParams *params, const VlmWork *work, GError **error)
{
  g_autoptr (VlmRemote) self = NULL;
  g_autoptr (VlmRemoteAddress) address = NULL;

  g_return_val_if_fail (params != NULL, NULL);
  g_return_val_if_fail (vlm_remote_is_meant (params), NULL);

  address = vlm_remote_address_new (get_path (params), error);
  if (address == NULL)
    return NULL;
  self = g_object_new (VLM_TYPE_REMOTE, NULL);
  self->timeout =
      (params->timeout > 0 ? params->timeout : DEFAULT_TIMEOUT) / 1000;
  self->url = g_strconcat (address->base, "/chat/completions", NULL);
  self->link = vlm_remote_link_get (address, params, error);
  if (self->link == NULL)
    return NULL;
  vlm_work_progress (work, "server", 0.0);
  if (!vlm_remote_server_look (self->link, address, params->server,
          self->timeout, &self->server, vlm_work_cancellable (work), error))
    return NULL;
  self->family = vlm_remote_family_find (self->server.model, self->server.path);
  self->is_space_set = params->box_space != VLM_BOX_SPACE_AUTO;
  self->box_space =
      self->is_space_set ? params->box_space : self->family->box_space;
  vlm_info ("%s at %s, %s", self->server.model, address->host,
      self->server.klass->name);
  return g_steal_pointer (&self);
}

/**
 * vlm_remote_get_name:
 * @remote: a model
 *
 * The name of a model, which is `model` in the records of its events.
 *
 * Returns: (transfer none): its name, as the server has it
 *
 * Since: 0.1
 */
const char *
vlm_remote_get_name (VlmRemote *self)
{
  g_return_val_if_fail (VLM_IS_REMOTE (self), NULL);
  return self->server.model;
}

/**
 * vlm_remote_get_geometry:
 * @remote: a model
 * @geometry: (out caller-allocates): what frames must look like
 *
 * Which sizes the model takes as they are, so that the server need not resize
 * what it gets.
 *
 * Since: 0.1
 */
void
vlm_remote_get_geometry (VlmRemote *self, VlmGeometry *geometry)
{
  g_return_if_fail (VLM_IS_REMOTE (self));
  g_return_if_fail (geometry != NULL);
  vlm_remote_family_get_geometry (self->family, geometry);
}

/* --- asking --------------------------------------------------------------- */

static GBytes *
write_body (gpointer user_data, GError **error)
{
  return vlm_remote_request_write (user_data, error);
}

static double
seconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

/* @text: what was answered */
static void
log_reply (const VlmUsage *usage, gboolean is_cut_off, const char *text)
{
  vlm_log_answer ("answer to %u tokens of %u tokens%s, %.3f s: %s",
      usage->n_prompt_tokens, usage->n_tokens, is_cut_off ? ", cut off" : "",
      usage->decode_s, text);
}

/* (transfer full) */
static GString *
ask (VlmRemote *self, VlmRemoteRequest *request, GCancellable *cancellable,
    GError **error)
{
  vlm_prompt_log (request->prompt);
  request->server = &self->server;
  request->family = self->family;
  return vlm_remote_link_ask (self->link, self->url, write_body, request,
      self->timeout, NULL, cancellable, error);
}

VlmReply *
vlm_remote_run (VlmRemote *self, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmAnswerBounds *bounds,
    GCancellable *cancellable, GError **error)
{
  const VlmAnswerKind *kind = params->kind;
  gint64 start = g_get_monotonic_time ();
  g_autofree char *schema = NULL;
  VlmRemoteRequest request = {
    .prompt = prompt,
    .params = params,
    .max_tokens =
        params->max_tokens > 0 ? params->max_tokens : VLM_SESSION_MAX_TOKENS,
    .n_likely = 1,
  };
  g_autoptr (GString) body = NULL;
  g_autoptr (VlmReply) reply = NULL;

  if (kind != NULL && kind->schema != NULL) {
    request.schema = schema = kind->schema (bounds, error);
    if (schema == NULL)
      return NULL;
  }
  body = ask (self, &request, cancellable, error);
  reply = body != NULL ? vlm_remote_reply_read (body, error) : NULL;
  if (reply == NULL)
    return NULL;
  reply->max_tokens = request.max_tokens;
  reply->usage.decode_s = seconds_since (start);
  log_reply (&reply->usage, reply->is_cut_off, reply->text);
  if (!vlm_remote_check (kind, bounds, reply->text, reply->is_cut_off, error))
    return NULL;
  return g_steal_pointer (&reply);
}

gboolean
vlm_remote_weigh (VlmRemote *self, const VlmPrompt *prompt,
    const VlmAnswerKind *kind, double *probabilities, VlmUsage *usage,
    GCancellable *cancellable, GError **error)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  gint64 start = g_get_monotonic_time ();
  VlmRemoteRequest request = {
    .prompt = prompt,
    .params = &params,
    .max_tokens = 1,
    .n_likely = MAX_LIKELY,
  };
  g_autoptr (GString) body = ask (self, &request, cancellable, error);
  g_autofree char *weights = NULL;

  if (body == NULL ||
      !vlm_remote_reply_weigh (body, kind, probabilities, usage, error))
    return FALSE;
  usage->decode_s = seconds_since (start);
  weights = vlm_choices_describe (kind, probabilities);
  log_reply (usage, FALSE, weights);
  return TRUE;
}

/**
 * vlm_remote_generate: (skip)
 * @remote: a model
 * @prompt: the question
 * @params: how the answer is generated
 * @work: (nullable): progress and cancellation
 * @error: return location
 *
 * Sends the question to the server. The answer is received as a whole, and its
 * form is checked.
 *
 * Returns: (transfer full): the answer, or %NULL with a #VlmRemoteError, a
 *   #VlmInferError for what the server does not support, a #VlmEventError for
 *   a malformed answer, or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
VlmAnswer *
vlm_remote_generate (VlmRemote *self, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmWork *work, GError **error)
{
  VlmAnswerBounds bounds;
  g_autoptr (VlmReply) reply = NULL;
  VlmAnswer *answer;

  g_return_val_if_fail (VLM_IS_REMOTE (self), NULL);
  g_return_val_if_fail (prompt != NULL && params != NULL, NULL);

  bounds = vlm_prompt_get_bounds (prompt);
  bounds.detail = params->detail;
  if (self->box_space == VLM_BOX_SPACE_THOUSANDTHS)
    bounds.width = bounds.height = VLM_BOX_THOUSAND;
  reply = vlm_remote_run (
      self, prompt, params, &bounds, vlm_work_cancellable (work), error);
  if (reply == NULL)
    return NULL;
  answer = g_new0 (VlmAnswer, 1);
  answer->confidence = vlm_trace_confidence (reply->trace, 0, G_MAXSIZE);
  answer->text = g_steal_pointer (&reply->text);
  answer->n_prompt_tokens = reply->usage.n_prompt_tokens;
  answer->n_tokens = reply->usage.n_tokens;
  answer->stopped = !reply->is_cut_off;
  answer->decode_s = reply->usage.decode_s;
  if (work != NULL && work->text != NULL)
    work->text (answer->text, work->user_data);
  return answer;
}

/* --- times and boxes ------------------------------------------------------ */

const char *
vlm_remote_get_time_basis (VlmRemote *self, const VlmWindow *window)
{
  g_autofree gint64 *times = g_new (gint64, window->n_samples);
  g_auto (VlmRemoteTiming) timing = { 0 };

  for (guint i = 0; i < window->n_samples; i++)
    times[i] = window->samples[i].slot_time;
  timing = vlm_remote_request_plan_times (
      &self->server, self->family, times, window->n_samples);
  return vlm_time_basis_to_string (timing.basis);
}

/* The number of tokens of a short question with @frame (nullable) before it; 0
 * if the server does not report it. -1 with @error. */
static gint64
count_tokens (
    VlmRemote *self, VlmFrame *frame, GCancellable *cancellable, GError **error)
{
  const VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  VlmRemoteRequest request = {
    .prompt = prompt, .params = &params, .max_tokens = 1, .n_likely = 1
  };
  g_autoptr (GString) body = NULL;
  g_autoptr (VlmReply) reply = NULL;

  if (frame != NULL)
    vlm_prompt_add_image (prompt, frame);
  vlm_prompt_add_text (prompt, "Yes or no?");
  body = ask (self, &request, cancellable, error);
  reply = body != NULL ? vlm_remote_reply_read (body, error) : NULL;
  return reply != NULL ? (gint64) reply->usage.n_prompt_tokens : -1;
}

/* A picture takes as many tokens as it has cells, if it is not resized. */
static gboolean
keeps_size (VlmRemote *self, const VlmFrame *like, gboolean *keeps,
    GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *pixels =
      g_malloc0 (3 * (gsize) like->width * like->height);
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, like->width, like->height, { pixels }, { 3 * like->width } };
  g_autoptr (VlmFrame) frame = vlm_frame_new (
      &view, like->width, like->height, VLM_RESAMPLE_IMAGE, error);
  VlmGeometry geometry;
  gint64 with;
  gint64 without;
  guint cell;

  if (frame == NULL)
    return FALSE;
  with = count_tokens (self, frame, cancellable, error);
  without = with >= 0 ? count_tokens (self, NULL, cancellable, error) : -1;
  if (without < 0)
    return FALSE;
  vlm_remote_get_geometry (self, &geometry);
  cell = geometry.patch_size * geometry.merge_size;
  *keeps = with - without ==
      (gint64) (like->width / cell) * (like->height / cell) + TOKENS_AROUND;
  vlm_debug ("a picture of %ux%u makes %" G_GINT64_FORMAT
             " tokens of %" G_GINT64_FORMAT,
      like->width, like->height, with, without);
  return TRUE;
}

/* The same, queried once for each size of each model. */
static gboolean
find_keeps_size (VlmRemote *self, const VlmFrame *frame, gboolean *keeps,
    GCancellable *cancellable, GError **error)
{
  g_autofree char *name = g_strdup_printf (
      "%ux%u %s", frame->width, frame->height, self->server.model);

  if (vlm_remote_link_recall (self->link, name, keeps))
    return TRUE;
  if (!keeps_size (self, frame, keeps, cancellable, error))
    return FALSE;
  vlm_remote_link_remember (self->link, name, *keeps);
  return TRUE;
}

static void
warn_no_boxes (VlmRemote *self, const char *why)
{
  if (self->has_warned)
    return;
  self->has_warned = TRUE;
  vlm_warning (
      "%s: %s: events get no boxes. Set `box-space` if you know the unit.",
      self->server.model, why);
}

/**
 * vlm_remote_find_box_space:
 * @remote: a model
 * @frame: a picture in which boxes are to be found
 * @cancellable: (nullable): ends it early
 * @error: return location
 *
 * Boxes in pixels are only correct if the server does not resize pictures;
 * this is checked once for each size.
 *
 * Returns: the unit of boxes in @frame; %VLM_BOX_SPACE_NONE if that is not
 *   known, with one warning; %VLM_BOX_SPACE_AUTO with a #VlmRemoteError or
 *   %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
VlmBoxSpace
vlm_remote_find_box_space (VlmRemote *self, const VlmFrame *frame,
    GCancellable *cancellable, GError **error)
{
  gboolean keeps = FALSE;

  g_return_val_if_fail (VLM_IS_REMOTE (self), VLM_BOX_SPACE_NONE);
  g_return_val_if_fail (frame != NULL, VLM_BOX_SPACE_NONE);

  if (self->box_space == VLM_BOX_SPACE_NONE) {
    if (!self->is_space_set)
      warn_no_boxes (self, "the unit of its boxes is not known");
    return VLM_BOX_SPACE_NONE;
  }
  if (self->is_space_set || self->box_space != VLM_BOX_SPACE_PIXELS)
    return self->box_space;
  if (!find_keeps_size (self, frame, &keeps, cancellable, error))
    return VLM_BOX_SPACE_AUTO;
  if (keeps)
    return VLM_BOX_SPACE_PIXELS;
  warn_no_boxes (self,
      "the server resizes pictures, or does not report how many tokens they "
      "take");
  return VLM_BOX_SPACE_NONE;
}
