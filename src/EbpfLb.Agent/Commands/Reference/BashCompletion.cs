namespace EbpfLb.Agent.Commands.Reference;

/// <summary>For bash, which shows no descriptions: the program itself is asked what may stand where.</summary>
internal static class BashCompletion
{
    public const string Text = """
        # Completion of ebpflb for bash: `source` it, or put it where bash-completion looks (/usr/share/bash-completion/completions/ebpflb).
        # Made by `ebpflb completion bash`. The program itself is asked what may stand here.
        _ebpflb() {
        	local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]}
        	mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "$word")
        }
        complete -o default -F _ebpflb ebpflb

        """;
}
