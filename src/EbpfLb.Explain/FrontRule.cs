using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>Whether packets leave in front of the stack, as bpf/lib/lb_front.h decides it.</summary>
internal static class FrontRule
{
    /// <param name="answer">With its backends.</param>
    /// <returns>null: nothing is known of XDP at the device, or XDP is off.</returns>
    public static FrontAnswer? Of(ExplainContext context, Explanation answer)
    {
        if (answer is not { Verdict: FlowVerdict.Dnat, Source.Path: FlowPath.Packet, Flow.IngressInterface: { } name }) return null;
        if (context.FrontDevices.FirstOrDefault(d => d.Name == name) is not { } device) return null;
        if (device.Problem is { } problem) return new FrontAnswer(false, $"no: {name} has no XDP program: {problem}");
        if (answer.Flow.Protocol == TransportProtocol.Sctp) return new FrontAnswer(false, "no: SCTP is left to tc");
        var there = answer.Backends.Count(Leaves);
        if (there == 0) return new FrontAnswer(false, "no: only what leaves for another node does, the rest is tc's");
        var which = there == answer.Backends.Count ? "" : " to backends of other nodes";
        return new FrontAnswer(true, $"packets{which} leave in front of the stack at {name} ({device.Mode}), if their way out takes them");
    }

    /// <summary>A backend of this node is behind a device of it.</summary>
    private static bool Leaves(ChosenBackend backend) => backend.Tunnel is not null || (backend.Masquerade && !backend.Local);
}

/// <summary>Of packets that go to a backend.</summary>
/// <param name="Leaves">XDP can take them.</param>
/// <param name="Why">For people.</param>
public sealed record FrontAnswer(bool Leaves, string Why);

/// <summary>A device where XDP is wanted.</summary>
/// <param name="Mode">"driver" or "generic", or "driver at eth0" of a VLAN on it.</param>
/// <param name="Problem">Why it has no program of ours; null: it has.</param>
public sealed record FrontDevice(string Name, string Mode, string? Problem);
