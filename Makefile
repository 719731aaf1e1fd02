# What people type. Each command lives in scripts/; this file only names them.
#
#   make demo        build, start head office and three tills with data in them, print addresses and logins
#   make demo-once   the same, then drive the main job end to end, print each step with its evidence
#   make test        everything that continuous integration runs
#   make test-fast   what needs no server
#   make sim         seeded simulation of sync (SEED=n)
#   make bench       measurements beside their baselines in the same run
#   make lint        formatting, shell scripts, architecture      make format   mend formatting
#   make errors      Docs/ERRORS.md from the words of the refusals
#   make openapi     Docs/openapi.json from the endpoints

SHELL := /bin/bash
.PHONY: demo demo-once test test-fast sim bench lint format errors openapi packages build clean

demo: build
	scripts/demo.sh

demo-once: build
	scripts/demo-once.sh

test:
	scripts/test.sh

test-fast: packages
	swift test --filter 'DomainTests|JournalTests|ReceiptsTests|ArchitectureTests'

sim: packages
	SIM_SEED=$(SEED) swift test --filter SimulationTests

bench: packages
	scripts/bench.sh

lint: packages
	scripts/lint.sh

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

errors:
	scripts/error-table.py

openapi: build
	.build/debug/huiyika-office openapi > Docs/openapi.json

packages:
	scripts/install-packages.sh

build: packages
	swift build --explicit-target-dependency-import-check error

clean:
	rm -rf .build out .demo .demo-once
