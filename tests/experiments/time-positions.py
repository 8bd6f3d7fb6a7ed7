#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Absolute time against frame-index positions.

Two checkpoints that differ in one thing: how the slices of a video are
numbered, by their time or by their index. Both are asked when a named object
is in view, in the same scenes at many frame rates."""
import sys

import report

NAME = "time-positions"
RATES = [0.5, 1, 2, 4, 8, 15, 30, 60]


def overlap(a, b):
    inside = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    both = a[1] - a[0] + b[1] - b[0] - inside
    return inside / both if both > 0 else 1.0


def best(line):
    return max(line["found"], key=lambda found: overlap(found, line["truth"]), default=None)


def summary(lines):
    """One thing was asked for: every event too many costs."""
    right = [(best(line), line) for line in lines]
    errors = [abs(found[k] - line["truth"][k]) for found, line in right if found for k in (0, 1)]
    return {"n": len(lines), "answered": report.mean(found is not None for found, _ in right),
            "miou": report.mean(overlap(found, line["truth"]) / len(line["found"]) if found else 0.0
                                for found, line in right),
            "half": report.mean(found is not None and overlap(found, line["truth"]) >= 0.5
                                for found, line in right),
            "error_s": report.median(errors) if errors else None}


def measure(args):
    found = {"scenes": args.scenes, "duration": args.duration, "trained": args.trained, "rates": args.rates}
    for name, model in (("time", args.time), ("index", args.index)):
        lines = report.ask_scenes(args, model, "--fps", ",".join(map(str, args.rates)), "--positions", name,
                                  "--duration", str(args.duration))
        found[name] = [summary([line for line in lines if line["fps"] == rate]) for rate in args.rates]
    return found


def make_table(found):
    lines = []
    for i, rate in enumerate(found["rates"]):
        low, high = found["trained"]
        cells = []
        for name in ("time", "index"):
            row = found[name][i]
            error = "" if row["error_s"] is None else f"{row['error_s']:.2f} s"
            cells += [f"{row['miou']:.2f}", f"{100 * row['half']:.0f} %", error]
        lines.append([f"{rate:g}", "yes" if low <= rate <= high else "no", *cells])
    columns = ("mIoU", "IoU >= 0.5", "median error")
    head = [f"{name}: {column}" for name in ("time", "index") for column in columns]
    return report.table(["frames a second", "trained", *head], lines)


def draw(found, axes):
    left, right = axes
    for name, label in (("time", "absolute time"), ("index", "slice index")):
        left.semilogx(found["rates"], [row["miou"] for row in found[name]], "o-", label=label)
        right.loglog(found["rates"], [max(row["error_s"] or float("nan"), 0.01) for row in found[name]], "o-",
                     label=label)
    left.set(ylabel="temporal mIoU", ylim=(0, 1))
    right.set(ylabel="median error of a start or end, s")
    left.legend(fontsize=8, loc="lower center")
    for side in axes:
        side.axvspan(*found["trained"], color="#eef3f8", zorder=0)
        side.set(xlabel="frames a second (shaded: in training)", xticks=found["rates"],
                 xticklabels=[f"{rate:g}" for rate in found["rates"]])
        side.minorticks_off()


def main():
    args = report.parser(__doc__)
    args.add_argument("--time", default=str(report.ROOT / "lib" / "models" / "demo"),
                      help="checkpoint with positions in absolute time")
    args.add_argument("--index", help="checkpoint trained with train.py --positions index")
    args.add_argument("--scenes", type=int, default=60, help="how many scenes (60)")
    args.add_argument("--duration", type=float, default=8.0, help="of a scene, seconds (8)")
    args.add_argument("--rates", type=lambda text: [float(rate) for rate in text.split(",")], default=RATES)
    args.add_argument("--trained", type=lambda text: [float(rate) for rate in text.split(",")],
                      default=[0.5, 8.0], help="rates of the training, from and to (0.5,8)")
    args = args.parse_args()
    if not args.redraw and not args.index:
        sys.exit("--index CHECKPOINT is needed: see lib/models/demo/train on training one")
    found = report.results(args, NAME, lambda: measure(args))
    report.put_table(args, NAME, make_table(found))
    report.figure(args, NAME, lambda axes: draw(found, axes), ncols=2, figsize=(9, 3.6))


if __name__ == "__main__":
    sys.exit(main())
