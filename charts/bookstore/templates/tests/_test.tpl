{{- /* A Job of `helm test`, in the shop's image: (dict "root" $ "name" "health" "args" list "role" "app"), and "part",
"weight", "serviceAccount", "token" where they are not those of all. */ -}}
{{- define "bookstore.test" -}}
{{- $tests := .root.Values.tests -}}
{{- $part := default "test" .part -}}
{{- $workload := include "bookstore.workload" (dict "root" .root "own" $tests) | fromJson -}}
{{- $surfaces := include "bookstore.surfaces" .root | fromJson -}}
{{- if $surfaces -}}
{{- $surface := keys $surfaces | sortAlpha | first -}}
{{- $settings := include "bookstore.webSettings"
  (dict "root" .root "surface" $surface "web" (get $surfaces $surface)) | fromJson -}}
{{- $config := include "bookstore.hashedName" (dict "root" .root "part" $surface "data" $settings) -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "bookstore.metadata" (dict "root" .root "part" $part "labels" $workload.labels
    "annotations" (mergeOverwrite (deepCopy $workload.annotations)
      (include "bookstore.hook" (dict "weight" (default "0" .weight) "events" "test") | fromYaml))
    "name" (include "bookstore.partName" (dict "root" .root "part" (printf "test-%s" .name)))) | nindent 2 }}
spec:
  backoffLimit: 1
  activeDeadlineSeconds: 120
  ttlSecondsAfterFinished: 3600
  template:
    {{- include "bookstore.pod" (dict "root" .root "part" $part "workload" $workload "role" .role
      "serviceAccount" .serviceAccount "token" .token
      "needs" (include "bookstore.webNeeds" .root | fromJsonArray)
      "configMap" (ternary $config "" (not (empty .role)))
      "spec" "restartPolicy: Never" "container" (dict "args" .args | toYaml)) | nindent 4 }}
{{- end -}}
{{- end -}}
