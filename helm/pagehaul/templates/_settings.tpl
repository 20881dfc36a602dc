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

{{/* The seconds that a stop may take beyond the drain: requests are cancelled 1, what was fetched is stored 5, the ledger is settled 7, metrics are pushed 3. */}}
{{- define "pagehaul.stop.seconds" -}}16{{- end -}}

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
{{- $p := include "pagehaul.overlay" (dict "base" $defaults "over" (omit $own "config" "existingConfigMap")) | fromYaml -}}
{{- $_ := set $p "pipeline" .name -}}
{{- $_ := set $p "cronJobName" (include "pagehaul.cronjob.name" .) -}}
{{- $_ := set $p "ownsSecret" (and $brings $p.secret.values | not | not) -}}
{{- if $p.secret.existingSecret -}}
{{- $_ := set $p "secretName" $p.secret.existingSecret -}}
{{- else if $p.secret.values -}}
{{- $_ := set $p "secretName" (ternary $p.cronJobName (include "pagehaul.fullname" $root) $p.ownsSecret) -}}
{{- end -}}
{{- include "pagehaul.check" (dict "at" (printf "pipelines.%s" .name) "p" $p "own" $own) -}}
{{- $_ := set $p "nameLabel" dict -}}
{{- if $own.existingConfigMap -}}
{{- $_ := set $p "configMap" (dict "name" $own.existingConfigMap.name "key" (default "pipeline.yaml" $own.existingConfigMap.key)) -}}
{{- else -}}
{{- $text := include "pagehaul.config" (dict "at" (printf "pipelines.%s.config" .name) "config" $own.config "p" $p) -}}
{{- $_ := set $p "configText" $text -}}
{{- /* The name that metrics and alerts know it by, where it can be a label. */ -}}
{{- $called := get (fromYaml $text) "pipeline" | toString -}}
{{- if regexMatch "^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$" $called -}}
{{- $_ := set $p "nameLabel" (dict "pagehaul/pipeline" $called) -}}
{{- end -}}
{{- $_ := set $p "configMap" (dict "name" (printf "%s-%s" $p.cronJobName (sha256sum $text | trunc 10)) "key" "pipeline.yaml") -}}
{{- end -}}
{{- if and (kindIs "invalid" $p.activeDeadlineSeconds) $p.run.deadline -}}
{{- $_ := set $p "activeDeadlineSeconds" (include "pagehaul.job.seconds" $p | int64) -}}
{{- end -}}
{{- toYaml $p -}}
{{- end -}}

{{/* The longest that a Job can take with all its retries: each pod its deadline and grace, 600 s for scheduling and back-off. */}}
{{- define "pagehaul.job.seconds" -}}
{{- $pod := add (include "pagehaul.seconds" .run.deadline) (int64 .terminationGracePeriodSeconds) -}}
{{- add (mul (add (int64 .backoffLimit) 1) $pod) 600 -}}
{{- end -}}

{{/* The overrides that the program reads from PAGEHAUL_SET, one a line. */}}
{{- define "pagehaul.overrides" -}}
{{- $lines := list -}}
{{- with .run.deadline -}}{{- $lines = append $lines (printf "run.deadline=%s" .) -}}{{- end -}}
{{- with .run.drain -}}{{- $lines = append $lines (printf "run.drain=%s" .) -}}{{- end -}}
{{- with .expectEvery -}}{{- $lines = append $lines (printf "telemetry.expect_every=%s" .) -}}{{- end -}}
{{- join "\n" (concat $lines .set) -}}
{{- end -}}
