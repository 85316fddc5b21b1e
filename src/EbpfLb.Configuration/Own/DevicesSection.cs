using EbpfLb.Model;

namespace EbpfLb.Configuration.Own;

/// <summary>`devices`: exact names and patterns such as bond+ or enp*.</summary>
public sealed record DevicesSection
{
    /// <summary>Empty: found by kind and routes.</summary>
    public ValueList<string> Uplinks { get; init; } = [];

    public ValueList<string> Exclude { get; init; } = [];

    public ValueList<string> Pods { get; init; } = [];

    /// <summary>"auto", "tcx" or "clsact".</summary>
    public string TcAttach { get; init; } = "auto";

    /// <summary>"off", "driver" or "generic".</summary>
    public string Xdp { get; init; } = "off";
}
