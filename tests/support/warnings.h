/* gst-vlm: the warnings that a test expects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* After g_test_init: from now on warnings are kept instead of ending the
 * program; critical messages still do. Once a program. */
void warnings_keep (void);
/* It is an error of the test if no kept warning contains @text. Forgets what was
 * kept, which must hold nothing else. */
void warnings_expect (const char *text);
/* Nothing was kept. */
void warnings_expect_none (void);
