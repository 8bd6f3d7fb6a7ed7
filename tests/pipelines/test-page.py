#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page of the demo in a browser, opened from disk: test-page.py DEMO BUILD

A server without a model reports events on a plain video, so that all of them are known."""
import base64
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "remote"))
os.environ.pop("VLM_API_KEY", None)

# pylint: disable=wrong-import-position
import tap
import watched
from browser import Browser, find
from simulated import Server

DEMO, BUILD = sys.argv[1:3]
# Nothing here opens a device.
ENVIRONMENT = {**os.environ, "VLM_BUILD_DIR": BUILD, "VK_ICD_FILENAMES": "/dev/null",
               "VK_DRIVER_FILES": "/dev/null"}
WIDTH, HEIGHT = 640, 360
CLIP = (f"videotestsrc pattern=solid-color foreground-color=0xff204060 num-buffers=240 "
        f"! video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=30/1 ! jpegenc ! matroskamux "
        "! filesink location={}")
HOSTILE = ('a cat"><img src=x onerror=document.title=1><script>document.title=2</script>'
           '</style></script></pre>--><b onclick=alert(1)>\' {{7*7}} \u202e')
# For each event: when it begins and ends, and where it is, as parts of the picture.
EVENTS = {"a red cube falls": (1.0, 3.0, (0.25, 0.25, 0.5, 0.5)),
          "a grey dog barks": (3.5, 5.5, (0.6, 0.2, 0.9, 0.6)),
          HOSTILE: (6.0, 7.5, (0.1, 0.5, 0.3, 0.9))}


def say(question):
    if "Localize" in question.text:
        return json.dumps([
            {"start_time": f"00:{start:05.2f}", "end_time": f"00:{end:05.2f}", "description": text}
            for text, (start, end, _) in EVENTS.items()])
    if "Locate" not in question.text:
        return "Nothing much."
    # the question names its subject
    text = next((text for text in EVENTS if " ".join(text.split()[1:3]) in question.text), HOSTILE)
    width, height = question.sizes[0]
    x1, y1, x2, y2 = EVENTS[text][2]
    corners = [x1 * width, y1 * height, x2 * width, y2 * height]
    return json.dumps([{"bbox_2d": [round(corner) for corner in corners], "label": "thing"}])


def make(folder):
    """The page, and the events that it is about."""
    clip = pathlib.Path(folder, "clip.mkv")
    subprocess.run(["gst-launch-1.0", "-q", *CLIP.format(clip).split()], check=True, timeout=watched.PATIENCE)
    clip.with_suffix(".events.json").write_text(json.dumps({"events": [
        {"label": "red cube", "start_s": 1, "end_s": 3}, {"label": HOSTILE, "start_s": 3.2, "end_s": 3.4}]}))
    with Server() as server:
        server.say = say
        done = watched.run([DEMO, "--built", "--model", server.address, "--seconds", "8", "--out", folder,
                            str(clip), "fps=4"], ENVIRONMENT)
    assert done.returncode == 0, done
    records = [json.loads(line) for line in pathlib.Path(folder, "events.jsonl").read_text().splitlines()]
    found = {record["description"]: record for record in records if record.get("state") == "end"}
    assert len(found) == 3 and all("bbox" in record for record in found.values()), records
    return pathlib.Path(folder, "index.html"), found


def seek(browser, seconds):
    browser.run(f"video.pause(), video.currentTime = {seconds}, 0")
    browser.wait("!video.seeking && video.readyState >= 2")
    # what was found by then is on the screen two pictures later
    browser.run("new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")


def drawn(browser, corners):
    """How much of the edges of a box, and how much of its inside, differs from the plain video."""
    x, y, width, height = browser.run("""(({x, y, width, height}) => [x, y, width, height])(
        (scrollTo(0, 0), video.controls = false, video.textTracks[0].mode = 'disabled', video)
        .getBoundingClientRect())""")
    png = base64.b64encode(browser.picture(x=x, y=y, width=width, height=height, scale=1)).decode()
    return browser.run(DRAWN % (json.dumps(png), json.dumps(corners)))


DRAWN = """(async (png, [x1, y1, x2, y2]) => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + png;
    await image.decode();
    const { width, height } = image;
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    const differs = (x, y) => {
        const at = 4 * (Math.round(y * height) * width + Math.round(x * width));
        return Math.abs(data[at] - 0x20) + Math.abs(data[at + 1] - 0x40) + Math.abs(data[at + 2] - 0x60) > 90;
    };
    const near = [...Array(9).keys()].map(k => k - 4);
    let edges = 0, inside = 0;
    for (let k = 0.1; k < 0.9; k += 0.02) {
        const x = x1 + k * (x2 - x1), y = y1 + k * (y2 - y1);
        for (const edge of [x1, x2])
            edges += near.some(step => differs(edge + step / width, y));
        for (const edge of [y1, y2])
            edges += near.some(step => differs(x, edge + step / height));
        inside += differs(x, (y1 + y2) / 2) + differs((x1 + x2) / 2, y);
    }
    return [edges / 160, inside / 80];
})(%s, %s)"""


def check_opening(browser, _found):
    """From disk, with nothing but the video, and without a complaint."""
    names = {url.rpartition("/")[2] for url in browser.requests if not url.startswith("data:")}
    assert names == {"index.html", "video.webm"}, browser.requests
    assert all(url.startswith(("data:", "file:")) for url in browser.requests), browser.requests
    assert browser.run("[video.videoWidth, video.videoHeight]") == [WIDTH, HEIGHT]
    assert abs(browser.run("video.duration") - 8) < 0.2


def check_playing(browser, _found):
    """The line moves with the video."""
    browser.run("video.play().then(() => 0)")
    browser.wait("video.currentTime > 0.5")
    browser.run("video.pause()")
    share = browser.run("new Promise(go => requestAnimationFrame(() => "
                        "go(time.style.getPropertyValue('--now') * 8 - video.currentTime)))")
    assert abs(share) < 0.2, share
    left = browser.run("(a => b => (a.x - b.x) / b.width)(line.getBoundingClientRect())"
                       "(document.querySelector('.lanes').getBoundingClientRect())")
    assert abs(left * 8 - browser.run("video.currentTime")) < 0.2, left


def check_clicks(browser, found):
    """A click on an event seeks to its start, a click between events to that time."""
    browser.run("window.seeks = [], "
                "video.addEventListener('seeking', () => seeks.push(video.currentTime)), 0")
    starts = [EVENTS[text][0] for text in EVENTS]
    for what in (".found .bar", ".cards li:not(.missed)", ".cards li:not(.missed) .picture"):
        count = browser.run(f"document.querySelectorAll({json.dumps(what)}).length")
        assert count == len(found), (what, count)
        for k in range(count):
            browser.run("seeks.length = 0, 0")
            browser.click(what, k)
            browser.wait("seeks.length > 0")
            assert abs(browser.run("seeks[0]") - starts[k]) < 0.3, (what, k, browser.run("seeks"))
    browser.run("video.pause(), scrollTo(0, 0), seeks.length = 0, 0")
    x, y, width = browser.run("(({x, y, width}) => [x, y, width])("
                              "document.querySelector('.axis').getBoundingClientRect())")
    browser.click_at(x + width / 4, y + 5)
    browser.wait("seeks.length > 0")
    assert abs(browser.run("video.currentTime") - 2) < 0.1


def check_boxes(browser, found):
    """On the video, at their place, while they were there."""
    for text, record in found.items():
        corners = [value / side for value, side in zip(record["bbox"], (WIDTH, HEIGHT) * 2)]
        assert max(abs(a - b) for a, b in zip(corners, EVENTS[text][2])) < 0.05, record
        when = record["bbox_time"]["stream_time"]
        seek(browser, when + 0.02)
        edges, inside = drawn(browser, corners)
        assert edges > 0.95 and inside < 0.05, (text, edges, inside)
        for other in (when - 0.7, when + 0.7):
            seek(browser, other)
            assert max(drawn(browser, corners)) < 0.05, (text, other)


def check_pictures(browser, found):
    """Each event has one, with its box on it."""
    shown = browser.run("""[...document.querySelectorAll('.cards li:not(.missed)')].map(card => {
        const image = card.querySelector('img').getBoundingClientRect();
        const box = card.querySelector('.box').getBoundingClientRect();
        return [card.querySelector('.words').textContent, (box.left - image.left) / image.width,
                (box.top - image.top) / image.height, (box.right - image.left) / image.width,
                (box.bottom - image.top) / image.height, card.querySelector('img').naturalWidth];
    })""")
    assert len(shown) == len(found), shown
    for (text, record), (words, *corners, width) in zip(sorted(found.items(), key=start_of), shown):
        assert words[:9] == text[:9] and width == WIDTH, (text, words, width)
        true = [value / side for value, side in zip(record["bbox"], (WIDTH, HEIGHT) * 2)]
        assert max(abs(a - b) for a, b in zip(corners, true)) < 0.01, (true, corners)


def start_of(item):
    return item[1]["start"]["stream_time"]


def check_now(browser, _found):
    """The events of the moment are highlighted."""
    seek(browser, 2)
    assert browser.run("[...document.querySelectorAll('.cards .now .words')].map(e => e.textContent)") == [
        "a red cube falls"]
    seek(browser, 3.1)
    assert browser.run("document.querySelectorAll('.now').length") == 0


def check_words(browser, _found):
    """The words of a model or a user are text, not markup."""
    assert browser.run("[document.title, document.scripts.length, document.images.length]") == [
        "What happens in clip.mkv", 1, 4]
    assert browser.run("document.querySelectorAll('[onerror], [onclick], b b, bdi *').length") == 0
    words = browser.run("[...document.querySelectorAll('bdi')].map(e => e.textContent)")
    clean = HOSTILE.replace("\u202e", "\N{MIDDLE DOT}")
    assert clean in words and any(word.startswith("a cat") for word in words), words


def check_script(browser, _found):
    """Only the page's own script may run: text that became markup would do nothing."""
    browser.run("""document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.hacked = 1">'),
        document.body.append(Object.assign(document.createElement('script'), {text: 'hacked = 1'})), 0""")
    assert browser.run("typeof window.hacked") == "undefined"
    assert browser.complaints and all("Content Security Policy" in json.dumps(told)
                                      for told in browser.complaints), browser.complaints
    browser.complaints.clear()


def check_phone(browser, _found):
    browser.resize(390, 844)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    assert browser.run("video.getBoundingClientRect().width") == 390
    lefts = browser.run("[...document.querySelectorAll('.cards li')].map("
                        "card => card.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1, lefts


def main():
    if find() is None:
        print("1..0 # SKIP no chromium")
        return
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        path, found = make(folder)
        browser.open(path)
        browser.wait("video.readyState >= 3")

        def case(check):
            check(browser, found)
            assert not browser.complaints, browser.complaints

        checks = (check_opening, check_playing, check_clicks, check_boxes, check_pictures, check_now,
                  check_words, check_phone, check_script)
        tap.run([(f"/{check.__name__[6:]}", functools.partial(case, check)) for check in checks])


main()
