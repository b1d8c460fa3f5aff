"""The database layer: URL, connections, deadlines, the retry loop, migrations.

It knows neither the configuration, nor HTTP, nor the domain.
"""
