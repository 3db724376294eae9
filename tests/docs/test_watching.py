"""What docs/watching-it.md and examples/deploy/ say of the numbers is what the server shows."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml
from prometheus_client import ProcessCollector

from spectator.server.metered import METRICS
from tests.docs.blocks import ROOT

DEPLOY = ROOT / "examples" / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana.json").read_text())
ALERTS = yaml.safe_load((DEPLOY / "alerts.yml").read_text())
SCRAPES = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
PAGE = (ROOT / "docs" / "watching-it.md").read_text()

NAME = re.compile(r"\b(?:(?:spectator|process)_[a-z_]+|up)\b")
SELECTOR = re.compile(r"((?:spectator|process)_[a-z_]+)\{([^}]*)\}")
GROUPING = re.compile(r"\bby \(([^)]*)\)")
OF_THE_SCRAPE = {"job", "instance", "le", "worker"}
COLUMNS = 24


def shown() -> dict[str, set[str]]:
    """Every name that may be asked for, with its own labels."""
    found: dict[str, set[str]] = {"up": set()}  # Prometheus' own: whether the scrape succeeded
    for metric in METRICS:
        endings = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        found |= {metric.name + ending: set(metric.labels) for ending in endings}
    for family in ProcessCollector(registry=None).collect():
        found |= {sample.name: set() for sample in family.samples}
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    for group in ALERTS["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def test_the_table_of_metrics_is_the_servers() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `spectator_")]
    told = []
    for metric in METRICS:
        labels = ", ".join(f"`{name}`" for name in metric.labels)
        told.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.told} |")
    assert rows == [line.replace("|  |", "| |") for line in told]


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_an_expression_asks_for_what_there_is(expression: str) -> None:
    known = shown()
    named = set(NAME.findall(expression))
    assert named
    assert named <= known.keys()
    own = set().union(*(known[name] for name in named))
    for name, selected in SELECTOR.findall(expression):
        labels = {part.partition("=")[0].strip("!~ ") for part in selected.split(",") if part}
        assert labels <= known[name] | OF_THE_SCRAPE, name
    for grouped in GROUPING.findall(expression):
        assert {part.strip() for part in grouped.split(",")} <= own | OF_THE_SCRAPE
    assert expression.count("(") == expression.count(")")
    assert expression.count("{") == expression.count("}")


def test_every_number_is_on_the_dashboard() -> None:
    text = json.dumps(DASHBOARD)
    missing = [metric.name for metric in METRICS if metric.name not in text]
    assert missing == ["spectator_store_full"], "an alert, and nothing to look at"


def test_the_dashboard_can_be_imported() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert DASHBOARD["uid"]
    assert DASHBOARD["title"]
    assert "id" not in DASHBOARD, "Grafana gives it one"
    assert "__inputs" not in DASHBOARD
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    own = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels():
        assert panel["datasource"] == own
        assert panel["description"], panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))
        assert all(target["datasource"] == own for target in panel["targets"])
    used = set(re.findall(r"\$(\w+)", " ".join(target for panel in panels() for target in _texts(panel))))
    assert used <= variables.keys() | {"__rate_interval"}


def _texts(panel: dict[str, Any]) -> Iterator[str]:
    yield from (target["expr"] for target in panel["targets"])


def test_no_panel_covers_another() -> None:
    places = [(panel["title"], panel["gridPos"]) for panel in DASHBOARD["panels"]]
    for _, place in places:
        assert place["x"] + place["w"] <= COLUMNS
    for (one, here), (other, there) in combinations(places, 2):
        beside = here["x"] + here["w"] <= there["x"] or there["x"] + there["w"] <= here["x"]
        below = here["y"] + here["h"] <= there["y"] or there["y"] + there["h"] <= here["y"]
        assert beside or below, (one, other)


def test_an_alert_says_what_it_means_and_how_urgent_it_is() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    names = [rule["alert"] for rule in rules]
    assert len(names) == len(set(names)) > 5
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_prometheus_reads_where_the_server_shows() -> None:
    (job,) = SCRAPES["scrape_configs"]
    assert job["job_name"] == "spectator"
    assert job["metrics_path"] == "/metrics"
    assert SCRAPES["rule_files"] == ["alerts.yml"]
