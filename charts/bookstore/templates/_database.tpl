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

{{- /* The files of a consumer's secrets, each with where it comes from: (dict "root" $ "role" "app"), or "owner". */ -}}
{{- define "bookstore.secretFiles" -}}
{{- $values := .root.Values -}}
{{- $role := get $values.database .role -}}
{{- $files := dict "SECRET_KEY" (dict "credential" $values.secretKey "path" "secretKey"
  "generated" (include "bookstore.fullname" .root)) -}}
{{- if $values.postgresql.enabled -}}
{{- $_ := set $files "DATABASE_PASSWORD" (dict "path" "postgresql.auth.existingSecret" "credential" (dict "value" ""
  "existingSecret" (include "postgresql.v1.secretName" .root.Subcharts.postgresql)
  "key" (printf "%s-password" .role))) -}}
{{- else -}}
{{- $_ := set $files "DATABASE_PASSWORD" (dict "credential" $role.password
  "path" (printf "database.%s.password" .role)) -}}
{{- if $role.usernameKey -}}
{{- $_ := set $files "DATABASE_USER" (dict "path" (printf "database.%s.password" .role)
  "credential" (dict "value" "" "existingSecret" $role.password.existingSecret "key" $role.usernameKey)) -}}
{{- end -}}
{{- if or $values.database.ca.value $values.database.ca.existingSecret -}}
{{- $_ := set $files "database-ca.crt" (dict "path" "database.ca" "credential" $values.database.ca) -}}
{{- end -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{- /* Those that stand in values, by file: what this chart makes a Secret of. */ -}}
{{- define "bookstore.secretValues" -}}
{{- $values := dict -}}
{{- range $file, $source := include "bookstore.secretFiles" . | fromJson -}}
{{- with $source.credential.value }}{{ $_ := set $values $file . }}{{ end -}}
{{- end -}}
{{- toJson $values -}}
{{- end -}}

{{- /* The sources of a projected volume with all of them: (dict "root" $ "role" …). */ -}}
{{- define "bookstore.secretSources" -}}
{{- $given := include "bookstore.secretValues" . | fromJson -}}
{{- range $file, $source := include "bookstore.secretFiles" . | fromJson }}
{{- $credential := $source.credential }}
{{- $name := default (get $source "generated") $credential.existingSecret }}
{{- $key := ternary $credential.key "secret-key" (ne $credential.existingSecret "") }}
{{- if $credential.value }}
{{- $name = include "bookstore.hashedName" (dict "root" $.root "part" $.role "data" $given) }}
{{- $key = $file }}
{{- end }}
- secret:
    name: {{ $name }}
    items: [{key: {{ $key }}, path: {{ $file }}}]
{{- end }}
{{- end -}}

{{- /* Whether Secrets must be made, and which: a list of SECRET/KEY. */ -}}
{{- define "bookstore.generated" -}}
{{- $wanted := list -}}
{{- if not (or .Values.secretKey.value .Values.secretKey.existingSecret) -}}
{{- $wanted = append $wanted (printf "%s/secret-key" (include "bookstore.fullname" .)) -}}
{{- end -}}
{{- if .Values.postgresql.enabled -}}
{{- $bundled := .Subcharts.postgresql -}}
{{- $secret := include "postgresql.v1.secretName" $bundled -}}
{{- if eq $secret (include "postgresql.v1.primary.fullname" $bundled) -}}
{{- range list (include "postgresql.v1.adminPasswordKey" $bundled) "owner-password" "app-password" -}}
{{- $wanted = append $wanted (printf "%s/%s" $secret .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (ternary $wanted list .Values.secretCreation.enabled) -}}
{{- end -}}
