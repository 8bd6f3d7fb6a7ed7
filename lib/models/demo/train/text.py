# gst-vlm: the words of the demo model
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions, answers, and the tokenizer that writes them.

Questions and answers have the shapes that Qwen2.5-VL was trained on; those for
events, boxes and yes or no are what <vlm/vlm-answer-kind.h> asks, those for
points and numbers are in docs/decisions/0009-wordings.md. The tokenizer is a real
byte-level BPE with Qwen's pre-tokenizer and special tokens, whose merges are
learned from exactly these texts, so that each of their words is one token.
"""

import ctypes
import functools
import itertools
import re

import library
from scenes import LABELS, UNNAMED


@functools.lru_cache(maxsize=None)
def _ask(kind, about, is_video):
  """What the library asks for an answer of that kind."""
  lib = library.load()
  lookup = lib.vlm_answer_kind_lookup
  lookup.restype = ctypes.c_void_p
  lookup.argtypes = [ctypes.c_char_p]
  make = lib.vlm_answer_kind_make_question
  make.restype = ctypes.c_void_p
  make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
  made = make(lookup(kind.encode()), about and about.encode(), is_video)
  question = ctypes.string_at(made).decode()
  lib.g_free(ctypes.c_void_p(made))
  return question


def events_question(query):
  return _ask("events", query, True)


ALL_EVENTS = events_question(None)
ALL_BOXES = ("Outline the position of each object and output all the "
             "coordinates in JSON format.")
ABSENT = "The given query does not happen in the video."


def when_question(query):
  return (f"Give the query: '{query}', when does the described content occur "
          "in the video?")


def describe_question(label):
  return f"Describe what the {label} does."


def box_question(label):
  return _ask("boxes", label, False)


ALL_POINTS = ("Point to each object and output all the point coordinates in "
              "JSON format.")
ALL_COUNT = "How many objects are in the image? Answer with a number only."
DESCRIBE_VIDEO = _ask("free", None, True)
DESCRIBE_IMAGE = _ask("free", None, False)
YES, NO = "Yes", "No"
NOTHING_HAPPENS = "Nothing happens."
NOTHING_THERE = "There is nothing."


def points_question(label):
  return (f"Point to the {label}, report the point coordinates in JSON "
          "format.")


def count_question(query):
  return (f"How many objects in the image match the query '{query}'? Answer "
          "with a number only.")


def yes_no_question(statement, is_video):
  return _ask("yes-no", statement, is_video)


def timecode(quarters):
  """mm:ss.ff of quarters of a second."""
  seconds, part = divmod(quarters, 4)
  return f"{seconds // 60:02d}:{seconds % 60:02d}.{25 * part:02d}"


def _listing(indent, items):
  if not items:
    return "```json\n[]\n```"
  return ("```json\n[\n" + ",\n".join(indent + item for item in items)
          + "\n]\n```")


def events_answer(events):
  """events: of (start, end, description), times in quarters of a second."""
  return _listing("    ", [
      f'{{"start_time": "{timecode(start)}", "end_time": "{timecode(end)}", '
      f'"description": "{description}"}}'
      for start, end, description in events])


def boxes_answer(boxes):
  """boxes: of (x0, y0, x1, y1, label)."""
  return _listing("\t", [
      f'{{"bbox_2d": [{x0}, {y0}, {x1}, {y1}], "label": "{label}"}}'
      for x0, y0, x1, y1, label in boxes])


def points_answer(points):
  """points: of (x, y, label)."""
  return _listing("\t", [
      f'{{"point_2d": [{x}, {y}], "label": "{label}"}}'
      for x, y, label in points])


def with_article(label):
  name = LABELS[label]
  return ("an " if name[0] in "aeiou" else "a ") + name


def video_description(events):
  """events: of (start, end, description)."""
  if not events:
    return NOTHING_HAPPENS
  return ". ".join(description for *_, description in events) + "."


def image_description(labels):
  if not labels:
    return NOTHING_THERE
  return "There is " + " and ".join(map(with_article, labels)) + "."


def when_answer(events):
  if not events:
    return ABSENT
  spans = " and ".join(f"{start / 4:.2f} - {end / 4:.2f}"
                       for start, end, _ in events)
  return f"The given query happens in {spans} seconds."


# --- descriptions ----------------------------------------------------------

FROM = ["from the left", "from the right", "from the top", "from the bottom"]
TO = ["to the left", "to the right", "at the top", "at the bottom"]
ACROSS = ["from left to right", "from right to left", "from top to bottom",
          "from bottom to top"]
MOVES = ["left", "right", "up", "down"]
BEFORE, NOWHERE, SIDE = range(3)


def describe(label, came, source, went, target, move):
  """As lib/scene/words.c says it. came and went: BEFORE (or not at all),
  NOWHERE, SIDE; source, target and move: index of a side, or None."""
  name = LABELS[label]
  if came == SIDE and went == SIDE:
    if target == source ^ 1:
      return f"{name} crosses {ACROSS[source]}"
    return f"{name} enters {FROM[source]} and leaves {TO[target]}"
  if came == SIDE:
    return f"{name} enters {FROM[source]}"
  if came == NOWHERE and went == SIDE:
    return f"{name} appears and leaves {TO[target]}"
  if came == NOWHERE:
    return f"{name} appears"
  if went == SIDE:
    return f"{name} leaves {TO[target]}"
  if went == NOWHERE:
    return f"{name} disappears"
  if move is not None:
    return f"{name} moves {MOVES[move]}"
  return f"{name} stays"


VERBS = sorted({describe(UNNAMED, came, source, went, target, move)
                [len(LABELS[UNNAMED]) + 1:]
                for came in range(3) for went in range(3)
                for source in range(4) for target in range(4)
                for move in (None, source)})
"""All there is to say of an object."""


@functools.lru_cache(maxsize=None)
def _life(words):
  """(came, source, went, target) of a description without its label; how it
  went is not said where it came from nowhere or a side and did not leave."""
  for came_side, went_side in itertools.product(range(4), range(4)):
    if words == describe(UNNAMED, SIDE, came_side, SIDE, went_side,
                         None).split(" ", 1)[1]:
      return SIDE, came_side, SIDE, went_side
  for side in range(4):
    if words == f"enters {FROM[side]}":
      return SIDE, side, NOWHERE, None
    if words == f"appears and leaves {TO[side]}":
      return NOWHERE, None, SIDE, side
    if words == f"leaves {TO[side]}":
      return BEFORE, None, SIDE, side
  if words == "appears":
    return NOWHERE, None, NOWHERE, None
  if words == "disappears":
    return BEFORE, None, NOWHERE, None
  return BEFORE, None, BEFORE, None


def life(label, description):
  return _life(description[len(LABELS[label]) + 1:])


# --- statements ------------------------------------------------------------

SOMETHING = "something"
IN_VIEW, THERE_IS, MOVES_AT_ALL, STAYS = "in view", "there is", "moves", "stays"


def statements():
  """What can be said of a subject: (key, text with {}). A key is one of the
  words above, or (what happens, by which side or None)."""
  yield IN_VIEW, "{} is in view"
  yield THERE_IS, "there is {}"
  yield MOVES_AT_ALL, "{} moves"
  yield STAYS, "{} stays"
  yield ("comes", None), "{} enters"
  yield ("goes", None), "{} leaves"
  yield ("appears", None), "{} appears"
  yield ("disappears", None), "{} disappears"
  for side in range(4):
    yield ("comes", side), "{} enters " + FROM[side]
    yield ("goes", side), "{} leaves " + TO[side]


STATEMENTS = list(statements())
STRANGE = ["person", "man", "woman", "child", "car", "truck", "bicycle", "dog",
           "cat", "bird", "hand", "door", "gate", "light", "fire", "smoke"]
"""Words for what this model does not know: it never says that they are there."""


# --- tokenizer -------------------------------------------------------------

PATTERN = ("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
           " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")
# The same for Python's re, which has no \p: letters and digits of its own.
_SPLIT = re.compile(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\\r\\n\\w]|_)?[^\\W\\d_]+|\\d|"
    " ?(?:[^\\s\\w]|_)+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>",
           "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
           "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>",
           "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>",
           "<|video_pad|>"]
ADDED = SPECIAL + ["<tool_call>", "</tool_call>", "<|fim_prefix|>",
                   "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
                   "<|repo_name|>", "<|file_sep|>"]

SYSTEM = "system\nYou are a helpful assistant."


def _byte_alphabet():
  """GPT-2's printable character for each byte."""
  printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
  others = (b for b in range(256) if b not in printable)
  table = {b: chr(b) for b in printable}
  table.update({b: chr(256 + i) for i, b in enumerate(others)})
  return table


_ALPHABET = _byte_alphabet()


def _texts():
  """Everything that is ever asked or answered, in a canonical order."""
  yield from (SYSTEM, "user\n", "assistant\n", "\n", ALL_EVENTS, ALL_BOXES,
              ABSENT, "0123456789", "```json\n[]\n```", ALL_POINTS, ALL_COUNT,
              DESCRIBE_VIDEO, DESCRIBE_IMAGE, YES, NO, NOTHING_HAPPENS,
              NOTHING_THERE)
  yield from (events_answer([(0, 1, "x")] * 2), boxes_answer([(1, 2, 3, 4,
                                                             "x")] * 2))
  yield when_answer([(1, 2, ""), (3, 4, "")])
  yield points_answer([(1, 2, "x")] * 2)
  yield image_description([0, 1, UNNAMED])
  subjects = [article + label for label in LABELS
              for article in ("a ", "an ", "the ")]
  for _, form in STATEMENTS:
    for subject in (*subjects, SOMETHING, *(f"a {w}" for w in STRANGE)):
      yield yes_no_question(form.format(subject), True)
      yield yes_no_question(form.format(subject), False)
  for word in STRANGE:
    for article in ("", "a ", "the "):
      yield events_question(article + word)
      yield count_question(article + word)
    yield from (box_question(word), points_question(word))
  for label in LABELS:
    for article in ("", "a ", "the ", "an "):
      yield events_question(article + label)
      yield when_question(article + label)
      yield count_question(article + label)
    yield points_question(label)
    yield points_answer([(1, 2, label)])
    yield from (describe_question(label), box_question(label))
    yield from (label + ".", boxes_answer([(1, 2, 3, 4, label)]))
  for verb in VERBS:
    yield f"{LABELS[UNNAMED]} {verb}."
    yield events_answer([(0, 1, f"{LABELS[UNNAMED]} {verb}")])


class Tokenizer:
  """Byte-level BPE. ids: the 256 bytes, the merges, then the added tokens."""

  def __init__(self):
    words = dict.fromkeys(
        word for text in _texts() for word in _SPLIT.findall(text))
    self.merges = self._learn(list(words))
    self.tokens = [_ALPHABET[b] for b in range(256)]
    self.tokens += [left + right for left, right in self.merges]
    self.ids = {token: i for i, token in enumerate(self.tokens)}
    self.ranks = {pair: i for i, pair in enumerate(self.merges)}
    self.special = {name: len(self.tokens) + i for i, name in enumerate(ADDED)}
    self.size = len(self.tokens) + len(ADDED)
    self._cache = {}

  @staticmethod
  def _symbols(word):
    return [_ALPHABET[b] for b in word.encode()]

  @staticmethod
  def _join(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
      if tuple(symbols[i:i + 2]) == pair:
        out.append(symbols[i] + symbols[i + 1])
        i += 2
      else:
        out.append(symbols[i])
        i += 1
    return out

  def _learn(self, words):
    """Merges the most frequent pair until each word is one token."""
    spelled = [self._symbols(word) for word in words]
    merges = []
    while True:
      counts = {}
      for symbols in spelled:
        for pair in zip(symbols, symbols[1:]):
          counts[pair] = counts.get(pair, 0) + 1
      if not counts:
        return merges
      pair = max(counts, key=lambda p: (counts[p], p))
      merges.append(pair)
      spelled = [self._join(symbols, pair) for symbols in spelled]

  def _word(self, word):
    if word not in self._cache:
      symbols = self._symbols(word)
      while len(symbols) > 1:
        pair = min(zip(symbols, symbols[1:]),
                   key=lambda p: self.ranks.get(p, len(self.ranks)))
        if pair not in self.ranks:
          break
        symbols = self._join(symbols, pair)
      self._cache[word] = [self.ids[s] for s in symbols]
    return self._cache[word]

  def encode(self, text):
    return [i for word in _SPLIT.findall(text) for i in self._word(word)]

  def decode(self, ids):
    to_byte = {c: b for b, c in _ALPHABET.items()}
    data = bytes(to_byte[c] for i in ids if i < len(self.tokens)
                 for c in self.tokens[i])
    return data.decode(errors="replace")

  def to_json(self):
    """The content of a tokenizer.json as the tokenizers library writes it."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": False,
                  "trim_offsets": False, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": i, "content": name, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": name in SPECIAL}
            for name, i in self.special.items()],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": PATTERN},
             "behavior": "Isolated", "invert": False}, byte_level]},
        "post_processor": byte_level, "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None,
            "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False,
            "vocab": {t: i for i, t in enumerate(self.tokens)},
            "merges": [f"{a} {b}" for a, b in self.merges]}}


TOKENIZER = Tokenizer()
_S = TOKENIZER.special
IM_START, IM_END = _S["<|im_start|>"], _S["<|im_end|>"]
VISION_START, VISION_END = _S["<|vision_start|>"], _S["<|vision_end|>"]
IMAGE_PAD, VIDEO_PAD = _S["<|image_pad|>"], _S["<|video_pad|>"]
PREFIX = [IM_START, *TOKENIZER.encode(SYSTEM), IM_END, *TOKENIZER.encode("\n"),
          IM_START, *TOKENIZER.encode("user\n"), VISION_START]
"""Before the cells of the picture or video; VISION_END follows them."""
TURN = [IM_END, *TOKENIZER.encode("\n"), IM_START,
        *TOKENIZER.encode("assistant\n")]
"""Between question and answer."""
