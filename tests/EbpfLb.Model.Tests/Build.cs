namespace EbpfLb.Model.Tests;

/// <summary>Small objects for tests; everything a test does not name has a usual value.</summary>
internal static class Build
{
    public static ObjectName Name(string name) => new("default", name);

    public static Service Service(string name, string clusterIP = "10.96.0.1", ushort port = 80) => new(
        Name(name),
        ServiceType.ClusterIP,
        [IpAddress.Parse(clusterIP)],
        [new ServicePort("http", TransportProtocol.Tcp, port, 0)],
        AffinitySeconds: 0,
        ServiceLabels.None);

    public static EndpointSlice Slice(string name, string service, string address = "10.244.0.1") => new(
        Name(name),
        service,
        IpFamily.IPv4,
        [new EndpointPort("http", TransportProtocol.Tcp, 8080)],
        [new Endpoint(IpAddress.Parse(address), EndpointConditions.Default)]);

    public static Node Node(string name) => new(name, [IpAddress.Parse("192.0.2.1")], ["10.244.0.0/24"], null, false, []);
}
