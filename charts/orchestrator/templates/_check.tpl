{{/* What the schema cannot say: values that do not go together. Every failure names the value and what to do. */}}

{{- define "orchestrator.check" -}}
{{- if not (or (hasKey .Values "embedded") (hasKey .Values "autoscaling")) }}
{{- fail "the values of this release lack what this chart has gained. Do not upgrade with --reuse-values: pass your values file (-f values.yaml), or --reset-then-reuse-values" }}
{{- end }}
{{- include "orchestrator.check.present" . }}
{{- include "orchestrator.check.global" . }}
{{- include "orchestrator.check.names" . }}
{{- include "orchestrator.check.forms" . }}
{{- include "orchestrator.check.postgresql" . }}
{{- include "orchestrator.check.database" . }}
{{- include "orchestrator.check.embedded" . }}
{{- include "orchestrator.check.certificate" . }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled" }}
{{- end }}
{{- if and .Values.metrics.prometheusRule.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.prometheusRule.enabled needs metrics.enabled" }}
{{- end }}
{{- end }}

{{/* A key with nothing after it takes its default away. Without these values there is nothing to deploy. */}}
{{- define "orchestrator.check.present" -}}
{{- $needed := `
  serviceAccount serviceAccount.create replicaCount terminationGracePeriodSeconds podDisruptionBudget
  autoscaling autoscaling.minReplicas autoscaling.maxReplicas autoscaling.targetCPUUtilizationPercentage
  service service.type service.port ingress ingress.path ingress.pathType
  networkPolicies networkPolicies.enabled networkPolicies.dns networkPolicies.dns.peers networkPolicies.dns.ports
  metrics metrics.serviceMonitor metrics.prometheusRule metrics.grafanaDashboard
  orchestrator orchestrator.image orchestrator.image.repository
  orchestrator.logSQLVerbose orchestrator.txRetryBudget orchestrator.verifyClientMSPID
  orchestrator.tls orchestrator.tls.enabled orchestrator.tls.secrets orchestrator.tls.secrets.pair orchestrator.tls.cacert
  orchestrator.tls.mtls orchestrator.tls.mtls.enabled
  orchestrator.tls.createCertificates orchestrator.tls.createCertificates.duration orchestrator.tls.createCertificates.renewBefore
  orchestrator.tls.createCertificates.issuerKind
  migrations migrations.activeDeadlineSeconds
  embedded embedded.persistence embedded.persistence.accessModes embedded.persistence.size
  database database.port database.auth database.auth.database database.auth.username
  postgresql postgresql.enabled postgresql.image postgresql.image.repository postgresql.image.tag postgresql.auth
  postgresql.primary postgresql.primary.extendedConfiguration
  postgresql.primary.podSecurityContext postgresql.primary.containerSecurityContext
  postgresql.primary.persistence postgresql.primary.persistence.enabled postgresql.primary.persistence.accessModes postgresql.primary.persistence.size
  initImages initImages.postgresql initImages.postgresql.repository` }}
{{- range $path := splitList " " (regexReplaceAll "\\s+" $needed " " | trim) }}
{{- $value := $.Values }}
{{- range splitList "." $path }}{{ $value = index $value . }}{{ end }}
{{- if kindIs "invalid" $value }}
{{- fail (printf "%s: nothing comes after it. Remove it, and its default holds, or say what it is to be" $path) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What bitnami's chart took from there, and nothing does now. Other charts may take other things. */}}
{{- define "orchestrator.check.global" -}}
{{- $instead := dict "postgresql" "database.auth" "storageClass" "postgresql.primary.persistence.storageClass"
  "defaultStorageClass" "postgresql.primary.persistence.storageClass" "imagePullSecrets" "imagePullSecrets"
  "imageRegistry" "orchestrator.image.registry, postgresql.image.registry and initImages.postgresql.registry" }}
{{- range $name, $other := $instead }}
{{- if get (default (dict) $.Values.global) $name }}
{{- fail (printf "global.%s has no effect: this chart deploys PostgreSQL without bitnami's. Set %s" $name $other) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "orchestrator.check.names" -}}
{{- $names := list (include "orchestrator.server" .) }}
{{- if eq (include "orchestrator.database.isBundled" .) "true" }}
{{- $names = append $names (include "orchestrator.postgresql" .) }}
{{- end }}
{{- range $names }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .) }}
{{- fail (printf "%q cannot be the name of a Service: it has lower-case letters, digits and -, and begins with a letter. Choose another name of the release, or orchestrator.fullnameOverride" .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Arguments: path (of the value), name. */}}
{{- define "orchestrator.check.objectName" -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$" .name) }}
{{- fail (printf "%s: %q cannot be the name of a Secret or a ConfigMap: those have lower-case letters, digits, - and ." .path .name) }}
{{- end }}
{{- end }}

{{/* Patterns would do in the schema, but Helm would show nothing but the pattern. */}}
{{- define "orchestrator.check.forms" -}}
{{- $tls := .Values.orchestrator.tls }}
{{- $durations := dict "orchestrator.txRetryBudget" .Values.orchestrator.txRetryBudget
  "orchestrator.tls.createCertificates.duration" $tls.createCertificates.duration
  "orchestrator.tls.createCertificates.renewBefore" $tls.createCertificates.renewBefore }}
{{- range $path, $value := $durations }}
{{- if not (regexMatch "^([0-9]+([.][0-9]*)?(ns|us|µs|ms|s|m|h))+$" $value) }}
{{- fail (printf "%s: %q is not a duration such as 500ms, 1m30s or 2160h" $path $value) }}
{{- end }}
{{- end }}
{{- $nodePort := include "orchestrator.text" (dict "path" "service.nodePort" "value" .Values.service.nodePort) }}
{{- if and $nodePort (or (not (regexMatch "^[1-9][0-9]{0,4}$" $nodePort)) (gt (int $nodePort) 65535)) }}
{{- fail (printf "service.nodePort: %q is not a port" $nodePort) }}
{{- end }}
{{- if and .Values.ingress.enabled (not (or .Values.ingress.hostname .Values.ingress.extraHosts)) }}
{{- fail "ingress.enabled needs a host: set ingress.hostname, or ingress.extraHosts" }}
{{- end }}
{{- $labels := dict "commonLabels" .Values.commonLabels "podLabels" .Values.podLabels "postgresql.primary.podLabels" .Values.postgresql.primary.podLabels }}
{{- range $path, $value := $labels }}
{{- range $name, $_ := $value }}
{{- if or (hasPrefix "app.kubernetes.io/" $name) (hasPrefix "helm.sh/" $name) }}
{{- fail (printf "%s: the label %s is the chart's own; Services and policies find pods by it" $path $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- include "orchestrator.check.objectName" (dict "path" "orchestrator.tls.secrets.pair" "name" $tls.secrets.pair) }}
{{- include "orchestrator.check.objectName" (dict "path" "orchestrator.tls.cacert" "name" $tls.cacert) }}
{{- range $organization, $objects := $tls.mtls.clientCACerts }}
{{- if or (has $organization (list "." "..")) (not (regexMatch "^[^/:']+$" $organization)) }}
{{- fail (printf "orchestrator.tls.mtls.clientCACerts: %q names a folder, and so cannot have any of / : '" $organization) }}
{{- end }}
{{- range (include "orchestrator.clientCAs" $objects | fromJson).objects }}
{{- include "orchestrator.check.objectName" (dict "path" (printf "orchestrator.tls.mtls.clientCACerts.%s" $organization) "name" .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The values of bitnami's chart were open to everything it knows. What is ignored here might be what keeps data. */}}
{{- define "orchestrator.check.postgresql" -}}
{{- $known := dict
  "postgresql" (list "enabled" "image" "auth" "primary")
  "postgresql.image" (list "registry" "repository" "tag" "pullPolicy")
  "postgresql.auth" (list "enablePostgresUser" "username" "password" "database")
  "postgresql.primary" (list "extendedConfiguration" "podSecurityContext" "containerSecurityContext" "resources" "persistence"
    "nodeSelector" "tolerations" "affinity" "priorityClassName" "podAnnotations" "podLabels")
  "postgresql.primary.persistence" (list "enabled" "existingClaim" "storageClass" "accessModes" "size" "annotations" "labels") }}
{{- range $path, $names := $known }}
{{- $value := $.Values }}
{{- range splitList "." $path }}{{ $value = get $value . }}{{ end }}
{{- range $name, $_ := $value }}
{{- if not (has $name $names) }}
{{- fail (printf "%s.%s is not a value of this chart, which deploys PostgreSQL without bitnami's chart. It knows of %s: %s" $path $name $path (join ", " $names)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if contains "bitnami" .Values.postgresql.image.repository }}
{{- fail (printf "postgresql.image.repository is %s, an image of bitnami's. Remove the value: this chart runs the official image postgres, on the same data" .Values.postgresql.image.repository) }}
{{- end }}
{{- end }}

{{- define "orchestrator.check.database" -}}
{{- /* Kubernetes gives the pods of a StatefulSet its name and ten characters as a label, which has 63 at most. */}}
{{- if and (eq (include "orchestrator.database.isBundled" .) "true") (gt (len (include "orchestrator.postgresql" .)) 52) }}
{{- fail (printf "the release name %s is too long for the bundled PostgreSQL: at most 41 characters, or 52 if it contains postgresql" .Release.Name) }}
{{- end }}
{{- $auth := .Values.database.auth }}
{{- $other := .Values.postgresql.auth }}
{{- if eq (include "orchestrator.database.usesBundled" .) "true" }}
{{- range list "username" "database" }}
{{- if and (get $other .) (ne (get $other .) (get $auth .)) }}
{{- fail (printf "database.auth.%s (%s) and postgresql.auth.%s (%s) differ; set database.auth.%s, which holds for both, and leave the other empty" . (get $auth .) . (get $other .) .) }}
{{- end }}
{{- end }}
{{- $password := include "orchestrator.text" (dict "path" "database.auth.password" "value" $auth.password) }}
{{- $otherPassword := include "orchestrator.text" (dict "path" "postgresql.auth.password" "value" $other.password) }}
{{- if and $password $otherPassword (ne $password $otherPassword) }}
{{- fail "database.auth.password and postgresql.auth.password differ; set database.auth.password, which holds for both, and leave the other empty" }}
{{- end }}
{{- else if not .Values.embedded.enabled }}
{{- if not .Values.database.host }}
{{- fail "postgresql.enabled is false: set database.host to the database to use, or embedded.enabled to keep the data on a volume" }}
{{- end }}
{{- if not (or $auth.credentialsSecretName $auth.password) }}
{{- fail (printf "the database %s needs database.auth.password, or database.auth.credentialsSecretName" .Values.database.host) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "orchestrator.check.embedded" -}}
{{- if .Values.embedded.enabled }}
{{- if .Values.database.host }}
{{- fail "embedded.enabled and database.host exclude each other: choose where the data are" }}
{{- end }}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) }}
{{- fail "embedded.enabled allows one replica: several need PostgreSQL. Set replicaCount to 1 and autoscaling.enabled to false" }}
{{- end }}
{{- end }}
{{- end }}

{{/* A certificate without the name that the probes ask for gives a server that never becomes ready. */}}
{{- define "orchestrator.check.certificate" -}}
{{- $tls := .Values.orchestrator.tls }}
{{- if $tls.createCertificates.enabled }}
{{- if not $tls.createCertificates.issuer }}
{{- fail "orchestrator.tls.createCertificates.issuer is empty: set it to the name of the issuer" }}
{{- end }}
{{- $name := include "orchestrator.tlsServerName" . }}
{{- $wildcard := printf "*.%s" (rest (splitList "." $name) | join ".") }}
{{- with $tls.createCertificates.domains }}
{{- if and $tls.enabled (not (has $name .)) (not (has $wildcard .)) }}
{{- fail (printf "orchestrator.tls.createCertificates.domains lacks %s, the name that the probes ask for; add it, or set ingress.hostname to one of the domains" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
