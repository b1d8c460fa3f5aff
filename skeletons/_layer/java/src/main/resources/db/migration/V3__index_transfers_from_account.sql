CREATE INDEX IF NOT EXISTS transfers_from_account_idx ON transfers (from_account);
