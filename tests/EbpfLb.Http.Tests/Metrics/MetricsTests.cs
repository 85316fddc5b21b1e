using System.Globalization;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Testing;

namespace EbpfLb.Http.Tests.Metrics;

public sealed class MetricsTests : IDisposable
{
    private readonly AllMetrics metrics = new();

    public void Dispose() => metrics.Dispose();

    [Fact]
    public void A_round_is_counted_for_both_families_with_the_buckets_of_kube_proxy()
    {
        metrics.Sync.RecordRound(TimeSpan.FromMilliseconds(3), isFull: true);
        var lines = metrics.Lines;
        Assert.Contains("kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family=\"IPv6\"} 1", lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv4\",le=\"0.002\"} 0", lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv4\",le=\"0.004\"} 1", lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family=\"IPv4\",le=\"16.384\"} 1", lines);
    }

    [Contract("15", "buckets: durations; network programming with its empty first one")]
    [Fact]
    public void Network_programming_has_the_82_buckets_of_kube_proxy_and_infinity()
    {
        metrics.Sync.RecordNetworkProgramming(IpFamily.IPv6, TimeSpan.FromSeconds(61));
        var buckets = metrics.Lines.Where(l => l.StartsWith(
            "kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\"", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3 + 59 + 12 + 7 + 1, buckets.Length);
        Assert.Contains("kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\",le=\"0\"} 0", buckets);
        Assert.Contains("kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\",le=\"60\"} 0", buckets);
        Assert.Contains("kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\",le=\"65\"} 1", buckets);
        Assert.Contains("kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\",le=\"300\"} 1", buckets);
    }

    [Fact]
    public void Times_of_syncs_are_unix_seconds()
    {
        metrics.Sync.RecordQueued(metrics.Time.GetUtcNow());
        metrics.Time.Advance(TimeSpan.FromMilliseconds(250));
        metrics.Sync.RecordSynced(metrics.Time.GetUtcNow());
        Assert.Contains("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family=\"IPv4\"} 1000000", metrics.Lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family=\"IPv4\"} 1000000.25", metrics.Lines);
    }

    [Contract("15", "changes pending and seen: a count that adds up and one that is replaced")]
    [Fact]
    public void Changes_add_up_and_pending_ones_are_replaced()
    {
        metrics.Sync.RecordChanges(2, 3);
        metrics.Sync.RecordChanges(1, 0);
        metrics.Sync.RecordPending(5, 6);
        metrics.Sync.RecordPending(0, 1);
        Assert.Contains("kubeproxy_sync_proxy_rules_service_changes_total 3", metrics.Lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_total 3", metrics.Lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_service_changes_pending 0", metrics.Lines);
        Assert.Contains("kubeproxy_sync_proxy_rules_endpoint_changes_pending 1", metrics.Lines);
    }

    [Fact]
    public void A_source_grows_stale_while_it_is_away()
    {
        Assert.Contains("ebpflb_source_up 0", metrics.Lines);
        Assert.DoesNotContain(metrics.Lines, l => l.StartsWith("ebpflb_source_staleness", StringComparison.Ordinal));

        metrics.Source = new SourceStatus("here", true, metrics.Time.GetUtcNow(), null) { ContactAge = TimeSpan.FromSeconds(40) };
        Assert.Contains("ebpflb_source_up 1", metrics.Lines);
        Assert.Contains("ebpflb_source_staleness_seconds 40", metrics.Lines);
        Assert.Contains("ebpflb_source_last_contact_timestamp_seconds 1000000", metrics.Lines);

        metrics.Source = metrics.Source with { Error = "connection refused" };
        Assert.Contains("ebpflb_source_up 0", metrics.Lines);
    }

    [Fact]
    public void The_datapath_is_read_when_the_metrics_are()
    {
        Assert.Contains("ebpflb_map_entries{map=\"lb_services4\"} 12", metrics.Lines);
        Assert.Contains("ebpflb_map_capacity{map=\"lb_backends\"} 262144", metrics.Lines);
        Assert.Contains("ebpflb_datapath_events_total{reason=\"SOCK_NO_BACKEND\"} 1", metrics.Lines);
        Assert.Contains("ebpflb_connections_total 5", metrics.Lines);
        Assert.Contains("ebpflb_kernel_feature{feature=\"batch\"} 1", metrics.Lines);
        Assert.Contains("ebpflb_kernel_feature{feature=\"tcx\"} 0", metrics.Lines);
        Assert.Contains("ebpflb_attached_programs 9", metrics.Lines);
        Assert.Contains("ebpflb_attached_devices 2", metrics.Lines);
        Assert.Contains("ebpflb_ready 0", metrics.Lines);
        metrics.Readiness.IsReady = true;
        Assert.Contains("ebpflb_ready 1", metrics.Lines);
        Assert.Contains("ebpflb_canary_ok 1", metrics.Lines);
        metrics.Readings.IsCanaryOk = null;
        Assert.DoesNotContain(metrics.Lines, l => l.StartsWith("ebpflb_canary_ok", StringComparison.Ordinal));
    }

    [Fact]
    public void Service_ports_have_series_of_their_own_and_those_beyond_the_limit_one_together()
    {
        Assert.Contains(
            "ebpflb_service_connections_total{namespace=\"shop\",service=\"cart\",port=\"http\",protocol=\"TCP\",ip_family=\"IPv4\"} "
                + "5",
            metrics.Lines);
        Assert.Contains(
            "ebpflb_service_datagrams_total{namespace=\"\",service=\"_others\",port=\"\",protocol=\"\",ip_family=\"\"} 9", metrics.Lines);
        Assert.Contains(
            "ebpflb_service_refused_total{namespace=\"shop\",service=\"cart\",port=\"http\",protocol=\"TCP\",ip_family=\"IPv4\"} 1",
            metrics.Lines);
        Assert.Contains("ebpflb_service_ports{series=\"own\"} 1", metrics.Lines);
        Assert.Contains("ebpflb_service_ports{series=\"summed\"} 3", metrics.Lines);
        metrics.Services = null;
        Assert.DoesNotContain(metrics.Lines, l => l.StartsWith("ebpflb_service_", StringComparison.Ordinal));
    }

    [Fact]
    public void Packets_come_with_bytes_and_with_what_became_of_them()
    {
        Assert.Contains("ebpflb_packets_total{reason=\"drop_ct_full\",outcome=\"dropped\"} 2", metrics.Lines);
        Assert.Contains("ebpflb_packet_bytes_total{reason=\"pkt_reply\",outcome=\"balanced\"} 900", metrics.Lines);
    }

    [Fact]
    public void Flows_are_what_the_last_sweep_counted_and_removals_add_up()
    {
        Assert.Contains("ebpflb_sweep_removed_total{ip_family=\"IPv6\",cause=\"life_time\"} 0", metrics.Lines);
        var sweep = new SweepReading(IpFamily.IPv4, 5, 2, 1, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));
        metrics.Flow.RecordSweep(sweep);
        metrics.Flow.RecordSweep(sweep);
        metrics.Flows = [new FlowReading(IpFamily.IPv4, "open", 12)];
        Assert.Contains("ebpflb_flows{ip_family=\"IPv4\",phase=\"open\"} 12", metrics.Lines);
        Assert.Contains("ebpflb_sweep_removed_total{ip_family=\"IPv4\",cause=\"life_time\"} 10", metrics.Lines);
        Assert.Contains("ebpflb_sweep_removed_total{ip_family=\"IPv4\",cause=\"map_nearly_full\"} 4", metrics.Lines);
        Assert.Contains("ebpflb_sweep_removed_total{ip_family=\"IPv4\",cause=\"orphan\"} 2", metrics.Lines);
        Assert.Contains("ebpflb_sweep_work_seconds_total{ip_family=\"IPv4\"} 0.5", metrics.Lines);
        Assert.Contains("ebpflb_sweep_duration_seconds_count{ip_family=\"IPv4\"} 2", metrics.Lines);
    }

    [Fact]
    public void The_process_reports_itself_under_the_common_names()
    {
        Assert.InRange(Value("process_resident_memory_bytes"), 1_000_000, 10_000_000_000);
        Assert.InRange(Value("process_open_fds"), 3, 100_000);
        Assert.InRange(Value("process_start_time_seconds"), 1_600_000_000, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        Assert.InRange(Value("process_cpu_seconds_total"), 0.001, 1_000_000);
        Assert.Contains(metrics.Lines, l => l.StartsWith("ebpflb_build_info{version=\"1.2.3\",runtime=", StringComparison.Ordinal));
    }

    private double Value(string name)
        => double.Parse(metrics.Lines.Single(l => l.StartsWith(name + ' ', StringComparison.Ordinal))[(name.Length + 1)..],
            CultureInfo.InvariantCulture);
}
