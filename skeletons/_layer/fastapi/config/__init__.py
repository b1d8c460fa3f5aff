"""Configuration: the environment, the settings made of it, logs."""
