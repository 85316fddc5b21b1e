using System.CommandLine;
using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Commands;

/// <summary>The options that choose an instance, the same for every command.</summary>
internal sealed class InstanceOptionSet
{
    private const int MaxNameLength = 63;

    private readonly Option<string> instance = CheckedOption.Create("--instance", "NAME",
        "Which instance on this machine (default: default). Each has its own pins, sockets and cgroup root", CheckName);

    private readonly Option<string> runDirectory = new("--run-dir")
    {
        HelpName = "DIR",
        Description = $"Where the control socket is (default: {InstanceOptions.DefaultRunDirectory})",
    };

    private readonly Option<string> bpfFs = new("--bpffs")
    {
        HelpName = "DIR",
        Description = "Mount point of the BPF file system that holds the pins (default: where it is mounted, else /sys/fs/bpf)",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(instance);
        command.Options.Add(runDirectory);
        command.Options.Add(bpfFs);
    }

    public InstanceOptions Read(ParseResult result, string? cgroupRoot = null) => new(
        result.GetValue(instance) ?? "default",
        cgroupRoot,
        result.GetValue(bpfFs),
        result.GetValue(runDirectory) ?? InstanceOptions.DefaultRunDirectory);

    /// <summary>The name becomes a directory of the BPF file system, which refuses dots.</summary>
    private static string CheckName(string name)
        => name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? name
            : throw new FormatException($"'{name}' is not an instance name; use 1 to {MaxNameLength} letters, digits, '-' or '_'");
}
