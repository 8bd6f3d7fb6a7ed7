/* gst-vlm: Qwen2.5-VL
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/family.h"

#include "model/qwen2_5_vl/chat-template.h"
#include "model/qwen2_5_vl/config.h"
#include "model/qwen2_5_vl/decoder.h"
#include "model/qwen2_5_vl/mrope.h"
#include "model/qwen2_5_vl/tensor-names.h"
#include "model/qwen2_5_vl/vision-private.h"
#include "model/qwen2_5_vl/weights.h"

static gboolean
prepare_source (VlmConfig *config, VlmTensorSource *source, GError **error)
{
  if (!vlm_tensor_names_normalise (source, error))
    return FALSE;
  vlm_qwen_weights_settle_head (config, source);
  return TRUE;
}

static const char *const model_types[] = { "qwen2_5_vl", NULL };
static const char *const gguf_architectures[] = { "qwen2vl", NULL };

const VlmArch vlm_qwen2_5_vl = {
  .title = "Qwen2.5-VL",
  .model_types = model_types,
  .gguf_architectures = gguf_architectures,
  .sizes = vlm_qwen_sizes,
  .n_sizes = VLM_QWEN_N_SIZES,
  .read_config = vlm_qwen_config_read,
  .read_gguf = vlm_qwen_config_read_gguf,
  .prepare_source = prepare_source,
  .list_weights = vlm_qwen_weights_list,
  .check_source = vlm_qwen_weights_check,
  .make_angles = vlm_mrope_angles,
  .check_tokenizer = vlm_qwen_check_tokenizer,
  .lay_out = vlm_qwen_lay_out,
  .decoder_new = vlm_qwen_decoder_new,
  .decoder_free = vlm_qwen_decoder_free,
  .decoder_reserve = vlm_qwen_decoder_reserve,
  .decoder_record = vlm_qwen_decoder_record,
  .decoder_bytes = vlm_qwen_decoder_bytes,
  .vision_new = vlm_qwen_vision_new,
  .vision_free = vlm_qwen_vision_free,
  .vision_encode = vlm_qwen_vision_encode,
  .vision_bytes = vlm_qwen_vision_bytes,
  .vision_order = vlm_qwen_vision_order,
};
