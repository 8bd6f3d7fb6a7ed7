#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the model looks in pictures of several objects.

Scenes of vlmtestsrc are shown to a checkpoint, which is asked for the boxes of
all objects; vlm-run --dump-attention says where it looked. One row a scene: the
picture; what patches receive in each block of the vision tower with full
attention; where the language model looks while it writes each entry."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import report

NAME = "attention-maps"
QUESTION = "Outline the position of each object and output all the coordinates in JSON format."
SIZE = (640, 360)


def render(args, seed, path):
    """A still picture of two or three plain objects, which compresses well."""
    environment = {**os.environ, "GST_PLUGIN_PATH": str(args.build / "gst-plugin"),
                   "GST_REGISTRY": str(args.build / "registry.bin"),
                   "LD_LIBRARY_PATH": f"{args.build}/lib:{args.build}/gst-plugin/meta"}
    source = (f"vlmtestsrc seed={seed} num-scenes=1 kind=named min-objects=2 max-objects=3 "
              f"background=flat+gradient effects=0 ! video/x-raw,format=RGB,width={SIZE[0]},height={SIZE[1]},"
              "framerate=0/1 ! pngenc ! filesink location=")
    subprocess.run(["gst-launch-1.0", "-q", *f"{source}{path}".split()], check=True, env=environment)


def ask(args, picture, folder):
    subprocess.run([args.build / "gst-plugin" / "tools" / "vlm-run", "--quiet", "--model", args.model,
                    "--image", picture, "--format", "boxes", "--temperature", "0",
                    "--dump-attention", folder, QUESTION], check=True, capture_output=True)
    return json.loads((folder / "attention.json").read_text())


def entries(index):
    """For each entry of the answer its label and its tokens."""
    answer, end, ends = index["answer"].encode(), 0, []
    for token in index["tokens"]:
        end += len(token.encode())
        ends.append(end)
    found, begin = [], answer.find(b"{")
    while begin >= 0:
        close = answer.find(b"}", begin) + 1
        tokens = [i for i, end in enumerate(ends) if begin < end <= close]
        if close == 0 or not tokens:
            break
        found.append((json.loads(answer[begin:close]).get("label", ""), tokens))
        begin = answer.find(b"{", close)
    return found


def look(args):
    """The maps of all scenes."""
    import numpy as np
    from matplotlib import image
    scenes = []
    for seed in args.seeds:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            render(args, seed, folder / "scene.png")
            index = ask(args, folder / "scene.png", folder / "maps")
            piece = index["slices"][0]
            received, tokens = (np.load(folder / "maps" / piece[key]) for key in ("received", "tokens"))
            panels = [(f"block {block}", received[i].mean(0)) for i, block in enumerate(index["blocks"])]
            panels += [(f'"{label[:24]}"', tokens[at].mean(0)) for label, at in entries(index)]
            scenes.append((seed, image.imread(folder / "scene.png"), panels, piece["share"]))
    return scenes


def draw(scenes, axes):
    import numpy as np
    for row, (seed, picture, panels, share) in zip(axes, scenes):
        row[0].imshow(picture)
        row[0].set_title(f"scene {seed}: {100 * share:.0f} % of the answer's\n"
                         "attention is on the picture", fontsize=7)
        for axis, (title, values) in zip(row[1:], panels):
            axis.imshow(picture.mean(2), cmap="gray", vmin=0, vmax=2.2, extent=(0, 1, 1, 0), aspect="auto")
            axis.imshow(np.sqrt(values / values.max()), cmap="inferno", alpha=0.75, interpolation="bilinear",
                        extent=(0, 1, 1, 0), aspect="auto")
            axis.set_title(title, fontsize=7)
            axis.set_box_aspect(SIZE[1] / SIZE[0])
        for axis in row:
            axis.axis("off")


def main():
    args = report.parser(__doc__)
    args.add_argument("--model", default=str(report.ROOT / "lib" / "models" / "demo"), help="checkpoint")
    args.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[3, 5, 8],
                      help="of the scenes")
    args = args.parse_args()
    if args.redraw:
        sys.exit("maps are not kept: there is nothing to redraw from")
    scenes = look(args)
    args.out.mkdir(parents=True, exist_ok=True)
    for seed, _, panels, share in scenes:
        print(f"scene {seed}: {', '.join(title for title, _ in panels)}; {100 * share:.1f} % on the picture")
    columns = 1 + max(len(panels) for _, _, panels, _ in scenes)
    report.figure(args, NAME, lambda axes: draw(scenes, axes), picture=True, nrows=len(scenes), ncols=columns,
                  figsize=(1.9 * columns, 1.35 * len(scenes)), squeeze=False)


if __name__ == "__main__":
    sys.exit(main())
