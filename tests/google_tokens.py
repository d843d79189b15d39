"""Google's addresses for signing in, on this machine: they answer as a test wants, and keep what they were asked."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

REFRESH, ACCESS = "1//refresh-quince", "ya29.access-medlar"


class TokenServer:
    """``answers`` are given one by one, the last for ever: a status and a JSON object."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers = list(answers) or [(200, granted())]
        self.asked: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                words = {name: each[0] for name, each in parse_qs(self.rfile.read(length).decode()).items()}
                server.asked.append((urlsplit(self.path).path, words))
                status, told = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *words: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> TokenServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


def granted(**more: Any) -> dict[str, Any]:
    """The answer to a refresh that went well."""
    return {"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer", **more}


def refused(code: str, said: str = "Token has been expired or revoked.") -> tuple[int, dict[str, Any]]:
    return 400, {"error": code, "error_description": said}


def key_file(file: Path, token_uri: str) -> Path:
    """The key of a service account, as Google gives it to its owner."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {"type": "service_account", "client_email": "night@brisa.iam.example", "client_id": "117"}
    file.write_text(json.dumps({**told, "token_uri": token_uri, "private_key": pem.decode(), "private_key_id": "k"}))
    file.chmod(0o600)
    return file
