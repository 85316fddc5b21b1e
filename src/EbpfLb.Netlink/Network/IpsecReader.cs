using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>Reads the policies of IPsec (NETLINK_XFRM) in the network namespace of the thread that opened it.</summary>
public sealed class IpsecReader : IDisposable
{
    /// <summary>XFRM_MSG_GETPOLICY and XFRM_MSG_NEWPOLICY of linux/xfrm.h.</summary>
    private const MessageType GetPolicy = (MessageType)0x15, NewPolicy = (MessageType)0x13;

    private readonly NetlinkSocket socket;

    private IpsecReader(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">EPROTONOSUPPORT: the kernel has no IPsec.</exception>
    public static IpsecReader Open() => new(NetlinkSocket.Open(protocol: LibC.NETLINK_XFRM));

    /// <summary>All, without those of single sockets.</summary>
    /// <exception cref="NetlinkException">EPERM: CAP_NET_ADMIN is missing.</exception>
    public IReadOnlyList<IpsecPolicy> ReadPolicies()
        => socket.Dump(MessageBuilder.Create(GetPolicy, default(IpsecPolicyId)), "read the policies of IPsec", Parse);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private static IpsecPolicy? Parse(NetlinkMessage message)
    {
        if (message.Type != NewPolicy) return null;
        var body = message.Body<IpsecPolicyBody>();
        var bytes = body.Selector.Family == LibC.AF_INET6 ? 16 : 4;
        // Those of sockets have directions of their own, from XFRM_POLICY_MAX on.
        return body.Direction > 2 ? null : new IpsecPolicy(
            AddressOf(body.Selector.Source, bytes), body.Selector.SourceLength, AddressOf(body.Selector.Destination, bytes),
            body.Selector.DestinationLength, body.Direction == 1);
    }

    private static IPAddress AddressOf(AddressBytes address, int bytes)
        => new(MemoryMarshal.AsBytes(new ReadOnlySpan<AddressBytes>(in address))[..bytes]);
}

/// <param name="IsOut">For what leaves this machine (XFRM_POLICY_OUT).</param>
public sealed record IpsecPolicy(IPAddress Source, int SourceLength, IPAddress Destination, int DestinationLength, bool IsOut)
{
    /// <summary>"192.0.2.1/32 to 10.0.0.0/8".</summary>
    public override string ToString() => $"{Source}/{SourceLength} to {Destination}/{DestinationLength}";
}
