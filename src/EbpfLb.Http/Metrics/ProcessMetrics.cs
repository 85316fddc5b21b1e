using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>The agent as a process, under the names every Prometheus client library uses, and what was built.</summary>
public sealed class ProcessMetrics
{
    public ProcessMetrics(Meter meter, string version)
    {
        double started;
        using (var self = Process.GetCurrentProcess()) started = UnixTime.Seconds(new DateTimeOffset(self.StartTime));
        meter.CreateObservableGauge("process_start_time_seconds", () => started, "s", "Unix time when the process started");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, "By", "Resident memory");
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "CPU time used, user and system");
        meter.CreateObservableGauge("process_open_fds", CountOpenFiles, null, "Open file descriptors");
        meter.CreateGauge<int>("ebpflb_build_info", null, "1, with the version as a label").Record(1,
            new KeyValuePair<string, object?>("version", version),
            new KeyValuePair<string, object?>("runtime", Environment.Version.ToString()));
    }

    private static int CountOpenFiles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}
