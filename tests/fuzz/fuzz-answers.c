/* gst-vlm: any text as an answer of each kind
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes out is valid text, inside of the video or the picture. */
#include <string.h>

#include <vlm/vlm-event-parse.h>
#include <vlm/vlm-mark.h>

#include "analyzer/kinds.h"
#include "tests/fuzz/target.h"

#define WIDTH 1000
#define HEIGHT 800
#define DURATION (10 * VLM_SECOND)

static void
check_mark (const VlmMark *mark)
{
  g_assert_true (
      mark->label == NULL || g_utf8_validate (mark->label, -1, NULL));
  g_assert_true (mark->text == NULL || g_utf8_validate (mark->text, -1, NULL));
  g_assert_true (mark->rect.x >= 0 && mark->rect.y >= 0);
  g_assert_cmpint (mark->rect.x + mark->rect.width, <=, WIDTH);
  g_assert_cmpint (mark->rect.y + mark->rect.height, <=, HEIGHT);
  g_assert_cmpuint (mark->text_start, <=, mark->text_end);
}

static void
check_finding (const VlmFinding *finding)
{
  g_assert_true (g_utf8_validate (finding->description, -1, NULL));
  g_assert_cmpint (finding->start_ns, >=, 0);
  g_assert_cmpint (finding->start_ns, <=, finding->end_ns);
  g_assert_cmpint (finding->end_ns, <=, DURATION);
  g_assert_cmpuint (finding->text_start, <=, finding->text_end);
}

static void
check_kind (const VlmAnswerKind *kind, const char *text)
{
  const VlmAnswerBounds bounds = { DURATION, WIDTH, HEIGHT, 0, 0, NULL };
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  guint n_rejected = 0;

  parts = kind->read (text, &bounds, &n_rejected, &why, &error);
  g_assert_true ((parts != NULL) == (error == NULL));
  if (parts == NULL)
    return;
  g_assert_true ((n_rejected > 0) == (why != NULL));
  for (guint i = 0; i < parts->len; i++) {
    if (kind->part == VLM_PART_MARK)
      check_mark (parts->pdata[i]);
    else if (kind->part == VLM_PART_EVENT)
      check_finding (parts->pdata[i]);
    else
      g_assert_true (g_utf8_validate (parts->pdata[i], -1, NULL));
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static const VlmAnswerKind *const kinds[] = { &vlm_kind_events,
    &vlm_kind_boxes, &vlm_kind_points, &vlm_kind_ocr, &vlm_kind_count,
    &vlm_kind_yes_no };
  g_autofree char *text =
      g_strndup (n_bytes > 0 ? (const char *) data : "", n_bytes);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    check_kind (kinds[i], text);
  return 0;
}
