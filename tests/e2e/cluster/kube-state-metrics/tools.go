//go:build tools

// Package tools names what tells a Prometheus about the objects of the cluster, so that go.mod and go.sum pin it.
package tools

import (
	_ "k8s.io/kube-state-metrics/v2"
)
