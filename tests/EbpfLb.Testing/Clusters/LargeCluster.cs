using EbpfLb.Model;

namespace EbpfLb.Testing.Clusters;

/// <summary>A cluster of any size with one IPv4 ClusterIP and one port a Service, for figures and for bounds on work done.</summary>
public sealed class LargeCluster
{
    private readonly ClusterStateBuilder state = new();
    private readonly int endpointsPerService;
    private int nextAddress;

    public LargeCluster(int services, int endpointsPerService)
    {
        this.endpointsPerService = endpointsPerService;
        nextAddress = services * endpointsPerService;
        for (var i = 0; i < services; i++) Add(i);
    }

    public static ObjectName Name(int service) => new($"ns-{service % 100}", $"service-{service}");

    public ClusterSnapshot Build() => state.Build();

    /// <summary>Replaces the last endpoint of a Service by a new one.</summary>
    public void ReplaceEndpoint(int service) => SetSlice(service,
        Enumerable.Range(service * endpointsPerService, endpointsPerService - 1).Append(nextAddress++));

    /// <summary>Puts a Service in with the endpoints that it had at first.</summary>
    public void Add(int service)
    {
        state.Set(new Service(
            Name(service), ServiceType.ClusterIP, [IpAddress.FromIPv4(0x0a60_0001 + (uint)service)],
            [new ServicePort("http", TransportProtocol.Tcp, 80, 0)], 0, ServiceLabels.None));
        SetSlice(service, Enumerable.Range(service * endpointsPerService, endpointsPerService));
    }

    /// <summary>Takes a Service out, with its slice.</summary>
    public void Remove(int service)
    {
        state.RemoveService(Name(service));
        state.RemoveSlice(SliceName(service));
    }

    private static ObjectName SliceName(int service) => new(Name(service).Namespace, $"{Name(service).Name}-1");

    private void SetSlice(int service, IEnumerable<int> addresses)
    {
        var name = Name(service);
        state.Set(new EndpointSlice(
            SliceName(service), name.Name, IpFamily.IPv4,
            [new EndpointPort("http", TransportProtocol.Tcp, 8080)],
            addresses.Select(a => new Endpoint(IpAddress.FromIPv4(0x0b00_0001 + (uint)a), EndpointConditions.Default)).ToValueList()));
    }
}
