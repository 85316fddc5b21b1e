using System.Net;

namespace EbpfLb.Http.Server;

/// <summary>
/// How many connections a server keeps and how long it waits for a silent one. Where there is no room, the oldest connection that asks for
/// nothing at the moment makes room for the new one: so idle connections, however many, keep nobody out.
/// </summary>
public sealed record ConnectionLimits
{
    public static ConnectionLimits Default { get; } = new();

    /// <summary>Of other machines and pods, all together.</summary>
    public int Total { get; init; } = 256;

    /// <summary>Of one of them to one port: an IPv4 address, or an IPv6 /64, as one host may have all addresses of that.</summary>
    public int PerClient { get; init; } = 16;

    /// <summary>Of this machine to itself. They are kept apart, so that nothing outside takes the kubelet's place.</summary>
    public int Local { get; init; } = 64;

    /// <summary>A connection without a request for so long is closed, also one that never sent any.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The head of a request is there so long after its first byte, or the connection is closed.</summary>
    public TimeSpan Head { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Who sends a body or takes an answer more slowly than this for longer than <see cref="Head"/> is closed.</summary>
    public double LeastBytesPerSecond { get; init; } = 1024;

    /// <summary>Whether who comes from one address to another is this machine itself.</summary>
    public Func<IPAddress, IPAddress, bool> IsLocal { get; init; } = static (from, to) => IPAddress.IsLoopback(from) || from.Equals(to);
}
