#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares a checkpoint on whole scenes: the engine against numpy in float64.

    check-scene-logits.py VLM-SCENE-LOGITS CHECKPOINT [OPTION…]

Frames, times and token ids are the engine's; positions must be equal, features
within 2e-4 and logits within 1e-3. 77 (skipped) without numpy or weights."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("numpy is not installed")
    sys.exit(77)

import qwen_model
import qwen_pixels
import safetensors_file

MAX_FEATURES, MAX_LOGITS = 2e-4, 1e-3


def load(checkpoint):
    config = json.loads((checkpoint / "config.json").read_text())
    # newer files keep the decoder's part apart
    config = {**config, **config.get("text_config", {})}
    return qwen_model.Model(config, safetensors_file.read(checkpoint / "model.safetensors"))


def compare(model, scene):
    """(positions are equal, largest difference of features, of logits)."""
    config = model.config
    pixels, grid = qwen_pixels.patches(scene["frames"])
    seconds = (scene["slot_times"][2] - scene["slot_times"][0]) / 1e9 if len(scene["slot_times"]) > 2 else 1.0
    features = model.vision(pixels, [grid], {})
    places, _ = qwen_model.positions(config, scene["input_ids"], [], [grid], [seconds])
    x = model.embed(scene["input_ids"], {"video": features})
    logits = model.text(x, places, {})
    return (np.array_equal(places, scene["position_ids"]), np.abs(features - scene["features"]).max(),
            np.abs(logits - scene["logits"]).max())


def main():
    program, checkpoint, *options = sys.argv[1:]
    checkpoint = pathlib.Path(checkpoint)
    if not (checkpoint / "model.safetensors").exists():
        print("no weights in", checkpoint)
        sys.exit(77)
    good = True
    model = load(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, *options, checkpoint, folder], check=True,
                       env={**os.environ, "VLM_VALIDATE": "0"})
        for path in sorted(pathlib.Path(folder).iterdir()):
            scene = safetensors_file.read(path)
            same, features, logits = compare(model, scene)
            print(f"{path.stem}: {len(scene['frames'])} frames, {len(scene['input_ids'])} tokens, positions "
                  f"{'equal' if same else 'DIFFER'}, features {features:.2g}, logits {logits:.2g} "
                  f"(of up to {np.abs(scene['logits']).max():.3g})")
            good = good and same and features < MAX_FEATURES and logits < MAX_LOGITS
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
