# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shared by the experiments: where results go, tables, plots.

An experiment NAME keeps three things in docs/experiments: NAME.json (what was
measured), NAME.svg (the plot) and a table in README.md, between the comments
"<!-- NAME -->" and "<!-- /NAME -->". The last two follow from the first."""
import argparse
import json
import math
import pathlib
import re
import subprocess

LIMIT = 160000  # bytes of a picture that is committed
ROOT = pathlib.Path(__file__).resolve().parents[2]
# colour-blind safe (Okabe and Ito)
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]


def parser(text):
    """With the options that all experiments have."""
    args = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="the build folder (build)")
    args.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / "experiments",
                      help="where the results go (docs/experiments)")
    args.add_argument("--redraw", action="store_true", help="table and plot from the results that are there")
    args.add_argument("--no-plot", action="store_true", help="needs no matplotlib")
    return args


def table(header, rows):
    """Markdown; cells are text already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value, digits=3):
    """To so many figures, without an exponent."""
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):.{max(places, 0)}f}"


def results(args, name, measure):
    """The result of measure (), which is saved; or the one that was saved the last time."""
    path = args.out / f"{name}.json"
    if args.redraw:
        return json.loads(path.read_text())
    found = measure()
    args.out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
    return found


def put_table(args, name, text):
    """Writes it to the README, at the end if there is no place for it, and to the terminal."""
    print(text)
    readme = args.out / "README.md"
    if not readme.exists():
        return
    page = readme.read_text(encoding="utf-8")
    place = re.compile(f"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.S)
    if not place.search(page):
        page += f"\n<!-- {name} -->\n<!-- /{name} -->\n"
    readme.write_text(place.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", page), encoding="utf-8")


def figure(args, name, draw, picture=False, **size):
    """draw (axes) on a figure; the same data give the same file. With picture: a PNG
    as fine as LIMIT allows."""
    if args.no_plot:
        return
    try:
        import matplotlib
    except ImportError:
        raise SystemExit("the plot needs matplotlib (Debian: python3-matplotlib), or --no-plot") from None
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif",
                                "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
                                "axes.grid": True, "grid.color": "#e4e4e4", "legend.frameon": False,
                                "axes.prop_cycle": matplotlib.cycler(color=COLOURS)})
    from matplotlib import pyplot
    shape = {"nrows": 1, "ncols": 1, "figsize": (7.5, 4), **size}
    made, axes = pyplot.subplots(**shape, constrained_layout=True)
    draw(axes)
    if picture:
        for dpi in (110, 90, 75, 60, 50, 40):
            made.savefig(args.out / f"{name}.png", dpi=dpi, metadata={"Software": None})
            if (args.out / f"{name}.png").stat().st_size <= LIMIT:
                break
    else:
        made.savefig(args.out / f"{name}.svg", metadata={"Date": None})
    pyplot.close(made)


def ask_scenes(args, model, *options):
    """The lines of ask-scenes as dictionaries."""
    said = subprocess.run([args.build / "tests" / "experiments" / "ask-scenes", "--model", model, "--scenes",
                           str(args.scenes), *options], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2 if values else float("nan")
