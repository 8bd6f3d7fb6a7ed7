#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/publish with a broker: test-publish.py PIPELINES BUILD MODEL"""
import json

import tap
import watched
from examples import ENVIRONMENT, WATCH, check, command, fails, folder_with_clip, records_of


def lines_of(*words):
    """What the listener got: (topic, message)."""
    done = watched.run(command("publish", *words), ENVIRONMENT)
    assert done.returncode == 0 and not done.stderr, done
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def test_native():
    with folder_with_clip() as clip:
        lines = lines_of(clip, *WATCH)
        assert {topic for topic, _ in lines} == {"vlm"}, lines
        check(records_of("\n".join(message for _, message in lines)))


def test_homeassistant():
    """Announced, online, on, off, offline."""
    with folder_with_clip() as clip:
        lines = lines_of(clip, "--homeassistant", *WATCH, "stream-label=gate")
        assert lines[0][0].endswith("/availability") and lines[0][1] == "online", lines
        assert lines[-1] == [lines[0][0], "offline"], lines
        configs = [json.loads(message) for topic, message in lines if topic.startswith("homeassistant/")]
        assert len(configs) == 2 and all(c["device"]["name"] == "gate" for c in configs), configs
        states = [message for topic, message in lines if topic.endswith("/state")]
        assert states and states[-1] == "OFF" and set(states) <= {"ON", "OFF"}, states


def test_before_events():
    """The entity of a query exists, and is off, before its first event."""
    with folder_with_clip() as clip:
        lines = lines_of(clip, "--homeassistant", *WATCH, "stream-label=gate", "queries=unicorn")
        configs = [json.loads(message) for topic, message in lines if topic.startswith("homeassistant/")]
        assert [c["name"] for c in configs] == ["unicorn"] * 2, configs
        assert lines[3] == ["gst-vlm/gate/unicorn/state", "OFF"], lines


def test_words():
    fails("publish", "nowhere.mkv", *WATCH, status=1, said="^nowhere.mkv: ")
    with folder_with_clip() as clip:
        fails("publish", clip, "--frigate", "--onvif", status=2, said="one format at a time")
        fails("publish", clip, "--csv", status=2, said="unknown option --csv")


tap.run_module(__name__)
