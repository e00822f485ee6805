# "make check" is all that a change has to pass.
.PHONY: check generate lint test race fuzz bench examples

FUZZTIME ?= 10s

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

# Every fuzz target for FUZZTIME.
fuzz:
	@set -e; for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz || true); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p; \
		done; done

bench:
	go test -run '^$$' -bench . ./...

examples:
	go run ./examples/flowdump
