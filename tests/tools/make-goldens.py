#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The expected answers of the model, from the numpy implementation beside this.

make-goldens.py CHECKPOINT CASE.json OUT.safetensors [--all]   writes
make-goldens.py CHECKPOINT CASE.json GOLDEN.safetensors --check compares

A case: {"images": [file.npy], "videos": [{"frames": file.npy, "fps": …,
"min_pixels": …, "max_pixels": …}], "min_pixels": …, "max_pixels": …, "prompt":
[id | name in special_ids.json | "IMG0" | "VID0" | [count, seed]]}; files are
beside it. The resized clip is kept if it was resized. --all adds the stages in
between and the pixels. --check prints the largest difference of every tensor
and fails above 1e-4; 77 (skipped) without numpy or without the golden."""
import argparse
import json
import pathlib
import sys

try:
    import numpy as np
except ImportError:
    print("numpy is not installed")
    sys.exit(77)

import qwen_model
import qwen_pixels
import safetensors_file

N_GREEDY = 16
STAGES = ("pixel_values", "patch_embed", "block", "inputs_embeds", "text.", "greedy_logits")


def pseudo_random_tokens(count, seed, n_tokens):
    state = (seed * 2654435761 + 12345) % 2**32
    tokens = []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        tokens.append((state >> 8) % n_tokens)
    return tokens


class Case:
    def __init__(self, checkpoint, path):
        self.case = json.loads(path.read_text())
        self.folder = path.parent
        self.config = json.loads((checkpoint / "config.json").read_text())
        self.special = json.loads((checkpoint / "special_ids.json").read_text())
        self.limits = json.loads((checkpoint / "preprocessor_config.json").read_text())
        self.out = {}
        self.pixels = {"image": [], "video": []}
        self.grids = {"image": [], "video": []}
        self.load_images()
        self.load_videos()

    def add(self, kind, frames):
        rows, grid = qwen_pixels.patches(frames)
        self.pixels[kind].append(rows)
        self.grids[kind].append(grid)

    def load_images(self):
        low, high = (self.case.get(key, self.limits[key]) for key in ("min_pixels", "max_pixels"))
        for name in self.case.get("images", []):
            picture = np.load(self.folder / name)
            size = qwen_pixels.target_size(*picture.shape[:2], low, high)
            self.add("image", qwen_pixels.resize_image(picture, *size)[None])

    def load_videos(self):
        for i, video in enumerate(self.case.get("videos", [])):
            frames = np.load(self.folder / video["frames"])
            size = qwen_pixels.target_size(*frames.shape[1:3], *qwen_pixels.video_limits(len(frames), video))
            unresized = frames.shape[1:3]
            frames = np.stack([qwen_pixels.resize_frame(frame, *size) for frame in frames])
            if size != unresized:
                self.out[f"video{i}.resized_u8"] = frames
            self.add("video", frames)

    def cell_run(self, kind, index):
        t, h, w = self.grids[kind][index]
        return [self.special["vision_start_token_id"], *[self.special[kind + "_token_id"]] * (t * h * w // 4),
                self.special["vision_end_token_id"]]

    def ids(self):
        n_ordinary = min(self.config["vocab_size"], self.special["bos_token_id"])
        ids = []
        for item in self.case["prompt"]:
            if isinstance(item, list):
                ids += pseudo_random_tokens(*item, n_ordinary)
            elif isinstance(item, int):
                ids.append(item)
            elif item[:3] in ("IMG", "VID"):
                ids += self.cell_run("image" if item[0] == "I" else "video", int(item[3:]))
            else:
                ids.append(self.special[item])
        return np.array(ids)


def encode(case, model):
    """Features by kind."""
    features = {}
    for kind, name in (("image", "pixel_values"), ("video", "pixel_values_videos")):
        if not case.grids[kind]:
            continue
        taps = {}
        case.out[name] = np.concatenate(case.pixels[kind])
        case.out[kind + "_grid_thw"] = np.array(case.grids[kind], np.int64)
        features[kind] = model.vision(case.out[name], case.grids[kind], taps)
        case.out.update({f"{kind}.vision.{key}": value for key, value in taps.items()})
    return features


def generate(case, model, first_logits):
    """Greedy tokens, recomputing everything at each step. What is generated is
    text, even a pad; its position is its index + delta on all axes."""
    x, places, delta = (case.out[name] for name in ("inputs_embeds", "position_ids", "rope_delta"))
    tokens, rows, logits = [], [], first_logits
    for _ in range(N_GREEDY):
        rows.append(logits[-1])
        tokens.append(int(logits[-1].argmax()))
        places = np.concatenate([places, np.full((3, 1), len(x) + delta[0])], 1)
        x = np.concatenate([x, model.embed(np.array(tokens[-1:]), {})])
        logits = model.text(x, places, {})
    case.out["greedy_tokens"] = np.array(tokens)
    case.out["greedy_logits"] = np.array(rows)


def run(checkpoint, path):
    case = Case(checkpoint, path)
    model = qwen_model.Model(case.config, safetensors_file.read(checkpoint / "model.safetensors"))
    seconds = [2.0 / video["fps"] for video in case.case.get("videos", [])]
    features = encode(case, model)
    ids = case.ids()
    if seconds:
        case.out["second_per_grid_ts"] = np.array(seconds)
    case.out["input_ids"] = ids
    case.out["position_ids"], delta = qwen_model.positions(
        case.config, ids, case.grids["image"], case.grids["video"], seconds)
    case.out["rope_delta"] = np.array([delta])
    case.out["inputs_embeds"] = model.embed(ids, features)
    taps = {}
    logits = model.text(case.out["inputs_embeds"], case.out["position_ids"], taps)
    case.out["attention"] = taps.pop("attention")
    case.out.update({"text." + key: value for key, value in taps.items()})
    case.out["logits"] = logits
    generate(case, model, logits)
    return case.out


def stored(name, value):
    value = np.asarray(value)
    if value.dtype in (np.uint8, np.float32):
        return value
    if value.dtype == np.float64:
        return value.astype(np.float32)
    return value.astype(np.int64 if name.endswith("_grid_thw") else np.int32)


def check(out, golden):
    worst = 0.0
    for name, expected in sorted(golden.items()):
        if name not in out:
            print(f"{name}: not computed")
            continue
        got = np.asarray(out[name])
        if got.shape != expected.shape:
            print(f"{name}: {got.shape} instead of {expected.shape}")
            worst = np.inf
            continue
        difference = np.abs(got.astype(np.float64) - expected)
        if name.endswith("resized_u8"):
            print(f"{name}: {(difference > 0).sum()} differ")
            worst = max(worst, difference.max())
        else:
            print(f"{name}: {difference.max():.2g}")
            worst = max(worst, difference.max())
    print(f"worst: {worst:.3g}")
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("case", type=pathlib.Path)
    parser.add_argument("golden", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check and not (args.golden.is_file() and args.checkpoint.is_dir()):
        print("the reference data is not there")
        sys.exit(77)
    golden = safetensors_file.read(args.golden) if args.check else {}
    out = run(args.checkpoint, args.case)
    if args.check:
        sys.exit(0 if check(out, golden) < 1e-4 else 1)
    top = np.sort(out["greedy_logits"], 1)
    print(f"{args.case.stem}: {len(out['input_ids'])} tokens, tokens {out['greedy_tokens'].tolist()}, "
          f"smallest margin {(top[:, -1] - top[:, -2]).min():.4f}, logit std {out['logits'].std():.3f}")
    keep = {k: stored(k, v) for k, v in out.items() if args.all or not any(s in k for s in STAGES)}
    safetensors_file.write(args.golden, keep)


if __name__ == "__main__":
    main()
