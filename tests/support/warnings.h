/* gst-vlm: what a test expects to be warned of
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* After g_test_init: from now on warnings are kept instead of ending the
 * program; critical messages still do. Once a program. */
void warnings_keep (void);
/* Nothing that contains @text was kept: an error of the test. Forgets what was
 * kept, which must hold nothing else. */
void warnings_expect (const char *text);
/* Nothing was kept. */
void warnings_expect_none (void);
