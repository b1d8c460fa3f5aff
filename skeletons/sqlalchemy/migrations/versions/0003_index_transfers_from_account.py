"""index transfers from account"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        op.f("transfers_from_account_idx"), "transfers", ["from_account"], if_not_exists=True
    )


def downgrade() -> None:
    op.drop_index(op.f("transfers_from_account_idx"), table_name="transfers", if_exists=True)
