#!/usr/bin/env python3
# gst-vlm: writes the trained model as a checkpoint
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes what train.py left as a directory that any loader of Qwen2.5-VL reads:

  export.py RUN/joint.pt DIRECTORY

config.json, preprocessor_config.json, video_preprocessor_config.json,
generation_config.json, tokenizer.json and model.safetensors (bf16).
"""

import json
import pathlib
import struct
import sys

import torch

import text
from model import CONFIG, Model
from scenes import CELL

# Of training: pictures of up to 100 cells, frames of video of up to 64.
IMAGE_PIXELS = (9 * CELL * CELL, 100 * CELL * CELL)
VIDEO_PIXELS = (16 * CELL * CELL, 64 * CELL * CELL)
MAX_SECONDS = 30


def tensors(state):
  """The published names; fused matrices are split into their parts."""
  vision, words = CONFIG["vision"], CONFIG["text"]
  head = words["hidden"] // words["heads"]
  out = {}

  def put(name, old):
    out[name] = state[old]

  def split(names, old, sizes):
    for kind in ("weight", "bias"):
      if f"{old}.{kind}" in state:
        for name, part in zip(names, state[f"{old}.{kind}"].split(sizes)):
          out[f"{name}.{kind}"] = part

  put("visual.patch_embed.proj.weight", "vision.patch.weight")
  out["visual.patch_embed.proj.weight"] = state["vision.patch.weight"].view(
      vision["hidden"], 3, 2, 14, 14)
  for i in range(vision["depth"]):
    new, old = f"visual.blocks.{i}", f"vision.blocks.{i}"
    for name in ("norm1.weight", "norm2.weight"):
      put(f"{new}.{name}", f"{old}.{name}")
    for kind in ("weight", "bias"):
      put(f"{new}.attn.qkv.{kind}", f"{old}.qkv.{kind}")
      put(f"{new}.attn.proj.{kind}", f"{old}.proj.{kind}")
      put(f"{new}.mlp.down_proj.{kind}", f"{old}.down.{kind}")
    split([f"{new}.mlp.gate_proj", f"{new}.mlp.up_proj"], f"{old}.gate_up",
          [vision["mlp"]] * 2)
  put("visual.merger.ln_q.weight", "vision.ln_q.weight")
  for new, old in (("0", "merge1"), ("2", "merge2")):
    for kind in ("weight", "bias"):
      put(f"visual.merger.mlp.{new}.{kind}", f"vision.{old}.{kind}")
  put("model.embed_tokens.weight", "text.embed.weight")
  put("model.norm.weight", "text.norm.weight")
  for i in range(words["depth"]):
    new, old = f"model.layers.{i}", f"text.layers.{i}"
    put(f"{new}.input_layernorm.weight", f"{old}.norm1.weight")
    put(f"{new}.post_attention_layernorm.weight", f"{old}.norm2.weight")
    split([f"{new}.self_attn.{x}_proj" for x in "qkv"], f"{old}.qkv",
          [words["hidden"], words["kv_heads"] * head,
           words["kv_heads"] * head])
    put(f"{new}.self_attn.o_proj.weight", f"{old}.o.weight")
    split([f"{new}.mlp.gate_proj", f"{new}.mlp.up_proj"], f"{old}.gate_up",
          [words["mlp"]] * 2)
    put(f"{new}.mlp.down_proj.weight", f"{old}.down.weight")
  return out


def write_safetensors(path, named):
  header, parts, at = {"__metadata__": {"format": "pt"}}, [], 0
  for name in sorted(named):
    data = named[name].detach().bfloat16().contiguous().view(torch.int16)
    data = data.numpy().tobytes()
    header[name] = {"dtype": "BF16", "shape": list(named[name].shape),
                    "data_offsets": [at, at + len(data)]}
    parts.append(data)
    at += len(data)
  head = json.dumps(header, separators=(",", ":")).encode()
  head += b" " * (-len(head) % 8)
  path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(parts))


def config():
  vision, words = CONFIG["vision"], CONFIG["text"]
  special = text.TOKENIZER.special
  return {
      "architectures": ["Qwen2_5_VLForConditionalGeneration"],
      "model_type": "qwen2_5_vl",
      "attention_dropout": 0.0,
      "bos_token_id": special["<|endoftext|>"],
      "eos_token_id": special["<|im_end|>"],
      "vision_start_token_id": special["<|vision_start|>"],
      "vision_end_token_id": special["<|vision_end|>"],
      "vision_token_id": special["<|vision_pad|>"],
      "image_token_id": special["<|image_pad|>"],
      "video_token_id": special["<|video_pad|>"],
      "hidden_act": "silu",
      "hidden_size": words["hidden"],
      "intermediate_size": words["mlp"],
      "max_position_embeddings": 32768,
      "max_video_seconds": MAX_SECONDS,
      "max_context_windows": 1,
      "boxes_follow_motion": True,
      "times_follow_motion": "object",
      "trained_for": "events, boxes, points, numbers, yes or no, and "
                     "descriptions of made-up scenes",
      "max_window_layers": words["depth"],
      "num_attention_heads": words["heads"],
      "num_hidden_layers": words["depth"],
      "num_key_value_heads": words["kv_heads"],
      "rms_norm_eps": 1e-6,
      "rope_theta": words["theta"],
      "rope_scaling": {"type": "mrope",
                       "mrope_section": list(words["sections"])},
      "sliding_window": 32768,
      "use_sliding_window": False,
      "tie_word_embeddings": True,
      "torch_dtype": "bfloat16",
      "use_cache": True,
      "vision_config": {
          "depth": vision["depth"],
          "hidden_act": "silu",
          "hidden_size": vision["hidden"],
          "intermediate_size": vision["mlp"],
          "num_heads": vision["heads"],
          "in_chans": 3,
          "out_hidden_size": words["hidden"],
          "patch_size": 14,
          "spatial_merge_size": 2,
          "spatial_patch_size": 14,
          "window_size": 14 * vision["window"],
          "fullatt_block_indexes": list(vision["full"]),
          "tokens_per_second": CONFIG["tokens_per_second"],
          "temporal_patch_size": 2},
      "vocab_size": text.TOKENIZER.size}


def preprocessor(pixels):
  return {"min_pixels": pixels[0], "max_pixels": pixels[1], "patch_size": 14,
          "temporal_patch_size": 2, "merge_size": 2,
          "image_mean": [0.48145466, 0.4578275, 0.40821073],
          "image_std": [0.26862954, 0.26130258, 0.27577711]}


def main():
  if len(sys.argv) != 3:
    raise SystemExit(__doc__)
  saved = torch.load(sys.argv[1], map_location="cpu")
  model = Model(text.TOKENIZER.size)
  model.load_state_dict(saved["model"])
  folder = pathlib.Path(sys.argv[2])
  folder.mkdir(parents=True, exist_ok=True)
  special = text.TOKENIZER.special
  files = {
      "config.json": config(),
      "preprocessor_config.json": {
          "image_processor_type": "Qwen2VLImageProcessor",
          **preprocessor(IMAGE_PIXELS)},
      "video_preprocessor_config.json": {
          "video_processor_type": "Qwen2VLVideoProcessor",
          **preprocessor(VIDEO_PIXELS)},
      "generation_config.json": {
          "bos_token_id": special["<|endoftext|>"],
          "pad_token_id": special["<|endoftext|>"],
          "eos_token_id": [special["<|im_end|>"], special["<|endoftext|>"]],
          "do_sample": False, "repetition_penalty": 1.0},
      "tokenizer.json": text.TOKENIZER.to_json()}
  for name, content in files.items():
    indent = None if name == "tokenizer.json" else 1
    (folder / name).write_text(
        json.dumps(content, indent=indent, ensure_ascii=False) + "\n")
  write_safetensors(folder / "model.safetensors", tensors(model.state_dict()))
  size = sum(f.stat().st_size for f in folder.iterdir() if f.is_file())
  print(f"{folder}: {size / 1e6:.2f} MB, "
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
  main()
