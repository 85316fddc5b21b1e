using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;

namespace EbpfLb.Agent.Kernel;

/// <summary>Takes instances out of the kernel by their pins.</summary>
internal sealed class InstanceRemover : IInstanceRemover
{
    public IReadOnlyList<string> List(string? bpfFs) => Explained(() => Instances.List(new DatapathOptions { BpfFs = bpfFs }));

    public string? OwnerOf(InstanceOptions instance) => Explained(() => InstanceOwnership.Find(KernelOptions.Of(instance))?.ToString());

    public IReadOnlyList<string> Remove(InstanceOptions instance, bool force) => Explained<IReadOnlyList<string>>(() =>
    {
        var options = KernelOptions.Of(instance);
        if (Instances.PathsOf(options) is not { } paths) return [];
        List<string> removed = [];
        using (Directory.Exists(paths.Root) ? Lock(paths, options, force) : null) removed.AddRange(Instances.Remove(options));
        if (BpfFileSystem.UnmountOwn(paths.BpfFs)) removed.Add($"the BPF file system at {paths.BpfFs}, which an agent had mounted");
        return removed;
    });

    /// <summary>So that no agent begins meanwhile. null: not locked, by force.</summary>
    private static DirectoryLock? Lock(InstancePaths paths, DatapathOptions options, bool force)
    {
        if (DirectoryLock.TryTake(paths.Root) is { } mine) return mine;
        return force ? null : throw new StartException(
            $"an agent owns instance '{options.Instance}' ({InstanceOwnership.Find(options)?.ToString() ?? "it cannot be named"}); "
            + "stop it first. With --force everything is removed all the same; an agent that works puts it back at once");
    }

    private static T Explained<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (BpfException e)
        {
            throw new StartException(e.Message, e);
        }
    }
}
