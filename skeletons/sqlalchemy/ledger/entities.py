"""Accounts and transfers as the database keeps them.

It makes ids and times, and keeps the rules that a row can keep by itself.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, func, text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import Base
from ledger.models import MAX_BALANCE


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint(f"balance BETWEEN 0 AND {MAX_BALANCE}", name="balance"),)

    # Random: consecutive keys would all land on one node.
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    owner: Mapped[str]
    balance: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Transfer(Base):
    __tablename__ = "transfers"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    from_account: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    to_account: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    amount: Mapped[int]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
