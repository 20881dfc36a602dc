{{/* What the schema cannot say, in words for people. at: where; p: the settings; own: what the pipeline itself says. */}}
{{- define "pagehaul.check" -}}
{{- $at := .at -}}{{- $p := .p -}}{{- $own := .own -}}
{{- if and $own.config $own.existingConfigMap -}}
{{- fail (printf "%s: has both config and existingConfigMap: expected one of them" $at) -}}
{{- else if not (or $own.config $own.existingConfigMap) -}}
{{- fail (printf "%s: has no pipeline file: expected config (its text) or existingConfigMap" $at) -}}
{{- end -}}
{{- if not $p.schedule -}}
{{- fail (printf "%s.schedule: is missing: expected cron's five fields, such as \"15 10 * * *\", or @daily" $at) -}}
{{- else if contains "TZ=" $p.schedule -}}
{{- fail (printf "%s.schedule: Kubernetes refuses TZ= in a schedule: set %s.timeZone" $at $at) -}}
{{- else if not (regexMatch "^(@[a-z]+( [0-9a-z.]+)?|[^ @]+( +[^ ]+){4})$" $p.schedule) -}}
{{- fail (printf "%s.schedule: \"%s\" is no schedule: expected cron's five fields, such as \"15 10 * * *\", or @daily" $at $p.schedule) -}}
{{- end -}}
{{- if and $p.secret.existingSecret $p.secret.values -}}
{{- fail (printf "%s.secret: has both existingSecret and values: expected one of them. With an existing Secret put the keys there" $at) -}}
{{- end -}}
{{- if and (eq (toString $p.completionMode) "Indexed") (not $p.completions) -}}
{{- fail (printf "%s.completionMode: Indexed needs completions" $at) -}}
{{- end -}}
{{- if $p.scaling.enabled -}}
{{- if not (or $p.scaling.authentication (has $p.scaling.trigger (list "kafka" "sqs")) (and $p.scaling.connection.secretName $p.scaling.connection.key)) -}}
{{- fail (printf "%s.scaling.connection: expected secretName and key of the connection string with which KEDA reads the queue's length" $at) -}}
{{- else if and $own.existingConfigMap (not $p.scaling.pipeline) -}}
{{- fail (printf "%s.scaling.pipeline: expected the name that the file of existingConfigMap has as pipeline:" $at) -}}
{{- end -}}
{{- end -}}
{{- range concat $p.extraEnv $p.migrate.extraEnv -}}
{{- $name := .name -}}
{{- with get (dict "PAGEHAUL_RUN_KEY" "is the Job's UID, so that the Job's next pod resumes its run; expected another name"
  "PAGEHAUL_SET" (printf "is made from run and set: expected the override in %s.set" $at)
  "PAGEHAUL_GRACE" (printf "is made from terminationGracePeriodSeconds: expected the time in %s.terminationGracePeriodSeconds" $at)
  "PAGEHAUL_IF_BUSY" (printf "is made from ifBusy: expected the word in %s.ifBusy" $at)) .name -}}
{{- fail (printf "%s.extraEnv: %s %s" $at $name .) -}}
{{- end -}}
{{- end -}}
{{- range $p.set -}}
{{- if regexMatch "^\\s*run\\.(deadline|drain)\\s*=" . -}}
{{- fail (printf "%s.set: %s: expected it in %s.run, where the Job's end is computed from it" $at . $at) -}}
{{- end -}}
{{- end -}}
{{- if $p.run.deadline -}}
{{- if ge (include "pagehaul.seconds" $p.run.drain | int64) (include "pagehaul.seconds" $p.run.deadline | int64) -}}
{{- fail (printf "%s.run.drain: %s is not shorter than run.deadline, %s: nothing would be pulled" $at $p.run.drain $p.run.deadline) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The pipeline file's text, checked as far as a template can. at, config (text or mapping), p (the settings). */}}
{{- define "pagehaul.config" -}}
{{- $at := .at -}}
{{- $parsed := .config -}}
{{- if kindIs "string" .config -}}
{{- $parsed = fromYaml .config -}}
{{- if hasKey $parsed "Error" -}}
{{- fail (printf "%s: is not YAML: %s" $at (get $parsed "Error")) -}}
{{- end -}}
{{- else -}}
{{- include "pagehaul.check.numbers" (dict "at" $at "value" .config) -}}
{{- end -}}
{{- $ours := dict "run" (pick .p.run "deadline" "drain") "telemetry" (dict "expect_every" .p.expectEvery) -}}
{{- $names := dict "deadline" "run.deadline" "drain" "run.drain" "expect_every" "expectEvery" -}}
{{- range $section, $values := $ours -}}
{{- $theirs := get $parsed $section -}}
{{- if kindIs "map" $theirs -}}
{{- range $key, $value := $values -}}
{{- if and $value (hasKey $theirs $key) (ne (get $theirs $key | toString) $value) -}}
{{- $said := get $theirs $key | toString -}}
{{- fail (printf "%s: %s.%s is %s in the pipeline file and %s in the chart's values, which win: expected %s here only, as %s of the pipeline" $at $section $key $said $value $said (get $names $key)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $text := .config -}}
{{- if not (kindIs "string" .config) -}}{{- $text = printf "%s\n" (toYaml .config) -}}{{- end -}}
{{- /* Kubernetes gives an object's annotations 256 KiB, but Istio hands them to its proxy as one variable, of 128 KiB at most and with quotes escaped, and
`kubectl apply` repeats them, escaped too, in one of the CronJob's. */ -}}
{{- if gt (len $text) 98304 -}}
{{- fail (printf "%s: has %d bytes, and goes with each pod as an annotation: expected at most 98304, or a ConfigMap of yours as existingConfigMap" $at (len $text)) -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* One name, one pipeline: lock, ledger and metrics go by it. Of a file that the chart cannot read it knows what scaling.pipeline or set say. root. */}}
{{- define "pagehaul.check.names" -}}
{{- $of := dict -}}
{{- range $name, $_ := .Values.pipelines -}}
{{- $p := include "pagehaul.settings" (dict "root" $ "name" $name) | fromYaml -}}
{{- $said := "config" -}}
{{- $pipeline := $p.scaling.pipeline -}}
{{- if $p.configText -}}
{{- $pipeline = get (fromYaml $p.configText) "pipeline" | toString -}}
{{- else -}}
{{- $said = "scaling.pipeline" -}}
{{- end -}}
{{- range $p.set -}}{{- if hasPrefix "pipeline=" . -}}{{- $pipeline = trimPrefix "pipeline=" . -}}{{- $said = "set" -}}{{- end -}}{{- end -}}
{{- if or $pipeline $p.configText -}}
{{- if hasKey $of $pipeline -}}
{{- fail (printf "pipelines.%s.%s: pipeline is %s as in pipelines.%s, and with it lock, ledger and metrics: expected a name of its own, in the file or as set: [pipeline=%s]" $name $said $pipeline (get $of $pipeline) $name) -}}
{{- end -}}
{{- $_ := set $of $pipeline $name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Helm reads numbers as doubles: an ID above 2^53 would arrive as another one. */}}
{{- define "pagehaul.check.numbers" -}}
{{- $at := .at -}}
{{- if kindIs "map" .value -}}
{{- range $key, $value := .value -}}{{- include "pagehaul.check.numbers" (dict "at" (printf "%s.%s" $at $key) "value" $value) -}}{{- end -}}
{{- else if kindIs "slice" .value -}}
{{- range $index, $value := .value -}}{{- include "pagehaul.check.numbers" (dict "at" (printf "%s.%d" $at $index) "value" $value) -}}{{- end -}}
{{- else if kindIs "float64" .value -}}
{{- if or (ge .value 9007199254740992.0) (le .value -9007199254740992.0) -}}
{{- fail (printf "%s: Helm cannot hold a number this large exactly (about %.0f): expected the pipeline file as text (config: |)" $at .value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
