using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EbpfLb.Http.Metrics;

/// <summary>The agent as a process, under the names every Prometheus client library uses, and what was built.</summary>
public sealed class ProcessMetrics
{
    /// <summary>
    /// What an EndpointSlice or a Service may ask for that kube-proxy had behind a gate once; a stage of "" is general availability.
    /// </summary>
    private static readonly string[] Gates = ["LoadBalancerIPMode", "PreferSameTrafficDistribution", "ProxyTerminatingEndpoints",
        "ServiceInternalTrafficPolicy", "TopologyAwareHints"];

    public ProcessMetrics(MetricRegistry metrics, string version)
    {
        double started;
        using (var self = Process.GetCurrentProcess()) started = UnixTime.Seconds(new DateTimeOffset(self.StartTime));
        metrics.ObserveGauge("process_start_time_seconds", "Unix time when the process started", () => started);
        metrics.ObserveGauge("process_resident_memory_bytes", "Resident memory", () => Environment.WorkingSet);
        metrics.ObserveGauge("process_virtual_memory_bytes", "Address space in use", () => ProcessLimits.VirtualMemory());
        metrics.ObserveGauge("process_virtual_memory_max_bytes", "Address space that may be used", () => ProcessLimits.MaxVirtualMemory());
        metrics.ObserveGauge("process_max_fds", "File descriptors that may be open", () => ProcessLimits.MaxOpenFiles());
        metrics.ObserveCounter(
            "process_cpu_seconds_total", "CPU time used, user and system", () => Environment.CpuUsage.TotalTime.TotalSeconds);
        metrics.ObserveGauge("process_open_fds", "Open file descriptors", () => CountOpenFiles());
        metrics.Factory.CreateGauge("ebpflb_build_info", "1, with the version as a label", "version", "runtime")
            .WithLabels(version, Environment.Version.ToString()).Set(1);
        RecordKubernetesBuild(metrics, version);
        var gates = metrics.Factory.CreateGauge(
            "kubernetes_feature_enabled", "1 for each feature gate of kube-proxy whose behaviour is here, which cannot be switched off",
            "name", "stage");
        foreach (var gate in Gates) gates.WithLabels(gate, "").Set(1);
    }

    /// <summary>The labels of component-base: what has no meaning for .NET is the runtime's.</summary>
    private static void RecordKubernetesBuild(MetricRegistry metrics, string version)
    {
        var (number, commit) = version.Split('+') is [var n, var c] ? (n, c) : (version, "");
        var parts = number.Split('.');
        var architecture = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "amd64",
            var other => other.ToString().ToLowerInvariant(),
        };
        var labels = new Dictionary<string, string>
        {
            ["build_date"] = "", ["compiler"] = "dotnet", ["git_commit"] = commit, ["git_tree_state"] = "", ["git_version"] = "v" + version,
            ["go_version"] = $".NET {Environment.Version}", ["major"] = parts[0], ["minor"] = parts.Length > 1 ? parts[1] : "",
            ["platform"] = $"linux/{architecture}",
        };
        metrics.Factory.CreateGauge("kubernetes_build_info", "1, with what was built as labels", [.. labels.Keys])
            .WithLabels([.. labels.Values]).Set(1);
    }

    private static int CountOpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}
