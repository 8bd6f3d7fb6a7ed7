#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything public is documented: types, their members and public fields,
functions, their parameters and what they return, macros, constants. Each type,
function, macro and constant says since which version it is there, and what can
fail names its errors.

    check-api-docs.py VERSION [GIR…]     skipped without one
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
TYPES = {CORE + tag for tag in ("class", "interface", "record", "union", "enumeration", "bitfield")}
CALLS = {CORE + tag for tag in ("function", "method", "constructor", "callback", "virtual-method",
                                "function-macro")} | {GLIB + "signal"}
OTHERS = {CORE + tag for tag in ("member", "field", "constant", "property")}
TAGGED = TYPES | CALLS | {CORE + "constant"} - {CORE + "virtual-method"}
ERRORS = re.compile(r"#Vlm\w+Error|%\w+_ERROR_\w+")
PARAMETERS = {CORE + "parameter", CORE + "instance-parameter"}

# Each name here must be complained of, and nothing else.
SAMPLE = f"""
<repository xmlns="{CORE[1:-1]}" xmlns:c="{C[1:-1]}" xmlns:glib="{GLIB[1:-1]}"><namespace name="X">
<function name="f" c:identifier="bare" version="0.1">
  <return-value><type name="none"/></return-value></function>
<function name="g" c:identifier="returns" version="0.1">
  <doc>d</doc><return-value><type name="int"/></return-value></function>
<function name="h" c:identifier="x_h" version="1.10">
  <doc>d</doc><return-value><type name="none"/></return-value>
  <parameters><parameter name="parameter"/></parameters></function>
<function name="k" c:identifier="x_k" version="1.9" throws="1">
  <doc>d</doc><return-value><doc>d</doc><type name="int"/></return-value></function>
<record name="Class" glib:is-gtype-struct-for="R"><doc>d</doc><field name="parent"/></record>
<record name="R" version="0.2"><doc>d</doc><field name="own" private="1"/><field name="field"/></record>
<enumeration name="E"><member name="member"/></enumeration>
</namespace></repository>"""
COMPLAINTS = {"bare: no documentation", "returns: what it returns: no documentation",
              "x_k: names no error", "x_h: parameter: no documentation", "x_h: since 1.10, but this is 1.9.3",
              "X.R.field: no documentation", "X.E: no documentation", "X.E: no Since:",
              "X.E.member: no documentation"}


def has_doc(element):
    doc = element.find(CORE + "doc")
    return doc is not None and (doc.text or "").strip() != ""


def all_docs(element):
    return " ".join(doc.text or "" for doc in element.iter(CORE + "doc"))


def returns_something(call):
    value = call.find(CORE + "return-value")
    kind = value.find(CORE + "type") if value is not None else None
    return value is not None and (kind is None or kind.get("name") != "none")


def is_public(element):
    return element.get("private") != "1" and element.get("readable") != "0"


def numbers(version):
    return [int(number) for number in version.split(".")]


def complaints(element, version, path=""):
    if element.get("name") is not None:
        path = f"{path}.{element.get('name')}".lstrip(".")
    name = element.get(C + "identifier", path)
    # the macros that declare a class declare its structure, too
    is_class = element.get(GLIB + "is-gtype-struct-for") is not None
    if not is_class and (element.tag in TYPES | CALLS or element.tag in OTHERS and is_public(element)):
        if not has_doc(element):
            yield f"{name}: no documentation"
    if not is_class and element.tag in TAGGED:
        since = element.get("version")
        if since is None:
            yield f"{name}: no Since:"
        elif numbers(since) > numbers(version)[:2]:
            yield f"{name}: since {since}, but this is {version}"
    if element.tag in CALLS:
        for parameter in element.iter():
            if parameter.tag in PARAMETERS and not has_doc(parameter):
                yield f"{name}: {parameter.get('name')}: no documentation"
        if returns_something(element) and not has_doc(element.find(CORE + "return-value")):
            yield f"{name}: what it returns: no documentation"
        if element.get("throws") == "1" and not ERRORS.search(all_docs(element)):
            yield f"{name}: names no error"
    # the slots of a class are documented with the class
    elif not is_class:
        for child in element:
            yield from complaints(child, version, path)


def main(version, *girs):
    if not girs:
        print("no introspection data was built")
        return 77
    assert set(complaints(ElementTree.fromstring(SAMPLE), "1.9.3")) == COMPLAINTS
    found = sorted({text for gir in girs for text in complaints(ElementTree.parse(gir).getroot(), version)})
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
