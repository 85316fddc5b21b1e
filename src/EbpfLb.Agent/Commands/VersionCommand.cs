using System.Reflection;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb version`.</summary>
internal sealed class VersionCommand(Terminal terminal)
{
    /// <summary>"0.1.0", with "+commit" when the build knew it.</summary>
    public static string Version { get; }
        = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public int Execute(OutputFormat format)
    {
        terminal.Out.WriteLine(format == OutputFormat.Json
            ? $$"""{"version":"{{Version}}","runtime":"{{Environment.Version}}"}"""
            : $"ebpflb {Version} (.NET {Environment.Version})");
        return ExitCode.Ok;
    }
}
