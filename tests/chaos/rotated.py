"""Files that are exchanged while the gateway runs, and no reload and no restart: an upstream's authority and its
certificate, the certificate that the gateway shows (to health checks, too), the clients' authority, an issuer's
keys, the secret of a token endpoint's client. Each is in force within seconds, and nobody is refused for good."""

import base64
import hashlib
import json
import shutil
import ssl
import time

import upstream as script
from rig import TLS, placed, rig

SOON = 6.0  # seconds: files are looked at every 2
CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
tls = { cert = "{tls}/one.pem", key = "{tls}/one.key", client_ca = "clients.pem" }
[admin]
listen = "127.0.0.1:{admin}"
[upstream.private]
dialect = "scim"
url = "https://127.0.0.1:{private}"
ca = "private.pem"
breaker = "off"
retries = { most = 0 }
[upstream.mutual]
dialect = "scim"
url = ["https://127.0.0.1:{left}", "https://127.0.0.1:{right}"]
ca = "{tls}/one-ca.pem"
client_cert = { cert = "shown.pem", key = "shown.key" }
health = { path = "/health", every = "300ms", timeout = "1s", down = 2, up = 1 }
[upstream.plain]
dialect = "scim"
url = "http://127.0.0.1:{plain}"
[upstream.tokens]
dialect = "scim"
url = "http://127.0.0.1:{plain}"
[upstream.tokens.auth.oauth]
token_url = "http://127.0.0.1:{endpoint}/token"
client_id = "gateway"
client_secret = { file = "secret" }
[[route]]
prefix = "/private"
client = "scim"
upstream = "private"
auth = "none"
[[route]]
prefix = "/mutual"
client = "scim"
upstream = "mutual"
auth = "none"
[[route]]
prefix = "/tokens"
client = "scim"
upstream = "tokens"
auth = "none"
[[route]]
prefix = "/clients"
client = "scim"
upstream = "plain"
auth = [
    { name = "one", certificate = { subject = "CN=one,O=Example" } },
    { name = "two", certificate = { subject = "CN=two,O=Example" } },
]
[[route]]
prefix = "/signed"
client = "scim"
upstream = "plain"
auth = [{ name = "app", jwt = { issuer = "https://issuer.example/", audience = "gateway", jwks_file = "keys.json" } }]
"""


def rows(folder, report):
    private = script.Upstream(server("one"))
    mutual = [script.Upstream(server("one", asks="one")) for _ in range(2)]
    plain, endpoint = script.Upstream(), script.Upstream(behaviour=gives("right"))
    files = folder / "files"
    files.mkdir()
    text = placed(CONFIG, tls=TLS, private=private.port, left=mutual[0].port, right=mutual[1].port,
                  plain=plain.port, endpoint=endpoint.port)
    for name in ("private.pem", "clients.pem", "shown.pem", "shown.key", "secret", "keys.json"):
        text = text.replace(f'"{name}"', f'"{files / name}"')
    exchange(files / "private.pem", TLS / "one-ca.pem")
    exchange(files / "clients.pem", TLS / "one-ca.pem")
    exchange(files / "shown.pem", TLS / "one.pem")
    exchange(files / "shown.key", TLS / "one.key")
    (files / "secret").write_text("wrong")
    (files / "keys.json").write_text(key_set("one"))
    with rig(folder, "rotated files", text, report, secure=True) as running:
        authorities(running, private, files, report)
        certificates(running, mutual, files, report)
        clients(running, files, report)
        keys(running, files, report)
        secrets(running, endpoint, files, report)


def authorities(running, private, files, report):
    """The upstream has a certificate of another authority, and its file comes after it."""
    ask = lambda: running.status("GET", "/private/scim/v2/Users/1")  # noqa: E731
    before = ask()
    again(private, server("two"))
    between = ask()
    exchange(files / "private.pem", TLS / "two-ca.pem")
    seconds, after = until(lambda: ask() == 200)
    wrong = [] if before == 200 and between == 502 and after else [f"{before}, {between}, then {ask()}"]
    report.check(f"an upstream's authority is exchanged: answers after {seconds:.1f} s", wrong)


def certificates(running, mutual, files, report):
    """Nodes that ask for a certificate, and tell in the handshake (TLS 1.2): up, and up after the pair was exchanged
    and the first one's authority is believed no more."""
    ask = lambda: running.status("GET", "/mutual/scim/v2/Users/1")  # noqa: E731
    up = lambda: running.metric("scim_gateway_upstream_node_up", 'upstream="mutual"')  # noqa: E731
    first = ask()
    running.until(lambda: up() == 2, 5)
    before = (first, up())
    for node in mutual:
        node.context.load_verify_locations(TLS / "two-ca.pem")
    exchange(files / "shown.pem", TLS / "two.pem")
    exchange(files / "shown.key", TLS / "two.key")
    # From here on only the other authority's clients are let in.
    until(lambda: running.metric("scim_gateway_secret_reloads_total", 'outcome="changed",upstream="mutual"') > 0)
    for node in mutual:
        again(node, server("one", asks="two"))
    seconds, after = until(lambda: ask() == 200 and up() == 2)
    time.sleep(1)  # three health checks
    wrong = [] if before == (200, 2) and after and up() == 2 else [f"before {before}, then {ask()}, {up()} of 2 up"]
    report.check(f"the gateway's certificate is exchanged: {up()} of 2 nodes up after {seconds:.1f} s", wrong)


def clients(running, files, report):
    def ask(name):
        context = ssl._create_unverified_context()
        load(context, name)
        return running.status("GET", "/clients/scim/v2/Users/1", context=context)

    before = ask("one"), ask("two")
    exchange(files / "clients.pem", TLS / "two-ca.pem")
    seconds, after = until(lambda: (ask("one"), ask("two")) == (0, 200))
    wrong = [] if before == (200, 0) and after else [f"before {before}, then {ask('one')}, {ask('two')}"]
    report.check(f"the clients' authority is exchanged: in force after {seconds:.1f} s", wrong)


def keys(running, files, report):
    """A new key's tokens are never told as wrong while the gateway has not read it, and the old one's end."""
    def ask(name):
        return running.status("GET", "/signed/scim/v2/Users/1", Authorization=f"Bearer {token(name)}")

    got, wrong, slowest = [ask("one")], [], 0.0
    # Back again at once, so that the second comes into the pause between two readings.
    for old, new in [("one", "two"), ("two", "one")]:
        (files / "keys.json").write_text(key_set(new))

        def changed(old=old, new=new):
            got.append(ask(new))
            return got[-1] == 200 and ask(old) == 401

        seconds, after = until(changed)
        slowest = max(slowest, seconds)
        wrong += [] if after else [f"the new key's tokens get {ask(new)}, the old one's {ask(old)}"]
    wrong += [] if set(got) <= {200, 503} else [f"tokens of issuers' keys got {got}"]
    report.check(f"an issuer's keys are exchanged, twice: in force after {slowest:.1f} s, {sorted(set(got))}", wrong)


def secrets(running, endpoint, files, report):
    """The token endpoint has refused the client for a while: the mended secret is tried at once."""
    ask = lambda: running.status("GET", "/tokens/scim/v2/Users/1")  # noqa: E731
    before = ask()
    # Four refusals: the next one would come eight seconds after the last, or later.
    asked = max(len(endpoint.seen), 3)
    running.until(lambda: len(endpoint.seen) > asked, 20)
    (files / "secret").write_text("right")
    seconds, after = until(lambda: ask() == 200)
    wrong = [] if before == 503 and after else [f"before {before}, then {ask()}"]
    report.check(f"a token endpoint's secret is mended: answers after {seconds:.1f} s", wrong)


def until(holds, patience=SOON):
    began = time.monotonic()
    while time.monotonic() < began + patience:
        if holds():
            return time.monotonic() - began, True
        time.sleep(0.1)
    return time.monotonic() - began, False


def again(node, context):
    """The node is started anew, so that nothing of its handshakes is known to it."""
    node.stop()
    node.context = context
    node.start()


def exchange(file, source):
    """Beside it and renamed over it, as certificates should be."""
    shutil.copy(source, f"{file}.new")
    shutil.move(f"{file}.new", file)


def load(context, name):
    context.load_cert_chain(TLS / f"{name}.pem", TLS / f"{name}.key")


def server(name, asks=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load(context, name)
    if asks:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(TLS / f"{asks}-ca.pem")
    return context


def gives(secret):
    """A token endpoint (RFC 6749 section 4.4) that knows one secret of its client."""
    right = "Basic " + base64.b64encode(f"gateway:{secret}".encode()).decode()

    async def behaviour(request, writer, _):
        if request.header.get("authorization") == right:
            body, status = {"access_token": "fetched", "token_type": "Bearer", "expires_in": 3600}, "200 OK"
        else:
            body, status = {"error": "invalid_client"}, "401 Unauthorized"
        await script.say(writer, script.message(json.dumps(body).encode(), status).replace(b"scim+json", b"json"))
        return True
    return behaviour


ISSUERS = json.loads((TLS / "issuers.json").read_text())


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_set(name):
    modulus = coded(bytes.fromhex(ISSUERS[name]["n"]))
    return json.dumps({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, "n": modulus, "e": "AQAB"}]})


def token(name):
    """Signed by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2)."""
    claims = {"iss": "https://issuer.example/", "aud": "gateway", "sub": "app", "exp": int(time.time()) + 600}
    parts = {"alg": "RS256", "typ": "JWT", "kid": name}, claims
    signed = ".".join(coded(json.dumps(part).encode()) for part in parts)
    modulus, private = (int(ISSUERS[name][part], 16) for part in "nd")
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed.encode()).digest()
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest
    signature = pow(int.from_bytes(padded), private, modulus).to_bytes(256)
    return f"{signed}.{coded(signature)}"
