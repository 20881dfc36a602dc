{{/* The pod, for a Job's template. root, p: the settings. */}}
{{- define "pagehaul.pod" -}}
{{- $p := .p -}}
metadata:
  labels:
    {{- include "pagehaul.labels" (dict "root" .root "name" $p.pipeline "more" (list $p.nameLabel $p.podLabels)) | nindent 4 }}
  {{- with $p.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  {{- include "pagehaul.pod.common" . | nindent 2 }}
  {{- $initContainers := $p.initContainers }}
  {{- if or $initContainers $p.migrate.enabled }}
  initContainers:
    {{- with $initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if $p.migrate.enabled }}
    - name: migrate
      args: [migrate, --config, /etc/pagehaul/{{ $p.configMap.key }}]
      {{- include "pagehaul.container" (dict "root" .root "p" $p "env" $p.migrate.extraEnv) | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: run
      args:
        - run
        - --config
        - /etc/pagehaul/{{ $p.configMap.key }}
        {{- range $p.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      {{- include "pagehaul.container" (dict "root" .root "p" $p "runKey" true) | nindent 6 }}
  {{- include "pagehaul.volumes" . | nindent 2 }}
{{- end -}}

{{/* What the Job's pod and the test's have in common. */}}
{{- define "pagehaul.pod.common" -}}
{{- $p := .p -}}
serviceAccountName: {{ include "pagehaul.serviceAccountName" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 $p.terminationGracePeriodSeconds }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $p.podSecurityContext | nindent 2 }}
{{- with include "pagehaul.fields" (dict "from" $p "keys" (list "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "hostAliases" "dnsPolicy" "dnsConfig")) }}
{{ . }}
{{- end }}
{{- end -}}

{{/* A container of ours but for its name and arguments. root, p; env: more variables; runKey: whether it is a run of its Job. */}}
{{- define "pagehaul.container" -}}
{{- $p := .p -}}
image: {{ include "pagehaul.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
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
  {{- toYaml $p.securityContext | nindent 2 }}
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
    configMap:
      name: {{ $p.configMap.name }}
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
