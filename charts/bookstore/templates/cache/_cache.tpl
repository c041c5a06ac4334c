{{- /* The cache, wherever it runs: what of its block is in use, with host and port; empty without one. */ -}}
{{- define "bookstore.cache" -}}
{{- $cache := pick .Values.cache "host" "port" "user" "tls" -}}
{{- if .Values.cache.valkey.enabled -}}
{{- $service := include "bookstore.partName" (dict "root" . "part" "cache") -}}
{{- $cache = dict "host" (printf "%s.%s.svc" $service (include "bookstore.namespace" .)) "port" 6379 "user" "" "tls" false -}}
{{- end -}}
{{- toJson (ternary $cache dict (ne $cache.host "")) -}}
{{- end -}}

{{- /* What the shop reads of it: (dict "root" $). */ -}}
{{- define "bookstore.cacheSettings" -}}
{{- $cache := include "bookstore.cache" .root | fromJson -}}
{{- $prefix := printf "%s/%s" (include "bookstore.namespace" .root) (include "bookstore.fullname" .root) -}}
{{- $settings := dict "CACHE_HOST" $cache.host "CACHE_PORT" (toString $cache.port) "CACHE_PREFIX" $prefix -}}
{{- with $cache.user }}{{ $_ := set $settings "CACHE_USER" . }}{{ end -}}
{{- if $cache.tls -}}
{{- $_ := set $settings "CACHE_TLS" "true" -}}
{{- $ca := .root.Values.cache.ca -}}
{{- if or $ca.value $ca.existingSecret -}}
{{- $_ := set $settings "CACHE_CA" (printf "%s/cache-ca.crt" (include "bookstore.secretsDir" .root)) -}}
{{- end -}}
{{- end -}}
{{- toJson $settings -}}
{{- end -}}

{{- /* What Valkey may hold: as said, else half of its limit where it writes to disk (rewriting the file takes as much again
at worst), and three quarters where not. 0 without a limit. */ -}}
{{- define "bookstore.cacheMaxMemory" -}}
{{- $own := .Values.cache.valkey -}}
{{- $limit := include "bookstore.bytes" (dig "limits" "memory" "0" (include "bookstore.cacheWorkload" . | fromJson).resources) | int64 -}}
{{- if $own.maxMemory -}}
{{- include "bookstore.bytes" $own.maxMemory -}}
{{- else -}}
{{- div (mul $limit (ternary 2 3 $own.persistence.enabled)) 4 -}}
{{- end -}}
{{- end -}}

{{- /* The settings of Valkey, but for what the pod adds. */ -}}
{{- define "bookstore.cacheConf" -}}
# Restarted empty, unless it writes: then each command is on disk before it is answered, so that what it was told to
# forget stays forgotten.
appendonly {{ ternary "yes" "no" .Values.cache.valkey.persistence.enabled }}
appendfsync always
save ""
dir /data
maxmemory {{ include "bookstore.cacheMaxMemory" . }}
tcp-keepalive 60
{{- end -}}

{{- define "bookstore.cacheImage" -}}
{{- $image := .Values.cache.valkey.image -}}
{{- with default $image.registry .Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag }}{{ end -}}
{{- end -}}

{{- define "bookstore.cacheWorkload" -}}
{{- include "bookstore.workload" (dict "root" . "own" .Values.cache.valkey) -}}
{{- end -}}
