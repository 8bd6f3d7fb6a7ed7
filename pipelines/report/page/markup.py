# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTML. Everything that is not ours goes through `esc`."""
import base64
import html

VOID = ("img", "meta", "track")


def esc(text):
    return html.escape(str(text), quote=True)


def tag(name, *inside, **attributes):
    """`inside` is HTML, attributes are text; `class_` is class, `data_t` is data-t."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"'
                      for key, value in attributes.items() if value is not None)
    return f"<{name}{written}>" + ("" if name in VOID else f"{''.join(inside)}</{name}>")


def data_url(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def words_of(event):
    return tag("bdi", esc(event.text or "(no words)"))


def moments(event):
    """What page.js needs of an event: the time to seek to, and the span in which it is marked."""
    return {"data_t": f"{event.start:.3f}", "data_end": f"{event.end:.3f}"}
