{{/* TLS: the probe's command line, the volumes of certificates, and the check that they are there. */}}

{{- define "orchestrator.tlsServerName" -}}
{{- default (printf "%s.%s.svc.cluster.local" (include "orchestrator.server" .) .Release.Namespace) (tpl .Values.ingress.hostname .) }}
{{- end }}

{{/* Arguments: context, address, service (of the health protocol). */}}
{{- define "orchestrator.probe" -}}
{{- $tls := .context.Values.orchestrator.tls -}}
- /bin/grpc_health_probe
- -v
- -addr={{ .address }}
{{- with .service }}
- -service={{ . }}
{{- end }}
{{- if $tls.enabled }}
- -tls
- -tls-ca-cert=/var/orchestrator/tls/server/cacert/ca.crt
- -tls-server-name={{ include "orchestrator.tlsServerName" .context }}
{{- if $tls.mtls.enabled }}
- -tls-client-key=/var/orchestrator/tls/server/pair/tls.key
- -tls-client-cert=/var/orchestrator/tls/server/pair/tls.crt
{{- end }}
{{- end }}
{{- end }}

{{/*
The CAs of one organization as {"objects": [...]}; a string stands for a list of one.
*/}}
{{- define "orchestrator.clientCAs" -}}
{{- $objects := kindIs "string" . | ternary (list .) . }}
{{- dict "objects" (uniq $objects) | toJson }}
{{- end }}

{{/* Keys may be longer than names of volumes, contain what is not legal there, or differ in case only. */}}
{{- define "orchestrator.clientCAVolume" -}}
orchestrator-tls-client-cacert-{{ sha256sum . | trunc 12 }}
{{- end }}

{{/* What probes need: the server's pair and its CA. */}}
{{- define "orchestrator.tlsServerMounts" -}}
- name: orchestrator-tls-server-pair
  mountPath: /var/orchestrator/tls/server/pair
  readOnly: true
- name: orchestrator-tls-cacert
  mountPath: /var/orchestrator/tls/server/cacert
  readOnly: true
{{- end }}

{{- define "orchestrator.tlsClientMounts" -}}
{{- range $organization, $objects := .Values.orchestrator.tls.mtls.clientCACerts }}
- name: {{ include "orchestrator.clientCAVolume" $organization }}
  mountPath: {{ printf "/var/orchestrator/tls/client/%s" $organization | quote }}
  readOnly: true
{{- end }}
{{- end }}

{{/*
A CA may be in a Secret or in a ConfigMap. Two projections of one path are refused by the API server when `items` name
it in both; so the ConfigMap of the server's CA comes as a whole, and the Secret after it wins where both have ca.crt.
*/}}
{{- define "orchestrator.caSources" -}}
- configMap:
    name: {{ . | quote }}
    optional: true
- secret:
    name: {{ . | quote }}
    optional: true
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}

{{- define "orchestrator.tlsServerVolumes" -}}
- name: orchestrator-tls-server-pair
  secret:
    secretName: {{ .Values.orchestrator.tls.secrets.pair | quote }}
- name: orchestrator-tls-cacert
  projected:
    sources:
      {{- include "orchestrator.caSources" .Values.orchestrator.tls.cacert | nindent 6 }}
{{- end }}

{{/* Every file of an organization's folder counts as a CA, so nothing but ca.crt is taken, under a name for each kind. */}}
{{- define "orchestrator.tlsClientVolumes" -}}
{{- range $organization, $objects := .Values.orchestrator.tls.mtls.clientCACerts }}
- name: {{ include "orchestrator.clientCAVolume" $organization }}
  projected:
    sources:
      {{- range (include "orchestrator.clientCAs" $objects | fromJson).objects }}
      - secret:
          name: {{ . | quote }}
          optional: true
          items:
            - key: ca.crt
              path: {{ . }}.crt
      - configMap:
          name: {{ . | quote }}
          optional: true
          items:
            - key: ca.crt
              path: {{ . }}_configmap.crt
      {{- end }}
{{- end }}
{{- end }}

{{/* A missing object would show only later, as a probe that fails or an organization that is refused. */}}
{{- define "orchestrator.tlsCheck" -}}
result=0
check() { # the object, then the files any of which will do
  object=$1
  shift
  for file in "$@"; do [ ! -s "$file" ] || return 0; done
  echo "namespace {{ .Release.Namespace }} has neither a Secret nor a ConfigMap $object with the key ca.crt" >&2
  result=1
}
check {{ .Values.orchestrator.tls.cacert }} /var/orchestrator/tls/server/cacert/ca.crt
{{- if .Values.orchestrator.tls.mtls.enabled }}
{{- range $organization, $objects := .Values.orchestrator.tls.mtls.clientCACerts }}
{{- range (include "orchestrator.clientCAs" $objects | fromJson).objects }}
{{- $path := printf "'/var/orchestrator/tls/client/%s'/%s" $organization . }}
check {{ . }} {{ $path }}.crt {{ $path }}_configmap.crt
{{- end }}
{{- end }}
{{- end }}
exit $result
{{- end }}
