{{- define "bookstore.validate.credentials" -}}
{{- $values := .Values }}
{{- $wanted := dict "secretKey" $values.secretKey "secretKeyFallbacks" $values.secretKeyFallbacks "database.ca" $values.database.ca
  "database.app.password" $values.database.app.password "database.owner.password" $values.database.owner.password
  "backup.s3.accessKey" $values.backup.s3.accessKey "backup.s3.secretKey" $values.backup.s3.secretKey
  "payment.apiKey" $values.payment.apiKey "payment.webhookSecret" $values.payment.webhookSecret
  "mail.password" $values.mail.password "cache.password" $values.cache.password "cache.ca" $values.cache.ca }}
{{- range $path, $credential := $wanted }}
{{- if and $credential.value $credential.existingSecret }}
{{ $path }}: has both value and existingSecret; set one of them
{{- end }}
{{- end }}
{{- $key := $values.secretKey }}
{{- if and $key.value (lt (len $key.value) 32) }}
secretKey.value: has fewer than 32 characters; make one with: openssl rand -hex 32
{{- end }}
{{- if not (or $key.value $key.existingSecret $values.secretCreation.enabled) }}
secretKey.existingSecret: name a Secret, or set secretCreation.enabled: true to have one made
{{- end }}
{{- if not $values.postgresql.enabled }}
{{- range $role := list "app" "owner" }}
{{- $login := get $values.database $role }}
{{- if not (and (eq $role "owner") (eq (include "bookstore.migrationMode" $) "external") (not $values.backup.enabled)) }}
{{- if not (or $login.password.value $login.password.existingSecret) }}
database.{{ $role }}.password: is missing; set existingSecret (and key) to the Secret that holds it
{{- end }}
{{- end }}
{{- if and $login.usernameKey (not $login.password.existingSecret) }}
database.{{ $role }}.usernameKey: is a key of database.{{ $role }}.password.existingSecret; set that, too
{{- end }}
{{- if not (or $login.username $login.usernameKey) }}
database.{{ $role }}.username: is empty; name the role
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A value of the subchart at a dotted path, nothing where it is empty or false: (dict "values" map "path" "a.b"). */ -}}
{{- define "bookstore.validate.bundledValue" -}}
{{- $value := .values | toJson | fromJson -}}
{{- range splitList "." .path }}{{ $value = get (default dict $value) . }}{{ end -}}
{{- with $value }}{{ toJson . }}{{ end -}}
{{- end -}}

{{- define "bookstore.validate.bundled" -}}
{{- if .Values.postgresql.enabled }}
{{- $bundled := .Subcharts.postgresql }}
{{- $name := include "postgresql.v1.primary.fullname" $bundled }}
{{- with .Values.database.host }}
database.host: {{ . }} is not used while postgresql.enabled is true; set postgresql.enabled: false to use it
{{- end }}
{{- if or .Values.database.sslmode .Values.database.ca.value .Values.database.ca.existingSecret }}
database.sslmode: the bundled database does not speak TLS; leave database.sslmode and database.ca empty, or use an outside one
{{- end }}
{{- range $path, $pair := dict "database.name" (list .Values.database.name "bookstore")
  "database.app.username" (list .Values.database.app.username "bookstore")
  "database.owner.username" (list .Values.database.owner.username "bookstore_owner") }}
{{- if ne (first $pair) (last $pair) }}
{{ $path }}: the bundled database is made with {{ last $pair }}; leave it
{{- end }}
{{- end }}
{{- range $role := list "app" "owner" }}
{{- $login := get $.Values.database $role }}
{{- if or $login.password.value $login.password.existingSecret $login.usernameKey }}
database.{{ $role }}.password: is not used while postgresql.enabled is true; put the passwords into a Secret and name it in postgresql.auth.existingSecret
{{- end }}
{{- end }}
{{- if not .Values.postgresql.auth.existingSecret }}
postgresql.auth.existingSecret: is empty, so the subchart would make passwords anew at each render; leave its default
{{- end }}
{{- if and (not .Values.secretCreation.enabled) (eq (include "postgresql.v1.secretName" $bundled) $name) }}
postgresql.auth.existingSecret: name a Secret with postgres-password, owner-password and app-password, or set secretCreation.enabled: true
{{- end }}
{{- if include "postgresql.v1.username" $bundled }}
postgresql.auth.username: the official image would make it a superuser; leave it empty, the init script makes the roles
{{- end }}
{{- if ne .Values.postgresql.architecture "standalone" }}
postgresql.architecture: the official image cannot replicate under this subchart; use an outside database
{{- end }}
{{- range $path := list "auth.enablePostgresUser" "auth.usePasswordFiles" }}
{{- if not (include "bookstore.validate.bundledValue" (dict "values" $.Values.postgresql "path" $path)) }}
postgresql.{{ $path }}: the official image and its init script read the passwords as files; leave it true
{{- end }}
{{- end }}
{{- range $path := list "tls.enabled" "metrics.enabled" "passwordUpdateJob.enabled" "volumePermissions.enabled"
  "backup.enabled" "ldap.enabled" "primary.standby.enabled" "primary.preInitDb.scripts" }}
{{- if include "bookstore.validate.bundledValue" (dict "values" $.Values.postgresql "path" $path) }}
postgresql.{{ $path }}: needs Bitnami's own image; leave it off, or use an outside database
{{- end }}
{{- end }}
{{- range $path := list "configuration" "extendedConfiguration" "pgHbaConfiguration" "existingConfigmap"
  "existingExtendedConfigmap" }}
{{- if include "bookstore.validate.bundledValue" (dict "values" $.Values.postgresql.primary "path" $path) }}
postgresql.primary.{{ $path }}: the official image does not read it; give the server its settings in postgresql.primary.args, such as [-c, max_connections=200]
{{- end }}
{{- end }}
{{- if .Values.postgresql.primary.initdb.scriptsConfigMap }}
postgresql.primary.initdb.scriptsConfigMap: takes the place of the script that makes the roles; add yours to postgresql.primary.initdb.scripts
{{- end }}
{{- if ne (int .Values.postgresql.containerPorts.postgresql) 5432 }}
postgresql.containerPorts.postgresql: the official image listens on 5432; change postgresql.primary.service.ports.postgresql instead
{{- end }}
{{- if gt (len $name) 52 }}
postgresql.fullnameOverride: {{ $name }} is too long for a StatefulSet (52 characters); set a shorter name
{{- end }}
{{- if or (eq .Values.postgresql.image.tag "latest") (not .Values.postgresql.image.tag) }}
postgresql.image.tag: a new major version cannot read the old one's files; name the major version, such as 17-trixie
{{- end }}
{{- if and .Values.namespaceOverride (ne .Values.namespaceOverride .Release.Namespace) }}
namespaceOverride: the bundled database stays in {{ .Release.Namespace }}, out of reach; install the release into {{ .Values.namespaceOverride }} instead
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.outside" -}}
{{- if not .Values.postgresql.enabled }}
{{- with .Values.database }}
{{- if not .host }}
database.host: is empty; name the database's host, or set postgresql.enabled: true
{{- end }}
{{- if and (hasPrefix "verify-" .sslmode) (not (or .ca.value .ca.existingSecret)) }}
database.ca: database.sslmode {{ .sslmode }} needs the authority that signed the server's certificate; set existingSecret and key
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.migrations" -}}
{{- with .Values.migrations }}
{{- if and (eq .mode "hook") $.Values.postgresql.enabled }}
migrations.mode: hook runs before the bundled database is there; use job
{{- end }}
{{- with include "bookstore.laterSecret" $ }}
{{- if eq $.Values.migrations.mode "hook" }}
migrations.mode: hook runs before externalSecrets has made {{ . }}; use job
{{- end }}
{{- end }}
{{- if le (int .activeDeadlineSeconds) (int .waitTimeoutSeconds) }}
migrations.activeDeadlineSeconds: {{ .activeDeadlineSeconds }} ends the Job while it still waits for the database; make it more than waitTimeoutSeconds ({{ .waitTimeoutSeconds }})
{{- end }}
{{- end }}
{{- end -}}
