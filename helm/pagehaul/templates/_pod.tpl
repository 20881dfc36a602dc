{{/* The pod, for a Job's template. root, p: the settings; helper: `work` in the place of `run`, with no key of its own and the ledger as it is. */}}
{{- define "pagehaul.pod" -}}
{{- $p := .p -}}
metadata:
  labels:
    {{- include "pagehaul.labels" (dict "root" .root "name" $p.pipeline "more" (list $p.nameLabel $p.podLabels)) | nindent 4 }}
  {{- with include "pagehaul.pod.annotations" (dict "p" $p) }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  {{- include "pagehaul.pod.common" . | nindent 2 }}
  {{- $initContainers := $p.initContainers }}
  {{- $migrates := and $p.migrate.enabled (not .helper) }}
  {{- if or $initContainers $migrates }}
  initContainers:
    {{- with $initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if $migrates }}
    - name: migrate
      args: [migrate, --config, /etc/pagehaul/{{ $p.configMap.key }}]
      {{- include "pagehaul.container" (dict "root" .root "p" $p "env" $p.migrate.extraEnv) | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: run
      args:
        - {{ ternary "work" $p.verb (default false .helper) }}
        - --config
        - /etc/pagehaul/{{ $p.configMap.key }}
        {{- if not .helper }}
        {{- if eq $p.verb "enqueue" }}
        - --wait
        {{- end }}
        {{- range $p.extraArgs }}
        - {{ . | quote }}
        {{- end }}
        {{- else }}
        {{- /* What says which run it is; of the rest a helper knows nothing. */}}
        {{- $value := false }}
        {{- range $p.extraArgs }}
        {{- if or $value (regexMatch "^--(set|stream)(=|$)" .) }}
        - {{ . | quote }}
        {{- end }}
        {{- $value = has . (list "--set" "--stream") }}
        {{- end }}
        {{- end }}
      {{- include "pagehaul.container" (dict "root" .root "p" $p "stops" true "runKey" (not .helper)) | nindent 6 }}
  {{- include "pagehaul.volumes" . | nindent 2 }}
{{- end -}}

{{/* A pod's annotations, of which the pipeline file is one: whatever becomes of the release meanwhile, the next pod of a Job has that of its Job's template, so that
a retry sees what the first pod saw. p: the settings; more: those that are this pod's alone. */}}
{{- define "pagehaul.pod.annotations" -}}
{{- $annotations := deepCopy .p.podAnnotations -}}
{{- range $key, $value := default dict .more -}}{{- $_ := set $annotations $key $value -}}{{- end -}}
{{- with .p.configText -}}{{- $_ := set $annotations "pagehaul/config" . -}}{{- end -}}
{{- with $annotations -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{/* What the Job's pod and the test's have in common. */}}
{{- define "pagehaul.pod.common" -}}
{{- $p := .p -}}
serviceAccountName: {{ include "pagehaul.pod.serviceAccountName" . }}
automountServiceAccountToken: {{ $p.automountServiceAccountToken }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 $p.terminationGracePeriodSeconds }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "pagehaul.security" (dict "root" .root "context" $p.podSecurityContext) | nindent 2 }}
{{- with include "pagehaul.fields" (dict "from" $p "keys" (list "priorityClassName" "runtimeClassName" "schedulerName" "hostUsers" "resourceClaims" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "hostAliases" "dnsPolicy" "dnsConfig")) }}
{{ . }}
{{- end }}
{{- end -}}

{{/* A security context as this cluster admits it: OpenShift refuses numbers outside of the range that it has given to the namespace, and fills them in. */}}
{{- define "pagehaul.security" -}}
{{- $context := .context -}}
{{- if include "pagehaul.openshift" .root -}}
{{- $context = omit $context "runAsUser" "runAsGroup" "fsGroup" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{- define "pagehaul.openshift" -}}
{{- if eq (toString .Values.openshift) "auto" -}}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" -}}true{{- end -}}
{{- else if .Values.openshift -}}
true
{{- end -}}
{{- end -}}

{{/* A container of ours but for its name and arguments. root, p; env: more variables; stops: whether it drains when it is stopped; runKey: whether it is a run of its Job. */}}
{{- define "pagehaul.container" -}}
{{- $p := .p -}}
image: {{ include "pagehaul.image" . }}
imagePullPolicy: {{ $p.image.pullPolicy }}
env:
  {{- if .runKey }}
  # The Job's UID: its name is used again. Every pod of a Job resumes the same run.
  - name: PAGEHAUL_RUN_KEY
    valueFrom:
      fieldRef:
        fieldPath: metadata.labels['batch.kubernetes.io/controller-uid']
  {{- end }}
  - name: PAGEHAUL_SET
    value: {{ include "pagehaul.overrides" $p | quote }}
  # A label of the metrics.
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- if .runKey }}
  - name: PAGEHAUL_IF_BUSY
    value: {{ $p.ifBusy }}
  {{- end }}
  {{- if .stops }}
  # Into this a stop is fitted.
  - name: PAGEHAUL_GRACE
    value: {{ include "pagehaul.grace.seconds" $p }}s
  {{- end }}
  {{- with concat $p.extraEnv (default list .env) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $secret := and $p.secret.env $p.secretName }}
{{- if or $secret $p.envFrom }}
envFrom:
  {{- if $secret }}
  - secretRef:
      name: {{ $p.secretName }}
  {{- end }}
  {{- with $p.envFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
{{- with $p.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "pagehaul.security" (dict "root" .root "context" $p.securityContext) | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/pagehaul
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- if and $p.secretName $p.secret.mountPath }}
  - name: secret
    mountPath: {{ $p.secret.mountPath }}
    readOnly: true
  {{- end }}
  {{- with $p.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "pagehaul.volumes" -}}
{{- $p := .p -}}
volumes:
  - name: config
    {{- if $p.configText }}
    downwardAPI:
      items:
        - path: {{ $p.configMap.key }}
          fieldRef:
            fieldPath: metadata.annotations['pagehaul/config']
    {{- else }}
    configMap:
      name: {{ $p.configMap.name }}
    {{- end }}
  - name: tmp
    emptyDir:
      sizeLimit: 16Mi
  {{- if and $p.secretName $p.secret.mountPath }}
  - name: secret
    secret:
      secretName: {{ $p.secretName }}
      # Readable through the pod's fsGroup.
      defaultMode: 0440
  {{- end }}
  {{- with $p.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
