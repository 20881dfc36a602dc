//go:build tools

// Package tools names what scales worker pods by the length of a queue, so that go.mod and go.sum pin it.
package tools

import (
	_ "github.com/kedacore/keda/v2/cmd/operator"
)
