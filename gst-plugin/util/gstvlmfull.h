/* gst-vlm: which queue of a pipeline is full
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* (transfer full) (nullable): the name of a queue in the pipeline of @element
 * that accepts no more */
char *gst_vlm_full_find_queue (GstElement *element);

G_END_DECLS
