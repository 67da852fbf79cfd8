# Needs Rust, a C compiler and Python 3. cmake is fetched once where it is missing (.ci/cmake, which cargo calls).

# Property tests are the same on every run; another seed is tried by PROPTEST_RNG_SEED=1 make test.
export PROPTEST_RNG_SEED ?= 7644
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.PHONY: run demo install dist test test-full licences notices readme conformance observe chaos bench laws fuzz mutants

# Serves config.toml: every route on the simulators inside the program. The first build takes minutes.
run:
	cargo run --locked -- run --config config.toml

# Plays README's exchange over HTTP, on a port of its own; fails where the answer is not the printed one.
demo:
	cargo run --locked -- demo

# Puts the program where cargo puts programs (~/.cargo/bin), or into PREFIX/bin.
PREFIX ?=
install:
	cargo install --locked --path . $(if $(PREFIX),--root "$(PREFIX)")

# The archive that is handed out, with its checksum, in target/dist; and tries it where it is unpacked. The first time
# it builds cargo-cyclonedx, and the program with link-time optimization: minutes.
dist:
	command -v cargo-cyclonedx >/dev/null || cargo install --locked --quiet cargo-cyclonedx@0.5.9 --root .tools
	archive=$$(.ci/dist) && python3 tests/dist/run.py "$$archive"

# All that CI checks.
test:
	cargo fmt --check
	cargo clippy --locked --all-targets --quiet -- --deny warnings
	cargo test --locked --quiet
	$(MAKE) --no-print-directory licences
	$(MAKE) --no-print-directory readme
	$(MAKE) --no-print-directory observe
	$(MAKE) --no-print-directory chaos
	$(MAKE) --no-print-directory conformance

# What is run before an issue is called done: README to the last block (with the archive), more cases of every law, and each
# fuzz target for a minute.
test-full: test
	python3 tests/house/readme.py all
	$(MAKE) --no-print-directory laws CASES=2000
	$(MAKE) --no-print-directory fuzz MINUTES=1

# README.md, followed literally: each block is run. It serves on the address that is printed there.
readme:
	cargo build --locked --quiet
	python3 tests/house/readme.py

# Which licences, crates and sources may be part of it: deny.toml, and that all notices can be written. The first
# time it builds cargo-deny, for some minutes.
licences: notices
	command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny@0.20.2 --root .tools
	cargo deny --locked check --hide-inclusion-graph licenses bans sources

# The notices of what the program bundles; whoever hands the program on hands these on with it.
notices:
	mkdir -p target
	.ci/notices > target/NOTICES

# Independent SCIM testers against routes of the real gateway: docs/conformance.md.
conformance:
	cargo build --locked --quiet
	tests/conformance/install
	.tools/conformance/bin/python3 tests/conformance/run.py

# promtool on the metrics and alerts, and a real Prometheus that scrapes the gateway.
observe:
	cargo build --locked --quiet
	python3 tests/observe/run.py "$$(tests/observe/install)"

# Everything at once that networks, upstreams and clients do wrong, against the real program.
chaos:
	cargo build --locked --quiet
	python3 tests/chaos/run.py

# Half an hour of traffic with mixed faults, and an upgrade on the way: docs/operations.md. MINUTES=…, GATEWAY=… another build.
soak: MINUTES ?= 30
soak:
	cargo build --locked --quiet
	MINUTES=$(MINUTES) python3 tests/soak/run.py

bench:
	cargo bench --locked --bench translate
	cargo bench --locked --bench routes

# Every law over as many cases, drawn by a seed that is printed: docs/laws.md.
CASES ?= 10000
laws: SEED ?= $(shell date +%s)
laws:
	LAWS_CASES=$(CASES) LAWS_SEED=$(SEED) cargo test --locked --test laws -- --nocapture

# Each target of fuzz/ for so many minutes; a crash ends it.
FUZZ ?= rules configuration bodies patches filters exchanges
fuzz: MINUTES ?= 1
fuzz:
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz --root .tools
	for target in $(FUZZ); do tests/fuzz/run $$target $(MINUTES) || exit 1; done

# Of N mutants drawn by SEED, how many the tests catch; goes on where it was.
N ?= 200
mutants: SEED ?= 7643
mutants:
	command -v cargo-mutants >/dev/null || cargo install --locked cargo-mutants --root .tools
	python3 tests/mutants/run.py $(SEED) $(N)
