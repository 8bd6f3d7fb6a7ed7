/* gst-vlm: errors of publishing
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_VLM_PUBLISH_ERROR (gst_vlm_publish_error_quark ())
GQuark gst_vlm_publish_error_quark (void);

typedef enum
{
  GST_VLM_PUBLISH_ERROR_SETTINGS, /* a property has a value that cannot work */
  GST_VLM_PUBLISH_ERROR_MISSING,  /* this build lacks it */
  GST_VLM_PUBLISH_ERROR_BUSY,     /* another pipeline has the spool */
  GST_VLM_PUBLISH_ERROR_SPOOL,    /* the spool cannot be read or written */
  GST_VLM_PUBLISH_ERROR_RECORD,   /* not a record */
  GST_VLM_PUBLISH_ERROR_AWAY,     /* the other side cannot be reached or used */
  GST_VLM_PUBLISH_ERROR_REFUSED,  /* the other side does not accept this one */
} GstVlmPublishError;

G_END_DECLS
