"""Papers, goods and money, as applications extract them from documents and mails."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AnyHttpUrl,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    computed_field,
    conint,
    conlist,
    constr,
)
from pydantic.alias_generators import to_camel

# What EmailStr becomes, which wants a package of its own
Email = Annotated[str, Field(json_schema_extra={"format": "email"})]


class Currency(str, enum.Enum):
    EUR = "EUR"
    USD = "USD"
    GBP = "GBP"
    JPY = "JPY"


class Address(BaseModel):
    street: str
    city: str
    postal_code: str = Field(description="As printed, with letters where the country has them")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class LineItem(BaseModel):
    description: str
    quantity: PositiveInt
    unit_price: float = Field(ge=0)
    vat_rate: float = Field(0.19, ge=0, le=1)


class Invoice(BaseModel):
    """A bill from a supplier."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=1, max_length=40)
    issued: datetime.date
    due: datetime.date | None = None
    seller: Address
    buyer: Address
    currency: Currency = Currency.EUR
    items: list[LineItem] = Field(min_length=1)
    total: float


class LedgerEntry(BaseModel):
    account: constr(pattern=r"^\d{4}$")  # type: ignore[valid-type]
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    booked: datetime.date


class Price(BaseModel):
    amount: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    currency: Currency


class Receipt(BaseModel):
    merchant: str
    purchased_at: datetime.datetime
    lines: list[ReceiptLine]
    tip: float | None = None
    payment: Literal["cash", "card", "voucher"]
    card_last_four: str | None = Field(None, pattern="^[0-9]{4}$")


class ReceiptLine(BaseModel):
    text: str = Field(max_length=80)
    amount: float
    category: Literal["food", "drink", "household", "other"] = "other"


class Dimensions(BaseModel):
    width: PositiveFloat
    height: PositiveFloat
    depth: PositiveFloat
    unit: Literal["mm", "cm", "in"] = "cm"


class Product(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    product_id: UUID
    display_name: str = Field(min_length=3, max_length=120)
    list_price: Price
    size_and_weight: Dimensions | None = None
    image_urls: list[HttpUrl] = []
    search_tags: set[str] = set()
    is_active: bool = True


class Catalogue(BaseModel):
    products: dict[str, Product]
    categories: dict[str, list[str]]
    generated: AwareDatetime


class StockLevel(BaseModel):
    sku: str = Field(pattern=r"^[A-Z]{3}-\d{4,6}(-[A-Z0-9]{1,4})?$")
    on_hand: NonNegativeInt
    reserved: NonNegativeInt = 0
    reorder_in_packs_of: int = Field(12, multiple_of=6, gt=0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class CardPayment(BaseModel):
    method: Literal["card"]
    network: Literal["visa", "mastercard", "amex"]
    last_four: str = Field(pattern=r"^\d{4}$")
    expires: str = Field(pattern=r"^(0[1-9]|1[0-2])/\d{2}$")


class TransferPayment(BaseModel):
    method: Literal["transfer"]
    iban: str = Field(pattern=r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")
    bic: str | None = Field(None, pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$")


class CashPayment(BaseModel):
    method: Literal["cash"]


class Checkout(BaseModel):
    """What a customer wants to buy, and how."""

    cart: Annotated[dict[str, conint(ge=1, le=99)], Field(min_length=1)]  # type: ignore[valid-type]
    payment: Annotated[CardPayment | TransferPayment | CashPayment, Field(discriminator="method")]
    gift_note: Annotated[str, Field(max_length=200)] | None = None


class Parcel(BaseModel):
    tracking: str = Field(pattern="^1Z[0-9A-Z]{16}$")
    weight_kg: float = Field(gt=0, lt=70)
    size: tuple[float, float, float]
    events: list[TrackingEvent]


class TrackingEvent(BaseModel):
    at: datetime.datetime
    place: str
    status: Literal["accepted", "in_transit", "out_for_delivery", "delivered", "exception"]


class SubscriptionPlan(BaseModel):
    name: Literal["free", "team", "enterprise"]
    seats: int | Literal["unlimited"]
    billing_period: datetime.timedelta
    trial_until: datetime.date | None
    features: frozenset[Literal["sso", "audit_log", "support", "api"]] = frozenset()


class ExpenseReport(BaseModel):
    employee: EmailLike
    period: tuple[datetime.date, datetime.date]
    expenses: conlist(Expense, min_length=1, max_length=100)  # type: ignore[valid-type]
    approved: bool | None = None


class EmailLike(BaseModel):
    name: str
    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")


class Expense(BaseModel):
    what: str
    amount: Annotated[float, Field(gt=0, description="In the report's currency")]
    receipt: AnyUrl | None = None
    km: int | None = Field(default=None, ge=1, le=2000, title="Kilometres")


class Supplier(BaseModel):
    name: str
    vat_id: str | None = Field(None, examples=["DE123456789"], pattern=r"^[A-Z]{2}[0-9A-Za-z+*.]{2,12}$")
    website: AnyHttpUrl | None = None
    contact: Email
    rating: int = Field(ge=1, le=5)
    terms_days: Literal[14, 30, 60, 90] = 30


class ContractClause(BaseModel):
    number: str = Field(pattern=r"^\d+(\.\d+)*$")
    heading: str
    text: str
    risk: Literal["none", "low", "medium", "high"]
    sub_clauses: list[ContractClause] = []


class Contract(BaseModel):
    parties: conlist(str, min_length=2)  # type: ignore[valid-type]
    effective: datetime.date
    term_months: PositiveInt | None
    governing_law: str
    clauses: list[ContractClause]


class BankStatement(BaseModel):
    account: str
    opening: Decimal
    closing: Decimal
    rows: list[StatementRow]


class StatementRow(BaseModel):
    booked: datetime.date
    purpose: str
    amount: Annotated[Decimal, Field(decimal_places=2, max_digits=12)]
    counterpart: str | None


MODELS = (
    Invoice,
    LedgerEntry,
    Receipt,
    Product,
    Catalogue,
    StockLevel,
    Checkout,
    Parcel,
    SubscriptionPlan,
    ExpenseReport,
    Supplier,
    Contract,
    BankStatement,
)
