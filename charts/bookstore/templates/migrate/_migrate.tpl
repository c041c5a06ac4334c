{{- /* The metadata of a migration's objects, hooks in that mode: (dict "root" $ "weight" "-10" "name" …). */ -}}
{{- define "bookstore.migrateMetadata" -}}
{{- $annotations := deepCopy (default dict .annotations) -}}
{{- if eq (include "bookstore.migrationMode" .root) "hook" -}}
{{- $annotations = mergeOverwrite $annotations (include "bookstore.hook" (dict "weight" .weight) | fromYaml) -}}
{{- end -}}
{{- include "bookstore.metadata" (dict "root" .root "part" "migrate" "annotations" $annotations
  "labels" (default dict .labels)
  "name" (default (include "bookstore.partName" (dict "root" .root "part" "migrate")) .name)) -}}
{{- end -}}
