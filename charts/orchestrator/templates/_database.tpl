{{/* Where the server keeps its data. The embedded store, the bundled PostgreSQL, or a database elsewhere. */}}

{{/* "true" if the bundled PostgreSQL is deployed. */}}
{{- define "orchestrator.database.isBundled" -}}
{{- and .Values.postgresql.enabled (not .Values.embedded.enabled) }}
{{- end }}

{{/* "true" if the server uses the bundled PostgreSQL. */}}
{{- define "orchestrator.database.usesBundled" -}}
{{- and .Values.postgresql.enabled (not .Values.embedded.enabled) (not .Values.database.host) }}
{{- end }}

{{- define "orchestrator.database.host" -}}
{{- default (printf "%s.%s" (include "orchestrator.postgresql" .) .Release.Namespace) .Values.database.host }}
{{- end }}

{{/* The traffic to the bundled database is not encrypted; another database decides by itself. */}}
{{- define "orchestrator.database.parameters" -}}
{{- if .Values.database.connectionParameters }}
{{- .Values.database.connectionParameters }}
{{- else if eq (include "orchestrator.database.usesBundled" .) "true" }}
{{- "sslmode=disable" }}
{{- else if .Values.database.cacert }}
{{- "sslmode=verify-full&sslrootcert=/var/orchestrator/database/ca.crt" }}
{{- end }}
{{- end }}

{{- define "orchestrator.database.credentials" -}}
{{- default (printf "%s-database" (include "orchestrator.server" .)) .Values.database.auth.credentialsSecretName }}
{{- end }}

{{/*
The password: of the values; else, for the bundled database, the one that the release has, or a new one. "postgres" does not
count as one that the release has: it is what chart 8 gave to all, for a database that asked nobody for it.
One rendering has one answer, so it is kept among the values.
*/}}
{{- define "orchestrator.database.password" -}}
{{- if not (hasKey .Values "orchestratorPassword") }}
{{- $password := include "orchestrator.text" (dict "path" "database.auth.password"
    "value" (default .Values.postgresql.auth.password .Values.database.auth.password)) }}
{{- if not $password }}
{{- $secret := lookup "v1" "Secret" .Release.Namespace (include "orchestrator.postgresql" .) | default dict }}
{{- $password = dig "data" "postgres-password" "" $secret | b64dec }}
{{- if or (empty $password) (eq $password "postgres") }}
{{- $password = randAlphaNum 32 }}
{{- end }}
{{- end }}
{{- $_ := set .Values "orchestratorPassword" $password }}
{{- end }}
{{- .Values.orchestratorPassword }}
{{- end }}

{{/* How the server and the migrations reach the database. */}}
{{- define "orchestrator.database.envFrom" -}}
- configMapRef:
    name: {{ include "orchestrator.server" . }}-database
- secretRef:
    name: {{ include "orchestrator.database.credentials" . | quote }}
{{- end }}

{{- define "orchestrator.database.volumes" -}}
{{- with .Values.database.cacert -}}
- name: orchestrator-database-cacert
  projected:
    sources:
      {{- include "orchestrator.caSources" . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "orchestrator.database.mounts" -}}
{{- if .Values.database.cacert -}}
- name: orchestrator-database-cacert
  mountPath: /var/orchestrator/database
  readOnly: true
{{- end }}
{{- end }}
