#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page of the elements shows how to ask; what it shows runs."""
import os
import pathlib
import re
import subprocess
import sys

try:
    import gi
    gi.require_version('Gst', '1.0')
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

page = pathlib.Path(sys.argv[1]).read_text()
model = os.environ.get('VLM_TEST_MODEL', f"{os.environ['G_TEST_SRCDIR']}/data/tiny/checkpoint")
example = next(text for text in re.findall(r'^```python\n(.*?)^```', page, re.M | re.S) if "'ask'" in text)
# The model of the tests says anything, and much of it.
example = example.replace('name=w', 'name=w min-pixels=784 max-pixels=3136 max-tokens=24')

print('1..1')
run = subprocess.run([sys.executable, '-c', example, model], capture_output=True, text=True, timeout=600)
print('#', run.stdout.strip().replace('\n', ' '), run.stderr.strip().replace('\n', ' '))
passed = run.returncode == 0 and re.match(r'\d+\.\d s: ', run.stdout)
print('ok 1 ask' if passed else 'not ok 1 ask')
sys.exit(not passed)
