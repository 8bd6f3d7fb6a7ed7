#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The records that vlmpublish adds fit the schema: test-publish-records.py SCHEMA

A spool that is too small, a stop in the middle of an event, and a file at the end."""
import json
import pathlib
import subprocess
import sys
import tempfile

SKIP = 77
try:
    import jsonschema
except ImportError:
    print("1..0 # SKIP python3-jsonschema is not installed")
    sys.exit(SKIP)

SCHEMA = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))
PATIENCE = 300


def record(number, state, uid="run-1"):
    return {"type": "event", "schema_version": 1, "event_uid": uid, "seq": number, "id": 1, "state": state,
            "description": "x" * 200, "start": {"stream_time": 1.5, "utc": "2026-11-30T05:20:00.123Z"},
            "end": {"stream_time": 2.5 + number}, "ongoing": state != "end", "time_source": "ntp",
            "stream": "gate", "query": "a person falls"}


def publish(folder, records, location, timeout):
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "vlmpublish",
                    f"location={location}", f"spool={folder / 'spool'}", "spool-size=16384",
                    f"eos-drain-timeout={timeout}"], check=True, timeout=PATIENCE)


with tempfile.TemporaryDirectory() as name:
    base = pathlib.Path(name)
    out = base / "out.jsonl"
    sent = [record(i + 1, "begin" if i == 0 else "update") for i in range(100)]
    publish(base, sent, base / "nowhere" / "x", 0)
    publish(base, [], out, 60)
    got = [json.loads(line) for line in out.read_text("utf-8").splitlines()]

for one in got:
    jsonschema.validate(one, SCHEMA)
gap, end = got[0], got[-1]
assert gap["reason"] == "spool-full" and gap["records"] > 1, gap
assert gap["start"] == sent[0]["start"], gap
assert end["state"] == "end" and end["reason"] == "interrupted" and end["seq"] == 101, end
# all records that are not in the gap are there; the gap includes those that made room for the end
assert [r["seq"] for r in got[1:-1]] == list(range(gap["seq"] + 1, 101)), got
assert gap["records"] == gap["seq"], gap
print("ok 1 /publish/records/schema\n1..1")
