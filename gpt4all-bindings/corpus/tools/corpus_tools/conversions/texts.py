"""Texts to compare tokenizers with: what people write, what trips tokenizers, and random mixtures of both."""

from __future__ import annotations

import random

WRITTEN = [
    "",
    " ",
    "ROMEO:\nWhat light is this, that breaks upon the window?\n",
    "I'll, we've, they'd, you're, it's, DON'T, 'tis",
    "  two spaces,   three,    four, and at the end  ",
    "\n\n\nlines\n \n  \n\ttabs\t\tand\r\nreturns\r\n",
    "1 22 333 4444 55555 3.14159 1,000,000 2023-11-22 0x1F",
    "déjà vu, naïve café, Ünïcödé, ß, ŒUVRE",
    "日本語のテキスト、中文文本, 한국어 텍스트, русский текст, ελληνικά, עברית, العربية",
    "🙂🚀 👩‍👩‍👧‍👦 🇩🇪 ✅ ️",
    "for (int i = 0; i < n; ++i) { a[i] = b[i] * 2; } // code",
    "https://example.org/a?b=c&d=%20e#f",
    "<|endoftext|> and <|padding|> and <s> and </s> and <unk>",
    "\ufeff\u00ad\u200b‍ zero widths",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ①②③ ½ ﬁ ﬂ",
    "\x00\x01\x1f\x7f\x85 \u2028",
    "ＦＵＬＬ ＷＩＤＴＨ",
    "a" * 300,
    " " * 100,
]


def texts(count: int) -> list[str]:
    """The written texts and `count` mixtures, the same ones every time. All of them are in Unicode's form NFC."""
    generator = random.Random(20231122)
    pieces = [piece for text in WRITTEN for piece in text.split(" ")] + [" ", "  ", "\n", "\n\n", "'s", "!", "…", "é"]
    mixed = []
    for _ in range(count):
        chosen = [generator.choice(pieces) for _ in range(generator.randint(1, 40))]
        mixed.append(generator.choice([" ", "", "\n"]).join(chosen))
    return WRITTEN + mixed
