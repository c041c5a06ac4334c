"""Alerts as Prometheus itself sees them."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.chart.prometheus import tool

SPARSE = 10
SHOP = 'namespace="shop", service="shop-bookstore-api-metrics"'
JOB = 'namespace="shop", job_name="shop-bookstore-backup-1"'
CRONJOB = 'namespace="shop", cronjob="shop-bookstore-backup"'
REQUESTS = f"bookstore_http_requests_total{{{SHOP}, status="
DURATION = f'bookstore_http_request_duration_seconds_%s{{{SHOP}, route="/books"'
BUILD = f"bookstore_build_info{{{SHOP}, version="
CREATED = f"kube_cronjob_created{{{CRONJOB}}}"
SUCCEEDED = f"kube_cronjob_status_last_successful_time{{{CRONJOB}}}"
FAILED = {f'kube_job_failed{{{JOB}, condition="true"}}': "1x2000", f"kube_job_created{{{JOB}}}": "3600x2000"}
# Two schedules: the first one's last run has failed.
EXPIRE = 'namespace="shop", cronjob="shop-bookstore-orders-expire"'
EXPIRE_JOB = 'namespace="shop", job_name="shop-bookstore-orders-expire-1"'
EXPIRE_MADE = f"kube_cronjob_created{{{EXPIRE}}}"
EXPIRE_SUCCEEDED = f"kube_cronjob_status_last_successful_time{{{EXPIRE}}}"
PURGE_SUCCEEDED = 'kube_cronjob_status_last_successful_time{namespace="shop", cronjob="shop-bookstore-cart-purge"}'
EXPIRE_FAILED = {
    f'kube_job_failed{{{EXPIRE_JOB}, condition="true"}}': "1x200",
    f"kube_job_created{{{EXPIRE_JOB}}}": "3600x200",
    EXPIRE_MADE: "0x200",
    PURGE_SUCCEEDED: "7200x200",
}


class Case(NamedTuple):
    """An alert, series in promtool's notation, and whether it fires after so many minutes."""

    alert: str
    fires: bool
    minutes: int
    series: dict[str, str]
    # Minutes between samples, and between evaluations.
    step: int = 1


def failing(of_a_thousand: int, minutes: int) -> dict[str, str]:
    """A thousand requests a step, of which so many fail."""
    good = f"0+{1000 - of_a_thousand}x{minutes}"
    bad = {REQUESTS + '"503", route="shed"}': f"0+{of_a_thousand}x{minutes}"} if of_a_thousand else {}
    return {REQUESTS + '"200", route="/books"}': good} | bad


def ended(of_a_thousand: int, minutes: int) -> dict[str, str]:
    """The same, until the trouble ends."""
    total = of_a_thousand * minutes
    return {
        REQUESTS + '"200", route="/books"}': "0+1000x200",
        REQUESTS + '"503", route="/books"}': f"0+{of_a_thousand}x{minutes} {total}x100",
    }


def slow(of_a_thousand: int, minutes: int) -> dict[str, str]:
    """A thousand requests a step, of which so many take longer than 0.3 s."""
    fast = f"0+{1000 - of_a_thousand}x{minutes}"
    return {DURATION % "bucket" + ', le="0.3"}': fast, DURATION % "count" + "}": f"0+1000x{minutes}"}


CASES = [
    Case("BookstoreAbsent", True, 6, {}),
    Case("BookstoreAbsent", False, 4, {}),
    Case("BookstoreAbsent", False, 20, {BUILD + '"1"}': "1x20"}),
    # Another release's pods do not hide that ours are gone.
    Case("BookstoreAbsent", True, 6, {'bookstore_build_info{namespace="shop", service="other-api-metrics"}': "1x20"}),
    # 2 % of requests fail, for an hour and now: 20 times the budget's rate.
    Case("BookstoreAvailabilityBudgetBurnsFast", True, 70, failing(20, 80)),
    # 0.8 %, for six hours: 8 times.
    Case("BookstoreAvailabilityBudgetBurnsFast", True, 370, failing(8, 400)),
    Case("BookstoreAvailabilityBudgetBurnsFast", False, 370, failing(5, 400)),
    # It is over: the short window says so.
    Case("BookstoreAvailabilityBudgetBurnsFast", False, 125, ended(20, 90)),
    Case("BookstoreAvailabilityBudgetBurnsFast", True, 88, ended(20, 90)),
    # What Kubernetes asks does not count.
    Case(
        "BookstoreAvailabilityBudgetBurnsFast",
        False,
        70,
        {REQUESTS + '"200", route="/books"}': "0+9x80", REQUESTS + '"503", route="/readyz"}': "0+9x80"},
    ),
    Case("BookstoreAvailabilityBudgetBurnsSlowly", True, 4400, failing(2, 450), SPARSE),
    Case("BookstoreAvailabilityBudgetBurnsSlowly", False, 4400, failing(0, 450), SPARSE),
    Case("BookstoreLatencyBudgetBurnsFast", True, 70, slow(200, 80)),
    Case("BookstoreLatencyBudgetBurnsFast", True, 370, slow(80, 400)),
    Case("BookstoreLatencyBudgetBurnsFast", False, 370, slow(50, 400)),
    Case("BookstoreLatencyBudgetBurnsSlowly", True, 4400, slow(20, 450), SPARSE),
    Case("BookstoreLatencyBudgetBurnsSlowly", False, 4400, slow(5, 450), SPARSE),
    Case("BookstoreMixedVersions", True, 31, {BUILD + '"1"}': "1x60", BUILD + '"2"}': "1x60"}),
    Case("BookstoreMixedVersions", False, 29, {BUILD + '"1"}': "1x60", BUILD + '"2"}': "1x60"}),
    Case("BookstoreMixedVersions", False, 60, {BUILD + '"1", pod="a"}': "1x60", BUILD + '"1", pod="b"}': "1x60"}),
    Case("BookstoreBackupOld", True, 1720, {CREATED: "0x200", SUCCEEDED: "0x200"}, SPARSE),
    Case("BookstoreBackupOld", False, 1720, {CREATED: "0x200", SUCCEEDED: "7200x200"}, SPARSE),
    # Never a success: the time when it was made counts.
    Case("BookstoreBackupOld", True, 1720, {CREATED: "0x200"}, SPARSE),
    Case("BookstoreBackupOld", False, 600, {CREATED: "0x200"}, SPARSE),
    # Nobody counts.
    Case("BookstoreBackupOld", True, 20, {}),
    Case("BookstoreBackupFailed", True, 100, FAILED),
    Case("BookstoreBackupFailed", True, 100, FAILED | {SUCCEEDED: "60x2000"}),
    Case("BookstoreBackupFailed", False, 100, FAILED | {SUCCEEDED: "3900x2000"}),
    Case("BookstoreBackupFailed", False, 100, {SUCCEEDED: "60x2000"}),
    Case("BookstoreScheduleFailed", True, 20, EXPIRE_FAILED),
    Case("BookstoreScheduleFailed", True, 20, EXPIRE_FAILED | {EXPIRE_SUCCEEDED: "3300x200"}),
    # A later run mends it.
    Case("BookstoreScheduleFailed", False, 20, EXPIRE_FAILED | {EXPIRE_SUCCEEDED: "3900x200"}),
    Case("BookstoreScheduleFailed", False, 20, EXPIRE_FAILED | {EXPIRE_SUCCEEDED: "3300x10 3900x190"}),
    Case("BookstoreScheduleFailed", False, 10, EXPIRE_FAILED),
    Case("BookstoreScheduleFailed", False, 20, {EXPIRE_MADE: "0x200"}),
]


def promtool(*arguments: str) -> None:
    done = subprocess.run([tool("promtool"), *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_rules(rules: Path) -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(rules))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(rules: Path) -> None:
    alerts = {
        one["alert"]
        for group in yaml.safe_load(rules.read_text())["groups"]
        for one in group["rules"]
        if "alert" in one
    }
    assert {(alert, fires) for alert in alerts for fires in (True, False)} == {(one.alert, one.fires) for one in CASES}


@pytest.mark.parametrize("step", sorted({case.step for case in CASES}))
def test_alerts_fire_when_they_should_and_not_otherwise(rules: Path, step: int) -> None:
    tests = [
        {
            "interval": f"{step}m",
            "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{case.alert}", alertstate="firing"}}) or vector(0)',
                    "eval_time": f"{case.minutes}m",
                    "exp_samples": [{"labels": "{}", "value": int(case.fires)}],
                }
            ],
            "name": str(case),
        }
        for case in CASES
        if case.step == step
    ]
    path = rules.with_name("tests.yaml")
    # Else in any order, and an alert asks for what is recorded after it: with sparse samples, it finds nothing.
    order = [group["name"] for group in yaml.safe_load(rules.read_text())["groups"]]
    content = {
        "rule_files": [rules.name],
        "evaluation_interval": f"{step}m",
        "group_eval_order": order,
        "tests": tests,
    }
    path.write_text(yaml.safe_dump(content))
    promtool("test", "rules", str(path))
