using System.Diagnostics;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Datapath.Tables;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Services;

/// <summary>
/// The tables of services. <see cref="Apply"/> belongs to one thread; reading is free. Closing it does not wait for a grace period: the
/// next agent finds what is left to retire.
/// </summary>
public sealed class ServiceTables : IServiceTables, IAsyncDisposable
{
    /// <summary>A round moves lists for so long at the most; the next one goes on.</summary>
    private static readonly TimeSpan LongestMoving = TimeSpan.FromMilliseconds(500);

    private readonly KernelTables tables;
    private readonly NodeTables node;
    private readonly ServiceAddresses addresses;
    private readonly InstanceHold hold;
    private readonly ILogger logger;
    private readonly PlanApplier applier;
    private readonly RetireQueue retirements;
    private readonly KernelGracePeriod grace = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task retiring;

    internal ServiceTables(
        KernelTables tables, Mirror mirror, NodeTables node, ServiceAddresses addresses, InstanceHold hold, ILogger logger)
    {
        (this.tables, Mirror, this.node, this.addresses, this.hold, this.logger) = (tables, mirror, node, addresses, hold, logger);
        // Before any id is given out anew.
        tables.Affinity.Sweep();
        applier = new PlanApplier(tables.ForPlans, mirror);
        retirements = new RetireQueue(applier, grace, TimeProvider.System, logger);
        retiring = new SupervisedLoop("retire", retirements.RunAsync, TimeProvider.System, logger).RunAsync(stop.Token);
    }

    /// <summary>What the kernel holds, as far as plans are concerned.</summary>
    public Mirror Mirror { get; }

    /// <summary>How giving back the ids of what is gone goes.</summary>
    public RetireStatus Retiring => retirements.Status;

    /// <summary>
    /// Makes a plan for the table and carries it out; the first of all in steps, of which the last plan is returned, and what all of them
    /// did. What failed is in the result, by Service; the rest is in force.
    /// </summary>
    /// <exception cref="InvalidOperationException">The kernel refused even the settings; nothing was changed.</exception>
    /// <exception cref="BpfException">Another agent has taken the instance over; nothing was changed.</exception>
    public (Plan Plan, ApplyResult Result) Apply(ForwardingTable table)
    {
        hold.Require();
        applier.Recover();
        var (plan, result) = (default(Plan), default(ApplyResult));
        foreach (var step in Planner.Steps(table, Mirror))
        {
            (plan, var done) = ApplyStep(step);
            result = result is null ? done : done.After(result);
        }
        // Lists that make room for another one: it goes in when what they left is free.
        var begin = Stopwatch.GetTimestamp();
        var (moved, plans) = (0, 0);
        while (plan!.MovedServices > 0 && Stopwatch.GetElapsedTime(begin) < LongestMoving)
        {
            (moved, plans) = (moved + plan.MovedServices, plans + 1);
            (plan, var done) = ApplyStep(table);
            result = done.After(result!);
        }
        if (moved > 0) Log.ListsMoved(logger, moved, plans, Math.Round(Stopwatch.GetElapsedTime(begin).TotalMilliseconds, 1));
        Mirror.HasOlderFlows = false;
        // A Service that did not get in has an address too.
        if (addresses.Settle(plan!.LiftsRejections, result!.IsComplete ? table.ServiceCidrs : []) is { } left)
            Log.ServiceAddressesLeft(logger, left);
        return (plan, result);
    }

    private (Plan Plan, ApplyResult Result) ApplyStep(ForwardingTable table)
    {
        var plan = Planner.Plan(table, Mirror);
        // A NodePort outside of the range is never looked for, so the range comes first.
        if (node.Cover(plan.NodePorts) is { } problem) throw new InvalidOperationException(problem);
        if (addresses.Extend(plan.RejectedAddresses, table.ServiceCidrs) is { } other) throw new InvalidOperationException(other);
        var begin = Stopwatch.GetTimestamp();
        var result = applier.Apply(plan);
        result = result with { WriteTime = Stopwatch.GetElapsedTime(begin) };
        if (plan.MovedServices > 0) GiveBackNow(result.Retired.TakeRanges());
        retirements.Enqueue(result.Retired);
        return (plan, result);
    }

    /// <summary>Ranges wait for nothing but the grace period, and a list waits for them.</summary>
    private void GiveBackNow(RetireBatch ranges)
    {
        grace.WaitAsync(stop.Token).GetAwaiter().GetResult();
        retirements.Enqueue(applier.Retire(ranges));
    }

    ApplyOutcome IServiceTables.Apply(ForwardingTable table) => ApplyOutcome.Of(Apply(table).Result);

    public ServicePortKey? FindServicePort(uint id) => Mirror.PortOf(id);

    public uint? FindServiceId(ServicePortKey port) => Mirror.IdOf(port);

    public IReadOnlyDictionary<ServicePortKey, PortCounters> ReadCounters(IEnumerable<ServicePortKey> ports)
    {
        var counters = new Dictionary<ServicePortKey, PortCounters>();
        foreach (var port in ports)
        {
            if (Mirror.IdOf(port) is not { } id) continue;
            var read = ReadCounters(id);
            counters[port] = new PortCounters(id, read.Connections, read.Active, read.Datagrams, read.Refused) { Traffic = read.Traffic };
        }
        return counters;
    }

    /// <summary>Counters of one service port id; zeros when it counted nothing.</summary>
    internal ServiceCounters ReadCounters(uint id) => tables.ServiceCounters.Read(id);

    /// <summary>How full the tables are.</summary>
    internal IEnumerable<MapFill> Fill =>
    [
        new(Abi.Tables.Services4.Name, Mirror.Frontends4, Mirror.Limits.MaxFrontends4),
        new(Abi.Tables.Services6.Name, Mirror.Frontends6, Mirror.Limits.MaxFrontends6),
        new(Abi.Tables.SvcStats.Name, Mirror.ServicesInUse, Mirror.Limits.MaxServices),
        new(Abi.Tables.Backends.Name, Mirror.BackendsInUse, Mirror.Limits.MaxBackends),
        new(Abi.Tables.Slots.Name, Mirror.SlotsInUse, Mirror.Limits.MaxSlots),
        new(Abi.Tables.Maglev.Name, Mirror.MaglevRowsInUse, Mirror.Limits.MaxMaglevRows),
        new(Abi.Tables.SrcRanges4.Name, Mirror.SourceRanges4, Mirror.Limits.MaxRanges4),
        new(Abi.Tables.SrcRanges6.Name, Mirror.SourceRanges6, Mirror.Limits.MaxRanges6),
    ];

    /// <summary>What each backend of a service port counted; none while the port is not in the tables.</summary>
    public IReadOnlyList<BackendCounters> ReadBackends(ServicePortKey port)
        => [.. Mirror.BackendsOf(port)
            .Select(b => BackendCounters.Of(
                b.Backend.Address, b.Backend.Weight, tables.BackendLoads.Read(b.Id), tables.Traffic.ReadBackend(b.Id)))];

    /// <summary>
    /// Forgets which client had a backend that is gone. Returns how many such memories there were. May be called from any thread.
    /// </summary>
    public int SweepAffinity() => hold.Lost is not null ? 0 : tables.Affinity.Sweep();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await retiring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }
}
