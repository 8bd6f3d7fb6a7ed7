/* gst-vlm: error domains
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

/* The macro makes a string of its first argument as it is written: spaces that
 * clang-format would put around the hyphens become part of the domain. */
/* clang-format off */
/**
 * vlm_load_error_quark:
 *
 * The domain of what is wrong with files: %VLM_LOAD_ERROR.
 *
 * Returns: the quark of `vlm-load-error`
 *
 * Since: 0.1
 */
G_DEFINE_QUARK (vlm-load-error, vlm_load_error)
/**
 * vlm_device_error_quark:
 *
 * The domain of what is wrong with a device: %VLM_DEVICE_ERROR.
 *
 * Returns: the quark of `vlm-device-error`
 *
 * Since: 0.1
 */
G_DEFINE_QUARK (vlm-device-error, vlm_device_error)
/**
 * vlm_infer_error_quark:
 *
 * The domain of what goes wrong with one question: %VLM_INFER_ERROR.
 *
 * Returns: the quark of `vlm-infer-error`
 *
 * Since: 0.1
 */
G_DEFINE_QUARK (vlm-infer-error, vlm_infer_error)
/**
 * vlm_event_error_quark:
 *
 * The domain of what is wrong with an answer: %VLM_EVENT_ERROR.
 *
 * Returns: the quark of `vlm-event-error`
 *
 * Since: 0.1
 */
G_DEFINE_QUARK (vlm-event-error, vlm_event_error)
/**
 * vlm_remote_error_quark:
 *
 * The domain of what is wrong with a model on another machine:
 * %VLM_REMOTE_ERROR.
 *
 * Returns: the quark of `vlm-remote-error`
 *
 * Since: 0.1
 */
G_DEFINE_QUARK (vlm-remote-error, vlm_remote_error)
