using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Flows;

/// <summary>Which service ports the ids in the maps stand for; without an agent nobody knows.</summary>
internal interface IServiceNames
{
    /// <summary>Why no Service can be looked up by its name, with what to do; null: they can.</summary>
    string? Unknown => null;

    /// <summary>By id; empty when names are not known. For a question about all of them: it costs what the table is large.</summary>
    IReadOnlyDictionary<uint, ServicePortKey> Read();

    /// <summary>The service port of one id; null when it is not known.</summary>
    ServicePortKey? Find(uint id);
}

/// <summary>Names from the last table, ids from the kernel's mirror.</summary>
internal sealed class ServiceNames(IServiceTables tables, PipelineState state) : IServiceNames
{
    public IReadOnlyDictionary<uint, ServicePortKey> Read()
    {
        var names = new Dictionary<uint, ServicePortKey>();
        foreach (var service in state.Table?.Services ?? [])
        {
            foreach (var port in service.Ports)
                if (tables.FindServiceId(port.Key) is { } id) names[id] = port.Key;
        }
        return names;
    }

    public string? Unknown => state.Table is null ? NotKnownYetException.Text : null;

    public ServicePortKey? Find(uint id) => tables.FindServicePort(id);
}

/// <summary>The maps hold no names.</summary>
internal sealed class NoServiceNames : IServiceNames
{
    public string Unknown => "no agent answers and the maps hold no names: give #ID, which `ebpflb services` shows";

    public IReadOnlyDictionary<uint, ServicePortKey> Read() => new Dictionary<uint, ServicePortKey>();

    public ServicePortKey? Find(uint id) => null;
}
