{{/* How often a schedule starts a Job, as a duration: the longest gap between two starts in a row, so that a healthy pipeline is never late by it. Empty for what is
none of the common forms. `@every` and the macros; `*` or lists, ranges and steps of minutes, of hours, of days of the week; days of the month that every
month has. Both kinds of days at once mean either, and months leave gaps of their own: no common forms. Takes the schedule. */}}
{{- define "pagehaul.schedule.interval" -}}
{{- $macros := dict "@hourly" "1h" "@daily" "1d" "@midnight" "1d" "@weekly" "7d" "@monthly" "31d" "@yearly" "366d" "@annually" "366d" -}}
{{- $fields := regexSplit " +" (trim .) -1 -}}
{{- if hasKey $macros . -}}
{{- get $macros . -}}
{{- else if regexMatch "^@every [1-9][0-9]*(s|m|h)$" . -}}
{{- trimPrefix "@every " . -}}
{{- else if eq (len $fields) 5 -}}
{{- $every := list "*" "?" -}}
{{- $anyHour := has (index $fields 1) $every -}}
{{- $anyDate := has (index $fields 2) $every -}}
{{- $anyMonth := has (index $fields 3) $every -}}
{{- $anyDay := has (index $fields 4) $every -}}
{{- if and $anyHour $anyDate $anyMonth $anyDay -}}
{{- include "pagehaul.schedule.gap" (dict "field" (index $fields 0) "from" 0 "of" 60 "unit" "m" "whole" "1h") -}}
{{- else if and $anyDate $anyMonth $anyDay -}}
{{- include "pagehaul.schedule.gap" (dict "field" (index $fields 1) "from" 0 "of" 24 "unit" "h" "whole" "1d") -}}
{{- else if and $anyDate $anyMonth -}}
{{- $day := index $fields 4 | lower -}}
{{- range $number, $name := list "sun" "mon" "tue" "wed" "thu" "fri" "sat" -}}{{- $day = replace $name (toString $number) $day -}}{{- end -}}
{{- include "pagehaul.schedule.gap" (dict "field" (regexReplaceAll "^7$" $day "0") "from" 0 "of" 7 "unit" "d" "whole" "7d") -}}
{{- else if and $anyMonth $anyDay (regexMatch "^([1-9]|1[0-9]|2[0-8])$" (index $fields 2)) -}}
31d
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The longest gap between two numbers of a field of cron, round about: field; of: how many numbers there are, from 0; unit; whole: what all of them make. Empty where
the field cannot be read. */}}
{{- define "pagehaul.schedule.gap" -}}
{{- $at := list -}}
{{- $known := true -}}
{{- range $part := splitList "," .field -}}
{{- if not (regexMatch "^([*?]|[0-9]+(-[0-9]+)?)(/[1-9][0-9]*)?$" $part) -}}{{- $known = false -}}
{{- else -}}
{{- $step := regexFind "/[0-9]+$" $part | trimPrefix "/" | default "1" | int -}}
{{- $range := regexReplaceAll "/.*$" $part "" -}}
{{- $ends := regexFindAll "[0-9]+" $range -1 -}}
{{- $first := 0 -}}{{- $last := sub $.of 1 -}}
{{- if $ends -}}{{- $first = first $ends | int -}}{{- end -}}
{{- if or (eq (len $ends) 2) (and $ends (not (contains "/" $part))) -}}{{- $last = last $ends | int -}}{{- end -}}
{{- /* 7 is a Sunday too, where it ends a range. */ -}}
{{- range $number := untilStep ($first | int) (add $last 1 | int) $step -}}{{- $at = append $at (mod $number $.of) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $longest := 0 -}}
{{- range $from := $at -}}
{{- $next := $.of -}}
{{- range $to := $at -}}
{{- $gap := mod (add (sub $to $from) $.of) $.of -}}
{{- if gt $gap 0 -}}{{- $next = min $next $gap -}}{{- end -}}
{{- end -}}
{{- $longest = max $longest $next -}}
{{- end -}}
{{- if and $known $at -}}{{- eq (int $longest) (int .of) | ternary .whole (printf "%d%s" (int $longest) .unit) -}}{{- end -}}
{{- end -}}

{{/* What NOTES say where alerts may hold a healthy pipeline to the wrong interval. p: the settings. */}}
{{- define "pagehaul.notes.interval" -}}
{{- if not (or .p.expectEvery .p.fileExpects) -}}
{{- $interval := include "pagehaul.schedule.interval" .p.schedule -}}
{{- if or (not $interval) (gt (include "pagehaul.seconds" (default "1d" $interval) | int64) 86400) }}

WARNING: {{ .p.cronJobName }}: the chart does not know how often it is expected to succeed: {{ if $interval }}its pipeline file is not the chart's to read{{ else }}"{{ .p.schedule }}" is none of the forms
that it reads{{ end }}. Unless telemetry.expect_every in the pipeline file says so, alerts hold it to a day: set expectEvery{{ with $interval }}, to {{ . }} by its schedule{{ end }}.
{{- end }}
{{- end }}
{{- end -}}
