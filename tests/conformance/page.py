"""docs/conformance.md: made from the routes and the skips, so that it cannot say anything else."""

from serve import ROOT

PAGE = ROOT / "docs/conformance.md"
MARK = "<!-- made by tests/conformance/run.py --bless; do not edit below -->\n"


def text(routes, skips):
    """The whole page: what stands above the mark by hand, and the rest from the lists."""
    above = PAGE.read_text().split(MARK)[0] if PAGE.exists() else ""
    lines = ["", "## What each route advertises", "", table(routes), ""]
    lines += ["## What is skipped, and why", ""]
    for name, route in routes.items():
        lines += [f"### {route['title']} (`{name}`)", ""]
        rows = [entry for entry in skips if entry["routes"] == "all" or name in entry["routes"]]
        lines += [item(entry) for entry in rows] or ["- Nothing."]
        lines.append("")
    return above + MARK + "\n".join(lines)


def table(routes):
    features = list(next(iter(routes.values()))["features"])
    rows = [["route", "resource types", *features], ["---"] * (len(features) + 2)]
    for name, route in routes.items():
        yes = ["yes" if route["features"][feature] else "no" for feature in features]
        rows.append([f"`{name}`", ", ".join(route["resource_types"]), *yes])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def item(entry):
    names = ", ".join(f"`{name}`" for name in entry["names"])
    return f"- {entry['tool']}: {names}. {entry['reason']}"
