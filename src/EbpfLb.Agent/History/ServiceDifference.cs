using EbpfLb.Agent.Control;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.History;

/// <summary>What differs of a Service between two tables, in words.</summary>
internal static class ServiceDifference
{
    private const int MostNames = 4;

    /// <summary>What the difference is; null: nothing that is programmed differs.</summary>
    public static string? KindOf(CompiledService? before, CompiledService? now)
    {
        var (had, has) = (before is { Ports.IsEmpty: false }, now is { Ports.IsEmpty: false });
        if (!had || !has) return has ? "added" : had ? "removed" : null;
        return before!.Ports == now!.Ports && before.HealthCheck?.Port == now.HealthCheck?.Port ? null : "changed";
    }

    public static ServiceChange Describe(
        string kind, MapDifference<ObjectName, CompiledService> difference, CompiledState before, CompiledState now)
    {
        var name = difference.Key;
        var (was, nowIs) = (new ServiceSide(name, difference.Before, before), new ServiceSide(name, difference.After, now));
        return kind switch
        {
            "added" => new ServiceChange(name.ToString(), kind, Whole(nowIs)),
            "removed" => new ServiceChange(name.ToString(), kind, Whole(was)),
            _ => Changed(name, was, nowIs),
        };
    }

    private static ServiceChange Changed(ObjectName name, ServiceSide was, ServiceSide now)
    {
        List<string> what = [];
        if (was.Object is { } before && now.Object is { } after)
        {
            Add(what, "type", before.Type, after.Type);
            Add(what, "internalTrafficPolicy", before.InternalTraffic, after.InternalTraffic);
            Add(what, "externalTrafficPolicy", before.ExternalTraffic, after.ExternalTraffic);
        }
        AddNames(what, "port", was.Ports.Select(p => p.Key), now.Ports.Select(p => p.Key), PortText);
        AddPorts(what, was.Ports, now.Ports);
        Add(what, "health check port", was.HealthCheck?.Port ?? 0, now.HealthCheck?.Port ?? 0);
        var backends = BackendDifference.Of(was, now);
        if (what.Count == 0 && backends is null) what.Add("other fields");
        return new ServiceChange(name.ToString(), "changed", what) { Backends = backends };
    }

    /// <summary>What differs of the ports that both have; each kind of it once.</summary>
    private static void AddPorts(List<string> what, ValueList<CompiledPort> before, ValueList<CompiledPort> now)
    {
        List<ServedFrontend> had = [], has = [];
        for (var i = 0; i < now.Count; i++)
        {
            var port = now[i];
            if (PortPairs.Find(before, port.Key, i) is not { } earlier || ReferenceEquals(earlier, port)) continue;
            Add(what, "scheduler", earlier.Scheduler.ToText(), port.Scheduler.ToText());
            Add(what, "maglev table", earlier.MaglevTableSize, port.MaglevTableSize);
            Add(what, "affinity seconds", earlier.AffinitySeconds, port.AffinitySeconds);
            Add(what, "tunnels", earlier.Tunnels, port.Tunnels);
            Add(what, "without an endpoint", Without(earlier), Without(port));
            if (earlier.Ranges != port.Ranges && !what.Contains("source ranges")) what.Add("source ranges");
            if (earlier.Frontends == port.Frontends) continue;
            had.AddRange(earlier.Frontends);
            has.AddRange(port.Frontends);
        }
        AddNames(what, "frontend", had.Select(f => (f.Kind, f.Frontend)), has.Select(f => (f.Kind, f.Frontend)),
            f => $"{f.Kind} {f.Frontend}");
    }

    private static string Without(CompiledPort port) => port.HasRemoteEndpoints ? "drop" : "refuse";

    private static void Add<T>(List<string> what, string field, T before, T now)
    {
        if (EqualityComparer<T>.Default.Equals(before, now)) return;
        var text = $"{field} {before} -> {now}";
        if (!what.Contains(text)) what.Add(text);
    }

    /// <summary>"port +https/TCP/IPv4 -http/TCP/IPv4".</summary>
    private static void AddNames<T>(List<string> what, string field, IEnumerable<T> before, IEnumerable<T> now, Func<T, string> text)
        where T : notnull
    {
        HashSet<T> had = [.. before], has = [.. now];
        var names = has.Where(n => !had.Contains(n)).Select(n => $"+{text(n)}")
            .Concat(had.Where(n => !has.Contains(n)).Select(n => $"-{text(n)}")).ToList();
        if (names.Count == 0) return;
        what.Add($"{field} {string.Join(' ', names.Take(MostNames))}"
            + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : ""));
    }

    private static string PortText(ServicePortKey key)
        => $"{(key.PortName.Length == 0 ? "" : key.PortName + "/")}{key.Protocol.ToText()}/{key.Family}";

    private static IReadOnlyList<string> Whole(ServiceSide side)
    {
        var backends = 0;
        foreach (var port in side.Ports) backends += port.Backends.Count;
        return
        [
            .. side.Object is { } service ? new[] { $"type {service.Type}" } : [],
            $"{side.Ports.Count} port{(side.Ports.Count == 1 ? "" : "s")}", $"{backends} backend{(backends == 1 ? "" : "s")}",
        ];
    }
}
