{{- define "pagehaul.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "pagehaul.fullname" -}}
{{- $name := include "pagehaul.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* A CronJob's name: at most 52 characters, because its controller appends 11. What is too long ends in a hash, so that it stays distinct. */}}
{{- define "pagehaul.cronjob.name" -}}
{{- $name := printf "%s-%s" (include "pagehaul.fullname" .root) .name -}}
{{- if gt (len $name) 52 -}}
{{- printf "%s-%s" ($name | trunc 43 | trimSuffix "-") ($name | sha256sum | trunc 8) -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}

{{- define "pagehaul.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pagehaul.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pagehaul.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What selects this release's pods, or with a name one pipeline's. */}}
{{- define "pagehaul.selector" -}}
app.kubernetes.io/name: {{ include "pagehaul.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .name }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* root; name: a pipeline's, or none; more: a list of label mappings. */}}
{{- define "pagehaul.labels" -}}
{{- $labels := deepCopy .root.Values.commonLabels -}}
{{- range .more -}}{{- $labels = merge (deepCopy .) $labels -}}{{- end -}}
{{- with $labels -}}
{{ toYaml . }}
{{ end -}}
{{ include "pagehaul.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}
