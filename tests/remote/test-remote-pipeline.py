#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pipelines/remote and vlm-run with a server: test-remote-pipeline.py PIPELINES BUILD MODEL"""
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pipelines"))
# Nothing here opens a device.
os.environ["VK_ICD_FILENAMES"] = os.environ["VK_DRIVER_FILES"] = "/dev/null"
os.environ.pop("VLM_API_KEY", None)

# pylint: disable=wrong-import-position
import tap
import watched
from examples import ENVIRONMENT, PIPELINES, fails, folder_with_clip, is_event, run
from simulated import Server


def test_events():
    with folder_with_clip() as clip, Server() as server:
        records = run("remote", server.address, clip, "window=2", "fps=2")
        events = [record for record in records if is_event(record)]
        assert events and events[-1]["state"] == "end", records
        told = {(event["model"], event["time_basis"]) for event in events}
        assert told == {(server.model, "mrope")}, events


def test_words():
    fails("remote", "clip.mkv", status=2, said="the first argument must be the address of a server")
    with folder_with_clip() as clip:
        fails("remote", "http://localhost:1/v1", clip, "request-timeout=0.5", status=1, said="localhost:1")


def vlm_run(*words, **variables):
    script = f"source '{PIPELINES}/setup.sh'; use_build; exec vlm-run \"$@\""
    return subprocess.run(["bash", "-c", script, "vlm-run", *map(str, words)],
                          env={**ENVIRONMENT, **variables}, text=True, capture_output=True,
                          timeout=watched.PATIENCE, check=False)


def test_vlm_run():
    with folder_with_clip() as clip, Server() as server:
        done = vlm_run("--model", server.address, "--video", clip, "What happens?")
        assert done.returncode == 0 and done.stdout == "Nothing much.\n", done
        done = vlm_run("--model", server.base, "--video", clip, "--task", "events", "--json", "a circle")
        assert done.returncode == 0, done
        answer = json.loads(done.stdout)
        assert answer["model"] == server.model and "device" not in answer, answer
        assert answer["answer"][0]["start_time"] == "00:00.50", answer
        server.shrink = 0.5
        done = vlm_run("--model", server.base, "--video", clip, "--task", "boxes", "circle")
        assert done.returncode == 2 and "--box-space" in done.stderr, done
        server.model = server.models[0] = "qwen3-vl"
        server.cell = 32
        done = vlm_run("--model", server.base, "--video", clip, "--task", "boxes", "circle")
        # In pixels of the clip.
        assert done.returncode == 0 and "[80, 0, 160, 120]" in done.stdout, done
        maps = clip.parent / "maps"
        done = vlm_run("--model", server.base, "--dump-attention", maps, "--video", clip, "Who?")
        assert done.returncode == 2 and "this machine" in done.stderr, done


def check_server(address, *settings):
    script = f"source '{PIPELINES}/setup.sh'; use_build; exec /usr/bin/python3 \"$@\""
    program = pathlib.Path(__file__).with_name("check-server.py")
    return subprocess.run(["bash", "-c", script, "check", program, address, *settings], env=ENVIRONMENT,
                          text=True, capture_output=True, timeout=watched.PATIENCE, check=False)


def test_check_server():
    """A line for each kind of question, as it would be with a real server."""
    with Server() as server:
        server.say = lambda question: (
            '[{"point_2d": [14, 14], "label": "circle"}]' if "Point to" in question.text else
            "[]" if "Spotting" in question.text else server.answer(question))
        done = check_server(server.address)
        lines = done.stdout.splitlines()
        assert done.returncode == 0 and len(lines) == 6, done
        assert "times by mrope, first: '[{\"start_time\"" in lines[0] and '"yes": 0.9' in lines[4], lines
        server.say = lambda question: server.answer(question)[:-1]
        done = check_server(server.address, "max-pixels=100000")
        assert done.returncode == 1 and "not of the requested form" in done.stdout.splitlines()[0], done
    done = check_server("http://localhost:1/v1", "request-timeout=0.2")
    assert done.returncode == 1 and done.stdout.count("localhost:1") >= 6, done
    assert check_server("http://localhost:1/v1", "nonsense").returncode == 1


PAGE = ('<html><body><h2 data-bbox="14 14 56 28">Gate &amp; yard</h2>'
        '<table data-bbox="14 42 98 84"><tr><td>1</td></tr></table><script>alert (1)</script></body></html>')


def test_document():
    """As blocks and as HTML, in pixels of the clip, without what does not belong to a page."""
    with folder_with_clip() as clip, Server() as server:
        server.say = lambda question: PAGE
        words = ("--model", server.address, "--video", clip, "--task", "document")
        done = vlm_run(*words, "--json")
        assert done.returncode == 0, done
        title, table = json.loads(done.stdout)["answer"][:2]
        assert (title["label"], title["text_content"], table["label"]) == ("h2", "Gate & yard", "table"), done
        assert "<td>1</td>" in table["html"] and len(title["bbox_2d"]) == 4, done
        done = vlm_run(*words, "--html")
        assert done.returncode == 0 and "Gate &amp; yard" in done.stdout and "data-bbox" in done.stdout, done
        assert "script" not in done.stdout, done


def test_log():
    """The prompt, and the answer with its tokens and time, as of a model on this machine."""
    with folder_with_clip() as clip, Server() as server:
        words = ("--model", server.address, "--video", clip, "What happens?")
        done = vlm_run(*words, G_MESSAGES_DEBUG="all")
        assert re.search(r"prompt: .*frames of video> What happens\?", done.stderr), done
        assert re.search(r"answer to \d+ tokens of \d+ tokens, \d\.\d{3} s: Nothing much\.",
                         done.stderr), done
        assert "prompt: " not in vlm_run(*words).stderr


tap.run_module(__name__)
