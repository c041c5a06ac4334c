{{- define "bookstore.validate.cache" -}}
{{- $cache := .Values.cache }}
{{- $own := $cache.valkey }}
{{- $password := or $cache.password.value $cache.password.existingSecret }}
{{- $ca := or $cache.ca.value $cache.ca.existingSecret }}
{{- if $own.enabled }}
{{- range $name, $given := pick $cache "host" "user" "tls" | mergeOverwrite (dict "ca" $ca) }}
{{- if $given }}
cache.{{ $name }}: is not used while cache.valkey.enabled is true; leave it empty, or set cache.valkey.enabled: false to use another
{{- end }}
{{- end }}
{{- if not (or $password .Values.secretCreation.enabled) }}
cache.password: is missing; name a Secret, or set secretCreation.enabled: true to have one made
{{- end }}
{{- $limit := include "bookstore.bytes" (dig "limits" "memory" "0" (include "bookstore.cacheWorkload" . | fromJson).resources) | int64 }}
{{- $most := include "bookstore.cacheMaxMemory" . | int64 }}
{{- if not $limit }}
cache.valkey.resources.limits.memory: is missing; what Valkey may hold is computed from it
{{- else if gt (mul $most 10) (mul $limit 9) }}
cache.valkey.maxMemory: {{ $own.maxMemory }} leaves less than a tenth of the limit of memory for Valkey itself; make it less, or raise cache.valkey.resources.limits.memory
{{- else if lt $most 1048576 }}
cache.valkey.resources.limits.memory: leaves less than 1Mi to hold anything; raise it
{{- end }}
{{- else if not $cache.host }}
{{- range $name, $given := pick $cache "user" "tls" | mergeOverwrite (dict "ca" $ca "password" $password) }}
{{- if $given }}
cache.{{ $name }}: is not used without a cache; set cache.valkey.enabled: true, or name the host of another
{{- end }}
{{- end }}
{{- else }}
{{- if and $ca (not $cache.tls) }}
cache.ca: is not used while cache.tls is false; set that, too
{{- end }}
{{- if and $cache.user (not $password) }}
cache.user: has no password; set cache.password.existingSecret (and key) to the Secret that holds it
{{- end }}
{{- if and .Values.networkPolicy.enabled (not (include "bookstore.enabled" .Values.networkPolicy.cache | fromJson)) }}
networkPolicy.cache: list the cache, such as cache.server.peer.ipBlock.cidr: 10.0.0.8/32, or set networkPolicy.enabled: false
{{- end }}
{{- end }}
{{- end -}}
