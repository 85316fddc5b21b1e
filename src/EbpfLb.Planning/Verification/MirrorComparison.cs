using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Verification;

/// <summary>The table that was applied last, with the mirror. Services that are known to be unfinished are left out.</summary>
internal sealed class MirrorComparison(Mirror mirror)
{
    private const int ServicesAStep = 256;

    private readonly HashSet<ObjectName> suspects = [];

    public ComparedElements Compared { get; private set; } = new(VerifyStage.Mirror, "services", 0);

    /// <summary>
    /// The table may be another one from step to step: services are ordered by name, so the walk goes on behind the last name.
    /// </summary>
    public IEnumerable<int> Scan()
    {
        suspects.Clear();
        Compared = Compared with { Elements = 0 };
        ObjectName? last = null;
        while (true)
        {
            int count;
            lock (mirror.Sync)
            {
                var services = (mirror.Applied ?? ForwardingTable.Empty).ByName;
                var next = (last is { } name ? services.After(name) : services).Take(ServicesAStep).ToList();
                count = next.Count;
                foreach (var (key, service) in next)
                {
                    last = key;
                    if (IsFinished(key) && Problem(key, service) is not null) suspects.Add(key);
                }
            }
            if (count == 0) break;
            Compared = Compared with { Elements = Compared.Elements + count };
            yield return count;
        }
        lock (mirror.Sync)
        {
            if (mirror.Applied is not { } table) yield break;
            foreach (var name in mirror.ServiceNames)
                if (IsFinished(name) && table.Find(name) is null) suspects.Add(name);
        }
    }

    /// <summary>The caller holds the mirror's lock, here and until the adoptions are done.</summary>
    public IEnumerable<Difference> Confirm(List<Action> adoptions)
    {
        foreach (var name in suspects)
        {
            if (!IsFinished(name) || Problem(name, mirror.Applied!.Find(name)) is not { } difference) continue;
            adoptions.Add(() => mirror.Unfinished.Add(name));
            yield return difference;
        }
    }

    private bool IsFinished(ObjectName name) => !mirror.Unfinished.Contains(name);

    private Difference? Problem(ObjectName name, CompiledService? service)
    {
        var records = mirror.RecordsOf(name);
        foreach (var record in records)
        {
            if (service?.Ports.Any(p => p.Key == record.Key) != true)
                return Of($"{record.Key}", "service port", Difference.None, $"service id {record.Id}");
        }
        foreach (var port in service?.Ports ?? [])
        {
            var record = Array.Find(records, r => r.Key == port.Key);
            if (record is null) return Of($"{port.Key}", "service port", "a service id", Difference.None);
            if (Problem(port, record) is { } problem) return problem;
        }
        return null;
    }

    private Difference? Problem(CompiledPort port, PortRecord record)
    {
        if (port.Backends != record.Backends || record.BackendIds.Length != port.Backends.Count)
            return Of($"{port.Key}", "backends", port.Backends.ToString(), record.Backends.ToString());
        var wanted = Entries(port, record);
        if (record.Frontends.Length != wanted.Count)
            return Of(
                $"{port.Key}", "frontends", Text(wanted.Select(e => e.Key.ToString())), Text(record.Frontends.Select(f => f.ToString())));
        foreach (var (key, expected) in wanted)
        {
            if (!mirror.TryGetEntry(key, out var found)) return Of($"{port.Key}", "frontends", key.ToString(), Difference.None);
            if (found != expected) return FieldText.Differing($"{port.Key} {key}", expected, found) with { Stage = VerifyStage.Mirror };
        }
        var sources = SourcePlan.Wanted(port).ToArray().Select(r => new SourceKey(record.Id, r)).ToHashSet();
        var held = mirror.Sources.Alive(record.Id);
        return sources.SetEquals(held) ? null : Of(
            $"{port.Key}", "source ranges", Text(sources.Order().Select(s => s.ToString())), Text(held.Order().Select(s => s.ToString())));
    }

    private static List<(FrontendKey Key, LbService Value)> Entries(CompiledPort port, PortRecord record)
    {
        List<(FrontendKey Key, LbService Value)> entries = [];
        foreach (var served in port.Frontends)
        {
            var key = FrontendKey.From(served.Frontend);
            entries.Add((key, ServiceCodec.Encode(key, served, port, record.Id, record.Cluster, record.Local)));
        }
        if (port.ClosedFrontend is not { } closed) return entries;
        var others = FrontendKey.From(closed);
        entries.Add((others, ServiceCodec.EncodeClosed(others, record.Id)));
        return entries;
    }

    private static Difference Of(string what, string field, string expected, string found)
        => new(VerifyStage.Mirror, $"Service {what}", field, expected, found);

    private static string Text(IEnumerable<string> items) => string.Join(", ", items) is { Length: > 0 } text ? text : Difference.None;
}
