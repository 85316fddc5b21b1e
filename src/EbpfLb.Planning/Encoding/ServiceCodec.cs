using EbpfLb.Abi;

namespace EbpfLb.Planning.Encoding;

/// <summary>Values of lb_services4/6.</summary>
internal static class ServiceCodec
{
    /// <param name="affinitySeconds">0 for none.</param>
    public static LbService Encode(FrontendKey key, uint id, uint affinitySeconds, SlotRange range) => new()
    {
        Check = key.Check,
        Id = id,
        Flags = affinitySeconds == 0 ? 0u : (uint)LbServiceFlag.Affinity,
        AffinitySec = affinitySeconds,
        Cluster = new LbRange { First = range.First, Count = range.Count },
    };
}
