using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Control;

/// <summary>Finds whoever can tell about an instance: its agent, else its pinned maps.</summary>
internal interface IInstanceFinder
{
    /// <summary>null: nothing of this instance is there.</summary>
    Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken);

    /// <summary>Why nothing was found, with what to do.</summary>
    string Explain(InstanceOptions instance)
        => $"instance '{instance.Name}' not found: no agent answers on {instance.ControlSocket} and no maps are pinned. Start it with `ebpflb run`, or name another with --instance.";
}
