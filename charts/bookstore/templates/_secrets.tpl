{{- /* The files of a consumer's secrets, each with where it comes from: (dict "root" $ "role" "app" "needs" list). */ -}}
{{- define "bookstore.secretFiles" -}}
{{- $values := .root.Values -}}
{{- $generated := include "bookstore.fullname" .root -}}
{{- $login := include "bookstore.login" . -}}
{{- $role := get $values.database $login -}}
{{- $files := dict "SECRET_KEY" (dict "path" "secretKey" "credential" $values.secretKey
  "generated" (dict "name" $generated "key" "secret-key")) -}}
{{- $fallbacks := $values.secretKeyFallbacks -}}
{{- if and (eq .role "app") (or $fallbacks.value $fallbacks.existingSecret (not $values.secretKey.value)) -}}
{{- $beside := default $generated $values.secretKey.existingSecret -}}
{{- $optional := not (or $fallbacks.value $fallbacks.existingSecret) -}}
{{- $_ := set $files "SECRET_KEY_FALLBACKS" (dict "path" "secretKeyFallbacks" "optional" $optional "credential" (ternary
  (dict "value" "" "existingSecret" $beside "key" $fallbacks.key) $fallbacks $optional)) -}}
{{- end -}}
{{- if $values.postgresql.enabled -}}
{{- $_ := set $files "DATABASE_PASSWORD" (dict "path" "postgresql.auth.existingSecret" "credential" (dict "value" ""
  "existingSecret" (include "postgresql.v1.secretName" .root.Subcharts.postgresql)
  "key" (printf "%s-password" $login))) -}}
{{- else -}}
{{- $_ := set $files "DATABASE_PASSWORD" (dict "credential" $role.password
  "path" (printf "database.%s.password" $login)) -}}
{{- if $role.usernameKey -}}
{{- $_ := set $files "DATABASE_USER" (dict "path" (printf "database.%s.password" $login)
  "credential" (dict "value" "" "existingSecret" $role.password.existingSecret "key" $role.usernameKey)) -}}
{{- end -}}
{{- /* Whoever migrates grants the shop's role its rights, and must know its name. */ -}}
{{- $app := $values.database.app -}}
{{- if and $app.usernameKey (ne .role "app") -}}
{{- $_ := set $files "DATABASE_APP_ROLE" (dict "path" "database.app.password"
  "credential" (dict "value" "" "existingSecret" $app.password.existingSecret "key" $app.usernameKey)) -}}
{{- end -}}
{{- if or $values.database.ca.value $values.database.ca.existingSecret -}}
{{- $_ := set $files "database-ca.crt" (dict "path" "database.ca" "credential" $values.database.ca) -}}
{{- end -}}
{{- end -}}
{{- $s3 := $values.backup.s3 -}}
{{- if and (eq .role "backup") $s3.enabled (or $s3.accessKey.value $s3.accessKey.existingSecret) -}}
{{- $_ := set $files "BACKUP_S3_ACCESS_KEY" (dict "path" "backup.s3.accessKey" "credential" $s3.accessKey) -}}
{{- $_ := set $files "BACKUP_S3_SECRET_KEY" (dict "path" "backup.s3.secretKey" "credential" $s3.secretKey) -}}
{{- end -}}
{{- if has "payment" .needs -}}
{{- $payment := $values.payment -}}
{{- $key := dict "path" "payment.apiKey" "credential" $payment.apiKey -}}
{{- $secret := dict "path" "payment.webhookSecret" "credential" $payment.webhookSecret -}}
{{- if $payment.sandbox.enabled -}}
{{- $_ := set $key "generated" (dict "name" $generated "key" "payment-api-key") -}}
{{- $_ := set $secret "generated" (dict "name" $generated "key" "payment-webhook-secret") -}}
{{- end -}}
{{- $_ := set $files "PAYMENT_API_KEY" $key -}}
{{- $_ := set $files "PAYMENT_WEBHOOK_SECRET" $secret -}}
{{- end -}}
{{- if has "cache" .needs -}}
{{- $cache := $values.cache -}}
{{- $password := dict "path" "cache.password" "credential" $cache.password -}}
{{- if $cache.valkey.enabled -}}
{{- $_ := set $password "generated" (dict "name" $generated "key" "cache-password") -}}
{{- end -}}
{{- if or $cache.valkey.enabled $cache.password.value $cache.password.existingSecret -}}
{{- $_ := set $files "CACHE_PASSWORD" $password -}}
{{- end -}}
{{- if or $cache.ca.value $cache.ca.existingSecret -}}
{{- $_ := set $files "cache-ca.crt" (dict "path" "cache.ca" "credential" $cache.ca) -}}
{{- end -}}
{{- end -}}
{{- $password := $values.mail.password -}}
{{- if and (has "mail" .needs) (or $password.value $password.existingSecret) -}}
{{- $_ := set $files "SMTP_PASSWORD" (dict "path" "mail.password" "credential" $password) -}}
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

{{- /* The Secret and key that hold one of them: the same arguments, and "file". */ -}}
{{- define "bookstore.secretReference" -}}
{{- $source := get (include "bookstore.secretFiles" . | fromJson) .file -}}
{{- $credential := $source.credential -}}
{{- if $credential.value -}}
{{- $given := include "bookstore.secretValues" . | fromJson -}}
{{- dict "key" .file "name" (include "bookstore.hashedName" (dict "root" .root "part" .role "data" $given)) | toJson -}}
{{- else if $credential.existingSecret -}}
{{- dict "key" $credential.key "name" $credential.existingSecret | toJson -}}
{{- else -}}
{{- default (dict "key" "" "name" "") $source.generated | toJson -}}
{{- end -}}
{{- end -}}

{{- /* The sources of a projected volume with all of them. */ -}}
{{- define "bookstore.secretSources" -}}
{{- range $file, $source := include "bookstore.secretFiles" . | fromJson }}
{{- $reference := dict "root" $.root "role" $.role "needs" $.needs "file" $file }}
{{- with include "bookstore.secretReference" $reference | fromJson }}
- secret:
    name: {{ .name }}
    items: [{key: {{ .key }}, path: {{ $file }}}]
    {{- if $source.optional }}
    optional: true
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Whether Secrets must be made, and which: a list of SECRET/KEY. */ -}}
{{- define "bookstore.generated" -}}
{{- $wanted := list -}}
{{- $features := include "bookstore.features" . | fromJsonArray -}}
{{- range include "bookstore.secretFiles" (dict "root" . "role" "app" "needs" $features) | fromJson -}}
{{- if and .generated (not (or .credential.value .credential.existingSecret)) -}}
{{- $wanted = append $wanted (printf "%s/%s" .generated.name .generated.key) -}}
{{- end -}}
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
