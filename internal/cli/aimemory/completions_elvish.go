package aimemory

// elvishScript is for the file rc.elv.
const elvishScript = `set edit:completion:arg-completer[ai-memory] = {|@words|
  var steps = [
{{- range .Places}}
    &{{quote .Step}}={{quote .Path}}
{{- end}}
  ]
  var values = [
{{- range .All}}{{range .Options}}{{if .Value}}{{$values := list "" " " .Values}}{{$files := .Files}}{{range .Keys}}
    &{{quote .}}={{if $files}}{|| edit:complete-filename $words[-1] }{{else}}{|| put {{$values}} }{{end}}
{{- end}}{{end}}{{end}}{{end}}
  ]
  var offers = [
{{- range .All}}
    &{{quote .Path}}={||{{range .Choices}}
      edit:complex-candidate {{quote .Word}} &display={{quote (print .Word "  " .Usage)}}{{end}}{{range .Offered}}{{$usage := .Usage}}{{range .Names}}
      edit:complex-candidate {{quote .}} &display={{quote (print . "  " $usage)}}{{end}}{{end}}{{if .Files}}
      edit:complete-filename $words[-1]{{end}}
    }
{{- end}}
  ]
  var at = ''
  var of = ''
  for word $words[1..-1] {
    if (not-eq $of '') {
      set of = ''
    } elif (has-key $steps $at'|'$word) {
      set at = $steps[$at'|'$word]
    } elif (has-key $values $at'|'$word) {
      set of = $at'|'$word
    } elif (has-key $values '|'$word) {
      set of = '|'$word
    }
  }
  if (not-eq $of '') {
    $values[$of]
  } else {
    $offers[$at]
  }
}
`
