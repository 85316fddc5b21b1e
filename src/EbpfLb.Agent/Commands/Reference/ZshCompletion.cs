using System.Text;

namespace EbpfLb.Agent.Commands.Reference;

/// <summary>For zsh: a function a command, each a call of _arguments.</summary>
internal static class ZshCompletion
{
    private const string Head = """
        #compdef ebpflb
        # Completion of ebpflb for zsh: put it into a directory of $fpath as _ebpflb (/usr/share/zsh/vendor-completions).
        # Made by `ebpflb completion zsh`.

        """;

    public static string Of(CommandEntry root)
    {
        var text = new StringBuilder(Head);
        foreach (var command in root.All) Write(text, command);
        text.Append("\nif [ \"$funcstack[1]\" = _ebpflb ]; then\n\t_ebpflb \"$@\"\nelse\n\tcompdef _ebpflb ebpflb\nfi\n");
        return text.ToString();
    }

    private static void Write(StringBuilder text, CommandEntry command)
    {
        text.Append($"\n{FunctionOf(command)}() {{\n");
        if (command.Commands.Count > 0)
        {
            text.Append("\tlocal context state state_descr line\n\ttypeset -A opt_args\n");
            text.Append("\t_arguments -C '1:command:->command' '*::argument:->argument'\n\tcase $state in\n\tcommand)\n\t\tlocal -a "
                + "commands=(\n");
            foreach (var sub in command.Commands) text.Append($"\t\t\t'{sub.Name}:{Quoted(sub.Description)}'\n");
            text.Append("\t\t)\n\t\t_describe command commands\n\t\t;;\n\targument)\n\t\tcase $words[1] in\n");
            foreach (var sub in command.Commands) text.Append($"\t\t{sub.Name}) {FunctionOf(sub)} ;;\n");
            text.Append("\t\tesac\n\t\t;;\n\tesac\n}\n");
            return;
        }
        text.Append("\t_arguments");
        foreach (var option in command.Options)
        {
            var group = string.Join(' ', option.Names);
            foreach (var name in option.Names)
            {
                // A long one takes its value after a blank or after "=".
                var takes = option.ValueName is not null && name.StartsWith("--", StringComparison.Ordinal) ? "=" : "";
                text.Append($" \\\n\t\t'({group}){name}{takes}[{Bracketed(option.Description)}]{ValueOf(option)}'");
            }
        }
        var place = 1;
        foreach (var argument in command.Arguments)
        {
            var action = ActionOf(argument.IsFile, argument.Values);
            text.Append($" \\\n\t\t'{place++}:{(argument.IsOptional ? ":" : "")}{Quoted(argument.Name)}:{action}'");
        }
        text.Append("\n}\n");
    }

    private static string ValueOf(OptionEntry option)
        => option.ValueName is null ? "" : $":{Quoted(option.ValueName)}:{ActionOf(option.IsFile, option.Values)}";

    /// <summary>A blank: nothing is offered.</summary>
    private static string ActionOf(bool isFile, IReadOnlyList<string> values)
        => isFile ? "_files" : values.Count > 0 ? $"({string.Join(' ', values)})" : " ";

    private static string FunctionOf(CommandEntry command)
        => command.Path.Length == 0 ? "_ebpflb" : $"_ebpflb_{command.Path.Replace(' ', '_').Replace('-', '_')}";

    /// <summary>In single quotes, with the colons of _arguments and _describe taken literally.</summary>
    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "'\\''",
        StringComparison.Ordinal)
        .Replace(":", "\\:", StringComparison.Ordinal);

    private static string Bracketed(string text)
        => Quoted(text).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
}
