using System.Net.Sockets;
using System.Runtime.CompilerServices;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>
/// Is told of every change of devices, addresses and routes, and of removed qdiscs and filters, in the network namespace of the thread that
/// opened it. Open it before the first reading, so that nothing falls between the two.
/// </summary>
public sealed class NetworkWatcher : IDisposable
{
    /// <summary>RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE.</summary>
    private const uint Groups = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

    /// <summary>RTMGRP_TC: what is taken from devices. Of BPF links (TCX) there are no notifications.</summary>
    private const uint TrafficControl = 0x8;

    private readonly NetlinkSocket socket;

    private NetworkWatcher(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">No netlink socket can be had.</exception>
    public static NetworkWatcher Open() => new(NetlinkSocket.Open(Groups | TrafficControl));

    /// <summary>
    /// The same with the changes of other namespaces mixed in: of those that this one knows an id of, as it does once a device here
    /// has its other end there (veth, netkit). Of which namespace a change is, is not reported.
    /// </summary>
    /// <exception cref="NetlinkException">No netlink socket can be had, or CAP_NET_BROADCAST is missing.</exception>
    public static NetworkWatcher OpenEverywhere() => new(NetlinkSocket.Open(Groups, isEverywhere: true));

    /// <summary>Changes as they come, without end. A reader that is too slow is told <see cref="ChangesLost"/>.</summary>
    public async IAsyncEnumerable<NetworkChange> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var buffer = new byte[NetlinkSocket.BufferBytes];
        while (true)
        {
            foreach (var change in await ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false)) yield return change;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private async ValueTask<List<NetworkChange>> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            return Parse(buffer.AsSpan(0, length));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
        {
            return [new ChangesLost()];
        }
    }

    private static List<NetworkChange> Parse(ReadOnlySpan<byte> datagram)
    {
        List<NetworkChange> changes = [];
        var messages = new MessageReader(datagram);
        while (messages.MoveNext())
            if (Parse(messages.Current) is { } change) changes.Add(change);
        return changes;
    }

    private static NetworkChange? Parse(NetlinkMessage message) => message.Type switch
    {
        MessageType.NewLink or MessageType.DeleteLink when LinkParser.Parse(message) is { } link
            => new LinkChange(link, message.Type == MessageType.DeleteLink),
        MessageType.NewAddress or MessageType.DeleteAddress when AddressParser.Parse(message) is { } address
            => new AddressChange(address, message.Type == MessageType.DeleteAddress),
        MessageType.NewRoute or MessageType.DeleteRoute when RouteParser.Parse(message) is { } routes
            => new RouteChange(routes, message.Type == MessageType.DeleteRoute),
        MessageType.DeleteQdisc or MessageType.DeleteFilter => new TrafficControlChange(message.Body<TrafficControlBody>().Index),
        _ => null,
    };
}
