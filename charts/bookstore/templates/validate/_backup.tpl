{{- define "bookstore.validate.backup" -}}
{{- with .Values.backup }}
{{- if and .enabled (not (or .persistence.enabled .s3.enabled)) }}
backup.persistence.enabled: without it and without backup.s3.enabled backups have no place to stay; enable one of them
{{- end }}
{{- if and .s3.enabled (not .enabled) }}
backup.s3.enabled: nothing is copied while backup.enabled is false; set that, too
{{- end }}
{{- if and .s3.enabled (not .s3.bucket) }}
backup.s3.bucket: is empty; name the bucket
{{- end }}
{{- if and .s3.bucket (not .s3.enabled) }}
backup.s3.bucket: is not used while backup.s3.enabled is false; set that, too
{{- end }}
{{- $access := or .s3.accessKey.value .s3.accessKey.existingSecret }}
{{- $secret := or .s3.secretKey.value .s3.secretKey.existingSecret }}
{{- if ne (empty $access) (empty $secret) }}
backup.s3.{{ ternary "accessKey" "secretKey" (empty $access) }}: is missing beside the other; set both, or neither to use the pod's role
{{- end }}
{{- if and .enabled .s3.enabled $.Values.networkPolicy.enabled
  (not (include "bookstore.enabled" $.Values.networkPolicy.backupStores | fromJson)) }}
networkPolicy.backupStores: list the store, such as backupStores.s3.peer.ipBlock.cidr: 10.0.0.6/32, or set networkPolicy.enabled: false
{{- end }}
{{- if and .restore.file (not .enabled) }}
backup.restore.file: nothing can be restored while backup.enabled is false; set that, too
{{- end }}
{{- end }}
{{- end -}}

{{- /* Whatever names a Secret of externalSecrets must find its key there. */ -}}
{{- define "bookstore.validate.externalSecrets" -}}
{{- $made := include "bookstore.enabled" .Values.externalSecrets | fromJson }}
{{- $features := include "bookstore.features" . | fromJsonArray }}
{{- $seen := dict }}
{{- range $role := list "app" "backup" }}
{{- range include "bookstore.secretFiles" (dict "root" $ "role" $role "needs" $features) | fromJson }}
{{- $secret := .credential.existingSecret }}
{{- $missing := printf "%s/%s" $secret .credential.key }}
{{- $known := or .optional (not (hasKey $made $secret)) (hasKey $seen $missing) }}
{{- if not (or $known (hasKey (get $made $secret).data .credential.key)) }}
{{- $_ := set $seen $missing true }}
externalSecrets.{{ $secret }}.data.{{ .credential.key }}: is missing, and {{ .path }} reads it; add it with its remoteKey
{{- end }}
{{- end }}
{{- end }}
{{- range include "bookstore.generated" . | fromJsonArray }}
{{- $name := splitList "/" . | first }}
{{- if hasKey $made $name }}
externalSecrets.{{ $name }}: secretCreation makes a Secret of that name, too; choose another name, and name it in existingSecret
{{- end }}
{{- end }}
{{- end -}}
