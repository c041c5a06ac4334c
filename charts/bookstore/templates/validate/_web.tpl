{{- /* Each check gives a line for each mistake: the value, what is wrong, what to do. */ -}}

{{- define "bookstore.validate.surfaces" -}}
{{- $names := keys (include "bookstore.surfaces" . | fromJson) | sortAlpha -}}
{{- if not $names }}
surfaces: none is enabled; enable `all`, or `api` and `storefront`
{{- end }}
{{- if and (has "all" $names) (gt (len $names) 1) }}
surfaces: `all` serves everything, so it cannot run beside {{ without $names "all" | join " and " }}; disable one side
{{- end }}
{{- end -}}

{{- define "bookstore.validate.lifecycle" -}}
{{- range $name, $web := include "bookstore.surfaces" . | fromJson }}
{{- with $web.lifecycle }}
{{- $needed := add .preStopSleepSeconds .gracefulTimeoutSeconds 5 }}
{{- if gt $needed (int64 .terminationGracePeriodSeconds) }}
surfaces.{{ $name }}.lifecycle.terminationGracePeriodSeconds: {{ .terminationGracePeriodSeconds }} is too short for a sleep of {{ .preStopSleepSeconds }} s, a graceful timeout of {{ .gracefulTimeoutSeconds }} s and 5 s to spare; make it at least {{ $needed }}
{{- end }}
{{- end }}
{{- if le (int $web.progressDeadlineSeconds) (int $.Values.migrations.waitTimeoutSeconds) }}
surfaces.{{ $name }}.progressDeadlineSeconds: {{ $web.progressDeadlineSeconds }} ends a rollout while its pods still wait for the schema; make it more than migrations.waitTimeoutSeconds ({{ $.Values.migrations.waitTimeoutSeconds }})
{{- end }}
{{- end }}
{{- end -}}

{{- define "bookstore.validate.scaling" -}}
{{- range $name, $web := include "bookstore.surfaces" . | fromJson }}
{{- $fewest := include "bookstore.fewestPods" $web | int }}
{{- if $web.autoscaling.enabled }}
{{- if gt (int $web.autoscaling.minReplicas) (int $web.autoscaling.maxReplicas) }}
surfaces.{{ $name }}.autoscaling.maxReplicas: {{ $web.autoscaling.maxReplicas }} is less than minReplicas ({{ $web.autoscaling.minReplicas }})
{{- end }}
{{- if not (dig "requests" "cpu" "" $web.resources) }}
surfaces.{{ $name }}.resources.requests.cpu: autoscaling measures use against it; set it
{{- end }}
{{- if and $web.autoscaling.memoryPercent (not (dig "requests" "memory" "" $web.resources)) }}
surfaces.{{ $name }}.resources.requests.memory: autoscaling.memoryPercent measures use against it; set it
{{- end }}
{{- end }}
{{- if and $web.podDisruptionBudget.enabled (gt $fewest 1) (ge (int $web.podDisruptionBudget.maxUnavailable) $fewest) }}
surfaces.{{ $name }}.podDisruptionBudget.maxUnavailable: {{ $web.podDisruptionBudget.maxUnavailable }} lets an eviction take all of the fewest pods ({{ $fewest }}); make it less
{{- end }}
{{- end }}
{{- end -}}

{{- /* Each thread keeps a connection, and each worker's readiness takes one more; a rollout adds maxSurge pods. All
schedules may run at once, each with one. */ -}}
{{- define "bookstore.connections" -}}
{{- $total := include "bookstore.schedules" . | fromJson | len | add 5 -}}
{{- range include "bookstore.surfaces" . | fromJson -}}
{{- $pods := add (include "bookstore.mostPods" . | int) .maxSurge -}}
{{- $total = add $total (mul $pods .workers (add .threads 1)) -}}
{{- end -}}
{{- $total -}}
{{- end -}}

{{- define "bookstore.validate.connections" -}}
{{- $needed := include "bookstore.connections" . | int }}
{{- if gt $needed (int .Values.database.connectionLimit) }}
database.connectionLimit: {{ .Values.database.connectionLimit }} is less than the {{ $needed }} connections that all pods can hold during a rollout (pods x workers x (threads + 1), one for each schedule, and 5 for other jobs); lower autoscaling.maxReplicas, replicas, workers or threads, or raise the database's limit and this value
{{- end }}
{{- end -}}

{{- define "bookstore.validate.network" -}}
{{- $hosts := include "bookstore.enabled" .Values.hosts | fromJson }}
{{- $seen := dict }}
{{- range $name, $entry := $hosts }}
{{- if hasKey $seen $entry.host }}
hosts.{{ $name }}.host: {{ $entry.host }} is that of hosts.{{ get $seen $entry.host }}, too; drop one
{{- else }}
{{- $_ := set $seen $entry.host $name }}
{{- end }}
{{- end }}
{{- range $kind := list "ingress" "httpRoute" }}
{{- if and (get $.Values $kind).enabled (not $hosts) }}
hosts: {{ $kind }}.enabled needs at least one, such as hosts.shop.host: shop.example.org
{{- end }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.parentRefs: name the Gateway, such as [{name: public, namespace: gateways}]
{{- end }}
{{- if and .Values.prometheusRule.enabled (not .Values.serviceMonitor.enabled) }}
prometheusRule.enabled: nothing is scraped to alert on; set serviceMonitor.enabled: true
{{- end }}
{{- if .Values.networkPolicy.enabled }}
{{- range $map := list "clients" "scrapers" "dns" "databases" "backupStores" "payment" "mail" "cache" "kubernetesApi" }}
{{- range $name, $entry := include "bookstore.enabled" (get $.Values.networkPolicy $map) | fromJson }}
{{- if not $entry.peer }}
networkPolicy.{{ $map }}.{{ $name }}.peer: is empty; say who, with ipBlock, namespaceSelector or podSelector
{{- end }}
{{- end }}
{{- end }}
{{- if not (include "bookstore.enabled" .Values.networkPolicy.dns | fromJson) }}
networkPolicy.dns: without a peer no pod can find the database by its name; list the cluster's resolver
{{- end }}
{{- if not (or .Values.postgresql.enabled (include "bookstore.enabled" .Values.networkPolicy.databases | fromJson)) }}
networkPolicy.databases: list the outside database, such as databases.main.peer.ipBlock.cidr: 10.0.0.5/32, or set networkPolicy.enabled: false
{{- end }}
{{- end }}
{{- end -}}
