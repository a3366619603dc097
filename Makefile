.DEFAULT_GOAL := help
.PHONY: help demo test check fuzz bench attack faults upgrade soak lock clean

help: ## print these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

demo: ## start an embedded database, sample data and the API on this machine; Ctrl-C stops, data stay
	@scripts/setup run
	@scripts/preview run
	@.venv/bin/contract-graph demo

test: check ## every check, then every test
	@scripts/preview dev
	@.venv/bin/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder

check: ## ruff, formatting, mypy, import floors, generated files fresh
	@scripts/setup dev
	@scripts/check

fuzz: ## 20,000 random queries against the reference executor, schemathesis as every role and on OAuth, histories of lanes and claims, edits on both sides
	@scripts/setup dev
	@CONTRACT_GRAPH_FUZZ=20000 .venv/bin/python -m pytest -s tests/api/fuzz tests/api/test_access_matrix.py \
	  tests/stock_clients/test_schemathesis.py tests/storage/test_lane_interleavings.py tests/sync/test_interleavings.py \
	  tests/sync/test_chaos.py tests/sync/salesforce/test_both_ways.py tests/auth/attacks/test_races.py

bench: ## throughput and CPU beside the bare driver, PostGraphile, mercurius and the idiomatic server
	@scripts/setup dev
	@scripts/peers
	@.venv/bin/python -m tests.bench --json build/bench.json --svg build/bench.svg

attack: ## hostile requests and half-open connections: how fast each is met, memory, /health meanwhile
	@scripts/setup dev
	@.venv/bin/python -m tests.attack

faults: ## processes, database, connections, disk and clocks fail under load: nothing wrong or lost, and for how long
	@scripts/setup dev
	@CONTRACT_GRAPH_FAULTS=15 .venv/bin/python -m pytest -q -s tests/api/test_faults.py tests/api/test_audit_survives_kill.py \
	  tests/api/test_scarce.py tests/api/test_failover.py tests/api/test_clock_of_a_process.py tests/sync/test_clocks_apart.py tests/sync/test_worker_killed.py
	@.venv/bin/python -m tests.bench.chaos --events 300

upgrade: ## the release before and this one on one database, while its tables are brought on under load
	@scripts/setup dev
	@CONTRACT_GRAPH_FAULTS=15 .venv/bin/python -m pytest -q -s tests/api/test_two_releases.py tests/api/test_older_tables.py

soak: ## an hour of everything at once at 70 % of what it can do: memory, latency, files and queues stay as they are
	@scripts/setup dev
	@.venv/bin/python -m tests.bench.soak --json build/soak.json

lock: ## write the hashed lock again from pyproject.toml (scripts/lock --upgrade takes newer versions)
	@scripts/lock

clean: ## remove .venv, .venv-moto, what npm installed and built, and caches; never data
	@rm -rf lwc-client/node_modules tests/bench/peers/node_modules lwc-client/preview/dist lwc-client/coverage lwc-client/shots
	@rm -rf .venv .venv-moto .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
