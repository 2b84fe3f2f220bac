"""People, their health, work and time."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from annotated_types import Len
from pydantic import (
    UUID4,
    BaseModel,
    ConfigDict,
    Field,
    FutureDate,
    HttpUrl,
    IPvAnyAddress,
    NaiveDatetime,
    PastDate,
    SecretStr,
    StringConstraints,
)


class Degree(enum.Enum):
    NONE = "none"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


class Education(BaseModel):
    school: str
    degree: Degree = Degree.NONE
    from_year: int = Field(ge=1900, le=2100)
    to_year: int | None = Field(None, ge=1900, le=2100)


class Job(BaseModel):
    employer: str
    title: str
    started: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Year and month")
    ended: str | None = Field(None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    achievements: list[str] = Field(default_factory=list, max_length=8)


class Link(BaseModel):
    label: str
    url: HttpUrl


class Resume(BaseModel):
    """A CV as an applicant-tracking system stores it."""

    name: str
    headline: str | None = None
    emails: list[str] = Field(min_length=1)
    phone: str | None = Field(None, pattern=r"^\+?[0-9 ()/-]{6,20}$")
    education: list[Education] = []
    jobs: list[Job] = []
    skills: dict[str, Literal["basic", "good", "expert"]] = {}
    languages: list[tuple[str, Literal["A1", "A2", "B1", "B2", "C1", "C2"]]] = []
    links: list[Link] = []


class CandidateScore(BaseModel):
    model_config = ConfigDict(extra="forbid")

    candidate: UUID4
    criteria: dict[Literal["experience", "skills", "communication"], Annotated[int, Field(ge=0, le=10)]]
    overall: float = Field(ge=0, le=10, multiple_of=0.5)
    recommendation: Literal["hire", "interview", "reject"]
    reasons: Annotated[list[str], Len(1, 5)]


class Attendee(BaseModel):
    name: str
    email: str | None = None
    required: bool = True
    response: Literal["accepted", "declined", "tentative", "needs-action"] = "needs-action"


class Recurrence(BaseModel):
    frequency: Literal["daily", "weekly", "monthly", "yearly"]
    interval: int = Field(1, ge=1, le=365)
    weekdays: set[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]] | None = None
    until: datetime.date | None = None


class CalendarEvent(BaseModel):
    summary: str
    start: datetime.datetime
    end: datetime.datetime
    all_day: bool = False
    attendees: list[Attendee] = []
    recurrence: Recurrence | None = None
    reminder: datetime.timedelta | None = None


class WorkingHours(BaseModel):
    opens: datetime.time
    closes: datetime.time
    breaks: list[tuple[datetime.time, datetime.time]] = []


class Meeting(BaseModel):
    """Minutes of a meeting."""

    held_on: PastDate
    participants: list[str]
    decisions: list[str]
    action_items: list[ActionItem]
    next_meeting: FutureDate | None = None


class ActionItem(BaseModel):
    owner: str
    task: str
    due: datetime.date | None
    priority: Literal[1, 2, 3]


class BloodPressure(NamedTuple):
    systolic: Annotated[int, Field(ge=50, le=260)]
    diastolic: Annotated[int, Field(ge=30, le=160)]


class Medication(BaseModel):
    name: str
    dose: str = Field(pattern=r"^\d+(\.\d+)? ?(mg|g|ml|µg|IU)$")
    times_per_day: int = Field(ge=1, le=12)
    as_needed: bool = False


class MedicalIntake(BaseModel):
    """What a practice asks of a new patient."""

    patient: str
    born: datetime.date
    sex: Literal["female", "male", "other", "unknown"]
    blood_group: Literal["A+", "A-", "B+", "B-", "AB+", "AB-", "0+", "0-"] | None = None
    pressure: BloodPressure | None = None
    temperature_celsius: float | None = Field(None, ge=30, le=45)
    allergies: list[str] | Literal["none known"]
    medications: list[Medication]
    pain: int = Field(ge=0, le=10)
    consent: Literal[True]


class Diagnosis(BaseModel):
    icd10: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$")]
    certainty: Literal["confirmed", "suspected", "excluded"]
    onset: datetime.date | Literal["unknown"]


class LabResult(BaseModel):
    test: str
    value: float | str
    unit: str | None = None
    range: tuple[float | None, float | None] = (None, None)
    flag: Literal["L", "N", "H"] | None = None


class Symptom(BaseModel):
    body_part: str
    side: Literal["left", "right", "both"] | None
    severity: Annotated[int, Field(ge=1, le=10)]
    since: datetime.date | None


class Triage(BaseModel):
    symptoms: list[Symptom] = Field(min_length=1)
    urgency: Literal["emergency", "urgent", "soon", "routine"]
    red_flags: list[str]
    advice: str = Field(max_length=500)


class UserProfile(BaseModel):
    id: UUID
    username: Annotated[
        str, StringConstraints(min_length=3, max_length=30, pattern=r"^[a-z][a-z0-9_]*$", to_lower=True)
    ]
    password: SecretStr
    last_ip: IPvAnyAddress | None = None
    joined: NaiveDatetime
    preferences: dict[str, Any] = {}
    roles: set[Literal["reader", "writer", "admin"]]


class Person(BaseModel):
    """A tree of ancestors."""

    name: str
    born: int | None = None
    mother: Person | None = None
    father: Person | None = None


class Employee(BaseModel):
    name: str
    manager: Employee | None = None
    reports: list[Employee] = []


class Trip(BaseModel):
    traveller: str = Field(alias="passengerName")
    legs: list[Leg] = Field(alias="itinerary", min_length=1)
    budget: float | None = Field(None, alias="maxBudget", gt=0)


class Leg(BaseModel):
    origin: str = Field(alias="from", pattern="^[A-Z]{3}$")
    destination: str = Field(alias="to", pattern="^[A-Z]{3}$")
    departure: datetime.datetime
    cabin: Literal["economy", "premium", "business", "first"] = "economy"


class SurveyAnswer(BaseModel):
    question_id: int
    answer: bool | int | str | list[str]


class Survey(BaseModel):
    respondent: UUID | None = None
    answers: list[SurveyAnswer]
    nps: int = Field(ge=0, le=10, title="How likely are you to recommend us?")


class Workout(BaseModel):
    sport: Literal["run", "bike", "swim", "strength"]
    duration: datetime.timedelta
    heart_rate: dict[str, Annotated[int, Field(gt=30, lt=230)]] = {}
    sets: list[tuple[int, float]] | None = None


MODELS = (
    Resume,
    CandidateScore,
    CalendarEvent,
    WorkingHours,
    Meeting,
    MedicalIntake,
    Diagnosis,
    LabResult,
    Triage,
    UserProfile,
    Person,
    Employee,
    Trip,
    Survey,
    Workout,
)
