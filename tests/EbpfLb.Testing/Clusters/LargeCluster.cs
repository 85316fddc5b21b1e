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
        for (var i = 0; i < services; i++)
        {
            state.Set(new Service(
                Name(i), ServiceType.ClusterIP, [IpAddress.FromIPv4(0x0a60_0001 + (uint)i)],
                [new ServicePort("http", TransportProtocol.Tcp, 80, 0)], 0, ServiceLabels.None));
            SetSlice(i, Enumerable.Range(i * endpointsPerService, endpointsPerService));
        }
    }

    public static ObjectName Name(int service) => new($"ns-{service % 100}", $"service-{service}");

    public ClusterSnapshot Build() => state.Build();

    /// <summary>Replaces the last endpoint of a Service by a new one.</summary>
    public void ReplaceEndpoint(int service) => SetSlice(service,
        Enumerable.Range(service * endpointsPerService, endpointsPerService - 1).Append(nextAddress++));

    private void SetSlice(int service, IEnumerable<int> addresses)
    {
        var name = Name(service);
        state.Set(new EndpointSlice(
            new ObjectName(name.Namespace, $"{name.Name}-1"), name.Name, IpFamily.IPv4,
            [new EndpointPort("http", TransportProtocol.Tcp, 8080)],
            addresses.Select(a => new Endpoint(IpAddress.FromIPv4(0x0b00_0001 + (uint)a), EndpointConditions.Default)).ToValueList()));
    }
}
