// Only its files are wanted: the definitions of the objects that KEDA reads.
module pagehaul.example/keda

go 1.24.0

require github.com/kedacore/keda/v2 v2.20.2
