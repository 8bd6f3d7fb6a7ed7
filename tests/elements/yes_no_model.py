# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of the tiny checkpoint that answers conditions: without meaning, but mostly with yes or no."""
import json
import pathlib
import shutil
import struct

WORDS = (('"You":', '"Yes":'), ('"Y ou"', '"Y es"'), ('"an":', '"No":'), ('"a n"', '"N o"'))
# So much larger than other rows that one of the two is nearly always the likeliest token.
FACTOR = 300.0


def widen(values, sign):
    """A row of BF16, which are the upper halves of F32."""
    parts = (struct.unpack('<f', b'\0\0' + values[i:i + 2])[0] for i in range(0, len(values), 2))
    return b''.join(struct.pack('<f', sign * FACTOR * part)[2:] for part in parts)


def teach_words(folder):
    """Two other tokens become Yes and No, as files_teach_yes_no() does it in C."""
    path = folder / 'tokenizer.json'
    text = path.read_text()
    for old, new in WORDS:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return json.loads(text)['model']['vocab']


def make(tiny, folder):
    folder = pathlib.Path(folder)
    shutil.copytree(tiny, folder)
    vocab = teach_words(folder)
    path = folder / 'model.safetensors'
    data = bytearray(path.read_bytes())
    start = 8 + struct.unpack('<Q', data[:8])[0]
    tensor = json.loads(data[8:start])['model.embed_tokens.weight']
    assert tensor['dtype'] == 'BF16', tensor
    size = 2 * tensor['shape'][1]
    first = start + tensor['data_offsets'][0]
    yes, no = (first + vocab[word] * size for word in ('Yes', 'No'))
    row = bytes(data[yes:yes + size])
    data[yes:yes + size] = widen(row, 1.0)
    data[no:no + size] = widen(row, -1.0)
    path.write_bytes(data)
    return folder
