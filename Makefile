.PHONY: help demo demo-call test web lint package deny conformance component golden keep check-golden reproducible genvm-matrix bench \
	bench-ledger bench-gateway climb fuzz attack sdk claude-code codex soak differential sbom

help:          ## these verbs
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

demo:          ## a policy chooses among 39 offers, inside the sandbox
	@echo "building the command: some minutes the first time, nothing after that"
	@cargo build --locked
	cargo run --quiet --locked -- decide examples/support.json --ctx examples/catalog.json --ctx examples/request.json

demo-call:     ## a call walks through failures to an answer, over sockets, without keys
	sh tools/demo-call.sh

test: check-golden ## every test
	cargo test --workspace --locked
	sh tools/test-web.sh

web:           ## the npm package in web/dist, the playground in web/site
	sh tools/build-web.sh

lint:          ## formatting, clippy (warnings are errors), the graph of crates in the docs, the tests in SECURITY.md
	cargo fmt --all --check
	sh tools/crate-graph.sh --check
	cargo fetch --quiet --locked
	sh tools/check-crates.sh
	sh tools/check-crates.test.sh
	sh tools/check-security.sh
	sh tools/check-security.test.sh
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

package:       ## each crate builds alone, from what would be published
	sh tools/check-packages.sh

deny:          ## licences, advisories, sources and doubles of the dependencies
	sh tools/deny.sh

sbom:          ## what is in the command and in the npm package, as CycloneDX has it; writes target/sbom
	sh tools/sbom.sh
	sh tools/sbom.test.sh

conformance:   ## replay golden/ and, where it is there, ../shared/corpus, in every engine
	sh tools/conformance.sh

component:     ## build the component into target/component
	sh tools/build-component.sh target/component

golden:        ## pin the component as built from the sources, rewrite the expectations of the vectors
	sh tools/build-component.sh golden
	rustc --version >golden/TOOLCHAIN
	sh tools/bin.sh golden

keep:          ## keep the pinned component for ever, with a ledger of what it decides
	sh tools/bin.sh keep golden/sigmapol.wasm golden/sigmapol.core.wasm

check-golden:  ## say whether the pinned component is what the sources build
	sh tools/check-golden.sh

reproducible:  ## build twice, in two folders, and compare the bytes
	sh tools/check-reproducible.sh

# its wasmtime needs a newer compiler than the workspace
TOOLCHAIN ?= nightly

genvm-matrix:  ## the golden decisions in another wasmtime: the same results, the same memory
	cd tools/genvm-matrix && cargo +$(TOOLCHAIN) run --quiet --release --locked >/dev/null

bench:         ## measure; writes docs/benchmarks.md and its plot
	cargo build --release --locked -p sigmapol-cli -p sigmapol-tests --bin sigmapol --bench decide
	cargo bench --locked -p sigmapol-cli -p sigmapol-tests --bench decide

bench-ledger:  ## measure the ledger; writes docs/ledger-benchmarks.md
	cargo bench --locked -p sigmapol-tests --bench ledger

bench-gateway: ## measure the gateway over sockets; SECONDS=5 each; writes docs/benchmarks-gateway.md
	sh tools/bench-gateway.sh $(or $(SECONDS),5)

fuzz:          ## each property under libFuzzer, MINUTES=1 each; PROPERTY=name for one
	sh tools/fuzz.sh $(or $(MINUTES),1) $(PROPERTY)

climb:         ## look SECONDS=600 for decisions that take the most for their cost; SEED=1
	sh tools/bin.sh climb $(or $(SECONDS),600) $(or $(SEED),1)

attack:        ## hostile responses, configurations, states, ledgers, disks: MINUTES=3, or CASES=1000000 each; SEED=1
	sh tools/attack.sh $(or $(MINUTES),3) $(or $(SEED),1) $(CASES)

sdk:           ## the SDKs of providers, against the mock and through the command
	sh tools/sdk.sh

claude-code:   ## Claude Code in front of the gateway: a tool over two turns, a stream that breaks
	sh tools/claude-code.sh

codex:         ## the Codex CLI through the gateway to the mock: a tool is called, its result goes back
	sh tools/codex.sh

soak:          ## a gateway under load, killed and reconfigured: REQUESTS=20000 KILLS=5 CLIENTS=16 MINUTES=30
	sh tools/soak.sh

differential:  ## N=10000000 random decisions of SEED=1, natively and in the component
	cargo run --release --quiet --locked -p sigmapol-tests --bin differential -- $(or $(N),10000000) $(or $(SEED),1)
