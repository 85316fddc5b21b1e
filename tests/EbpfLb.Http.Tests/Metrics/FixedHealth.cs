using EbpfLb.Http.Health;
using EbpfLb.Model;

namespace EbpfLb.Http.Tests.Metrics;

/// <summary>Healthy, not eligible, and ready when the test says so.</summary>
internal sealed class FixedHealth : IProxyHealth
{
    public bool IsReady { get; set; }

    public HealthReport Report() => new(default, default, NodeEligible: false, Healthy: true, new Dictionary<IpFamily, FamilyHealth>());

    public ReadinessReport Readiness() => new(IsReady, IsReady ? [] : ["not yet"]);
}
