using System.Text;

namespace EbpfLb.Agent.Commands.Reference;

/// <summary>ebpflb(8), in the macros of man(7).</summary>
internal static class ManPage
{
    public static string Of(CommandEntry root, IReadOnlyDictionary<string, string[]> examples)
    {
        var text = new StringBuilder();
        text.Append(".\\\" Made by `ebpflb completion man`.\n.TH EBPFLB 8 \"\" \"ebpflb\" \"System Administration\"\n");
        text.Append(".SH NAME\nebpflb \\- load balancer of Kubernetes Services in BPF, in place of kube\\-proxy\n.SH SYNOPSIS\n");
        text.Append(".B ebpflb\n.I COMMAND\n.RI [ OPTION ...]\n.SH DESCRIPTION\n").Append(Escaped(root.Description)).Append('\n');
        text.Append(".PP\nWhat it programs stays in force when the agent ends, however it ends; `ebpflb cleanup` removes it.\n.SH "
            + "COMMANDS\n");
        foreach (var command in root.All.Where(c => c.Path.Length > 0)) Write(text, command, examples);
        text.Append("""
            .SH EXIT STATUS
            .TP
            .B 0
            Done. Of status: ready.
            .TP
            .B 1
            Failed. Of verify: differences, of doctor: problems.
            .TP
            .B 2
            Wrong usage.
            .TP
            .B 3
            Not ready, or nothing there.
            .SH ENVIRONMENT
            .TP
            .B EBPFLB_INSTANCE
            Stands for \-\-instance of every command.
            .TP
            .B EBPFLB_RUN_DIR
            Stands for \-\-run\-dir of every command.
            .TP
            .B NO_COLOR
            Set to anything: no colours at a terminal.
            .SH FILES
            .TP
            .I /etc/ebpflb/config.yaml
            The configuration of the package's unit.
            .TP
            .I /run/ebpflb
            Control sockets and locks, one a instance.
            .TP
            .I /sys/fs/bpf/ebpflb
            Pinned maps and links, a directory an instance.
            .SH SEE ALSO
            .BR bpftool (8),
            .BR tc\-bpf (8),
            .BR ipvsadm (8)

            """);
        return text.ToString();
    }

    private static void Write(StringBuilder text, CommandEntry command, IReadOnlyDictionary<string, string[]> examples)
    {
        var arguments = string.Concat(command.Arguments.Select(a => a.IsOptional ? $" [{a.Name}]" : $" {a.Name}"));
        text.Append($".SS ebpflb {Escaped(command.Path + arguments)}\n{Escaped(command.Description)}.\n");
        foreach (var argument in command.Arguments)
            if (argument.Description.Length > 0) text.Append($".TP\n.I {Escaped(argument.Name)}\n{Escaped(argument.Description)}.\n");
        foreach (var option in command.Options)
        {
            var names = string.Join(", ", option.Names.Reverse().Select(n => $"\\fB{Escaped(n)}\\fR"));
            var value = option.ValueName is { } name ? $" \\fI{Escaped(name)}\\fR" : "";
            text.Append($".TP\n{names}{value}\n{Escaped(option.Description)}.\n");
        }
        if (!examples.TryGetValue(command.Name, out var lines)) return;
        text.Append(".PP\nExamples:\n.PP\n.nf\n.RS\n");
        foreach (var line in lines) text.Append(Escaped(line)).Append('\n');
        text.Append(".RE\n.fi\n");
    }

    /// <summary>A line begins neither with a request nor has an escape of its own; dashes can be copied.</summary>
    private static string Escaped(string text)
    {
        var escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
