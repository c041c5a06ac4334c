{{- /* What selects pods; never the version of anything, which would restart them. */ -}}
{{- define "bookstore.selectorLabels" -}}
app.kubernetes.io/name: {{ include "bookstore.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- /* Of an object: (dict "root" $ "part" "api" "labels" more). */ -}}
{{- define "bookstore.labels" -}}
{{- $reserved := include "bookstore.selectorLabels" . | fromYaml -}}
{{- $reserved = mergeOverwrite $reserved (dict
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_")) -}}
{{- mergeOverwrite (dict) .root.Values.commonLabels (default dict .labels) $reserved | toYaml -}}
{{- end -}}

{{- /* Of a pod: (dict "root" $ "part" "api" "workload" …). A client label opens the bundled database's own policy. */ -}}
{{- define "bookstore.podLabels" -}}
{{- $reserved := include "bookstore.selectorLabels" . | fromYaml -}}
{{- if and .root.Values.postgresql.enabled .database -}}
{{- $_ := set $reserved (printf "%s-client" (include "postgresql.v1.primary.fullname" .root.Subcharts.postgresql)) "true" -}}
{{- end -}}
{{- mergeOverwrite (dict) .root.Values.commonLabels .workload.podLabels $reserved | toYaml -}}
{{- end -}}

{{- /* The metadata of an object: (dict "root" $ "part" … "name" … "labels" … "annotations" …). */ -}}
{{- define "bookstore.metadata" -}}
name: {{ .name }}
namespace: {{ include "bookstore.namespace" .root }}
labels: {{- include "bookstore.labels" . | nindent 2 }}
{{- with mergeOverwrite (dict) .root.Values.commonAnnotations (default dict .annotations) }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Annotations of an object that Helm makes before the release: (dict "weight" "-10" "events" …). */ -}}
{{- define "bookstore.hook" -}}
helm.sh/hook: {{ default "pre-install,pre-upgrade" .events }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
helm.sh/hook-output-log-policy: hook-failed
{{- end -}}
