{{- /* The metadata of the objects that make Secrets; the weight as the argument: (dict "root" $ "weight" "-30"). */ -}}
{{- define "bookstore.secretCreationMetadata" -}}
{{- include "bookstore.metadata" (dict "root" .root "part" "ensure-secret"
  "name" (default (include "bookstore.partName" (dict "root" .root "part" "ensure-secret")) .name)
  "labels" (default dict .labels)
  "annotations" (mergeOverwrite (default dict .annotations | deepCopy)
    (include "bookstore.hook" (dict "weight" .weight) | fromYaml))) -}}
{{- end -}}
