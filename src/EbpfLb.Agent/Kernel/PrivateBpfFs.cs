using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// Pins on a BPF file system that only this mount namespace has hold nothing: it ends with the last process in it, and they with it.
/// </summary>
internal static class PrivateBpfFs
{
    /// <summary>What keeps the agent from being ready; empty: nothing, or it is allowed.</summary>
    public static IReadOnlyList<string> Problems(InstanceOwnership? ownership, StartOptions options, ILogger logger)
    {
        if (ownership is null || !MountLifetime.OfThisProcess().EndsWithNamespace(ownership.FileSystem)) return [];
        var problem = $"the BPF file system at {ownership.FileSystem.Point} is private to the agent's "
            + "mount namespace and ends with it, so nothing would be balanced while "
            + "the agent is away: mount the host's there (in Kubernetes: hostPath "
            + $"{BpfFileSystem.DefaultPath}), or give {OptionNames.AllowPrivateBpffs}";
        Log.BpfFsPrivate(logger, problem);
        return options.AllowPrivateBpfFs ? [] : [problem];
    }
}
