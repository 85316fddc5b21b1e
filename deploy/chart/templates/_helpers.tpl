{{/* Labels of every object: the first is that of deploy/kubernetes, the rest are Helm's. */}}
{{- define "ebpflb.labels" -}}
app.kubernetes.io/name: ebpflb
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end }}

{{/* "10256" of "0.0.0.0:10256". */}}
{{- define "ebpflb.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end }}

{{/* "10.0.0.1" of "10.0.0.1:10249", "::" of "[::]:10249". */}}
{{- define "ebpflb.host" -}}
{{- regexReplaceAll ":[0-9]+$" . "" | trimAll "[]" -}}
{{- end }}

{{/* Where the kubelet asks: on loopback where the agent listens on every address. */}}
{{- define "ebpflb.probe" -}}
{{- $host := include "ebpflb.host" .Values.healthzBindAddress -}}
host: {{ ternary "127.0.0.1" $host (has $host (list "" "0.0.0.0" "::")) | quote }}
port: {{ include "ebpflb.port" .Values.healthzBindAddress }}
{{- end }}

{{/* What SELinux runs the pod as, and the constraints of OpenShift allow; {}: nothing is asked for. */}}
{{- define "ebpflb.seLinux" -}}
{{- $type := dict -}}
{{- if .Values.openshift.enabled }}{{ $type = dict "type" "spc_t" "level" "s0" }}{{ end -}}
{{- .Values.seLinuxOptions | default $type | toYaml -}}
{{- end }}

{{/* Both documents of the agent's configuration. What is not set is left out: its default is the agent's. */}}
{{- define "ebpflb.config" -}}
{{- $proxy := dict
  "apiVersion" "kubeproxy.config.k8s.io/v1alpha1"
  "kind" "KubeProxyConfiguration"
  "clientConnection" (dict "kubeconfig" "")
  "clusterCIDR" .Values.clusterCIDR
  "healthzBindAddress" .Values.healthzBindAddress
  "metricsBindAddress" .Values.metricsBindAddress -}}
{{- $own := dict
  "apiVersion" "ebpflb.io/v1alpha1"
  "kind" "EbpfLbConfiguration"
  "apiServers" .Values.apiServers
  "cgroupRoot" .Values.cgroupRoot
  "bpffs" "/sys/fs/bpf"
  "runDir" "/run/ebpflb" -}}
{{- range $field := list "nodePortRange" "snatPorts" "forwarding" -}}
{{- with index $.Values $field }}{{ $_ := set $own $field . }}{{ end -}}
{{- end -}}
{{- with .Values.tunnel.mode }}{{ $_ := set $own "tunnel" . }}{{ end -}}
{{- if not (kindIs "invalid" .Values.tunnel.port) }}{{ $_ := set $own "tunnelPort" (int .Values.tunnel.port) }}{{ end -}}
{{- if not (kindIs "invalid" .Values.tunnel.mss) }}{{ $_ := set $own "tunnelMss" (int .Values.tunnel.mss) }}{{ end -}}
{{- with .Values.xdp }}{{ $_ := set $own "devices" (dict "xdp" .) }}{{ end -}}
{{- mergeOverwrite $proxy (deepCopy .Values.config.kubeProxy) | toYaml }}
---
{{ mergeOverwrite $own (deepCopy .Values.config.ebpflb) | toYaml }}
{{- end }}
