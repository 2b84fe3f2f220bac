"""Plans, tool calls, queries and other structures that programs act upon."""

from __future__ import annotations

import datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Base64Str, BaseModel, ConfigDict, Discriminator, Field, JsonValue, RootModel, Tag, TypeAdapter

T = TypeVar("T")


class Thought(BaseModel):
    explanation: str
    output: str


class MathReasoning(BaseModel):
    """Step by step, and the answer last."""

    steps: list[Thought]
    final_answer: str


class PlanStep(BaseModel):
    id: int = Field(ge=1)
    action: str
    depends_on: list[int] = []
    tool: Literal["search", "python", "browser", "none"] = "none"
    done: bool = False


class Plan(BaseModel):
    goal: str
    steps: list[PlanStep] = Field(min_length=1, max_length=12)
    estimated_minutes: int | None = None


class SearchWeb(BaseModel):
    """Searches the web."""

    name: Literal["search_web"]
    query: str = Field(min_length=1, max_length=400)
    results: int = Field(5, ge=1, le=20)


class RunPython(BaseModel):
    name: Literal["run_python"]
    code: str
    timeout_seconds: float = Field(30, gt=0, le=600)


class SendMail(BaseModel):
    name: Literal["send_mail"]
    to: list[str]
    cc: list[str] = []
    subject: str
    body: str
    attachments: list[Path] = []


class Finish(BaseModel):
    name: Literal["finish"]
    answer: str


Action = Annotated[SearchWeb | RunPython | SendMail | Finish, Field(discriminator="name")]


class AgentTurn(BaseModel):
    thought: str
    action: Action


class ToolCall(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^call_[A-Za-z0-9]{24}$")
    function: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$")
    arguments: dict[str, JsonValue]


class Retry(BaseModel):
    attempts: int = Field(3, ge=0, le=10)
    backoff: Literal["constant", "linear", "exponential"] = "exponential"
    jitter: bool | float = True


class HttpRequest(BaseModel):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = {}
    body: str | dict[str, Any] | None = None
    retry: Retry = Retry(attempts=3)


class Column(BaseModel):
    name: str = Field(pattern="^[a-z_][a-z0-9_]*$")
    aggregate: Literal["count", "sum", "avg", "min", "max"] | None = None


class Comparison(BaseModel):
    op: Literal["=", "!=", "<", "<=", ">", ">="]
    column: str
    value: str | int | float | bool | None


class And(BaseModel):
    op: Literal["and"]
    args: list[Condition] = Field(min_length=2)


class Or(BaseModel):
    op: Literal["or"]
    args: list[Condition] = Field(min_length=2)


class Not(BaseModel):
    op: Literal["not"]
    arg: Condition


Condition = Comparison | And | Or | Not


class SqlQuery(BaseModel):
    """A SELECT as a tree."""

    table: str
    columns: list[Column] | Literal["*"]
    where: Condition | None = None
    order_by: list[tuple[str, Literal["asc", "desc"]]] = []
    limit: int | None = Field(None, ge=1, le=1000)


class Constant(BaseModel):
    kind: Literal["constant"]
    value: float


class Variable(BaseModel):
    kind: Literal["variable"]
    name: str = Field(pattern="^[a-z]$")


class Binary(BaseModel):
    kind: Literal["binary"]
    operator: Literal["+", "-", "*", "/", "^"]
    left: Expression
    right: Expression


Expression = Annotated[Constant | Variable | Binary, Field(discriminator="kind")]


class Formula(BaseModel):
    root: Expression


class GraphNode(BaseModel):
    id: str
    label: str
    properties: dict[str, str | int | float | bool] = {}


class GraphEdge(BaseModel):
    source: str
    target: str
    weight: float | None = Field(None, ge=0)
    directed: bool = True


class KnowledgeGraph(BaseModel):
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class ChessMove(BaseModel):
    san: str = Field(pattern=r"^([KQRBN]?[a-h]?[1-8]?x?[a-h][1-8](=[QRBN])?|O-O(-O)?)[+#]?$")
    uci: str = Field(pattern="^[a-h][1-8][a-h][1-8][qrbn]?$")
    evaluation: float | Literal["mate"] | None = None
    comment: str = ""


Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


class GeoPoint(BaseModel):
    type: Literal["Point"]
    coordinates: tuple[Longitude, Latitude]


class GeoPolygon(BaseModel):
    type: Literal["Polygon"]
    coordinates: list[Annotated[list[tuple[Longitude, Latitude]], Field(min_length=4)]]


class GeoFeature(BaseModel):
    type: Literal["Feature"] = "Feature"
    geometry: Annotated[GeoPoint | GeoPolygon, Field(discriminator="type")]
    properties: dict[str, JsonValue] | None


class Folder(BaseModel):
    name: str = Field(pattern=r'^[^/\\:*?"<>|]+$')
    children: list[Folder | File] = []


class File(BaseModel):
    name: str
    size: int = Field(ge=0)
    modified: datetime.datetime
    content: Base64Str | None = None


class Tree(BaseModel, Generic[T]):
    value: T
    children: list[Tree[T]] = []


class UiElement(BaseModel):
    type: Literal["div", "button", "header", "section", "field", "form"]
    label: str
    children: list[UiElement]
    attributes: list[UiAttribute]


class UiAttribute(BaseModel):
    name: str
    value: str


class Colour(RootModel[Annotated[str, Field(pattern="^#(?:[0-9a-fA-F]{3}){1,2}$")]]):
    pass


class Theme(BaseModel):
    name: str
    colours: dict[Literal["primary", "secondary", "accent"], Colour]
    font_size: Annotated[int, Field(ge=8, le=32, multiple_of=2)] | Literal["inherit"]


def kind_of(value: Any) -> str:
    return "text" if isinstance(value, str) else "parts"


class Message(BaseModel):
    role: Literal["system", "user", "assistant", "tool"]
    content: Annotated[
        Annotated[str, Tag("text")] | Annotated[list[dict[str, str]], Tag("parts")], Discriminator(kind_of)
    ]


class Host(BaseModel):
    address: IPv4Address
    ports: list[Annotated[int, Field(ge=1, le=65535)]]
    os: str | None


class GitCommit(BaseModel):
    sha: str = Field(pattern="^[0-9a-f]{7,40}$")
    type: Literal["feat", "fix", "docs", "refactor", "test", "chore"]
    scope: str | None = None
    subject: str = Field(max_length=72, pattern=r"^[a-z].*[^.]$")
    breaking: bool = False


class CodeReview(BaseModel):
    comments: list[ReviewComment]
    verdict: Literal["approve", "request_changes", "comment"]


class ReviewComment(BaseModel):
    file: str
    lines: tuple[int, int] | int
    severity: Literal["nit", "minor", "major", "blocker"] = "minor"
    suggestion: str | None = None


class SmartHomeCommand(BaseModel):
    device: UUID | str
    command: Literal["on", "off", "dim", "set_temperature"]
    value: Annotated[int, Field(ge=0, le=100)] | Annotated[float, Field(ge=5, le=30)] | None = None
    at: datetime.time | None = None


MODELS = (
    MathReasoning,
    Plan,
    AgentTurn,
    ToolCall,
    HttpRequest,
    SqlQuery,
    Formula,
    KnowledgeGraph,
    ChessMove,
    GeoFeature,
    Folder,
    Tree[int],
    Tree[str],
    UiElement,
    Theme,
    Message,
    Host,
    GitCommit,
    CodeReview,
    SmartHomeCommand,
)
ADAPTERS = {"Action": TypeAdapter(Action), "Actions": TypeAdapter(list[Action]), "Json": TypeAdapter(JsonValue)}
