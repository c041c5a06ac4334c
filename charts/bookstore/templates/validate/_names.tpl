{{- /* What each workload says itself, by its value path. */ -}}
{{- define "bookstore.ownWorkloads" -}}
{{- $own := pick .Values "workload" "web" "migrations" "secretCreation" "backup" "cronJob" "tests" -}}
{{- $_ := set $own "payment.sandbox" .Values.payment.sandbox -}}
{{- $_ := set $own "cache.valkey" .Values.cache.valkey -}}
{{- range $name, $surface := .Values.surfaces -}}
{{- $_ := set $own (printf "surfaces.%s" $name) $surface -}}
{{- end -}}
{{- range $name, $schedule := .Values.schedules -}}
{{- $_ := set $own (printf "schedules.%s" $name) $schedule -}}
{{- end -}}
{{- toJson $own -}}
{{- end -}}

{{- /* What names of this chart's objects, labels and containers end with. */ -}}
{{- define "bookstore.parts" -}}
{{- list "all" "api" "storefront" "web" "metrics" "config" "app" "owner" "generated" "migrate" "ensure-secret" "backup"
  "restore" "cache" "test" "schedules" (include "bookstore.sandbox" .) | toJson -}}
{{- end -}}

{{- /* Helm lets a release's name have dots and begin with a digit; a Service's may not. */ -}}
{{- define "bookstore.validate.serviceNames" -}}
{{- $names := dict "fullnameOverride" (include "bookstore.fullname" .) }}
{{- if .Values.postgresql.enabled }}
{{- $database := include "postgresql.v1.primary.fullname" .Subcharts.postgresql }}
{{- $_ := set $names "postgresql.fullnameOverride" $database }}
{{- /* A label of its pods has the name and a hash: a StatefulSet of a longer one makes none, and Helm waits for ever. */}}
{{- if gt (len $database) 52 }}
postgresql.fullnameOverride: {{ $database }} is longer than the 52 characters that the name of a StatefulSet with pods may have; set a shorter name
{{- end }}
{{- end }}
{{- range $path, $name := $names }}
{{- if not (regexMatch "^[a-z][-a-z0-9]*$" $name) }}
{{ $path }}: {{ $name }} cannot name a Service; set a name of lower-case letters, digits and dashes that begins with a letter
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.reserved" -}}
{{- $reserved := include "bookstore.reservedEnv" . | fromYaml }}
{{- range $name, $_ := .Values.settings }}
{{- with get $reserved $name }}
settings.{{ $name }}: this chart sets it; use {{ . }}
{{- end }}
{{- end }}
{{- $labels := dict "commonLabels" .Values.commonLabels }}
{{- range $path, $own := include "bookstore.ownWorkloads" . | fromJson }}
{{- range $name, $_ := $own.env }}
{{- with get $reserved $name }}
{{ $path }}.env.{{ $name }}: this chart sets it; use {{ . }}
{{- end }}
{{- end }}
{{- $_ := set $labels (printf "%s.labels" $path) (default dict $own.labels) }}
{{- $_ := set $labels (printf "%s.podLabels" $path) (default dict $own.podLabels) }}
{{- end }}
{{- range $path, $map := $labels }}
{{- range $name, $_ := $map }}
{{- if regexMatch "^(app[.]kubernetes[.]io/(name|instance|component|version|managed-by)|helm[.]sh/chart)$" $name }}
{{ $path }}.{{ $name }}: this chart sets it, and selects by it; choose another label
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.pods" -}}
{{- $containers := concat (list "wait" "dump" "fetch" "load") (keys .Values.schedules)
  (include "bookstore.parts" . | fromJsonArray) }}
{{- range $path, $own := include "bookstore.ownWorkloads" . | fromJson }}
{{- range $name, $_ := $own.volumes }}
{{- if has $name (list "tmp" "shared-memory" "secrets" "cache-tuning" "backups" "valkey-conf" "valkey-password" "valkey-data") }}
{{ $path }}.volumes.{{ $name }}: this chart has a volume of that name; choose another
{{- end }}
{{- end }}
{{- range $kind := list "sidecars" "initContainers" }}
{{- range $name, $container := include "bookstore.enabled" (get $own $kind) | fromJson }}
{{- if has $name $containers }}
{{ $path }}.{{ $kind }}.{{ $name }}: this chart has a container of that name; choose another
{{- end }}
{{- if not $container.image }}
{{ $path }}.{{ $kind }}.{{ $name }}.image: is missing
{{- else if or (hasSuffix ":latest" $container.image) (not (regexMatch "[:@][^/]+$" $container.image)) }}
{{ $path }}.{{ $kind }}.{{ $name }}.image: {{ $container.image }} changes by itself; name a version or a digest
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
