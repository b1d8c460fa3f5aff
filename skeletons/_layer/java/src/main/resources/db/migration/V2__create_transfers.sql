CREATE TABLE IF NOT EXISTS transfers (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    from_account    UUID NOT NULL REFERENCES accounts (id),
    to_account      UUID NOT NULL REFERENCES accounts (id),
    amount          INT8 NOT NULL CHECK (amount > 0),
    idempotency_key TEXT UNIQUE,
    created_at      TIMESTAMPTZ NOT NULL DEFAULT now()
);
