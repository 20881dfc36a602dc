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

{{- define "pagehaul.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* The release's. */}}
{{- define "pagehaul.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pagehaul.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* A pipeline's: its own, or the release's. root, p. */}}
{{- define "pagehaul.pod.serviceAccountName" -}}
{{- $own := .p.serviceAccount -}}
{{- if $own.create -}}
{{- default .p.cronJobName $own.name -}}
{{- else -}}
{{- default (include "pagehaul.serviceAccountName" .root) $own.name -}}
{{- end -}}
{{- end -}}

{{/* A pipeline's image by tag or digest. root, p: the settings. The registry is what stands before the first slash if it has a dot or a port, as everywhere. */}}
{{- define "pagehaul.image" -}}
{{- $image := .p.image -}}
{{- $tag := default .root.Chart.AppVersion $image.tag -}}
{{- $registry := "^(localhost|[^/]*[.:][^/]*)/" -}}
{{- $repository := $image.repository -}}
{{- with (default dict .root.Values.global).imageRegistry -}}
{{- $repository = printf "%s/%s" . (regexReplaceAll $registry $repository "") -}}
{{- end -}}
{{- if not (or (regexMatch $registry $repository) (eq $image.pullPolicy "Never")) -}}
{{- $yours := printf "registry.example.com/pagehaul:%s" $tag -}}
{{- fail (printf "image.repository: \"%s\" names no registry, and no image of pagehaul is published: expected where you have pushed yours, such as registry.example.com/pagehaul after `docker build --tag %s . && docker push %s`, or image.pullPolicy: Never for one that was loaded onto the nodes" $repository $yours $yours) -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository $tag -}}
{{- end -}}
{{- end -}}

{{/* What selects this release's pods, or with a name one pipeline's. */}}
{{- define "pagehaul.selector" -}}
{{- $labels := dict "app.kubernetes.io/name" (include "pagehaul.name" .root) "app.kubernetes.io/instance" .root.Release.Name -}}
{{- with .name -}}{{- $_ := set $labels "app.kubernetes.io/component" . -}}{{- end -}}
{{- toYaml $labels -}}
{{- end -}}

{{/* root; name: a pipeline's, or none; more: a list of label mappings, of which the later win. One mapping of all: a key that stands twice is no YAML. */}}
{{- define "pagehaul.labels" -}}
{{- $labels := deepCopy .root.Values.commonLabels -}}
{{- range .more -}}{{- $labels = merge (deepCopy .) $labels -}}{{- end -}}
{{- $chart := printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" -}}
{{- $own := dict "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/managed-by" .root.Release.Service "helm.sh/chart" $chart -}}
{{- toYaml (merge (include "pagehaul.selector" . | fromYaml) $own $labels) -}}
{{- end -}}
