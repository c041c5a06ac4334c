{{- /* The name of the settings of the schedules with these needs: (dict "root" $ "needs" list). */ -}}
{{- define "bookstore.scheduleSettings" -}}
{{- $settings := include "bookstore.shopSettings" . | fromJson -}}
{{- include "bookstore.hashedName" (dict "root" .root "part" "schedules" "data" $settings) -}}
{{- end -}}
