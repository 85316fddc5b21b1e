using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>A service port with what is asked of it again and again; a batch asks about the same few ports.</summary>
internal sealed class ServedPort(CompiledPort port, Func<IReadOnlyDictionary<BackendAddress, string?>> nodes)
{
    private readonly Lazy<IReadOnlyDictionary<BackendAddress, string?>> nodes = new(nodes);
    private CompiledBackend[]? cluster;
    private CompiledBackend[]? local;

    public CompiledPort Port => port;

    /// <summary>The backends of one of the lists, ordered by address.</summary>
    public ReadOnlySpan<CompiledBackend> Backends(BackendLists list) => list == BackendLists.InLocal
        ? local ??= Of(BackendLists.InLocal)
        : cluster ??= Of(BackendLists.InCluster);

    /// <summary>nodeName of a backend's endpoint; null when it has none.</summary>
    public string? NodeOf(BackendAddress address) => nodes.Value.GetValueOrDefault(address);

    private CompiledBackend[] Of(BackendLists list) => [.. port.Backends.Where(b => b.Lists.HasFlag(list))];
}

/// <summary>A frontend and the port that it belongs to.</summary>
internal sealed record ServedAddress(ServedFrontend Frontend, ServedPort Port);
