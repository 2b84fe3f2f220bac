"""200 different sentences of many lengths and kinds, for comparing embeddings."""

from __future__ import annotations

from itertools import product

_SUBJECTS = (
    "The night train", "A retired physicist", "My neighbour's cat", "The municipal orchestra", "Every second volcano",
    "The last ferry to the island", "An unusually honest advertisement", "The recipe my grandmother wrote down",
)  # fmt: skip
_ACTIONS = (
    "arrives eleven minutes late", "refuses to answer questions about money", "is painted blue and yellow",
    "smells of cinnamon and wet stone", "was rebuilt after the flood of 1953",
)  # fmt: skip
_ENDINGS = (
    ".", ", as the newspapers have reported for weeks without anybody taking the slightest notice of it.",
    ", and nobody knows why.", " - which is, all in all, good news for the 1,250 people who depend on it; isn't it?",
)  # fmt: skip

_OTHERS = (
    "Hello!", "42", "What is the capital of Mongolia?", "def add(a, b): return a + b", "I can't, I won't & I shan't.",
    "Zürich, São Paulo, Kraków and Đà Nẵng", "café naïve façade", "EVERYTHING IS WRITTEN IN CAPITALS TODAY",
    "https://example.org/a/very/long/path?with=query&and=more#fragment", "e = mc²", "日本語の短い文です。",
    "Это короткое предложение.", "pneumonoultramicroscopicsilicovolcanoconiosis", "…", "a", "to be or not to be",
    "Temperature: 21.5 °C; humidity: 48 %", "She said: \"Never again,\" and meant it.", "rock-and-roll, 24/7",
    "tabs\tand\nline ends\r\nare white space", "🙂 an emoji opens this sentence", "supercalifragilisticexpialidocious!",
    "Return the book to shelf B-12 (second floor).", "one two three four five six seven eight nine ten",
    "The the the the the the the the.", "Photosynthesis turns light into sugar.", "Il fait beau aujourd'hui.",
    "Der Hund schläft unter dem Tisch.", "La lluvia en Sevilla es una maravilla.", "NaN != NaN",
)  # fmt: skip

_LONG = tuple(
    " ".join(f"{subject} {action}." for subject, action in product(_SUBJECTS[:count], _ACTIONS[:3]))
    for count in range(1, 7)
)

SENTENCES = [
    *(subject + " " + action + ending for subject, action, ending in product(_SUBJECTS, _ACTIONS, _ENDINGS)),
    *_OTHERS,
    *_LONG,
    *(f"Line {number} of the list mentions {word}." for number, word in enumerate(("salt", "iron", "glass", "rain"))),
]
assert len(set(SENTENCES)) == 200
