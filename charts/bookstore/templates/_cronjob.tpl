{{- /* A CronJob's name, also of what belongs to it: Kubernetes allows it 52 characters. */ -}}
{{- define "bookstore.cronJobName" -}}
{{- include "bookstore.shortened" (dict "text" (include "bookstore.partName" .) "limit" 52) -}}
{{- end -}}

{{- /* A CronJob: (dict "root" $ "part" "backup" "workload" its knobs "suspend" false), and what else a pod takes. */ -}}
{{- define "bookstore.cronJob" -}}
{{- $own := .workload -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  {{- include "bookstore.metadata" (dict "root" .root "part" .part "labels" $own.labels "annotations" $own.annotations
    "name" (include "bookstore.cronJobName" .)) | nindent 2 }}
spec:
  schedule: {{ $own.schedule | quote }}
  timeZone: {{ $own.timeZone }}
  suspend: {{ default false .suspend }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: {{ int $own.startingDeadlineSeconds }}
  successfulJobsHistoryLimit: {{ int $own.successfulJobsHistoryLimit }}
  failedJobsHistoryLimit: {{ int $own.failedJobsHistoryLimit }}
  jobTemplate:
    metadata:
      labels: {{- include "bookstore.selectorLabels" . | nindent 8 }}
    spec:
      backoffLimit: {{ int $own.backoffLimit }}
      activeDeadlineSeconds: {{ int $own.activeDeadlineSeconds }}
      template:
        {{- include "bookstore.pod" (mergeOverwrite (dict "spec" "restartPolicy: Never") .) | nindent 8 }}
{{- end -}}
