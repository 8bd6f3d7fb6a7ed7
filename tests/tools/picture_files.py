# SPDX-License-Identifier: LGPL-2.1-or-later
"""Picture files, as bytes, of known pixels: rows of tuples."""
import base64
import struct
import zlib

# 16x16, red, by Adobe's way of CMYK.
CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJT"
    "UjI+WmFaUGBKUVJP/9sAQwEODg4TERMmFRUmTzUtNU9PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P"
    "T09PT09P/8AAFAgAEAAQBAEiAAIRAQMRAQQiAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAFB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/"
    "xAAVAQEBAAAAAAAAAAAAAAAAAAAFB//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAOBAEAAhEDEQQAAD8AvgGU2acA/9k=")


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif(orientation, order="<"):
    """A TIFF file of one entry."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(
        order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def png(pixels, bits=8, about=b""):
    """Grey, red-green-blue, or with alpha, as many values as a pixel has. `about`: Exif."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[len(pixels[0][0])]
    size = "B" if bits == 8 else "H"
    rows = b"".join(
        b"\0" + struct.pack(f">{len(row) * len(row[0])}{size}", *(v for pixel in row for v in pixel))
        for row in pixels)
    head = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), bits, kind, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + (chunk(b"eXIf", about) if about else b"")
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def bmp(pixels):
    width, height = len(pixels[0]), len(pixels)
    rows = b""
    for row in reversed(pixels):
        line = b"".join(bytes(reversed(pixel)) for pixel in row)
        rows += line + bytes(-len(line) % 4)
    return (b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + rows)


def tiff(pixels, orientation=1):
    """Red-green-blue, not compressed."""
    width, height = len(pixels[0]), len(pixels)
    data = bytes(v for row in pixels for pixel in row for v in pixel)
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 0), (259, 3, 1, 1), (262, 3, 1, 2),
               (273, 4, 1, 0), (274, 3, 1, orientation), (277, 3, 1, 3), (278, 3, 1, height),
               (279, 4, 1, len(data))]
    begin = 8 + 2 + 12 * len(entries) + 4
    places = {258: begin, 273: begin + 6}
    listed = b"".join(struct.pack("<HHII", tag, kind, n, places.get(tag, value))
                      for tag, kind, n, value in entries)
    return (b"II*\0" + struct.pack("<IH", 8, len(entries)) + listed + struct.pack("<I", 0)
            + struct.pack("<3H", 8, 8, 8) + data)


def gif(pictures, delay):
    """Pictures of colours 0 (black) to 3 (white), `delay` hundredths of a second each."""
    width, height = len(pictures[0][0]), len(pictures[0])
    palette = bytes(3 * [0] + [255, 0, 0] + [0, 0, 255] + 3 * [255])
    data = (b"GIF89a" + struct.pack("<HHBBB", width, height, 0xf1, 0, 0) + palette
            + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")
    for picture in pictures:
        codes, bits, n = 0, 0, b""
        # codes of three bits, cleared before they would need a fourth
        for i, value in enumerate(v for row in picture for v in row):
            for code in ([4] if i % 2 == 0 else []) + [value]:
                codes |= code << bits
                bits += 3
        codes |= 5 << bits
        n = codes.to_bytes((bits + 3 + 7) // 8, "little")
        blocks = b"".join(bytes([len(n[i:i + 255])]) + n[i:i + 255] for i in range(0, len(n), 255))
        data += (b"\x21\xf9\x04" + struct.pack("<BHBB", 0, delay, 0, 0) + b","
                 + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02" + blocks + b"\0")
    return data + b";"


def turned(pixels, orientation):
    """The pixels that a camera held that way saves for a picture to be shown as `pixels`."""
    def transpose(rows):
        return [list(column) for column in zip(*rows)]

    def mirror(rows):
        return [row[::-1] for row in rows]

    return {1: lambda p: p, 2: mirror, 3: lambda p: mirror(p[::-1]), 4: lambda p: p[::-1], 5: transpose,
            6: lambda p: transpose(p)[::-1], 7: lambda p: mirror(transpose(p))[::-1],
            8: lambda p: mirror(transpose(p))}[orientation](pixels)


def with_exif(jpeg, orientation):
    """A JPEG file with that orientation."""
    data = b"Exif\0\0" + exif(orientation, ">")
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + jpeg[2:]


def cmyk_jpeg(blocks, adobe=True):
    """Rows of blocks of 8x8 pixels of one colour: cyan, magenta, yellow and black as they are stored, which
    is inverted in Adobe's files. Nothing is lost."""
    # Numbers of codes of 1, 2 … bits, and what they mean: the usual ones for the first value of a block,
    # and one that says that all others are 0.
    lengths, values = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1] + [0] * 7), bytes(range(12))
    codes, code, n = {}, 0, 0
    for bits, count in enumerate(lengths, 1):
        for _ in range(count):
            codes[values[n]] = f"{code:0{bits}b}"
            code, n = code + 1, n + 1
        code *= 2
    coded, before = "", [0, 0, 0, 0]
    for row in blocks:
        for block in row:
            for i, value in enumerate(block):
                step, before[i] = value - 128 - before[i], value - 128
                size = abs(step).bit_length()
                bits = step if step > 0 else step + (1 << size) - 1
                coded += codes[size] + (f"{bits:0{size}b}" if size else "") + "0"
    coded += "1" * (-len(coded) % 8)
    data = bytes(int(coded[i:i + 8], 2) for i in range(0, len(coded), 8)).replace(b"\xff", b"\xff\0")

    def segment(mark, body):
        return bytes([0xff, mark]) + struct.pack(">H", len(body) + 2) + body

    parts = b"".join(bytes([i, 0x11, 0]) for i in range(4))
    return (b"\xff\xd8" + (segment(0xee, b"Adobe\0\x64\0\0\0\0\0") if adobe else b"")
            + segment(0xdb, b"\0" + bytes([8] * 64))
            + segment(0xc0, struct.pack(">BHHB", 8, 8 * len(blocks), 8 * len(blocks[0]), 4) + parts)
            + segment(0xc4, b"\0" + lengths + values)
            + segment(0xc4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
            + segment(0xda, b"\4" + b"".join(bytes([i, 0]) for i in range(4)) + b"\0\x3f\0")
            + data + b"\xff\xd9")


def read_png(data):
    """The pixels of a file of 8 bits without a palette, as rows of tuples."""
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    size = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and bits == 8 and data[28] == 0, data[:29]
    packed, at = b"", 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if name == b"IDAT" else b""
        at += length + 12
    lines, n = zlib.decompress(packed), size * width
    rows, before = [], bytearray(n)
    for y in range(height):
        how, line = lines[y * (n + 1)], bytearray(lines[y * (n + 1) + 1:(y + 1) * (n + 1)])
        for i in range(n if how else 0):
            left, up = line[i - size] if i >= size else 0, before[i]
            corner = before[i - size] if i >= size else 0
            nearest = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
            line[i] = (line[i] + (left, up, (left + up) // 2, nearest)[how - 1]) & 255
        rows.append([tuple(line[i:i + size]) for i in range(0, n, size)])
        before = line
    return rows
