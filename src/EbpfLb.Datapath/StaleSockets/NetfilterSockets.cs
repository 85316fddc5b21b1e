using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Native;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Conntrack;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// UDP sockets that are connected to a frontend and whose datagrams netfilter sends to a backend: kube-proxy's rules did that when they
/// began. They work as long as netfilter remembers it, so they are left alone until then, and where it cannot be asked.
/// </summary>
internal sealed class NetfilterSockets : IDisposable
{
    /// <summary>There where the namespace has nf_conntrack.</summary>
    private const string Present = "/proc/sys/net/netfilter/nf_conntrack_count";

    private readonly IDisposable? reader;

    /// <summary>null: it cannot be read.</summary>
    private readonly Lazy<HashSet<(IPEndPoint Source, IPEndPoint Destination)>?> translated;

    private NetfilterSockets(IDisposable? reader, Func<IEnumerable<TranslatedConnection>?> read)
    {
        this.reader = reader;
        translated = new(() => Read(read));
    }

    /// <summary>Of the network namespace of the calling thread, whichever thread asks later. Read when first asked.</summary>
    public static NetfilterSockets Open()
    {
        try
        {
            var reader = ConntrackReader.Open();
            return new NetfilterSockets(reader, reader.ReadTranslated);
        }
        catch (NetlinkException)
        {
            // A kernel without nf_conntrack translates nothing; one without its netlink does not say what.
            var isUnknown = File.Exists(Present);
            return Of(() => isUnknown ? null : []);
        }
    }

    /// <param name="read">null: it cannot be read.</param>
    public static NetfilterSockets Of(Func<IEnumerable<TranslatedConnection>?> read) => new(null, read);

    public bool Translates(LbStaleSock socket)
    {
        var isV4 = socket.Family == LibC.AF_INET;
        return translated.Value?.Contains((
            new IPEndPoint(AddressOf(socket.Source, isV4), socket.SourcePort.ToHost()),
            new IPEndPoint(AddressOf(socket.Backend.Addr, isV4), socket.Backend.Port.ToHost()))) ?? true;
    }

    public void Dispose() => reader?.Dispose();

    private static HashSet<(IPEndPoint Source, IPEndPoint Destination)>? Read(Func<IEnumerable<TranslatedConnection>?> read)
    {
        try
        {
            return read()?.Where(c => c.Protocol == ProtocolType.Udp).Select(c => (c.Source, c.Destination)).ToHashSet();
        }
        catch (NetlinkException)
        {
            return null;
        }
    }

    private static IPAddress AddressOf(in Be32x4 bytes, bool isV4)
    {
        var address = new IPAddress(isV4 ? AbiBytes.Of(bytes)[12..] : AbiBytes.Of(bytes));
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
