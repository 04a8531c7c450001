"""What clients/conformance/run.py started for the tests, and the cells that they show."""

import os
import subprocess

import pytest

KEY = os.environ["LLM_GATEWAY_KEY"]
DEMO_KEY = os.environ["LLM_GATEWAY_DEMO_KEY"]
BUDGET_KEY = os.environ["LLM_GATEWAY_BUDGET_KEY"]

passed: dict[str, bool] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if (mark := item.get_closest_marker("cell")) and (report.when == "call" or report.failed):
        name = mark.args[0]
        passed[name] = passed.get(name, True) and report.passed
    return report


def pytest_sessionfinish():
    with open(os.environ["LLM_GATEWAY_CELLS"], "a") as cells:
        cells.writelines(f"{name}\n" for name, is_shown in passed.items() if is_shown)


@pytest.fixture(scope="session")
def target():
    return os.environ["LLM_GATEWAY_ADDRESS"]


@pytest.fixture(scope="session")
def control():
    """Asks the tests' surroundings for something; fails if they cannot."""
    def ask(path: str) -> str:
        return subprocess.run(
            ["curl", "--silent", "--fail", os.environ["LLM_GATEWAY_CONTROL"] + path],
            check=True, capture_output=True, text=True, timeout=60).stdout

    return ask
