using System.Text.Json.Serialization;

namespace EbpfLb.Http.Health;

/// <summary>The body of /healthz, and of /livez without nodeEligible. A time that there was not is left out.</summary>
internal sealed record HealthBody(
    string? LastUpdated,
    string CurrentTime,
    bool? NodeEligible,
    bool Healthy,
    IReadOnlyDictionary<string, FamilyBody> Status)
{
    /// <summary>Why it is not healthy and will not be; left out else.</summary>
    public string? Reason { get; init; }

    public static HealthBody Of(HealthReport report, bool withNode) => new(
        Format(report.LastUpdated),
        Format(report.CurrentTime)!,
        withNode ? report.NodeEligible : null,
        report.Healthy,
        report.Status.ToDictionary(
            s => s.Key.ToString(), s => new FamilyBody(Format(s.Value.LastUpdated), s.Value.Healthy), StringComparer.Ordinal))
    {
        Reason = report.Dead,
    };

    /// <summary>RFC 3339 in UTC.</summary>
    private static string? Format(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'");
}

internal sealed record FamilyBody(string? LastUpdated, bool Healthy);

/// <summary>The body of /readyz.</summary>
internal sealed record ReadinessBody(bool Ready, IReadOnlyList<string> Reasons, IReadOnlyList<string> MissingFeatures);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(ReadinessBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
