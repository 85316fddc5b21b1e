using EbpfLb.Http.Health;
using EbpfLb.Model;

namespace EbpfLb.Http.Tests.Metrics;

/// <summary>Healthy, not eligible, and ready when the test says so.</summary>
internal sealed class FixedHealth : IProxyHealth
{
    public bool IsReady { get; set; }

    public Action? OnReport { get; init; }

    public HealthReport Report()
    {
        OnReport?.Invoke();
        return new(default, default, NodeEligible: false, Healthy: true, new Dictionary<IpFamily, FamilyHealth>());
    }

    public ReadinessReport Readiness() => new(IsReady, IsReady ? [] : ["not yet"]);
}
