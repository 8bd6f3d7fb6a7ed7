# SPDX-License-Identifier: LGPL-2.1-or-later
"""A headless chromium, controlled over the pipe of its DevTools protocol."""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

# Seconds.
PATIENCE = 300
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
         "--remote-debugging-pipe")
# It reads from 3 and writes to 4, as bash sees to.
START = 'exec "$0" "$@" 3<&{} 4>&{}'


def find():
    return shutil.which("chromium")


class Failed(Exception):
    """The browser's answer to a command that fails."""


class Browser:
    """`complaints`: errors and warnings of the console; `requests`: the addresses that it requested."""

    def __init__(self, width=1000, height=1180):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self.output = os.pipe()
        self.input, theirs_out = os.pipe()
        command = [find(), *FLAGS, f"--user-data-dir={self.folder.name}", f"--window-size={width},{height}"]
        # It does not start with the runtime of a sanitizer.
        env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        self.process = subprocess.Popen(
            ["bash", "-c", START.format(theirs_in, theirs_out), *command],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**env, "HOME": self.folder.name})
        os.close(theirs_in)
        os.close(theirs_out)
        self.data, self.number, self.session = b"", 0, None
        self.complaints, self.requests = [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        os.close(self.input)
        os.close(self.output)
        self.folder.cleanup()

    # The protocol: JSON, each message ends with a 0

    def receive(self, until):
        while b"\0" not in self.data:
            ready, _, _ = select.select([self.input], [], [], max(0.0, until - time.monotonic()))
            read = os.read(self.input, 1 << 16) if ready else b""
            if not read:
                raise TimeoutError("the browser says nothing")
            self.data += read
        message, _, self.data = self.data.partition(b"\0")
        return json.loads(message)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while (answer := self.receive(until)).get("id") != self.number:
            self.note(answer)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']}")
        return answer["result"]

    def note(self, message):
        """The events that it sends unrequested."""
        params = message.get("params", {})
        if message["method"] == "Runtime.consoleAPICalled":
            self.complaints.append(params["args"])
        elif message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"])
        elif message["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"])
        elif message["method"] == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    # What a user does

    def resize(self, width, height, dark=False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        features = {"prefers-color-scheme": "dark" if dark else "light",
                    "prefers-reduced-motion": "reduce"}  # a scrolling element cannot be clicked
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": name, "value": value} for name, value in features.items()])

    def open(self, path):
        self.ask("Page.navigate", url=pathlib.Path(path).absolute().as_uri())
        self.wait("document.readyState == 'complete' && location.protocol == 'file:'")

    def run(self, script):
        """The value of an expression of the page, which may be a promise."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
                          userGesture=True)
        if "exceptionDetails" in answer:
            raise Failed(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, condition):
        until = time.monotonic() + PATIENCE
        while not self.run(condition):
            if time.monotonic() > until:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def click(self, selector, number=0):
        """Clicks on the middle of an element, wherever it is; of several, on that number."""
        x, y = self.run(f"""(element => {{
            element.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})(document.querySelectorAll({json.dumps(selector)})[{number}])""")
        self.click_at(x, y)

    def click_at(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def picture(self, **clip):
        """PNG of the visible page, or of a part of it: x, y, width, height and scale."""
        part = {"clip": clip} if clip else {}
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", **part)["data"])
