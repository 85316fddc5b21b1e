using System.Text.RegularExpressions;
using EbpfLb.Testing;

namespace EbpfLb.Http.Tests.Metrics;

/// <summary>
/// docs/contract.md 15: every metric of kube-proxy that is not tied to one of its modes, with its type and its labels, and what every
/// Kubernetes component has. Dashboards and alerts go by these.
/// </summary>
public sealed partial class KubeProxyNamesTests : IDisposable
{
    private readonly AllMetrics metrics = new();

    public KubeProxyNamesTests() => metrics.RecordOneOfEach();

    public static TheoryData<string, string, string> Names { get; } = new()
    {
        { "kubeproxy_sync_proxy_rules_duration_seconds", "histogram", "ip_family" },
        { "kubeproxy_sync_full_proxy_rules_duration_seconds", "histogram", "ip_family" },
        { "kubeproxy_sync_partial_proxy_rules_duration_seconds", "histogram", "ip_family" },
        { "kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge", "ip_family" },
        { "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "gauge", "ip_family" },
        { "kubeproxy_sync_proxy_rules_endpoint_changes_pending", "gauge", "" },
        { "kubeproxy_sync_proxy_rules_endpoint_changes_total", "counter", "" },
        { "kubeproxy_sync_proxy_rules_service_changes_pending", "gauge", "" },
        { "kubeproxy_sync_proxy_rules_service_changes_total", "counter", "" },
        { "kubeproxy_sync_proxy_rules_no_local_endpoints_total", "gauge", "ip_family traffic_policy" },
        { "kubeproxy_network_programming_duration_seconds", "histogram", "ip_family" },
        { "kubeproxy_proxy_healthz_total", "counter", "code" },
        { "kubeproxy_proxy_livez_total", "counter", "code" },
        { "kubeproxy_conntrack_reconciler_deleted_entries_total", "counter", "ip_family" },
        { "kubeproxy_conntrack_reconciler_sync_duration_seconds", "histogram", "ip_family" },
        { "rest_client_requests_total", "counter", "code host method" },
        { "kubernetes_build_info", "gauge", "build_date compiler git_commit git_tree_state git_version go_version major minor platform" },
        { "kubernetes_feature_enabled", "gauge", "name stage" },
        { "process_cpu_seconds_total", "counter", "" },
        { "process_open_fds", "gauge", "" },
        { "process_max_fds", "gauge", "" },
        { "process_resident_memory_bytes", "gauge", "" },
        { "process_virtual_memory_bytes", "gauge", "" },
        { "process_virtual_memory_max_bytes", "gauge", "" },
        { "process_start_time_seconds", "gauge", "" },
    };

    public void Dispose() => metrics.Dispose();

    [Contract("12", "metrics: kube-proxy's names")]
    [Contract("10", "counters: by code")]
    [Contract("15", "all that are of no mode: names, types and labels")]
    [Contract("15", "component-base: rest_client_requests_total, process_*, kubernetes_build_info, kubernetes_feature_enabled")]
    [Theory]
    [MemberData(nameof(Names))]
    public void Name_type_and_labels_are_kube_proxys(string name, string type, string labels)
    {
        var lines = metrics.Lines;
        Assert.Contains($"# TYPE {name} {type}", lines);
        var sample = lines.First(l => Regex.IsMatch(l, $"^{name}(_count)?[ {{]", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)));
        Assert.Equal(
            labels, string.Join(' ', LabelName().Matches(sample).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal)));
    }

    [Contract("15", "buckets: durations; network programming with its empty first one")]
    [Theory]
    [InlineData("kubeproxy_sync_full_proxy_rules_duration_seconds")]
    [InlineData("kubeproxy_sync_partial_proxy_rules_duration_seconds")]
    [InlineData("kubeproxy_conntrack_reconciler_sync_duration_seconds")]
    public void Durations_have_the_buckets_of_kube_proxy(string name)
    {
        var bounds = metrics.Lines.Where(l => l.StartsWith($"{name}_bucket{{ip_family=\"IPv4\"", StringComparison.Ordinal))
            .Select(l
                => Regex.Match(l, "le=\"(?<bound>[^\"]+)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["bound"].Value);
        Assert.Equal(["0.001", "0.002", "0.004", "0.008", "0.016", "0.032", "0.064", "0.128", "0.256", "0.512", "1.024", "2.048", "4.096",
                "8.192", "16.384", "+Inf"],
            bounds);
    }

    /// <summary>A rise from nothing is none to Prometheus: what kube-proxy shows before the first observation is there with 0.</summary>
    [Theory]
    [InlineData("kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family=\"$\"}")]
    [InlineData("kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family=\"$\"}")]
    [InlineData("kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family=\"$\"}")]
    [InlineData("kubeproxy_network_programming_duration_seconds_count{ip_family=\"$\"}")]
    [InlineData("kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"$\",le=\"300\"}")]
    [InlineData("kubeproxy_conntrack_reconciler_sync_duration_seconds_count{ip_family=\"$\"}")]
    [InlineData("kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family=\"$\"}")]
    [InlineData("kubeproxy_sync_proxy_rules_endpoint_changes_pending")]
    [InlineData("kubeproxy_sync_proxy_rules_endpoint_changes_total")]
    [InlineData("kubeproxy_sync_proxy_rules_service_changes_pending")]
    [InlineData("kubeproxy_sync_proxy_rules_service_changes_total")]
    public void It_is_there_before_its_first_observation(string series)
    {
        using var unused = new AllMetrics();
        Assert.Contains($"{series.Replace("$", "IPv4")} 0", unused.Lines);
        Assert.Contains($"{series.Replace("$", "IPv6")} 0", unused.Lines);
    }

    /// <summary>0 would be a sync in 1970.</summary>
    [Theory]
    [InlineData("kubeproxy_sync_proxy_rules_last_timestamp_seconds")]
    [InlineData("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds")]
    public void A_time_that_was_not_yet_is_absent(string name)
    {
        using var unused = new AllMetrics();
        Assert.DoesNotContain(unused.Lines, l => l.StartsWith(name, StringComparison.Ordinal));
    }

    [Fact]
    public void Service_ports_without_local_endpoints_are_counted_by_policy()
        => Assert.Contains(
            "kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family=\"IPv4\",traffic_policy=\"external\"} 2", metrics.Lines);

    [GeneratedRegex("(?<name>[a-z_]+)=\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LabelName();
}
