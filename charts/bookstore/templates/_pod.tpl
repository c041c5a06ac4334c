{{- /* The pod of every workload:
  (dict "root" $ "part" "migrate"      what it is part of, and its first container's name
        "workload" …                   its knobs
        "role" "owner"                 the database role whose secrets are mounted; none without
        "needs" (list "payment")       the features whose secrets are mounted beside them
        "configMap" name               its settings
        "wait" (list "--schema")       arguments of an init container that waits for the database; none without
        "before" (list (dict …))       init containers: "name", "image", and "container", what else they have
        "container" text               what else the first container has: args, ports, probes
        "spec" text                    what else the pod has
        "token" true                   whether it may talk to the Kubernetes API) */ -}}
{{- define "bookstore.pod" -}}
{{- $w := .workload -}}
{{- $sidecars := include "bookstore.enabled" $w.sidecars | fromJson -}}
{{- $first := include "bookstore.enabled" $w.initContainers | fromJson -}}
metadata:
  labels: {{- include "bookstore.podLabels" (merge (dict "database" .role) .) | nindent 4 }}
  {{- /* What kubectl logs and kubectl exec take where nobody names another. */}}
  {{- $main := dict "kubectl.kubernetes.io/default-container" .part }}
  annotations: {{- mergeOverwrite $main .root.Values.commonAnnotations $w.podAnnotations (default dict .annotations) | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ default (include "bookstore.serviceAccountName" .root) .serviceAccount }}
  automountServiceAccountToken: {{ default false .token }}
  {{- /* A Service named `database` must not turn into a variable that the application reads. */}}
  enableServiceLinks: false
  {{- with include "bookstore.imagePullSecrets" .root | trim }}
  imagePullSecrets: {{- . | nindent 4 }}
  {{- end }}
  securityContext: {{- toYaml $w.podSecurityContext | nindent 4 }}
  {{- with .spec }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if or .wait .before $first }}
  initContainers:
    {{- range $name, $container := $first }}
    {{- omit (mergeOverwrite (dict "name" $name) $container) "enabled" | list | toYaml | nindent 4 }}
    {{- end }}
    {{- if .wait }}
    - name: wait
      {{- include "bookstore.container" . | nindent 6 }}
      args: {{- concat (list "db" "wait") .wait | toYaml | nindent 8 }}
    {{- end }}
    {{- range .before }}
    - name: {{ .name }}
      {{- include "bookstore.container" (mergeOverwrite (dict) $ (pick . "image")) | nindent 6 }}
      {{- .container | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .part }}
      {{- include "bookstore.container" . | nindent 6 }}
      {{- .container | nindent 6 }}
    {{- range $name, $container := $sidecars }}
    {{- omit (mergeOverwrite (dict "name" $name) $container) "enabled" | list | toYaml | nindent 4 }}
    {{- end }}
  volumes: {{- include "bookstore.volumes" . | nindent 4 }}
  {{- with include "bookstore.scheduling" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* What all of this chart's containers have in common; "image" where it is not the shop's. */ -}}
{{- define "bookstore.container" -}}
image: {{ default (include "bookstore.image" .root) .image }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext: {{- toYaml .workload.containerSecurityContext | nindent 2 }}
{{- with .configMap }}
envFrom:
  - configMapRef: {name: {{ . }}}
{{- end }}
{{- with include "bookstore.env" . | trim }}
env: {{- . | nindent 2 }}
{{- end }}
resources: {{- toYaml .workload.resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: shared-memory, mountPath: /dev/shm}
  {{- if .role }}
  - {name: secrets, mountPath: {{ include "bookstore.secretsDir" . }}, readOnly: true}
  {{- end }}
  {{- range $name, $volume := include "bookstore.enabled" .workload.volumes | fromJson }}
  {{- if $volume.mountPath }}
  - {{ omit $volume "spec" "enabled" | mergeOverwrite (dict "name" $name) | toJson }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "bookstore.volumes" -}}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: {{ .workload.tmpSize }}}
- name: shared-memory
  emptyDir: {medium: Memory, sizeLimit: {{ .workload.sharedMemorySize }}}
{{- if .role }}
- name: secrets
  projected:
    defaultMode: 0440
    sources: {{- include "bookstore.secretSources" . | trim | nindent 6 }}
{{- end }}
{{- range $name, $volume := include "bookstore.enabled" .workload.volumes | fromJson }}
- {{ mergeOverwrite (dict "name" $name) (default (dict "emptyDir" dict) $volume.spec) | toJson }}
{{- end }}
{{- end -}}

{{- /* Where and how a pod runs, as far as it is said. */ -}}
{{- define "bookstore.scheduling" -}}
{{- $w := .workload -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "runtimeClassName" "schedulerName"
  "hostAliases" "dnsConfig" }}
{{- with get $w $key }}
{{ $key }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- $spread := $w.topologySpreadConstraints }}
{{- if dig "topologySpread" "enabled" false $w }}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
{{- $spread = append $spread (dict "maxSkew" 1 "topologyKey" $key "whenUnsatisfiable" "ScheduleAnyway"
  "matchLabelKeys" (list "pod-template-hash")
  "labelSelector" (dict "matchLabels" (include "bookstore.selectorLabels" $ | fromYaml))) }}
{{- end }}
{{- end }}
{{- with $spread }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
