package aimemory

// zshScript is for a file _ai-memory in a folder of fpath, and may be sourced after compinit, too.
const zshScript = `#compdef ai-memory

_ai-memory() {
  local at= of= word= files= cur=$words[CURRENT]
  local -a choices options
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ -n $of ]]; then of=; continue; fi
    case "$at|$word" in
{{- range .Places}}
      ({{quote .Step}}) at={{quote .Path}} ;;
{{- end}}
{{- range .Places}}{{range .Options}}{{if .Value}}
      ({{list "" "|" .Keys}}) of=$word ;;
{{- end}}{{end}}{{end}}
{{- range .Program.Options}}{{if .Value}}
      ({{list "*" "|" .Keys}}) of=$word ;;
{{- end}}{{end}}
    esac
  done
  if [[ -z $of && $cur == --*=* ]]; then
    of=${cur%%'='*}
    compset -P '*='
  fi
  if [[ -n $of ]]; then
    case "$at|$of" in
{{- range .Places}}{{range .Options}}{{if .Values}}
      ({{list "" "|" .Keys}}) choices=({{list "" " " .Values}}) ;;
{{- else if .Files}}
      ({{list "" "|" .Keys}}) files=1 ;;
{{- end}}{{end}}{{end}}
{{- range .Program.Options}}{{if .Files}}
      ({{list "*" "|" .Keys}}) files=1 ;;
{{- end}}{{end}}
    esac
    if [[ -n $files ]]; then _files; elif (( $#choices )); then compadd -- $choices; else _message value; fi
    return
  fi
  case $at in
{{- range .All}}
    ({{quote .Path}})
      choices=({{range .Choices}}
        {{quote (print .Word ":" .Usage)}}{{end}}
      )
      options=({{range .Offered}}{{$usage := .Usage}}{{range .Names}}
        {{quote (print . ":" $usage)}}{{end}}{{end}}
      )
      {{if .Files}}files=1 {{end}};;
{{- end}}
  esac
  if [[ $cur == -* ]]; then
    _describe -o option options
  elif [[ -n $files ]]; then
    _files
  elif (( $#choices )); then
    _describe value choices
  else
    _describe -o option options
  fi
}

if [[ $funcstack[1] == _ai-memory ]]; then _ai-memory "$@"; else compdef _ai-memory ai-memory; fi
`
