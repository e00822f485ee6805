# "make check" is all that a change has to pass.
.PHONY: check generate lint test race fuzz bench examples

# Executions of each fuzz target. A count, and not a time: with a time "go test"
# may fail because the time is over (go.dev/issue/75804).
FUZZ ?= 200000x

check: generate lint race examples

generate:
	go generate ./...
	gofmt -l -w .

lint: bin/golangci-lint
	go vet ./...
	bin/golangci-lint run ./...

bin/golangci-lint: tools/go.mod
	go build -C tools -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

test:
	go test ./...

race:
	go test -race ./...

fuzz:
	@set -e; for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz || true); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZ) -fuzzminimizetime 200x $$p; \
		done; done

bench:
	go test -run '^$$' -bench . ./...

examples:
	go run ./examples/flowdump
	go run ./examples/filter "tcp port 80 or 443"
	go run ./examples/replay
	go run ./examples/rpki
	go run ./examples/ddos
