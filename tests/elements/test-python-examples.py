#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Python examples on the page of the elements run: how to ask, and how to trigger."""
import os
import pathlib
import re
import subprocess
import sys

try:
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

PAGE = pathlib.Path(sys.argv[1]).read_text()
MODEL = os.environ.get('VLM_TEST_MODEL', f"{os.environ['G_TEST_SRCDIR']}/data/tiny/checkpoint")
# name, what is in the example, what it prints at its end, the element it takes
EXAMPLES = (('ask', "'ask'", r'^\d+\.\d s: ', 'fakesink'),
            ('trigger', "'vlm-trigger'", r'^[1-9]\d* windows analysed, [1-9]\d* not$', 'motioncells'))

Gst.init(None)
print(f'1..{len(EXAMPLES)}')
passed = True
for number, (name, sign, pattern, element) in enumerate(EXAMPLES, 1):
    if not Gst.ElementFactory.find(element):
        print(f'ok {number} {name} # SKIP there is no {element}')
        continue
    example = next(text for text in re.findall(r'^```python\n(.*?)^```', PAGE, re.M | re.S) if sign in text)
    # The model of the tests gives random answers, and long ones.
    example = example.replace('name=w', 'name=w min-pixels=784 max-pixels=3136 max-tokens=24')
    run = subprocess.run([sys.executable, '-c', example, MODEL], capture_output=True, text=True, timeout=600)
    print('#', run.stdout.strip().replace('\n', ' '), run.stderr.strip().replace('\n', ' '))
    good = run.returncode == 0 and re.search(pattern, run.stdout, re.M)
    print('ok' if good else 'not ok', number, name)
    passed = passed and good
sys.exit(not passed)
