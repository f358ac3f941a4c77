//go:build programs

// Package programs names what `setup/kubernetes.mjs` builds, so that go.mod and go.sum hold all that the build needs.
package programs

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
)
