using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;

namespace EbpfLb.Planning.Plans;

/// <summary>Services that do not fit.</summary>
internal sealed partial class PlanBuilder
{
    /// <summary>
    /// Leaves out again who did not fit, has not changed and has no more room than then: nobody asks for their place among those that
    /// are planned.
    /// </summary>
    public HashSet<ObjectName> LeaveOutWaiting()
    {
        var waiting = new HashSet<ObjectName>(mirror.LeftOut.Count);
        leftOut.EnsureCapacity(mirror.LeftOut.Count);
        foreach (var (name, before) in mirror.LeftOut)
        {
            if (!ReferenceEquals(before.Compiled, table.Find(name)) || HasMoreRoom(before)) continue;
            waiting.Add(name);
            LeaveOut(name, before);
        }
        return waiting;
    }

    private void LeaveOut(ObjectName name, LeftOutService service)
    {
        if (service.Missing is { Range: var missing }) room.Missed(mirror.TableOf(missing), missing.Length);
        if (mirror.RecordsOf(name).Length > 0) service = Narrow(name, service);
        leftOut.Add(name, service.InUse is null ? service with { InUse = InUse(service.Diagnostic.Table) } : service);
        diagnostics.Add(service.Diagnostic);
    }

    /// <summary>It stays as it was, but for those who may no longer use its LoadBalancer addresses.</summary>
    private LeftOutService Narrow(ObjectName name, LeftOutService service)
    {
        draftUpdates.Clear();
        List<PlannedPort> narrowed = [];
        foreach (var port in service.Compiled.Ports)
        {
            if (Array.Find(mirror.RecordsOf(name), r => r.Key == port.Key) is not { } record) continue;
            if (SourcePlan.Narrow(mirror, record, port, Room, draftUpdates) is { } planned) narrowed.Add(planned);
        }
        foreach (var key in narrowed.SelectMany(p => p.NewSources)) newSources[Index(key.Table)]++;
        Add(name, narrowed);
        var isNarrowed = narrowed.Count > 0
            || (mirror.LeftOut.GetValueOrDefault(name) is { IsNarrowed: true } last && ReferenceEquals(last.Compiled, service.Compiled));
        return isNarrowed && !service.IsNarrowed ? service.Narrowed() : service;

        int Room(IpFamily family) => (family == IpFamily.IPv4 ? mirror.Limits.MaxRanges4 : mirror.Limits.MaxRanges6)
            - mirror.Sources.Count(family) - newSources[Index(family)]
            - narrowed.Sum(p => p.NewSources.Count(k => k.Table == family));
    }

    private bool HasMoreRoom(LeftOutService service) => service.Missing is { } missing
        ? missing.IsIn(mirror.TableOf(missing.Range)) : InUse(service.Diagnostic.Table) < service.InUse;

    /// <summary>Elements of a table that are taken, with what the plan takes so far; 0 where runs are taken.</summary>
    private int InUse(string name) => name switch
    {
        _ when name == Abi.Tables.SvcStats.Name => mirror.ServiceIds.Count,
        _ when name == Abi.Tables.Backends.Name => mirror.BackendIds.Count,
        _ when name == Abi.Tables.Services4.Name => mirror.FrontendCount(IpFamily.IPv4) + newFrontends[0],
        _ when name == Abi.Tables.Services6.Name => mirror.FrontendCount(IpFamily.IPv6) + newFrontends[1],
        _ when name == Abi.Tables.SrcRanges4.Name => mirror.Sources.Count(IpFamily.IPv4) + newSources[0],
        _ when name == Abi.Tables.SrcRanges6.Name => mirror.Sources.Count(IpFamily.IPv6) + newSources[1],
        _ => 0,
    };
}
