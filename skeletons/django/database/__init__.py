"""The database layer: URL, connections, deadlines, the retry loop, the migrate command.

It knows neither the configuration, nor HTTP, nor the domain.
"""
