"""Files that are exchanged while the gateway runs, and no reload and no restart: an upstream's authority and its
certificate, the certificate that the gateway shows (to health checks, too), the clients' authority, an issuer's
keys, those of a client that signs assertions, the secret and the private key of a token endpoint's client. Each is in
force within seconds, and nobody is refused for good."""

import base64
import hashlib
import json
import shutil
import ssl
import time
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor

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
[upstream.keyed]
dialect = "scim"
url = "http://127.0.0.1:{plain}"
[upstream.keyed.auth.oauth]
token_url = "http://127.0.0.1:{keyed}/token"
client_id = "gateway"
private_key_jwt = { key = { file = "signing.key" } }
[[route]]
prefix = "/keyed"
client = "scim"
upstream = "keyed"
auth = "none"
[[route]]
prefix = "/asserted"
client = "scim"
upstream = "plain"
auth = [{ name = "hr", client_assertion = { client_id = "hr", audience = "gateway", jwks_file = "hr.json" } }]
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
    keyed = script.Upstream(behaviour=knows("two"))
    files = folder / "files"
    files.mkdir()
    text = placed(CONFIG, tls=TLS, private=private.port, left=mutual[0].port, right=mutual[1].port,
                  plain=plain.port, endpoint=endpoint.port, keyed=keyed.port)
    named = ("private.pem", "clients.pem", "shown.pem", "shown.key", "secret", "keys.json", "signing.key", "hr.json")
    for name in named:
        text = text.replace(f'"{name}"', f'"{files / name}"')
    exchange(files / "private.pem", TLS / "one-ca.pem")
    exchange(files / "clients.pem", TLS / "one-ca.pem")
    exchange(files / "shown.pem", TLS / "one.pem")
    exchange(files / "shown.key", TLS / "one.key")
    (files / "secret").write_text("wrong")
    for name in ("keys.json", "hr.json"):
        (files / name).write_text(key_set("one"))
    exchange(files / "signing.key", TLS / "one.key")
    with rig(folder, "rotated files", text, report, secure=True) as running:
        authorities(running, private, files, report)
        certificates(running, mutual, files, report)
        clients(running, files, report)
        keys(running, files, report)
        assertions(running, files, report)
        secrets(running, endpoint, files, report)
        signing(running, keyed, files, report)


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


def assertions(running, files, report):
    """One that twenty show at once lets one of them in; another key's are taken once it is published."""
    def ask(shown):
        return running.status("GET", "/asserted/scim/v2/Users/1", Authorization=f"Bearer {shown}")

    shown = assertion("one")
    with ThreadPoolExecutor(20) as many:
        got = sorted(many.map(ask, [shown] * 20))
    wrong = [] if got == [200] + [401] * 19 else [f"one assertion, shown twenty times: {got}"]
    (files / "hr.json").write_text(key_set("two"))
    seconds, after = until(lambda: ask(assertion("two")) == 200 and ask(assertion("one")) == 401)
    wrong += [] if after else [f"then {ask(assertion('two'))}, {ask(assertion('one'))}"]
    report.check(f"an assertion is taken once, and another key's after {seconds:.1f} s", wrong)


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


def signing(running, keyed, files, report):
    """As for the secret; each token request has an assertion of its own."""
    ask = lambda: running.status("GET", "/keyed/scim/v2/Users/1")  # noqa: E731
    before = ask()
    asked = max(len(keyed.seen), 3)
    running.until(lambda: len(keyed.seen) > asked, 20)
    exchange(files / "signing.key", TLS / "two.key")
    seconds, after = until(lambda: ask() == 200)
    wrong = [] if before == 503 and after else [f"before {before}, then {ask()}"]
    jtis = [claims(asserted(request))["jti"] for request in keyed.seen]
    wrong += [] if len(set(jtis)) == len(jtis) else ["a jti is there twice"]
    report.check(f"a token endpoint's client signs by another key: answers after {seconds:.1f} s", wrong)


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


def asserted(request):
    return dict(urllib.parse.parse_qsl(request.body.decode())).get("client_assertion", "")


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def knows(name):
    """A token endpoint (RFC 7523 section 2.2) that knows one P-256 key of its client."""
    # The public key ends the private one's file (RFC 5915).
    key = base64.b64decode("".join((TLS / f"{name}.key").read_text().splitlines()[1:-1]))[-64:]

    async def behaviour(request, writer, _):
        signed, _, signature = asserted(request).rpartition(".")
        says, known = claims(f"{signed}.{signature}"), es256(key, signed.encode(), signature)
        right = known and says["iss"] == says["sub"] == "gateway" and 0 < says["exp"] - says["iat"] <= 60
        if right and says["aud"] == f"http://{request.header['host']}/token":
            body, status = {"access_token": "fetched", "token_type": "Bearer", "expires_in": 3600}, "200 OK"
        else:
            body, status = {"error": "invalid_client"}, "401 Unauthorized"
        await script.say(writer, script.message(json.dumps(body).encode(), status).replace(b"scim+json", b"json"))
        return True
    return behaviour


# P-256 (SEC 2 section 2.4.2): the field, the order, the generator.
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
GENERATOR = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
             0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def plus(one, other):
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % FIELD == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, FIELD) if one == other else (y2 - y1) * pow(x2 - x1, -1, FIELD)
    x = (slope * slope - x1 - x2) % FIELD
    return x, (slope * (x1 - x) - y1) % FIELD


def times(number, point):
    total = None
    for bit in f"{number:b}":
        total = plus(total, total)
        total = plus(total, point) if bit == "1" else total
    return total


def es256(key, signed, signature):
    """Whether a signature is right (SEC 1 section 4.1.4, RFC 7518 section 3.4)."""
    both = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    r, s = int.from_bytes(both[:32]), int.from_bytes(both[32:])
    inverse, digest = pow(s, -1, ORDER), int.from_bytes(hashlib.sha256(signed).digest())
    point = int.from_bytes(key[:32]), int.from_bytes(key[32:])
    found = plus(times(digest * inverse % ORDER, GENERATOR), times(r * inverse % ORDER, point))
    return len(both) == 64 and found is not None and found[0] % ORDER == r


ISSUERS = json.loads((TLS / "issuers.json").read_text())


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_set(name):
    modulus = coded(bytes.fromhex(ISSUERS[name]["n"]))
    return json.dumps({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, "n": modulus, "e": "AQAB"}]})


def token(name):
    end = int(time.time()) + 600
    return rs256(name, {"iss": "https://issuer.example/", "aud": "gateway", "sub": "app", "exp": end})


def assertion(name):
    now = int(time.time())
    who = {"iss": "hr", "sub": "hr", "aud": "gateway", "jti": str(uuid.uuid4())}
    return rs256(name, {**who, "iat": now, "exp": now + 60})


def rs256(name, says):
    """Signed by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2)."""
    parts = {"alg": "RS256", "typ": "JWT", "kid": name}, says
    signed = ".".join(coded(json.dumps(part).encode()) for part in parts)
    modulus, private = (int(ISSUERS[name][part], 16) for part in "nd")
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed.encode()).digest()
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest
    signature = pow(int.from_bytes(padded), private, modulus).to_bytes(256)
    return f"{signed}.{coded(signature)}"
