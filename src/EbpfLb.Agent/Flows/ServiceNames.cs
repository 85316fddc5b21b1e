using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Flows;

/// <summary>Which service ports the ids in the maps stand for; without an agent nobody knows.</summary>
internal interface IServiceNames
{
    /// <summary>By id; empty when names are not known.</summary>
    IReadOnlyDictionary<uint, ServicePortKey> Read();
}

/// <summary>Names from the last table, ids from the kernel's mirror.</summary>
internal sealed class ServiceNames(IDataplane dataplane, PipelineState state) : IServiceNames
{
    public IReadOnlyDictionary<uint, ServicePortKey> Read()
        => dataplane.ReadServiceIds(state.Table is { } table ? table.Services.SelectMany(s => s.Ports).Select(p => p.Key) : []);
}

/// <summary>The maps hold no names.</summary>
internal sealed class NoServiceNames : IServiceNames
{
    public IReadOnlyDictionary<uint, ServicePortKey> Read() => new Dictionary<uint, ServicePortKey>();
}
