/* gst-vlm: errors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VLM_LOAD_ERROR:
 *
 * Errors of files: a checkpoint, a tokenizer, a configuration. The message
 * names the file and, where there is one, the tensor or key.
 *
 * Since: 0.1
 */
#define VLM_LOAD_ERROR (vlm_load_error_quark ())
VLM_API GQuark vlm_load_error_quark (void);

/**
 * VlmLoadError:
 * @VLM_LOAD_ERROR_NOT_FOUND: a file that must be there is not
 * @VLM_LOAD_ERROR_TRUNCATED: a file ends before its contents do
 * @VLM_LOAD_ERROR_CORRUPT: a file contradicts its own format
 * @VLM_LOAD_ERROR_UNSUPPORTED: well formed, but not something this can run
 * @VLM_LOAD_ERROR_MISMATCH: two files, or a file and the model, disagree
 * @VLM_LOAD_ERROR_TOO_LARGE: beyond a limit that guards against hostile input
 *
 * Codes of %VLM_LOAD_ERROR.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_LOAD_ERROR_NOT_FOUND,
  VLM_LOAD_ERROR_TRUNCATED,
  VLM_LOAD_ERROR_CORRUPT,
  VLM_LOAD_ERROR_UNSUPPORTED,
  VLM_LOAD_ERROR_MISMATCH,
  VLM_LOAD_ERROR_TOO_LARGE,
} VlmLoadError;

/**
 * VLM_DEVICE_ERROR:
 *
 * Errors of a Vulkan device. The message names the Vulkan call and its result.
 *
 * Since: 0.1
 */
#define VLM_DEVICE_ERROR (vlm_device_error_quark ())
VLM_API GQuark vlm_device_error_quark (void);

/**
 * VlmDeviceError:
 * @VLM_DEVICE_ERROR_NO_DEVICE: no Vulkan device, or none that matches
 * @VLM_DEVICE_ERROR_MISSING_FEATURE: the device lacks something that is needed
 * @VLM_DEVICE_ERROR_OUT_OF_MEMORY: device or host memory is exhausted
 * @VLM_DEVICE_ERROR_LOST: the device was lost; a new one must be opened
 * @VLM_DEVICE_ERROR_VK: any other failed Vulkan call
 *
 * Codes of %VLM_DEVICE_ERROR.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_DEVICE_ERROR_NO_DEVICE,
  VLM_DEVICE_ERROR_MISSING_FEATURE,
  VLM_DEVICE_ERROR_OUT_OF_MEMORY,
  VLM_DEVICE_ERROR_LOST,
  VLM_DEVICE_ERROR_VK,
} VlmDeviceError;

/**
 * VLM_INFER_ERROR:
 *
 * Errors of one question to a loaded model.
 *
 * Since: 0.1
 */
#define VLM_INFER_ERROR (vlm_infer_error_quark ())
VLM_API GQuark vlm_infer_error_quark (void);

/**
 * VlmInferError:
 * @VLM_INFER_ERROR_BAD_INPUT: an input the model cannot take
 * @VLM_INFER_ERROR_CONTEXT_FULL: more tokens than the context holds
 * @VLM_INFER_ERROR_TIMEOUT: a deadline passed
 * @VLM_INFER_ERROR_NOT_FINITE: the model's numbers are NaN or infinite: its
 *   weights are damaged, or values go beyond what 32 bits hold
 *
 * Codes of %VLM_INFER_ERROR. A device that fails meanwhile gives a
 * #VlmDeviceError, a cancelled call %G_IO_ERROR_CANCELLED.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_INFER_ERROR_BAD_INPUT,
  VLM_INFER_ERROR_CONTEXT_FULL,
  VLM_INFER_ERROR_TIMEOUT,
  VLM_INFER_ERROR_NOT_FINITE,
} VlmInferError;

/**
 * VLM_REMOTE_ERROR:
 *
 * Errors of a model on another machine. The message names the server, and
 * contains no secrets.
 *
 * Since: 0.1
 */
#define VLM_REMOTE_ERROR (vlm_remote_error_quark ())
VLM_API GQuark vlm_remote_error_quark (void);

/**
 * VlmRemoteError:
 * @VLM_REMOTE_ERROR_SETTINGS: an address, a key or a file cannot be used
 * @VLM_REMOTE_ERROR_SERVER: the server is unreachable, refuses the request or
 *   sends no answer
 * @VLM_REMOTE_ERROR_TIMEOUT: there was no answer in time
 *
 * Codes of %VLM_REMOTE_ERROR.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_REMOTE_ERROR_SETTINGS,
  VLM_REMOTE_ERROR_SERVER,
  VLM_REMOTE_ERROR_TIMEOUT,
} VlmRemoteError;

/**
 * VLM_EVENT_ERROR:
 *
 * Errors of a text that should describe events.
 *
 * Since: 0.1
 */
#define VLM_EVENT_ERROR (vlm_event_error_quark ())
VLM_API GQuark vlm_event_error_quark (void);

/**
 * VlmEventError:
 * @VLM_EVENT_ERROR_SYNTAX: not the agreed format
 * @VLM_EVENT_ERROR_SCHEMA: the format, but fields are missing or of wrong type
 * @VLM_EVENT_ERROR_TIME_RANGE: a time outside of what was analysed
 *
 * Codes of %VLM_EVENT_ERROR.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_EVENT_ERROR_SYNTAX,
  VLM_EVENT_ERROR_SCHEMA,
  VLM_EVENT_ERROR_TIME_RANGE,
} VlmEventError;

G_END_DECLS
