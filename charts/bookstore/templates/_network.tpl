{{- /* The peers of a map, as the list that a NetworkPolicy has. */ -}}
{{- define "bookstore.peers" -}}
{{- $peers := list -}}
{{- range include "bookstore.enabled" . | fromJson -}}
{{- $peers = append $peers .peer -}}
{{- end -}}
{{- toJson $peers -}}
{{- end -}}

{{- /* A rule from or to those peers on those ports, none without peers: (dict "word" "to" "peers" map "ports" list). */ -}}
{{- define "bookstore.rule" -}}
{{- $peers := include "bookstore.peers" .peers | fromJsonArray -}}
{{- if $peers }}
- {{ .word }}: {{- toYaml $peers | nindent 4 }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end -}}

{{- /* What every pod that uses the database may reach: the resolver and the database. */ -}}
{{- define "bookstore.databaseEgress" -}}
{{- include "bookstore.dnsEgress" . }}
{{- if .Values.postgresql.enabled }}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: {{ default "postgresql" .Values.postgresql.nameOverride }}
          app.kubernetes.io/instance: {{ .Release.Name }}
          app.kubernetes.io/component: primary
  ports:
    - {port: tcp-postgresql, protocol: TCP}
{{- else }}
{{- include "bookstore.rule" (dict "word" "to" "peers" .Values.networkPolicy.databases
  "ports" (list (int .Values.database.port))) }}
{{- end }}
{{- end -}}

{{- define "bookstore.dnsEgress" -}}
{{- with include "bookstore.peers" .Values.networkPolicy.dns | fromJsonArray }}
- to: {{- toYaml . | nindent 4 }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}
{{- end -}}

{{- /* The port of an address. */ -}}
{{- define "bookstore.urlPort" -}}
{{- $address := urlParse . -}}
{{- $known := regexFind ":[0-9]+$" $address.host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (eq $address.scheme "https")) $known -}}
{{- end -}}

{{- /* A rule from some parts, or to them, on a port, HTTP's if not said: (dict "root" $ "word" "to" "parts" list). */ -}}
{{- define "bookstore.partsRule" -}}
- {{ .word }}:
    {{- range .parts }}
    - podSelector:
        matchLabels: {{- include "bookstore.selectorLabels" (dict "root" $.root "part" .) | nindent 10 }}
    {{- end }}
  ports:
    - {port: {{ default "http" .port }}, protocol: TCP}
{{- end -}}

{{- /* What those who need a feature may reach: (dict "root" $ "needs" list). */ -}}
{{- define "bookstore.featureEgress" -}}
{{- $values := .root.Values -}}
{{- if has "payment" .needs }}
{{- if $values.payment.sandbox.enabled }}
{{ include "bookstore.partsRule" (dict "root" .root "word" "to" "parts" (list (include "bookstore.sandbox" .root))) }}
{{- else }}
{{- include "bookstore.rule" (dict "word" "to" "peers" $values.networkPolicy.payment
  "ports" (list (include "bookstore.urlPort" $values.payment.url | int))) }}
{{- end }}
{{- end }}
{{- if has "cache" .needs }}
{{- if $values.cache.valkey.enabled }}
{{ include "bookstore.partsRule" (dict "root" .root "word" "to" "port" "valkey" "parts" (list "cache")) }}
{{- else }}
{{- include "bookstore.rule" (dict "word" "to" "peers" $values.networkPolicy.cache "ports" (list (int $values.cache.port))) }}
{{- end }}
{{- end }}
{{- if has "mail" .needs }}
{{- include "bookstore.rule" (dict "word" "to" "peers" $values.networkPolicy.mail "ports" (list (int $values.mail.port))) }}
{{- end }}
{{- end -}}
