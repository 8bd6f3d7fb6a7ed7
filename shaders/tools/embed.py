#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns SPIR-V modules into a C table of VlmVkShader.

usage: embed.py TABLE.c TABLE.h NAME.spv...

What a launcher must agree with is read from the module itself: the kind of each
binding of set 0 ('S' storage buffer, 'T' uniform texel buffer) and the size of
the push constants. Bindings must be 0 ... n - 1.
"""
import pathlib
import struct
import sys

MAGIC = 0x07230203
# Opcodes, decorations and storage classes used here (SPIR-V specification, 3).
OP_TYPE_INT, OP_TYPE_FLOAT, OP_TYPE_VECTOR, OP_TYPE_MATRIX = 21, 22, 23, 24
OP_TYPE_IMAGE, OP_TYPE_SAMPLED_IMAGE, OP_TYPE_ARRAY = 25, 27, 28
OP_TYPE_STRUCT, OP_TYPE_POINTER, OP_CONSTANT, OP_VARIABLE = 30, 32, 43, 59
OP_DECORATE, OP_MEMBER_DECORATE = 71, 72
DECORATION_ARRAY_STRIDE, DECORATION_BINDING = 6, 33
DECORATION_DESCRIPTOR_SET, DECORATION_OFFSET = 34, 35
CLASS_UNIFORM_CONSTANT, CLASS_PUSH_CONSTANT, CLASS_STORAGE_BUFFER = 0, 9, 12
DIM_BUFFER = 5
MAX_BINDINGS = 8


class Module:
    """The types, variables and decorations of one module."""

    def __init__(self, name, data):
        if len(data) < 20 or len(data) % 4:
            sys.exit(f"{name}: not a SPIR-V module")
        self.name = name
        self.words = struct.unpack(f"<{len(data) // 4}I", data)
        if self.words[0] != MAGIC:
            sys.exit(f"{name}: not a SPIR-V module")
        self.types, self.constants, self.variables = {}, {}, []
        self.decorations, self.offsets = {}, {}
        at = 5
        while at < len(self.words):
            count, op = self.words[at] >> 16, self.words[at] & 0xffff
            self.visit(op, self.words[at + 1:at + count])
            at += count

    def visit(self, op, args):
        if OP_TYPE_INT <= op <= OP_TYPE_POINTER:
            self.types[args[0]] = (op, args[1:])
        elif op == OP_CONSTANT:
            self.constants[args[1]] = args[2]
        elif op == OP_VARIABLE:
            self.variables.append((args[0], args[1], args[2]))
        elif op == OP_DECORATE:
            value = args[2] if len(args) > 2 else None
            self.decorations[args[0], args[1]] = value
        elif op == OP_MEMBER_DECORATE and args[2] == DECORATION_OFFSET:
            self.offsets[args[0], args[1]] = args[3]

    def size(self, type_id):
        """Bytes that a value of the type takes in a block."""
        op, args = self.types[type_id]
        if op in (OP_TYPE_INT, OP_TYPE_FLOAT):
            return args[0] // 8
        if op in (OP_TYPE_VECTOR, OP_TYPE_MATRIX):
            return self.size(args[0]) * args[1]
        if op == OP_TYPE_ARRAY:
            stride = self.decorations[type_id, DECORATION_ARRAY_STRIDE]
            return stride * self.constants[args[1]]
        if op == OP_TYPE_STRUCT:
            return max(self.offsets[type_id, i] + self.size(member)
                       for i, member in enumerate(args))
        sys.exit(f"{self.name}: push constant of unknown type")

    def kind(self, pointee, storage_class, binding):
        if storage_class == CLASS_STORAGE_BUFFER:
            return 'S'
        op, args = self.types[pointee]
        if storage_class == CLASS_UNIFORM_CONSTANT \
                and op == OP_TYPE_SAMPLED_IMAGE:
            op, args = self.types[args[0]]
            if args[1] == DIM_BUFFER:
                return 'T'
        sys.exit(f"{self.name}: binding {binding} is neither a storage nor a "
                 "uniform texel buffer")

    def reflect(self):
        """(kinds of bindings 0 ... n - 1, bytes of push constants)"""
        kinds, push_bytes = {}, 0
        for pointer, variable, storage_class in self.variables:
            pointee = self.types[pointer][1][1]
            if storage_class == CLASS_PUSH_CONSTANT:
                push_bytes = self.size(pointee)
            binding = self.decorations.get((variable, DECORATION_BINDING))
            if binding is None:
                continue
            if self.decorations.get((variable, DECORATION_DESCRIPTOR_SET)):
                sys.exit(f"{self.name}: binding {binding} is not in set 0")
            kind = self.kind(pointee, storage_class, binding)
            if kinds.setdefault(binding, kind) != kind:
                sys.exit(f"{self.name}: binding {binding} has two kinds")
        if sorted(kinds) != list(range(len(kinds))):
            sys.exit(f"{self.name}: bindings {sorted(kinds)} have a gap")
        if len(kinds) > MAX_BINDINGS:
            sys.exit(f"{self.name}: more than {MAX_BINDINGS} bindings")
        return [kinds[i] for i in range(len(kinds))], push_bytes


def emit(module):
    kinds, push_bytes = module.reflect()
    symbol = f"vlm_shader_{module.name}"
    lines = [f"static const guint32 {module.name}_words[] = {{"]
    for at in range(0, len(module.words), 8):
        row = ", ".join(f"0x{word:08x}" for word in module.words[at:at + 8])
        lines.append(f"  {row},")
    kinds_c = ", ".join(f"'{kind}'" for kind in kinds)
    lines += ["};", f"const VlmVkShader {symbol} = {{",
              f'  .name = "{module.name}",',
              f"  .words = {module.name}_words,",
              f"  .n_words = G_N_ELEMENTS ({module.name}_words),",
              f"  .n_bindings = {len(kinds)},",
              f"  .bindings = {{ {kinds_c} }},",
              f"  .push_bytes = {push_bytes},", "};", ""]
    return "\n".join(lines)


def main():
    table, header, inputs = sys.argv[1], sys.argv[2], sys.argv[3:]
    licence = "/* SPDX-License-Identifier: LGPL-2.1-or-later\n" \
              " * Made by shaders/tools/embed.py. */\n"
    paths = [pathlib.Path(path) for path in inputs]
    modules = [Module(path.stem, path.read_bytes()) for path in paths]
    pathlib.Path(header).write_text(
        licence + '#pragma once\n\n#include "vk/pipeline.h"\n\n'
        + "".join(f"extern const VlmVkShader vlm_shader_{module.name};\n"
                  for module in modules))
    pathlib.Path(table).write_text(
        licence + '#include "vlm-shaders.h"\n\n'
        + "\n".join(emit(module) for module in modules))


if __name__ == "__main__":
    main()
