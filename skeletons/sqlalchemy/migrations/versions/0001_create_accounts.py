"""create accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "balance BETWEEN 0 AND 9007199254740991", name=op.f("accounts_balance_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_pkey")),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("accounts", if_exists=True)
