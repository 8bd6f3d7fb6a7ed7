#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the small random checkpoint of the tests, and the cases of its goldens.

make-tiny-checkpoint.py tests/data/tiny [--seed N]

The architecture is the real one with small numbers, chosen to be awkward: the
vision head has its real 80 dimensions, both MLP widths are off every multiple of
8, two query heads share a key head, the head is tied, windows are ragged.
Everything follows from the seed; the default is one whose greedy tokens have no
close rivals. make-goldens.py computes the answers."""
import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys

import numpy as np

import safetensors_file

VISION = dict(depth=3, hidden=80, heads=1, inter=52, full=[1])
TEXT = dict(hidden=64, layers=3, heads=2, kv_heads=1, inter=68, mrope=[4, 6, 6])
N_MERGES = 128
N_UNUSED = 2                    # rows of the embedding that no token has
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>",
           "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>",
           "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"]
ADDED = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
         "<|repo_name|>", "<|file_sep|>"]
ID_NAMES = ["bos_token_id", "im_start", "eos_token_id", "object_ref_start", "object_ref_end", "box_start",
            "box_end", "quad_start", "quad_end", "vision_start_token_id", "vision_end_token_id",
            "vision_token_id", "image_token_id", "video_token_id"]
REGEX = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
CORPUS = """system
You are a helpful assistant.
user
Localize the events in the video, output the start and end timestamp for each event, and describe each event
with sentences. Provide the result in json format with 'mm:ss.ff' format for time depiction.
assistant
```json
[
{"start_time": "00:00.00", "end_time": "00:02.50", "description": "a red circle enters from the left"},
{"start_time": "00:02.50", "end_time": "00:04.00", "description": "the blue square moves to the right"},
{"start_time": "00:04.00", "end_time": "00:06.50", "description": "a green triangle leaves at the top"}
]
```
user
Watch for: a person falls; a vehicle blocks the gate. When does the described content occur in the video?
assistant
The given query happens in 2.0 - 4.5 seconds.
user
Locate the circle, report the bbox coordinates in JSON format.
assistant
```json
[
\t{"bbox_2d": [10, 20, 110, 120], "label": "the red circle"}
]
```
"""


def byte_alphabet():
    """byte -> character, as GPT-2 writes bytes in vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in plain}
    for byte in range(256):
        table.setdefault(byte, chr(256 + len(table) - len(plain)))
    return table


def learn_merges(text, alphabet):
    """Byte pair encoding: join the most frequent neighbours, the lowest pair on
    ties. The text is ASCII, so classes of characters are written out."""
    pieces = re.findall(r"'(?:s|t|re|ve|m|ll|d)|[^\r\na-zA-Z0-9]?[a-zA-Z]+|[0-9]| ?[^\sa-zA-Z0-9]+[\r\n]*"
                        r"|\s*[\r\n]+|\s+(?!\S)|\s+", text)
    words = [[alphabet[b] for b in piece.encode()] for piece in pieces]
    merges = []
    for _ in range(N_MERGES):
        counts = {}
        for word in words:
            for pair in zip(word, word[1:]):
                counts[pair] = counts.get(pair, 0) + 1
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for word in words:
            i = 0
            while i + 1 < len(word):
                if (word[i], word[i + 1]) == best:
                    word[i:i + 2] = ["".join(best)]
                i += 1
    return merges


def tokenizer():
    """(tokenizer.json, number of ids)"""
    alphabet = byte_alphabet()
    merges = learn_merges(CORPUS, alphabet)
    order = sorted(range(256), key=lambda b: (ord(alphabet[b]) > 255, ord(alphabet[b])))
    tokens = [alphabet[b] for b in order] + ["".join(pair) for pair in merges]
    assert len(set(tokens)) == len(tokens)
    added = [{"id": len(tokens) + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": text in SPECIAL} for i, text in enumerate(SPECIAL + ADDED)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": REGEX}, "behavior": "Isolated", "invert": False}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
            "post_processor": byte_level, "decoder": byte_level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                      "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False,
                      "vocab": {token: i for i, token in enumerate(tokens)},
                      "merges": [" ".join(pair) for pair in merges]}}, len(tokens) + len(added)


def make_config(ids, vocab_size):
    token_ids = {name: value for name, value in ids.items() if name.endswith("_token_id")}
    vision = {"depth": VISION["depth"], "hidden_act": "silu", "hidden_size": VISION["hidden"],
              "intermediate_size": VISION["inter"], "num_heads": VISION["heads"], "in_chans": 3,
              "out_hidden_size": TEXT["hidden"], "patch_size": 14, "spatial_merge_size": 2,
              "spatial_patch_size": 14, "window_size": 112, "fullatt_block_indexes": VISION["full"],
              "tokens_per_second": 2, "temporal_patch_size": 2}
    return {"architectures": ["Qwen2_5_VLForConditionalGeneration"], "attention_dropout": 0.0, **token_ids,
            "hidden_act": "silu", "hidden_size": TEXT["hidden"], "intermediate_size": TEXT["inter"],
            "max_position_embeddings": 128000, "max_window_layers": TEXT["layers"],
            "model_type": "qwen2_5_vl", "num_attention_heads": TEXT["heads"],
            "num_hidden_layers": TEXT["layers"],
            "num_key_value_heads": TEXT["kv_heads"], "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
            "sliding_window": 32768, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
            "use_cache": True, "use_sliding_window": False, "vision_config": vision,
            "rope_scaling": {"type": "mrope", "mrope_section": TEXT["mrope"]}, "vocab_size": vocab_size}


def tensor_shapes(vocab_size):
    """name -> (shape, kind); kinds say how large the values are."""
    v, wide, inter, out = VISION["hidden"], 4 * VISION["hidden"], VISION["inter"], TEXT["hidden"]
    yield "visual.patch_embed.proj.weight", (v, 3, 2, 14, 14), "weight"
    for i in range(VISION["depth"]):
        block = f"visual.blocks.{i}."
        for name, rows, columns in (("attn.qkv", 3 * v, v), ("attn.proj", v, v), ("mlp.gate_proj", inter, v),
                                    ("mlp.up_proj", inter, v), ("mlp.down_proj", v, inter)):
            yield block + name + ".weight", (rows, columns), "sharp" if name == "attn.qkv" else "weight"
            yield block + name + ".bias", (rows,), "bias"
        yield block + "norm1.weight", (v,), "norm"
        yield block + "norm2.weight", (v,), "norm"
    yield "visual.merger.ln_q.weight", (v,), "norm"
    yield "visual.merger.mlp.0.weight", (wide, wide), "weight"
    yield "visual.merger.mlp.0.bias", (wide,), "bias"
    yield "visual.merger.mlp.2.weight", (out, wide), "weight"
    yield "visual.merger.mlp.2.bias", (out,), "bias"
    yield "model.embed_tokens.weight", (vocab_size, out), "embed"
    head = out // TEXT["heads"]
    for i in range(TEXT["layers"]):
        layer = f"model.layers.{i}."
        for name, heads, kind in (("q", TEXT["heads"], "sharp"), ("k", TEXT["kv_heads"], "sharp"),
                                  ("v", TEXT["kv_heads"], "weight")):
            yield f"{layer}self_attn.{name}_proj.weight", (heads * head, out), kind
            yield f"{layer}self_attn.{name}_proj.bias", (heads * head,), "bias"
        yield layer + "self_attn.o_proj.weight", (out, TEXT["heads"] * head), "weight"
        yield layer + "mlp.gate_proj.weight", (TEXT["inter"], out), "weight"
        yield layer + "mlp.up_proj.weight", (TEXT["inter"], out), "weight"
        yield layer + "mlp.down_proj.weight", (out, TEXT["inter"]), "weight"
        yield layer + "input_layernorm.weight", (out,), "norm"
        yield layer + "post_attention_layernorm.weight", (out,), "norm"
    yield "model.norm.weight", (out,), "norm"


def generator(seed, name):
    key = int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)
    return np.random.Generator(np.random.PCG64([seed, key]))


def make_tensor(seed, name, shape, kind):
    values = generator(seed, name).standard_normal(shape)
    fan_in = int(np.prod(shape[1:]))
    values = {"weight": values * fan_in**-0.5, "sharp": values * 1.6 * fan_in**-0.5, "bias": values * 0.1,
              "norm": 1 + 0.1 * values, "embed": values * 0.15}[kind]
    return safetensors_file.round_to_bf16(values)


def picture(rng, height, width):
    """Smooth colours, a grating and a few rectangles: something at every scale."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    waves = [x * rng.uniform(0.02, 0.4) + y * rng.uniform(0.02, 0.4) + rng.uniform(0, 6) for _ in range(3)]
    out = np.stack([127 + 90 * np.sin(wave) for wave in waves], -1)
    for _ in range(4):
        top, left = rng.integers(0, height), rng.integers(0, width)
        bottom, right = top + rng.integers(2, height), left + rng.integers(2, max(width // 2, 3))
        out[top:bottom, left:right] = rng.uniform(0, 255, 3)
    return np.clip(out + rng.normal(0, 6, out.shape), 0, 255).astype(np.uint8)


def clip(rng, n_frames, height, width):
    """A textured ground with a square that moves."""
    frames = np.repeat(picture(rng, height, width)[None], n_frames, 0)
    for i in range(n_frames):
        left = (width - 12) * i // max(n_frames - 1, 1)
        frames[i, height // 4:height // 4 + 10, left:left + 12] = (230, 40, 30)
    return frames


def inputs(seed):
    def rng(name):
        return generator(seed, name)
    return {"img_127x149": picture(rng("odd"), 127, 149), "img_196x9": picture(rng("tall"), 196, 9),
            "img_60x90": picture(rng("small"), 60, 90), "vid6_28x140": clip(rng("six"), 6, 28, 140),
            "vid3_30x45": clip(rng("three"), 3, 30, 45)}


def cases():
    def prompt(*middle):
        return ["im_start", [4, 1], "eos_token_id", "im_start", [2, 3], *middle, [4, 4], "eos_token_id",
                "im_start", [2, 5]]

    def video(frames, fps):
        return {"frames": frames + ".npy", "fps": fps, "min_pixels": 3136, "max_pixels": 12544}
    return {
        "text": {"prompt": prompt([8, 9])},
        "img_odd": {"images": ["img_127x149.npy"], "prompt": prompt("IMG0")},
        "img_tall": {"images": ["img_196x9.npy"], "prompt": prompt("IMG0")},
        "vid6_fps0p5": {"videos": [video("vid6_28x140", 0.5)], "prompt": prompt("VID0")},
        "vid3_fps30": {"videos": [video("vid3_30x45", 30.0)], "prompt": prompt("VID0")},
        "mixed": {"images": ["img_60x90.npy"],
                  "videos": [video("vid6_28x140", 1.5), video("vid3_30x45", 3.0)],
                  "prompt": prompt("VID0", [1, 6], "IMG0", [2, 7], "VID1")},
    }


def write_json(path, value, indent=1):
    path.write_text(json.dumps(value, indent=indent) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=35)
    args = parser.parse_args()
    checkpoint, golden = args.out / "checkpoint", args.out / "golden"
    for folder in (checkpoint, golden):
        folder.mkdir(parents=True, exist_ok=True)

    tokens, n_ids = tokenizer()
    vocab_size = n_ids + N_UNUSED
    ids = dict(zip(ID_NAMES, range(n_ids - len(SPECIAL + ADDED), n_ids)))
    write_json(checkpoint / "tokenizer.json", tokens, None)
    write_json(checkpoint / "config.json", make_config(ids, vocab_size))
    write_json(checkpoint / "special_ids.json", ids)
    write_json(checkpoint / "generation_config.json", {
        "bos_token_id": ids["bos_token_id"], "pad_token_id": ids["bos_token_id"], "do_sample": False,
        "eos_token_id": [ids["eos_token_id"], ids["bos_token_id"]]})
    write_json(checkpoint / "preprocessor_config.json", {
        "min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14, "temporal_patch_size": 2,
        "merge_size": 2, "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "image_processor_type": "Qwen2VLImageProcessor"})
    tensors = {name: make_tensor(args.seed, name, shape, kind)
               for name, shape, kind in tensor_shapes(vocab_size)}
    safetensors_file.write(checkpoint / "model.safetensors", tensors, bf16=True, metadata={"format": "pt"})

    for name, value in inputs(args.seed).items():
        np.save(golden / f"{name}.npy", value)
    maker = pathlib.Path(__file__).with_name("make-goldens.py")
    for name, case in cases().items():
        path = golden / f"{name}.json"
        write_json(path, {"name": name, **case}, None)
        subprocess.run([sys.executable, maker, checkpoint, path, path.with_suffix(".safetensors")],
                       check=True)


if __name__ == "__main__":
    main()
