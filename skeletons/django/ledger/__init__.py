"""The sample domain. To be rid of it delete this folder, its tests, and its lines in config."""
