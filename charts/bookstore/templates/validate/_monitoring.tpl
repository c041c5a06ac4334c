{{- define "bookstore.validate.tracing" -}}
{{- $tracing := .Values.tracing }}
{{- if not $tracing.enabled }}
{{- if $tracing.endpoint }}
tracing.endpoint: is not used while tracing.enabled is false; set that, too
{{- end }}
{{- else }}
{{- if not $tracing.endpoint }}
tracing.endpoint: is empty; say where the collector is, such as http://collector.monitoring:4318
{{- end }}
{{- if and .Values.networkPolicy.enabled (not (include "bookstore.enabled" .Values.networkPolicy.tracing | fromJson)) }}
networkPolicy.tracing: list the collector, such as tracing.collector.peer.ipBlock.cidr: 10.0.0.8/32, or set networkPolicy.enabled: false
{{- end }}
{{- end }}
{{- end -}}
