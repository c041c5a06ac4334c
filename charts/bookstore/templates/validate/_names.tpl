{{- /* What each workload says itself, by its value path. */ -}}
{{- define "bookstore.ownWorkloads" -}}
{{- $own := pick .Values "workload" "web" "migrations" "secretCreation" "tests" -}}
{{- range $name, $surface := .Values.surfaces -}}
{{- $_ := set $own (printf "surfaces.%s" $name) $surface -}}
{{- end -}}
{{- toJson $own -}}
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
{{- range $path, $own := include "bookstore.ownWorkloads" . | fromJson }}
{{- range $name, $_ := $own.volumes }}
{{- if has $name (list "tmp" "shared-memory" "secrets") }}
{{ $path }}.volumes.{{ $name }}: this chart has a volume of that name; choose another
{{- end }}
{{- end }}
{{- range $kind := list "sidecars" "initContainers" }}
{{- range $name, $container := include "bookstore.enabled" (get $own $kind) | fromJson }}
{{- if has $name (list "wait" "all" "api" "storefront" "migrate" "ensure-secret") }}
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
