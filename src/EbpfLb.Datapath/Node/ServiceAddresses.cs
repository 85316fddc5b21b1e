using EbpfLb.Abi;
using EbpfLb.Datapath.Counters;
using EbpfLb.Model;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>
/// Where the addresses of services are: the ranges around all of them in lb_settings, which programs compare with before they ask for
/// unknown ports, and the service CIDRs in lb_svc_cidrs4/6. The ranges are widened before a plan and narrowed after it.
/// </summary>
/// <param name="node">Who writes lb_settings.</param>
/// <param name="closed">All ClusterIPs that the service tables close now.</param>
internal sealed class ServiceAddresses(
    DiffedTable<LbPrefix4, uint> cidrs4, DiffedTable<LbPrefix6, uint> cidrs6, NodeTables node, Func<BoundingPrefix> closed)
{
    private readonly Lock sync = new();
    private ValueList<SourceRange> written;
    private bool isExact;

    /// <summary>How full the tables are.</summary>
    public IReadOnlyList<MapFill> Fill
    {
        get
        {
            lock (sync) return [cidrs4.Fill, cidrs6.Fill];
        }
    }

    /// <summary>The tables and how many entries they are known to hold.</summary>
    public IReadOnlyList<ComparedElements> Compared =>
        [new(VerifyStage.Kernel, cidrs4.Name, cidrs4.Count), new(VerifyStage.Kernel, cidrs6.Name, cidrs6.Count)];

    /// <summary>Before a plan. Returns what went wrong, null when nothing is wrong.</summary>
    /// <param name="more">Addresses that the plan closes.</param>
    public string? Extend(BoundingPrefix more, ValueList<SourceRange> cidrs)
    {
        lock (sync)
        {
            List<TableError> errors = [];
            // What is no service CIDR any more may be somebody's at once; should it stay, it goes after the plan.
            var removed = cidrs4.RemoveOthers(Of(cidrs, IpFamily.IPv4).ToDictionary(NodeCodec.ToPrefix4, _ => 1u), errors)
                + cidrs6.RemoveOthers(Of(cidrs, IpFamily.IPv6).ToDictionary(NodeCodec.ToPrefix6, _ => 1u), errors);
            isExact &= removed == 0;
            return node.CoverServices(node.Services.With(more).With(cidrs));
        }
    }

    /// <summary>After a plan. Returns what went wrong, null when nothing is wrong.</summary>
    /// <param name="opened">The plan opened addresses.</param>
    /// <param name="cidrs">Without those of a plan that is not complete: a service that was left out has an address of them.</param>
    public string? Settle(bool opened, ValueList<SourceRange> cidrs)
    {
        lock (sync)
        {
            List<TableError> errors = [];
            var changes = Write(cidrs, errors);
            isExact &= !opened && changes == 0;
            if (!isExact)
            {
                if (node.CoverServices(closed().With(cidrs)) is { } problem) return problem;
                isExact = true;
            }
            return errors.Count == 0 ? null
                : $"writing to {cidrs4.Name} or {cidrs6.Name} failed with "
                    + $"{string.Join(" and ", errors)}: addresses of service CIDRs that no Service has "
                    + "are not dropped; it is tried again with the next change";
        }
    }

    /// <summary>What the tables hold otherwise than they were told.</summary>
    /// <param name="repair">It is written again.</param>
    public IReadOnlyList<Difference> Verify(bool repair)
    {
        lock (sync)
        {
            List<Difference> differences =
            [
                .. cidrs4.Verify(key => NodeCodec.ToRange(key).ToString(), repair),
                .. cidrs6.Verify(key => NodeCodec.ToRange(key).ToString(), repair),
            ];
            if (repair && differences.Count > 0) Write(written, []);
            return differences;
        }
    }

    private int Write(ValueList<SourceRange> cidrs, List<TableError> errors)
    {
        var (wanted4, wanted6) = (
            Of(cidrs, IpFamily.IPv4).ToDictionary(NodeCodec.ToPrefix4, _ => 1u),
            Of(cidrs, IpFamily.IPv6).ToDictionary(NodeCodec.ToPrefix6, _ => 1u));
        written = cidrs;
        return cidrs4.RemoveOthers(wanted4, errors) + cidrs6.RemoveOthers(wanted6, errors) + cidrs4.Write(wanted4, errors)
            + cidrs6.Write(wanted6, errors);
    }

    private static IEnumerable<SourceRange> Of(ValueList<SourceRange> cidrs, IpFamily family)
        => cidrs.Where(c => c.Prefix.Family == family);
}
