// Reads rendered manifests as the API server does, with Kubernetes' own types and the Prometheus Operator's: a field that there is not, or a value
// of another type, is an error. So is a kind that neither has.
// strict FILE...: prints what is wrong, then how many objects it saw.
package main

import (
	"bytes"
	"fmt"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	if err := monitoring.AddToScheme(scheme.Scheme); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	options := json.SerializerOptions{Yaml: true, Strict: true}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, options)
	objects, wrong := 0, 0
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for _, document := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
			if len(bytes.TrimSpace(document)) == 0 {
				continue
			}
			objects++
			if _, _, err := decoder.Decode(document, nil, nil); err != nil {
				wrong++
				fmt.Printf("%s: %v\n", name, err)
			}
		}
	}
	fmt.Printf("%d objects, %d wrong\n", objects, wrong)
	if objects == 0 || wrong > 0 {
		os.Exit(1)
	}
}
