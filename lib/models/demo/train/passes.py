# gst-vlm: where a training keeps what it has
# SPDX-License-Identifier: LGPL-2.1-or-later


def folders(run):
  """That of the run, which has the states and logs of all stages, then those of
  the further passes of the last stage, in their order."""
  return [run, *sorted(run.glob("pass-*"), key=lambda p: int(p.name[5:]))]
