"""What every answer says to the browser about what it may do with it."""

import base64
import hashlib
import re
from pathlib import Path

import streamlit

from db.settings import Settings


def security_headers(settings: Settings) -> dict[str, str]:
    """The headers, by their names; a browser then loads, frames and sends nothing but our own."""
    policy = {
        "default-src": "'self'",
        # blob: is how Streamlit loads the script of a component given as text.
        "script-src": f"'self' {_inline_script()} blob:",
        "style-src": "'self' 'unsafe-inline'",  # Streamlit's styles are made in the browser
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    if settings.secure_cookies:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


def _inline_script() -> str:
    """The hashes of the scripts inside Streamlit's own page, so that no other one may run."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in scripts]
    return " ".join(f"'sha256-{value.decode()}'" for value in digests)
