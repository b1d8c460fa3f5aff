"""index transfers to account"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index(
        op.f("transfers_to_account_idx"), "transfers", ["to_account"], if_not_exists=True
    )


def downgrade() -> None:
    op.drop_index(op.f("transfers_to_account_idx"), table_name="transfers", if_exists=True)
