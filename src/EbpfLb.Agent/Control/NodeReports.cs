using EbpfLb.Agent.Nodes;

namespace EbpfLb.Agent.Control;

/// <summary>A network device in the answer of `ebpflb status`.</summary>
/// <param name="Role">"uplink", "pod" (pods are behind it) or "none" (left alone).</param>
/// <param name="Reason">Why it has this role.</param>
/// <param name="Method">"tcx" or "clsact"; null: not attached, or not yet.</param>
/// <param name="IngressProgram">The kernel's id; 0: not attached.</param>
/// <param name="EgressProgram">The kernel's id; 0: not attached.</param>
/// <param name="Snat4">Source of what is masqueraded and leaves by it; null: it has none.</param>
/// <param name="Snat6">The same for IPv6.</param>
/// <param name="Error">Why it has not all programs, and what to do; null when it has.</param>
internal sealed record DeviceStatus(
    string Name, int Index, string Role, string Reason, string? Method, uint IngressProgram, uint EgressProgram, string? Snat4,
    string? Snat6, string? Error)
{
    /// <summary>"driver" or "generic"; null: XDP is off, or the device has no program of it.</summary>
    public string? Xdp { get; init; }

    /// <summary>The kernel's id of the program in front of the stack; 0: it has none.</summary>
    public uint XdpProgram { get; init; }

    /// <summary>The device at which that program is if not at this one: a VLAN's is below by the driver. null: at this one.</summary>
    public string? XdpAt { get; init; }

    /// <summary>Why it has none though it should; null when it has, or XDP is off.</summary>
    public string? XdpProblem { get; init; }
}

/// <summary>The node in the answer of `ebpflb status`.</summary>
internal static class NodeReports
{
    /// <summary>Those with programs first, else by index.</summary>
    public static IReadOnlyList<DeviceStatus> Devices(NodeView view)
    {
        var attached = view.Attached.ToDictionary(d => d.Index);
        var sources = view.State?.Devices.ToDictionary(d => (int)d.Ifindex) ?? [];
        return [.. view.Decisions.OrderByDescending(d => d.IsAttached).ThenBy(d => d.Link.Index).Select(decision =>
        {
            var device = attached.GetValueOrDefault(decision.Link.Index);
            var source = sources.GetValueOrDefault(decision.Link.Index);
            return new DeviceStatus(
                decision.Link.Name, decision.Link.Index, decision.Role.ToString().ToLowerInvariant(), decision.Reason,
                device?.Method, device?.IngressProgram ?? 0, device?.EgressProgram ?? 0,
                source?.Snat4?.ToString(), source?.Snat6?.ToString(), device?.Error)
            {
                Xdp = device?.Xdp is { Problem: null } xdp ? xdp.Mode.ToString().ToLowerInvariant() : null,
                XdpProgram = device?.Xdp?.Program ?? 0, XdpAt = device?.Xdp is { Problem: null, Below: { } below } ? below.Name : null,
                XdpProblem = device?.Xdp?.Problem,
            };
        })];
    }

    public static IReadOnlyList<string> NodePortAddresses(NodeView view) => view.State is not { } state ? [] :
    [
        .. state.Addresses.Where(a => a.NodePort).Select(a => a.Address.ToString()),
        .. state.Settings.LoopbackNodePorts4 ? ["127.0.0.0/8"] : Array.Empty<string>(),
        .. state.Settings.LoopbackNodePorts6 ? ["::1"] : Array.Empty<string>(),
    ];
}
