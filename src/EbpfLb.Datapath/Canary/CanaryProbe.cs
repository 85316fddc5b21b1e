using EbpfLb.Model;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Canary;

/// <summary>
/// Connects a UDP socket to the canary's frontend, an address that nobody owns, whose only backend is the loopback
/// address: if the hooks are in force for this process, the socket ends up bound to loopback and getpeername() says
/// the frontend. Nothing is sent. A link that is attached but whose cgroup is not ours fails here and nowhere else.
/// </summary>
internal static class CanaryProbe
{
    /// <param name="cgroup">For the message: where the hooks are attached.</param>
    public static CanaryResult Check(IpFamily family, string cgroup) => family == IpFamily.IPv4
        ? Check(EndPoint(Policy.Canary.FrontendV4), EndPoint(Policy.Canary.BackendV4), cgroup)
        : Check(EndPoint(Policy.Canary.FrontendV6), EndPoint(Policy.Canary.BackendV6), cgroup);

    /// <param name="frontend">A reserved address that is programmed as a service.</param>
    /// <param name="backend">The loopback address and port behind it.</param>
    /// <param name="cgroup">For the message: where the hooks are attached.</param>
    public static CanaryResult Check(IPEndPoint frontend, IPEndPoint backend, string cgroup)
    {
        using var socket = new Socket(frontend.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(frontend);
        }
        catch (SocketException e)
        {
            return Failed($"connect() failed: {e.SocketErrorCode}", frontend, cgroup);
        }
        var local = ((IPEndPoint)socket.LocalEndPoint!).Address;
        if (!local.Equals(backend.Address)) return Failed($"the connection left from {local} unchanged", frontend, cgroup);

        var peer = SocketNames.Peer(socket);
        return frontend.Equals(peer)
            ? CanaryResult.Good
            : Failed($"it was rewritten, but getpeername() says {peer}", frontend, cgroup);
    }

    private static IPEndPoint EndPoint(Frontend frontend) => new(frontend.Address.ToIPAddress(), frontend.Port);

    private static IPEndPoint EndPoint(BackendAddress backend) => new(backend.Address.ToIPAddress(), backend.Port);

    private static CanaryResult Failed(string seen, IPEndPoint frontend, string cgroup) => new(false,
        $"the socket hooks at {cgroup} do not translate this process's connection to {frontend}: {seen}; "
        + "is that the root of the cgroups of the pods and of the agent "
        + $"({OptionNames.CgroupRoot})? `ebpflb verify` says whether hooks or tables are damaged")
    {
        Seen = $"canary {frontend}: {seen}",
    };
}

/// <summary>Whether the socket hooks really rewrite a connection of this process, per family.</summary>
/// <param name="Problem">null when they do; else what was seen and what to do.</param>
public sealed record CanaryResult(bool Ok, string? Problem)
{
    /// <summary>What was seen, without what may be the cause; "" when nothing is wrong.</summary>
    public string Seen { get; init; } = "";

    public static CanaryResult Good { get; } = new(true, null);
}
