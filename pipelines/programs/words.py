# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words of a command line: SCRIPT, options, inputs, and properties of vlmevents."""
import fractions
import pathlib
import re
import sys

from running import GLib, GObject, Gst, complain

PROPERTY = re.compile("([a-z][a-z0-9-]*)=(.*)", re.DOTALL)
SLOWEST, FASTEST = fractions.Fraction(1, 3600), fractions.Fraction(1000)
ADDRESS = re.compile("[A-Za-z][A-Za-z0-9+.-]*://")


class Words:
    """`options`: the names of those that were given; `inputs`: files and addresses as they were written;
    `properties`: (name, value) as text, known to be good."""

    def __init__(self, argv, least, most=None, options=(), defaults=()):
        """`least` and `most`: how many inputs there must be; None for any number."""
        self.script = argv[1]
        self.options, self.inputs, self.properties = set(), [], list(defaults)
        self.element = make_watcher()
        words = argv[2:]
        while words:
            word = words.pop(0)
            if word == "--":
                self.inputs += words
                break
            self.add(word, options)
        if len(self.inputs) < least:
            self.refuse(self.usage(), as_it_is=True)
        if most is not None and len(self.inputs) > most:
            self.refuse(f"unexpected argument \"{self.inputs[most]}\"")

    def add(self, word, options):
        setting = PROPERTY.fullmatch(word)
        if word in options:
            self.options.add(word)
        elif word.startswith("-") and word != "-":
            name = word.lstrip("-").partition("=")[0]
            known = self.element.find_property(name)
            hint = f"; set the property with {name}=…" if known else ""
            self.refuse(f"unknown option {word}{hint}")
        elif setting and self.element.find_property(setting[1]):
            self.check(*setting.groups())
            self.properties.append(setting.groups())
        elif setting and not pathlib.Path(word).exists():
            self.refuse(f"vlmevents has no property \"{setting[1]}\", and no file {word} exists")
        else:
            self.inputs.append(word)

    def check(self, name, value):
        try:
            set_property(self.element, name, value)
        except ValueError as error:
            self.refuse(str(error))

    def usage(self):
        """The comment on top of the script, without the first two lines."""
        lines = pathlib.Path(self.script).read_text(encoding="utf-8").splitlines()[2:]
        return "\n".join(line[2:] for line in lines[:lines.index("")])

    def refuse(self, text, as_it_is=False):
        """Wrong usage: ends the program."""
        if as_it_is:
            sys.stderr.write(text + "\n")
        else:
            complain(f"{self.script}: {text}; see {self.script} --help")
        sys.exit(2)

    def apply(self, element):
        """Sets the properties on a vlmevents."""
        for name, value in self.properties:
            set_property(element, name, value)

    def has(self, name):
        return any(name == known for known, _ in self.properties)


def make_watcher(name=None):
    element = Gst.ElementFactory.make("vlmevents", name)
    if element is None:
        sys.exit("the element vlmevents is not installed; ./pipelines/demo builds it")
    return element


def parse(kind, text):
    """The text as GStreamer parses it; ValueError if it is not a value of the type."""
    if not re.fullmatch("[A-Za-z0-9_.:/+-]+", text):
        raise ValueError
    try:
        return Gst.Structure.from_string(f"parsed, value=({kind.name}){text}")[0]
    except TypeError as error:
        raise ValueError from error


def is_rate(text):
    """The fractions of vlmevents are rates. Python cannot see the range of such a property."""
    numerator, _, denominator = text.partition("/")
    return SLOWEST <= fractions.Fraction(int(numerator), int(denominator or 1)) <= FASTEST


def set_property(element, name, text):
    """ValueError if the text is not a value of the property."""
    spec = element.find_property(name)
    try:
        if not spec.flags & GObject.ParamFlags.WRITABLE:
            raise ValueError
        parsed = None if spec.value_type == GObject.TYPE_STRING else parse(spec.value_type, text)
    except ValueError:
        raise ValueError(f"{name} cannot be \"{text}\" (gst-inspect-1.0 vlmevents)") from None
    if hasattr(spec, "minimum") and not spec.minimum <= parsed.get_value("value") <= spec.maximum:
        raise ValueError(f"{name} must be from {spec.minimum} to {spec.maximum}, not {text}")
    if spec.value_type.name == "GstFraction" and not is_rate(text):
        raise ValueError(f"{name} must be from {SLOWEST} to {FASTEST}, not {text}")
    Gst.util_set_object_arg(element, name, text)


def is_address(word):
    return bool(ADDRESS.match(word))


def to_uri(word):
    """Addresses stay, names of files become addresses, whatever characters they have."""
    return word if is_address(word) else pathlib.Path(word).absolute().as_uri()


def to_path(word):
    """The local file that is meant, or None."""
    if not is_address(word):
        return pathlib.Path(word)
    return pathlib.Path(GLib.filename_from_uri(word)[0]) if word.startswith("file:") else None


def comes_back(word):
    """Whether a source that ends or fails may come back later."""
    return is_address(word) and not word.startswith("file:")


def without_password(word):
    """An address as it may be shown."""
    return re.sub("(://[^/@:]*):[^/@]*@", r"\1:***@", word)
