#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The report of the demo on events that are made up here: test-report.py REPORT"""
import base64
import collections
import hashlib
import html.parser
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import tap

REPORT = sys.argv[1]
sys.path.insert(0, REPORT)
import compare  # noqa: E402 pylint: disable=wrong-import-position
import cues  # noqa: E402 pylint: disable=wrong-import-position
import events  # noqa: E402 pylint: disable=wrong-import-position
import table  # noqa: E402 pylint: disable=wrong-import-position
from page.timeline import lanes  # noqa: E402 pylint: disable=wrong-import-position

VOID = {"meta", "img", "track"}
HOSTILE = '</style><script>alert(1)</script>"\'&lt;\x1b[31m\u202e\n-->\ud800 end'


class Page(html.parser.HTMLParser):
    """Elements with their attributes, text and the classes around them; fails where tags do not fit."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], collections.Counter()
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), attrs
        assert not any(name.startswith("on") for name in attributes), attrs
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text[data] += 1

    def find(self, tag, **wanted):
        return [a for t, a in self.elements
                if t == tag and all(value in a.get(k.rstrip("_").replace("_", "-"), "").split()
                                    for k, value in wanted.items())]


def record(number, text, start, end, **more):
    return {"id": number, "state": "end", "description": text, "start": {"stream_time": start},
            "end": {"stream_time": end}, "confidence": 0.5, **more}


def event(start, end, text, label=""):
    return events.Event(start, end, label, text, 0.5)


def write(folder, name, records):
    path = pathlib.Path(folder, name)
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return str(path)


def run(folder, found, *args, truth=None):
    words = [sys.executable, "-B", REPORT, write(folder, "events.jsonl", found), "--out", folder, *args]
    if truth is not None:
        words += ["--truth", write(folder, "truth.jsonl", truth)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=600)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def report(folder, found, *args, truth=None):
    status, said, complaint = run(folder, found, *args, truth=truth)
    assert status == 0 and not complaint, complaint
    return said, Page(pathlib.Path(folder, "index.html").read_text(encoding="utf-8"))


TRUTH = [record(2, "red circle enters from the left", 1.0, 5.0, label="red circle"),
         record(1, "object stays", 6.0, 8.0, label="object"),
         record(9, "blue square moves", 20.0, 30.0, label="blue square")]
FOUND = [record(1, "red circle enters", 1.0, 2.0, state="begin", ongoing=True),
         record(1, "red circle enters from the left", 1.5, 5.0),
         record(2, "blue square moves down", 21.0, 30.0),
         record(3, "green star appears", 12.0, 14.0),
         {"state": "gap", "reason": "queue-full", "start": {"stream_time": 15.0},
          "end": {"stream_time": 18.0}}]


def test_everything_is_on_the_page():
    with tempfile.TemporaryDirectory() as folder:
        said, shown = report(folder, FOUND, "--took", "10", "--video", "video.webm", truth=TRUTH)
    for item in TRUTH + FOUND[1:4]:
        assert shown.text[item["description"]] >= 2, (item, shown.text)
    assert "red circle enters" not in shown.text
    assert len(shown.find("li")) == 4
    assert [a["id"] for a in shown.find("li")] == ["e1", "e2", "e3", "e4"]
    bars = shown.find("a", class_="bar")
    assert collections.Counter(a["class"] for a in bars) == {
        "bar hit": 4, "bar missed": 1, "bar untrue": 1}, bars
    assert len(shown.find("u", class_="gap")) == 1
    assert shown.find("video")[0]["src"] == "video.webm"
    assert "times: 2 of 3 events found, 1 missed; 1 reported that is not true" in said, said
    assert "names: 2 of these 2 named right\n" in said, said
    assert "0:30 of video in 10.0 s: 3.0 times as fast as real time" in said
    assert shown.text["2 of 3"] == 1 and shown.text["2 of 2"] == 1 and shown.text["3.0×"] == 1


def test_bars_stand_at_their_times():
    with tempfile.TemporaryDirectory() as folder:
        _, shown = report(folder, [record(1, "a", 0.0, 10.0), record(2, "b", 30.0, 40.0)])
    styles = [a["style"] for a in shown.find("a", class_="bar")]
    assert styles == ["left:0.000%;width:25.000%", "left:75.000%;width:25.000%"], styles


def test_bars_in_a_lane_do_not_overlap():
    spans = [(0, 5), (1, 9), (4, 6), (5, 7), (9, 12), (9, 9)]
    items = [(event(*span, ""),) for span in sorted(spans)]
    packed = lanes(items, 0.5)
    assert sorted(e for lane in packed for (e,) in lane) == sorted(e for (e,) in items)
    assert len(packed) == 3
    for lane in packed:
        for (a,), (b,) in zip(lane, lane[1:]):
            assert a.end <= b.start, lane


def test_hostile_words_stay_words():
    found = [record(1, HOSTILE, 1.0, 2.0), record("x", {"no": "text"}, 2.0, 3.0),
             record(3, "ä" * 5000, 3.0, 4.0), record(4, None, 4.0, 5.0, confidence="high", label=HOSTILE)]
    with tempfile.TemporaryDirectory() as folder:
        said, shown = report(folder, found, "--title", HOSTILE.replace("\ud800", ""), "--command",
                             "a < b && <i>", "--video", "video.webm", truth=found)
        vtt = pathlib.Path(folder, "events.vtt").read_text(encoding="utf-8")
    assert len(shown.find("script")) == 1 and len(shown.find("style")) == 1
    clean = events.printable(HOSTILE)
    assert shown.text[clean] >= 4 and "a < b && <i>" in shown.text
    assert "\x1b" not in said and "\u202e" not in said and "\x1b" not in vtt
    assert vtt.count("-->") == 4 and "<script>" not in vtt
    assert all(len(line) <= table.COLUMNS for line in said.splitlines())


def test_nothing_comes_from_elsewhere():
    with tempfile.TemporaryDirectory() as folder:
        _, shown = report(folder, FOUND, "--video", "video.webm", truth=TRUTH)
    for _, attributes in shown.elements:
        for name in ("src", "href", "poster", "srcset"):
            address = attributes.get(name, "")
            assert re.fullmatch(r"(data:.*|#\w+|[\w.-]+)?", address, re.S), address
    assert "url(" not in pathlib.Path(REPORT, "page", "page.css").read_text(encoding="utf-8")


def test_only_our_script_may_run():
    with tempfile.TemporaryDirectory() as folder:
        _, shown = report(folder, FOUND, "--video", "video.webm", truth=TRUTH)
        text = pathlib.Path(folder, "index.html").read_text(encoding="utf-8")
    policy = next(a["content"] for a in shown.find("meta") if "http-equiv" in a)
    script = re.search("<script>(.*)</script>", text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy and policy.startswith("default-src 'none';"), policy


def pictures_of(folder, found, *args, truth=None):
    """The pictures that are shown, of forty, four a second."""
    pictures = pathlib.Path(folder, "thumbs")
    pictures.mkdir()
    for k in range(40):
        (pictures / f"{k:05d}.jpg").write_bytes(b"picture %d" % k)
    _, shown = report(folder, found, "--thumbs", str(pictures), "--thumb-rate", "4", *args, truth=truth)
    return shown, [base64.b64decode(a["src"].rpartition(",")[2]) for a in shown.find("img")]


def test_pictures_are_of_the_start():
    with tempfile.TemporaryDirectory() as folder:
        found = [record(1, "a", 2.0, 5.0), record(2, "b", 3.0, 3.2), record(3, "c", 90.0, 99.0)]
        shown, data = pictures_of(folder, found)
    assert data == [b"picture 10", b"picture 12", b"picture 39"], data
    assert shown.text["0:10"] >= 1 and not shown.find("span", class_="box")


def test_pictures_are_of_the_box():
    """The box is on it, as a part of the picture. A box at the very end does not use a later picture."""
    boxes = [([160, 90, 480, 180], 4.0), ([-50, 0, 700, 360], 4.9), ([1, 2, 3], 4.0), ([5, 5, 5, 9], 4.0),
             ("box", 4.0), ([1, 2, None, 4], 4.0), ([1, 2, 3, 4], "now")]
    found = [record(k, "a", 2.0, 5.0 if k != 1 else 4.95, bbox=box, bbox_time={"stream_time": when})
             for k, (box, when) in enumerate(boxes)]
    found.append(record(9, "a", 6.0, 7.0, bbox=[0, 0, 640, 180], bbox_time={"stream_time": 6.967}))
    found.append(record(10, "a", 8.0, 8.0))
    with tempfile.TemporaryDirectory() as folder:
        shown, data = pictures_of(folder, found, "--size", "640x360")
    # in order of time: the one that ends first is first
    assert data == [b"picture 19", b"picture 16", *[b"picture 10"] * 5, b"picture 27", b"picture 32"], data
    assert [a["style"] for a in shown.find("span", class_="box")] == [
        "left:0.000%;top:0.000%;width:100.000%;height:100.000%",
        "left:25.000%;top:25.000%;width:50.000%;height:25.000%",
        "left:0.000%;top:0.000%;width:100.000%;height:50.000%"]


def test_without_truth_nothing_is_wrong():
    with tempfile.TemporaryDirectory() as folder:
        said, shown = report(folder, FOUND)
    assert "true" not in said and not shown.find("span", class_="chip")
    assert len(shown.find("a", class_="hit")) == 3 and not shown.find("a", class_="untrue")


def test_without_events():
    with tempfile.TemporaryDirectory() as folder:
        said, shown = report(folder, [])
        vtt = pathlib.Path(folder, "events.vtt").read_text(encoding="utf-8")
        assert said.startswith("no events") and shown.text["There are none."] == 1
        assert vtt.startswith("WEBVTT\n")
        said, shown = report(folder, [], truth=TRUTH)
        assert said.count("  missed\n") == 3 and len(shown.find("li")) == 3


def test_truth_written_by_people():
    with tempfile.TemporaryDirectory() as folder:
        labels = {"clip": "a.mp4", "events": [{"label": "white car", "start_s": 4, "end_s": 8.5}]}
        path = pathlib.Path(folder, "a.events.json")
        path.write_text(json.dumps(labels, indent=1), encoding="utf-8")
        assert events.read_truth(path) == [events.Event(4.0, 8.5, "white car", "white car", None)]
        path.write_text('{"events": [{"start_s": 4, "end_s": 8.5}], "any_object_in_view": [[1, 2]]}')
        nameless = events.read_truth(path)
        assert nameless == [events.Event(4.0, 8.5, "", "", None)]
        rows = compare.rows(nameless, [event(4, 8, "a thing")])
        assert compare.status(rows[0]) == "hit" and not compare.has_names(rows)
        said, _ = report(folder, [record(1, "a thing", 4, 8)], "--truth", str(path))
        assert "1 of 1 events found" in said and "names:" not in said and "(no name)" in said, said
        path.write_text('{"any_object_in_view": [[1, 2.5], [4, 5]]}')
        assert [(e.start, e.end, e.text) for e in events.read_truth(path)] == [(1.0, 2.5, ""), (4.0, 5.0, "")]
        for bad in ({"events": [{"label": "x", "start_s": 5, "end_s": 4}]}, {"events": [7]}, {"events": 7},
                    {"events": [{"label": "x", "start_s": "1", "end_s": 4}]}, {"labels": []},
                    {"any_object_in_view": [[1, 2, 3]]}, {"any_object_in_view": [[2, 1]]}):
            path.write_text(json.dumps(bad, indent=1), encoding="utf-8")
            try:
                events.read_truth(path)
            except events.BadFile as error:
                assert "a.events.json" in str(error)
            else:
                raise AssertionError(bad)


def test_bad_lines_are_named():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "events.jsonl")
        for text in ('{"id": 1}\n{broken\n', '{}\n[1]\n'):
            path.write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, "-B", REPORT, str(path)], capture_output=True, check=False)
            assert done.returncode == 1 and b"events.jsonl:2" in done.stderr, done.stderr
            assert b"Traceback" not in done.stderr


def test_times_that_are_none():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "events.jsonl")
        path.write_text('{"id": 1, "start": {"pts": NaN}, "end": {"pts": 2}}\n'
                        '{"id": 2, "start": {}, "end": {"pts": 2}}\n'
                        '{"id": 3, "start": {"pts": true}, "end": 4}\n'
                        '{"id": 4, "start": {"stream_time": 1, "pts": 9}, "end": {"pts": 0.5}}\n',
                        encoding="utf-8")
        found, _ = events.read_found(path)
        assert [(e.start, e.end) for e in found] == [(1.0, 1.0)], found


def test_pairs_go_by_name_then_overlap():
    truth = [event(0, 10, "red circle enters", "red circle"), event(0, 9, "object stays", "object"),
             event(20, 21, "blue square", "blue square")]
    found = [event(1, 9, "object stays"), event(2, 10, "red circle"), event(0, 10, "blue star"),
             event(20.95, 40, "blue square")]
    rows = compare.rows(truth, found)
    paired = {(row.true.label, row.found.text) for row in rows if row.true and row.found}
    assert paired == {("red circle", "red circle"), ("object", "object stays")}, rows
    assert sorted(map(compare.status, rows)) == ["hit", "hit", "missed", "untrue", "untrue"]
    assert compare.summary(rows)[:5] == (3, 2, 0, 1, 2)
    assert abs(compare.summary(rows).mean_overlap - (0.8 + 8 / 9) / 3) < 1e-9
    assert len(rows) == 5


def test_times_come_before_names():
    """A right name at a wrong time does not replace a report at the right time."""
    truth = [event(4, 8, "white car", "white car")]
    rows = compare.rows(truth, [event(3, 20, "white car"), event(4, 8, "a van drives past")])
    assert [compare.status(row) for row in rows] == ["untrue", "misnamed"], rows
    rows = compare.rows(truth, [event(3, 20, "white car"), event(3, 21, "a van")])
    assert sorted(map(compare.status, rows)) == ["mistimed", "untrue"], rows


def test_status_says_what_differs():
    true = event(0, 10, "red circle", "red circle")
    for found, status in ((event(0, 4, "a Red circle!"), "mistimed"), (event(0, 4, "object"), "mistimed"),
                          (event(0, 9, "object enters"), "unnamed"), (event(0, 9, "blue star"), "misnamed"),
                          (event(0, 9, "Circle, red"), "hit"), (event(0, 9, "moves", "red circle"), "hit")):
        assert compare.status(compare.rows([true], [found])[0]) == status, found
    assert compare.overlap(true, event(5, 20, "")) == 0.25
    assert compare.overlap(true, event(10, 20, "")) == 0.0


def test_an_object_at_the_right_times_is_found():
    """Every time is right and no name is known: the report says so, and not that nothing was found."""
    names = "white car", "pale blue car", "red car", "white sports car", "truck"
    labels = [{"label": name, "start_s": k, "end_s": k + 4} for k, name in enumerate(names)]
    found = [record(k, "object enters from the left", k + 0.2, k + 4) for k in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        truth = pathlib.Path(folder, "clip.events.json")
        truth.write_text(json.dumps({"clip": "clip.mp4", "events": labels}), encoding="utf-8")
        said, shown = report(folder, found, "--truth", str(truth))
    assert "times: 5 of 5 events found; 0 reported" in said, said
    assert 'names: 0 of these 5 named right, 5 just called "object"' in said, said
    assert said.count('found, as "object"') == 5 and "missed" not in said, said
    assert len(shown.find("span", class_="unnamed")) == 5
    assert not shown.find("a", class_="missed") and not shown.find("a", class_="untrue")


def test_plain_words():
    truth = [record(k, text, 10 * k, 10 * k + 5) for k, text in enumerate(("cat", "dog", "cow", "hen"))]
    found = [record(1, "a cat", 0, 5), record(2, "a fox", 10, 15), record(3, "a cow", 20, 22),
             record(4, "a pig", 50, 55)]
    with tempfile.TemporaryDirectory() as folder:
        said, _ = report(folder, found, truth=truth)
    ends = [line.rpartition("  ")[2] for line in said.splitlines()[1:6]]
    assert ends == ["found", "found under another name", "found at other times", "missed", "not true"], said
    assert "2 of 4 events found, 1 at other times, 1 missed; 1 reported that is not true" in said, said
    assert "1 of these 2 named right, 1 under another name" in said, said


def test_table_fits_a_terminal():
    true = [event(6000 + k, 6010 + k, "日本語 " * 20, "日本 a\u0301" * 9) for k in range(0, 90, 15)]
    rows = compare.rows(true, [true[0], event(9000, 9001, "x" * 200)])
    lines = list(table.lines(rows, True, False))
    assert max(map(table.width, lines)) <= table.COLUMNS and len(lines) == 8
    assert "\x1b" not in "".join(lines)
    painted = list(table.lines(rows, True, True))
    assert [re.sub("\x1b\\[\\d+m", "", line) for line in painted] == lines
    assert all(line.startswith("\x1b[") and line.endswith("\x1b[0m") for line in painted)
    # cells are under their heads
    column = lines[0].index("found")
    wide = next(line for line in lines if "x" * 9 in line)
    assert wide[column:].startswith("150:00.0"), wide


def test_webvtt():
    text = cues.webvtt([event(3599.9996, 3600.2, "a & b"), event(1.0, 1.5, "")], "line:0")
    assert text.splitlines() == [
        "WEBVTT", "", "01:00:00.000 --> 01:00:01.000 line:0", "a &amp; b", "",
        "00:00:01.000 --> 00:00:02.000 line:0", "(no words)"], text


tap.run_module(__name__)
