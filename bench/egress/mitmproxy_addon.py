"""
The benchmark's peer: mitmproxy doing what our proxy does to each request, as quickly as Python can
do it. An allowlist, method and path rules, git's push, the agent's Authorization replaced, token
patterns and known secrets with their encodings over target, headers and body, blobs decoded once,
and injection phrases and echoed secrets in responses. It does less than ours where that is
cheaper for it: no secrets in pieces, no homoglyphs, one level of decoding.

Settings come as JSON in the file that BENCH_SETTINGS names: host, originPort, secret.
"""

import asyncio
import base64
import binascii
import codecs
import json
import os
import re
import urllib.parse

from mitmproxy import http

with open(os.environ["BENCH_SETTINGS"], encoding="utf-8") as file:
    SETTINGS = json.load(file)

HOST = SETTINGS["host"]
ORIGIN = ("127.0.0.1", SETTINGS["originPort"])
SECRET = SETTINGS["secret"]
LARGE = 1024 * 1024
METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD"}
PREFIXES = ("/small", "/post", "/upload", "/download", "/events", "/v1")

# A literal that is found by a plain search, and the pattern that is tried only where it stands:
# much quicker in Python than one joined expression.
TOKENS = [
    (literal, re.compile(pattern))
    for literal, pattern in [
        (b"AKIA", rb"AKIA[A-Z2-7]{16}"),
        (b"ASIA", rb"ASIA[A-Z2-7]{16}"),
        (b"ghp_", rb"ghp_[0-9A-Za-z]{36}"),
        (b"gho_", rb"gho_[0-9A-Za-z]{36}"),
        (b"ghs_", rb"ghs_[0-9A-Za-z]{36}"),
        (b"github_pat_", rb"github_pat_[0-9A-Za-z_]{82}"),
        (b"sk-ant-", rb"sk-ant-[a-z0-9]{5,8}-[0-9A-Za-z_-]{80,120}"),
        (b"T3BlbkFJ", rb"sk-[0-9A-Za-z_-]{20,100}T3BlbkFJ[0-9A-Za-z_-]{20,100}"),
        (b"sk_live_", rb"sk_live_[0-9A-Za-z]{24,99}"),
        (b"rk_live_", rb"rk_live_[0-9A-Za-z]{24,99}"),
        (b"AIza", rb"AIza[0-9A-Za-z_-]{35}"),
        (b"glpat-", rb"glpat-[0-9A-Za-z_-]{20}"),
        (b"xoxb-", rb"xoxb-[0-9]{10,13}-[0-9]{10,13}-[0-9A-Za-z]{20,30}"),
        (b"xoxp-", rb"xoxp-(?:[0-9]{10,13}-){3}[0-9a-f]{28,34}"),
        (b"xapp-", rb"xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]+"),
        (b"hooks.slack.com", rb"hooks\.slack\.com/services/[A-Z0-9]+/[A-Z0-9]+/[0-9A-Za-z]{24}"),
        (b"npm_", rb"npm_[0-9A-Za-z]{36}"),
        (b"pypi-", rb"pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,200}"),
        (b"SG.", rb"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}"),
        (b"hvs.", rb"hvs\.[0-9A-Za-z_-]{90,120}"),
        (b"hf_", rb"hf_[A-Za-z]{34}"),
        (b"dapi", rb"dapi[0-9a-f]{32}"),
        (b"SK", rb"SK[0-9a-f]{32}"),
        (b":AA", rb"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}"),
        (b"AccountKey=", rb"AccountKey=[0-9A-Za-z+/]{86}=="),
        (b"Bearer eyJ", rb"Bearer eyJ[0-9A-Za-z_-]{10,2000}\.[0-9A-Za-z_-]{10,4000}\.[0-9A-Za-z_-]+"),
        (b"PRIVATE KEY-----", rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
    ]
]


def variants(secret):
    """Every way to write the secret that is searched for."""
    plain = secret.encode()
    found = {
        plain,
        plain[::-1],
        codecs.encode(secret, "rot13").encode(),
        urllib.parse.quote(secret, safe="").encode(),
        plain.hex().encode(),
        plain.hex().upper().encode(),
        base64.b32encode(plain).rstrip(b"="),
    }
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + plain + b"\0" * 3)
        start = (0, 2, 3)[lead]
        middle = encoded[start : len(encoded) - 6]
        found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(found)


KNOWN = variants(SECRET)
STRIPPED = re.sub(rb"[^0-9A-Za-z]", b"", SECRET.encode())
NOT_ALPHANUMERIC = bytes(byte for byte in range(256) if not chr(byte).isalnum() or byte > 127)
BLOB_LETTERS = frozenset(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/-_"
)
# Splitting at what no blob has is several times quicker than looking for long runs by a pattern.
TO_SPACE = bytes(byte if byte in BLOB_LETTERS else 32 for byte in range(256))
BLOB_MIN = 24
ASKS = re.compile(
    rb"(?:reveal|show|print|repeat|tell me)[^.]{0,40}(?:system prompt|secrets?|credentials|api keys?)",
    re.I,
)
TELLS = re.compile(
    rb"(?:ignore|disregard|forget)[^.]{0,40}(?:previous|prior|above|earlier)[^.]{0,20}instructions",
    re.I,
)
TEXTUAL = ("text/", "application/json", "application/xml", "application/javascript")


def token_in(data):
    return any(literal in data and pattern.search(data) for literal, pattern in TOKENS)


def secret_in(data):
    if any(variant in data for variant in KNOWN):
        return True
    return STRIPPED in data.translate(None, NOT_ALPHANUMERIC)


def blob_in(data):
    blobs = [word for word in data.translate(TO_SPACE).split() if len(word) >= BLOB_MIN]
    if not blobs:
        return False
    decoded = []
    for blob in blobs:
        try:
            decoded.append(base64.b64decode(blob[: len(blob) // 4 * 4], altchars=b"-_"))
        except binascii.Error:
            continue
    together = b"\n".join(decoded)
    return secret_in(together) or token_in(together)


def leaks(data):
    return token_in(data) or secret_in(data) or blob_in(data)


def injects(data):
    asks = [match.start() for match in ASKS.finditer(data)]
    return bool(asks) and any(
        abs(match.start() - ask) <= 500 for match in TELLS.finditer(data) for ask in asks
    )


def canonical(path):
    """The path without dot segments and doubled slashes, or None where it has no such form."""
    raw = path.partition("?")[0]
    if "\\" in raw or "%" not in raw and "//" not in raw and "/." not in raw:
        return None if "\\" in raw else raw
    decoded = raw.replace("%2e", ".").replace("%2E", ".")
    return os.path.normpath(re.sub("/+", "/", decoded))


def deny(flow, status, reason):
    body = json.dumps({"error": reason, "host": flow.request.host})
    flow.response = http.Response.make(status, body, {"Content-Type": "application/json"})


def reach(open_connection):
    """Leads to the origin without a name service; mitmproxy keeps connections by their name."""

    def opened(host, port, **options):
        return open_connection(*(ORIGIN if host == HOST else (host, port)), **options)

    return opened


asyncio.open_connection = reach(asyncio.open_connection)


class Guard:
    """Scans a body that is passed on as it comes, with enough kept to see across chunks."""

    def __init__(self, finds):
        self.finds = finds
        self.kept = b""

    def __call__(self, chunk):
        window = self.kept + chunk
        if self.finds(window):
            raise ValueError("blocked")
        self.kept = window[-512:]
        return chunk


class Egress:
    def http_connect(self, flow):
        if flow.request.host != HOST:
            deny(flow, 403, "host_not_allowed")

    def requestheaders(self, flow):
        request = flow.request
        if request.host != HOST or request.host_header not in (HOST, f"{HOST}:443"):
            return deny(flow, 403, "host_not_allowed")
        path = canonical(request.path)
        if path is None or request.method not in METHODS or not path.startswith(PREFIXES):
            return deny(flow, 403, "rule_not_matched")
        if path.endswith("/git-receive-pack") or "service=git-receive-pack" in request.path:
            return deny(flow, 403, "git_push")
        request.headers.pop("authorization", None)
        request.headers.pop("proxy-authorization", None)
        head = [request.host.encode(), request.path.encode()]
        for name, value in request.headers.fields:
            head += (name, value)
        if leaks(b"\n".join(head)):
            return deny(flow, 403, "outbound_match")
        request.headers["authorization"] = f"Bearer {SECRET}"
        if int(request.headers.get("content-length", "0")) > LARGE:
            request.stream = Guard(leaks)

    def request(self, flow):
        if not flow.response and flow.request.raw_content and leaks(flow.request.raw_content):
            deny(flow, 403, "outbound_match")

    def responseheaders(self, flow):
        kind = flow.response.headers.get("content-type", "")
        isText = kind.startswith(TEXTUAL)
        finds = (lambda data: secret_in(data) or injects(data)) if isText else secret_in
        length = int(flow.response.headers.get("content-length", "-1"))
        if length > LARGE or length < 0:
            flow.response.stream = Guard(finds)

    def response(self, flow):
        if flow.response.stream or not flow.response.raw_content:
            return
        content = flow.response.raw_content
        isText = flow.response.headers.get("content-type", "").startswith(TEXTUAL)
        if isText and injects(content):
            deny(flow, 403, "injection")
        elif secret_in(content):
            deny(flow, 403, "echoed_secret")


addons = [Egress()]
