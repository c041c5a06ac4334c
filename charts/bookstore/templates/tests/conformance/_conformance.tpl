{{- /* Whether `helm test` asks for conformance: a word, or nothing. */ -}}
{{- define "bookstore.asksConformance" -}}
{{- if and .Values.tests.enabled .Values.tests.conformance.enabled (include "bookstore.surfaces" . | fromJson) -}}yes{{- end -}}
{{- end -}}

{{- /* The metadata of what the test needs: there while it runs. */ -}}
{{- define "bookstore.conformanceMetadata" -}}
{{- include "bookstore.metadata" (dict "root" . "part" "conformance"
  "name" (include "bookstore.partName" (dict "root" . "part" "conformance"))
  "annotations" (include "bookstore.hook" (dict "weight" "-10" "events" "test") | fromYaml)) -}}
{{- end -}}
