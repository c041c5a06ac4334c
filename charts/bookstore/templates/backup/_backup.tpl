{{- /* The image with pg_dump and pg_restore: the bundled database's, where it is not said. */ -}}
{{- define "bookstore.backupImage" -}}
{{- $image := .Values.backup.image -}}
{{- $bundled := .Values.postgresql.image -}}
{{- with default (default $bundled.registry $image.registry) .Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- default $bundled.repository $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $bundled.tag $image.tag }}{{ end -}}
{{- end -}}

{{- define "bookstore.restoreFile" -}}/tmp/restore.dump{{- end -}}

{{- /* Settings of backup and restore: the database's, as its owner, and where backups are. */ -}}
{{- define "bookstore.backupSettings" -}}
{{- $backup := .Values.backup -}}
{{- $settings := include "bookstore.migrateSettings" . | fromJson -}}
{{- $_ := set $settings "BACKUP_DIR" (printf "/backups/%s" (include "bookstore.fullname" .)) -}}
{{- $_ := set $settings "BACKUP_KEEP" (toString $backup.keep) -}}
{{- $_ := set $settings "RESTORE_FILE" (include "bookstore.restoreFile" .) -}}
{{- with $backup.s3 -}}
{{- if .enabled -}}
{{- $_ := set $settings "BACKUP_S3_ENDPOINT" .endpoint -}}
{{- $_ := set $settings "BACKUP_S3_BUCKET" .bucket -}}
{{- $own := printf "%s/%s/" (include "bookstore.namespace" $) (include "bookstore.fullname" $) -}}
{{- $_ := set $settings "BACKUP_S3_PREFIX" (default $own .prefix) -}}
{{- with .region }}{{ $_ := set $settings "BACKUP_S3_REGION" . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $settings -}}
{{- end -}}

{{- /* The knobs of both, with the volume of the backups: the claim that stays, or one for as long as the pod. */ -}}
{{- define "bookstore.backupWorkload" -}}
{{- $storage := .Values.backup.persistence -}}
{{- $workload := include "bookstore.workload" (dict "root" . "own" .Values.backup) | fromJson -}}
{{- $claim := default (include "bookstore.partName" (dict "root" . "part" "backups")) $storage.existingClaim -}}
{{- $spec := dict "persistentVolumeClaim" (dict "claimName" $claim) -}}
{{- if not $storage.enabled -}}
{{- $template := dict "spec" (include "bookstore.claim" $storage | fromJson) -}}
{{- $spec = dict "ephemeral" (dict "volumeClaimTemplate" $template) -}}
{{- end -}}
{{- $_ := set $workload.volumes "backups" (dict "mountPath" "/backups" "spec" $spec) -}}
{{- toJson $workload -}}
{{- end -}}

{{- /* A container in the database's image that runs a script of scripts/: (dict "root" $ "name" "dump"). */ -}}
{{- define "bookstore.backupScript" -}}
{{- $files := .root.Files -}}
{{- dict "name" .name "image" (include "bookstore.backupImage" .root)
  "container" (dict "command" (list "bash" "-euo" "pipefail" "-c"
    (printf "%s%s" ($files.Get "scripts/connection.sh") ($files.Get (printf "scripts/%s.sh" .name)))) | toYaml) | toJson -}}
{{- end -}}

{{- /* A CronJob: (dict "root" $ "part" "backup" "suspend" false "before" list "container" text). */ -}}
{{- define "bookstore.backupCronJob" -}}
{{- $settings := include "bookstore.backupSettings" .root | fromJson -}}
{{- include "bookstore.cronJob" (mergeOverwrite (dict "role" "backup"
  "workload" (include "bookstore.backupWorkload" .root | fromJson)
  "serviceAccount" (include "bookstore.partName" (dict "root" .root "part" "backup"))
  "configMap" (include "bookstore.hashedName" (dict "root" .root "part" "backup" "data" $settings))) .) -}}
{{- end -}}
