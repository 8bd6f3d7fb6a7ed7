# gst-vlm: cases for schemas, in the form of the official JSON-Schema-Test-Suite
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs files of cases through schema-check, and its answers through another
validator.

  schema_suite.py SCHEMA-CHECK [--walks N] [--table] [--verbose] FILE…

A file is a list of groups {"description", "schema", "tests": [{"description",
"data", "valid"}]}. What is held to be true:

  no instance that is not valid is accepted, in any spelling;
  every answer that is written is valid, as python3-jsonschema says, at every
    length, and is accepted when it is read.

A group may say "error": what the message must hold; else its schema must
compile. Own groups ("all": true) must accept all valid instances, too. Each
group is a test case, written as TAP; with --table files are counted instead.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import sys

try:
  import jsonschema
except ImportError:
  print("1..0 # SKIP python3-jsonschema is missing")
  sys.exit(0)


class Checker:
  """A schema-check that runs."""

  def __init__(self, program):
    self.process = subprocess.Popen([program], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)

  def ask(self, line):
    assert "\n" not in line
    self.process.stdin.write(line + "\n")
    self.process.stdin.flush()
    answer = self.process.stdout.readline()
    if not answer:
      sys.exit(f"schema-check ended at: {line[:2000]}")
    return answer.rstrip("\n")


def shuffled(value, rng):
  """The same value with its keys in another order."""
  if isinstance(value, dict):
    items = [(k, shuffled(v, rng)) for k, v in value.items()]
    rng.shuffle(items)
    return dict(items)
  if isinstance(value, list):
    return [shuffled(v, rng) for v in value]
  return value


def spellings(value, rng):
  """The value as JSON text in several ways; one line each."""
  yield json.dumps(value, separators=(",", ":"), ensure_ascii=False)
  yield json.dumps(value)
  yield " " + json.dumps(shuffled(value, rng), separators=(" ,\t", ": \r")) + " "


def for_python(schema):
  """Patterns as Python's re must read them to mean what ECMAScript means."""
  if isinstance(schema, list):
    return [for_python(s) for s in schema]
  if not isinstance(schema, dict):
    return schema
  out = {}
  for key, value in schema.items():
    if key == "pattern" and isinstance(value, str):
      value = "(?a)" + value
    elif key == "patternProperties" and isinstance(value, dict):
      value = {"(?a)" + k: for_python(v) for k, v in value.items()}
    elif key not in ("enum", "const", "default", "examples"):
      value = for_python(value)
    out[key] = value
  return out


def is_beyond_python(schema):
  """What python3-jsonschema gets wrong: what additionalProperties evaluates, and
  multiples of what a double does not hold."""
  if isinstance(schema, list):
    return any(is_beyond_python(s) for s in schema)
  if not isinstance(schema, dict):
    return False
  return ("unevaluatedProperties" in schema or "unevaluatedItems" in schema
          or schema.get("multipleOf", 1) % 1 != 0
          or any(is_beyond_python(s) for s in schema.values()))


def has_lone_surrogate(value):
  return bool(re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)))


class Run:
  def __init__(self, arguments):
    self.checker = Checker(arguments.program)
    self.n_walks = arguments.walks
    self.table = arguments.table
    self.verbose = arguments.verbose
    self.rng = random.Random(5)
    self.wrong = []
    self.counts = dict.fromkeys(
        ["groups", "compiled", "valid", "accepted", "invalid", "answers",
         "unchecked"], 0)

  def complain(self, text):
    self.wrong.append(text)
    print("# WRONG", text)

  def group(self, name, group):
    self.counts["groups"] += 1
    answer = self.checker.ask("S " + json.dumps(group["schema"]))
    error = answer[6:] if answer.startswith("error ") else None
    expected = group.get("error")
    if expected is not None:
      if error is None or expected not in error:
        self.complain(f"{name}: {answer} instead of {expected}")
      return False
    if error is not None:
      if not self.table:
        self.complain(f"{name}: {error}")
      elif self.verbose:
        print(f"# {name}: {error}")
      return False
    self.counts["compiled"] += 1
    for test in group["tests"]:
      self.instance(f"{name}: {test['description']}", test,
                    group.get("all", False))
    self.walk(name, group["schema"])
    return True

  def instance(self, name, test, must_accept):
    if has_lone_surrogate(test["data"]):
      return
    for i, text in enumerate(spellings(test["data"], self.rng)):
      accepted = self.checker.ask("L " + text)
      if not test["valid"]:
        self.counts["invalid"] += i == 0
        if accepted == "1":
          self.complain(f"{name}: accepted {text}")
        continue
      self.counts["valid"] += i == 0
      self.counts["accepted"] += i == 0 and accepted == "1"
      if accepted != "1" and must_accept:
        self.complain(f"{name}: refused {text}")
      elif accepted != "1" and self.verbose and i == 0:
        print(f"# {name}: refused {text}")

  def walk(self, name, schema):
    validator = jsonschema.Draft202012Validator(
        for_python(schema),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        if hasattr(jsonschema.Draft202012Validator, "FORMAT_CHECKER")
        else jsonschema.FormatChecker())
    limits = [*range(1, 40), 55, 80, 120, 200, 400]
    for i in range(self.n_walks):
      limit = limits[i % len(limits)]
      text = self.checker.ask(f"W {self.rng.randrange(1 << 30)} {limit}")
      if text == "none":
        continue
      try:
        value = json.loads(text)
      except ValueError as error:
        self.complain(f"{name}: wrote {text!r}: {error}")
        continue
      self.counts["answers"] += 1
      if self.checker.ask("L " + text) != "1":
        self.complain(f"{name}: wrote {text!r}, but refuses it")
      if is_beyond_python(schema):
        self.counts["unchecked"] += 1
        continue
      try:
        validator.validate(value)
      except jsonschema.ValidationError as error:
        self.complain(f"{name}: wrote {text!r}: {error.message}")
      except (re.error, jsonschema.RefResolutionError, TypeError,
              RecursionError):  # its own limits
        self.counts["unchecked"] += 1


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("program")
  parser.add_argument("files", nargs="+", type=pathlib.Path)
  parser.add_argument("--walks", type=int, default=100)
  parser.add_argument("--table", action="store_true")
  parser.add_argument("--verbose", action="store_true")
  arguments = parser.parse_args()
  run = Run(arguments)
  n_cases = 0
  for path in arguments.files:
    groups = json.loads(path.read_text(encoding="utf-8"))
    n_compiled = 0
    for group in groups:
      name, n_wrong = f"{path.stem}: {group['description']}", len(run.wrong)
      n_compiled += run.group(name, group)
      n_cases += 1
      if not run.table:
        good = len(run.wrong) == n_wrong
        print(f"{'ok' if good else 'not ok'} {n_cases} {name}", flush=True)
    if run.table:
      print(f"{path.stem}: {n_compiled} of {len(groups)}")
  if not run.table:
    print(f"1..{n_cases}")
  print("#", ", ".join(f"{n} {what}" for what, n in run.counts.items()),
        f"- {len(run.wrong)} wrong")
  return 1 if run.wrong else 0


if __name__ == "__main__":
  sys.exit(main())
