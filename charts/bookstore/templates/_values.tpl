{{- /* Values that other values make. Each gives JSON or a word. */ -}}

{{- /* Entries of a map that are not dropped, as a map. */ -}}
{{- define "bookstore.enabled" -}}
{{- $kept := dict -}}
{{- range $name, $entry := default dict . -}}
{{- if not (and (kindIs "map" $entry) (eq (toString (get $entry "enabled")) "false")) -}}
{{- $_ := set $kept $name $entry -}}
{{- end -}}
{{- end -}}
{{- toJson $kept -}}
{{- end -}}

{{- /* A workload's own keys over those of every workload: (dict "root" $ "own" .Values.migrations). */ -}}
{{- define "bookstore.workload" -}}
{{- mergeOverwrite (deepCopy .root.Values.workload) (deepCopy .own) | toJson -}}
{{- end -}}

{{- /* A quantity of memory in bytes, such as 256Mi. */ -}}
{{- define "bookstore.bytes" -}}
{{- $factors := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- $unit := regexFind "[A-Za-z]+$" (toString .) -}}
{{- mulf (trimSuffix $unit (toString .) | float64) (get $factors $unit | default 1.0) | int64 -}}
{{- end -}}

{{- /* What a claim asks for. */ -}}
{{- define "bookstore.claim" -}}
{{- $claim := dict "accessModes" .accessModes "resources" (dict "requests" (dict "storage" .size)) -}}
{{- with .storageClassName }}{{ $_ := set $claim "storageClassName" . }}{{ end -}}
{{- toJson $claim -}}
{{- end -}}

{{- /* The surfaces that run, each over `web` over `workload`. */ -}}
{{- define "bookstore.surfaces" -}}
{{- $surfaces := dict -}}
{{- range $name, $own := include "bookstore.enabled" .Values.surfaces | fromJson -}}
{{- $_ := set $surfaces $name (mergeOverwrite (deepCopy $.Values.workload) (deepCopy $.Values.web) (deepCopy $own)) -}}
{{- end -}}
{{- toJson $surfaces -}}
{{- end -}}

{{- /* The fewest and the most pods of a surface. */ -}}
{{- define "bookstore.fewestPods" -}}
{{- ternary .autoscaling.minReplicas .replicas .autoscaling.enabled | int -}}
{{- end -}}
{{- define "bookstore.mostPods" -}}
{{- ternary .autoscaling.maxReplicas .replicas .autoscaling.enabled | int -}}
{{- end -}}

{{- define "bookstore.migrationMode" -}}
{{- if ne .Values.migrations.mode "auto" -}}
{{- .Values.migrations.mode -}}
{{- else -}}
{{- ternary "job" "hook" (or .Values.postgresql.enabled (ne "" (include "bookstore.laterSecret" .))) -}}
{{- end -}}
{{- end -}}

{{- /* A Secret that migrating needs and an ExternalSecret of this release makes, so after any hook; else nothing. */ -}}
{{- define "bookstore.laterSecret" -}}
{{- $made := include "bookstore.enabled" .Values.externalSecrets | fromJson -}}
{{- $found := list -}}
{{- range include "bookstore.secretFiles" (dict "root" . "role" "owner") | fromJson -}}
{{- if hasKey $made .credential.existingSecret }}{{ $found = append $found .credential.existingSecret }}{{ end -}}
{{- end -}}
{{- $found | uniq | sortAlpha | join ", " -}}
{{- end -}}

{{- /* Host names of Ingress and HTTPRoute. */ -}}
{{- define "bookstore.hostNames" -}}
{{- $names := list -}}
{{- range include "bookstore.enabled" .Values.hosts | fromJson -}}
{{- $names = append $names .host -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{- /* Which path goes to which part, the longest path first. */ -}}
{{- define "bookstore.routes" -}}
{{- $routes := list -}}
{{- $surfaces := include "bookstore.surfaces" . | fromJson -}}
{{- if hasKey $surfaces "api" -}}
{{- $routes = append $routes (dict "path" "/api" "part" "api") -}}
{{- end -}}
{{- if .Values.payment.sandbox.enabled -}}
{{- $routes = append $routes (dict "path" "/pay" "part" (include "bookstore.sandbox" .)) -}}
{{- end -}}
{{- range list "storefront" "all" -}}
{{- if hasKey $surfaces . -}}
{{- $routes = append $routes (dict "path" "/" "part" .) -}}
{{- end -}}
{{- end -}}
{{- toJson $routes -}}
{{- end -}}
