{{- /* What a surface's container has beside what all have. */ -}}
{{- define "bookstore.webContainer" -}}
ports:
  - {name: http, containerPort: 8000}
  - {name: metrics, containerPort: 9000}
startupProbe:
  httpGet: {path: /livez, port: http}
  {{- toYaml .probes.startup | nindent 2 }}
livenessProbe:
  httpGet: {path: /livez, port: http}
  {{- toYaml .probes.liveness | nindent 2 }}
readinessProbe:
  httpGet: {path: /readyz, port: http}
  {{- toYaml .probes.readiness | nindent 2 }}
lifecycle:
  preStop:
    sleep: {seconds: {{ .lifecycle.preStopSleepSeconds }}}
{{- end -}}
