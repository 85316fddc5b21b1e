using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>lb_udp_share: how many UDP flows of a family became conversations, and how many may. Takes the map over.</summary>
internal sealed class UdpShare(BpfMap map) : IDisposable
{
    private readonly BpfMap<uint, ulong> places = new(map);

    public static UdpShare OpenPinned(InstancePaths paths) => new(BpfMap.OpenPinned(paths.Map(Abi.Tables.UdpShare.Name)));

    public long Opened(IpFamily family) => (long)places.Lookup((uint)(family == IpFamily.IPv4 ? LbUdpPlace.Opened4 : LbUdpPlace.Opened6));

    /// <param name="opened">At least 1: 0 says that the limit is not known.</param>
    public void Limit(IpFamily family, long opened)
        => places.Update((uint)(family == IpFamily.IPv4 ? LbUdpPlace.Limit4 : LbUdpPlace.Limit6), (ulong)Math.Max(opened, 1));

    public void Dispose() => places.Dispose();
}
