"""The page of `pagehaul report`, read as a browser without style would: sections, tables, and what it refers to."""

import html.parser
import re

_VOID = {"meta", "link", "br", "wbr", "img", "input", "hr"}


class ReportPage(html.parser.HTMLParser):
    """text: all that is shown; sections: {id: text}; tables: {caption: [[cell]]}, the head's row first."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.source = source
        self.open, self.tags, self.attributes = [], set(), []
        self.sections, self.tables, self._text = {}, {}, []
        self._caption, self._rows, self._cell, self._section = None, None, None, None
        self.feed(source)
        self.close()
        assert not self.open, f"tags without an end: {self.open}"
        self.text = _joined(self._text)
        self.sections = {name: _joined(parts) for name, parts in self.sections.items()}

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "section":
            self._section = dict(attrs)["id"]
            self.sections[self._section] = []
        elif tag == "table":
            self._rows, self._caption = [], []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()
        if tag in ("td", "th"):
            self._rows[-1].append(_joined(self._cell))
            self._cell = None
        elif tag == "table":
            self.tables[_joined(self._caption)] = self._rows
            self._rows = self._caption = None
        elif tag == "section":
            self._section = None

    def handle_data(self, data):
        if "style" in self.open:
            return
        self._text.append(data)
        if self._section:
            self.sections[self._section].append(data)
        if self._cell is not None:
            self._cell.append(data)
        elif "caption" in self.open:
            self._caption.append(data)

    def rows(self, caption):
        """The rows of a table without its head."""
        return self.tables[caption][1:]


def _joined(parts):
    return re.sub(r"\s+", " ", "".join(parts)).strip()
