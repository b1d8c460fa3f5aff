"""For pytest. The run makes, migrates and drops the database of TEST_DATABASE_URL."""
