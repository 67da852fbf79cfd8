# Needs Rust, a C compiler and python3. cmake is fetched once where it is missing (.ci/cmake).

# Property tests are the same on every run; another seed is tried by PROPTEST_RNG_SEED=1 make test.
export PROPTEST_RNG_SEED ?= 7644
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.PHONY: run test conformance observe chaos bench cmake

# Serves config.toml: every route on the simulators inside the program.
run: cmake
	cargo run --locked --quiet -- run --config config.toml

# All that CI checks.
test: cmake
	cargo fmt --check
	cargo clippy --locked --all-targets --quiet -- --deny warnings
	cargo test --locked --quiet
	$(MAKE) --no-print-directory observe
	$(MAKE) --no-print-directory chaos
	$(MAKE) --no-print-directory conformance

# Independent SCIM testers against routes of the real gateway: docs/conformance.md.
conformance: cmake
	cargo build --locked --quiet
	tests/conformance/install
	.tools/conformance/bin/python3 tests/conformance/run.py

# promtool on the metrics and alerts, and a real Prometheus that scrapes the gateway.
observe: cmake
	cargo build --locked --quiet
	python3 tests/observe/run.py "$$(tests/observe/install)"

# Everything at once that networks, upstreams and clients do wrong, against the real program.
chaos: cmake
	cargo build --locked --quiet
	python3 tests/chaos/run.py

bench: cmake
	cargo bench --locked --bench translate
	cargo bench --locked --bench routes

cmake:
	@command -v cmake >/dev/null || .ci/cmake
