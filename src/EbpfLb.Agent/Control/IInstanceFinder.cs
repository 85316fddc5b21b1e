using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Control;

/// <summary>Finds whoever can tell about an instance: its agent, else its pinned maps.</summary>
internal interface IInstanceFinder
{
    /// <summary>null: nothing of this instance is there.</summary>
    Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken);
}
