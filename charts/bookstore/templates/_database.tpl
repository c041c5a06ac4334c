{{- /* The database, wherever it runs: host, port, name, sslmode. */ -}}
{{- define "bookstore.database" -}}
{{- $database := pick .Values.database "host" "port" "name" "sslmode" -}}
{{- if .Values.postgresql.enabled -}}
{{- $bundled := .Subcharts.postgresql -}}
{{- $_ := set $database "host" (include "postgresql.v1.primary.fullname" $bundled) -}}
{{- $_ := set $database "port" (include "postgresql.v1.service.port" $bundled | int) -}}
{{- end -}}
{{- toJson $database -}}
{{- end -}}

{{- /* The database role of a consumer, "app", "owner" or "backup": a backup is made by the owner. */ -}}
{{- define "bookstore.login" -}}
{{- ternary "app" "owner" (eq .role "app") -}}
{{- end -}}
