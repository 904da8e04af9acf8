"""A real OpenID Connect provider on this machine, which can also be told to misbehave.

It speaks the authorization code flow with discovery, signed identity tokens (RS256) and PKCE, under
several names at once, as Google, Microsoft, ClassLink and Clever would answer.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "chalkline-tests", "not a secret"
TENANT = "11111111-2222-3333-4444-555555555555"
ISSUERS = {
    "google": "https://accounts.google.com",
    "microsoft": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "classlink": "https://launchpad.classlink.com",
    "clever": "https://clever.com",
    "other": "https://id.example",
}


@dataclass
class Provider:
    """What it answers next: whose claims, and what is wrong with the token."""

    port: int
    claims: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # code -> what was asked

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def metadata(self, request: Request) -> Response:
        """Discovery."""
        name = request.path_params["name"]
        here = f"{self.url}/{name}"
        return JSONResponse(
            {
                "issuer": ISSUERS[name],
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def authorize(self, request: Request) -> Response:
        """Signs the person in without asking and sends her back with a code."""
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.asked[code] = asked
        back = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """Trades a code, once, for an identity token."""
        form = dict((await request.form()).items())
        asked = self.asked.pop(str(form["code"]))
        proof = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        name = request.path_params["name"]
        answer = {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 60}
        return JSONResponse(answer | {"id_token": self._identity(name, asked["nonce"])})

    def keys(self, _: Request) -> Response:
        """Its public key."""
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def _identity(self, name: str, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUERS[name],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.claims,
        }
        header, key = {"alg": "RS256", "kid": "1"}, self.key
        match self.fault:
            case "expired":
                claims |= {"iat": now - 7200, "exp": now - 3600}
            case "audience":
                claims["aud"] = "somebody else"
            case "nonce":
                claims["nonce"] = "another"
            case "issuer":
                claims["iss"] = "https://evil.example"
            case "forged":
                key = RSAKey.generate_key(2048, {"kid": "1"})
            case "symmetric":
                public = json.dumps(self.key.as_dict(private=False)).encode()
                return jwt.encode({"alg": "HS256", "kid": "1"}, claims, OctKey.import_key(public))
            case "unsigned":
                parts = ({"alg": "none", "typ": "JWT"}, claims)
                head, body = (
                    base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                    for part in parts
                )
                return f"{head}.{body}."
        return jwt.encode(header, claims, key)

    def serve(self) -> uvicorn.Server:
        """Starts it in a thread of its own."""
        routes = [
            Route("/{name}/.well-known/openid-configuration", self.metadata),
            Route("/{name}/authorize", self.authorize),
            Route("/{name}/token", self.token, methods=["POST"]),
            Route("/keys", self.keys),
        ]
        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), port=self.port, log_level="critical")
        )
        threading.Thread(target=server.run, daemon=True).start()
        return server

    def secrets_file(self, app_url: str) -> str:
        """What an operator writes into secrets.toml, as docs/operator.md says."""
        lines = [
            "[auth]",
            f'redirect_uri = "{app_url}/oauth2callback"',
            f'cookie_secret = "{secrets.token_hex(16)}"',
        ]
        for name in ISSUERS:
            lines += [
                f"[auth.{name}]",
                f'client_id = "{CLIENT}"',
                f'client_secret = "{SECRET}"',
                f'server_metadata_url = "{self.url}/{name}/.well-known/openid-configuration"',
            ]
        return "\n".join(lines) + "\n"
