"""What operators see, with the real tools: promtool and a Prometheus that scrapes the gateway.

    run.py FOLDER     FOLDER has promtool and prometheus (tests/observe/install prints it)

Prints a line for each check and closes with the counts; ends with 1 where one failed.
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))

import serve  # noqa: E402 (the processes of all suites are started alike)
from report import Report  # noqa: E402

DEPLOY = serve.ROOT / "deploy"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def main():
    tools = Path(sys.argv[1])
    report = Report()
    with tempfile.TemporaryDirectory(prefix="observe-") as name:
        folder = Path(name)
        files(tools, report)
        with gateway(folder) as (base, admin):
            traffic(base)
            report.check("the image's health check tells a live gateway from none", health(admin))
            scrape = get(f"{admin}/metrics")
            report.tool("promtool takes the scrape", [tools / "promtool", "check", "metrics"], scrape)
            report.check("the scrape has no id, value or token", leaks(scrape))
            with prometheus(tools, folder, admin, report) as api:
                report.check("Prometheus has scraped the gateway", awaited(api, 'up{job="scim-gateway"} == 1'))
                report.check("it has the requests", awaited(api, "sum(scim_gateway_requests_total) > 5"))
                report.check("it has loaded every alert", alerts(api))
                report.check("it can evaluate every panel", panels(api))
    print(
        f"observe: {report.passed} passed, {report.failed} failed, {report.skipped} skipped", flush=True
    )
    return 1 if report.failed else 0


def files(tools, report):
    """The files of deploy/, before anything runs."""
    unit(report)
    report.tool("promtool takes the alerts", [tools / "promtool", "check", "rules", DEPLOY / "alerts.yml"])
    report.tool("the alerts pass their tests", [tools / "promtool", "test", "rules", HERE / "alerts.yml"])


def unit(report):
    """The systemd unit, with the program where it is built."""
    if shutil.which("systemd-analyze") is None:
        report.skip("systemd takes the unit", "no systemd-analyze (Debian: apt-get install systemd)")
        return
    with tempfile.TemporaryDirectory(prefix="observe-") as folder:
        installed = Path(folder) / "scim-gateway.service"
        text = (DEPLOY / "scim-gateway.service").read_text()
        installed.write_text(text.replace("/usr/bin/scim-gateway", str(serve.GATEWAY)))
        report.tool("systemd takes the unit", ["systemd-analyze", "verify", installed], silent=True)
        # In tenths: 100 is as exposed as can be; a unit without a hardening line has 96.
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", installed]
        report.tool("the unit is hardened", command)


def health(admin):
    """Runs the image's own health check against this gateway, and against nobody."""
    text = (serve.ROOT / "Dockerfile").read_text()
    command = json.loads(re.search(r"HEALTHCHECK.*?CMD (\[.*?\])\n", text, re.DOTALL)[1])
    ended = []
    for port in admin.rpartition(":")[2], str(serve.free_port()):
        words = [word.replace("9090", port) for word in command]
        ended.append(subprocess.run(words, capture_output=True).returncode)
    return None if ended[0] == 0 and ended[1] != 0 else f"it ended with {ended}"


@contextlib.contextmanager
def gateway(folder):
    """The shipped configuration on free ports; yields the URLs of clients and of the admin listener."""
    port, admin, log = serve.free_port(), serve.free_port(), folder / "gateway.log"
    text = (serve.ROOT / "config.toml").read_text()
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:9090", f"127.0.0.1:{admin}")
    text = text.replace('"rules/', f'"{serve.ROOT}/rules/')
    (folder / "config.toml").write_text(text)
    command = [serve.GATEWAY, "run", "--config", folder / "config.toml"]
    with serve.process("the gateway", command, log) as started:
        url = f"http://127.0.0.1:{admin}"
        serve.await_answer("the gateway", started, f"{url}/readyz", log, lambda status: status == 200)
        yield f"http://127.0.0.1:{port}", url


def traffic(base):
    """Some of everything: writes, an emulated one, a loss, lists, and what is refused."""
    users = f"{base}/okta/omni/scim/v2/Users"
    user = {"schemas": [USER], "userName": "private@corp.example", "displayName": "P", "nickName": "lost"}
    status, made = send("POST", users, user)
    assert status == 201, (status, made)
    operation = {"op": "replace", "path": "displayName", "value": "Q"}
    send("PATCH", f"{users}/{made['id']}", {"schemas": [PATCH], "Operations": [operation]})
    send("PUT", f"{users}/{made['id']}", user)
    send("GET", f"{users}?filter=userName%20eq%20%22private@corp.example%22")
    send("GET", f"{base}/entra/pingone/scim/v2/Users?count=2")
    send("GET", f"{users}/missing-user-7")
    send("GET", f"{base}/nowhere")
    send("GET", users, token="wrong-token")
    send("DELETE", f"{users}/{made['id']}")


def send(method, url, body=None, token="demo-token"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/scim+json")
    try:
        with urllib.request.urlopen(request, timeout=serve.PATIENCE) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, None


def get(url):
    with urllib.request.urlopen(url, timeout=serve.PATIENCE) as answer:
        return answer.read().decode()


def leaks(scrape):
    words = ["private", "corp.example", "missing-user-7", "nowhere", "wrong-token", "demo-token"]
    return [word for word in words if word in scrape]


@contextlib.contextmanager
def prometheus(tools, folder, admin, report):
    """A Prometheus that scrapes the gateway with the shipped alerts; yields its API."""
    port, log, config = serve.free_port(), folder / "prometheus.log", folder / "prometheus.yml"
    target = admin.removeprefix("http://")
    config.write_text(
        "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
        f'rule_files: ["{DEPLOY}/alerts.yml"]\n'
        "scrape_configs:\n  - job_name: scim-gateway\n"
        f'    static_configs: [{{ targets: ["{target}"] }}]\n'
    )
    report.tool("promtool takes the scrape's configuration", [tools / "promtool", "check", "config", config])
    command = [tools / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
    command.append(f"--web.listen-address=127.0.0.1:{port}")
    with serve.process("prometheus", command, log) as started:
        url = f"http://127.0.0.1:{port}"
        serve.await_answer("prometheus", started, f"{url}/-/ready", log, lambda status: status == 200)
        yield f"{url}/api/v1"


def asked(api, expression):
    """The result of an expression, and why there is none."""
    query = urllib.parse.urlencode({"query": expression})
    try:
        return json.loads(get(f"{api}/query?{query}"))["data"]["result"], None
    except urllib.error.HTTPError as error:
        return [], error.read().decode()[:300]


def awaited(api, expression):
    """Asks until the expression has a result: a scrape comes once a second."""
    until, why = time.monotonic() + serve.PATIENCE, None
    while time.monotonic() < until:
        found, why = asked(api, expression)
        if found:
            return None
        time.sleep(0.2)
    return f"{expression}: {why or 'no result'}"


def alerts(api):
    wanted = set(re.findall(r"- alert: (\w+)", (DEPLOY / "alerts.yml").read_text()))
    groups = json.loads(get(f"{api}/rules"))["data"]["groups"]
    loaded = {rule["name"]: rule for group in groups for rule in group["rules"]}
    wrong = [rule["lastError"] for rule in loaded.values() if rule.get("lastError")]
    return wrong or (wanted ^ set(loaded)) or ("there are too few" if len(wanted) < 10 else None)


def panels(api):
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    wrong = []
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            # Grafana's own variables, as it would fill them in.
            expression = target["expr"].replace("$__rate_interval", "1m")
            expression = re.sub(r"\$\w+", ".*", expression)
            why = asked(api, expression)[1]
            wrong += [f"{panel['title']}: {why}"] if why else []
    return wrong


sys.exit(main())
