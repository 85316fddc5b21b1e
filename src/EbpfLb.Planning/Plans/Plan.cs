using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Text;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>
/// What to do so that the kernel does what a table says, in phases: (1) backends into free ids, and marks on those that enter a list,
/// (2) lists into free ranges; restricted frontends end whose port lets others in from now on; sources that may use LoadBalancer addresses
/// go in, and those that no longer may are taken out, (3) the flips, (4) deletions, (5) backends that left a list lose its mark,
/// (6) after a grace period ids and ranges are given back. After any prefix every frontend has its old or its new lists, whole, but for
/// Maglev tables that are written in place, which have the old or the new backend at each place; a source that old and new allow is let in,
/// unless there is no room for the ranges of both, one that both refuse is not.
/// </summary>
public sealed class Plan
{
    internal Plan(ForwardingTable table, Mirror mirror, ImmutableArray<ObjectName> leftOut, ImmutableArray<PlanDiagnostic> diagnostics)
    {
        Table = table;
        Mirror = mirror;
        LeftOut = leftOut;
        Diagnostics = diagnostics;
    }

    /// <summary>Nothing to do; the mirror still learns the table when it is applied.</summary>
    public bool IsEmpty => Groups.Count == 0;

    /// <summary>Services that did not fit.</summary>
    public ImmutableArray<PlanDiagnostic> Diagnostics { get; }

    public PlanCounts Counts => new(
        Groups.Count,
        BackendWrites.Count,
        SlotWrites.Sum(w => w.List.Ids.Length),
        Allowed.Count,
        Updates.Count,
        Withdrawn.Count + Deletes.Count,
        Unlisted.Count,
        Refused.Count,
        Ports.Sum(p => p.RetiredBackends.Count()),
        Ports.Sum(p => p.RetiredRanges.Sum(r => (int)r.Count)),
        Ports.Count(p => p.RetiresId),
        Ports.Sum(p => p.RetiredSources.Length));

    /// <summary>The NodePorts that the plan makes answer or changes, as one range; null when there is none.</summary>
    public PortRange? NodePorts
    {
        get
        {
            PortRange? all = null;
            foreach (var update in Updates)
            {
                if (update.Key.NodePort is not { } port) continue;
                var one = new PortRange(port, port);
                all = all?.Cover(one) ?? one;
            }
            return all;
        }
    }

    /// <summary>The ranges around all addresses whose other ports the plan makes refused.</summary>
    public BoundingPrefix RejectedAddresses
    {
        get
        {
            var all = BoundingPrefix.None;
            foreach (var update in Updates)
            {
                if (update.Key.IsAnyPort && update.Key.TryGetFrontend(out var frontend)) all = all.With(frontend.Address);
            }
            return all;
        }
    }

    /// <summary>There are addresses whose other ports the plan leaves alone again.</summary>
    public bool LiftsRejections => Deletes.Exists(d => d.Key.IsAnyPort);

    /// <summary>
    /// Services whose lists are moved to make room for one that did not fit: when what they leave has been given back, the next plan may
    /// find the room.
    /// </summary>
    public int MovedServices { get; init; }

    internal ForwardingTable Table { get; }

    internal Mirror Mirror { get; }

    internal ImmutableArray<ObjectName> LeftOut { get; }

    internal List<PlannedGroup> Groups { get; init; } = [];

    internal List<BackendWrite> BackendWrites { get; init; } = [];

    internal List<SlotWrite> SlotWrites { get; init; } = [];

    internal List<EntryChange> Withdrawn { get; init; } = [];

    internal List<EntryChange> Updates { get; init; } = [];

    internal List<EntryChange> Deletes { get; init; } = [];

    internal List<BackendUnlist> Unlisted { get; init; } = [];

    internal List<SourceChange> Allowed { get; init; } = [];

    internal List<SourceChange> Refused { get; init; } = [];

    internal IEnumerable<PlannedPort> Ports => Groups.SelectMany(g => g.Ports);

    /// <summary>The whole plan for people, one line per operation, phase by phase in a stable order.</summary>
    public override string ToString() => PlanText.Write(this);
}

/// <summary>
/// A Service that did not fit: it stays as it was, but for clients that it no longer lets in, and later plans try again when there is more
/// room.
/// </summary>
/// <param name="Table">What is full, such as "lb_backends".</param>
/// <param name="Message">What is missing and what to do about it.</param>
public sealed record PlanDiagnostic(ObjectName Service, string Table, string Message)
{
    /// <inheritdoc cref="TableSpec.OptionOf"/>
    public string Option => TableSpec.OptionOf(Table);

    /// <summary>
    /// <see cref="FailureReason.Full"/>, or <see cref="FailureReason.NotGivenBack"/> where a larger table would not help.
    /// </summary>
    public FailureReason Reason { get; init; } = FailureReason.Full;

    public override string ToString() => $"Service {Service}: {Message}";
}
