package aimemory

// fishScript asks __ai_memory_at at which place it is, which is answered once for each place.
const fishScript = `function __ai_memory_at
    set -l at ''
    set -l of ''
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if test -n "$of"
            set of ''
            continue
        end
        switch "$at|$word"
{{- range .Places}}
            case {{quote .Step}}
                set at {{quote .Path}}
{{- end}}
{{- range .Places}}{{range .Options}}{{if .Value}}
            case {{list "" " " .Keys}}
                set of $word
{{- end}}{{end}}{{end}}
{{- range .Program.Options}}{{if .Value}}
            case {{list "'*'" " " .Keys}}
                set of $word
{{- end}}{{end}}
        end
    end
    test "$at" = "$argv[1]"
end

complete -c ai-memory -f
{{- range .Program.Options}}
complete -c ai-memory {{template "option" .}}
{{- end}}
{{- range .All}}{{$at := quote (print "__ai_memory_at '" .Path "'")}}
{{- range .Choices}}
complete -c ai-memory -n {{$at}} -a {{quote .Word}} -d {{quote .Usage}}
{{- end}}
{{- if .Files}}
complete -c ai-memory -n {{$at}} -F
{{- end}}
{{- if .Path}}{{range .Options}}
complete -c ai-memory -n {{$at}} {{template "option" .}}
{{- end}}{{end}}
{{- end}}

{{- define "option"}}
{{- range .Bare}}{{.}} {{end -}}
{{- if .Values}}-x -a {{quote (join .Values " ")}} {{else if .Files}}-r -F {{else if .Value}}-x {{end -}}
-d {{quote .Usage}}
{{- end}}
`
