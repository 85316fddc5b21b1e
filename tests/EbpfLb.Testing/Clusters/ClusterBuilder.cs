using EbpfLb.Model;

namespace EbpfLb.Testing.Clusters;

/// <summary>
/// Clusters in a few words. Ports are written "name:80" or "name:53/UDP" (":80" has no name), endpoints are addresses with
/// conditions behind them: "10.1.0.1", "10.1.0.1 unready", "10.1.0.1 terminating" (not ready), "10.1.0.1 ready+terminating".
/// Names without a namespace are in "default".
/// </summary>
public sealed class ClusterBuilder
{
    private readonly ClusterStateBuilder state = new();

    public ClusterBuilder Service(
        string name,
        string[] clusterIPs,
        string[] ports,
        uint affinity = 0,
        ServiceType type = ServiceType.ClusterIP,
        ServiceLabels labels = ServiceLabels.None)
    {
        state.Set(new Service(
            Name(name),
            type,
            clusterIPs.Select(IpAddress.Parse).ToValueList(),
            ports.Select(Port).Select(p => new ServicePort(p.Name, p.Protocol, p.Number, 0)).ToValueList(),
            affinity,
            labels));
        return this;
    }

    /// <param name="family">When null, that of the first endpoint, IPv4 without endpoints.</param>
    public ClusterBuilder Slice(
        string name,
        string service,
        string[] ports,
        string[] endpoints,
        IpFamily? family = null,
        ServiceLabels labels = ServiceLabels.None)
    {
        var parsed = endpoints.Select(ParseEndpoint).ToValueList();
        state.Set(new EndpointSlice(
            Name(name),
            service,
            family ?? (parsed.IsEmpty ? IpFamily.IPv4 : parsed[0].Address.Family),
            ports.Select(Port).Select(p => new EndpointPort(p.Name, p.Protocol, p.Number)).ToValueList(),
            parsed,
            labels));
        return this;
    }

    public ClusterBuilder RemoveService(string name)
    {
        state.RemoveService(Name(name));
        return this;
    }

    public ClusterBuilder RemoveSlice(string name)
    {
        state.RemoveSlice(Name(name));
        return this;
    }

    public ClusterSnapshot Build() => state.Build();

    public static ObjectName Name(string text)
    {
        var slash = text.IndexOf('/');
        return slash < 0 ? new ObjectName("default", text) : new ObjectName(text[..slash], text[(slash + 1)..]);
    }

    private static (string Name, ushort Number, TransportProtocol Protocol) Port(string text)
    {
        var colon = text.IndexOf(':');
        var slash = text.IndexOf('/');
        var number = ushort.Parse(text[(colon + 1)..(slash < 0 ? text.Length : slash)]);
        var protocol = slash < 0 ? TransportProtocol.Tcp : Enum.Parse<TransportProtocol>(text[(slash + 1)..], ignoreCase: true);
        return (text[..colon], number, protocol);
    }

    private static Endpoint ParseEndpoint(string text)
    {
        var words = text.Split(' ');
        var conditions = words.Length == 1 ? EndpointConditions.Default : words[1] switch
        {
            "unready" => EndpointConditions.None,
            "terminating" => EndpointConditions.Serving | EndpointConditions.Terminating,
            "ready+terminating" => EndpointConditions.Default | EndpointConditions.Terminating,
            _ => throw new FormatException($"'{words[1]}' is no condition of an endpoint"),
        };
        return new Endpoint(IpAddress.Parse(words[0]), conditions);
    }
}
