#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails on an include that points up or sideways, on a cycle, on a public header
or plugin file that reaches into the library's inside, and on what is Vulkan's or
a format's above nn.

The table below is docs/architecture.md's; a folder may include itself and what
stands in its row.
"""
import pathlib
import re
import sys

MAY_SEE = {
    "base": set(),
    "vk": {"base"},
    "io": {"base"},
    "text": {"base"},
    "media": {"base"},
    "scene": {"base"},
    "nn": {"vk", "base"},
    "grammar": {"io", "text", "base"},
    "events": {"media", "base"},
    "model": {"nn", "io", "text", "media", "base"},
    "engine": {"model", "grammar", "text", "media", "base"},
    "analyzer": {"engine", "events", "grammar", "media", "base"},
}
# engine/device.c, the façade of the device, is the only file of its layer that
# opens one.
EXCEPTIONS = {("engine/device.c", "vk")}
# Whoever stands above nn, which gives them opaque names for what is Vulkan's.
NO_VULKAN = {"model", "engine", "analyzer"}
VULKAN = re.compile(r"\b(?:Vk[A-Z]\w*|vk[A-Z]\w+(?=\s*\()|VlmVk\w*|(?:vlm_vk|VLM_VK|VK)_\w+)")
# How nn packs: above it such a number has a name, of nn's or of its own.
NO_FORMATS = {"model", "engine"}
FORMAT = re.compile(r"(?<![\w.])(?:8|64|256)[uU]?(?![\w.])")
ASIDE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|^\s*#.*$', re.M | re.S)
# A family of models is a folder of model/ that only arch.c looks into.
ARCH = "model/arch.c"
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def includes(path):
    for quoted, angled in INCLUDE.findall(path.read_text(encoding="utf-8")):
        yield quoted or angled, bool(quoted)


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h"))


def check_library(lib, complaints, graph):
    for path in sources(lib):
        name = path.relative_to(lib).as_posix()
        layer = name.split("/")[0]
        if layer == "include":
            check_public_header(path, complaints)
            continue
        for target, quoted in includes(path):
            if target.startswith("gst/"):
                complaints.append(f"lib/{name}: the library knows no GStreamer: {target}")
            if not quoted or "/" not in target:
                continue
            below = target.split("/")[0]
            if (lib / target).exists():
                graph.setdefault(name, set()).add(target)
            folder = pathlib.PurePosixPath(target).parent
            if below == "model" and len(folder.parts) > 1 and name != ARCH \
                    and pathlib.PurePosixPath(name).parent != folder:
                complaints.append(f"lib/{name}: looks into a family of models: {target}")
            if below in MAY_SEE and below != layer and below not in MAY_SEE[layer] \
                    and (name, below) not in EXCEPTIONS:
                complaints.append(f"lib/{name}: {layer} may not see {below}: {target}")
        text = path.read_text(encoding="utf-8")
        check_formats(name, layer, text, complaints)
        if layer in NO_VULKAN and (name, "vk") not in EXCEPTIONS:
            for symbol in sorted(set(VULKAN.findall(text))):
                complaints.append(f"lib/{name}: {layer} holds a Vulkan symbol: {symbol}")


def check_formats(name, layer, text, complaints):
    if layer in NO_FORMATS:
        for number in sorted(set(FORMAT.findall(ASIDE.sub(" ", text)))):
            complaints.append(f"lib/{name}: {layer} holds the number of a format: {number}")


def check_public_header(path, complaints):
    for target, quoted in includes(path):
        if quoted or not target.startswith(("vlm/", "glib", "gio/")):
            complaints.append(f"{path.name}: a public header includes {target}")


def check_plugin(plugin, lib, complaints):
    for path in sources(plugin):
        for target, quoted in includes(path):
            inside = quoted and target.split("/")[0] in MAY_SEE and (lib / target).exists()
            if inside or target.startswith("vulkan"):
                complaints.append(
                    f"{path.relative_to(plugin.parent)}: reaches into the library: {target}")


def find_cycle(graph):
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in sorted(graph.get(node, ())):
            cycle = visit(target)
            if cycle:
                return cycle
        path.pop()
        done.add(node)
        return None

    for start in sorted(graph):
        cycle = visit(start)
        if cycle:
            return cycle
    return None


def main(root):
    complaints, graph = [], {}
    check_library(root / "lib", complaints, graph)
    check_plugin(root / "gst-plugin", root / "lib", complaints)
    cycle = find_cycle(graph)
    if cycle:
        complaints.append("a cycle of includes: " + " -> ".join(cycle))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
