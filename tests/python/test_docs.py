"""The examples in the documentation of all public objects run, and none is without words."""

from __future__ import annotations

import doctest
import inspect
import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import svcmetrics as sm


def members(module: Any) -> dict[str, Any]:
    """The public classes and functions that a module defines."""
    return {
        name: member
        for name, member in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(member) or inspect.isclass(member))
        and member.__module__.startswith(module.__name__)
    }


def public() -> dict[str, Any]:
    """All public objects by name: of the package, its formulas and its errors."""
    objects: dict[str, Any] = {"svcmetrics": sm}
    for name in sm.__all__:
        member = getattr(sm, name)
        objects[name] = member
        if inspect.ismodule(member):
            objects |= {f"{name}.{inner}": found for inner, found in members(member).items()}
    return objects


def attributes(owner: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class defines itself."""
    for name, member in vars(owner).items():
        found = getattr(member, "__func__", member)
        if not name.startswith("_") and (inspect.isroutine(found) or isinstance(member, property)):
            yield name, found


PUBLIC = public()
FUNCTIONS = [name for name, member in PUBLIC.items() if inspect.isfunction(member)]
CLASSES = [name for name, member in PUBLIC.items() if inspect.isclass(member)]


def examples(name: str) -> list[doctest.DocTest]:
    member = PUBLIC[name]
    module = member if inspect.ismodule(member) else sys.modules[member.__module__]
    finder = doctest.DocTestFinder(exclude_empty=True, recurse=inspect.isclass(member))
    return [found for found in finder.find(member, name, module, globs=dict(vars(module))) if found.examples]


@pytest.mark.parametrize("name", [name for name in PUBLIC if examples(name)])
def test_examples_run_as_they_are_written(name: str) -> None:
    for example in examples(name):
        report = io.StringIO()
        runner = doctest.DocTestRunner(verbose=False)
        results = runner.run(example, out=report.write)
        assert results.failed == 0, report.getvalue()
        assert results.attempted == len(example.examples)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example(name: str) -> None:
    assert examples(name), f"{name} has no example"


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.startswith("formulas.")])
def test_every_formula_shows_its_edge_too(name: str) -> None:
    # What is plain, and what is undefined, negative or refused.
    (example,) = examples(name)
    assert len(example.examples) >= 2


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_everything_public_is_described(name: str) -> None:
    member = PUBLIC[name]
    described = {name: member, **(dict(attributes(member)) if inspect.isclass(member) else {})}
    for attribute, found in described.items():
        assert (inspect.getdoc(found) or "").strip(), f"{name}.{attribute} has no docstring"


def test_what_is_public_is_listed_and_there() -> None:
    assert sorted(sm.__all__) == sm.__all__
    assert {"scorecard", "health_scores", "check", "catalog", "merge", "column", "formulas"} <= set(sm.__all__)
    assert all(hasattr(sm, name) for name in sm.__all__)
    assert sm.__version__.count(".") == 2


def test_every_error_is_one_of_ours() -> None:
    for name, member in members(sm.errors).items():
        expected = Warning if name.endswith("Warning") else sm.SvcMetricsError
        assert issubclass(member, expected), name
        assert name.endswith(("Error", "Warning"))
