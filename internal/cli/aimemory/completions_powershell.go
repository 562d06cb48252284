package aimemory

// powershellScript is for the profile.
const powershellScript = `using namespace System.Management.Automation

Register-ArgumentCompleter -Native -CommandName 'ai-memory' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $at = ''
    $of = ''
    $words = $commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition }
    foreach ($element in $words) {
        $word = $element.ToString()
        if ($of -ne '') { $of = ''; continue }
        switch -CaseSensitive -Wildcard ("$at|$word") {
{{- range .Places}}
            {{quote .Step}} { $at = {{quote .Path}}; break }
{{- end}}
{{- range .Places}}{{range .Options}}{{if .Value}}{{range .Keys}}
            {{quote .}} { $of = $word; break }
{{- end}}{{end}}{{end}}{{end}}
{{- range .Program.Options}}{{if .Value}}{{range .Keys}}
            {{quote (print "*" .)}} { $of = $word; break }
{{- end}}{{end}}{{end}}
        }
    }
    $offers = @()
    if ($of -ne '') {
        switch -CaseSensitive ("$at|$of") {
{{- range .Places}}{{range .Options}}{{if .Values}}{{$values := list "" ", " .Values}}{{range .Keys}}
            {{quote .}} { $offers = @({{$values}}); break }
{{- end}}{{end}}{{end}}{{end}}
        }
        $offers = $offers | ForEach-Object { [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }
    } else {
        switch -CaseSensitive ($at) {
{{- range .All}}
            {{quote .Path}} {
                $offers = @({{range .Choices}}
                    [CompletionResult]::new({{quote .Word}}, {{quote .Word}}, [CompletionResultType]::ParameterValue, {{quote .Usage}}){{end}}{{range .Offered}}{{$usage := .Usage}}{{range .Names}}
                    [CompletionResult]::new({{quote .}}, {{quote (print . " ")}}, [CompletionResultType]::ParameterName, {{quote $usage}}){{end}}{{end}}
                )
                break
            }
{{- end}}
        }
    }
    $offers | Where-Object { $_.CompletionText -like "$wordToComplete*" }
}
`
