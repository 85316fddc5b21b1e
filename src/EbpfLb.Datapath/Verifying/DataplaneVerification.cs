using EbpfLb.Abi;
using EbpfLb.Datapath.Loading;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Planning.Mirroring;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verifying;

namespace EbpfLb.Datapath.Verifying;

/// <summary>All maps that an agent writes, compared with what it believes to have written. What belongs to the node is small and compared at once.</summary>
internal sealed class DataplaneVerification(PlanTables tables, Mirror mirror, NodeTables node, ServiceAddresses addresses, MapSet maps) : ITableVerification
{
    private readonly TableVerification services = new(tables, mirror);

    public IReadOnlyList<ComparedElements> Compared { get; private set; } = [];

    public IEnumerable<int> Scan()
    {
        foreach (var step in services.Scan()) yield return step;
        Compared = [.. services.Compared, .. node.Compared, .. addresses.Compared, new(VerifyStage.Kernel, Abi.Tables.Meta.Name, 1)];
    }

    public IReadOnlyList<Difference> Confirm(bool adopt) => [.. services.Confirm(adopt), .. node.Verify(adopt), .. addresses.Verify(adopt), .. VerifyStamp(adopt)];

    /// <summary>Without its stamp the next agent would not trust the maps and would make them anew.</summary>
    private IEnumerable<Difference> VerifyStamp(bool mend)
    {
        var stamp = maps.All[Abi.Tables.Meta.Name];
        var found = AbiStamp.Read(stamp);
        if (found == AbiStamp.Ours) yield break;
        if (mend) AbiStamp.Write(stamp);
        yield return FieldText.Differing(Abi.Tables.Meta.Name, AbiStamp.Ours, found);
    }
}
