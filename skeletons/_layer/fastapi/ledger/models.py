"""Accounts and transfers as clients send them and get them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from api.ids import Id

# In minor units: the largest integer that every JSON reader keeps exactly.
MAX_BALANCE = 9_007_199_254_740_991
MAX_OWNER = 100
# Unicode's White_Space. str.isspace() and str.strip() also take the separators U+001C to U+001F.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def _check_owner(owner: str) -> str:
    if "\0" in owner:
        raise ValueError("must not contain NUL")  # CockroachDB would store it
    if not owner.strip(WHITE_SPACE):
        raise ValueError("must not be blank")
    return owner


Owner = Annotated[str, Field(min_length=1, max_length=MAX_OWNER), AfterValidator(_check_owner)]
Balance = Annotated[int, Field(ge=0, le=MAX_BALANCE)]
Amount = Annotated[int, Field(ge=1, le=MAX_BALANCE)]
Time = Annotated[
    datetime,
    AfterValidator(lambda time: time.astimezone(UTC)),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "Z$"}),
]


class Body(BaseModel):
    """What a client sends is what it says: "5" is no number, and no field is ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewAccount(Body):
    owner: Owner
    balance: Balance = 0


class AccountUpdate(Body):
    owner: Owner


class NewTransfer(Body):
    from_: Id = Field(alias="from")
    to: Id
    amount: Amount

    @field_validator("to")
    @classmethod
    def _is_another(cls, to: Id, info: ValidationInfo) -> Id:
        if to == info.data.get("from_"):
            raise ValueError("must not be the account it comes from")
        return to


class Account(BaseModel):
    id: Id
    # Checked when it came in. One that came another way is shown, not an error of this service.
    owner: Annotated[str, WithJsonSchema(TypeAdapter(Owner).json_schema())]
    balance: Balance
    created_at: Time


class AccountPage(BaseModel):
    accounts: Annotated[list[Account], Field(max_length=100)]
    next: Id | None


class Transfer(BaseModel):
    id: Id
    from_: Id = Field(alias="from")
    to: Id
    amount: Amount
    created_at: Time
