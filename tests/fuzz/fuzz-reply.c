/* gst-vlm: any bytes as what a server sends back
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes out is valid text that contains its tokens, and probabilities. */
#include <string.h>

#include "analyzer/kinds.h"
#include "analyzer/remote-reply.h"
#include "tests/fuzz/target.h"

static void
check_reply (const GString *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmReply) reply = vlm_remote_reply_read (body, &error);
  gsize end = 0;

  g_assert_true ((reply != NULL) == (error == NULL));
  if (reply == NULL)
    return;
  g_assert_true (g_utf8_validate (reply->text, -1, NULL));
  for (guint i = 0; reply->trace != NULL && i < reply->trace->len; i++) {
    const VlmTokenTrace *step = &g_array_index (reply->trace, VlmTokenTrace, i);

    g_assert_cmpuint (step->text_end, >=, end);
    end = step->text_end;
  }
  g_assert_cmpuint (end, <=, strlen (reply->text));
}

static void
check_weights (const GString *body)
{
  double probabilities[VLM_N_YES_NO] = { 0 };
  VlmUsage usage;
  g_autoptr (GError) error = NULL;
  double sum = 0.0;

  if (!vlm_remote_reply_weigh (
          body, &vlm_kind_yes_no, probabilities, &usage, &error)) {
    g_assert_nonnull (error);
    return;
  }
  for (guint i = 0; i < VLM_N_YES_NO; i++) {
    g_assert_cmpfloat (probabilities[i], >=, 0.0);
    sum += probabilities[i];
  }
  g_assert_cmpfloat (sum, <=, 1.0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  GString *body = g_string_new_len ((const char *) data, (gssize) n_bytes);

  check_reply (body);
  check_weights (body);
  g_string_free (body, TRUE);
  return 0;
}
