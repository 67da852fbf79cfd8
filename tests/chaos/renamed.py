"""An upstream whose breaker is open is renamed, and another's breaker is taken away, by a reload: the series of what
is gone are gone, so that no alert stands for it."""

import re

import serve
import upstream as script
from rig import HERE, placed, rig

CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
watch = false
[admin]
listen = "127.0.0.1:{admin}"
[upstream.old]
dialect = "scim"
url = ["http://127.0.0.1:{one}", "http://127.0.0.1:{refused}"]
retries = { most = 0 }
breaker = { failures = 3, pause = "1m" }
health = { every = "1m", timeout = "300ms", down = 1, up = 1 }
[upstream.off]
dialect = "scim"
url = "http://127.0.0.1:{one}"
retries = { most = 0 }
[[route]]
prefix = "/a"
client = "scim"
upstream = "old"
auth = "none"
[[route]]
prefix = "/b"
client = "scim"
upstream = "off"
auth = "none"
"""
ALERTS = (HERE.parents[1] / "deploy/alerts.yml").read_text()


def rows(folder, report):
    upstream = script.Upstream(behaviour=script.closes)
    text = placed(CONFIG, one=upstream.port, refused=serve.free_port())
    with rig(folder, "renamed upstreams", text, report) as running:
        for _ in range(12):
            running.status("GET", "/a/scim/v2/Users/1")
            running.status("GET", "/b/scim/v2/Users/1")
        # The health check looks once a minute, and its first look is enough.
        running.until(lambda: alerting(running, "ScimGatewayNodeOut"))
        before = [*alerting(running, "ScimGatewayBreakerOpen"), *alerting(running, "ScimGatewayNodeOut")]
        wrong = [] if {"old", "off"} <= upstreams(before) else [f"before: {before}"]
        # One by another name, of one node; the other without its breaker.
        text = (running.folder / "config.toml").read_text()
        text = text.replace("old", "new").replace(", \"http://127.0.0.1:", "] # [\"").replace("[upstream.off]", '[upstream.off]\nbreaker = "off"')
        wrong += [] if running.reload(text) else ["the reload is refused"]
        after = [*alerting(running, "ScimGatewayBreakerOpen"), *alerting(running, "ScimGatewayNodeOut")]
        wrong += [f"stands: {series}" for series in after]
        wrong += [f"stays: {series}" for series in running.gauges() if 'upstream="old"' in series]
        report.check(f"upstreams under alert are renamed: {len(before)} alerts before, {len(after)} after", wrong)


def alerting(running, name):
    """The series for which an alert stands, by its expression: `gauge == value`, one or another."""
    expression = re.search(rf"alert: {name}\n\s+expr: (.*)", ALERTS).group(1)
    wanted = dict(re.findall(r"(\w+) == (\d)", expression))
    assert wanted, expression
    lines = (line.rsplit(" ", 1) for line in running.scrape() if not line.startswith("#"))
    return [series for series, value in lines if wanted.get(series.split("{")[0]) == value]


def upstreams(series):
    return {re.search(r'upstream="(\w+)"', one).group(1) for one in series}
