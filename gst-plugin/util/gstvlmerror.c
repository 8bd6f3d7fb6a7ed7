/* gst-vlm: from GError to messages on the bus
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmerror.h"

#include <vlm/vlm-error.h>

#define ANY_CODE (-1)

typedef struct
{
  GQuark (*error_domain) (void);
  int error_code;
  GQuark (*gst_domain) (void);
  int gst_code;
  const char *hint;
} Mapping;

/* The first entry that matches counts. */
static const Mapping mappings[] = {
  { vlm_load_error_quark, VLM_LOAD_ERROR_NOT_FOUND, gst_resource_error_quark,
      GST_RESOURCE_ERROR_NOT_FOUND,
      "Set `model` to a directory that holds config.json, tokenizer.json and "
      "the .safetensors files of a Qwen2.5-VL checkpoint, or to a GGUF file." },
  { vlm_load_error_quark, VLM_LOAD_ERROR_TRUNCATED, gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ,
      "The download is probably incomplete: fetch the file again." },
  { vlm_load_error_quark, VLM_LOAD_ERROR_CORRUPT, gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ, "Fetch the file again." },
  { vlm_load_error_quark, VLM_LOAD_ERROR_UNSUPPORTED, gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ, "Use a Qwen2.5-VL checkpoint." },
  { vlm_load_error_quark, VLM_LOAD_ERROR_MISMATCH, gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ,
      "All files of `model` must come from one checkpoint." },
  { vlm_load_error_quark, ANY_CODE, gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ, NULL },
  { vlm_device_error_quark, VLM_DEVICE_ERROR_OUT_OF_MEMORY,
      gst_resource_error_quark, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
      "Use a smaller checkpoint, a shorter `window` or a lower `max-pixels`." },
  { vlm_device_error_quark, VLM_DEVICE_ERROR_NO_DEVICE,
      gst_resource_error_quark, GST_RESOURCE_ERROR_FAILED,
      "Check `device` and the Vulkan driver with `vulkaninfo --summary`." },
  { vlm_device_error_quark, VLM_DEVICE_ERROR_MISSING_FEATURE,
      gst_resource_error_quark, GST_RESOURCE_ERROR_FAILED,
      "Choose another device with `device`, or update its driver." },
  { vlm_device_error_quark, ANY_CODE, gst_resource_error_quark,
      GST_RESOURCE_ERROR_FAILED, NULL },
  { vlm_infer_error_quark, VLM_INFER_ERROR_CONTEXT_FULL,
      gst_library_error_quark, GST_LIBRARY_ERROR_FAILED,
      "Use a shorter `window`, a lower `fps` or a lower `max-pixels`." },
  { vlm_infer_error_quark, VLM_INFER_ERROR_NOT_FINITE, gst_library_error_quark,
      GST_LIBRARY_ERROR_FAILED,
      "Fetch the checkpoint again, or try another `device`." },
  { vlm_infer_error_quark, ANY_CODE, gst_library_error_quark,
      GST_LIBRARY_ERROR_FAILED, NULL },
  { vlm_remote_error_quark, VLM_REMOTE_ERROR_SETTINGS, gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, NULL },
  { vlm_remote_error_quark, ANY_CODE, gst_resource_error_quark,
      GST_RESOURCE_ERROR_READ, NULL },
  { vlm_event_error_quark, ANY_CODE, gst_stream_error_quark,
      GST_STREAM_ERROR_DECODE, NULL },
};

static const Mapping fallback = { NULL, ANY_CODE, gst_library_error_quark,
  GST_LIBRARY_ERROR_FAILED, NULL };

static const Mapping *
find_mapping (const GError *error)
{
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    if (mappings[i].error_domain () == error->domain &&
        (mappings[i].error_code == ANY_CODE ||
            mappings[i].error_code == error->code))
      return &mappings[i];
  return &fallback;
}

void
gst_vlm_error_post (GstElement *element, GstMessageType type, const char *what,
    const GError *error)
{
  const Mapping *mapping = find_mapping (error);
  char *text = g_strdup_printf ("%s: %s%s%s", what, error->message,
      mapping->hint != NULL ? ". " : "",
      mapping->hint != NULL ? mapping->hint : "");
  char *debug = g_strdup_printf (
      "%s, code %d", g_quark_to_string (error->domain), error->code);

  /* Takes ownership of text and debug. */
  gst_element_message_full (element, type, mapping->gst_domain (),
      mapping->gst_code, text, debug, __FILE__, GST_FUNCTION, __LINE__);
}

void
gst_vlm_error_post_no_caps (GstElement *element)
{
  const char *name = gst_plugin_feature_get_name (
      GST_PLUGIN_FEATURE (gst_element_get_factory (element)));

  GST_ELEMENT_ERROR (element, CORE, NEGOTIATION,
      ("This is not decoded video: data came without a format. Put "
       "`decodebin ! videoconvert` in front of %s.",
          name),
      (NULL));
}
