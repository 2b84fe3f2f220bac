"""HTML, as browsers read it: the text that would be shown, by blocks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .._limits import Limits
from .._text import Builder, Text
from .decoding import decode


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


UNSEEN = _tags("head script style template noscript svg math iframe object canvas select datalist")
BLOCKS = _tags(
    """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre search section summary table tbody tfoot thead tr ul
    """
)
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset=[\"']?\s*([\w.:-]{1,40})|<\?xml[^>]{0,100}?encoding=[\"']([\w.:-]{1,40})", re.I
)


def html(path: Path, limits: Limits) -> Text:
    data = path.read_bytes()
    found = _CHARSET.search(data[:4096])
    declared = (found[1] or found[2]).decode("ascii", "ignore") if found else None
    builder = Builder(limits.characters)
    add_html(decode(data, declared), builder)
    return builder.text()


def add_html(source: str, builder: Builder) -> None:
    """Adds what an HTML document shows. A first title becomes the builder's. Raises TooMuchTextError."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(source)
    title = tree.css_first("title")
    if title is not None and not builder.title:
        builder.title = " ".join(title.text().split())[:500]
    root = tree.body or tree.root
    if root is not None:
        _Walk(builder).walk(root)


class _Walk:
    """A walk over the nodes without recursion, since a hostile document nests without end."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._text: list[str] = []
        self._pre = 0

    def walk(self, root: Any) -> None:
        node, entering = root, True
        while True:
            if entering and self._enter(node) and (child := node.first_child) is not None:
                node = child
                continue
            self._leave(node)
            if node.mem_id == root.mem_id:
                break
            following = node.next
            if following is not None:
                node, entering = following, True
            else:
                node, entering = node.parent, False
        self._end_block("paragraph")

    def _enter(self, node: Any) -> bool:
        """Whether to look into the node."""
        if node.is_text_node:
            self._text.append(node.text_content or "")
            return False
        tag = node.tag
        if not node.is_element_node or tag in UNSEEN or "hidden" in node.attributes:
            return False
        if tag in BLOCKS:
            self._end_block("code" if self._pre else "paragraph")
        if tag == "pre":
            self._pre += 1
        elif tag == "br":
            self._text.append("\n" if self._pre else " \v ")
        elif tag == "li":
            self._text.append("- ")
        elif tag in ("td", "th") and "".join(self._text).strip():
            self._text.append(" | ")
        elif tag == "img" and (alt := node.attributes.get("alt")):
            self._text.append(f" {alt} ")
        return True

    def _leave(self, node: Any) -> None:
        tag = node.tag if node.is_element_node else None
        if tag is None or tag in UNSEEN:
            return
        if tag == "pre" and self._pre:
            self._end_block("code")
            self._pre -= 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._builder.heading("".join(self._text), int(tag[1]))
            self._text = []
        elif tag in BLOCKS:
            self._end_block("code" if self._pre else "table" if tag == "tr" else "paragraph")

    def _end_block(self, kind: Any) -> None:
        text = "".join(self._text)
        self._text = []
        if kind != "code":
            text = "\n".join(" ".join(line.split()) for line in text.replace("\n", " ").split("\v"))
        if text.strip(" -|\n"):
            self._builder.add(text, kind)
