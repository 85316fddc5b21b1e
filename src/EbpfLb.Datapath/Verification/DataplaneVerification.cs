using EbpfLb.Abi;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Repair;
using EbpfLb.Datapath.Tables;
using EbpfLb.Model;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Verification;

namespace EbpfLb.Datapath.Verification;

/// <summary>
/// All maps that an agent writes, compared with what it believes to have written, and what it attached and pinned. What belongs to the node
/// is small and compared at once.
/// </summary>
/// <param name="rebuildFilter">Makes the destination filter anew.</param>
internal sealed class DataplaneVerification(
    KernelTables tables, Mirror mirror, NodeTables node, ServiceAddresses addresses, MapSet maps, AttachmentCheck attachments,
    Action rebuildFilter) : ITableVerification
{
    private const int AddressesAStep = 4096;

    private readonly TableVerification services = new(tables.ForPlans, mirror);
    private readonly HashSet<IpAddress> hidden = [];

    public IReadOnlyList<ComparedElements> Compared { get; private set; } = [];

    public IEnumerable<int> Scan()
    {
        foreach (var step in services.Scan()) yield return step;
        hidden.Clear();
        var looked = 0L;
        foreach (var step in tables.Addresses().Chunk(AddressesAStep))
        {
            hidden.UnionWith(step.Where(a => !tables.DestinationFilter.IsOpen(a)));
            looked += step.Length;
            yield return step.Length;
        }
        Compared =
        [
            .. services.Compared, .. node.Compared, .. addresses.Compared, new(VerifyStage.Kernel, Abi.Tables.Filter.Name, looked),
            new(VerifyStage.Kernel, Abi.Tables.Meta.Name, 1), .. attachments.Compared(maps.All.Count),
        ];
    }

    public IReadOnlyList<Difference> Confirm(bool adopt) =>
    [
        .. attachments.Confirm(adopt), .. services.Confirm(adopt), .. node.Verify(adopt), .. addresses.Verify(adopt),
        .. VerifyFilter(adopt), .. VerifyStamp(adopt),
    ];

    private List<Difference> VerifyFilter(bool repair) => [.. VerifyHidden(repair), .. VerifyUntracked(repair)];

    private IEnumerable<Difference> VerifyUntracked(bool repair)
    {
        foreach (var address in mirror.UntrackedAddresses.Distinct())
        {
            if (tables.DestinationFilter.IsOpenUntracked(address)) continue;
            if (repair) tables.DestinationFilter.OpenUntracked(address);
            yield return new Difference(
                VerifyStage.Kernel, $"{Abi.Tables.Filter.Name} {address}", "untracked", "asked", Difference.None);
        }
    }

    private List<Difference> VerifyHidden(bool repair)
    {
        if (hidden.Count == 0) return [];
        // What an entry that went meanwhile was for is not needed any more.
        List<Difference> missing = [.. FaultFinder.Missing(tables.DestinationFilter, tables.Addresses().Where(hidden.Contains).Distinct())];
        if (repair && missing.Count > 0) rebuildFilter();
        return missing;
    }

    /// <summary>Without its stamp the next agent would not trust the maps and would make them anew.</summary>
    private IEnumerable<Difference> VerifyStamp(bool repair)
    {
        var stamp = maps.All[Abi.Tables.Meta.Name];
        var found = AbiStamp.Read(stamp);
        if (found == AbiStamp.Ours) yield break;
        if (repair) AbiStamp.Write(stamp);
        yield return FieldText.Differing(Abi.Tables.Meta.Name, AbiStamp.Ours, found);
    }
}
