using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>
/// A service of the agent's own in every table: a connection to its frontend that ends at its backend is proof
/// that the socket hooks are in force. The addresses are reserved (192.0.0.8 is the IPv4 dummy address of RFC 7600,
/// 100::/64 the discard prefix of RFC 6666), so no cluster can have them as a ClusterIP.
/// </summary>
public static class Canary
{
    /// <summary>Sorts before every Service, as those have a namespace: nobody can take the frontends away.</summary>
    public static ObjectName Name { get; } = new("", "ebpflb-canary");

    public static Frontend FrontendV4 { get; } = new(IpAddress.Parse("192.0.0.8"), 10256, TransportProtocol.Udp);

    public static Frontend FrontendV6 { get; } = new(IpAddress.Parse("100::8"), 10256, TransportProtocol.Udp);

    public static BackendAddress BackendV4 { get; } = new(IpAddress.Parse("127.0.0.1"), 10256);

    public static BackendAddress BackendV6 { get; } = new(IpAddress.Parse("::1"), 10256);

    /// <summary>The canary in the given families.</summary>
    public static CompiledService Compile(PolicyOptions options)
    {
        List<CompiledPort> ports = [];
        if (options.Families.Contains(IpFamily.IPv4)) ports.Add(Port(IpFamily.IPv4, FrontendV4, BackendV4));
        if (options.Families.Contains(IpFamily.IPv6)) ports.Add(Port(IpFamily.IPv6, FrontendV6, BackendV6));
        return new CompiledService(Name, ports.ToValueList(), []);
    }

    private static CompiledPort Port(IpFamily family, Frontend frontend, BackendAddress backend)
        => new(
            new ServicePortKey(Name, "", TransportProtocol.Udp, family),
            [new ServedFrontend(frontend, FrontendKind.ClusterIP, LocalPolicy: false)],
            AffinitySeconds: 0,
            [new CompiledBackend(backend, BackendLists.InCluster)],
            HasRemoteEndpoints: true,
            Ranges: []);
}
