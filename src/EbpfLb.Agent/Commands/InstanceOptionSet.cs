using System.CommandLine;
using EbpfLb.Agent.Options;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands;

/// <summary>The options that choose an instance, the same for every command.</summary>
internal sealed class InstanceOptionSet(InstanceEnvironment environment)
{
    private readonly Option<string> instance = CheckedOption.Create(OptionNames.Instance, "NAME",
        $"Which instance on this machine (default: ${InstanceEnvironment.InstanceVariable}, else default). Each has its own pins, "
            + "sockets and cgroup root",
        InstanceEnvironment.CheckName);

    private readonly Option<string> runDirectory = new(OptionNames.RunDir)
    {
        HelpName = "DIR",
        Description = $"Where the control socket is (default: ${InstanceEnvironment.RunDirectoryVariable}, else "
            + $"{InstanceOptions.DefaultRunDirectory})",
    };

    private readonly Option<string> bpfFs = new(OptionNames.Bpffs)
    {
        HelpName = "DIR",
        Description = "Mount point of the BPF file system that holds the pins (default: where it is mounted, else /sys/fs/bpf)",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(instance);
        command.Options.Add(runDirectory);
        command.Options.Add(bpfFs);
        command.AddCheck(result =>
        {
            if (result.GetResult(instance) is not { Implicit: false } && environment.Problem is { } problem) result.AddError(problem);
        });
    }

    public InstanceOptions Read(ParseResult result, string? cgroupRoot = null) => new(
        result.GetValue(instance) ?? environment.Instance ?? "default",
        cgroupRoot,
        result.GetValue(bpfFs),
        result.GetValue(runDirectory) ?? environment.RunDirectory ?? InstanceOptions.DefaultRunDirectory);
}
