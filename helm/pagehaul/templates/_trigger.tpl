{{/* The metadata of the trigger by which KEDA learns the queue's length, as YAML. p: the settings. */}}
{{- define "pagehaul.trigger" -}}
{{- $s := .p.scaling -}}
{{- $q := .p.queueIs -}}
{{- $name := printf "pagehaul.%s" $s.pipeline -}}
{{- $each := int64 $s.pagesPerPod | toString -}}
{{- /* Brokers count messages, each of which names several pages. */ -}}
{{- $named := int64 (default 10 $q.pages_per_message) -}}
{{- $messages := div (sub (add (int64 $s.pagesPerPod) $named) 1) $named | toString -}}
{{- $out := dict -}}
{{- if eq $s.trigger "postgresql" -}}
{{- $query := printf "SELECT coalesce(sum(length), 0) FROM \"%s\".queue_length WHERE pipeline = '%s'" (replace "\"" "\"\"" $s.schema) (replace "'" "''" $s.pipeline) -}}
{{- $out = dict "query" $query "targetQueryValue" $each -}}
{{- else if eq $s.trigger "rabbitmq" -}}
{{- $out = dict "protocol" "amqp" "mode" "QueueLength" "queueName" (default $name $q.name) "value" $messages -}}
{{- else if eq $s.trigger "kafka" -}}
{{- $topic := default $name $q.topic -}}
{{- $out = dict "bootstrapServers" (toString $q.brokers) "topic" $topic "consumerGroup" (default $topic $q.group) "lagThreshold" $messages "offsetResetPolicy" "earliest" "excludePersistentLag" "true" -}}
{{- if $q.tls -}}{{- $_ := set $out "tls" "enable" -}}{{- end -}}
{{- if $q.username -}}{{- $_ := set $out "sasl" (get (dict "plain" "plaintext" "scram-sha-256" "scram_sha256" "scram-sha-512" "scram_sha512") (default "scram-sha-512" $q.mechanism)) -}}{{- end -}}
{{- else -}}
{{- $region := default (regexReplaceAll "^https?://sqs[.]([a-z0-9-]+)[.].*$" (toString $q.url) "${1}") $q.region -}}
{{- $out = dict "queueURL" (toString $q.url) "queueLength" $messages "awsRegion" $region "scaleOnInFlight" "true" -}}
{{- end -}}
{{- include "pagehaul.overlay" (dict "base" $out "over" $s.metadata) -}}
{{- end -}}

{{/* What the chart can say against a trigger. at: where; p: the settings. */}}
{{- define "pagehaul.check.trigger" -}}
{{- $at := .at -}}{{- $s := .p.scaling -}}{{- $q := .p.queueIs -}}
{{- if and (ne $s.trigger "postgresql") (ne $s.trigger (toString $q.type)) -}}
{{- fail (printf "%s.scaling.trigger: %s asks another queue than the one that carries the pages, %s: expected postgresql, or queue.type: %s" $at $s.trigger (default "ledger" $q.type) $s.trigger) -}}
{{- end -}}
{{- if and (not $s.authentication) (has $s.trigger (list "kafka" "sqs")) -}}
{{- fail (printf "%s.scaling.authentication: expected how KEDA shows %s who it is, such as {podIdentity: {provider: aws}} or a secretTargetRef" $at $s.trigger) -}}
{{- end -}}
{{- if ne $s.trigger "postgresql" -}}
{{- $ahead := int64 (default 1000 $q.ahead) -}}
{{- if gt (mul (int64 $s.pagesPerPod) (int64 $s.maxReplicas)) $ahead -}}
{{- fail (printf "%s.scaling.pagesPerPod: %d pages for each of %d pods are more than the %d that workers are ever told of (queue.ahead): expected fewer, or a higher queue.ahead" $at (int64 $s.pagesPerPod) (int64 $s.maxReplicas) $ahead) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $s.trigger "kafka") $q.partitions (gt (int64 $s.maxReplicas) (int64 $q.partitions)) -}}
{{- fail (printf "%s.scaling.maxReplicas: %d pods are more than the topic's %d partitions (queue.partitions): those above get no messages" $at (int64 $s.maxReplicas) (int64 $q.partitions)) -}}
{{- end -}}
{{- end -}}
