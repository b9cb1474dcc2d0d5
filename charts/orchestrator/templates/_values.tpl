{{/* Values as they were meant. */}}

{{/*
A text that may be written as a number, which templates get as a floating-point one from values files.
Arguments: path (of the value), value.
*/}}
{{- define "orchestrator.text" -}}
{{- if kindIs "float64" .value }}
{{- if or (ge .value 1e15) (le .value -1e15) }}
{{- fail (printf "%s: a number of 16 digits or more is not exact. Write it in quotes" .path) }}
{{- end }}
{{- int64 .value }}
{{- else }}
{{- kindIs "invalid" .value | ternary "" .value }}
{{- end }}
{{- end }}

{{/* The server's file of channels. */}}
{{- define "orchestrator.channels" -}}
{{- $channels := dict }}
{{- range $index, $channel := .Values.channels }}
{{- $path := printf "channels.%d" $index }}
{{- $name := include "orchestrator.text" (dict "path" (printf "%s.name" $path) "value" .name) }}
{{- if hasKey $channels $name }}
{{- fail (printf "channels: %s is given twice" $name) }}
{{- end }}
{{- $organizations := list }}
{{- range .organizations }}
{{- $organizations = append $organizations (include "orchestrator.text" (dict "path" (printf "%s.organizations" $path) "value" .)) }}
{{- end }}
{{- $_ := set $channels $name $organizations }}
{{- end }}
{{- toYaml (dict "channels" $channels) }}
{{- end }}
