using System.Text;

namespace EbpfLb.Agent.Commands.Reference;

/// <summary>For fish: one line a command and option, each with its description.</summary>
internal static class FishCompletion
{
    private const string Head = """
        # Completion of ebpflb for fish: put it where fish looks (/usr/share/fish/vendor_completions.d/ebpflb.fish).
        # Made by `ebpflb completion fish`.
        function __ebpflb_words
            set -l words (commandline -opc)
            string join ' ' (string match -v -- '-*' $words[2..])
        end
        # What was typed so far is this command, with or without arguments.
        function __ebpflb_in
            string match -qr -- "^$argv( |\$)" (__ebpflb_words)
        end
        # It is this command and nothing else.
        function __ebpflb_at
            set -l words (__ebpflb_words)
            test "$words" = "$argv"
        end
        complete -c ebpflb -f

        """;

    public static string Of(CommandEntry root)
    {
        var text = new StringBuilder(Head);
        foreach (var command in root.All)
        {
            foreach (var sub in command.Commands)
                text.Append($"complete -c ebpflb -n '__ebpflb_at {command.Path}' -a {sub.Name} -d {Quoted(sub.Description)}\n");
            var here = command.Path.Length == 0 ? "__ebpflb_at" : $"__ebpflb_in {command.Path}";
            foreach (var argument in command.Arguments.Where(a => a.IsFile || a.Values.Count > 0))
                text.Append($"complete -c ebpflb -n '{here}' {ValuesOf(argument.IsFile, argument.Values)} -d "
                    + $"{Quoted(argument.Description)}\n");
            foreach (var option in command.Options)
            {
                var names = string.Join(' ', option.Names.Select(NameOf));
                var values = option.ValueName is null ? ""
                    : $" {(option.IsFile ? "-r -F" : "-x")}{(option.Values.Count > 0 ? $" -a '{string.Join(' ', option.Values)}'" : "")}";
                text.Append($"complete -c ebpflb -n '{here}' {names}{values} -d {Quoted(option.Description)}\n");
            }
        }
        return text.ToString();
    }

    private static string ValuesOf(bool isFile, IReadOnlyList<string> values) => isFile ? "-F" : $"-a '{string.Join(' ', values)}'";

    private static string NameOf(string name) => name.StartsWith("--", StringComparison.Ordinal) ? $"-l {name[2..]}" : $"-s {name[1..]}";

    private static string Quoted(string text)
        => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
