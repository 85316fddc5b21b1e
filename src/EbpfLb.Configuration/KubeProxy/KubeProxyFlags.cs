using EbpfLb.Configuration.Fields;
using EbpfLb.Model;
using static EbpfLb.Configuration.Fields.FieldChange;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Flags of kube-proxy that stand for no field, and what they do here.</summary>
public static class KubeProxyFlags
{
    private const string OldLog = "the log goes to standard error, a line each";

    public static IReadOnlyList<FieldNote> All { get; } =
    [
        Flag(OptionNames.Config, Restart, "the file with one or both configurations"),
        Flag(OptionNames.WriteConfigTo, Restart, "writes the configuration in force to this file and ends"),
        Flag(OptionNames.Cleanup, Restart, "does what `ebpflb cleanup` does and ends"),
        Flag(OptionNames.InitOnly, Restart, $"switches forwarding on, as {OptionNames.SetSysctls} does, and ends"),
        Flag(OptionNames.Master, Restart, $"address of the API server, as {OptionNames.ApiServer}"),
        Flag(OptionNames.Version, Restart, "prints the version and ends"),
        Flag("--healthz-port", None, $"deprecated: give {OptionNames.HealthzBindAddress}"),
        Flag("--metrics-port", None, $"deprecated: give {OptionNames.MetricsBindAddress}"),
        Flag("--cleanup-ipvs", None, KubeProxyFields.NoIpvs),
        Flag("--log-dir", None, OldLog),
        Flag("--log-file", None, OldLog),
        Flag("--log-file-max-size", None, OldLog),
        Flag("--log-backtrace-at", None, OldLog),
        Flag("--logtostderr", None, OldLog),
        Flag("--alsologtostderr", None, OldLog),
        Flag("--stderrthreshold", None, OldLog),
        Flag("--one-output", None, OldLog),
        Flag("--add-dir-header", None, OldLog),
        Flag("--skip-headers", None, OldLog),
        Flag("--skip-log-headers", None, OldLog),
    ];

    private static FieldNote Flag(string flag, FieldChange change, string text) => new("", flag, change, text);
}
