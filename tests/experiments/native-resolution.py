#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boxes in the same scenes at many sizes and shapes.

A still scene is rendered at each size, resized as the checkpoint asks, and the
model is asked where one of its named objects is. Scenes are the same at all
sizes of one shape; for another shape they are laid out anew."""
import sys

import report

NAME = "native-resolution"
SIZES = ["160x90", "320x180", "640x360", "960x540", "1280x720", "1920x1080", "2560x1440", "3840x2160"]
SHAPES = ["160x1600", "200x1200", "250x1000", "360x640", "416x560", "480x480", "560x416", "640x360",
          "736x320", "1000x250", "1200x200", "1600x160"]
REFERENCE = "640x360"


def area(box):
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def iou(a, b):
    inside = area([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])])
    both = area(a) + area(b) - inside
    return inside / both if both > 0 else 1.0


def nearest(boxes, box):
    return max(boxes, key=lambda found: iou(found, box), default=None)


def score(line):
    """One object was asked for: every box too many costs."""
    found = nearest(line["found"], line["truth"])
    return iou(found, line["truth"]) / len(line["found"]) if found else 0.0


def relative(line):
    """The answer in parts of the picture."""
    found = nearest(line["found"], line["truth"])
    size = [line["width"], line["height"]] * 2
    return [value / whole for value, whole in zip(found, size)] if found else None


def measure(args):
    lines = report.ask_scenes(args, args.model, "--sizes", ",".join(dict.fromkeys(args.sizes + args.shapes)),
                              *(["--max-pixels", str(args.max_pixels)] if args.max_pixels else []))
    by_size = {}
    for line in lines:
        by_size.setdefault(f"{line['width']:.0f}x{line['height']:.0f}", []).append(line)
    before = {line["seed"]: relative(line) for line in by_size.get(REFERENCE, [])}
    rows = {}
    for size, group in by_size.items():
        pairs = [(relative(line), before.get(line["seed"])) for line in group] if size in args.sizes else []
        rows[size] = {"n": len(group), "seen": f"{group[0]['seen_width']:.0f}x{group[0]['seen_height']:.0f}",
                      "answered": report.mean(bool(line["found"]) for line in group),
                      "miou": report.mean(map(score, group)),
                      "half": report.mean(score(line) >= 0.5 for line in group),
                      "agreement": report.mean(iou(a, b) for a, b in pairs if a and b) if pairs else None}
    return {"model": args.model.rstrip("/").split("/")[-1], "scenes": args.scenes,
            "sizes": [s for s in args.sizes if s in rows], "shapes": [s for s in args.shapes if s in rows],
            "rows": rows}


def sides(size):
    return [int(side) for side in size.split("x")]


def make_table(found):
    lines = []
    for size in dict.fromkeys(found["sizes"] + found["shapes"]):
        row = found["rows"][size]
        width, height = sides(size)
        shape = f"{width / height:.3g} : 1" if width >= height else f"1 : {height / width:.3g}"
        seen = sides(row["seen"])
        lines.append([size, shape, row["seen"], str(seen[0] * seen[1] // 784), str(row["n"]),
                      f"{100 * row['answered']:.0f} %", f"{row['miou']:.2f}", f"{100 * row['half']:.0f} %",
                      "" if row["agreement"] is None else f"{row['agreement']:.2f}"])
    return report.table(["picture", "shape", "the model sees", "tokens", "scenes", "answered", "box mIoU",
                         "IoU >= 0.5", f"IoU with its answer at {REFERENCE}"], lines)


def draw(found, axes):
    left, right = axes
    areas = [sides(size)[0] * sides(size)[1] / 1e6 for size in found["sizes"]]
    for key, label in (("miou", "with the truth"), ("agreement", f"with its answer at {REFERENCE}")):
        left.semilogx(areas, [found["rows"][size][key] for size in found["sizes"]], "o-", label=label)
    left.set(xlabel="megapixels, 16 : 9", ylabel="mean IoU of boxes", ylim=(0, 1))
    left.legend(fontsize=8)
    ratios = [sides(size)[0] / sides(size)[1] for size in found["shapes"]]
    right.semilogx(ratios, [found["rows"][size]["miou"] for size in found["shapes"]], "o-")
    right.set(xlabel="width / height, some 0.25 megapixels", ylim=(0, 1))
    for side in axes:
        side.minorticks_off()


def main():
    args = report.parser(__doc__)
    args.add_argument("--model", default=str(report.ROOT / "lib" / "models" / "demo"), help="checkpoint")
    args.add_argument("--scenes", type=int, default=60, help="how many scenes (60)")
    args.add_argument("--sizes", type=lambda text: text.split(","), default=SIZES, help="of one shape")
    args.add_argument("--shapes", type=lambda text: text.split(","), default=SHAPES, help="of about one area")
    args.add_argument("--max-pixels", type=int, help="the model sees at most so many (what it asks for)")
    args = args.parse_args()
    found = report.results(args, NAME, lambda: measure(args))
    report.put_table(args, NAME, make_table(found))
    report.figure(args, NAME, lambda axes: draw(found, axes), ncols=2, figsize=(9, 3.6))


if __name__ == "__main__":
    sys.exit(main())
