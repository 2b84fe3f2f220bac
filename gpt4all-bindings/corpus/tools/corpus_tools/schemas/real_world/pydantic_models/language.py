"""What texts are asked for: classes, entities, summaries, exercises."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter

T = TypeVar("T")
Confidence = Annotated[float, Field(ge=0.0, le=1.0, description="How sure the model is")]


class Sentiment(str, enum.Enum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MIXED = "mixed"


class SentimentResult(BaseModel):
    """Sentiment of a review."""

    sentiment: Sentiment
    confidence: Confidence
    aspects: dict[str, Sentiment] = Field(default_factory=dict)


class SpamVerdict(BaseModel):
    label: Literal["spam", "not_spam"]
    probability: float = Field(gt=0, lt=1)


class MultiLabel(BaseModel):
    labels: list[Literal["billing", "bug", "feature request", "account", "other"]] = Field(min_length=1, max_length=3)
    rationale: str


class TicketPriority(enum.IntEnum):
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class SupportTicket(BaseModel):
    subject: str = Field(max_length=100)
    product: str | None
    category: Literal["bug", "question", "complaint", "praise"]
    priority: TicketPriority
    customer_mood: Sentiment
    order_numbers: list[Annotated[str, Field(pattern=r"^#\d{5,8}$")]] = []
    needs_human: bool
    suggested_reply: str | None = None


class Span(BaseModel):
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str


class Entity(Span):
    kind: Literal["PERSON", "ORG", "LOC", "DATE", "MONEY", "MISC"]
    link: str | None = Field(None, pattern=r"^Q[1-9]\d*$", description="Wikidata item")


class Relation(BaseModel):
    subject: int
    predicate: Literal["works_for", "located_in", "founded", "married_to"]
    object: int


class Extraction(BaseModel):
    entities: list[Entity]
    relations: list[Relation]


class Triple(BaseModel):
    head: str
    relation: str
    tail: str


Triples = TypeAdapter(list[Triple])
Ranking = TypeAdapter(Annotated[list[int], Field(min_length=3, max_length=3)])
YesNo = TypeAdapter(Literal["yes", "no", "unsure"])


class Tags(RootModel[list[Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=24)]]]):
    """Slugs."""


class Translations(RootModel[dict[Literal["de", "fr", "es", "it"], str]]):
    pass


class Summary(BaseModel):
    title: str = Field(max_length=60)
    bullet_points: list[str] = Field(min_length=3, max_length=5)
    audience: Literal["expert", "layperson"]
    reading_minutes: float = Field(ge=0.5)


class Citation(BaseModel):
    source: int = Field(ge=1)
    quote: str | None = Field(None, min_length=10)


class CitedAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    answer: str
    citations: list[Citation]
    answerable: bool


class Flashcard(BaseModel):
    front: str
    back: str
    cloze: bool = False


class ChoiceQuestion(BaseModel):
    type: Literal["choice"] = "choice"
    prompt: str
    options: Annotated[list[str], Field(min_length=2, max_length=6)]
    correct: int = Field(ge=0, le=5)


class OpenQuestion(BaseModel):
    type: Literal["open"] = "open"
    prompt: str
    sample_answer: str
    points: int = Field(1, ge=1)


class TrueFalseQuestion(BaseModel):
    type: Literal["true_false"] = "true_false"
    statement: str
    is_true: bool


class Quiz(BaseModel):
    topic: str
    level: Literal["easy", "medium", "hard"] = "medium"
    questions: list[Annotated[ChoiceQuestion | OpenQuestion | TrueFalseQuestion, Field(discriminator="type")]]


class Rubric(BaseModel):
    criterion: str
    score: Literal[0, 1, 2, 3, 4]
    evidence: list[str]


class EssayFeedback(BaseModel):
    rubrics: list[Rubric]
    grade: str = Field(pattern=r"^[A-F][+-]?$")
    corrections: list[tuple[str, str]]


class Ingredient(BaseModel):
    name: str
    amount: float | str | None = None
    unit: Literal["g", "ml", "tsp", "tbsp", "piece"] | None = None
    optional: bool = False


class Recipe(BaseModel):
    name: str
    servings: int = Field(4, ge=1, le=24)
    ingredients: list[Ingredient]
    steps: list[str]
    total_time: datetime.timedelta
    diet: set[Literal["vegan", "vegetarian", "gluten-free", "halal"]] = set()


class Movie(BaseModel):
    title: str
    year: int = Field(ge=1888, le=2100)
    genres: list[str] = Field(json_schema_extra={"uniqueItems": True})
    imdb: str | None = Field(None, pattern=r"^tt\d{7,8}$")


class SearchQuery(BaseModel):
    """A question turned into a query."""

    keywords: list[str]
    must_not: list[str] = []
    since: datetime.date | None = None
    sort: Literal["relevance", "-date", "date"] = "relevance"
    page: int = Field(1, ge=1)


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int = Field(ge=0)
    next_cursor: str | None = None


class Paraphrases(BaseModel):
    original: str
    variants: tuple[str, str, str]
    formality: float = Field(ge=-1, le=1)


class Moderation(BaseModel):
    flagged: bool
    categories: dict[Literal["hate", "violence", "self_harm", "sexual"], bool]
    scores: dict[str, Confidence]


class Haiku(BaseModel):
    lines: tuple[Line, Line, Line]


class Line(BaseModel):
    text: str = Field(min_length=5, max_length=60)
    syllables: Literal[5, 7]


MODELS = (
    SentimentResult,
    SpamVerdict,
    MultiLabel,
    SupportTicket,
    Extraction,
    Tags,
    Translations,
    Summary,
    CitedAnswer,
    Flashcard,
    Quiz,
    EssayFeedback,
    Recipe,
    Movie,
    SearchQuery,
    Page[Movie],
    Page[str],
    Paraphrases,
    Moderation,
    Haiku,
)
ADAPTERS = {"Triples": Triples, "Ranking": Ranking, "YesNo": YesNo}
