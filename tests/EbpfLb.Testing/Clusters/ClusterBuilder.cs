using System.Text.RegularExpressions;
using EbpfLb.Model;

namespace EbpfLb.Testing.Clusters;

/// <summary>
/// Clusters in a few words. Ports are written "name:80" or "name:53/UDP" (":80" has no name), with a node port "name:80@30080";
/// for endpoints see <see cref="EndpointText"/>. Names without a namespace are in "default".
/// </summary>
public sealed partial class ClusterBuilder
{
    private readonly ClusterStateBuilder state = new();

    public ClusterBuilder Service(
        string name,
        string[] clusterIPs,
        string[] ports,
        uint affinity = 0,
        ServiceType type = ServiceType.ClusterIP,
        ServiceLabels labels = ServiceLabels.None,
        string[]? externalIPs = null,
        string[]? balancerIPs = null,
        string[]? sourceRanges = null,
        TrafficPolicy inside = TrafficPolicy.Cluster,
        TrafficPolicy outside = TrafficPolicy.Cluster,
        ushort healthCheckPort = 0,
        Scheduler? scheduler = null,
        int maglevTableSize = 0,
        Forwarding? forwarding = null)
    {
        state.Set(new Service(
            Name(name),
            type,
            clusterIPs.Select(IpAddress.Parse).ToValueList(),
            ports.Select(Port).Select(p => new ServicePort(p.Name, p.Protocol, p.Number, p.NodePort)).ToValueList(),
            affinity,
            labels)
        {
            ExternalIPs = (externalIPs ?? []).Select(IpAddress.Parse).ToValueList(),
            BalancerIPs = (balancerIPs ?? []).Select(IpAddress.Parse).ToValueList(),
            SourceRanges = (sourceRanges ?? []).Select(SourceRange.Parse).ToValueList(),
            InternalTraffic = inside,
            ExternalTraffic = outside,
            HealthCheckNodePort = healthCheckPort,
            Scheduler = scheduler,
            MaglevTableSize = maglevTableSize,
            Forwarding = forwarding,
        });
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
        var parsed = endpoints.Select(EndpointText.Parse).ToValueList();
        state.Set(new EndpointSlice(
            Name(name),
            service,
            family ?? (parsed.IsEmpty ? IpFamily.IPv4 : parsed[0].Address.Family),
            ports.Select(Port).Select(p => new EndpointPort(p.Name, p.Protocol, p.Number)).ToValueList(),
            parsed,
            labels));
        return this;
    }

    /// <summary>Sets the own node.</summary>
    public ClusterBuilder Node(string name, string? zone = null, string[]? addresses = null, string[]? taints = null)
    {
        var node = new Node(
            name, (addresses ?? []).Select(IpAddress.Parse).ToValueList(), [], zone, IsDeleting: false, (taints ?? []).ToValueList());
        state.Set(node);
        state.SetAny(node);
        return this;
    }

    /// <summary>Another node of the cluster, which has these addresses.</summary>
    public ClusterBuilder Other(string name, params string[] addresses)
    {
        state.SetAny(new Node(name, addresses.Select(IpAddress.Parse).ToValueList(), [], null, IsDeleting: false, []));
        return this;
    }

    /// <summary>Another node, on which no agent runs.</summary>
    public ClusterBuilder Closed(string name, params string[] addresses)
    {
        state.SetAny(new Node(name, addresses.Select(IpAddress.Parse).ToValueList(), [], null, IsDeleting: false, [])
        {
            OpensTunnels = false,
        });
        return this;
    }

    public ClusterBuilder RemoveOther(string name)
    {
        state.RemoveAny(name);
        return this;
    }

    public ClusterBuilder RemoveNode()
    {
        state.Set((Node?)null);
        return this;
    }

    public ClusterBuilder ServiceCidr(string name, params string[] ranges)
    {
        state.Set(new ServiceCidr(name, ranges.Select(SourceRange.Parse).ToValueList()));
        return this;
    }

    public ClusterBuilder RemoveServiceCidr(string name)
    {
        state.RemoveServiceCidr(name);
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

    private static (string Name, ushort Number, TransportProtocol Protocol, ushort NodePort) Port(string text)
    {
        var match = PortText().Match(text);
        if (!match.Success) throw new FormatException($"'{text}' is no port; write \"name:80\", \"name:53/UDP\" or \"name:80@30080\"");
        var protocol = match.Groups["protocol"] is { Success: true } found ? Enum.Parse<TransportProtocol>(found.Value, ignoreCase: true)
            : TransportProtocol.Tcp;
        var nodePort = match.Groups["node"] is { Success: true } node ? ushort.Parse(node.Value) : (ushort)0;
        return (match.Groups["name"].Value, ushort.Parse(match.Groups["number"].Value), protocol, nodePort);
    }

    [GeneratedRegex("^(?<name>[^:]*):(?<number>[0-9]+)(@(?<node>[0-9]+))?(/(?<protocol>[A-Z]+))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PortText();
}
