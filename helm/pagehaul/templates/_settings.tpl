{{/* base with over laid on it, as YAML: mappings are merged, everything else is replaced, null takes the key away. Helm's own merge would drop 0 and false. */}}
{{- define "pagehaul.overlay" -}}
{{- $out := deepCopy .base -}}
{{- range $key, $value := .over -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $out $key -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $out $key)) -}}
{{- $_ := set $out $key (include "pagehaul.overlay" (dict "base" (get $out $key) "over" $value) | fromYaml) -}}
{{- else -}}
{{- $_ := set $out $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/* Those of the keys that have a value, as YAML: 0 and false are values; null, "" and empty lists and mappings are not. */}}
{{- define "pagehaul.fields" -}}
{{- $from := .from -}}
{{- $out := dict -}}
{{- range .keys -}}
{{- $value := get $from . -}}
{{- if or (kindIs "bool" $value) (kindIs "float64" $value) (kindIs "int64" $value) $value -}}
{{- $_ := set $out . $value -}}
{{- end -}}
{{- end -}}
{{- if $out -}}{{- toYaml $out -}}{{- end -}}
{{- end -}}

{{/* The seconds of a duration such as 50m, rounded up. */}}
{{- define "pagehaul.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- if eq $unit "ms" -}}
{{- div (add $number 999) 1000 -}}
{{- else -}}
{{- mul $number (get (dict "s" 1 "m" 60 "h" 3600 "d" 86400) $unit) -}}
{{- end -}}
{{- end -}}

{{/* The seconds of a stop that nothing hurries: the drain, then requests are cancelled 1, what was fetched is stored 5, the ledger is settled 7, metrics are pushed 3. */}}
{{- define "pagehaul.stop.seconds" -}}
{{- add (include "pagehaul.seconds" .run.drain) 16 -}}
{{- end -}}

{{/* What the program is told of the time between SIGTERM and SIGKILL: a second of it goes by before the signal arrives. */}}
{{- define "pagehaul.grace.seconds" -}}
{{- sub (int64 .terminationGracePeriodSeconds) 1 -}}
{{- end -}}

{{/* All settings of the pipeline .name, checked, as YAML: the defaults with its own on them, and the names derived from it. */}}
{{- define "pagehaul.settings" -}}
{{- $root := .root -}}
{{- $own := get $root.Values.pipelines .name -}}
{{- $defaults := deepCopy $root.Values.defaults -}}
{{- $secret := default dict $own.secret -}}
{{- $brings := or (hasKey $secret "existingSecret") (hasKey $secret "values") -}}
{{- if $brings -}}
{{- $_ := set $defaults "secret" (merge (dict "existingSecret" "" "values" dict) (omit $defaults.secret "existingSecret" "values")) -}}
{{- end -}}
{{- $p := include "pagehaul.overlay" (dict "base" $defaults "over" (omit $own "config" "existingConfigMap" "image")) | fromYaml -}}
{{- $_ := set $p "pipeline" .name -}}
{{- /* A tag of its own takes the place of the release's digest too. */ -}}
{{- $image := default dict $own.image -}}
{{- $_ := set $p "image" (merge (deepCopy $image) (ternary (omit $root.Values.image "digest") $root.Values.image (and $image.tag (not $image.digest) | not | not))) -}}
{{- $_ := set $p "cronJobName" (include "pagehaul.cronjob.name" .) -}}
{{- $_ := set $p "metricLabels" (dict "namespace" "${POD_NAMESPACE}" "cronjob" $p.cronJobName) -}}
{{- with $root.Values.metrics.cluster -}}{{- $_ := set $p.metricLabels "cluster" . -}}{{- end -}}
{{- $_ := set $p "metricsTo" (dict "pushgateway" $root.Values.metrics.pushgateway "otlp" $root.Values.metrics.otlp) -}}
{{- $_ := set $p "ownsSecret" (and $brings $p.secret.values | not | not) -}}
{{- if $p.secret.existingSecret -}}
{{- $_ := set $p "secretName" $p.secret.existingSecret -}}
{{- else if $p.secret.values -}}
{{- $_ := set $p "secretName" (ternary $p.cronJobName (include "pagehaul.fullname" $root) $p.ownsSecret) -}}
{{- end -}}
{{- include "pagehaul.check" (dict "at" (printf "pipelines.%s" .name) "p" $p "own" $own) -}}
{{- $_ := set $p "queueIs" $p.queue -}}
{{- $file := dict -}}
{{- if $own.existingConfigMap -}}
{{- $_ := set $p "configMap" (dict "name" $own.existingConfigMap.name "key" (default "pipeline.yaml" $own.existingConfigMap.key)) -}}
{{- else -}}
{{- $_ := set $p "configMap" (dict "key" "pipeline.yaml") -}}
{{- $text := include "pagehaul.config" (dict "at" (printf "pipelines.%s.config" .name) "config" $own.config "p" $p) -}}
{{- $_ := set $p "configText" $text -}}
{{- $file = fromYaml $text -}}
{{- $_ := set $p.scaling "pipeline" (default (get $file "pipeline" | toString) $p.scaling.pipeline) -}}
{{- $_ := set $p "queueIs" (include "pagehaul.overlay" (dict "base" (default dict (get $file "queue")) "over" $p.queue) | fromYaml) -}}
{{- end -}}
{{- /* The name that metrics and alerts know it by, where it can be a label. */ -}}
{{- $called := get $file "pipeline" | default $p.scaling.pipeline | toString -}}
{{- $_ := set $p "nameLabel" (ternary (dict "pagehaul/pipeline" $called) dict (regexMatch "^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$" $called)) -}}
{{- $_ := set $p "fileExpects" (get (kindIs "map" $file.telemetry | ternary $file.telemetry dict) "expect_every") -}}
{{- /* What the chart cannot read may say its own. */ -}}
{{- if not (or $p.expectEvery $own.existingConfigMap $p.fileExpects) -}}
{{- $_ := set $p "expectEvery" (include "pagehaul.schedule.interval" $p.schedule) -}}
{{- end -}}
{{- if $p.scaling.enabled -}}
{{- include "pagehaul.check.trigger" (dict "at" (printf "pipelines.%s" .name) "p" $p) -}}
{{- end -}}
{{- $_ := set $p "times" (include "pagehaul.job.times" (dict "p" $p "file" $file) | fromYaml) -}}
{{- if eq (toString $p.activeDeadlineSeconds) "none" -}}
{{- $_ := unset $p "activeDeadlineSeconds" -}}
{{- else if kindIs "invalid" $p.activeDeadlineSeconds -}}
{{- $_ := set $p "activeDeadlineSeconds" (ternary $p.times.whole 86400 (gt (int64 $p.times.deadline) 0) | int64) -}}
{{- end -}}
{{- toYaml $p -}}
{{- end -}}

{{/* What a Job takes at the longest, in seconds, as YAML. p: the settings; file: the pipeline file, as far as it is known. deadline: a run's, 0 where it has none;
retries: all pods and what lies between them; whole: that, with what each of them waits for before its run. */}}
{{- define "pagehaul.job.times" -}}
{{- $p := .p -}}
{{- $run := kindIs "map" .file.run | ternary .file.run dict -}}
{{- $duration := "^[0-9]+(ms|s|m|h|d)$" -}}
{{- $deadline := default $run.deadline $p.run.deadline | toString -}}
{{- $seconds := 0 -}}
{{- if regexMatch $duration $deadline -}}{{- $seconds = include "pagehaul.seconds" $deadline | int64 -}}{{- end -}}
{{- $patience := toString $run.patience -}}
{{- range $p.set -}}
{{- if regexMatch "^\\s*run\\.patience\\s*=" . -}}{{- $patience = regexReplaceAll "^[^=]*=" . "" | trim -}}{{- end -}}
{{- end -}}
{{- /* The program's default. */ -}}
{{- if not (regexMatch $duration $patience) -}}{{- $patience = "10m" -}}{{- end -}}
{{- $waits := ternary (include "pagehaul.seconds" $patience) "0" $p.migrate.enabled | int64 -}}
{{- $pods := add (int64 $p.backoffLimit) 1 -}}
{{- /* A pod at its deadline has all of run.drain, even where a SIGTERM leaves it less. */ -}}
{{- $stop := max (int64 $p.terminationGracePeriodSeconds) (include "pagehaul.stop.seconds" $p | int64) -}}
{{- $retries := add (mul $pods (add $seconds $stop)) (include "pagehaul.backoff.seconds" $p) -}}
{{- /* 600: until there is a node, and the image on it. */ -}}
{{- toYaml (dict "deadline" $seconds "retries" $retries "whole" (add $retries (mul $pods $waits) 600)) -}}
{{- end -}}

{{/* What Kubernetes waits between a Job's pods if all of them fail: 10 s, twice as long after each failed one, at most 600 s (job_controller.go, where the documentation
says 360). With `parallelism` those that run together fail together. */}}
{{- define "pagehaul.backoff.seconds" -}}
{{- $times := int64 .backoffLimit -}}
{{- $wait := 5 -}}
{{- $sum := 0 -}}
{{- /* The seventh is at the most. */ -}}
{{- range until (min $times 7 | int) -}}
{{- range until (max 1 (int64 (default 1 $.parallelism)) | min 7 | int) -}}{{- $wait = min 600 (mul $wait 2) -}}{{- end -}}
{{- $sum = add $sum $wait -}}
{{- end -}}
{{- add $sum (mul 600 (max 0 (sub $times 7))) -}}
{{- end -}}

{{/* The overrides that the program reads from PAGEHAUL_SET, one a line. */}}
{{- define "pagehaul.overrides" -}}
{{- $lines := list -}}
{{- with .run.deadline -}}{{- $lines = append $lines (printf "run.deadline=%s" .) -}}{{- end -}}
{{- with .run.drain -}}{{- $lines = append $lines (printf "run.drain=%s" .) -}}{{- end -}}
{{- range $label, $value := .metricLabels -}}{{- $lines = append $lines (printf "telemetry.labels.%s=%s" $label $value) -}}{{- end -}}
{{- with .expectEvery -}}{{- $lines = append $lines (printf "telemetry.expect_every=%s" .) -}}{{- end -}}
{{- with .metricsTo.pushgateway.url -}}{{- $lines = append $lines (printf "telemetry.pushgateway.url=%s" .) -}}{{- end -}}
{{- with .metricsTo.otlp.endpoint -}}{{- $lines = append $lines (printf "telemetry.metrics.endpoint=%s" .) -}}{{- end -}}
{{- range $name, $value := .metricsTo.otlp.headers -}}{{- $lines = append $lines (printf "telemetry.metrics.headers.%s=%s" $name $value) -}}{{- end -}}
{{- range $key, $value := .queue -}}{{- $lines = append $lines (printf "queue.%s=%s" $key (kindIs "float64" $value | ternary (int64 $value | toString) (toString $value))) -}}{{- end -}}
{{- join "\n" (concat $lines .set) -}}
{{- end -}}
