using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Flows;

/// <summary>The conntrack maps of one instance, whether its agent runs or not.</summary>
public sealed class FlowMaps : IDisposable
{
    private readonly KernelFlowMap<LbCtKey4, LbCt4, FlowCodec4> v4;
    private readonly KernelFlowMap<LbCtKey6, LbCt6, FlowCodec6> v6;

    private readonly FlowEnds ends;
    private readonly UdpShare share;

    private FlowMaps(BpfMap conntrack4, BpfMap conntrack6, FlowEnds ends, UdpShare share)
    {
        this.ends = ends;
        this.share = share;
        v4 = KernelFlowMap.Open4(conntrack4, ends, share);
        v6 = KernelFlowMap.Open6(conntrack6, ends, share);
    }

    public IReadOnlyList<IFlowMap> All => [v4, v6];

    /// <summary>Those that are pinned; null when the instance has none, or of another version of ebpflb.</summary>
    public static FlowMaps? OpenPinned(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !AbiStamp.Matches(paths.Map(Abi.Tables.Meta.Name))) return null;
        return new FlowMaps(
            BpfMap.OpenPinned(paths.Map(Abi.Tables.Conntrack4.Name)), BpfMap.OpenPinned(paths.Map(Abi.Tables.Conntrack6.Name)),
            FlowEnds.OpenPinned(paths), UdpShare.OpenPinned(paths));
    }

    internal static FlowMaps Open(MapSet maps)
        => new(maps.Take(Abi.Tables.Conntrack4), maps.Take(Abi.Tables.Conntrack6), FlowEnds.Open(maps),
            new UdpShare(maps.Take(Abi.Tables.UdpShare)));

    public void Dispose()
    {
        v4.Dispose();
        v6.Dispose();
        ends.Dispose();
        share.Dispose();
    }
}
