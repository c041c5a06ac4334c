# Every target is a line or two of real commands that can be typed without make, too.
BIN := .venv/bin
# The first Python that is new enough; another can be named: make run PYTHON=/path/to/python3
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)

.DEFAULT_GOAL := help
.PHONY: help run test lint format hooks docs pictures messages image package release bench e2e e2e-full e2e-gitops e2e-release
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/local.stamp ## Run the shop at http://127.0.0.1:8000, with a PostgreSQL and sample books (PORT=, METRICS_PORT=, SANDBOX_PORT=)
	@$(BIN)/python -m dev.run

# .venv/local.stamp is what `make run` needs, .venv/dev.stamp what everything else needs: prerequisites of such targets.
.venv/%.stamp: requirements/%.txt pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/docs.stamp: requirements/docs.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(BIN)/pip:
	@'$(PYTHON)' -c '$(NEW_ENOUGH)' 2>/dev/null || { echo 'Bookstore needs Python 3.11 or newer with its venv module (on Debian and' \
	'Ubuntu: apt-get install python3-venv); if you have one, name it: make run PYTHON=/path/to/python3'; exit 1; } >&2
	'$(PYTHON)' -m venv .venv

test: .venv/dev.stamp ## Run every test that needs no cluster, in parallel, on a real PostgreSQL (ARGS= for pytest)
	@$(BIN)/python -m pytest $(ARGS)

lint: .venv/dev.stamp ## Check style, types, migrations, Dockerfile, scripts, YAML and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bookstore db upgrade --sql | $(BIN)/squawk --stdin-filepath migrations.sql
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck $$(git grep -lE '^#!.*\b(ba)?sh$$')
	$(BIN)/yamllint --strict .
	$(BIN)/check-jsonschema --builtin-schema vendor.renovate renovate.json5
	$(BIN)/zizmor --offline --quiet --persona=auditor .github
	dev/no-hosts

format: .venv/dev.stamp ## Put the code into its one form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

hooks: .venv/dev.stamp ## Have Git run what `make lint` runs, on what a commit changes
	$(BIN)/prek install

docs: .venv/docs.stamp ## Make the documentation's site, .site/html/index.html, and check its links
	@$(BIN)/python -m ci.site

pictures: .venv/dev.stamp ## Make the documents' pictures anew, with Chromium, Helm and Prometheus
	@BOOKSTORE_PICTURES=docs/images $(BIN)/python -m pytest -n0 -q tests/browser/test_pictures.py tests/chart/test_dashboard.py::test_picture

messages: .venv/dev.stamp ## Collect the texts of pages and e-mails for the translators: app/bookstore/i18n/messages/*.po
	$(BIN)/python -m dev.messages

image: ## Build the container image with docker, podman or buildah
	@dev/image

package: .venv/dev.stamp ## Package the wheel and the chart of the last commit into dist/, the same bytes each time
	@ci/package

release: .venv/dev.stamp ## Write, commit and tag a version: make release VERSION=1.2.3
	@$(BIN)/python -m ci.release make '$(VERSION)'

bench: .venv/dev.stamp ## Measure speed as ratios against baselines; writes bench/results.md
	@$(BIN)/python -m bench

e2e: .venv/dev.stamp ## Install all three environments on the cluster of KUBECONFIG, and use them
	@$(BIN)/python -m pytest -n3 tests/cluster -m "not full" $(ARGS)

e2e-full: .venv/dev.stamp ## As e2e, and the long scenarios of tests/cluster
	@$(BIN)/python -m pytest -n3 tests/cluster $(ARGS)

e2e-gitops: .venv/dev.stamp ## Have Argo CD, run beside the cluster of KUBECONFIG, bring all three environments up
	@$(BIN)/python -m pytest -n0 tests/gitops $(ARGS)

e2e-release: .venv/dev.stamp ## Publish this commit's image and chart to a registry of its own, signed, and verify them
	@$(BIN)/python -m pytest -n0 tests/release $(ARGS)
