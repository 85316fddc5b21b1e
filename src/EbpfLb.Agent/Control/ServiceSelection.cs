using System.Globalization;
using EbpfLb.Configuration.Input;
using EbpfLb.Explain;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>The service ports of a table that a query means.</summary>
internal static class ServiceSelection
{
    private const string WhatThereIs = "`ebpflb services` lists what there is";

    /// <param name="find">The Service's object, to say why it is not served; null: there is none.</param>
    /// <param name="ids">The service port of an id; null: no port has it.</param>
    /// <returns>In the order of the table, without the canary.</returns>
    /// <exception cref="UnknownServiceException">The query names something, and nothing of that name is there.</exception>
    public static IReadOnlyList<CompiledPort> Select(
        ForwardingTable table, ServiceQuery query, Func<ObjectName, Service?> find, Func<uint, ServicePortKey?> ids)
    {
        if (query.Id is { } id) return OfId(table, id, ids);
        // A name with its namespace is looked up; all else is searched.
        var services = query is { Namespace: { } ns, Name: { } name }
            ? table.Find(new ObjectName(ns, name)) is { } one ? [one] : []
            : table.Services.Where(s => IsOf(s.Name, query)).ToList();
        services.RemoveAll(s => s.Name == Canary.Name);
        if (query == ServiceQuery.All) return [.. services.SelectMany(s => s.Ports)];
        if (services.Count == 0) throw Unknown(table, query);
        var ports = services.SelectMany(s => s.Ports).Where(p => IsPort(p, query.Port)).ToList();
        return ports.Count > 0 || (query.Name is null && query.Port is null) ? ports : throw Unserved(services, query, find);
    }

    private static IReadOnlyList<CompiledPort> OfId(ForwardingTable table, uint id, Func<uint, ServicePortKey?> ids)
        => ids(id) is { } key && table.Find(key.Service)?.Ports.FirstOrDefault(p => p.Key == key) is { } port
            ? [port]
            : throw new UnknownServiceException($"no service port has the id {id}; {WhatThereIs}");

    private static bool IsOf(ObjectName name, ServiceQuery query)
        => (query.Namespace is null || query.Namespace == name.Namespace) && (query.Name is null || query.Name == name.Name);

    /// <summary>By name, or by the number that clients connect to.</summary>
    private static bool IsPort(CompiledPort port, string? asked)
        => asked is null || port.Key.PortName == asked
            || (ushort.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && port.Frontends.Any(f => f.Frontend.Port == number));

    private static UnknownServiceException Unknown(ForwardingTable table, ServiceQuery query)
    {
        var names = table.Services.Select(s => s.Name).Where(n => n != Canary.Name).ToList();
        if (query.Name is not { } name)
            return Missing($"no Service is in namespace '{query.Namespace}'",
                NearName.Of(query.Namespace!, names.Select(n => n.Namespace).Distinct()));
        var here = names.Where(n => query.Namespace is null || n.Namespace == query.Namespace).ToList();
        // First one of the same name elsewhere, then a similar name in the same place, then a similar one anywhere.
        var near = (query.Namespace is null ? null : names.Where(n => n.Name == name).Select(n => n.ToString()).FirstOrDefault())
            ?? (NearName.Of(name, here.Select(n => n.Name)) is { } similar ? here.First(n => n.Name == similar).ToString() : null)
            ?? NearName.Of(query.ToString(), names.Select(n => n.ToString()));
        return Missing($"there is no Service '{query with { Port = null }}'", near);
    }

    private static UnknownServiceException Unserved(List<CompiledService> services, ServiceQuery query, Func<ObjectName, Service?> find)
    {
        var name = services[0].Name;
        var ports = services.SelectMany(s => s.Ports).Select(p
            => p.Key.PortName.Length == 0 ? "one without a name" : p.Key.PortName).Distinct().ToList();
        if (ports.Count > 0)
            return Missing(
                $"Service {name} has no port '{query.Port}'; it has {string.Join(", ", ports)}", NearName.Of(query.Port!, ports));
        var why = find(name) is { } service ? NotServed.Reason(service) : "only EndpointSlices of it are there, no Service object";
        return new UnknownServiceException($"Service {name} is not served: {why ?? "it has no port that can be served"}");
    }

    private static UnknownServiceException Missing(string what, string? near)
        => new(near is null ? $"{what}; {WhatThereIs}"
            : $"{what}; did you mean '{near}'? {char.ToUpperInvariant(WhatThereIs[0])}{WhatThereIs[1..]}");
}
