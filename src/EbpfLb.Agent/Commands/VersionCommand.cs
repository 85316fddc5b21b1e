using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb version`.</summary>
internal sealed class VersionCommand(Terminal terminal)
{
    private const int ShortCommit = 12;

    /// <summary>"0.1.0", with "+commit" when the build knew it.</summary>
    public static string Version { get; } = Shorten(
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    public int Execute(OutputFormat format)
    {
        terminal.Out.WriteLine(format == OutputFormat.Json
            ? $$"""{"version":"{{Version}}","runtime":"{{Environment.Version}}"}"""
            : $"ebpflb {Version} (.NET {Environment.Version})");
        return ExitCode.Ok;
    }

    private static string Shorten(string version)
        => version.IndexOf('+') is var plus and > 0 && version.Length > plus + ShortCommit ? version[..(plus + 1 + ShortCommit)] : version;
}

/// <summary>`ebpflb --version`: as `ebpflb version`.</summary>
internal sealed class VersionAction(Terminal terminal) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public override int Invoke(ParseResult parseResult) => new VersionCommand(terminal).Execute(OutputFormat.Table);
}
