{{- define "tokenaudit.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "tokenaudit.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tokenaudit.labels" -}}
{{ include "tokenaudit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tokenaudit.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}

{{/* What a pod of this chart may do: nothing but run the program. */}}
{{- define "tokenaudit.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "tokenaudit.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Secrets are files: an environment is shown by too many tools. */}}
{{- define "tokenaudit.secretEnvironment" -}}
- name: TOKENAUDIT_DATABASE_FILE
  value: /run/secrets/tokenaudit/database
- name: TOKENAUDIT_MASTER_KEY_FILE
  value: /run/secrets/tokenaudit/master.key
{{- end }}

{{- define "tokenaudit.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ .Values.database.existingSecret }}
          items:
            - key: {{ .Values.database.key }}
              path: database
      - secret:
          name: {{ .Values.masterKey.existingSecret }}
          items:
            - key: {{ .Values.masterKey.key }}
              path: master.key
{{- end }}
