CREATE INDEX IF NOT EXISTS transfers_to_account_idx ON transfers (to_account);
