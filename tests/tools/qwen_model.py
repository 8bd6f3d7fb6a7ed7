# SPDX-License-Identifier: LGPL-2.1-or-later
"""Qwen2.5-VL in numpy, float64: slow, and close to what the formulas say.

Angles are float32 as in the reference code, where they decide what the network
sees; everything else is as exact as it can be. `taps` collects the stages."""
import math

import numpy as np

f32 = np.float32
ERF = np.vectorize(math.erf, otypes=[np.float64])


def rms_norm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + eps) * weight


def silu(x):
    return x / (1.0 + np.exp(-x))


def rotate(x, angles):
    """x [T, heads, D], angles [T, D / 2]: pairs are (j, j + D / 2)."""
    cos, sin = (f(angles.astype(np.float64))[:, None] for f in (np.cos, np.sin))
    first, second = np.split(x, 2, -1)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def attend(q, k, v, visible=None, seen=None):
    """q [T, H, D], k and v [S, K, D], H a multiple of K; seen: a list that gets
    the probabilities [H, T, S]."""
    share = q.shape[1] // k.shape[1]
    k, v = (np.repeat(x, share, 1) for x in (k, v))
    scores = np.einsum("thd,shd->hts", q, k) / math.sqrt(q.shape[2])
    if visible is not None:
        scores = np.where(visible, scores, -np.inf)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores = scores / scores.sum(-1, keepdims=True)
    if seen is not None:
        seen.append(scores)
    return np.einsum("hts,shd->thd", scores, v)


def vision_plan(grids, window):
    """(order of cells, window bounds, slice bounds, rows, columns); bounds in
    patches, rows and columns per patch in window order. window: cells a side."""
    order, windows, slices, base = [], [0], [0], 0
    for t, h, w in grids:
        h, w = h // 2, w // 2
        for k in range(t):
            cells = base + k * h * w + np.arange(h * w).reshape(h, w)
            for y in range(0, h, window):
                for x in range(0, w, window):
                    inside = cells[y:y + window, x:x + window].reshape(-1)
                    order.append(inside)
                    windows.append(windows[-1] + 4 * len(inside))
            slices.append(slices[-1] + 4 * h * w)
        base += t * h * w
    order = np.concatenate(order)
    place = np.concatenate([np.tile(np.stack(np.divmod(np.arange(h // 2 * (w // 2)), w // 2), -1), (t, 1))
                            for t, h, w in grids])[order]
    corner = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    place = (2 * place[:, None] + corner).reshape(-1, 2)
    return order, windows, slices, place[:, 0], place[:, 1]


def raster(maps, slices, grids, rows, columns):
    """maps: of each slice [H, P] in window order -> [H, P of all], each slice row by row."""
    widths = [w for t, _, w in grids for _ in range(t)]
    out = np.empty((maps[0].shape[0], slices[-1]))
    for part, a, b, width in zip(maps, slices, slices[1:], widths):
        out[:, a + rows[a:b] * width + columns[a:b]] = part
    return out


class Model:
    def __init__(self, config, weights):
        self.config = config
        self.weights = {}
        for name, value in weights.items():
            name = name.replace("model.visual.", "visual.", 1).replace("model.language_model.", "model.", 1)
            self.weights[name] = value.astype(np.float64)

    def linear(self, x, name):
        y = x @ self.weights[name + ".weight"].T
        return y + self.weights[name + ".bias"] if name + ".bias" in self.weights else y

    def vision(self, pixels, grids, taps):
        c = self.config["vision_config"]
        n, width, heads = len(pixels), c["hidden_size"], c["num_heads"]
        kernel = self.weights["visual.patch_embed.proj.weight"].reshape(width, -1)
        x = pixels.astype(np.float64) @ kernel.T
        taps["patch_embed"] = x
        order, windows, slices, rows, columns = vision_plan(
            grids, c["window_size"] // c["patch_size"] // c["spatial_merge_size"])
        taps.update(window_index=order, cu_window_seqlens=windows, cu_seqlens=slices)
        quarter = width // heads // 4
        frequency = (1.0 / f32(10000.0) ** (np.arange(quarter, dtype=f32) / f32(quarter))).astype(f32)
        angles = np.concatenate([np.outer(place.astype(f32), frequency) for place in (rows, columns)], 1)
        x = x.reshape(n // 4, 4, width)[order].reshape(n, width)
        received = []
        for i in range(c["depth"]):
            full = i in c["fullatt_block_indexes"]
            seen = []
            bounds = slices if full else windows
            x = self.vision_block(x, f"visual.blocks.{i}.", bounds, angles, heads, seen)
            taps[f"block{i}"] = x
            if full:
                received.append(raster([part.mean(1) for part in seen], slices, grids, rows, columns))
        taps["attention"] = np.array(received)
        x = rms_norm(x, self.weights["visual.merger.ln_q.weight"], 1e-6).reshape(n // 4, 4 * width)
        x = self.linear(x, "visual.merger.mlp.0")
        x = self.linear(x * 0.5 * (1.0 + ERF(x / math.sqrt(2.0))), "visual.merger.mlp.2")
        features = np.empty_like(x)
        features[order] = x
        taps["merger"] = features
        return features

    def vision_block(self, x, prefix, bounds, angles, heads, seen):
        y = rms_norm(x, self.weights[prefix + "norm1.weight"], 1e-6)
        parts = np.split(self.linear(y, prefix + "attn.qkv"), 3, -1)
        q, k, v = (part.reshape(len(x), heads, -1) for part in parts)
        q, k = rotate(q, angles), rotate(k, angles)
        mixed = np.concatenate([attend(q[a:b], k[a:b], v[a:b], seen=seen)
                                for a, b in zip(bounds, bounds[1:])])
        x = x + self.linear(mixed.reshape(len(x), -1), prefix + "attn.proj")
        return x + self.mlp(rms_norm(x, self.weights[prefix + "norm2.weight"], 1e-6), prefix + "mlp.")

    def mlp(self, x, prefix):
        gate, up = (self.linear(x, prefix + name) for name in ("gate_proj", "up_proj"))
        return self.linear(silu(gate) * up, prefix + "down_proj")

    def embed(self, ids, features):
        """features: {"image": …, "video": …}, put in place of their pads."""
        x = self.weights["model.embed_tokens.weight"][ids]
        for kind, rows in features.items():
            x[ids == self.config[kind + "_token_id"]] = rows
        return x

    def text(self, x, positions, taps):
        """x [S, hidden], positions [3, S] -> logits [S, vocab]."""
        c = self.config
        heads, kv_heads, eps = c["num_attention_heads"], c["num_key_value_heads"], c["rms_norm_eps"]
        half = c["hidden_size"] // heads // 2
        frequency = (1.0 / f32(c["rope_theta"]) ** (np.arange(half, dtype=f32) / f32(half))).astype(f32)
        axis = np.repeat(range(3), c["rope_scaling"]["mrope_section"])
        angles = positions.T.astype(f32)[:, axis] * frequency
        last = []
        causal = np.tril(np.ones((len(x), len(x)), bool))
        for i in range(c["num_hidden_layers"]):
            prefix = f"model.layers.{i}."
            y = rms_norm(x, self.weights[prefix + "input_layernorm.weight"], eps)
            q, k, v = (self.linear(y, f"{prefix}self_attn.{name}_proj").reshape(len(x), n, -1)
                       for name, n in (("q", heads), ("k", kv_heads), ("v", kv_heads)))
            seen = []
            y = attend(rotate(q, angles), rotate(k, angles), v, causal, seen)
            last.append(seen[0][:, -1].mean(0))
            x = x + self.linear(y.reshape(len(x), -1), prefix + "self_attn.o_proj")
            y = rms_norm(x, self.weights[prefix + "post_attention_layernorm.weight"], eps)
            x = x + self.mlp(y, prefix + "mlp.")
            taps[f"layer{i}"] = x
        x = rms_norm(x, self.weights["model.norm.weight"], eps)
        taps["norm"] = x
        taps["attention"] = np.array(last)
        head = "model.embed_tokens" if c["tie_word_embeddings"] else "lm_head"
        return x @ self.weights[head + ".weight"].T


def positions(config, ids, image_grids, video_grids, seconds_per_grid):
    """([3, S], delta): absolute time in the temporal axis of videos."""
    rate = f32(config["vision_config"]["tokens_per_second"])
    grids = {config["image_token_id"]: iter([(g, f32(0)) for g in image_grids]),
             config["video_token_id"]: iter(list(zip(video_grids, map(f32, seconds_per_grid))))}
    columns, following, i = [], 0, 0
    while i < len(ids):
        if int(ids[i]) not in grids:
            columns.append(np.full((3, 1), following))
            following, i = following + 1, i + 1
            continue
        (t, h, w), seconds = next(grids[int(ids[i])])
        run = np.indices((t, h // 2, w // 2)).reshape(3, -1)
        run[0] = np.trunc((run[0].astype(f32) * seconds) * rate).astype(np.int64)
        columns.append(following + run)
        following, i = following + int(run.max()) + 1, i + run.shape[1]
    return np.concatenate(columns, 1), following - len(ids)
