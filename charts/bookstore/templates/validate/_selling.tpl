{{- define "bookstore.validate.payment" -}}
{{- $payment := .Values.payment }}
{{- $keys := dict }}
{{- range $name := list "apiKey" "webhookSecret" }}
{{- $credential := get $payment $name }}
{{- $_ := set $keys $name (or $credential.value $credential.existingSecret) }}
{{- end }}
{{- if eq $payment.provider "none" }}
{{- range $name, $given := mergeOverwrite (pick $payment "url" "pageOrigin") $keys }}
{{- if $given }}
payment.{{ $name }}: is not used while payment.provider is none; name the provider
{{- end }}
{{- end }}
{{- if $payment.sandbox.enabled }}
payment.sandbox.enabled: nobody pays there while payment.provider is none; set payment.provider: sandbox
{{- end }}
{{- else if $payment.sandbox.enabled }}
{{- include "bookstore.validate.sandbox" (dict "root" . "keys" $keys) }}
{{- else }}
{{- if not $payment.url }}
payment.url: is empty; say where the provider's API is, or set payment.sandbox.enabled: true
{{- end }}
{{- range $name, $given := $keys }}
{{- if not $given }}
payment.{{ $name }}: is missing; set existingSecret (and key) to the Secret that holds it
{{- end }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (not (include "bookstore.enabled" .Values.networkPolicy.payment | fromJson)) }}
networkPolicy.payment: list the provider, such as payment.provider.peer.ipBlock.cidr: 203.0.113.0/24, or set networkPolicy.enabled: false
{{- end }}
{{- end }}
{{- range splitList "," $payment.webhookSecret.value }}
{{- if and $payment.webhookSecret.value (not (regexMatch "^(whsec_)?[A-Za-z0-9+/]{32,86}={0,2}$" (trim .))) }}
payment.webhookSecret.value: is not base64 of 24 to 64 bytes; make one with: openssl rand -base64 32
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.sandbox" -}}
{{- $surfaces := include "bookstore.surfaces" .root | fromJson }}
{{- if .root.Values.payment.url }}
payment.url: is not used while payment.sandbox.enabled is true; leave it empty, or disable the sandbox
{{- end }}
{{- range $name, $given := .keys }}
{{- if not (or $given $.root.Values.secretCreation.enabled) }}
payment.{{ $name }}: is missing; name a Secret, or set secretCreation.enabled: true to have one made
{{- end }}
{{- end }}
{{- if and $surfaces (not (or (hasKey $surfaces "all") (hasKey $surfaces "api"))) }}
payment.sandbox.enabled: its webhooks go to the API, which no surface serves; enable `api`
{{- end }}
{{- end -}}

{{- define "bookstore.validate.mail" -}}
{{- $mail := .Values.mail }}
{{- $password := or $mail.password.value $mail.password.existingSecret }}
{{- if not $mail.host }}
{{- range $name, $given := dict "user" $mail.user "password" $password "from" $mail.from }}
{{- if $given }}
mail.{{ $name }}: is not used while mail.host is empty; name the mail server
{{- end }}
{{- end }}
{{- else }}
{{- if not $mail.from }}
mail.from: is empty; say from which address the shop writes
{{- end }}
{{- if ne (empty $mail.user) (empty $password) }}
mail.{{ ternary "user" "password" (empty $mail.user) }}: is missing beside the other; set both, or neither where the server asks for no login
{{- end }}
{{- if and $password (eq $mail.tls "none") }}
mail.tls: none shows mail.password to everybody on the way; use starttls or tls
{{- end }}
{{- if and .Values.networkPolicy.enabled (not (include "bookstore.enabled" .Values.networkPolicy.mail | fromJson)) }}
networkPolicy.mail: list the mail server, such as mail.server.peer.ipBlock.cidr: 10.0.0.7/32, or set networkPolicy.enabled: false
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.publicUrl" -}}
{{- $hosts := include "bookstore.hostNames" . | fromJsonArray }}
{{- $wild := list }}
{{- range $hosts }}{{ if hasPrefix "*" . }}{{ $wild = append $wild . }}{{ end }}{{ end }}
{{- if and $hosts (eq (len $hosts) (len $wild)) (not .Values.publicUrl) }}
publicUrl: hosts has wildcards alone; say at which address buyers reach the shop, such as https://shop.example.org
{{- end }}
{{- end -}}

{{- define "bookstore.validate.schedules" -}}
{{- $parts := include "bookstore.parts" . | fromJsonArray }}
{{- range $name, $_ := .Values.schedules }}
{{- if has $name $parts }}
schedules.{{ $name }}: this chart has a part of that name; choose another
{{- end }}
{{- end }}
{{- $wait := int .Values.migrations.waitTimeoutSeconds }}
{{- range $name, $own := include "bookstore.schedules" . | fromJson }}
{{- if le (int $own.activeDeadlineSeconds) $wait }}
schedules.{{ $name }}.activeDeadlineSeconds: {{ int $own.activeDeadlineSeconds }} ends a run while it still waits for the database; make it more than migrations.waitTimeoutSeconds ({{ $wait }})
{{- end }}
{{- end }}
{{- end -}}
