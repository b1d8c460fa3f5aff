"""What gunicorn serves."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    try:
        parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    except ValueError:
        # Django would fail on it before any middleware runs. Without one the answer is 415.
        environ["CONTENT_TYPE"] = ""
    return _django(environ, start_response)
