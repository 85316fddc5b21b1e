using EbpfLb.Configuration.Fields;
using static EbpfLb.Configuration.Fields.FieldChange;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Flags of kube-proxy that stand for no field, and what they do here.</summary>
public static class KubeProxyFlags
{
    private const string OldLog = "the log goes to standard error, a line each";

    public static IReadOnlyList<FieldNote> All { get; } =
    [
        Flag("--config", Restart, "the file with one or both configurations"),
        Flag("--write-config-to", Restart, "writes the configuration in force to this file and ends"),
        Flag("--cleanup", Restart, "does what `ebpflb cleanup` does and ends"),
        Flag("--init-only", Restart, "switches forwarding on, as --set-sysctls does, and ends"),
        Flag("--master", Restart, "address of the API server, as --api-server"),
        Flag("--version", Restart, "prints the version and ends"),
        Flag("--healthz-port", None, "deprecated: give --healthz-bind-address"),
        Flag("--metrics-port", None, "deprecated: give --metrics-bind-address"),
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
