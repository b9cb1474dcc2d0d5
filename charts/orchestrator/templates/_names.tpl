{{/* Names and labels. All of them stay as in chart 8: an upgrade finds the objects of the release by them. */}}

{{- define "orchestrator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Arguments: context, override, suffix (with its dash, or ""). */}}
{{- define "orchestrator.nameOf" -}}
{{- $name := default .context.Chart.Name .context.Values.nameOverride }}
{{- $release := .context.Release.Name }}
{{- $base := contains $name $release | ternary $release (printf "%s-%s" $release $name) }}
{{- default (printf "%s%s" $base .suffix) .override | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "orchestrator.fullname" -}}
{{- include "orchestrator.nameOf" (dict "context" . "override" .Values.fullnameOverride "suffix" "") }}
{{- end }}

{{- define "orchestrator.server" -}}
{{- include "orchestrator.nameOf" (dict "context" . "override" .Values.orchestrator.fullnameOverride "suffix" "-server") }}
{{- end }}

{{- define "orchestrator.migrations" -}}
{{- include "orchestrator.nameOf" (dict "context" . "override" .Values.migrations.fullnameOverride "suffix" "-migrations") }}
{{- end }}

{{- define "orchestrator.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "orchestrator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "orchestrator.networkPolicy" -}}
{{- default (include "orchestrator.name" .) .Values.networkPolicies.namePrefix }}
{{- end }}

{{/* Too long ones are refused, so nothing is cut. */}}
{{- define "orchestrator.postgresql" -}}
{{- $release := .Release.Name }}
{{- contains "postgresql" $release | ternary $release (printf "%s-postgresql" $release) }}
{{- end }}

{{- define "orchestrator.postgresqlHeadless" -}}
{{- printf "%s-hl" (include "orchestrator.postgresql" .) }}
{{- end }}

{{/*
Labels of an object or of pods: the set of that name (below), what is given for them, and commonLabels; of one label the first
counts. Arguments: context, labels (the name), extraLabels (a map).
*/}}
{{- define "orchestrator.labels" -}}
{{- $own := include (printf "orchestrator.labels.%s" .labels) .context | fromYaml }}
{{- merge $own (default (dict) .extraLabels) (default (dict) .context.Values.commonLabels) | toYaml }}
{{- end }}

{{/* Of every object; not of selectors. */}}
{{- define "orchestrator.labels.common" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "orchestrator.selector.instance" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: {{ include "orchestrator.name" . | quote }}
{{- end }}

{{/* Of the Deployment, where it cannot be changed by an upgrade. */}}
{{- define "orchestrator.selector.server" -}}
app.kubernetes.io/component: server
{{ include "orchestrator.selector.instance" . }}
{{- end }}

{{- define "orchestrator.selector.migrations" -}}
app.kubernetes.io/component: migrations
{{ include "orchestrator.selector.instance" . }}
{{- end }}

{{- define "orchestrator.selector.test" -}}
app.kubernetes.io/component: test
{{ include "orchestrator.selector.instance" . }}
{{- end }}

{{/* Of the StatefulSet, where it cannot be changed by an upgrade. */}}
{{- define "orchestrator.selector.postgresql" -}}
app.kubernetes.io/component: primary
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: postgresql
{{- end }}

{{- define "orchestrator.labels.server" -}}
{{ include "orchestrator.selector.server" . }}
{{ include "orchestrator.labels.common" . }}
{{- end }}

{{/* Of the Job. */}}
{{- define "orchestrator.labels.migrations" -}}
app.kubernetes.io/component: migrations
{{ include "orchestrator.labels.common" . }}
{{- end }}

{{/* Of its pods. */}}
{{- define "orchestrator.labels.migrationsPod" -}}
{{ include "orchestrator.selector.migrations" . }}
{{ include "orchestrator.labels.common" . }}
{{- end }}

{{- define "orchestrator.labels.postgresql" -}}
{{ include "orchestrator.selector.postgresql" . }}
{{ include "orchestrator.labels.common" . }}
{{- end }}

{{/* What the metadata of all objects has. Arguments: name, annotations (a map), and those of the labels. */}}
{{- define "orchestrator.metadata" -}}
name: {{ .name | quote }}
labels:
  {{- include "orchestrator.labels" . | nindent 2 }}
{{- with merge (dict) (default (dict) .annotations) (default (dict) .context.Values.commonAnnotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "orchestrator.labels.test" -}}
{{ include "orchestrator.selector.test" . }}
{{ include "orchestrator.labels.common" . }}
{{- end }}
