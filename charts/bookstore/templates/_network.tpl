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
