#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The small checkpoint as tools leave it: test-checkpoints.py VLM-GOLDEN CHECKPOINT CASE

Each variant is the same network, so it must give the same numbers as the
checkpoint itself: all of them, to the last bit, unless weights are kept in
another type."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import safetensors_file

PROGRAM, CHECKPOINT, CASE = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
# The validation layers are for the engine's own tests; here they show nothing.
ENVIRONMENT = {**os.environ, "VLM_VALIDATE": "0"}
WEIGHTS = safetensors_file.read(CHECKPOINT / "model.safetensors")
number = 0


def report(good, name, why=""):
    global number
    number += 1
    if not good:
        print(f"# {why}")
    print(f"{'ok' if good else 'not ok'} {number} {name}", flush=True)


def write(folder, tensors, name="model.safetensors", keep=()):
    """All bf16, but those in keep."""
    path = folder / name
    if not keep:
        return safetensors_file.write(path, tensors, bf16=True)
    halves = {n: t for n, t in tensors.items() if n not in keep}
    safetensors_file.write(path, halves, bf16=True)
    safetensors_file.write(folder / "wide.safetensors", {n: tensors[n] for n in keep})
    index = {n: "wide.safetensors" if n in keep else name for n in tensors}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))


def renamed(rename):
    return {rename(name): tensor for name, tensor in WEIGHTS.items()}


def edit(folder, change, name="config.json", mark=""):
    path = folder / name
    data = json.loads(path.read_text()) if path.exists() else {}
    change(data)
    path.write_text(mark + json.dumps(data))


def as_it_is(folder):
    write(folder, WEIGHTS)


def peft_prefix(folder):
    write(folder, renamed(lambda n: "base_model.model." + n))


def doubled_prefix(folder):
    write(folder, renamed(lambda n: "model.model." + n.removeprefix("model.")))


def mlx(folder):
    tensors = renamed(lambda n: "vision_tower." + n[7:] if n.startswith("visual.") else "language_model." + n)
    kernel = "vision_tower.patch_embed.proj.weight"
    tensors[kernel] = np.ascontiguousarray(tensors[kernel].transpose(0, 2, 3, 4, 1))
    write(folder, tensors)


def shards_without_index(folder):
    names = sorted(WEIGHTS)
    for i in range(3):
        write(folder, {n: WEIGHTS[n] for n in names[i::3]}, f"model-{i + 1:05}-of-00003.safetensors")


def stray_single_file(folder):
    """Shards that are whole, an entry of the index that leads nowhere, and weights of something else."""
    names = sorted(WEIGHTS)
    index = {"lm_head.weight": "model-00001-of-00002.safetensors"}
    for i in range(2):
        shard = f"model-{i + 1:05}-of-00002.safetensors"
        write(folder, {n: WEIGHTS[n] for n in names[i::2]}, shard)
        index.update({n: shard for n in names[i::2]})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    write(folder, {n: np.zeros_like(t) for n, t in WEIGHTS.items()})


def stale_index(folder):
    index = {n: "model-00001-of-00001.safetensors" for n in WEIGHTS}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    write(folder, WEIGHTS)


def defaults_left_out(folder):
    """transformers 5: nested, and without what equals a default."""
    def change(config):
        top = ("architectures", "model_type", "vision_config", "tie_word_embeddings", "vision_start_token_id",
               "vision_end_token_id", "image_token_id", "video_token_id")
        text = {k: v for k, v in config.items() if k not in top}
        for key in ("attention_dropout", "hidden_act", "use_cache", "use_sliding_window", "sliding_window"):
            text.pop(key, None)
        scaling = text.pop("rope_scaling")
        text["rope_parameters"] = {"rope_theta": text.pop("rope_theta"), "rope_type": "default",
                                   "mrope_section": [float(n) for n in scaling["mrope_section"]]}
        config["text_config"] = text
        for key in text:
            config.pop(key, None)
        config.pop("rope_scaling", None)
        for key in ("attention_dropout", "hidden_act", "use_cache", "use_sliding_window", "sliding_window",
                    "rope_theta"):
            config.pop(key, None)
        for key in ("hidden_act", "in_chans", "patch_size", "spatial_merge_size", "spatial_patch_size",
                    "window_size", "temporal_patch_size"):
            config["vision_config"].pop(key, None)
    edit(folder, change, mark="\ufeff")
    write(folder, WEIGHTS)


def processor_of_5(folder):
    image = json.loads((folder / "preprocessor_config.json").read_text()) \
        if (folder / "preprocessor_config.json").exists() else {}
    size = {"shortest_edge": image.pop("min_pixels", 3136), "longest_edge": image.pop("max_pixels", 12845056)}
    video = {"size": {"shortest_edge": 3136, "longest_edge": 12845056}}
    edit(folder, lambda data: data.update(image_processor={**image, "size": size}, video_processor=video),
         "processor_config.json")
    (folder / "preprocessor_config.json").unlink(missing_ok=True)
    write(folder, WEIGHTS)


def merged_lora(folder):
    """Merging leaves the projections that it touched in f32."""
    touched = ("q_proj.weight", "v_proj.weight", "q_proj.bias")
    write(folder, WEIGHTS, keep=[n for n in WEIGHTS if n.endswith(touched)])


def all_wide(folder):
    safetensors_file.write(folder / "model.safetensors", WEIGHTS)


EXACT = [peft_prefix, doubled_prefix, mlx, shards_without_index, stray_single_file, stale_index,
         defaults_left_out, processor_of_5]
CLOSE = [merged_lora, all_wide]


def run(variant, root):
    folder = root / variant.__name__
    folder.mkdir()
    for path in CHECKPOINT.iterdir():
        if path.suffix == ".json":
            shutil.copy(path, folder)
    variant(folder)
    out = root / (variant.__name__ + ".out")
    result = subprocess.run([PROGRAM, folder, CASE, out], capture_output=True, text=True, check=False,
                            timeout=600, env=ENVIRONMENT)
    return safetensors_file.read(out) if result.returncode == 0 else None, result.stderr


def worst(expected, actual):
    return max((float(np.abs(expected[name].astype(np.float64) - actual[name]).max(initial=0.0))
                for name in expected), default=0.0)


def main():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        expected, said = run(as_it_is, root)
        print(f"1..{1 + len(EXACT) + len(CLOSE)}")
        report(expected is not None, "as it is", said)
        for variant in EXACT + CLOSE:
            actual, said = run(variant, root)
            same = actual is not None and actual.keys() == expected.keys() and \
                worst(expected, actual) <= (0.0 if variant in EXACT else 1e-3)
            report(same, variant.__name__.replace("_", " "), said or (actual and worst(expected, actual)))


if __name__ == "__main__":
    main()
