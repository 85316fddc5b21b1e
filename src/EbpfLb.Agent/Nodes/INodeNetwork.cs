using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Nodes;

/// <summary>The node's network as the agent reads it; the seam that lets the node be kept without a kernel.</summary>
internal interface INodeNetwork
{
    /// <summary>Devices, addresses and routes now.</summary>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">They cannot be read.</exception>
    NetworkSnapshot Read();

    /// <summary>Of the network namespace; 0 before kernel 5.14, when it has none.</summary>
    ulong NamespaceCookie();

    /// <summary>Ends never by itself; the first change is the begin of watching.</summary>
    IAsyncEnumerable<NetworkChange> WatchAsync(CancellationToken cancellationToken);

    /// <summary>The settings below /proc/sys/net.</summary>
    Sysctls Sysctls { get; }
}
