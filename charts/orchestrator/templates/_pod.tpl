{{/* Pieces that the pods share. */}}

{{/* Argument: registry, repository, tag. */}}
{{- define "orchestrator.imageName" -}}
{{- $name := printf "%s:%s" .repository (toString .tag) }}
{{- empty .registry | ternary $name (printf "%s/%s" .registry $name) }}
{{- end }}

{{- define "orchestrator.image" -}}
{{- $image := .Values.orchestrator.image }}
{{- include "orchestrator.imageName" (dict "registry" $image.registry "repository" $image.repository
    "tag" (default .Chart.AppVersion $image.tag)) }}
{{- end }}

{{- define "orchestrator.initImage" -}}
{{- $image := .Values.initImages.postgresql }}
{{- include "orchestrator.imageName" (dict "registry" $image.registry "repository" $image.repository
    "tag" (default "latest" $image.tag)) }}
{{- end }}

{{/* Pod Security "restricted"; the values add to it, or replace parts of it. */}}
{{- define "orchestrator.podSecurityContext" -}}
{{- $fixed := dict "runAsNonRoot" true "runAsUser" 1001 "fsGroup" 1001 "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- toYaml (mergeOverwrite $fixed (deepCopy (default (dict) .Values.podSecurityContext))) }}
{{- end }}

{{- define "orchestrator.securityContext" -}}
{{- $fixed := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
{{- toYaml (mergeOverwrite $fixed (deepCopy (default (dict) .Values.securityContext))) }}
{{- end }}

{{/* The variables of Services would end up among the settings: a Service "database" gives DATABASE_PORT. */}}
{{- define "orchestrator.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "orchestrator.podSecurityContext" . | nindent 2 }}
{{- end }}
