"""Configuration: the environment, Django's settings, logs, the root URLs, the WSGI application."""
