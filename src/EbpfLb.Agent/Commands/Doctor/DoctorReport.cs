using System.Text.Json.Serialization;

namespace EbpfLb.Agent.Commands.Doctor;

/// <summary>The answer of `ebpflb doctor`. Its JSON form is an interface: names are added, never changed.</summary>
/// <param name="Configuration">Where the options come from that the checks go by.</param>
internal sealed record DoctorReport(string Instance, string Version, string Configuration, IReadOnlyList<CheckResult> Checks)
{
    public int Problems => Count(CheckState.Problem);

    public int Warnings => Count(CheckState.Warning);

    public int Unknown => Count(CheckState.Unknown);

    public int Count(CheckState state) => Checks.Count(c => c.State == state);
}

/// <summary>What a check found.</summary>
/// <param name="Check">Its name, which does not change: "sysctl.forwarding".</param>
/// <param name="Remedy">What to do; never null for a problem.</param>
internal sealed record CheckResult(string Check, CheckState State, string Finding, string? Remedy = null)
{
    public static CheckResult Ok(string check, string finding) => new(check, CheckState.Ok, finding);

    public static CheckResult Warning(string check, string finding, string remedy) => new(check, CheckState.Warning, finding, remedy);

    public static CheckResult Problem(string check, string finding, string remedy) => new(check, CheckState.Problem, finding, remedy);

    /// <summary>It could not be looked at, which is not the same as being in order.</summary>
    public static CheckResult NotKnown(string check, string finding, string? remedy = null)
        => new(check, CheckState.Unknown, finding, remedy);
}

[JsonConverter(typeof(JsonStringEnumConverter<CheckState>))]
internal enum CheckState
{
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Something does not work for some, or will not for long.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    [JsonStringEnumMemberName("problem")]
    Problem,

    [JsonStringEnumMemberName("unknown")]
    Unknown,
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
