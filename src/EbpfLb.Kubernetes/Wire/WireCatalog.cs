using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Wire.Quick;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>The codecs of all resources, which share one string pool and one mapper.</summary>
internal sealed class WireCatalog
{
    private readonly Dictionary<string, object> codecs;

    public WireCatalog(Action<WireWarning> warn)
    {
        var pool = new StringPool();
        Json = WireJson.Create(pool);
        // Whatever port a server allows is one.
        var quick = new QuickWire(pool, static _ => true);
        var mapper = new WireMapper(warn);
        codecs = new(StringComparer.Ordinal)
        {
            [ApiResources.Services.Path] = new ObjectCodec<WireService, Service>(
                Json.WireService, Json.ServiceWatchLine, Json.StatusWatchLine, mapper.Map, quick.Service),
            [ApiResources.EndpointSlices.Path] = new ObjectCodec<WireEndpointSlice, EndpointSlice>(
                Json.WireEndpointSlice, Json.EndpointSliceWatchLine, Json.StatusWatchLine, mapper.Map, quick.Slice),
            [ApiResources.Nodes.Path]
                = new ObjectCodec<WireNode, Node>(Json.WireNode, Json.NodeWatchLine, Json.StatusWatchLine, mapper.Map),
            [ApiResources.ServiceCidrs.Path] = new ObjectCodec<WireServiceCidr, ServiceCidr>(
                Json.WireServiceCidr, Json.ServiceCidrWatchLine, Json.StatusWatchLine, mapper.Map),
        };
        Warn = warn;
    }

    public WireJson Json { get; }

    public Action<WireWarning> Warn { get; }

    /// <exception cref="ArgumentException">A resource that is none of <see cref="ApiResources"/>.</exception>
    public ObjectCodec<T> CodecOf<T>(ApiResource<T> resource)
        where T : class
        => codecs.TryGetValue(resource.Path, out var codec)
            ? (ObjectCodec<T>)codec
            : throw new ArgumentException($"{resource.Path} is none of the resources a proxy reads", nameof(resource));
}
