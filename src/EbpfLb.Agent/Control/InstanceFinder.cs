using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Model;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the agent when it runs, else reads what it left pinned.</summary>
internal sealed class InstanceFinder(TimeProvider time) : IInstanceFinder
{
    public async Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
    {
        if (await ControlClient.TryConnectAsync(instance.ControlSocket, cancellationToken) is { } agent) return agent;
        try
        {
            var options = KernelOptions.Of(instance);
            return Inspection.Read(options) is { } frontends && FlowMaps.OpenPinned(options) is { } maps
                ? new PinnedView(instance.Name, frontends, Instances.Hooks(options), FlowsOf(maps),
                    () => Inspection.Compare(options), () => Inspection.ReadCounts(options)) { Note = OwnerText(instance, options) }
                : null;
        }
        catch (BpfException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public async Task<IInstanceView?> FindAgentAsync(InstanceOptions instance, CancellationToken cancellationToken)
        => await ControlClient.TryConnectAsync(instance.ControlSocket, cancellationToken);

    public string Explain(InstanceOptions instance)
    {
        var options = KernelOptions.Of(instance);
        if (OwnerText(instance, options) is { } owner) return owner;
        var place = Instances.PathsOf(options)?.Product;
        var nothing = $"instance '{instance.Name}' not found: no agent answers on {instance.ControlSocket} and no maps are pinned";
        var others = Instances.List(options);
        return others.Count == 0
            ? $"{nothing}{(place is null ? "" : $" in {place}")}. Start it with `ebpflb run`."
            : $"{nothing}. In {place} there is: {string.Join(", ", others)}. Name "
                + $"one with {OptionNames.Instance}, or start this one with `ebpflb run`.";
    }

    /// <summary>An agent lives, but not where it was looked for; null: none does, or it cannot be told.</summary>
    private static string? OwnerText(InstanceOptions instance, DatapathOptions options)
    {
        InstanceOwner? owner;
        try
        {
            owner = InstanceOwnership.Find(options);
            if (owner is null && !InstanceOwnership.IsLocked(options)) return null;
        }
        catch (BpfException)
        {
            return null;
        }
        var directory = Path.GetFullPath(instance.RunDirectory);
        if (owner is null)
            return $"an agent owns instance '{instance.Name}'; its control socket is not in {directory}: give its {OptionNames.RunDir}.";
        return owner.RunDirectory == directory
            ? $"an agent ({owner}) owns instance '{instance.Name}'; its control socket {instance.ControlSocket} does not "
                + "answer: it is starting, its log says why it has none, or that directory is another one where it runs."
            : $"an agent ({owner}) owns instance '{instance.Name}'; its control socket "
                + $"is not in {directory}: give {OptionNames.RunDir} {owner.RunDirectory}.";
    }

    private FlowView FlowsOf(FlowMaps maps) => new(Origin.Maps, new FlowTable(maps.All, time), new NoServiceNames(), drops: null, time);
}

/// <summary>Finds whoever can tell about an instance: its agent, else its pinned maps.</summary>
internal interface IInstanceFinder
{
    /// <summary>null: nothing of this instance is there.</summary>
    Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken);

    /// <summary>null: no agent answers.</summary>
    Task<IInstanceView?> FindAgentAsync(InstanceOptions instance, CancellationToken cancellationToken)
        => FindAsync(instance, cancellationToken);

    /// <summary>Why nothing was found, with what to do.</summary>
    string Explain(InstanceOptions instance)
        => $"instance '{instance.Name}' not found: no agent answers on {instance.ControlSocket} and no "
            + $"maps are pinned. Start it with `ebpflb run`, or name another with {OptionNames.Instance}.";
}
