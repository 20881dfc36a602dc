// Only its files are wanted: the definition of the objects in which alerts are handed to Prometheus' operator.
module pagehaul.example/crds

go 1.24.0

require github.com/prometheus-operator/prometheus-operator v0.94.1
