package aimemory

// bashScript offers files where it knows nothing better. Bash has taken "--tier=short" apart at the "=".
const bashScript = `_ai_memory() {
  local cur="${COMP_WORDS[COMP_CWORD]}" at="" of="" words="" options="" word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    if [[ $word == "=" ]]; then continue; fi
    if [[ -n $of ]]; then of=""; continue; fi
    case "$at|$word" in
{{- range .Places}}
      {{quote .Step}}) at={{quote .Path}} ;;
{{- end}}
{{- range .Places}}{{range .Options}}{{if .Value}}
      {{list "" " | " .Keys}}) of="$word" ;;
{{- end}}{{end}}{{end}}
{{- range .Program.Options}}{{if .Value}}
      {{list "*" " | " .Keys}}) of="$word" ;;
{{- end}}{{end}}
    esac
  done
  if [[ -n $of ]]; then
    if [[ $cur == "=" ]]; then cur=""; fi
    case "$at|$of" in
{{- range .Places}}{{range .Options}}{{if .Values}}
      {{list "" " | " .Keys}}) words={{quote (join .Values " ")}} ;;
{{- end}}{{end}}{{end}}
    esac
  else
    case "$at" in
{{- range .All}}
      {{quote .Path}}) words={{quote (join .Words " ")}} options={{quote (join .Flags " ")}} ;;
{{- end}}
    esac
    if [[ $cur == -* ]]; then words="$options"; fi
  fi
  if [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -o bashdefault -o default -F _ai_memory ai-memory
`
