/* gst-vlm: one forward pass of a language model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/decoder.h"

#include "model/arch.h"

static const VlmArch *
arch_of (const VlmDecoder *decoder)
{
  return decoder->net->config.arch;
}

VlmDecoder *
vlm_decoder_new (VlmNet *net, VlmNn *nn)
{
  VlmDecoder *decoder = net->config.arch->decoder_new ();

  decoder->net = vlm_net_ref (net);
  decoder->nn = nn;
  return decoder;
}

void
vlm_decoder_free (VlmDecoder *decoder)
{
  VlmNet *net;

  if (decoder == NULL)
    return;
  net = decoder->net;
  vlm_nn_tensor_clear (&decoder->ids);
  vlm_nn_tensor_clear (&decoder->angles);
  vlm_nn_tensor_clear (&decoder->logits);
  arch_of (decoder)->decoder_free (decoder);
  vlm_net_unref (net);
}

gboolean
vlm_decoder_reserve (VlmDecoder *decoder, guint n_tokens, guint n_sequences,
    guint n_logits, GError **error)
{
  return arch_of (decoder)->decoder_reserve (
      decoder, n_tokens, n_sequences, n_logits, error);
}

void
vlm_decoder_record (VlmDecoder *decoder, const VlmDecoderPass *pass,
    guint first_layer, guint n_layers)
{
  arch_of (decoder)->decoder_record (decoder, pass, first_layer, n_layers);
}

guint64
vlm_decoder_bytes (
    const VlmConfig *config, guint n_tokens, guint n_sequences, guint n_logits)
{
  return config->arch->decoder_bytes (config, n_tokens, n_sequences, n_logits);
}
