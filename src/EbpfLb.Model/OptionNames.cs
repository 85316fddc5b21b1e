namespace EbpfLb.Model;

/// <summary>
/// Options that messages name, of this program's parts that know no configuration too. Their rows take the names from here, and sizes of
/// maps from <see cref="TableSize"/>: who renames an option renames it in all that is said of it.
/// </summary>
public static class OptionNames
{
    public const string AllowPrivateBpffs = "--allow-private-bpffs";

    public const string AnswerLimit = "--answer-limit";

    public const string ApiServer = "--api-server";

    public const string BindAddressHardFail = "--bind-address-hard-fail";

    public const string Bpffs = "--bpffs";

    public const string CgroupRoot = "--cgroup-root";

    public const string Cleanup = "--cleanup";

    public const string ClusterCidr = "--cluster-cidr";

    public const string Config = "--config";

    public const string DetectLocalMode = "--detect-local-mode";

    public const string Devices = "--devices";

    public const string ExcludeDevices = "--exclude-devices";

    public const string HealthzBindAddress = "--healthz-bind-address";

    public const string HostnameOverride = "--hostname-override";

    public const string InitOnly = "--init-only";

    public const string Instance = "--instance";

    public const string Kubeconfig = "--kubeconfig";

    public const string LogFormat = "--log-format";

    public const string Manifests = "--manifests";

    public const string Master = "--master";

    public const string MetricsBindAddress = "--metrics-bind-address";

    public const string MinSyncPeriod = "--min-sync-period";

    public const string NodeName = "--node-name";

    public const string NodeportAddresses = "--nodeport-addresses";

    public const string OomScoreAdj = "--oom-score-adj";

    public const string OwnerWait = "--owner-wait";

    public const string PodDevice = "--pod-device";

    public const string ProxyMode = "--proxy-mode";

    public const string RunDir = "--run-dir";

    public const string Scheduler = "--scheduler";

    public const string SetSysctls = "--set-sysctls";

    public const string SnatPorts = "--snat-ports";

    public const string StatusPage = "--status-page";

    public const string StatusPageHost = "--status-page-host";

    public const string SyncPeriod = "--sync-period";

    public const string TcAttach = "--tc-attach";

    public const string TrafficCounts = "--traffic-counts";

    public const string Xdp = "--xdp";

    public const string Forwarding = "--forwarding";

    public const string Tunnel = "--tunnel";

    public const string VerifyPeriod = "--verify-period";

    public const string Version = "--version";

    public const string WriteConfigTo = "--write-config-to";
}
