# Needs Rust (with rustfmt and clippy), Python 3.11 or newer, and make; everything else is fetched into .venv and target.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One empty file for each thing done to the environment, so that only what changed is done again.
STAMPS := $(VENV)/stamps
# The dependency group of pyproject.toml that `make demo` installs.
DEMO_GROUP := demo

RUST_SOURCES := Cargo.toml Cargo.lock $(shell find crates -name '*.rs' -o -name Cargo.toml)
# The features of the core crate, from its manifest.
FEATURES := $(filter-out default,$(shell sed -n '/^\[features\]/,/^\[dep/s/^\([a-z][a-z0-9-]*\) *=.*/\1/p' crates/svcmetrics/Cargo.toml))
STUBTEST_ALLOWLIST := $(wildcard tests/python/stubtest_allowlist.txt)
STARTED := $(shell date +%s)

# 1: what a machine lacks is an error; otherwise it is skipped with a notice.
SVCMETRICS_NO_SKIPS ?= 0
export SVCMETRICS_NO_SKIPS
# The interpreter that the bindings are checked for: this environment's, whatever else is on the PATH.
export PYO3_PYTHON := $(abspath $(BIN)/python)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo docs test lint format bench clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMPS)/group-$(DEMO_GROUP) $(STAMPS)/extension ## Read 7,043 customers and 69,659 purchases: scorecard, health, risk; movements, retention
	@$(BIN)/python examples/telco.py
	@$(BIN)/python examples/cdnow.py

docs: $(STAMPS)/extension ## Write a page for each metric, with an example worked out, to docs/reference
	@rm -rf docs/reference
	@$(BIN)/python docs/build.py docs/reference

test: $(STAMPS)/group-test $(STAMPS)/extension ## Check everything: formats, lints, tests, planted faults, docs, types
	$(check-rust)
	$(call heading,Rust: tests with all features)
	cargo test --workspace --exclude svcmetrics-py --all-features --tests
	$(call heading,Rust: tests of the core without features)
	cargo test --package svcmetrics --no-default-features
	$(call heading,Rust: examples in the documentation)
	cargo test --package svcmetrics --doc --all-features
	$(call heading,Rust: planted faults are noticed)
	$(call where-there-is,bash,bash tests/faults.sh)
	$(check-docs)
	$(check-python)
	$(call heading,Python: tests)
	$(BIN)/python -m pytest -r s
	@printf '\nall checks passed in %d s\n' $(elapsed)

lint: $(STAMPS)/group-test $(STAMPS)/extension ## Check formats, lints, docs and types, without running tests
	$(check-rust)
	$(check-docs)
	$(check-python)
	@printf '\nall lints passed in %d s\n' $(elapsed)

format: $(STAMPS)/group-test ## Format the Rust and Python sources
	cargo fmt --all
	$(BIN)/ruff check --select I --fix
	$(BIN)/ruff format

bench: $(STAMPS)/group-bench $(STAMPS)/extension ## Race polars, pandas, DuckDB and others; ARGS=--help says what may be chosen
	@PYTHONPATH=benches $(BIN)/python -m race $(ARGS)

clean: ## Remove the environment, what was built, and caches
	rm -rf $(VENV) target docs/reference .mypy_cache .pytest_cache .ruff_cache .hypothesis python/svcmetrics/*.so
	find python tests examples docs benches -name __pycache__ -type d -prune -exec rm -rf {} +

elapsed = $$(($$(date +%s) - $(STARTED)))
# $(call heading,text)
heading = @printf '\n=== %s (after %d s)\n' '$(1)' $(elapsed)

# $(call where-there-is,program,command): the command, where an administrator has installed the program.
define where-there-is
@if command -v $(1) >/dev/null; then $(2); \
elif [ "$$SVCMETRICS_NO_SKIPS" = 1 ]; then echo '$(1) is not installed, and nothing may be skipped' >&2; exit 1; \
else echo 'SKIPPED, since $(1) is not installed: $(2)'; fi
endef

define check-rust
$(call heading,Rust: format)
cargo fmt --all --check
$(call heading,Rust: lints)
cargo clippy --workspace --all-targets --all-features -- -D warnings
$(call heading,Rust: the core with no features$(comma) each feature$(comma) and all)
cargo check --package svcmetrics --no-default-features
@set -e; for feature in $(FEATURES); do \
	echo "cargo check --package svcmetrics --no-default-features --features $$feature"; \
	cargo check --package svcmetrics --no-default-features --features "$$feature"; \
done
cargo check --package svcmetrics --all-features
endef
comma := ,

define check-docs
$(call heading,Rust: documentation)
RUSTDOCFLAGS='-D warnings' cargo doc --package svcmetrics --no-deps --all-features
endef

define check-python
$(call heading,Python: lints and format)
$(BIN)/ruff check
$(BIN)/ruff format --check
$(call heading,Python: types)
$(BIN)/mypy
$(call heading,Python: the stubs of the native module)
$(BIN)/python -m mypy.stubtest svcmetrics._svcmetrics $(addprefix --allowlist ,$(STUBTEST_ALLOWLIST))
endef

# pip knows dependency groups from 25.1 on.
$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(f"found Python {sys.version}; expected 3.11 or newer: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/group-%: pyproject.toml $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --group $*
	@touch $@

$(STAMPS)/extension: pyproject.toml $(RUST_SOURCES) | $(STAMPS)/group-$(DEMO_GROUP)
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/maturin develop --release
	@touch $@
