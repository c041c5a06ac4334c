{{- /* What the application reads from its environment. */ -}}

{{- /* Names that this chart sets itself, and the value to use instead. */ -}}
{{- define "bookstore.reservedEnv" -}}
BOOKSTORE_SURFACE: surfaces
SECRET_KEY: secretKey
SECRET_KEY_FALLBACKS: secretKeyFallbacks
SECRETS_DIR: secretKey and database
DATABASE_URL: database
DATABASE_HOST: database.host
DATABASE_PORT: database.port
DATABASE_NAME: database.name
DATABASE_USER: database.app.username
DATABASE_PASSWORD: database.app.password
DATABASE_SSLMODE: database.sslmode
DATABASE_SSLROOTCERT: database.ca
DATABASE_APP_ROLE: database.app.username
HOST: service
PORT: service.port
METRICS_PORT: serviceMonitor
WEB_WORKERS: web.workers
WEB_THREADS: web.threads
GRACEFUL_TIMEOUT_SECONDS: web.lifecycle.gracefulTimeoutSeconds
ALLOWED_HOSTS: hosts or allowedHosts
PUBLIC_URL: hosts or publicUrl
PAYMENT_PROVIDER: payment.provider
PAYMENT_URL: payment.url
PAYMENT_PAGE_ORIGIN: payment.pageOrigin
PAYMENT_API_KEY: payment.apiKey
PAYMENT_WEBHOOK_SECRET: payment.webhookSecret
SMTP_HOST: mail.host
SMTP_PORT: mail.port
SMTP_TLS: mail.tls
SMTP_USER: mail.user
SMTP_PASSWORD: mail.password
MAIL_FROM: mail.from
CACHE_HOST: cache.host or cache.valkey
CACHE_PORT: cache.port
CACHE_USER: cache.user
CACHE_PASSWORD: cache.password
CACHE_TLS: cache.tls
CACHE_CA: cache.ca
CACHE_PREFIX: fullnameOverride
CACHE_BREAKER_SECONDS: cache.tuning.CACHE_BREAKER_SECONDS
CACHE_EVICTION: cache.tuning.CACHE_EVICTION
CACHE_MAX_ENTRIES: cache.tuning.CACHE_MAX_ENTRIES
CACHE_MISSING_TTL_SECONDS: cache.tuning.CACHE_MISSING_TTL_SECONDS
CACHE_TTL_SECONDS: cache.tuning.CACHE_TTL_SECONDS
LOG_LEVEL: logLevel
TUNING_DIR: cache.tuning
BACKUP_DIR: backup.persistence
BACKUP_KEEP: backup.keep
BACKUP_S3_ENDPOINT: backup.s3.endpoint
BACKUP_S3_BUCKET: backup.s3.bucket
BACKUP_S3_PREFIX: backup.s3.prefix
BACKUP_S3_REGION: backup.s3.region
BACKUP_S3_ACCESS_KEY: backup.s3.accessKey
BACKUP_S3_SECRET_KEY: backup.s3.secretKey
TRUSTED_PROXIES: trustedProxies
TRACING_ENDPOINT: tracing.endpoint
TRACING_SAMPLE_RATIO: tracing.sampleRatio
PROMETHEUS_MULTIPROC_DIR: workload.sharedMemorySize
{{- end -}}

{{- define "bookstore.secretsDir" -}}/run/secrets/bookstore{{- end -}}
{{- define "bookstore.tuningDir" -}}/run/config/cache-tuning{{- end -}}

{{- /* Numbers as Kubernetes wants them in an environment: a large one must not turn into 1e+06. */ -}}
{{- define "bookstore.plainText" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ toString . }}{{ end -}}
{{- end -}}

{{- /* Settings of everything that connects to the database: (dict "root" $ "role" "app"). */ -}}
{{- define "bookstore.commonSettings" -}}
{{- $values := .root.Values -}}
{{- $settings := dict -}}
{{- range $name, $value := $values.settings -}}
{{- $_ := set $settings $name (include "bookstore.plainText" $value) -}}
{{- end -}}
{{- $database := include "bookstore.database" .root | fromJson -}}
{{- $_ := set $settings "LOG_LEVEL" $values.logLevel -}}
{{- $_ := set $settings "DATABASE_HOST" $database.host -}}
{{- $_ := set $settings "DATABASE_PORT" (toString $database.port) -}}
{{- $_ := set $settings "DATABASE_NAME" $database.name -}}
{{- with $database.sslmode }}{{ $_ := set $settings "DATABASE_SSLMODE" . }}{{ end -}}
{{- $role := get $values.database (include "bookstore.login" .) -}}
{{- if not $role.usernameKey }}{{ $_ := set $settings "DATABASE_USER" $role.username }}{{ end -}}
{{- if hasKey (include "bookstore.secretFiles" . | fromJson) "database-ca.crt" -}}
{{- $_ := set $settings "DATABASE_SSLROOTCERT" (printf "%s/database-ca.crt" (include "bookstore.secretsDir" .)) -}}
{{- end -}}
{{- toJson $settings -}}
{{- end -}}

{{- /* Settings of a surface: (dict "root" $ "surface" "api" "web" …). */ -}}
{{- define "bookstore.webSettings" -}}
{{- $values := .root.Values -}}
{{- $needs := include "bookstore.webNeeds" .root | fromJsonArray -}}
{{- $settings := include "bookstore.shopSettings" (dict "root" .root "needs" $needs) | fromJson -}}
{{- $service := include "bookstore.partName" (dict "root" .root "part" .surface) -}}
{{- $inside := printf "%s.%s.svc" $service (include "bookstore.namespace" .root) -}}
{{- $hosts := include "bookstore.hostNames" .root | fromJsonArray -}}
{{- with $values.publicUrl }}{{ $hosts = append $hosts (urlParse .).hostname }}{{ end -}}
{{- $trusted := list -}}
{{- range concat $hosts $values.allowedHosts (list "localhost" "127.0.0.1" "[::1]" $service $inside) -}}
{{- $trusted = append $trusted (trimPrefix "*" .) -}}
{{- end -}}
{{- /* From a file, which may change. */ -}}
{{- $_ := unset $settings "LOG_LEVEL" -}}
{{- $proxied := or $values.ingress.enabled $values.httpRoute.enabled -}}
{{- if $values.tracing.enabled -}}
{{- $_ := set $settings "TRACING_ENDPOINT" $values.tracing.endpoint -}}
{{- $_ := set $settings "TRACING_SAMPLE_RATIO" (toString $values.tracing.sampleRatio) -}}
{{- end -}}
{{- mergeOverwrite $settings (dict
  "BOOKSTORE_SURFACE" .surface
  "WEB_WORKERS" (toString .web.workers)
  "WEB_THREADS" (toString .web.threads)
  "GRACEFUL_TIMEOUT_SECONDS" (toString .web.lifecycle.gracefulTimeoutSeconds)
  "ALLOWED_HOSTS" (join "," $trusted)
  "TRUSTED_PROXIES" (ternary (toString $values.trustedProxies) "0" $proxied)
  "TUNING_DIR" (include "bookstore.tuningDir" .root)
  "PORT" "8000"
  "METRICS_PORT" "9000") | toJson -}}
{{- end -}}

{{- /* Only what a migration reads: another name of the shop is no reason to migrate again. */ -}}
{{- define "bookstore.migrateSettings" -}}
{{- $settings := dict -}}
{{- range $name, $value := include "bookstore.commonSettings" (dict "root" . "role" "owner") | fromJson -}}
{{- if regexMatch "^(DATABASE_|LOG_FORMAT$)" $name }}{{ $_ := set $settings $name $value }}{{ end -}}
{{- end -}}
{{- $app := .Values.database.app -}}
{{- if not $app.usernameKey }}{{ $_ := set $settings "DATABASE_APP_ROLE" $app.username }}{{ end -}}
{{- toJson $settings -}}
{{- end -}}

{{- /* The `env` of a container from a workload's map. */ -}}
{{- define "bookstore.env" -}}
{{- range $name, $entry := include "bookstore.enabled" .workload.env | fromJson }}
{{- if kindIs "map" $entry }}
- name: {{ $name }}
  {{- omit $entry "enabled" | toYaml | nindent 2 }}
{{- else }}
- {name: {{ $name }}, value: {{ $entry | quote }}}
{{- end }}
{{- end }}
{{- if .role }}
- {name: SECRETS_DIR, value: {{ include "bookstore.secretsDir" . }}}
{{- end }}
{{- end -}}
