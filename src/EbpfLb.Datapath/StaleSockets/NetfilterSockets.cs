using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Native;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Conntrack;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// UDP sockets that are connected to a frontend and whose datagrams netfilter sends to a backend: kube-proxy's rules did that when they
/// began. They work as long as netfilter remembers it, so they are left alone until then.
/// </summary>
internal sealed class NetfilterSockets : IDisposable
{
    private readonly ConntrackReader? reader;
    private readonly Lazy<HashSet<(IPEndPoint Source, IPEndPoint Destination)>> translated;

    private NetfilterSockets(ConntrackReader? reader)
    {
        this.reader = reader;
        translated = new(Read);
    }

    /// <summary>Of the network namespace of the calling thread, whichever thread asks later. Read when first asked.</summary>
    public static NetfilterSockets Open()
    {
        try
        {
            return new NetfilterSockets(ConntrackReader.Open());
        }
        catch (NetlinkException)
        {
            // A kernel without nf_conntrack translates nothing.
            return new NetfilterSockets(null);
        }
    }

    public bool Translates(LbStaleSock socket)
    {
        var isV4 = socket.Family == LibC.AF_INET;
        return translated.Value.Contains((
            new IPEndPoint(AddressOf(socket.Source, isV4), socket.SourcePort.ToHost()),
            new IPEndPoint(AddressOf(socket.Backend.Addr, isV4), socket.Backend.Port.ToHost())));
    }

    public void Dispose() => reader?.Dispose();

    private HashSet<(IPEndPoint Source, IPEndPoint Destination)> Read()
    {
        try
        {
            return [.. (reader?.ReadTranslated() ?? []).Where(c => c.Protocol == ProtocolType.Udp).Select(c => (c.Source, c.Destination))];
        }
        catch (NetlinkException)
        {
            return [];
        }
    }

    private static IPAddress AddressOf(in Be32x4 bytes, bool isV4)
    {
        var address = new IPAddress(isV4 ? AbiBytes.Of(bytes)[12..] : AbiBytes.Of(bytes));
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
