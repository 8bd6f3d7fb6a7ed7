#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plants one defect of each kind and expects check-layers.py to find it."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).with_name("check-layers.py")
DEFECTS = {
    "up": {"lib/vk/a.c": '#include "nn/ops.h"\n'},
    "sideways": {"lib/io/a.c": '#include "text/t.h"\n'},
    "gst": {"lib/engine/a.c": "#include <gst/gst.h>\n"},
    "vulkan in model": {"lib/model/a.c": "VkBuffer buffer;\n"},
    "vk in model": {"lib/model/a/b.h": "VlmVkDevice *device;\n"},
    "vk in engine": {"lib/engine/a.c": "vlm_vk_device_unref (device);\n"},
    "a format in model": {"lib/model/a.c": "n = (n + 7) / 8 * 8;\n"},
    "a format in engine": {"lib/engine/a.c": "/* 8 */ int n = 256u;\n"},
    "family": {"lib/model/net.c": '#include "model/qwen2_5_vl/config.h"\n'},
    "family from engine": {"lib/engine/a.c": '#include "model/qwen2_5_vl/config.h"\n'},
    "family to family": {"lib/model/b/a.c": '#include "model/c/a.h"\n'},
    "plugin inside": {"gst-plugin/a.c": '#include "nn/ops.h"\n', "lib/nn/ops.h": ""},
    "public header": {"lib/include/vlm/a.h": "#include <vulkan/vulkan.h>\n"},
    "cycle": {"lib/nn/a.h": '#include "nn/b.h"\n', "lib/nn/b.h": '#include "nn/a.h"\n'},
}


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("lib", "gst-plugin"):
            (root / name).mkdir()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return subprocess.run([sys.executable, CHECK, root], stdout=subprocess.DEVNULL).returncode


missed = [name for name, files in DEFECTS.items() if run(files) != 1]
CLEAN = {
    "lib/nn/a.c": '#include "vk/device.h"\n',
    "lib/engine/device.c": '#include "vk/device.h"\nVlmVkDevice *vk;\n',
    "lib/model/a.c": "#define MAX 64 /* 8 */\nVlmNnDevice *x[MAX]; /* 256 */\n",
    "lib/model/arch.c": '#include "model/qwen2_5_vl/family.h"\n',
    "lib/model/qwen2_5_vl/a.c": '#include "model/qwen2_5_vl/family.h"\n',
    "lib/model/qwen2_5_vl/family.h": '#include "model/arch.h"\n',
    "lib/model/arch.h": "",
    "lib/vk/device.h": "",
}
if run(CLEAN) != 0:
    missed.append("a clean tree is refused")
print("missed:", missed)
sys.exit(1 if missed else 0)
