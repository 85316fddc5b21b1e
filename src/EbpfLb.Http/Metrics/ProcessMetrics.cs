using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>The agent as a process, under the names every Prometheus client library uses, and what was built.</summary>
public sealed class ProcessMetrics
{
    /// <summary>What an EndpointSlice or a Service may ask for that kube-proxy had behind a gate once; a stage of "" is general availability.</summary>
    private static readonly string[] Gates = ["LoadBalancerIPMode", "PreferSameTrafficDistribution", "ProxyTerminatingEndpoints", "ServiceInternalTrafficPolicy", "TopologyAwareHints"];

    public ProcessMetrics(Meter meter, string version)
    {
        double started;
        using (var self = Process.GetCurrentProcess()) started = UnixTime.Seconds(new DateTimeOffset(self.StartTime));
        meter.CreateObservableGauge("process_start_time_seconds", () => started, "s", "Unix time when the process started");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, "By", "Resident memory");
        meter.CreateObservableGauge("process_virtual_memory_bytes", ProcessLimits.VirtualMemory, "By", "Address space in use");
        meter.CreateObservableGauge("process_virtual_memory_max_bytes", ProcessLimits.MaxVirtualMemory, "By", "Address space that may be used");
        meter.CreateObservableGauge("process_max_fds", ProcessLimits.MaxOpenFiles, null, "File descriptors that may be open");
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "CPU time used, user and system");
        meter.CreateObservableGauge("process_open_fds", CountOpenFiles, null, "Open file descriptors");
        meter.CreateGauge<int>("ebpflb_build_info", null, "1, with the version as a label").Record(1,
            new KeyValuePair<string, object?>("version", version),
            new KeyValuePair<string, object?>("runtime", Environment.Version.ToString()));
        RecordKubernetesBuild(meter, version);
        var gates = meter.CreateGauge<int>("kubernetes_feature_enabled", null, "1 for each feature gate of kube-proxy whose behaviour is here, which cannot be switched off");
        foreach (var gate in Gates) gates.Record(1, new("name", gate), new("stage", ""));
    }

    /// <summary>The labels of component-base: what has no meaning for .NET is the runtime's.</summary>
    private static void RecordKubernetesBuild(Meter meter, string version)
    {
        var (number, commit) = version.Split('+') is [var n, var c] ? (n, c) : (version, "");
        var parts = number.Split('.');
        var architecture = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            var other => other.ToString().ToLowerInvariant(),
        };
        meter.CreateGauge<int>("kubernetes_build_info", null, "1, with what was built as labels").Record(1,
            new("build_date", ""), new("compiler", "dotnet"), new("git_commit", commit), new("git_tree_state", ""), new("git_version", "v" + version),
            new("go_version", $".NET {Environment.Version}"), new("major", parts[0]), new("minor", parts.Length > 1 ? parts[1] : ""), new("platform", $"linux/{architecture}"));
    }

    private static int CountOpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}
