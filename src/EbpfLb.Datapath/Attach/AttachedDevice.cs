using EbpfLb.Datapath.Devices;

namespace EbpfLb.Datapath.Attach;

/// <summary>A device that shall have programs, and what came of it.</summary>
/// <param name="Decision">Which device, in what role, and why.</param>
/// <param name="Method">"tcx" or "clsact".</param>
/// <param name="IngressProgram">The kernel's id; 0: not attached.</param>
/// <param name="EgressProgram">The kernel's id; 0: not attached.</param>
/// <param name="Action">What was done this time: attached, replaced (the place got our program) or kept.</param>
/// <param name="Error">Why it is not attached completely, and what to do; null when it is.</param>
public sealed record AttachedDevice(
    DeviceDecision Decision, string Method, uint IngressProgram, uint EgressProgram, string Action, string? Error)
{
    /// <summary>null: switched off.</summary>
    public XdpState? Xdp { get; init; }

    public string Name => Decision.Link.Name;

    public int Index => Decision.Link.Index;
}
