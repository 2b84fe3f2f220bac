# The front door. What each target does is in ci/; this file only names it.

PYTHON ?= python3
CI_PYTHON = @$(PYTHON)

.DEFAULT_GOAL := help
.PHONY: help run chat train-demo build generate wheel jar npm sdist test lint format bench fuzz mutations docs site bump \
    release-dry-run setup clean
.NOTPARALLEL:

export PROMPT MODEL

help: ## List the targets (this)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Build, fetch the default model and answer: make run PROMPT="…" [MODEL=file.gguf]
	$(CI_PYTHON) -m ci.run

chat: ## Build the chat application and open it in the browser
	$(CI_PYTHON) -m ci.chat

train-demo: ## Fine-tune the default model, export it, ask it and evaluate it (installs PyTorch)
	$(CI_PYTHON) -m ci.train_demo

build: ## Build libllmodel in build/release
	$(CI_PYTHON) -m ci.build release llmodel

generate: ## Write what is generated from llmodel.h and its schema, for every language
	$(CI_PYTHON) -m ci.in_venv gpt4all-bindings generate

wheel: ## Build the Python wheel for this kind of machine, in build/dist
	$(CI_PYTHON) -m ci.packaging.python wheel

jar: ## Build the Java packages for this kind of machine, in build/dist (with a JDK 22 or newer)
	$(CI_PYTHON) -m ci.packaging.java

npm: ## Build the npm packages for this kind of machine, in build/dist (Node 20 or newer, with its headers)
	$(CI_PYTHON) -m ci.packaging.typescript

sdist: ## Pack the Python package's sources, including llama.cpp, in build/dist
	$(CI_PYTHON) -m ci.packaging.python sdist

test: ## Build and run every lane, or those named: make test LANES=native,python; or all but one: LANES=-fuzz
	$(CI_PYTHON) -m ci.test $(if $(LANES),--lanes="$(LANES)")

lint: ## Check formatting, clang-tidy, ruff, mypy and file sizes
	$(CI_PYTHON) -m ci.test --lanes lint,tidy

format: ## Reformat C, C++ and Python sources
	$(CI_PYTHON) -m ci.lint --fix

bench: ## Measure against llama.cpp's own tools; writes docs/benchmarks
	$(CI_PYTHON) -m ci.bench

fuzz: ## Fuzz for a long time: make fuzz SECONDS=3600, or RUNS=1000000 for each; TARGETS=gguf,legacy_llama for some
	$(CI_PYTHON) -m ci.test --lanes fuzz --fuzz-targets "$(TARGETS)" \
	    $(if $(RUNS),--fuzz-runs $(RUNS),--fuzz-seconds $(or $(SECONDS),3600))

mutations: ## Open 100,000 mutations of the tiny model; each must be refused or loaded
	$(CI_PYTHON) -m ci.test --lanes mutations --mutations $(or $(COUNT),100000)

docs: ## Check the documentation: links, and that what it names exists
	$(CI_PYTHON) -m ci.documentation.check

site: ## Build the documentation site in build/site; make site SERVE=1 shows it while you edit
	$(CI_PYTHON) -m ci.documentation.build_site $(if $(SERVE),--serve)

bump: ## Try another release of llama.cpp: make bump TAG=v0.5.1; stops where judgement is needed
	$(CI_PYTHON) -m ci.fetch.bump "$(TAG)" $(if $(NPM),--npm $(NPM))

release-dry-run: ## Walk through a release up to publishing: builds and checks the packages, and says what is left to do
	$(CI_PYTHON) -m ci.packaging.release $(if $(VARIANTS),--variants "$(VARIANTS)")

setup: ## Install what build and tests need (the other targets do this automatically)
	$(CI_PYTHON) -m ci.setup

clean: ## Remove everything that was built; caches in the home folder are kept
	rm -rf build
