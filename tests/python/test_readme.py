"""The README's examples do what the README shows, and the demo says what its data say."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Fenced blocks in order: language and content.
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
#: What is run, and the output that is shown below it.
SHOWN = [
    (language, content, following[1] if following[0] == "text" else None)
    for (language, content), following in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True)
    if language in ("python", "sh") and not content.startswith("make ")
]


def run(language: str, content: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a block as a reader would: in an empty folder, with the environment's programs first on the path."""
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ["PATH"]]),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONWARNINGS": "error",
    }
    command = {"python": [sys.executable, "-c"], "sh": ["sh", "-euc"]}[language]
    return subprocess.run(
        [*command, content], cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("language", "content", "output"), SHOWN, ids=[f"{language}_{place}" for place, (language, *_) in enumerate(SHOWN)]
)
def test_a_block_prints_what_is_shown_below_it(language: str, content: str, output: str | None, tmp_path: Path) -> None:
    assert output is not None, "a block that is run has its output below it"
    done = run(language, content, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == output


def test_python_shell_and_rust_are_shown() -> None:
    assert {language for language, *_ in SHOWN} == {"python", "sh"}
    rust = [content for language, content in BLOCKS if language == "rust"]
    assert len(rust) == 1
    # The crate's documentation tests run the block as it stands, so what it shows is what it asserts.
    assert rust[0].count("assert_eq!") >= 2


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    commands = [line.split()[:2] for _, content in BLOCKS for line in content.splitlines() if line.startswith("make ")]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [target for _, target in commands] == ["demo", "test"]
    assert {"demo", "test"} <= set(targets)


def test_no_block_is_without_a_language() -> None:
    assert all(language for language, _ in BLOCKS)


def test_links_lead_to_files_of_the_project() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_demo_says_how_many_left() -> None:
    with (ROOT / "examples" / "data" / "telco.csv").open(newline="", encoding="utf-8") as file:
        customers = list(csv.DictReader(file))
    # Whoever has a tenure of 0 was not there at the start.
    there = [customer for customer in customers if customer["tenure"] != "0"]
    left = sum(customer["churn"] == "Yes" for customer in there)
    script = ROOT / "examples" / "telco.py"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{100 * left / len(there):.1f}\N{NO-BREAK SPACE}% of all customers left" in done.stdout
    for heading in ("Scorecard by contract", "Health by internet_service", "Customers at risk", "What to see in it"):
        assert f"\n{heading}" in f"\n{done.stdout}"
