#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What window attention saves in the vision tower of Qwen2.5-VL, and where the
blocks with full attention begin to dominate.

Work is counted by bench-windows from the plans that the engine executes; time
is measured by it on this machine, with random weights."""
import json
import pathlib
import subprocess
import sys
import tempfile

import report

NAME = "window-attention"
# config.json as published, as far as it decides shapes
VISION = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "in_chans": 3,
          "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 112,
          "fullatt_block_indexes": [7, 15, 23, 31], "tokens_per_second": 2, "hidden_act": "silu"}
COMMON = {"architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl",
          "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 1e6, "max_position_embeddings": 128000,
          "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}, "bos_token_id": 151643,
          "eos_token_id": 151645, "vision_start_token_id": 151652, "vision_end_token_id": 151653,
          "image_token_id": 151655, "video_token_id": 151656}
TOWERS = {
    "3B": {"hidden_size": 2048, "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 2,
           "intermediate_size": 11008, "vocab_size": 151936, "tie_word_embeddings": True},
    "7B": {"hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
           "intermediate_size": 18944, "vocab_size": 152064, "tie_word_embeddings": False},
}
LARGEST = 320
PLOTTED = [4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 224, 256, 320]
SHOWN = [16, 32, 48, 64, 96, 128, 192, 256]
CROSSINGS = {"full over windows": ("full", "windows"), "full over linear": ("full", "linear"),
             "all full over linear": ("all_full", "linear")}


def config(tower):
    text = TOWERS[tower]
    return {**COMMON, **text, "vision_config": {**VISION, "out_hidden_size": text["hidden_size"]}}


def ask(args, tower, measured):
    sides = sorted({*range(4, LARGEST + 1, args.step), *PLOTTED})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "config.json"
        path.write_text(json.dumps(config(tower)))
        said = subprocess.run(
            [args.build / "tests" / "bench" / "bench-windows", "--config", path,
             "--sides", ",".join(map(str, sides)), "--measure", measured, "--runs", str(args.runs),
             "--blocks", str(args.blocks)], check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def parts(tower, row):
    """Multiply-adds of the whole tower by kind."""
    depth, full = tower["depth"], tower["n_full"]
    return {"linear": depth * row["linear_macs"] + row["ends_macs"],
            "windows": (depth - full) * row["window_macs"],
            "full": full * row["full_macs"],
            "all_full": depth * row["full_macs"]}


def crossing(rows, above, below):
    """Patches of the smallest square picture where one part is more than another."""
    return next((row["n_patches"] for row in rows if row[above] > row[below]), None)


def measure(args):
    """Both towers counted; the time of the first, whose blocks are the same."""
    found = {}
    for name in TOWERS:
        tower = ask(args, name, args.measure if name == "3B" else "")
        rows = [{"side": int(row["side"]), "n_patches": int(row["n_patches"]), **parts(tower, row)}
                for row in tower["counted"]]
        found[name] = {"device": tower["device"], "blocks_measured": int(tower["blocks_measured"]),
                       "crossings": {key: crossing(rows, *pair) for key, pair in CROSSINGS.items()},
                       "counted": [row for row in rows if row["side"] in PLOTTED],
                       "measured": tower["measured"]}
    return found


def ratio(part):
    """All blocks full, over the tower as it is."""
    return (part["linear"] + part["all_full"]) / (part["linear"] + part["windows"] + part["full"])


def measured_ratio(row):
    return row["full"]["processor_s"] / row["real"]["processor_s"]


def make_table(found):
    times = {row["n_patches"]: row for row in found["3B"]["measured"]}
    rows = []
    for part, other in zip(found["3B"]["counted"], found["7B"]["counted"]):
        time = times.get(part["n_patches"])
        if part["side"] not in SHOWN and not time:
            continue
        flop = [report.number(2 * part[key] / 1e12, 2) for key in ("linear", "windows", "full", "all_full")]
        pixels = part["side"] * VISION["patch_size"]
        rows.append([f"{pixels} x {pixels}", str(part["n_patches"]), *flop,
                     f"{ratio(part):.2f} / {ratio(other):.2f}"])
        if times:
            rows[-1] += ([f"{measured_ratio(time):.2f}", f"{time['real']['processor_s']:.1f} s"] if time
                         else ["", ""])
    return report.table(
        ["picture", "patches", "linear, TFLOP", "28 window blocks", "4 full blocks", "were all 32 full",
         "all full / as it is, 3B / 7B", *(["measured", "processor time, as it is"] if times else [])], rows)


def crossing_table(found):
    lines = [[name, *(f"{n} patches, {n // 4} tokens" if n else f"above {LARGEST**2}"
                      for n in tower["crossings"].values())] for name, tower in found.items()]
    return report.table(["tower", "4 full blocks > 28 window blocks", "4 full blocks > all linear layers",
                         "were all 32 full: attention > all linear layers"], lines)


def draw(found, axes):
    tower = found["3B"]
    rows = tower["counted"]
    patches = [row["n_patches"] for row in rows]
    left, right = axes
    for key, label in (("linear", "linear layers"), ("windows", "attention, 28 window blocks"),
                       ("full", "attention, 4 full blocks"), ("all_full", "attention, were all 32 full")):
        left.loglog(patches, [2 * row[key] / 1e12 for row in rows], label=label,
                    linestyle="--" if key == "all_full" else "-")
    for at in filter(None, tower["crossings"].values()):
        left.axvline(at, color="#999999", linewidth=0.7, linestyle=":")
        left.annotate(f"{at} ", (at, 1.3e-3), color="#666666", fontsize=8, rotation=90, va="bottom",
                      ha="right")
    left.set(xlabel="patches of a picture", ylabel="TFLOP of the tower (3B)", ylim=(1e-3, None))
    right.semilogx(patches, [ratio(row) for row in rows], label="counted")
    if tower["measured"]:
        right.semilogx([row["n_patches"] for row in tower["measured"]],
                       [measured_ratio(row) for row in tower["measured"]], "o", label="measured")
    right.set(xlabel="patches of a picture", ylabel="all blocks full / as it is", ylim=(0.9, None))
    for side in axes:
        side.minorticks_off()
        side.legend(fontsize=8)


def main():
    args = report.parser(__doc__)
    args.add_argument("--measure", default="16,24,32,48,64",
                      help="patches a side of the pictures to time; '' for none")
    args.add_argument("--step", type=int, default=2, help="patches between the sides that are counted (2)")
    args.add_argument("--blocks", type=int, default=8, help="blocks of the tower to time (8: a quarter)")
    args.add_argument("--runs", type=int, default=3, help="the median of so many")
    args = args.parse_args()
    found = report.results(args, NAME, lambda: measure(args))
    report.put_table(args, NAME, make_table(found) + "\n\n" + crossing_table(found))
    report.figure(args, NAME, lambda axes: draw(found, axes), ncols=2, figsize=(9, 3.8))


if __name__ == "__main__":
    sys.exit(main())
