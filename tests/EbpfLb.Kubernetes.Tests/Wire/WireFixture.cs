using System.Text.Json;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Wire;

/// <summary>Reads JSON text into the model and keeps the warnings.</summary>
internal sealed class WireFixture
{
    private readonly WireJson json = WireJson.Create(new StringPool());
    private readonly WireMapper mapper;

    public WireFixture() => mapper = new WireMapper(Warnings.Add);

    public List<WireWarning> Warnings { get; } = [];

    public Service Service(string text) => mapper.Map(JsonSerializer.Deserialize(text, json.WireService)!);

    public EndpointSlice? Slice(string text) => mapper.Map(JsonSerializer.Deserialize(text, json.WireEndpointSlice)!);

    public IReadOnlyList<EndpointSlice> Endpoints(string text) => mapper.Map(JsonSerializer.Deserialize(text, json.WireEndpoints)!);

    public Node Node(string text) => mapper.Map(JsonSerializer.Deserialize(text, json.WireNode)!);

    public static IpAddress Ip(string text) => IpAddress.Parse(text);
}
