{{/* Pieces of the bundled PostgreSQL's two containers. */}}

{{/* The server's credentials are the database's, so they cannot differ. */}}
{{- define "orchestrator.postgresql.env" -}}
{{- $credentials := include "orchestrator.database.credentials" . -}}
- name: PGDATA
  value: /bitnami/postgresql/data
- name: CONFIGURATION
  value: /etc/postgresql
- name: POSTGRES_USER
  valueFrom:
    secretKeyRef:
      name: {{ $credentials | quote }}
      key: DATABASE_USERNAME
- name: POSTGRES_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $credentials | quote }}
      key: DATABASE_PASSWORD
- name: POSTGRES_DB
  value: {{ .Values.database.auth.database | quote }}
{{- end }}

{{- define "orchestrator.postgresql.mounts" -}}
- name: data
  mountPath: /bitnami/postgresql
- name: configuration
  mountPath: /etc/postgresql
  readOnly: true
- name: run
  mountPath: /var/run/postgresql
- name: tmp
  mountPath: /tmp
- name: shared-memory
  mountPath: /dev/shm
{{- end }}

{{- define "orchestrator.postgresql.probe" -}}
exec:
  command: [/bin/sh, -c, 'exec pg_isready --quiet --host=127.0.0.1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB"']
{{- end }}

{{/* Argument: a context of the values. `enabled` is bitnami's: without it there is none, so that the cluster chooses. */}}
{{- define "orchestrator.postgresql.securityContext" -}}
{{- if dig "enabled" true . -}}
securityContext:
  {{- omit . "enabled" | toYaml | nindent 2 }}
{{- end }}
{{- end }}
