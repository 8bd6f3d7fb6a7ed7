#!/usr/bin/env python3
# gst-vlm: the model in torch against the engine
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Torch and the engine on the same scenes:

  vlm-scene-logits --scenes 10 CHECKPOINT FOLDER
  compare.py RUN/joint.pt FOLDER

The weights are rounded to bf16 as in the checkpoint; the rest is float32. Fails
when features differ by 2e-4 or logits by 1e-3.
"""

import json
import pathlib
import struct
import sys

import numpy as np
import torch

import text
from model import Model, patchify

DTYPES = {"U8": np.uint8, "I32": np.int32, "I64": np.int64, "F32": np.float32}


def read(path):
  """The tensors of a safetensors file."""
  data = path.read_bytes()
  (length,) = struct.unpack_from("<Q", data)
  header = json.loads(data[8:8 + length])
  header.pop("__metadata__", None)
  out = {}
  for name, entry in header.items():
    begin, end = (8 + length + at for at in entry["data_offsets"])
    out[name] = torch.from_numpy(
        np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
        .reshape(entry["shape"]).copy())
  return out


@torch.no_grad()
def compare(model, scene):
  """Largest differences of features and of logits."""
  frames, ids = scene["frames"], scene["input_ids"].long()
  rows, columns = (side // 28 for side in frames.shape[1:3])
  features = model.vision(patchify(frames[None], rows, columns), rows, columns)
  features = features.flatten(0, 1)
  x = model.text.embed(ids)
  x[ids == text.VIDEO_PAD] = features
  _, (hidden,), _ = model.text(x[None], scene["position_ids"][None])
  logits = model.text.logits(hidden[0])
  return ((features - scene["features"]).abs().max().item(),
          (logits - scene["logits"]).abs().max().item())


def main():
  if len(sys.argv) != 3:
    raise SystemExit(__doc__)
  model = Model(text.TOKENIZER.size)
  state = torch.load(sys.argv[1], map_location="cpu")["model"]
  model.load_state_dict({k: v.bfloat16().float() for k, v in state.items()})
  good = True
  for path in sorted(pathlib.Path(sys.argv[2]).glob("*.safetensors")):
    features, logits = compare(model, read(path))
    print(f"{path.stem}: features {features:.2g}, logits {logits:.2g}")
    good = good and features < 2e-4 and logits < 1e-3
  raise SystemExit(not good)


if __name__ == "__main__":
  main()
