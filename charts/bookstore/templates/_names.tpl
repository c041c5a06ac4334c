{{- /* Names. Longer than a limit, a name ends with a hash of the whole, so that two such releases do not collide. */ -}}

{{- define "bookstore.shortened" -}}
{{- if gt (len .text) (int .limit) -}}
{{- printf "%s-%s" (trunc (int (sub .limit 9)) .text | trimSuffix "-") (sha256sum .text | trunc 8) -}}
{{- else -}}
{{- .text -}}
{{- end -}}
{{- end -}}

{{- define "bookstore.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{- /* 40 characters leave room for the longest ending, of a settings ConfigMap. */ -}}
{{- define "bookstore.fullname" -}}
{{- $name := include "bookstore.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- include "bookstore.shortened" (dict "text" (default $full .Values.fullnameOverride) "limit" 40) -}}
{{- end -}}

{{- define "bookstore.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- /* The name of a part: (dict "root" $ "part" "migrate"). */ -}}
{{- define "bookstore.partName" -}}
{{- printf "%s-%s" (include "bookstore.fullname" .root) .part -}}
{{- end -}}

{{- /* The name of what may not change once made: (dict "root" $ "part" "api" "data" …). Other data, another name. */ -}}
{{- define "bookstore.hashedName" -}}
{{- printf "%s-%s" (include "bookstore.partName" .) (toJson .data | sha256sum | trunc 8) -}}
{{- end -}}

{{- define "bookstore.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "bookstore.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}
