{{- /* Payments, e-mails and the cache: what is on, who needs it, and what the shop must know of it. */ -}}

{{- define "bookstore.features" -}}
{{- $on := list -}}
{{- if ne .Values.payment.provider "none" }}{{ $on = append $on "payment" }}{{ end -}}
{{- if .Values.mail.host }}{{ $on = append $on "mail" }}{{ end -}}
{{- if include "bookstore.cache" . | fromJson }}{{ $on = append $on "cache" }}{{ end -}}
{{- toJson $on -}}
{{- end -}}

{{- /* Those that a surface needs: it only puts e-mails into the outbox. */ -}}
{{- define "bookstore.webNeeds" -}}
{{- without (include "bookstore.features" . | fromJsonArray) "mail" | toJson -}}
{{- end -}}

{{- /* What surfaces and schedules need, each combination once. */ -}}
{{- define "bookstore.allNeeds" -}}
{{- $all := list (include "bookstore.webNeeds" . | fromJsonArray) -}}
{{- range include "bookstore.schedules" . | fromJson }}{{ $all = append $all .needs }}{{ end -}}
{{- uniq $all | toJson -}}
{{- end -}}

{{- /* The schedules whose needs are on, each over `cronJob` over `workload`. All tell the cache of what they change. */ -}}
{{- define "bookstore.schedules" -}}
{{- $features := include "bookstore.features" . | fromJsonArray -}}
{{- $schedules := dict -}}
{{- range $name, $own := include "bookstore.enabled" .Values.schedules | fromJson -}}
{{- $whole := mergeOverwrite (deepCopy $.Values.workload) (deepCopy $.Values.cronJob) (dict "needs" list) $own -}}
{{- $missing := list -}}
{{- range $whole.needs }}{{ if not (has . $features) }}{{ $missing = append $missing . }}{{ end }}{{ end -}}
{{- if has "cache" $features }}{{ $_ := set $whole "needs" (append $whole.needs "cache") }}{{ end -}}
{{- if not $missing }}{{ $_ := set $schedules $name $whole }}{{ end -}}
{{- end -}}
{{- toJson $schedules -}}
{{- end -}}

{{- /* The address of a part's Service within the cluster: (dict "root" $ "part" "api"). */ -}}
{{- define "bookstore.insideUrl" -}}
{{- $port := int .root.Values.service.port -}}
{{- printf "http://%s.%s.svc" (include "bookstore.partName" .) (include "bookstore.namespace" .root) -}}
{{- if ne $port 80 }}:{{ $port }}{{ end -}}
{{- end -}}

{{- /* Where buyers reach the shop: by the first host that is no wildcard, else within the cluster alone. */ -}}
{{- define "bookstore.publicUrl" -}}
{{- $url := .Values.publicUrl -}}
{{- range include "bookstore.enabled" .Values.hosts | fromJson -}}
{{- if not (or $url (hasPrefix "*" .host)) -}}
{{- $url = printf "%s://%s" (ternary "https" "http" (not (empty .tlsSecret))) .host -}}
{{- end -}}
{{- end -}}
{{- $pages := keys (include "bookstore.surfaces" . | fromJson) | sortAlpha | last | default "all" -}}
{{- default (include "bookstore.insideUrl" (dict "root" . "part" $pages)) $url -}}
{{- end -}}

{{- define "bookstore.sandbox" -}}sandbox-payments{{- end -}}

{{- /* Where buyers reach the sandbox's page: at /pay of the shop's own host, where there is a route. */ -}}
{{- define "bookstore.sandboxOrigin" -}}
{{- $inside := include "bookstore.insideUrl" (dict "root" . "part" (include "bookstore.sandbox" .)) -}}
{{- $routed := or .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- default (ternary (include "bookstore.publicUrl" .) $inside $routed) .Values.payment.pageOrigin -}}
{{- end -}}

{{- /* Settings of a surface or a schedule: (dict "root" $ "needs" list). */ -}}
{{- define "bookstore.shopSettings" -}}
{{- $settings := include "bookstore.commonSettings" (dict "root" .root "role" "app") | fromJson -}}
{{- $_ := set $settings "PUBLIC_URL" (include "bookstore.publicUrl" .root) -}}
{{- if has "payment" .needs -}}
{{- $payment := .root.Values.payment -}}
{{- $_ := set $settings "PAYMENT_PROVIDER" $payment.provider -}}
{{- $_ := set $settings "PAYMENT_URL" $payment.url -}}
{{- with $payment.pageOrigin }}{{ $_ := set $settings "PAYMENT_PAGE_ORIGIN" . }}{{ end -}}
{{- if $payment.sandbox.enabled -}}
{{- $part := include "bookstore.sandbox" .root -}}
{{- $_ := set $settings "PAYMENT_URL" (include "bookstore.insideUrl" (dict "root" .root "part" $part)) -}}
{{- $_ := set $settings "PAYMENT_PAGE_ORIGIN" (include "bookstore.sandboxOrigin" .root) -}}
{{- end -}}
{{- end -}}
{{- if has "cache" .needs -}}
{{- $_ := include "bookstore.cacheSettings" . | fromJson | mergeOverwrite $settings -}}
{{- end -}}
{{- if has "mail" .needs -}}
{{- $mail := .root.Values.mail -}}
{{- $_ := set $settings "SMTP_HOST" $mail.host -}}
{{- $_ := set $settings "SMTP_PORT" (toString $mail.port) -}}
{{- $_ := set $settings "SMTP_TLS" $mail.tls -}}
{{- with $mail.user }}{{ $_ := set $settings "SMTP_USER" . }}{{ end -}}
{{- $_ := set $settings "MAIL_FROM" $mail.from -}}
{{- end -}}
{{- toJson $settings -}}
{{- end -}}
