using System.Text;
using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Inspection;

/// <summary>An entry of lb_services4/6 in words; what is usual is not said.</summary>
internal static class EntryText
{
    private const string Refused = " refused";

    public static string Of(KernelFrontend frontend) => frontend.Key.IsAnyPort ? Refused : Write(
        frontend.Kind, frontend.Slots, frontend.LocalSlots, frontend.LocalPolicy, frontend.HasRemoteEndpoints, frontend.Sources is not null,
        frontend.AffinitySeconds, frontend.IsOnDevice);

    public static string Of(in LbService value) => ServiceCodec.Has(value, LbServiceFlag.Unknown) ? Refused : Write(
        ServiceCodec.Kind(value), ServiceCodec.Cluster(value), ServiceCodec.Local(value), ServiceCodec.Has(value, LbServiceFlag.Local),
        ServiceCodec.Has(value, LbServiceFlag.Remote), ServiceCodec.Has(value, LbServiceFlag.Ranges), value.AffinitySec,
        ServiceCodec.Has(value, LbServiceFlag.OnDevice));

    /// <summary>"" for what is in the Cluster list alone.</summary>
    public static string Lists(BackendLists lists) => lists == BackendLists.InCluster ? "" : $" ({lists})";

    private static string Write(
        FrontendKind kind, SlotRange cluster, SlotRange local, bool localPolicy, bool elsewhere, bool restricted, uint affinitySeconds,
        bool onDevice)
    {
        var text = new StringBuilder();
        if (kind != FrontendKind.ClusterIP) text.Append($" {kind}");
        text.Append($" slots {cluster}");
        if (localPolicy || local.Count > 0) text.Append($" local {local}");
        if (localPolicy) text.Append(elsewhere ? " policy Local, else drop" : " policy Local, else refuse");
        if (restricted) text.Append(" restricted");
        if (affinitySeconds != 0) text.Append($" affinity {affinitySeconds}s");
        if (onDevice) text.Append(" left to the device that has it");
        return text.ToString();
    }
}
